/* Requests in one call, with a client and without; options of one request; and what a request is on the wire. */
#include "support.h"

/* Answers each request with its own head and body, as they came; a body is read up to its Content-Length, or up to the
 * last chunk. */
static void echo_request(raw_server *server, int fd)
{
    char head[HEAD_SIZE], body[HEAD_SIZE], answer[128];
    (void)server;
    while (raw_read_head(fd, head, sizeof head)) {
        size_t len = 0, wanted = 0;
        const char *length = strstr(head, "Content-Length: ");
        int chunked = strstr(head, "Transfer-Encoding: chunked") != NULL;
        if (length != NULL)
            wanted = (size_t)strtoull(length + 16, NULL, 10);
        body[0] = '\0';
        while (chunked ? len < 5 || memcmp(body + len - 5, "0\r\n\r\n", 5) != 0 : len < wanted) {
            if (len + 1 >= sizeof body || recv(fd, body + len, 1, 0) != 1)
                return;
            body[++len] = '\0';
        }
        int size =
            snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(head) + len);
        if (strncmp(head, "HEAD ", 5) == 0) {
            raw_say_bytes(fd, answer, (size_t)size);
            continue;
        }
        raw_say_bytes(fd, answer, (size_t)size);
        raw_say(fd, head);
        raw_say_bytes(fd, body, len);
    }
}

static raw_server server;

static const char *text_of(httpx_response *response)
{
    CHECK_EQ(httpx_response_status_code(response), 200);
    const char *text = body_of(response);
    httpx_response_free(response);
    return text;
}

static int begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static int ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), wanted = strlen(end);
    return len >= wanted && strcmp(text + len - wanted, end) == 0;
}

#define URL(path) raw_url(&server, path), strlen(raw_url(&server, path))
#define BODY(text) (const uint8_t *)(text), strlen(text)

/* ---- in one call ---- */

static void each_method_has_its_call(void)
{
    httpx_response *response = NULL;
    raw_listen(&server, echo_request, NULL);
    httpx_client *client = new_client();
    MUST(httpx_client_head(client, URL("/"), &response, &err));
    CHECK_EQ(body_len(response), 0);
    httpx_response_free(response);
    MUST(httpx_client_options(client, URL("/"), &response, &err));
    CHECK(begins_with(text_of(response), "OPTIONS / HTTP/1.1\r\n"));
    MUST(httpx_client_delete(client, URL("/"), &response, &err));
    const char *text = text_of(response);
    CHECK(begins_with(text, "DELETE / HTTP/1.1\r\n") && strstr(text, "Content-Length") == NULL);
    MUST(httpx_client_post(client, URL("/"), BODY("abc"), "text/plain", 10, &response, &err));
    text = text_of(response);
    CHECK(begins_with(text, "POST / HTTP/1.1\r\n"));
    CHECK(strstr(text, "\r\nContent-Type: text/plain\r\n") != NULL && ends_with(text, "\r\n\r\nabc"));
    MUST(httpx_client_put(client, URL("/"), BODY("abc"), NULL, 0, &response, &err));
    text = text_of(response);
    CHECK(begins_with(text, "PUT / HTTP/1.1\r\n") && strstr(text, "Content-Type") == NULL);
    MUST(httpx_client_patch(client, URL("/"), BODY("abc"), NULL, 0, &response, &err));
    CHECK(begins_with(text_of(response), "PATCH / HTTP/1.1\r\n"));
    MUST(httpx_client_request(client, "delete", 6, URL("/"), BODY("a body"), NULL, 0, 0, &response, &err));
    text = text_of(response);
    CHECK(begins_with(text, "DELETE / HTTP/1.1\r\n") && ends_with(text, "\r\n\r\na body"));
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&server.accepted), 1);
    raw_stop(&server);
}

static void a_content_type_that_injects_is_refused(void)
{
    httpx_response *response = NULL;
    httpx_client *client = new_client();
    const char *url = "http://127.0.0.1:1/";
    FAILS(httpx_client_post(client, url, strlen(url), BODY("abc"), "a\r\nX: y", 7, &response, &err),
          HTTPX_E_LOCAL_PROTOCOL);
    httpx_client_free(client);
}

static void without_a_client_there_is_one_for_one_request(void)
{
    httpx_response *response = NULL;
    raw_listen(&server, echo_request, NULL);
    MUST(httpx_get(URL("/a"), NULL, &response, &err));
    CHECK(begins_with(text_of(response), "GET /a HTTP/1.1\r\n"));
    MUST(httpx_head(URL("/"), NULL, &response, &err));
    httpx_response_free(response);
    MUST(httpx_options(URL("/"), NULL, &response, &err));
    CHECK(begins_with(text_of(response), "OPTIONS / "));
    MUST(httpx_delete(URL("/"), NULL, &response, &err));
    CHECK(begins_with(text_of(response), "DELETE / "));
    MUST(httpx_post(URL("/"), BODY("abc"), "text/x", 6, NULL, &response, &err));
    CHECK(ends_with(text_of(response), "\r\n\r\nabc"));
    MUST(httpx_put(URL("/"), BODY("abc"), NULL, 0, NULL, &response, &err));
    CHECK(begins_with(text_of(response), "PUT / "));
    MUST(httpx_patch(URL("/"), BODY("abc"), NULL, 0, NULL, &response, &err));
    CHECK(begins_with(text_of(response), "PATCH / "));
    CHECK_EQ(atomic_load(&server.accepted), 7); /* nothing is kept between them */

    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_header(builder, "X-A", 3, BODY("1"), &err));
    MUST(httpx_get(URL("/"), builder, &response, &err));
    CHECK(strstr(text_of(response), "\r\nX-A: 1\r\n") != NULL);
    httpx_client_builder_free(builder);
    raw_stop(&server);
}

static void a_streamed_response_keeps_what_it_needs(void)
{
    const char *url = HTTP("/bytes/300000");
    httpx_response *response = NULL;
    MUST(httpx_fetch("GET", 3, url, strlen(url), NULL, 0, NULL, 0, HTTPX_SEND_STREAM, NULL, &response, &err));
    CHECK_EQ(httpx_response_is_closed(response), 0);
    MUST(httpx_response_read(response, NULL, NULL, &err));
    CHECK_EQ(body_len(response), 300000);
    httpx_response_free(response);
}

static void redirects_are_followed_one_at_a_time(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/redirect/2")), *next = NULL;
    for (int left = 1; left >= 0; left--) {
        MUST(httpx_response_next(response, client, 0, &next, &err));
        CHECK_EQ(httpx_response_status_code(next), left > 0 ? 302 : 200);
        CHECK_EQ(httpx_response_history_count(next), 0);
        httpx_response_free(response);
        response = next;
    }
    GIVES(httpx_response_next(response, client, 0, &next, &err), HTTPX_DONE);
    CHECK(next == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void the_rest_of_the_redirects_can_be_followed_at_once(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/redirect/3")), *last = NULL;
    MUST(httpx_response_next(response, client, HTTPX_SEND_FOLLOW_REDIRECTS, &last, &err));
    CHECK_EQ(httpx_response_status_code(last), 200);
    CHECK_EQ(httpx_response_history_count(last), 2);
    httpx_response_free(response);
    httpx_response_free(last);
    httpx_client_free(client);
}

/* ---- cookies of one request ---- */

static httpx_cookies *new_cookies(const char *name, const char *value)
{
    httpx_cookies *cookies = NULL;
    MUST(httpx_cookies_new(&cookies, &err));
    MUST(httpx_cookies_set(cookies, name, strlen(name), BODY(value), NULL, 0, NULL, 0, &err));
    return cookies;
}

static void cookies_of_a_request_are_its_own(void)
{
    httpx_client *client = new_client();
    httpx_cookies *cookies = new_cookies("client", "1");
    MUST(httpx_client_set_cookies(client, cookies, &err));
    httpx_cookies_free(cookies);
    httpx_request *request = new_request(client, "GET", HTTP("/cookies"));
    cookies = new_cookies("request", "2");
    MUST(httpx_cookies_set(cookies, "client", 6, BODY("3"), NULL, 0, NULL, 0, &err));
    MUST(httpx_request_cookies(request, cookies, &err));
    httpx_cookies_free(cookies);
    httpx_response *response = send_request(client, request, 0);
    CHECK(strstr(body_of(response), "\"client\": \"3\"") != NULL);
    CHECK(strstr(body_of(response), "\"request\": \"2\"") != NULL);
    httpx_response_free(response);
    response = get(client, HTTP("/cookies")); /* not kept */
    CHECK(strstr(body_of(response), "\"client\": \"1\"") != NULL);
    CHECK(strstr(body_of(response), "request") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void redirects_go_without_the_cookies_of_the_request(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/redirect-to?url=/cookies"));
    httpx_cookies *cookies = new_cookies("request", "2");
    MUST(httpx_request_cookies(request, cookies, &err));
    httpx_cookies_free(cookies);
    httpx_response *response = send_request(client, request, HTTPX_SEND_FOLLOW_REDIRECTS);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strstr(body_of(response), "request") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_cookie_header_counts_more_than_cookies(void)
{
    raw_listen(&server, echo_request, NULL);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    httpx_cookies *cookies = new_cookies("request", "2");
    MUST(httpx_request_cookies(request, cookies, &err));
    MUST(httpx_request_header_set(request, "Cookie", 6, BODY("own=1"), &err));
    const char *text = text_of(send_request(client, request, 0));
    CHECK(strstr(text, "\r\nCookie: own=1\r\n") != NULL && strstr(text, "request=2") == NULL);
    request = new_request(client, "GET", raw_url(&server, "/"));
    MUST(httpx_request_cookies(request, cookies, &err));
    MUST(httpx_request_cookies(request, NULL, &err)); /* none after all */
    CHECK(strstr(text_of(send_request(client, request, 0)), "Cookie") == NULL);
    httpx_cookies_free(cookies);
    httpx_client_free(client);
    raw_stop(&server);
}

/* ---- parameters ---- */

static void check_params(const char *url, const char *params, int merge, const char *wanted)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", url);
    httpx_query_params *parsed = NULL;
    MUST(httpx_query_params_parse(params, strlen(params), &parsed, &err));
    MUST(httpx_request_params(request, parsed, merge, &err));
    httpx_query_params_free(parsed);
    const char *got = httpx_request_url(request, NULL);
    CHECK_TEXT(got, strlen(got), wanted);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void parameters_replace_the_query_or_are_merged_with_it(void)
{
    check_params("http://h/?a=1&b=2", "b=3&c=4 5", 0, "http://h/?b=3&c=4+5");
    check_params("http://h/?a=1&b=2", "b=3&c=4 5", 1, "http://h/?a=1&b=3&c=4+5");
    check_params("http://h/?a=1", "b&b=2", 0, "http://h/?b=&b=2");
    check_params("http://h/?a=1", "", 0, "http://h/");
    check_params("http://h/?a=1", "", 1, "http://h/?a=1");
}

static void a_clients_parameters_replace_or_are_merged(void)
{
    for (int merge = 0; merge < 2; merge++) {
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_param(builder, "b", 1, "3", 1, &err));
        MUST(httpx_client_builder_merge_params(builder, merge, &err));
        httpx_client *client = build(builder);
        httpx_request *request = new_request(client, "GET", "http://h/?a=1&b=2");
        const char *url = httpx_request_url(request, NULL);
        CHECK_TEXT(url, strlen(url), merge ? "http://h/?a=1&b=3" : "http://h/?b=3");
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

/* ---- on the wire ---- */

static const char *sent(httpx_client *client, httpx_request *request)
{
    return text_of(send_request(client, request, 0));
}

static void an_overriding_header_goes_to_the_end_with_its_case(void)
{
    raw_listen(&server, echo_request, NULL);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    MUST(httpx_request_header_add(request, "X-A", 3, BODY("1"), &err));
    MUST(httpx_request_header_add(request, "x-a", 3, BODY("2"), &err));
    MUST(httpx_request_header_override(request, "aCCept", 6, BODY("text/x"), &err));
    MUST(httpx_request_header_override(request, "HOST", 4, BODY("other"), &err));
    const char *text = sent(client, request);
    CHECK(begins_with(text, "GET / HTTP/1.1\r\nHOST: other\r\nAccept-Encoding: ")); /* Host first */
    CHECK(ends_with(text, "\r\nX-A: 1\r\nx-a: 2\r\naCCept: text/x\r\n\r\n"));
    CHECK(strstr(text, "*/*") == NULL);
    httpx_client_free(client);
    raw_stop(&server);
}

static void empty_content_is_no_content_but_for_methods_that_expect_one(void)
{
    static const char *const methods[] = {"GET", "DELETE", "POST", "PUT", "PATCH"};
    raw_listen(&server, echo_request, NULL);
    httpx_client *client = new_client();
    for (size_t i = 0; i < 5; i++) {
        httpx_request *request = new_request(client, methods[i], raw_url(&server, "/"));
        MUST(httpx_request_body_bytes(request, NULL, 0, &err));
        const char *text = sent(client, request), *length = strstr(text, "\r\nContent-Length: 0\r\n");
        CHECK((length != NULL) == (i >= 2));
        const char *host = strstr(text, "\r\nHost: ");
        CHECK(length == NULL || (host != NULL && strchr(host + 2, '\r') == length)); /* right behind Host */
    }
    httpx_client_free(client);
    raw_stop(&server);
}

/* Pieces, some of them empty. */
static httpx_code pieces(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    static const char *const all[] = {"one", "", "two", "", "", "three"};
    size_t *next = user_data;
    (void)capacity;
    if (*next == sizeof all / sizeof all[0])
        return HTTPX_DONE;
    *len = strlen(all[*next]);
    memcpy(buffer, all[*next], *len);
    ++*next;
    return HTTPX_OK;
}

static void each_piece_is_a_chunk_and_empty_ones_are_none(void)
{
    size_t next = 0;
    raw_listen(&server, echo_request, NULL);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", raw_url(&server, "/"));
    MUST(httpx_request_body_pull(request, -1, pieces, NULL, &next, NULL, &err));
    const char *text = sent(client, request);
    CHECK(ends_with(text, "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"));
    CHECK(strstr(text, "Content-Length") == NULL);
    httpx_client_free(client);
    raw_stop(&server);
}

static void framing_of_ones_own_is_the_only_one(void)
{
    size_t next = 0;
    raw_listen(&server, echo_request, NULL);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", raw_url(&server, "/"));
    MUST(httpx_request_body_pull(request, -1, pieces, NULL, &next, NULL, &err));
    MUST(httpx_request_header_set(request, "Content-Length", 14, BODY("11"), &err));
    const char *text = sent(client, request);
    CHECK(ends_with(text, "\r\n\r\nonetwothree") && strstr(text, "Transfer-Encoding") == NULL);
    request = new_request(client, "POST", raw_url(&server, "/"));
    MUST(httpx_request_body_bytes(request, BODY("abc"), &err));
    MUST(httpx_request_header_set(request, "Transfer-Encoding", 17, BODY("chunked"), &err));
    text = sent(client, request);
    CHECK(ends_with(text, "\r\n\r\n3\r\nabc\r\n0\r\n\r\n") && strstr(text, "Content-Length") == NULL);
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(each_method_has_its_call),
        TEST(a_content_type_that_injects_is_refused),
        TEST(without_a_client_there_is_one_for_one_request),
        TEST(a_streamed_response_keeps_what_it_needs),
        TEST(redirects_are_followed_one_at_a_time),
        TEST(the_rest_of_the_redirects_can_be_followed_at_once),
        TEST(cookies_of_a_request_are_its_own),
        TEST(redirects_go_without_the_cookies_of_the_request),
        TEST(a_cookie_header_counts_more_than_cookies),
        TEST(parameters_replace_the_query_or_are_merged_with_it),
        TEST(a_clients_parameters_replace_or_are_merged),
        TEST(an_overriding_header_goes_to_the_end_with_its_case),
        TEST(empty_content_is_no_content_but_for_methods_that_expect_one),
        TEST(each_piece_is_a_chunk_and_empty_ones_are_none),
        TEST(framing_of_ones_own_is_the_only_one),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

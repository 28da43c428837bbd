/* Blocking calls: what is sent, what comes back, which connection it takes, and how a broken answer is told. */
#include "support.h"

/* ---- servers ---- */

/* Keeps the head of the last request in `argument` and answers with an empty 200. */
static void keep_head(raw_server *server, int fd)
{
    while (raw_read_head(fd, server->argument, HEAD_SIZE))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* Answers with the text in `argument` and closes. */
static void say_and_close(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, server->argument);
    shutdown(fd, SHUT_WR);
    raw_drain(fd);
}

/* Answers one request, and closes without a word in the answer. */
static void one_request_for_each_connection(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void reset_at_once(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    raw_read_head(fd, head, sizeof head);
    raw_reset_on_close(fd);
}

static httpx_code code_of_answer(const char *answer, httpx_response **response)
{
    static raw_server server;
    raw_listen(&server, say_and_close, (void *)(uintptr_t)answer);
    httpx_client *client = new_client();
    httpx_code code = try_get(client, raw_url(&server, "/"), response);
    httpx_client_free(client);
    raw_stop(&server);
    return code;
}

/* ---- requests and responses ---- */

static void get_has_everything(void)
{
    httpx_client *client = new_client();
    const char *url = HTTP("/get?a=b");
    httpx_response *response = get(client, url);
    size_t len = 0;
    const char *text = httpx_response_http_version(response, &len);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_TEXT(text, len, "HTTP/1.1");
    text = httpx_response_reason_phrase(response, &len);
    CHECK_TEXT(text, len, "OK");
    text = httpx_response_url(response, &len);
    CHECK_TEXT(text, len, url);
    CHECK_EQ(strlen(text), len);
    CHECK(httpx_response_is_closed(response));
    CHECK_EQ(httpx_response_num_bytes_downloaded(response), body_len(response));
    CHECK(strstr(body_of(response), "/get?a=b") != NULL);

    double seconds = -1;
    MUST(httpx_response_elapsed(response, &seconds, &err));
    CHECK(seconds > 0 && seconds < 60);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void post_sends_its_body(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"unmistakable", 12, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strstr(body_of(response), "unmistakable") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_request_may_be_sent_again(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"again", 5, &err));
    for (int i = 0; i < 3; i++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        CHECK(strstr(body_of(response), "again") != NULL);
        httpx_response_free(response);
    }
    httpx_request_free(request);
    httpx_client_free(client);
}

static void head_has_no_body_and_keeps_the_connection(void)
{
    httpx_client *client = new_client();
    long long before = connection_number(client);
    httpx_response *response = send_request(client, new_request(client, "HEAD", HTTP("/get")), 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(body_len(response), 0);
    const uint8_t *value;
    GIVES(httpx_response_header(response, "content-length", 14, &value, NULL, &err), HTTPX_OK);
    httpx_response_free(response);
    CHECK_EQ(connection_number(client), before);
    httpx_client_free(client);
}

static void a_response_outlives_its_client_and_request(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/get?still=here"));
    httpx_client_free(client);
    CHECK(strstr(body_of(response), "still=here") != NULL);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
}

static void a_target_of_its_own(void)
{
    static raw_server server;
    static char head[HEAD_SIZE];
    raw_listen(&server, keep_head, head);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "OPTIONS", raw_url(&server, "/not/this"));
    MUST(httpx_request_target(request, "*", 1, &err));
    httpx_response_free(send_request(client, request, 0));
    httpx_client_free(client);
    raw_stop(&server);
    CHECK(strncmp(head, "OPTIONS * HTTP/1.1\r\n", 20) == 0);
}

static void add_header(httpx_request *request, const char *name, const char *value)
{
    MUST(httpx_request_header_add(request, name, strlen(name), (const uint8_t *)value, strlen(value), &err));
}

static void request_headers_are_sent_as_given(void)
{
    static raw_server server;
    static char head[HEAD_SIZE];
    raw_listen(&server, keep_head, head);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "get", raw_url(&server, "/a%20b?c=d#fragment"));
    add_header(request, "x-LOUD-quiet", "One");
    add_header(request, "Accept", "text/plain");
    add_header(request, "x-LOUD-quiet", "two");
    add_header(request, "X-Last", "\xe9");
    httpx_response_free(send_request(client, request, 0));
    httpx_client_free(client);
    raw_stop(&server);

    char host[64];
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", server.port);
    CHECK(strncmp(head, "GET /a%20b?c=d HTTP/1.1\r\nHost: ", 31) == 0);
    CHECK(strstr(head, host) != NULL);
    CHECK(strstr(head, "x-LOUD-quiet: One\r\n") != NULL);
    CHECK(strstr(head, "x-LOUD-quiet: two\r\n") > strstr(head, "x-LOUD-quiet: One\r\n"));
    CHECK(strstr(head, "X-Last: \xe9\r\n") > strstr(head, "x-LOUD-quiet: two\r\n"));
    CHECK(strstr(head, "Content-Length") == NULL);
}

static void header_set_replaces_and_remove_removes(void)
{
    static raw_server server;
    static char head[HEAD_SIZE];
    raw_listen(&server, keep_head, head);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    size_t before = httpx_request_header_count(request);
    add_header(request, "X-A", "1");
    add_header(request, "x-a", "2");
    CHECK_EQ(httpx_request_header_count(request), before + 2);
    MUST(httpx_request_header_set(request, "x-A", 3, (const uint8_t *)"3", 1, &err));
    CHECK_EQ(httpx_request_header_count(request), before + 1);
    add_header(request, "X-Gone", "yes");
    MUST(httpx_request_header_remove(request, "x-gone", 6, &err));

    const uint8_t *name, *value;
    size_t name_len, value_len;
    MUST(httpx_request_header_at(request, before, &name, &name_len, &value, &value_len, &err));
    CHECK_TEXT(name, name_len, "x-A");
    CHECK_TEXT(value, value_len, "3");

    httpx_response_free(send_request(client, request, 0));
    httpx_client_free(client);
    raw_stop(&server);
    CHECK(strstr(head, "x-A: 3\r\n") != NULL);
    CHECK(strstr(head, "X-Gone") == NULL && strstr(head, "X-A: 1") == NULL);
}

static void a_client_has_default_headers(void)
{
    static raw_server server;
    static char head[HEAD_SIZE];
    raw_listen(&server, keep_head, head);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_header(builder, "User-Agent", 10, (const uint8_t *)"mine/1", 6, &err));
    MUST(httpx_client_builder_header(builder, "X-Everywhere", 12, (const uint8_t *)"yes", 3, &err));
    httpx_client *client = build(builder);
    httpx_response_free(get(client, raw_url(&server, "/")));
    httpx_client_free(client);
    raw_stop(&server);
    CHECK(strstr(head, "User-Agent: mine/1\r\n") != NULL);
    CHECK(strstr(head, "X-Everywhere: yes\r\n") != NULL);
    CHECK(strstr(head, "Accept: */*\r\n") != NULL);
}

static void json_bodies_have_their_type(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/anything"));
    MUST(httpx_request_body_json(request, "{\"key\":\"val\"}", 13, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK(strstr(body_of(response), "application/json") != NULL);
    CHECK(strstr(body_of(response), "key") != NULL && strstr(body_of(response), "val") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void response_headers_are_as_received(void)
{
    static const char answer[] =
        "HTTP/1.1 299 Quite Fine\r\nx-SECOND-case: b\r\nSet-Cookie: a=1\r\nX-Odd:   spaced  \r\n"
        "set-cookie: b=2\r\nContent-Length: 2\r\nX-Bytes: \xe9\r\n\r\nok";
    static const char *const names[] = {"x-SECOND-case", "Set-Cookie",     "X-Odd",
                                        "set-cookie",    "Content-Length", "X-Bytes"};
    static const char *const values[] = {"b", "a=1", "spaced", "b=2", "2", "\xe9"};
    httpx_response *response = NULL;
    MUST(code_of_answer(answer, &response));
    size_t len = 0;
    const char *reason = httpx_response_reason_phrase(response, &len);
    CHECK_TEXT(reason, len, "Quite Fine");
    CHECK_EQ(httpx_response_status_code(response), 299);
    CHECK_EQ(httpx_response_header_count(response), 6);
    for (size_t i = 0; i < 6; i++) {
        const uint8_t *name, *value;
        size_t name_len, value_len;
        MUST(httpx_response_header_at(response, i, &name, &name_len, &value, &value_len, &err));
        CHECK_TEXT(name, name_len, names[i]);
        CHECK_TEXT(value, value_len, values[i]);
    }
    const uint8_t *value = NULL;
    MUST(httpx_response_header(response, "SET-COOKIE", 10, &value, &len, &err));
    CHECK_TEXT(value, len, "a=1, b=2");
    GIVES(httpx_response_header(response, "X-Absent", 8, &value, &len, &err), HTTPX_DONE);
    httpx_response_free(response);
}

/* ---- statuses and errors ---- */

static void raise_for_status_raises_from_300_on(void)
{
    httpx_client *client = new_client();
    static const int raised[] = {304, 400, 404, 418, 500, 503};
    for (size_t i = 0; i < sizeof raised / sizeof *raised; i++) {
        httpx_response *response = get(client, HTTP("/status/%d", raised[i]));
        CHECK_EQ(httpx_response_status_code(response), raised[i]);
        FAILS(httpx_response_raise_for_status(response, &err), HTTPX_E_HTTP_STATUS);
        httpx_response_free(response);
    }
    httpx_response *response = get(client, HTTP("/status/204"));
    GIVES(httpx_response_raise_for_status(response, &err), HTTPX_OK);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void text_is_decoded_by_its_charset(void)
{
    static const struct {
        const char *charset, *name;
    } served[] = {{"utf8", "UTF-8"}, {"latin-1", "windows-1252"}, {"shift_jis", "Shift_JIS"}, {"utf-16", "UTF-16LE"}};
    httpx_client *client = new_client();
    for (size_t i = 0; i < sizeof served / sizeof *served; i++) {
        httpx_response *response = get(client, HTTP("/encoding/%s", served[i].charset));
        const char *text = NULL;
        size_t len = 0;
        CHECK(strcmp(httpx_response_encoding(response, NULL), served[i].name) == 0);
        MUST(httpx_response_text(response, &text, &len, &err));
        CHECK_EQ(text[len], '\0');
        CHECK(len > 0 && memmem(text, len, "\xef\xbf\xbd", 3) == NULL); /* no replacement character */
        FAILS(httpx_response_set_encoding(response, "utf-8", 5, &err), HTTPX_E_INVALID_STATE);
        httpx_response_free(response);
    }
    httpx_response *response = get(client, HTTP("/get"));
    FAILS(httpx_response_set_encoding(response, "bogus", 5, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_response_set_encoding(response, "ascii", 5, &err));
    CHECK(strcmp(httpx_response_encoding(response, NULL), "windows-1252") == 0);
    httpx_response_free(response);

    response = get_streamed(client, HTTP("/get"));
    const char *text = NULL;
    size_t len = 0;
    FAILS(httpx_response_text(response, &text, &len, &err), HTTPX_E_RESPONSE_NOT_READ);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_base_url_and_parameters_of_the_client(void)
{
    httpx_client_builder *builder = new_builder();
    const char *base = HTTP("/anything/base");
    MUST(httpx_client_builder_base_url(builder, base, strlen(base), &err));
    MUST(httpx_client_builder_param(builder, "a", 1, "1 2", 3, &err));
    FAILS(httpx_client_builder_base_url(builder, "/relative", 9, &err), HTTPX_E_INVALID_URL);
    httpx_client *client = build(builder);
    httpx_request *request = new_request(client, "GET", "/sub");
    MUST(httpx_request_param(request, "b", 1, "3", 1, 0, &err));
    MUST(httpx_request_param(request, "b", 1, "4", 1, 1, &err));
    const char *url = httpx_request_url(request, NULL);
    CHECK(strcmp(url + strlen(url) - strlen("/anything/base/sub?a=1+2&b=3&b=4"), "/anything/base/sub?a=1+2&b=3&b=4") ==
          0);
    httpx_response *response = send_request(client, request, 0);
    CHECK(strstr(body_of(response), "\"a\": \"1 2\"") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void redirects_are_followed_if_the_client_says_so(void)
{
    httpx_client_builder *builder = new_builder();
    GIVES(httpx_client_builder_redirects(builder, 1, 2, &err), HTTPX_OK);
    httpx_client *client = build(builder);
    httpx_response *response = get(client, HTTP("/redirect/2")), *hop = NULL;
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(httpx_response_history_count(response), 2);
    MUST(httpx_response_history_at(response, 0, &hop, &err));
    CHECK_EQ(httpx_response_status_code(hop), 302);
    CHECK(strstr(httpx_response_url(hop, NULL), "/redirect/2") != NULL);
    CHECK_EQ(httpx_response_has_redirect_location(hop), 1);
    httpx_response_free(hop);
    FAILS(httpx_response_history_at(response, 2, &hop, &err), HTTPX_E_NOT_FOUND);
    httpx_response_free(response);

    FAILS(try_get(client, HTTP("/redirect/3"), &response), HTTPX_E_TOO_MANY_REDIRECTS);

    httpx_request *request = new_request(client, "GET", HTTP("/redirect/1")), *next = NULL;
    response = send_request(client, request, HTTPX_SEND_NO_REDIRECTS);
    CHECK_EQ(httpx_response_status_code(response), 302);
    MUST(httpx_response_next_request(response, &next, &err));
    httpx_response_free(response);
    response = send_request(client, next, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(httpx_response_next_request(response, &next, &err), HTTPX_DONE);
    CHECK(next == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_status_error_has_its_request_and_response(void)
{
    httpx_client *client = new_client();
    const char *url = HTTP("/status/404");
    httpx_response *response = get(client, url), *again = NULL;
    httpx_request *request = NULL;
    httpx_error *error = NULL;
    CHECK_EQ(httpx_response_raise_for_status(response, &error), HTTPX_E_HTTP_STATUS);
    REQUIRE(error != NULL);
    httpx_response_free(response);
    httpx_client_free(client);

    size_t len = 0;
    CHECK(strcmp(httpx_error_name(error), "HTTPStatusError") == 0);
    CHECK(strstr(httpx_error_message(error, NULL), "Client error '404 Not Found' for url '") != NULL);
    const char *text = httpx_error_request_method(error, &len);
    CHECK_TEXT(text, len, "GET");
    text = httpx_error_request_url(error, &len);
    CHECK_TEXT(text, len, url);
    MUST(httpx_error_response(error, &again, &err));
    MUST(httpx_error_request(error, &request, &err));
    httpx_error *copy = httpx_error_clone(error);
    httpx_error_free(error);
    CHECK_EQ(httpx_error_code(copy), HTTPX_E_HTTP_STATUS);
    httpx_error_free(copy);
    CHECK_EQ(httpx_response_status_code(again), 404);
    text = httpx_request_url(request, &len);
    CHECK_TEXT(text, len, url);
    httpx_response_free(again);
    httpx_request_free(request);
}

static void a_refused_connection_says_so(void)
{
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    httpx_request *request = NULL;
    CHECK(httpx_code_is_a(try_get(client, "http://127.0.0.1:1/nobody", &response), HTTPX_E_CONNECT));
    httpx_error *error = err;
    err = NULL;
    REQUIRE(error != NULL);
    CHECK_EQ(httpx_error_code(error), HTTPX_E_CONNECTION_REFUSED);
    CHECK_EQ(httpx_error_os_errno(error), ECONNREFUSED);
    CHECK_EQ(httpx_error_tls_alert(error), -1);
    CHECK_EQ(httpx_error_h2_code(error), -1);
    CHECK(httpx_error_is_retryable(error));
    size_t len = 0;
    const char *url = httpx_error_request_url(error, &len);
    CHECK_TEXT(url, len, "http://127.0.0.1:1/nobody");
    GIVES(httpx_error_response(error, &response, &err), HTTPX_DONE);
    GIVES(httpx_error_request(error, &request, &err), HTTPX_OK);
    httpx_request_free(request);
    httpx_error_free(error);
    httpx_client_free(client);
}

static void a_name_without_address_is_a_connect_error(void)
{
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    FAILS(try_get(client, "http://does-not-exist.invalid/", &response), HTTPX_E_DNS);
    httpx_client_free(client);
}

static void broken_answers(void)
{
    static const struct {
        const char *answer;
        httpx_code code;
    } broken[] = {
        {"", HTTPX_E_REMOTE_PROTOCOL},
        {"\x16\x03\x01 this is not HTTP\r\n\r\n", HTTPX_E_REMOTE_PROTOCOL},
        {"HTTP/1.1 99 Low\r\n\r\n", HTTPX_E_REMOTE_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", HTTPX_E_INCOMPLETE_BODY},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", HTTPX_E_REMOTE_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\nabc", HTTPX_E_REMOTE_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", HTTPX_E_INCOMPLETE_BODY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX\r\n0\r\n\r\n", HTTPX_E_REMOTE_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", HTTPX_E_REMOTE_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nX-Cut", HTTPX_E_REMOTE_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        httpx_response *response = NULL;
        if (!FAILS(code_of_answer(broken[i].answer, &response), broken[i].code))
            printf("  answer %zu\n", i);
        httpx_response_free(response);
    }
}

static void a_reset_instead_of_an_answer(void)
{
    static raw_server server;
    raw_listen(&server, reset_at_once, NULL);
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    FAILS(try_get(client, raw_url(&server, "/"), &response), HTTPX_E_TRANSPORT);
    httpx_client_free(client);
    raw_stop(&server);
}

static void a_body_up_to_the_close(void)
{
    httpx_response *response = NULL;
    MUST(code_of_answer("HTTP/1.0 200 OK\r\n\r\nuntil the end", &response));
    CHECK_TEXT(body_of(response), body_len(response), "until the end");
    size_t len = 0;
    const char *version = httpx_response_http_version(response, &len);
    CHECK_TEXT(version, len, "HTTP/1.0");
    httpx_response_free(response);
}

static void informational_responses_are_passed_over(void)
{
    httpx_response *response = NULL;
    MUST(code_of_answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                        &response));
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_TEXT(body_of(response), body_len(response), "ok");
    httpx_response_free(response);
}

/* ---- connections ---- */

static void a_connection_is_used_again(void)
{
    httpx_client *client = new_client();
    long long first = connection_number(client);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(connection_number(client), first);
    size_t active = 9, idle = 9, waiting = 9;
    MUST(httpx_client_connections(client, &active, &idle, &waiting, &err));
    CHECK_EQ(active, 0);
    CHECK_EQ(idle, 1);
    CHECK_EQ(waiting, 0);
    httpx_client_free(client);
}

static void no_keepalive_means_a_connection_each(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_limits(builder, 10, 0, 5.0, &err));
    httpx_client *client = build(builder);
    long long first = connection_number(client);
    CHECK(connection_number(client) != first);
    httpx_client_free(client);
}

static void a_connection_that_the_server_closed_is_not_used(void)
{
    static raw_server server;
    raw_listen(&server, one_request_for_each_connection, NULL);
    httpx_client *client = new_client();
    for (int i = 0; i < 5; i++) {
        httpx_response *response = get(client, raw_url(&server, "/"));
        CHECK_TEXT(body_of(response), body_len(response), "ok");
        httpx_response_free(response);
    }
    CHECK_EQ(atomic_load(&server.accepted), 5);
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(get_has_everything),
        TEST(post_sends_its_body),
        TEST(a_request_may_be_sent_again),
        TEST(head_has_no_body_and_keeps_the_connection),
        TEST(a_response_outlives_its_client_and_request),
        TEST(request_headers_are_sent_as_given),
        TEST(a_target_of_its_own),
        TEST(header_set_replaces_and_remove_removes),
        TEST(a_client_has_default_headers),
        TEST(json_bodies_have_their_type),
        TEST(text_is_decoded_by_its_charset),
        TEST(a_base_url_and_parameters_of_the_client),
        TEST(redirects_are_followed_if_the_client_says_so),
        TEST(response_headers_are_as_received),
        TEST(raise_for_status_raises_from_300_on),
        TEST(a_status_error_has_its_request_and_response),
        TEST(a_refused_connection_says_so),
        TEST(a_name_without_address_is_a_connect_error),
        TEST(broken_answers),
        TEST(a_reset_instead_of_an_answer),
        TEST(a_body_up_to_the_close),
        TEST(informational_responses_are_passed_over),
        TEST(a_connection_is_used_again),
        TEST(no_keepalive_means_a_connection_each),
        TEST(a_connection_that_the_server_closed_is_not_used),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

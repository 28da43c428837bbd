/* Headers by themselves, and those of requests, responses and clients. */
#include "support.h"

static httpx_headers *new_headers(void)
{
    httpx_headers *headers = NULL;
    MUST(httpx_headers_new(&headers, &err));
    return headers;
}

static void add(httpx_headers *headers, const char *name, const char *value)
{
    MUST(httpx_headers_add(headers, name, strlen(name), (const uint8_t *)value, strlen(value), &err));
}

static httpx_headers *three_lines(void)
{
    httpx_headers *headers = new_headers();
    add(headers, "A", "1, 2");
    add(headers, "x", "3");
    add(headers, "a", "4");
    return headers;
}

/* The lines as they are, "A=1 x=2". */
static const char *lines(const httpx_headers *headers)
{
    static _Thread_local char room[1024];
    size_t used = 0;
    room[0] = '\0';
    for (size_t i = 0; i < httpx_headers_count(headers); i++) {
        const uint8_t *name = NULL, *value = NULL;
        MUST(httpx_headers_at(headers, i, &name, NULL, &value, NULL, &err));
        used += (size_t)snprintf(room + used, sizeof room - used, "%s%s=%s", i > 0 ? " " : "", (const char *)name,
                                 (const char *)value);
    }
    return room;
}

static void check_lines(const httpx_headers *headers, const char *wanted)
{
    const char *got = lines(headers);
    CHECK_TEXT(got, strlen(got), wanted);
}

static void check_value(const httpx_headers *headers, const char *name, const char *wanted)
{
    const char *value = NULL;
    size_t len = 0;
    if (GIVES(httpx_headers_get(headers, name, strlen(name), &value, &len, &err), HTTPX_OK))
        CHECK_TEXT(value, len, wanted);
}

static void lines_keep_their_order_and_case(void)
{
    httpx_headers *headers = three_lines();
    check_lines(headers, "A=1, 2 x=3 a=4");
    const char *name = NULL, *value = NULL;
    size_t name_len = 0, value_len = 0;
    MUST(httpx_headers_item_at(headers, 0, &name, &name_len, &value, &value_len, &err));
    CHECK_TEXT(name, name_len, "a");
    CHECK_TEXT(value, value_len, "1, 2");
    GIVES(httpx_headers_at(headers, 3, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    GIVES(httpx_headers_item_at(headers, 3, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    httpx_headers_free(headers);
}

static void values_are_found_whatever_the_case(void)
{
    static const char *const split[] = {"1", "2", "4"};
    httpx_headers *headers = three_lines();
    const char *value = NULL;
    size_t len = 0;
    check_value(headers, "A", "1, 2, 4");
    check_value(headers, "X", "3");
    GIVES(httpx_headers_get(headers, "none", 4, &value, &len, &err), HTTPX_DONE);
    CHECK(value == NULL && len == 0);
    GIVES(httpx_headers_get(headers, "x", 1, NULL, NULL, &err), HTTPX_OK);
    GIVES(httpx_headers_get_list_at(headers, "a", 1, 0, 1, &value, &len, &err), HTTPX_OK);
    CHECK_TEXT(value, len, "4");
    GIVES(httpx_headers_get_list_at(headers, "a", 1, 0, 2, &value, &len, &err), HTTPX_DONE);
    for (size_t i = 0; i < 3; i++) {
        GIVES(httpx_headers_get_list_at(headers, "a", 1, 1, i, &value, &len, &err), HTTPX_OK);
        CHECK_TEXT(value, len, split[i]);
    }
    GIVES(httpx_headers_get_list_at(headers, "a", 1, 1, 3, &value, &len, &err), HTTPX_DONE);
    GIVES(httpx_headers_key_at(headers, 1, &value, &len, &err), HTTPX_OK);
    CHECK_TEXT(value, len, "x");
    GIVES(httpx_headers_key_at(headers, 2, &value, &len, &err), HTTPX_DONE);
    httpx_headers_free(headers);
}

static void lines_are_set_and_removed(void)
{
    httpx_headers *headers = three_lines();
    MUST(httpx_headers_set(headers, "a", 1, (const uint8_t *)"5", 1, &err));
    check_lines(headers, "a=5 x=3");
    MUST(httpx_headers_set_default(headers, "X", 1, (const uint8_t *)"6", 1, &err));
    MUST(httpx_headers_set_default(headers, "y", 1, (const uint8_t *)"7", 1, &err));
    check_lines(headers, "a=5 x=3 y=7");
    MUST(httpx_headers_remove(headers, "X", 1, &err));
    GIVES(httpx_headers_remove(headers, "X", 1, &err), HTTPX_E_NOT_FOUND);
    check_lines(headers, "a=5 y=7");
    GIVES(httpx_headers_set(headers, "a", 1, (const uint8_t *)"b\r\nc: d", 7, &err), HTTPX_E_LOCAL_PROTOCOL);
    GIVES(httpx_headers_add(headers, "a b", 3, (const uint8_t *)"c", 1, &err), HTTPX_E_LOCAL_PROTOCOL);
    check_lines(headers, "a=5 y=7");
    httpx_headers_free(headers);
}

static void an_update_replaces_what_the_other_has(void)
{
    httpx_headers *headers = three_lines(), *other = new_headers();
    add(other, "A", "5");
    add(other, "y", "6");
    add(other, "A", "7");
    MUST(httpx_headers_update(headers, other, &err));
    check_lines(headers, "x=3 A=5 y=6 A=7");
    MUST(httpx_headers_update(headers, headers, &err));
    check_lines(headers, "x=3 A=5 y=6 A=7");
    httpx_headers_free(headers);
    httpx_headers_free(other);
}

static void order_and_case_do_not_matter_for_equality(void)
{
    httpx_headers *headers = three_lines(), *other = new_headers(), *copy = NULL;
    add(other, "X", "3");
    add(other, "a", "4");
    CHECK_EQ(httpx_headers_equal(headers, other), 0);
    add(other, "a", "1, 2");
    CHECK_EQ(httpx_headers_equal(headers, other), 1);
    CHECK_EQ(httpx_headers_equal(headers, headers), 1);
    MUST(httpx_headers_copy(headers, &copy, &err));
    add(copy, "b", "5");
    CHECK_EQ(httpx_headers_equal(headers, copy), 0);
    check_lines(headers, "A=1, 2 x=3 a=4");
    httpx_headers_free(headers);
    httpx_headers_free(other);
    httpx_headers_free(copy);
}

static void the_encoding_is_found_or_set(void)
{
    httpx_headers *headers = new_headers();
    add(headers, "a", "plain");
    CHECK(strcmp(httpx_headers_encoding(headers), "ascii") == 0);
    add(headers, "b", "\xc3\xa9");
    CHECK(strcmp(httpx_headers_encoding(headers), "utf-8") == 0);
    check_value(headers, "b", "\xc3\xa9");
    add(headers, "c", "\xe9");
    CHECK(strcmp(httpx_headers_encoding(headers), "iso-8859-1") == 0);
    check_value(headers, "c", "\xc3\xa9");
    MUST(httpx_headers_set_encoding(headers, "utf-8", 5, &err));
    check_value(headers, "c", "\xef\xbf\xbd");
    GIVES(httpx_headers_set_encoding(headers, "bogus", 5, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK(strcmp(httpx_headers_encoding(headers), "utf-8") == 0);
    MUST(httpx_headers_set_encoding(headers, NULL, 0, &err));
    CHECK(strcmp(httpx_headers_encoding(headers), "iso-8859-1") == 0);
    httpx_headers_free(headers);
}

static void secrets_are_not_shown(void)
{
    httpx_headers *headers = new_headers();
    const char *text = NULL;
    size_t len = 0;
    add(headers, "Authorization", "Basic s3cret");
    add(headers, "Cookie", "a=s3cret");
    add(headers, "Host", "h");
    MUST(httpx_headers_repr(headers, &text, &len, &err));
    CHECK_TEXT(text, len, "Headers({'authorization': '[secure]', 'cookie': '[secure]', 'host': 'h'})");
    httpx_headers_free(headers);
}

static void what_was_asked_for_stays_until_a_change(void)
{
    httpx_headers *headers = three_lines();
    const char *first = NULL, *again = NULL;
    MUST(httpx_headers_get(headers, "a", 1, &first, NULL, &err));
    for (int i = 0; i < 100; i++)
        check_value(headers, i % 2 ? "x" : "a", i % 2 ? "3" : "1, 2, 4");
    MUST(httpx_headers_get(headers, "a", 1, &again, NULL, &err));
    CHECK(first == again && strcmp(first, "1, 2, 4") == 0);
    httpx_headers_free(headers);
}

static void a_requests_headers_are_copied_and_replaced(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/headers"));
    httpx_headers *headers = NULL;
    MUST(httpx_request_headers(request, &headers, &err));
    CHECK_EQ(httpx_headers_count(headers), httpx_request_header_count(request));
    MUST(httpx_headers_remove(headers, "user-agent", 10, &err));
    add(headers, "X-Mine", "here");
    GIVES(httpx_headers_get(headers, "host", 4, NULL, NULL, &err), HTTPX_OK);
    size_t before = httpx_request_header_count(request);
    MUST(httpx_request_set_headers(request, headers, &err));
    CHECK_EQ(httpx_request_header_count(request), before);
    httpx_headers_free(headers);
    httpx_response *response = send_request(client, request, 0);
    const char *body = body_of(response);
    CHECK(strstr(body, "-Mine") != NULL || strstr(body, "-mine") != NULL);
    CHECK(strstr(body, "ser-Agent") == NULL && strstr(body, "ser-agent") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void say_odd_headers(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nB: 1\r\na: \xe9\r\nb: 2\r\n\r\n");
}

static void a_responses_headers_are_a_copy_of_what_came(void)
{
    raw_server server;
    raw_listen(&server, say_odd_headers, NULL);
    httpx_client *client = new_client();
    httpx_response *response = get(client, raw_url(&server, "/"));
    httpx_headers *headers = NULL;
    MUST(httpx_response_headers(response, &headers, &err));
    httpx_response_free(response);
    check_lines(headers, "Content-Length=0 B=1 a=\xe9 b=2");
    check_value(headers, "b", "1, 2");
    check_value(headers, "a", "\xc3\xa9");
    MUST(httpx_headers_set(headers, "a", 1, (const uint8_t *)"x", 1, &err));
    check_value(headers, "A", "x");
    httpx_headers_free(headers);
    httpx_client_free(client);
    raw_stop(&server);
}

static void a_clients_headers_take_the_place_of_defaults(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_headers *headers = new_headers(), *sent = NULL;
    add(headers, "user-agent", "mine/1");
    add(headers, "X-Two", "1");
    add(headers, "X-Two", "2");
    MUST(httpx_client_builder_headers(builder, headers, &err));
    httpx_headers_free(headers);
    httpx_client *client = build(builder);
    httpx_request *request = new_request(client, "GET", "http://h/");
    MUST(httpx_request_headers(request, &sent, &err));
    check_value(sent, "User-Agent", "mine/1");
    check_value(sent, "x-two", "1, 2");
    GIVES(httpx_headers_get(sent, "accept-encoding", 15, NULL, NULL, &err), HTTPX_OK);
    httpx_headers_free(sent);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_clients_headers_are_those_and_no_others(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_headers *headers = new_headers(), *sent = NULL;
    add(headers, "X-Only", "1");
    MUST(httpx_client_builder_header(builder, "X-Gone", 6, (const uint8_t *)"1", 1, &err));
    MUST(httpx_client_builder_set_headers(builder, headers, &err));
    httpx_headers_free(headers);
    httpx_client *client = build(builder);
    httpx_request *request = new_request(client, "GET", "http://h/");
    MUST(httpx_request_headers(request, &sent, &err));
    check_lines(sent, "Host=h X-Only=1");
    httpx_headers_free(sent);
    httpx_request_free(request);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(lines_keep_their_order_and_case),
        TEST(values_are_found_whatever_the_case),
        TEST(lines_are_set_and_removed),
        TEST(an_update_replaces_what_the_other_has),
        TEST(order_and_case_do_not_matter_for_equality),
        TEST(the_encoding_is_found_or_set),
        TEST(secrets_are_not_shown),
        TEST(what_was_asked_for_stays_until_a_change),
        TEST(a_requests_headers_are_copied_and_replaced),
        TEST(a_responses_headers_are_a_copy_of_what_came),
        TEST(a_clients_headers_take_the_place_of_defaults),
        TEST(a_clients_headers_are_those_and_no_others),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

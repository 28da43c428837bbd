/* What there is without a client: requests, URL patterns, the environment's proxies, counters, and authentication flows
 * that the program runs by hand. */
#include "support.h"

#define BYTES(text) (const uint8_t *)(text), strlen(text)

static void has_lines(httpx_request *request, const char *wanted)
{
    char lines[1024] = "";
    for (size_t i = 0; i < httpx_request_header_count(request); i++) {
        const uint8_t *name = NULL, *value = NULL;
        GIVES(httpx_request_header_at(request, i, &name, NULL, &value, NULL, &err), HTTPX_OK);
        size_t len = strlen(lines);
        snprintf(lines + len, sizeof lines - len, "%s: %s\n", (const char *)name, (const char *)value);
    }
    CHECK_TEXT(lines, strlen(lines), wanted);
}

static httpx_response *answer(int32_t status, httpx_request *request, const char *name, const char *value)
{
    httpx_response *response = NULL;
    httpx_response_builder *builder = NULL;
    MUST(httpx_response_builder_new(status, &builder, &err));
    MUST(httpx_response_builder_header(builder, name, strlen(name), BYTES(value), &err));
    MUST(httpx_response_builder_header(builder, "Set-Cookie", 10, BYTES("session=1"), &err));
    MUST(httpx_response_builder_request(builder, request, &err));
    MUST(httpx_response_builder_build(builder, &response, &err));
    httpx_response_builder_free(builder);
    return response;
}

/* ---- requests ---- */

static void answer_with_the_head(raw_server *server, int fd)
{
    char head[HEAD_SIZE], answer[128];
    (void)server;
    while (raw_read_head(fd, head, sizeof head)) {
        int size = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: %zu\r\n\r\n",
                            strlen(head));
        raw_say_bytes(fd, answer, (size_t)size);
        raw_say(fd, head);
    }
}

static raw_server server;

static void a_request_without_a_client_is_sent_as_it_is(void)
{
    char wanted[256];
    raw_listen(&server, answer_with_the_head, NULL);
    httpx_client *client = new_client();
    httpx_response_free(get(client, raw_url(&server, "/")));
    httpx_request *request = new_request(NULL, "get", raw_url(&server, "/a"));
    SAYS(httpx_request_method(request, NULL), "GET");
    httpx_response *response = send_request(client, request, 0);
    const char *host = strstr(raw_url(&server, ""), "//") + 2;
    snprintf(wanted, sizeof wanted, "GET /a HTTP/1.1\r\nHost: %s\r\n\r\n", host);
    CHECK(strcmp(body_of(response), wanted) == 0);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

static void a_relative_request_waits_for_its_url(void)
{
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    httpx_request *request = new_request(NULL, "GET", "/get");
    has_lines(request, "");
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_UNSUPPORTED_PROTOCOL);
    const char *url = HTTP("/get");
    const char *before = httpx_request_method(request, NULL);
    MUST(httpx_request_set_url(request, url, strlen(url), &err));
    CHECK(httpx_request_method(request, NULL) == before);
    SAYS(httpx_request_url(request, NULL), url);
    MUST(httpx_request_set_method(request, "OPTIONS", 7, &err));
    SAYS(httpx_request_method(request, NULL), "OPTIONS");
    FAILS(httpx_request_set_method(request, "a b", 3, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_request_set_url(request, "http://h:x/", 11, &err), HTTPX_E_INVALID_URL);
    SAYS(httpx_request_url(request, NULL), url);
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
    MUST(httpx_request_header_set(request, "Host", 4, BYTES("h"), &err));
    httpx_response_free(send_request(client, request, 0));
    httpx_client_free(client);
}

static void a_body_shows_in_the_headers_unless_they_are_kept(void)
{
    httpx_request *request = new_request(NULL, "POST", "http://h/");
    has_lines(request, "Host: h\nContent-Length: 0\n");
    MUST(httpx_request_body_json(request, "[1]", 3, &err));
    has_lines(request, "Host: h\nContent-Length: 3\nContent-Type: application/json\n");
    MUST(httpx_request_keep_headers(request, &err));
    MUST(httpx_request_body_bytes(request, BYTES("other"), &err));
    has_lines(request, "Host: h\nContent-Length: 3\nContent-Type: application/json\n");
    httpx_request_free(request);
}

static void a_redirects_headers_go_where_it_leads(void)
{
    static const struct {
        const char *url, *method, *wanted;
    } cases[] = {
        {"https://h/b", "POST", "Headers({'host': 'h', 'content-length': '1', 'authorization': '[secure]'})"},
        {"https://h/b", "GET", "Headers({'host': 'h', 'authorization': '[secure]'})"},
        {"https://o/", "POST", "Headers({'host': 'o', 'content-length': '1'})"},
    };
    httpx_request *request = new_request(NULL, "POST", "https://h/");
    MUST(httpx_request_body_bytes(request, BYTES("1"), &err));
    MUST(httpx_request_header_add(request, "Authorization", 13, BYTES("x"), &err));
    MUST(httpx_request_header_add(request, "Cookie", 6, BYTES("a=1"), &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        httpx_url *url = NULL;
        httpx_headers *headers = NULL;
        const char *repr = NULL;
        size_t len = 0;
        MUST(httpx_url_parse(cases[i].url, strlen(cases[i].url), &url, &err));
        MUST(httpx_request_redirect_headers(request, url, cases[i].method, strlen(cases[i].method), &headers, &err));
        MUST(httpx_headers_repr(headers, &repr, &len, &err));
        CHECK_TEXT(repr, len, cases[i].wanted);
        httpx_headers_free(headers);
        httpx_url_free(url);
    }
    CHECK_EQ(httpx_request_header_count(request), 4);
    httpx_request_free(request);
}

static void lenient_headers_take_what_only_sending_refuses(void)
{
    httpx_client *client = new_client();
    httpx_headers *headers = NULL;
    httpx_response *response = NULL;
    httpx_request *request = new_request(NULL, "GET", HTTP("/get"));
    MUST(httpx_request_headers(request, &headers, &err));
    FAILS(httpx_headers_add(headers, "X", 1, BYTES("a\nb"), &err), HTTPX_E_LOCAL_PROTOCOL);
    MUST(httpx_headers_set_lenient(headers, 1, &err));
    MUST(httpx_headers_add(headers, "X", 1, BYTES("a\nb"), &err));
    MUST(httpx_request_set_headers(request, headers, &err));
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_response_builder *builder = NULL;
    MUST(httpx_response_builder_new(200, &builder, &err));
    MUST(httpx_response_builder_headers(builder, headers, &err));
    MUST(httpx_response_builder_build(builder, &response, &err));
    const uint8_t *value = NULL;
    size_t len = 0;
    MUST(httpx_response_header(response, "x", 1, &value, &len, &err));
    CHECK_TEXT(value, len, "a\nb");
    httpx_response_builder_free(builder);
    httpx_response_free(response);
    httpx_headers_free(headers);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void http2_leaves_spaces_around_lenient_values_out(void)
{
    char url[256];
    httpx_client_builder *builder = new_builder();
    httpx_headers *headers = NULL;
    MUST(httpx_client_builder_http2(builder, 1, &err));
    MUST(httpx_client_builder_verify(builder, 0, &err));
    httpx_client *client = build(builder);
    snprintf(url, sizeof url, "https://127.0.0.1:%lld/headers", json_number(environment("HTTPX_TEST_PLACES"), "https"));
    httpx_request *request = new_request(NULL, "GET", url);
    MUST(httpx_request_headers(request, &headers, &err));
    MUST(httpx_headers_set_lenient(headers, 1, &err));
    MUST(httpx_headers_add(headers, "X-Padded", 8, BYTES(" a\t"), &err));
    MUST(httpx_request_set_headers(request, headers, &err));
    httpx_response *response = send_request(client, request, 0);
    SAYS(httpx_response_http_version(response, NULL), "HTTP/2");
    CHECK(strstr(body_of(response), "\"a\"") != NULL);
    httpx_response_free(response);
    httpx_headers_free(headers);
    httpx_client_free(client);
}

static void a_client_says_what_a_relative_url_means(void)
{
    httpx_url *url = NULL;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_base_url(builder, "http://h/a", 10, &err));
    httpx_client *client = build(builder);
    MUST(httpx_client_merge_url(client, "/b?c", 4, &url, &err));
    SAYS(httpx_url_str(url, NULL), "http://h/a/b?c");
    httpx_url_free(url);
    MUST(httpx_client_merge_url(client, "https://o", 9, &url, &err));
    SAYS(httpx_url_str(url, NULL), "https://o");
    httpx_url_free(url);
    httpx_client_free(client);
}

/* ---- responses ---- */

static size_t is_latin(void *user_data, const uint8_t *content, size_t len, char *label, size_t capacity)
{
    CHECK(len == 1 && *content == 0xe9 && capacity > 10);
    ++*(int *)user_data;
    memcpy(label, "iso-8859-1", 10);
    return 10;
}

static void count_it_destroyed(void *user_data)
{
    *(int *)user_data += 100;
}

static void a_response_made_by_hand_is_told_more(void)
{
    int calls = 0;
    size_t len = 0;
    const char *text = NULL;
    httpx_response *response = NULL;
    httpx_response_builder *builder = NULL;
    MUST(httpx_response_builder_new(404, &builder, &err));
    MUST(httpx_response_builder_content(builder, BYTES("\xe9"), &err));
    MUST(httpx_response_builder_build(builder, &response, &err));
    FAILS(httpx_response_set_default_encoding(response, "bogus", 5, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_response_set_default_encoding(response, "ascii", 5, &err));
    MUST(httpx_response_set_default_encoding_fn(response, is_latin, &calls, count_it_destroyed, &err));
    MUST(httpx_response_text(response, &text, &len, &err));
    CHECK_TEXT(text, len, "\xc3\xa9");
    CHECK_EQ(calls, 1);
    FAILS(httpx_response_set_default_encoding(response, "utf-8", 5, &err), HTTPX_E_INVALID_STATE);
    FAILS(httpx_response_raise_for_status(response, &err), HTTPX_E_INVALID_STATE);
    CHECK(httpx_response_url(response, NULL) == NULL);
    httpx_request *request = new_request(NULL, "GET", "http://h/");
    MUST(httpx_response_set_request(response, request, &err));
    SAYS(httpx_response_url(response, NULL), "http://h/");
    FAILS(httpx_response_raise_for_status(response, &err), HTTPX_E_HTTP_STATUS);
    httpx_response *moved = answer(301, request, "Location", "/"), *first = NULL;
    const httpx_response *earlier[] = {moved, NULL};
    FAILS(httpx_response_set_history(response, earlier, 2, &err), HTTPX_E_NULL_POINTER);
    CHECK_EQ(httpx_response_history_count(response), 0);
    MUST(httpx_response_set_history(response, earlier, 1, &err));
    httpx_response_free(moved);
    CHECK_EQ(httpx_response_history_count(response), 1);
    MUST(httpx_response_history_at(response, 0, &first, &err));
    CHECK_EQ(httpx_response_status_code(first), 301);
    httpx_response_free(first);
    MUST(httpx_response_set_history(response, NULL, 0, &err));
    CHECK_EQ(httpx_response_history_count(response), 0);
    httpx_request_free(request);
    httpx_response_free(response);
    httpx_response_builder_free(builder);
    CHECK_EQ(calls, 101);
}

/* ---- patterns ---- */

static httpx_url_pattern *pattern_of(const char *text)
{
    httpx_url_pattern *pattern = NULL;
    MUST(httpx_url_pattern_new(text, strlen(text), &pattern, &err));
    return pattern;
}

static int matches(const char *pattern, const char *text)
{
    httpx_url *url = NULL;
    httpx_url_pattern *p = pattern_of(pattern);
    MUST(httpx_url_parse(text, strlen(text), &url, &err));
    int matches = httpx_url_pattern_matches(p, url);
    httpx_url_pattern_free(p);
    httpx_url_free(url);
    return matches;
}

static void patterns_match_and_compare(void)
{
    static const char *const sorted[] = {"https://example.com:8080",
                                         "https://example.com",
                                         "http://example.com",
                                         "all://example.com",
                                         "https://",
                                         "all://"};
    CHECK(matches("all://*.example.com", "http://www.example.com/") &&
          !matches("all://*.example.com", "http://example.com"));
    CHECK(matches("", "x://y") && matches("http://h:80", "http://h") && !matches("http://", "https://h"));
    for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++)
        for (size_t j = 0; j < sizeof sorted / sizeof *sorted; j++) {
            httpx_url_pattern *p = pattern_of(sorted[i]), *other = pattern_of(sorted[j]);
            CHECK_EQ(httpx_url_pattern_compare(p, other), i > j ? 1 : i < j ? -1 : 0);
            CHECK_EQ(httpx_url_pattern_equal(p, other), i == j);
            CHECK_EQ(httpx_url_pattern_hash(p) == httpx_url_pattern_hash(other), i == j);
            httpx_url_pattern_free(p);
            httpx_url_pattern_free(other);
        }
    httpx_url_pattern *p = pattern_of("all://h"), *none = NULL;
    CHECK(httpx_url_pattern_clone(p) == p);
    httpx_url_pattern_free(p);
    SAYS(httpx_url_pattern_str(p, NULL), "all://h");
    httpx_url_pattern_free(p);
    FAILS(httpx_url_pattern_new("http", 4, &none, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK(none == NULL);
}

static void the_environments_proxies_are_told(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};
    httpx_proxy_map *map = NULL;
    const char *pattern, *url;
    size_t pattern_len, url_len;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("https_proxy", "127.0.0.1:1", 1);
    setenv("NO_PROXY", "example.org", 1);
    MUST(httpx_environment_proxies(&map, &err));
    CHECK_EQ(httpx_proxy_map_count(map), 2);
    MUST(httpx_proxy_map_at(map, 0, &pattern, &pattern_len, &url, &url_len, &err));
    CHECK_TEXT(pattern, pattern_len, "https://");
    CHECK_TEXT(url, url_len, "http://127.0.0.1:1");
    MUST(httpx_proxy_map_at(map, 1, &pattern, &pattern_len, &url, &url_len, &err));
    CHECK_TEXT(pattern, pattern_len, "all://*example.org");
    CHECK(url == NULL && url_len == 0);
    FAILS(httpx_proxy_map_at(map, 2, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    httpx_proxy_map_free(map);
    unsetenv("https_proxy");
    unsetenv("NO_PROXY");
}

/* Gives what carries a client's requests for a URL. */
static httpx_transport *carrier(const httpx_client *client, const char *text)
{
    httpx_url *url = NULL;
    httpx_transport *transport = NULL;
    MUST(httpx_url_parse(text, strlen(text), &url, &err));
    MUST(httpx_client_transport_for_url(client, url, &transport, &err));
    httpx_url_free(url);
    return transport;
}

static void a_client_says_what_carries_a_url(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_transport *mounted = NULL;
    httpx_proxy *proxy = NULL;
    MUST(httpx_transport_new(builder, &mounted, &err));
    MUST(httpx_client_builder_mount(builder, "all://mounted", 13, mounted, &err));
    MUST(httpx_proxy_new("http://me:secret@p:1", 20, &proxy, &err));
    MUST(httpx_client_builder_proxy_for(builder, "https://", 8, proxy, &err));
    httpx_client *client = build(builder);
    httpx_transport *by_mount = carrier(client, "https://mounted/"), *by_proxy = carrier(client, "https://h/"),
                    *first = carrier(client, "http://h/"), *second = carrier(client, "http://o/");
    CHECK(httpx_transport_equal(by_mount, mounted) && httpx_transport_equal(first, second));
    CHECK(!httpx_transport_equal(first, mounted) && !httpx_transport_equal(by_proxy, first));
    SAYS(httpx_transport_proxy_url(by_proxy, NULL), "http://p:1");
    CHECK(httpx_transport_proxy_url(first, NULL) == NULL);
    httpx_transport_free(by_mount);
    httpx_transport_free(by_proxy);
    httpx_transport_free(first);
    httpx_transport_free(second);
    httpx_transport_free(mounted);
    httpx_proxy_free(proxy);
    httpx_client_free(client);
}

/* ---- counters ---- */

static void what_is_done_is_counted(void)
{
    int64_t before[16];
    for (int32_t i = 0; i < 16; i++)
        before[i] = httpx_counter(i);
    CHECK(before[0] == -1 && before[HTTPX_COUNTER_REQUESTS + 1] == -1);
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/gzip"));
    const char *text = NULL;
    size_t len = 0;
    MUST(httpx_response_text(response, &text, &len, &err));
    httpx_response_free(response);
    httpx_client_free(client);
    CHECK(httpx_counter(HTTPX_COUNTER_URLS) > before[HTTPX_COUNTER_URLS]);
    CHECK(httpx_counter(HTTPX_COUNTER_HEADER_FIELDS) > before[HTTPX_COUNTER_HEADER_FIELDS]);
    CHECK(httpx_counter(HTTPX_COUNTER_BYTES_DECODED) > before[HTTPX_COUNTER_BYTES_DECODED]);
    CHECK_EQ(httpx_counter(HTTPX_COUNTER_TEXTS_DECODED), before[HTTPX_COUNTER_TEXTS_DECODED] + 1);
    CHECK_EQ(httpx_counter(HTTPX_COUNTER_CONNECTIONS), before[HTTPX_COUNTER_CONNECTIONS] + 1);
    CHECK_EQ(httpx_counter(HTTPX_COUNTER_REQUESTS), before[HTTPX_COUNTER_REQUESTS] + 1);
    CHECK_EQ(httpx_counter(HTTPX_COUNTER_REDIRECTS), before[HTTPX_COUNTER_REDIRECTS]);
}

/* ---- flows by hand ---- */

static httpx_flow *start(const httpx_auth *auth, httpx_request *request)
{
    httpx_flow *flow = NULL;
    MUST(httpx_auth_start(auth, request, &flow, &err));
    return flow;
}

static httpx_request *next_of(httpx_flow *flow, httpx_response *response)
{
    httpx_request *next = NULL;
    MUST(httpx_flow_next(flow, response, &next, &err));
    return next;
}

static void ends_with_it(httpx_flow *flow, httpx_request *request)
{
    httpx_request *next = NULL;
    httpx_response *response = answer(200, request, "X", "1");
    GIVES(httpx_flow_next(flow, response, &next, &err), HTTPX_DONE);
    CHECK(next == NULL);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    httpx_flow_free(flow);
}

static void basic_by_hand_is_one_request(void)
{
    httpx_auth *auth = NULL;
    httpx_request *request = new_request(NULL, "GET", "http://h/");
    MUST(httpx_auth_basic(BYTES("user"), BYTES("pass"), &auth, &err));
    CHECK(!httpx_auth_requires_request_body(auth) && !httpx_auth_requires_response_body(auth));
    httpx_flow *flow = start(auth, request);
    httpx_request *next = next_of(flow, NULL);
    has_lines(next, "Host: h\nAuthorization: Basic dXNlcjpwYXNz\n");
    has_lines(request, "Host: h\n");
    ends_with_it(flow, next);
    httpx_request_free(next);
    httpx_request_free(request);
    httpx_auth_free(auth);
}

static httpx_code refuse_answers(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                                 httpx_request **next, httpx_error **error)
{
    (void)user_data, (void)flow, (void)request, (void)next, (void)error;
    return response == NULL ? HTTPX_OK : HTTPX_E_PROTOCOL;
}

static void a_flow_that_fails_leaves_the_response(void)
{
    httpx_auth_vtable table = {.size = sizeof table, .next = refuse_answers};
    httpx_auth *auth = NULL;
    httpx_request *request = new_request(NULL, "GET", "http://h/");
    MUST(httpx_auth_flow(&table, NULL, &auth, &err));
    httpx_flow *flow = start(auth, request);
    httpx_request *next = next_of(flow, NULL);
    httpx_response *response = answer(200, next, "X", "1");
    httpx_request_free(next);
    GIVES(httpx_flow_next(flow, response, &next, &err), HTTPX_E_PROTOCOL);
    CHECK(next == NULL);
    GIVES(httpx_response_set_user_data(response, NULL, NULL, &err), HTTPX_OK);
    httpx_response_free(response);
    httpx_flow_free(flow);
    httpx_request_free(request);
    httpx_auth_free(auth);
}

static httpx_code cnonce_of_the_rfc(void *user_data, uint32_t count, const uint8_t *nonce, size_t nonce_len,
                                    uint8_t *cnonce, size_t capacity, size_t *len)
{
    static const char text[] = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    CHECK_TEXT(nonce, nonce_len, "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v");
    CHECK_EQ(count, 1);
    CHECK(capacity >= sizeof text);
    memcpy(cnonce, text, sizeof text - 1);
    *len = sizeof text - 1;
    ++*(int *)user_data;
    return HTTPX_OK;
}

static void count_destroyed(void *user_data)
{
    *(int *)user_data += 100;
}

/* RFC 7616, section 3.9.1. */
static void digest_by_hand_gives_the_rfcs_answers(void)
{
    static const char challenge[] = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s, "
                                    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                                    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    static const char *const vectors[][2] = {
        {"MD5", "8ca523f5e9506fed4657c9700eebdbec"},
        {"SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
    };
    for (size_t i = 0; i < 2; i++) {
        int calls = 0;
        char line[512];
        httpx_auth *auth = NULL;
        snprintf(line, sizeof line, challenge, vectors[i][0]);
        MUST(httpx_auth_digest(BYTES("Mufasa"), BYTES("Circle of Life"), &auth, &err));
        MUST(httpx_auth_digest_cnonce(auth, cnonce_of_the_rfc, &calls, count_destroyed, &err));
        httpx_request *request = new_request(NULL, "GET", "https://www.example.com/dir/index.html");
        httpx_flow *flow = start(auth, request);
        httpx_request *first = next_of(flow, NULL);
        has_lines(first, "Host: www.example.com\n");
        httpx_response *refusal = answer(401, first, "WWW-Authenticate", line);
        httpx_request *second = next_of(flow, refusal);
        const uint8_t *value = NULL;
        MUST(httpx_request_header_at(second, 1, NULL, NULL, &value, NULL, &err));
        CHECK(strstr((const char *)value, vectors[i][1]) != NULL);
        MUST(httpx_request_header_at(second, 2, NULL, NULL, &value, NULL, &err));
        SAYS((const char *)value, "session=1");
        CHECK_EQ(calls, 1);
        ends_with_it(flow, second);
        httpx_response_free(refusal);
        httpx_request_free(first);
        httpx_request_free(second);
        httpx_request_free(request);
        httpx_auth_free(auth);
        CHECK_EQ(calls, 101);
    }
}

static void a_challenge_that_is_none_is_a_protocol_error(void)
{
    httpx_auth *auth = NULL, *basic = NULL;
    httpx_request *next = NULL, *request = new_request(NULL, "GET", "http://h/");
    MUST(httpx_auth_digest(BYTES("me"), BYTES("secret"), &auth, &err));
    httpx_flow *flow = start(auth, request);
    httpx_request_free(next_of(flow, NULL));
    httpx_response *refusal = answer(401, NULL, "WWW-Authenticate", "Digest realm=\"r\", qop=\"auth\"");
    httpx_code code = httpx_flow_next(flow, refusal, &next, &err);
    CHECK(code == HTTPX_E_PROTOCOL && next == NULL);
    SAYS(httpx_error_message(err, NULL), "Malformed Digest WWW-Authenticate header");
    httpx_error_free(err);
    err = NULL;
    CHECK_EQ(httpx_response_status_code(refusal), 401);
    httpx_flow_free(flow);
    httpx_response_free(refusal);
    httpx_request_free(request);
    int calls = 0;
    MUST(httpx_auth_basic(BYTES("me"), BYTES("secret"), &basic, &err));
    FAILS(httpx_auth_digest_cnonce(basic, cnonce_of_the_rfc, &calls, count_destroyed, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_auth_digest_cnonce(auth, cnonce_of_the_rfc, NULL, NULL, &err));
    FAILS(httpx_auth_digest_cnonce(auth, cnonce_of_the_rfc, &calls, count_destroyed, &err), HTTPX_E_INVALID_STATE);
    CHECK_EQ(calls, 200);
    httpx_auth_free(auth);
    httpx_auth_free(basic);
}

static httpx_code ask_twice(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                            httpx_request **next, httpx_error **error)
{
    (void)flow, (void)next, (void)error;
    CHECK((response == NULL) == (*(int *)user_data == 0));
    if (response != NULL && httpx_response_status_code(response) == 200)
        return HTTPX_DONE;
    char text[16];
    snprintf(text, sizeof text, "%d", ++*(int *)user_data);
    MUST(httpx_request_header_set(request, "X-Turn", 6, BYTES(text), &err));
    return HTTPX_OK;
}

static void a_flow_in_foreign_code_by_hand(void)
{
    int turns = 0;
    httpx_auth *auth = NULL;
    httpx_auth_vtable table = {.size = sizeof table, .flags = HTTPX_AUTH_RESPONSE_BODY, .next = ask_twice};
    MUST(httpx_auth_flow(&table, &turns, &auth, &err));
    CHECK(httpx_auth_requires_response_body(auth) && !httpx_auth_requires_request_body(auth));
    httpx_request *request = new_request(NULL, "GET", "http://h/");
    httpx_flow *flow = start(auth, request);
    httpx_request *next = next_of(flow, NULL);
    has_lines(next, "Host: h\nX-Turn: 1\n");
    httpx_response *refusal = answer(401, next, "X", "1");
    httpx_request_free(next);
    next = next_of(flow, refusal);
    has_lines(next, "Host: h\nX-Turn: 2\n");
    CHECK_EQ(httpx_response_status_code(refusal), 401);
    ends_with_it(flow, next);
    httpx_response_free(refusal);
    httpx_request_free(next);
    httpx_request_free(request);
    httpx_auth_free(auth);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_request_without_a_client_is_sent_as_it_is),
        TEST(a_relative_request_waits_for_its_url),
        TEST(a_body_shows_in_the_headers_unless_they_are_kept),
        TEST(a_redirects_headers_go_where_it_leads),
        TEST(lenient_headers_take_what_only_sending_refuses),
        TEST(http2_leaves_spaces_around_lenient_values_out),
        TEST(a_client_says_what_a_relative_url_means),
        TEST(a_response_made_by_hand_is_told_more),
        TEST(patterns_match_and_compare),
        TEST(the_environments_proxies_are_told),
        TEST(a_client_says_what_carries_a_url),
        TEST(what_is_done_is_counted),
        TEST(basic_by_hand_is_one_request),
        TEST(a_flow_that_fails_leaves_the_response),
        TEST(digest_by_hand_gives_the_rfcs_answers),
        TEST(a_challenge_that_is_none_is_a_protocol_error),
        TEST(a_flow_in_foreign_code_by_hand),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

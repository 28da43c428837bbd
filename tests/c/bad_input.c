/* Bad input: each gets the right error of the tree, from the call that could first know it, and leaves the client well.
 */
#include "support.h"

#include <stdbool.h>

enum { LONG_URL = 70000, LONGEST_URL = 65536 };

typedef struct bad_url {
    const char *url;
    size_t len; /* 0: up to the NUL */
    httpx_code code;
} bad_url;

static httpx_code code_of_url(httpx_client *client, const char *url, size_t len)
{
    httpx_response *response = NULL;
    httpx_code code = httpx_client_get(client, url, len, &response, &err);
    CHECK(response == NULL);
    return code;
}

static void urls(void)
{
    static const bad_url bad[] = {
        {"http://127.0.0.1:port/", 0, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1:99999/", 0, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1:-1/", 0, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1: 80/", 0, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1/line\nfeed", 0, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1/carriage\rreturn", 0, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1/embedded\0nul", 29, HTTPX_E_INVALID_URL},
        {"http://127.0.0.1/\x7f", 0, HTTPX_E_INVALID_URL},
        {"http://[::1", 0, HTTPX_E_INVALID_URL},
        {"http://[not:an:address]/", 0, HTTPX_E_INVALID_URL},
        {"http://256.256.256.256/", 0, HTTPX_E_INVALID_URL},
        {"http://\xf0\x9f\x98\x80.example/", 0, HTTPX_E_INVALID_URL}, /* an emoji is no IDNA 2008 name */
        {"ftp://127.0.0.1/", 0, HTTPX_E_UNSUPPORTED_PROTOCOL},
        {"127.0.0.1/path", 0, HTTPX_E_UNSUPPORTED_PROTOCOL},
        {"/only/a/path", 0, HTTPX_E_UNSUPPORTED_PROTOCOL},
        {"://127.0.0.1/", 0, HTTPX_E_HTTP},
        {"http://", 0, HTTPX_E_HTTP},
        {"http:///path", 0, HTTPX_E_HTTP},
        {"http://127.0.0.1/\xff\xfe", 0, HTTPX_E_INVALID_UTF8},
        {"http://127.0.0.1/\xc3", 0, HTTPX_E_INVALID_UTF8},         /* cut in the middle of a character */
        {"http://127.0.0.1/\xed\xa0\x80", 0, HTTPX_E_INVALID_UTF8}, /* a surrogate */
    };
    httpx_client *client = new_client();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len = bad[i].len != 0 ? bad[i].len : strlen(bad[i].url);
        httpx_code code = code_of_url(client, bad[i].url, len);
        /* Where a URL may be wrong in two ways, it is one of HTTPX's two errors for it. */
        bool either = bad[i].code == HTTPX_E_HTTP;
        bool right = either ? code == HTTPX_E_INVALID_URL || code == HTTPX_E_UNSUPPORTED_PROTOCOL
                            : httpx_code_is_a(code, bad[i].code);
        if (!right)
            printf("  %s: %s\n", bad[i].url, httpx_code_name(code));
        CHECK(right);
        CHECK(err != NULL && httpx_error_code(err) == code);
        httpx_error_free(err);
        err = NULL;
    }
    httpx_client_free(client);
}

static void an_empty_url(void)
{
    httpx_client *client = new_client();
    httpx_code code = code_of_url(client, "", 0);
    CHECK(code == HTTPX_E_INVALID_URL || code == HTTPX_E_UNSUPPORTED_PROTOCOL);
    FAILS(code, code);
    httpx_client_free(client);
}

static void a_url_of_70000_characters(void)
{
    httpx_client *client = new_client();
    const char *base = HTTP("/anything?");
    size_t start = strlen(base);
    char *url = malloc(LONG_URL);
    REQUIRE(url != NULL);
    memset(url, 'a', LONG_URL);
    memcpy(url, base, start);
    FAILS(code_of_url(client, url, LONG_URL), HTTPX_E_INVALID_URL);
    FAILS(code_of_url(client, url, LONGEST_URL + 1), HTTPX_E_INVALID_URL);

    httpx_request *request = NULL;
    FAILS(httpx_request_new(client, "GET", 3, url, LONG_URL, &request, &err), HTTPX_E_INVALID_URL);
    CHECK(request == NULL);
    GIVES(httpx_request_new(client, "GET", 3, url, LONGEST_URL, &request, &err), HTTPX_OK);
    httpx_request_free(request);
    free(url);
    httpx_client_free(client);
}

static httpx_code code_of_method(httpx_client *client, const char *method, size_t len)
{
    const char *url = HTTP("/anything");
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    httpx_code code = httpx_request_new(client, method, len, url, strlen(url), &request, &err);
    if (code == HTTPX_OK)
        code = httpx_client_send(client, request, 0, &response, &err);
    httpx_request_free(request);
    httpx_response_free(response);
    return code;
}

static void methods(void)
{
    httpx_client *client = new_client();
    FAILS(code_of_method(client, "GE T", 4), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_method(client, "GET\r\nX: y", 9), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_method(client, "GET\0", 4), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_method(client, "G@T", 3), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_method(client, "", 0), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_method(client, "G\xc3\x89T", 4), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_method(client, "G\xff", 2), HTTPX_E_INVALID_UTF8);
    GIVES(code_of_method(client, "get", 3), HTTPX_OK);
    GIVES(code_of_method(client, "BREW", 4), HTTPX_OK);
    httpx_client_free(client);
}

static void targets(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    FAILS(httpx_request_target(request, "", 0, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_request_target(request, "/a b", 4, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_request_target(request, "/ HTTP/1.1\r\nX: y", 16, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_request_target(request, "/a\0b", 4, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_response *response = send_request(client, request, 0); /* unchanged */
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* What a header gets, from the call that sets it or from the send. */
static httpx_code code_of_header(httpx_client *client, const char *name, size_t name_len, const char *value,
                                 size_t value_len)
{
    httpx_request *request = new_request(client, "GET", HTTP("/anything"));
    httpx_response *response = NULL;
    httpx_code code = httpx_request_header_add(request, name, name_len, (const uint8_t *)value, value_len, &err);
    if (code == HTTPX_OK)
        code = httpx_client_send(client, request, 0, &response, &err);
    httpx_request_free(request);
    httpx_response_free(response);
    return code;
}

static void header_names(void)
{
    httpx_client *client = new_client();
    FAILS(code_of_header(client, "X\r\nY", 4, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X\nY", 3, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X Y", 3, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X:", 2, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X\0Y", 3, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "", 0, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X\xc3\xa9", 3, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X\xff", 2, "a", 1), HTTPX_E_LOCAL_PROTOCOL);
    GIVES(code_of_header(client, "x!#$%&'*+-.^_`|~9", 17, "a", 1), HTTPX_OK);
    httpx_client_free(client);
}

static void header_values(void)
{
    httpx_client *client = new_client();
    FAILS(code_of_header(client, "X", 1, "a\r\nInjected: yes", 16), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X", 1, "a\nb", 3), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X", 1, "a\rb", 3), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X", 1, "a\0b", 3), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X", 1, " a", 2), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(code_of_header(client, "X", 1, "a ", 2), HTTPX_E_LOCAL_PROTOCOL);
    GIVES(code_of_header(client, "X", 1, "", 0), HTTPX_OK);
    GIVES(code_of_header(client, "X", 1, "a\tb \xff\xfe", 6), HTTPX_OK); /* obs-text: values are bytes */
    httpx_client_free(client);
}

static void default_headers_of_a_client(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    httpx_code code = httpx_client_builder_header(builder, "X", 1, (const uint8_t *)"a\r\nb", 4, &err);
    if (code == HTTPX_OK) {
        MUST(httpx_client_builder_build(builder, &client, &err));
        code = try_get(client, HTTP("/get"), &response);
    }
    FAILS(code, HTTPX_E_LOCAL_PROTOCOL);
    httpx_client_free(client);
    httpx_client_builder_free(builder);
}

static void numbers(void)
{
    httpx_client_builder *builder = new_builder();
    FAILS(httpx_client_builder_timeout(builder, -1, 1, 1, 1, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_client_builder_timeout(builder, 1, -INFINITY, 1, 1, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_client_builder_limits(builder, 10, 10, -1, &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_client_builder_timeout(builder, 1e300, INFINITY, HTTPX_UNSET, 5, &err), HTTPX_OK);
    httpx_client *client = build(builder);

    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    FAILS(httpx_request_timeout(request, 1, 1, -1, 1, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_request_deadline(request, -1, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_response *response = NULL;
    FAILS(httpx_client_send(client, request, ~0u, &response, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_pipe *pipe = NULL;
    FAILS(httpx_request_body_pipe(request, -2, 0, &pipe, &err), HTTPX_E_INVALID_ARGUMENT);

    MUST(httpx_client_send(client, request, 0, &response, &err));
    httpx_stream *stream = NULL;
    FAILS(httpx_response_stream(response, 99, 0, &stream, &err), HTTPX_E_INVALID_ARGUMENT);
    const uint8_t *name;
    size_t count = httpx_response_header_count(response);
    FAILS(httpx_response_header_at(response, count, &name, NULL, NULL, NULL, &err), HTTPX_E_MISUSE);
    FAILS(httpx_response_header_at(response, SIZE_MAX, &name, NULL, NULL, NULL, &err), HTTPX_E_MISUSE);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void the_length_of_a_poll_event(void)
{
    httpx_queue *queue = new_queue();
    httpx_event event = {0};
    size_t n = 7;
    FAILS(httpx_queue_poll(queue, &event, 1, &n, 0, &err), HTTPX_E_INVALID_ARGUMENT); /* size 0 */
    event.size = sizeof event - 1;
    FAILS(httpx_queue_poll(queue, &event, 1, &n, 0, &err), HTTPX_E_INVALID_ARGUMENT);
    event.size = SIZE_MAX;
    FAILS(httpx_queue_poll(queue, &event, SIZE_MAX, &n, 0, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_queue_free(queue);
}

static void bodies(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    FAILS(httpx_request_body_json(request, "{\"a\": }", 7, &err), HTTPX_E_INVALID_JSON);
    FAILS(httpx_request_body_json(request, "{} {}", 5, &err), HTTPX_E_INVALID_JSON);
    FAILS(httpx_request_body_json(request, "", 0, &err), HTTPX_E_INVALID_JSON);
    FAILS(httpx_request_body_json(request, "\"\xff\"", 3, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_request_body_file(request, "/does/not/exist", 15, &err), HTTPX_E_FILE_NOT_FOUND);
    FAILS(httpx_request_body_file(request, "/tmp", 4, &err), HTTPX_E_IO); /* a folder */
    FAILS(httpx_request_body_file(request, "a\0b", 3, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_request_free(request);
    httpx_client_free(client);
}

/* Thousands of nested brackets must not end the process by its stack. */
static void deeply_nested_json(void)
{
    enum { DEPTH = 200000 };
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    char *text = malloc(DEPTH);
    REQUIRE(text != NULL);
    memset(text, '[', DEPTH);
    FAILS(httpx_request_body_json(request, text, DEPTH, &err), HTTPX_E_INVALID_JSON);
    free(text);
    httpx_request_free(request);
    httpx_client_free(client);
}

static httpx_code code_of_build(httpx_client_builder *builder)
{
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    httpx_code code = httpx_client_builder_build(builder, &client, &err);
    if (code == HTTPX_OK)
        code = try_get(client, HTTPS("/get"), &response);
    httpx_response_free(response);
    httpx_client_free(client);
    return code;
}

static void certificates(void)
{
    static const char no_pem[] = "this is no certificate";
    static const char empty_pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    httpx_client_builder *builder = new_builder();
    httpx_code code = httpx_client_builder_ca_pem(builder, (const uint8_t *)no_pem, sizeof no_pem - 1, &err);
    FAILS(code == HTTPX_OK ? code_of_build(builder) : code, HTTPX_E_INVALID_CONFIG);
    httpx_client_builder_free(builder);

    builder = new_builder();
    code = httpx_client_builder_ca_pem(builder, (const uint8_t *)empty_pem, sizeof empty_pem - 1, &err);
    FAILS(code == HTTPX_OK ? code_of_build(builder) : code, HTTPX_E_INVALID_CONFIG);
    httpx_client_builder_free(builder);

    builder = new_builder();
    code = httpx_client_builder_ca_file(builder, "/does/not/exist", 15, &err);
    FAILS(code == HTTPX_OK ? code_of_build(builder) : code, HTTPX_E_FILE_NOT_FOUND);
    httpx_client_builder_free(builder);
}

/* The request that a bad input spoilt is not the client's problem. */
static void a_client_goes_on_after_errors(void)
{
    httpx_client *client = new_client();
    FAILS(code_of_url(client, "http://[::1", 11), HTTPX_E_INVALID_URL);
    FAILS(code_of_header(client, "X", 1, "a\r\nb", 4), HTTPX_E_LOCAL_PROTOCOL);
    long long first = connection_number(client);
    FAILS(code_of_method(client, "GE T", 4), HTTPX_E_LOCAL_PROTOCOL);
    CHECK_EQ(connection_number(client), first);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(urls),
        TEST(an_empty_url),
        TEST(a_url_of_70000_characters),
        TEST(methods),
        TEST(targets),
        TEST(header_names),
        TEST(header_values),
        TEST(default_headers_of_a_client),
        TEST(numbers),
        TEST(the_length_of_a_poll_event),
        TEST(bodies),
        TEST(deeply_nested_json),
        TEST(certificates),
        TEST(a_client_goes_on_after_errors),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

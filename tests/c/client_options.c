/* A client whose options change while it is used, what a builder tells of its options, and the states of a client. */
#include "support.h"

#define HEADER(builder, name, value)                                                                                   \
    MUST(httpx_client_builder_header(builder, name, strlen(name), (const uint8_t *)(value), strlen(value), &err))
#define PARAM(builder, key, value)                                                                                     \
    MUST(httpx_client_builder_param(builder, key, strlen(key), value, strlen(value), &err))
#define BASE(builder, url) MUST(httpx_client_builder_base_url(builder, url, strlen(url), &err))

static void configure(httpx_client *client, httpx_client_builder *builder, uint32_t what)
{
    MUST(httpx_client_configure(client, builder, what, &err));
    httpx_client_builder_free(builder);
}

static httpx_client_builder *options_of(httpx_client *client)
{
    httpx_client_builder *builder = NULL;
    MUST(httpx_client_to_builder(client, &builder, &err));
    return builder;
}

/* What the server got, as JSON. */
static const char *seen(httpx_client *client, const char *url)
{
    httpx_response *response = get(client, url);
    const char *body = body_of(response);
    httpx_response_free(response);
    return body;
}

static void new_headers_are_the_defaults_and_what_was_added(void)
{
    httpx_client_builder *builder = new_builder();
    HEADER(builder, "X-Old", "1");
    httpx_client *client = build(builder);
    httpx_request *built_before = new_request(client, "GET", HTTP("/headers"));
    builder = new_builder();
    HEADER(builder, "X-New", "2");
    HEADER(builder, "accept", "text/x");
    configure(client, builder, HTTPX_OPTION_HEADERS);
    const char *json = seen(client, HTTP("/headers"));
    CHECK(strstr(json, "\"X-New\": \"2\"") != NULL);
    CHECK(strstr(json, "text/x") != NULL && strstr(json, "*/*") == NULL);
    CHECK(strstr(json, "User-Agent") != NULL);
    CHECK(strstr(json, "X-Old") == NULL);
    httpx_response *response = send_request(client, built_before, 0);
    CHECK(strstr(body_of(response), "X-Old") != NULL && strstr(body_of(response), "X-New") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void only_what_is_named_changes(void)
{
    httpx_client_builder *builder = new_builder();
    HEADER(builder, "X-Old", "1");
    PARAM(builder, "old", "1");
    httpx_client *client = build(builder);
    builder = new_builder();
    PARAM(builder, "new", "2");
    HEADER(builder, "X-New", "2");
    configure(client, builder, HTTPX_OPTION_PARAMS);
    const char *json = seen(client, HTTP("/get"));
    CHECK(strstr(json, "X-Old") != NULL && strstr(json, "X-New") == NULL);
    CHECK(strstr(json, "\"new\": \"2\"") != NULL && strstr(json, "\"old\"") == NULL);
    GIVES(httpx_client_configure(client, NULL, 0, &err), HTTPX_E_NULL_POINTER);
    builder = new_builder();
    FAILS(httpx_client_configure(client, builder, 1u << 30, &err), HTTPX_E_INVALID_ARGUMENT);
    configure(client, builder, 0); /* nothing */
    CHECK(strstr(seen(client, HTTP("/get")), "X-Old") != NULL);
    httpx_client_free(client);
}

static void credentials_come_and_go(void)
{
    httpx_client *client = new_client();
    httpx_client_builder *builder = new_builder();
    const uint8_t *user = (const uint8_t *)"u", *password = (const uint8_t *)"p";
    MUST(httpx_client_builder_auth_basic(builder, user, 1, password, 1, &err));
    configure(client, builder, HTTPX_OPTION_AUTH);
    httpx_response *response = get(client, HTTP("/basic-auth/u/p"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    builder = options_of(client);
    MUST(httpx_client_builder_auth_none(builder, &err));
    configure(client, builder, HTTPX_OPTION_AUTH);
    response = get(client, HTTP("/basic-auth/u/p"));
    CHECK_EQ(httpx_response_status_code(response), 401);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void the_base_url_changes(void)
{
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    FAILS(try_get(client, "/get", &response), HTTPX_E_UNSUPPORTED_PROTOCOL);
    httpx_client_builder *builder = new_builder();
    BASE(builder, HTTP("/anything"));
    configure(client, builder, HTTPX_OPTION_BASE_URL);
    CHECK(strstr(seen(client, "/here"), "/anything/here") != NULL);
    configure(client, new_builder(), HTTPX_OPTION_BASE_URL); /* none again */
    FAILS(try_get(client, "/get", &response), HTTPX_E_UNSUPPORTED_PROTOCOL);
    httpx_client_free(client);
}

static void time_limits_change(void)
{
    httpx_client *client = new_client();
    httpx_client_builder *builder = options_of(client);
    MUST(httpx_client_builder_timeout(builder, HTTPX_UNSET, 0.05, HTTPX_UNSET, HTTPX_UNSET, &err));
    configure(client, builder, HTTPX_OPTION_TIMEOUTS);
    httpx_response *response = NULL;
    FAILS(try_get(client, HTTP("/hang"), &response), HTTPX_E_READ_TIMEOUT);
    httpx_client_free(client);
}

static void whether_redirects_are_followed_changes(void)
{
    httpx_client *client = new_client();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 2, &err));
    configure(client, builder, HTTPX_OPTION_REDIRECTS);
    httpx_response *response = get(client, HTTP("/redirect/2"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    response = NULL;
    FAILS(try_get(client, HTTP("/redirect/3"), &response), HTTPX_E_TOO_MANY_REDIRECTS);
    configure(client, new_builder(), HTTPX_OPTION_REDIRECTS);
    response = get(client, HTTP("/redirect/2"));
    CHECK_EQ(httpx_response_status_code(response), 302);
    httpx_response_free(response);
    httpx_client_free(client);
}

static httpx_code count_request(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)request, (void)error;
    atomic_fetch_add((atomic_int *)user_data, 1);
    return HTTPX_OK;
}

static void event_hooks_come_and_go(void)
{
    atomic_int requests = 0, destroyed = 0;
    httpx_client *client = new_client();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_request(builder, count_request, &requests, NULL, &err));
    configure(client, builder, HTTPX_OPTION_EVENT_HOOKS);
    httpx_response_free(get(client, HTTP("/get")));
    CHECK_EQ(atomic_load(&requests), 1);
    builder = new_builder();
    MUST(httpx_client_builder_on_request(builder, count_request, &destroyed, count_destroy, &err));
    configure(client, builder, HTTPX_OPTION_EVENT_HOOKS);
    configure(client, new_builder(), HTTPX_OPTION_EVENT_HOOKS);
    CHECK_EQ(atomic_load(&destroyed), 1); /* nobody has it any more */
    httpx_response_free(get(client, HTTP("/get")));
    CHECK_EQ(atomic_load(&requests), 1);
    httpx_client_free(client);
}

/* ---- in flight ---- */

typedef struct hop {
    atomic_int reached;
    atomic_int go;
} hop;

/* Redirects once it is told to, then answers. */
static void redirect_when_told(raw_server *server, int fd)
{
    hop *h = server->argument;
    char head[HEAD_SIZE];
    while (raw_read_head(fd, head, sizeof head)) {
        if (strncmp(head, "GET /first ", 11) != 0) {
            raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            continue;
        }
        atomic_store(&h->reached, 1);
        while (!atomic_load(&h->go) && !atomic_load(&server->stop))
            usleep(1000);
        raw_say(fd, "HTTP/1.1 302 Found\r\nLocation: /second\r\nContent-Length: 0\r\n\r\n");
    }
}

static void what_is_in_flight_keeps_what_it_began_with(void)
{
    static raw_server server;
    hop h = {0};
    httpx_op *op = NULL;
    httpx_response *response = NULL;
    raw_listen(&server, redirect_when_told, &h);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_client *client = build(builder);
    httpx_queue *queue = new_queue();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/first"));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
    while (!atomic_load(&h.reached))
        MUST(httpx_queue_dispatch(queue, 1, NULL, &err));
    configure(client, new_builder(), HTTPX_OPTION_REDIRECTS); /* follow no more */
    atomic_store(&h.go, 1);
    while (!httpx_op_is_done(op))
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    MUST(httpx_op_take_response(op, &response, &err));
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(httpx_response_history_count(response), 1);
    httpx_response_free(response);
    httpx_op_free(op);
    httpx_request_free(request);
    httpx_queue_free(queue);
    httpx_client_free(client);
    raw_stop(&server);
}

static void *change_headers(void *argument)
{
    httpx_client *client = argument;
    for (int i = 0; i < 200; i++) {
        httpx_client_builder *builder = NULL;
        const char *value = i % 2 ? "aaaaaaaa" : "bbbbbbbb";
        CHECK_EQ(httpx_client_builder_new(&builder, NULL), HTTPX_OK);
        for (int line = 0; line < 2; line++)
            CHECK_EQ(httpx_client_builder_header(builder, line ? "X-A" : "X-B", 3, (const uint8_t *)value, 8, NULL),
                     HTTPX_OK);
        CHECK_EQ(httpx_client_configure(client, builder, HTTPX_OPTION_HEADERS, NULL), HTTPX_OK);
        httpx_client_builder_free(builder);
    }
    return NULL;
}

static void a_request_has_the_options_of_one_moment(void)
{
    httpx_client *client = new_client();
    pthread_t thread;
    change_headers(client);
    REQUIRE(pthread_create(&thread, NULL, change_headers, client) == 0);
    for (int i = 0; i < 200; i++) {
        httpx_request *request = new_request(client, "GET", "http://127.0.0.1/");
        const uint8_t *name, *one = NULL, *other = NULL, *value;
        size_t len;
        for (size_t line = 0; line < httpx_request_header_count(request); line++) {
            MUST(httpx_request_header_at(request, line, &name, NULL, &value, &len, &err));
            if (strcmp((const char *)name, "X-A") == 0)
                one = value;
            if (strcmp((const char *)name, "X-B") == 0)
                other = value;
        }
        CHECK(one != NULL && other != NULL && strcmp((const char *)one, (const char *)other) == 0);
        httpx_request_free(request);
    }
    pthread_join(thread, NULL);
    httpx_client_free(client);
}

/* ---- what a builder tells ---- */

static void a_builder_tells_its_options(void)
{
    double connect = 0, read = 0, write = 0, pool = 0;
    int32_t follow = -1;
    size_t max = 0, len = 99;
    const char *text = "";
    const uint8_t *name = NULL, *value = NULL;
    httpx_client_builder *builder = new_builder();
    GIVES(httpx_client_builder_get_base_url(builder, &text, &len, &err), HTTPX_DONE);
    CHECK(text == NULL && len == 0);
    MUST(httpx_client_builder_get_params(builder, &text, &len, &err));
    CHECK_TEXT(text, len, "");
    MUST(httpx_client_builder_get_redirects(builder, &follow, &max, &err));
    CHECK(follow == 0 && max == 20);
    CHECK_EQ(httpx_client_builder_get_trust_env(builder), 1);
    CHECK_EQ(httpx_client_builder_header_count(builder), 4);
    MUST(httpx_client_builder_header_at(builder, 0, &name, NULL, &value, &len, &err));
    CHECK_TEXT(value, len, "*/*");
    MUST(httpx_client_builder_header_at(builder, 1, &name, NULL, &value, &len, &err));
    CHECK_TEXT(value, len, "gzip, deflate, br, zstd");
    MUST(httpx_client_builder_header_at(builder, 3, &name, NULL, &value, &len, &err));
    CHECK(strncmp((const char *)value, "libhttpx/", 9) == 0 && strcmp((const char *)value + 9, httpx_version()) == 0);
    FAILS(httpx_client_builder_header_at(builder, 4, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);

    MUST(httpx_client_builder_timeout(builder, 1.5, INFINITY, 3, HTTPX_UNSET, &err));
    MUST(httpx_client_builder_redirects(builder, 1, 3, &err));
    MUST(httpx_client_builder_trust_env(builder, 0, &err));
    BASE(builder, "HTTP://Example.org/api");
    PARAM(builder, "a", "1 2");
    PARAM(builder, "b", "&");
    httpx_client *client = build(builder);
    builder = options_of(client); /* the client has them, too */
    MUST(httpx_client_builder_get_timeout(builder, &connect, &read, &write, &pool, &err));
    CHECK(connect == 1.5 && isinf(read) && write == 3 && pool == 5);
    MUST(httpx_client_builder_get_redirects(builder, &follow, &max, &err));
    CHECK(follow == 1 && max == 3);
    CHECK_EQ(httpx_client_builder_get_trust_env(builder), 0);
    MUST(httpx_client_builder_get_base_url(builder, &text, &len, &err));
    CHECK_TEXT(text, len, "http://example.org/api/");
    MUST(httpx_client_builder_get_params(builder, &text, &len, &err));
    CHECK_TEXT(text, len, "a=1+2&b=%26");
    PARAM(builder, "c", "3"); /* what was borrowed goes with this */
    MUST(httpx_client_builder_get_params(builder, &text, &len, &err));
    CHECK_TEXT(text, len, "a=1+2&b=%26&c=3");
    httpx_client_builder_free(builder);
    httpx_client_free(client);
}

static void a_client_needs_a_version_to_speak(void)
{
    httpx_client *client = NULL;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_http1(builder, 0, &err));
    FAILS(httpx_client_builder_build(builder, &client, &err), HTTPX_E_INVALID_CONFIG);
    CHECK(client == NULL);
    httpx_client_builder_free(builder);
}

/* As with event loops that come and go. */
static void a_client_serves_queue_after_queue(void)
{
    httpx_client *client = new_client();
    long long connection = connection_number(client);
    for (int i = 0; i < 3; i++) {
        intptr_t fd;
        httpx_op *op = NULL;
        httpx_response *response = NULL;
        httpx_queue *queue = new_queue();
        httpx_request *request = new_request(client, "GET", HTTP("/connection"));
        if (i == 1)
            MUST(httpx_queue_fd(queue, &fd, &err)); /* driven by the library */
        MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
        while (!httpx_op_is_done(op))
            MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
        MUST(httpx_op_take_response(op, &response, &err));
        CHECK_EQ(json_number(body_of(response), "connection"), connection); /* the same one all along */
        httpx_response_free(response);
        httpx_op_free(op);
        httpx_request_free(request);
        httpx_queue_free(queue);
    }
    CHECK_EQ(connection_number(client), connection);
    httpx_client_free(client);
}

/* ---- states ---- */

static void a_client_is_opened_once(void)
{
    httpx_client *client = new_client();
    MUST(httpx_client_open(client, &err));
    FAILS(httpx_client_open(client, &err), HTTPX_E_INVALID_STATE);
    httpx_response_free(get(client, HTTP("/get")));
    httpx_client_free(client);

    client = new_client();
    httpx_response_free(get(client, HTTP("/get")));
    FAILS(httpx_client_open(client, &err), HTTPX_E_INVALID_STATE); /* it is in use */
    httpx_client_free(client);
}

static void a_closed_client_says_so(void)
{
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    MUST(httpx_client_open(client, &err));
    CHECK_EQ(httpx_client_is_closed(client), 0);
    MUST(httpx_client_close(client, 0, &err));
    MUST(httpx_client_close(client, 0, &err));
    CHECK_EQ(httpx_client_is_closed(client), 1);
    httpx_error *error = NULL;
    CHECK_EQ(httpx_client_open(client, &error), HTTPX_E_CLIENT_CLOSED);
    CHECK_TEXT(httpx_error_message(error, NULL), strlen(httpx_error_message(error, NULL)),
               "Cannot reopen a client instance, once it has been closed.");
    httpx_error_free(error);
    error = NULL;
    const char *url = HTTP("/get");
    CHECK_EQ(httpx_client_get(client, url, strlen(url), &response, &error), HTTPX_E_CLIENT_CLOSED);
    CHECK_TEXT(httpx_error_message(error, NULL), strlen(httpx_error_message(error, NULL)),
               "Cannot send a request, as the client has been closed.");
    httpx_error_free(error);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(new_headers_are_the_defaults_and_what_was_added),
        TEST(only_what_is_named_changes),
        TEST(credentials_come_and_go),
        TEST(the_base_url_changes),
        TEST(time_limits_change),
        TEST(whether_redirects_are_followed_changes),
        TEST(event_hooks_come_and_go),
        TEST(what_is_in_flight_keeps_what_it_began_with),
        TEST(a_request_has_the_options_of_one_moment),
        TEST(a_builder_tells_its_options),
        TEST(a_client_needs_a_version_to_speak),
        TEST(a_client_serves_queue_after_queue),
        TEST(a_client_is_opened_once),
        TEST(a_closed_client_says_so),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/* Event hooks: the program's own code that sees every request and every response. */
#include "queue.h"

/* What the hooks of a test do, and what they saw. */
typedef struct hooks {
    char story[512];
    pthread_t thread;
    int elsewhere; /* calls on another thread than the test's */
    int read;      /* the response's body is read by the hook */
    int stream;    /* the response's body is streamed by the hook */
    httpx_code answer;
    const char *message; /* of an error of its own, with `answer` */
    atomic_int destroyed;
} hooks;

static void begin(hooks *h)
{
    memset(h, 0, sizeof *h);
    h->thread = pthread_self();
}

static void destroy_hooks(void *user_data)
{
    atomic_fetch_add(&((hooks *)user_data)->destroyed, 1);
}

static void tell(hooks *h, const char *format, ...)
{
    size_t len = strlen(h->story);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(h->story + len, sizeof h->story - len, format, arguments);
    va_end(arguments);
    h->elsewhere += !pthread_equal(h->thread, pthread_self());
}

static httpx_code answer(const hooks *h, httpx_error **error)
{
    if (h->message != NULL)
        GIVES(httpx_error_new(h->answer, h->message, strlen(h->message), NULL, error, &err), HTTPX_OK);
    return h->answer;
}

static const char *path_of(const char *url)
{
    return strchr(url + strlen("http://"), '/');
}

static httpx_code on_request(void *user_data, httpx_request *request, httpx_error **error)
{
    tell(user_data, "> %s %s\n", httpx_request_method(request, NULL), path_of(httpx_request_url(request, NULL)));
    return answer(user_data, error);
}

/* Adds its mark behind those of others. */
static httpx_code mark_request(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)error;
    GIVES(httpx_request_header_add(request, "X-Mark", 6, user_data, strlen(user_data), &err), HTTPX_OK);
    return HTTPX_OK;
}

static httpx_code on_response(void *user_data, httpx_response *response, httpx_error **error)
{
    hooks *h = user_data;
    const uint8_t *body = NULL;
    size_t len = 0;
    if (h->read)
        GIVES(httpx_response_read(response, &body, &len, &err), HTTPX_OK);
    else
        GIVES(httpx_response_content(response, &body, &len, &err), HTTPX_E_RESPONSE_NOT_READ);
    if (h->stream) {
        httpx_stream *stream = NULL;
        GIVES(httpx_response_stream(response, HTTPX_STREAM_BYTES, 0, &stream, &err), HTTPX_OK);
        httpx_stream_free(stream);
    }
    tell(h, "< %d %s\n", (int)httpx_response_status_code(response), path_of(httpx_response_url(response, NULL)));
    CHECK(!h->read || len > 0);
    return answer(h, error);
}

static httpx_client *client_with(hooks *h, int requests, int responses)
{
    httpx_client_builder *builder = new_builder();
    if (requests)
        MUST(httpx_client_builder_on_request(builder, on_request, h, destroy_hooks, &err));
    if (responses)
        MUST(httpx_client_builder_on_response(builder, on_response, h, destroy_hooks, &err));
    return build(builder);
}

static void ended(const hooks *h, httpx_client *client, int destroyed)
{
    CHECK_EQ(h->elsewhere, 0);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&h->destroyed), destroyed);
}

static void every_hop_of_a_redirect_is_seen_in_order(void)
{
    hooks h;
    begin(&h);
    httpx_client *client = client_with(&h, 1, 1);
    httpx_request *request = new_request(client, "GET", HTTP("/redirect/2"));
    httpx_response_free(send_request(client, request, HTTPX_SEND_FOLLOW_REDIRECTS));
    CHECK_TEXT(h.story, strlen(h.story),
               "> GET /redirect/2\n< 302 /redirect/2\n> GET /redirect/1\n< 302 /redirect/1\n"
               "> GET /get\n< 200 /get\n");
    ended(&h, client, 2);
}

static httpx_code see_what_is_added(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)error;
    for (size_t i = 0; i < httpx_request_header_count(request); i++) {
        const uint8_t *name = NULL;
        size_t len = 0;
        GIVES(httpx_request_header_at(request, i, &name, &len, NULL, NULL, &err), HTTPX_OK);
        if (strcmp((const char *)name, "Authorization") == 0 || strcmp((const char *)name, "Cookie") == 0)
            tell(user_data, "%s ", (const char *)name);
    }
    tell(user_data, "\n");
    return HTTPX_OK;
}

static void request_hooks_see_credentials_and_cookies(void)
{
    hooks h;
    begin(&h);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_request(builder, see_what_is_added, &h, destroy_hooks, &err));
    MUST(httpx_client_builder_auth_digest(builder, (const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &err));
    httpx_client *client = build(builder);
    httpx_response_free(get(client, HTTP("/cookies/set?a=b")));
    httpx_response *response = get(client, HTTP("/digest-auth/auth/me/secret"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    CHECK_TEXT(h.story, strlen(h.story), "\nCookie \nAuthorization Cookie \n");
    ended(&h, client, 1);
}

static void what_request_hooks_change_is_sent_in_their_order(void)
{
    static char first[] = "first", second[] = "second";
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_request(builder, mark_request, first, NULL, &err));
    MUST(httpx_client_builder_on_request(builder, mark_request, second, NULL, &err));
    httpx_client *client = build(builder);
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    size_t headers = httpx_request_header_count(request);
    for (int again = 0; again < 2; again++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        const char *body = body_of(response), *one = strstr(body, "\"first\""), *two = strstr(body, "\"second\"");
        CHECK(one != NULL && two != NULL && one < two);
        CHECK(one == NULL || strstr(one + 1, "\"first\"") == NULL);
        httpx_response_free(response);
    }
    CHECK_EQ(httpx_request_header_count(request), headers); /* the program's own request stays as it is */
    httpx_request_free(request);
    httpx_client_free(client);
}

static void response_hooks_may_read(void)
{
    hooks h;
    begin(&h);
    h.read = 1;
    httpx_client *client = client_with(&h, 0, 1);
    httpx_response *response = get(client, HTTP("/get"));
    CHECK(body_len(response) > 0);
    httpx_response_free(response);
    response = get_streamed(client, HTTP("/gzip"));
    CHECK(body_len(response) > 0); /* read by the hook */
    httpx_response_free(response);
    size_t idle = 0;
    MUST(httpx_client_connections(client, NULL, &idle, NULL, &err));
    CHECK_EQ(idle, 1);
    ended(&h, client, 1);
}

static void response_hooks_read_on_a_queue(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        hooks h;
        tally t = {0};
        intptr_t fd;
        begin(&h);
        h.read = 1;
        httpx_client *client = client_with(&h, 1, 1);
        httpx_queue *queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        for (int i = 0; i < 5; i++)
            submit(client, queue, HTTP("/bytes/100000"), &t, NULL);
        dispatch_until(queue, &t, 5);
        CHECK_EQ(atomic_load(&t.answered), 5);
        httpx_queue_free(queue);
        ended(&h, client, 2);
    }
}

/* The library's thread has the connection. */
static void response_hooks_read_over_http2(void)
{
    hooks h;
    tally t = {0};
    char url[256];
    begin(&h);
    h.read = 1;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_http2(builder, 1, &err));
    MUST(httpx_client_builder_verify(builder, 0, &err));
    MUST(httpx_client_builder_on_response(builder, on_response, &h, destroy_hooks, &err));
    httpx_client *client = build(builder);
    long long port = json_number(environment("HTTPX_TEST_PLACES"), "https");
    snprintf(url, sizeof url, "https://127.0.0.1:%lld/bytes/100000", port);
    httpx_response *response = get(client, url);
    CHECK(strcmp(httpx_response_http_version(response, NULL), "HTTP/2") == 0);
    CHECK_EQ(body_len(response), 100000);
    httpx_response_free(response);
    httpx_queue *queue = new_queue();
    for (int i = 0; i < 5; i++)
        submit(client, queue, url, &t, NULL);
    dispatch_until(queue, &t, 5);
    CHECK_EQ(atomic_load(&t.answered), 5);
    httpx_queue_free(queue);
    ended(&h, client, 1);
}

static void a_body_that_a_hook_has_streamed_is_gone(void)
{
    hooks h;
    begin(&h);
    h.stream = 1;
    httpx_client *client = client_with(&h, 0, 1);
    httpx_response *response = NULL;
    GIVES(try_get(client, HTTP("/get"), &response), HTTPX_E_STREAM_CONSUMED);
    ended(&h, client, 1);
}

static void a_hook_ends_a_request(void)
{
    static const struct {
        httpx_code answer, code;
        const char *message, *told;
    } cases[] = {
        {HTTPX_E_READ, HTTPX_E_READ, "no more", "no more"},
        {HTTPX_E_READ, HTTPX_E_READ, NULL, "hook has failed"},
        {HTTPX_DONE, HTTPX_E_CANCELLED, NULL, "hook ended the request"},
        {-1, -1, "unheard of", "unheard of"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int with_response = 0; with_response < 2; with_response++) {
            hooks h;
            begin(&h);
            h.answer = cases[i].answer;
            h.message = cases[i].message;
            httpx_client *client = client_with(&h, !with_response, with_response);
            httpx_response *response = NULL;
            CHECK_EQ(try_get(client, HTTP("/bytes/100000"), &response), cases[i].code);
            REQUIRE(err != NULL);
            CHECK_EQ(httpx_error_code(err), cases[i].code);
            CHECK(strstr(httpx_error_message(err, NULL), cases[i].told) != NULL);
            CHECK(strstr(httpx_error_request_url(err, NULL), "/bytes/100000") != NULL);
            httpx_error_free(err);
            err = NULL;
            /* The response was closed. */
            size_t active = 1, idle = 1;
            MUST(httpx_client_connections(client, &active, &idle, NULL, &err));
            CHECK_EQ(active + idle, 0);
            ended(&h, client, 1);
        }
}

static void no_function_takes_them_all_away(void)
{
    hooks h;
    begin(&h);
    httpx_client_builder *builder = new_builder();
    for (int i = 0; i < 3; i++)
        MUST(httpx_client_builder_on_request(builder, on_request, &h, destroy_hooks, &err));
    MUST(httpx_client_builder_on_response(builder, on_response, &h, destroy_hooks, &err));
    MUST(httpx_client_builder_on_request(builder, NULL, &h, destroy_hooks, &err));
    CHECK_EQ(atomic_load(&h.destroyed), 4);
    MUST(httpx_client_builder_on_response(builder, NULL, NULL, NULL, &err));
    CHECK_EQ(atomic_load(&h.destroyed), 5);
    httpx_client *client = build(builder);
    httpx_response_free(get(client, HTTP("/get")));
    CHECK_EQ(h.story[0], '\0');
    ended(&h, client, 5);
}

static httpx_code keep_busy(void *user_data, httpx_response *response, httpx_error **error)
{
    (void)error;
    GIVES(httpx_response_read_async(response, user_data, NULL, NULL, NULL, NULL, &err), HTTPX_OK);
    return HTTPX_OK;
}

/* Its operation has the response, and goes on when its queue is dispatched. */
static void a_response_that_a_hook_leaves_in_use_is_lost(void)
{
    httpx_queue *queue = new_queue();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_response(builder, keep_busy, queue, NULL, &err));
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    GIVES(try_get(client, HTTP("/get"), &response), HTTPX_E_CONCURRENT_USE);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(every_hop_of_a_redirect_is_seen_in_order),
        TEST(request_hooks_see_credentials_and_cookies),
        TEST(what_request_hooks_change_is_sent_in_their_order),
        TEST(response_hooks_may_read),
        TEST(response_hooks_read_on_a_queue),
        TEST(response_hooks_read_over_http2),
        TEST(a_body_that_a_hook_has_streamed_is_gone),
        TEST(a_hook_ends_a_request),
        TEST(no_function_takes_them_all_away),
        TEST(a_response_that_a_hook_leaves_in_use_is_lost),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

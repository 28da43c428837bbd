/* Responses made by hand whose bodies functions make while they are read. */
#include "queue.h"

/* gzip of "plain text" */
static const uint8_t gzipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                  0x2b, 0xc8, 0x49, 0xcc, 0xcc, 0x53, 0x28, 0x49, 0xad, 0x28,
                                  0x01, 0x00, 0xb8, 0x0f, 0x0b, 0x44, 0x0a, 0x00, 0x00, 0x00};

typedef struct source {
    const uint8_t *content;
    size_t len, given;
    size_t step;     /* how much is given at once */
    int later;       /* each piece comes later */
    int asked;       /* for the piece that is to come */
    httpx_code code; /* instead of the end */
    httpx_waker *waker;
    pthread_t worker;
    int has_worker;
    pthread_t thread;
    int elsewhere;
    atomic_int destroyed;
} source;

static void *wake(void *waker)
{
    httpx_waker_wake(waker);
    return NULL;
}

static httpx_code pull(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    source *s = user_data;
    s->elsewhere += !pthread_equal(s->thread, pthread_self());
    if (s->later && !s->asked) {
        s->asked = 1;
        GIVES(httpx_upcall_waker(&s->waker, &err), HTTPX_OK);
        s->has_worker = 1;
        CHECK(pthread_create(&s->worker, NULL, wake, s->waker) == 0);
        return HTTPX_AGAIN;
    }
    if (s->has_worker)
        pthread_join(s->worker, NULL);
    s->has_worker = s->asked = 0;
    httpx_waker_free(s->waker);
    s->waker = NULL;
    if (s->given == s->len)
        return s->code;
    size_t left = s->len - s->given;
    *len = left < s->step ? left : s->step;
    CHECK(*len <= capacity);
    memcpy(buffer, s->content + s->given, *len);
    s->given += *len;
    return HTTPX_OK;
}

static void destroy_source(void *user_data)
{
    source *s = user_data;
    s->elsewhere += !pthread_equal(s->thread, pthread_self());
    atomic_fetch_add(&s->destroyed, 1);
}

static void begin(source *s, const void *content, size_t len)
{
    memset(s, 0, sizeof *s);
    s->content = content;
    s->len = len;
    s->step = 3;
    s->code = HTTPX_DONE;
    s->thread = pthread_self();
}

static httpx_response *made_of(source *s, int64_t length, const char *name, const char *value)
{
    httpx_response_builder *builder = NULL;
    httpx_response *response = NULL;
    MUST(httpx_response_builder_new(200, &builder, &err));
    if (name != NULL)
        MUST(httpx_response_builder_header(builder, name, strlen(name), (const uint8_t *)value, strlen(value), &err));
    MUST(httpx_response_builder_body_pull(builder, length, pull, s, destroy_source, &err));
    MUST(httpx_response_builder_build(builder, &response, &err));
    httpx_response_builder_free(builder);
    return response;
}

static void gone(source *s)
{
    CHECK_EQ(atomic_load(&s->destroyed), 1);
    CHECK_EQ(s->elsewhere, 0);
}

static void has_header(httpx_response *response, const char *name, const char *wanted)
{
    const uint8_t *value = NULL;
    size_t len = 0;
    httpx_code code = httpx_response_header(response, name, strlen(name), &value, &len, &err);
    GIVES(code, wanted == NULL ? HTTPX_DONE : HTTPX_OK);
    if (wanted != NULL)
        CHECK_TEXT(value, len, wanted);
}

static void a_body_is_made_while_it_is_read(void)
{
    for (int later = 0; later < 2; later++) {
        source s;
        begin(&s, "a body in pieces", 16);
        s.later = later;
        httpx_response *response = made_of(&s, -1, NULL, NULL);
        has_header(response, "Transfer-Encoding", "chunked");
        has_header(response, "Content-Length", NULL);
        CHECK(!httpx_response_is_closed(response) && !httpx_response_is_stream_consumed(response));
        CHECK_EQ(httpx_response_num_bytes_downloaded(response), 0);
        CHECK_EQ(s.given, 0);
        MUST(httpx_response_read(response, NULL, NULL, &err));
        gone(&s);
        CHECK(strcmp(body_of(response), "a body in pieces") == 0);
        CHECK(httpx_response_is_closed(response) && httpx_response_is_stream_consumed(response));
        CHECK_EQ(httpx_response_num_bytes_downloaded(response), 16);
        httpx_response_free(response);
    }
}

static void its_pieces_are_streamed_as_they_come(void)
{
    source s;
    begin(&s, "123456", 6);
    httpx_response *response = made_of(&s, 6, NULL, NULL);
    has_header(response, "Content-Length", "6");
    has_header(response, "Transfer-Encoding", NULL);
    httpx_stream *stream = new_stream(response, 0);
    const uint8_t *piece = NULL;
    size_t len = 0;
    CHECK(httpx_response_is_stream_consumed(response));
    MUST(httpx_stream_next(stream, &piece, &len, &err));
    CHECK_TEXT(piece, len, "123");
    CHECK_EQ(s.given, 3);
    MUST(httpx_stream_next(stream, &piece, &len, &err));
    CHECK_TEXT(piece, len, "456");
    GIVES(httpx_stream_next(stream, &piece, &len, &err), HTTPX_DONE);
    gone(&s);
    httpx_stream_free(stream);
    httpx_response_free(response);
}

static void content_codings_are_undone(void)
{
    for (int raw = 0; raw < 2; raw++) {
        source s;
        begin(&s, gzipped, sizeof gzipped);
        httpx_response *response = made_of(&s, -1, "Content-Encoding", "gzip");
        if (raw) {
            httpx_stream *stream = NULL;
            const uint8_t *piece = NULL;
            size_t len = 0, total = 0;
            MUST(httpx_response_stream(response, HTTPX_STREAM_RAW, 0, &stream, &err));
            while (httpx_stream_next(stream, &piece, &len, &err) == HTTPX_OK)
                total += len;
            CHECK_EQ(total, sizeof gzipped);
            httpx_stream_free(stream);
        } else {
            MUST(httpx_response_read(response, NULL, NULL, &err));
            CHECK(strcmp(body_of(response), "plain text") == 0);
        }
        CHECK_EQ(httpx_response_num_bytes_downloaded(response), sizeof gzipped);
        httpx_response_free(response);
        gone(&s);
    }
}

static void what_frames_it_already_stays(void)
{
    source s;
    begin(&s, "abc", 3);
    httpx_response *response = made_of(&s, -1, "Content-Length", "3");
    has_header(response, "Transfer-Encoding", NULL);
    httpx_response_free(response);
    gone(&s);
    begin(&s, "abc", 3);
    response = made_of(&s, 0, NULL, NULL);
    has_header(response, "Content-Length", "0");
    GIVES(httpx_response_read(response, NULL, NULL, &err), HTTPX_E_READ);
    gone(&s);
    httpx_response_free(response);
}

static void a_body_keeps_to_its_length(void)
{
    for (int64_t length = 2; length < 5; length++) {
        source s;
        begin(&s, "abc", 3);
        httpx_response *response = made_of(&s, length, NULL, NULL);
        GIVES(httpx_response_read(response, NULL, NULL, &err), length == 3 ? HTTPX_OK : HTTPX_E_READ);
        gone(&s);
        httpx_response_free(response);
    }
}

static void a_failing_function_ends_the_reading(void)
{
    source s;
    begin(&s, "abc", 3);
    s.code = HTTPX_E_CONNECT;
    httpx_response *response = made_of(&s, -1, NULL, NULL);
    GIVES(httpx_response_read(response, NULL, NULL, &err), HTTPX_E_CONNECT);
    gone(&s);
    CHECK(httpx_response_is_closed(response));
    httpx_response_free(response);
}

static void a_body_that_nobody_reads_is_destroyed(void)
{
    source s;
    begin(&s, "abc", 3);
    httpx_response *response = made_of(&s, -1, NULL, NULL);
    MUST(httpx_response_close(response, &err));
    gone(&s);
    httpx_response_free(response);

    httpx_response_builder *builder = NULL;
    begin(&s, "abc", 3);
    MUST(httpx_response_builder_new(200, &builder, &err));
    MUST(httpx_response_builder_body_pull(builder, -1, pull, &s, destroy_source, &err));
    MUST(httpx_response_builder_content(builder, (const uint8_t *)"x", 1, &err));
    gone(&s);
    begin(&s, "abc", 3);
    GIVES(httpx_response_builder_body_pull(builder, -2, pull, &s, destroy_source, &err), HTTPX_E_INVALID_ARGUMENT);
    gone(&s);
    begin(&s, "abc", 3);
    MUST(httpx_response_builder_body_pull(builder, -1, pull, &s, destroy_source, &err));
    MUST(httpx_response_builder_build(builder, &response, &err));
    httpx_response *second = NULL;
    MUST(httpx_response_builder_build(builder, &second, &err));
    CHECK(httpx_response_is_closed(second) && strcmp(body_of(second), "") == 0);
    httpx_response_free(second);
    httpx_response_builder_free(builder);
    CHECK_EQ(atomic_load(&s.destroyed), 0);
    httpx_response_free(response);
    gone(&s);
}

static void on_a_queue_it_is_asked_where_the_queue_is_dispatched(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        source s;
        tally t = {0};
        intptr_t fd;
        httpx_queue *queue = new_queue();
        begin(&s, "0123456789", 10);
        s.later = 1;
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        httpx_response *response = made_of(&s, -1, NULL, NULL);
        MUST(httpx_response_read_async(response, queue, count_done, &t, NULL, NULL, &err));
        dispatch_until(queue, &t, 1);
        CHECK_EQ(t.code, HTTPX_OK);
        CHECK(strcmp(body_of(response), "0123456789") == 0);
        while (atomic_load(&s.destroyed) == 0)
            MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
        gone(&s);
        httpx_response_free(response);
        httpx_queue_free(queue);
    }
}

static source of_the_transport;

static void reply(void *user_data, httpx_request *request, httpx_reply *reply)
{
    (void)user_data, (void)request;
    GIVES(httpx_reply_response(reply, made_of(&of_the_transport, -1, NULL, NULL), &err), HTTPX_OK);
    httpx_reply_free(reply);
}

static void a_body_in_a_reply_reaches_whoever_asked(void)
{
    for (int limit = 9; limit < 11; limit++) {
        httpx_transport_vtable table = {.size = sizeof table, .handle = reply};
        httpx_transport *transport = NULL;
        httpx_client_builder *builder = new_builder();
        begin(&of_the_transport, "0123456789", 10);
        of_the_transport.later = 1;
        MUST(httpx_transport_custom(&table, NULL, &transport, &err));
        MUST(httpx_client_builder_transport(builder, transport, &err));
        MUST(httpx_client_builder_max_response_bytes(builder, (uint64_t)limit, &err));
        httpx_transport_free(transport);
        httpx_client *client = build(builder);
        httpx_response *response = NULL;
        GIVES(try_get(client, "http://example.org/", &response), limit == 10 ? HTTPX_OK : HTTPX_E_BODY_TOO_LARGE);
        if (limit == 10)
            CHECK(strcmp(body_of(response), "0123456789") == 0);
        gone(&of_the_transport);
        httpx_response_free(response);
        httpx_client_free(client);
    }
}

static httpx_code never(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    (void)buffer, (void)capacity, (void)len;
    GIVES(httpx_upcall_waker(&((source *)user_data)->waker, &err), HTTPX_OK);
    return HTTPX_AGAIN;
}

static void reply_never(void *user_data, httpx_request *request, httpx_reply *reply)
{
    httpx_response_builder *builder = NULL;
    httpx_response *response = NULL;
    (void)request;
    GIVES(httpx_response_builder_new(200, &builder, &err), HTTPX_OK);
    GIVES(httpx_response_builder_body_pull(builder, -1, never, user_data, destroy_source, &err), HTTPX_OK);
    GIVES(httpx_response_builder_build(builder, &response, &err), HTTPX_OK);
    httpx_response_builder_free(builder);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_OK);
    httpx_reply_free(reply);
}

static void the_deadline_ends_the_wait_for_a_body(void)
{
    source s;
    httpx_transport_vtable table = {.size = sizeof table, .handle = reply_never};
    httpx_transport *transport = NULL;
    begin(&s, "", 0);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", "http://example.org/");
    MUST(httpx_transport_custom(&table, &s, &transport, &err));
    MUST(httpx_request_transport(request, transport, &err));
    httpx_transport_free(transport);
    MUST(httpx_request_deadline(request, 0.05, &err));
    httpx_response *response = NULL;
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    gone(&s);
    httpx_waker_free(s.waker);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_response_gets_another_request(void)
{
    httpx_client *client = new_client();
    httpx_response_builder *builder = NULL;
    httpx_response *response = NULL;
    httpx_request *request = new_request(client, "GET", "http://example.org/a"), *set = NULL;
    MUST(httpx_response_builder_new(404, &builder, &err));
    MUST(httpx_response_builder_build(builder, &response, &err));
    httpx_response_builder_free(builder);
    CHECK(httpx_response_url(response, NULL) == NULL);
    GIVES(httpx_response_raise_for_status(response, &err), HTTPX_E_INVALID_STATE);
    MUST(httpx_response_set_request(response, request, &err));
    CHECK(strcmp(httpx_response_url(response, NULL), "http://example.org/a") == 0);
    GIVES(httpx_response_raise_for_status(response, &err), HTTPX_E_HTTP_STATUS);
    MUST(httpx_response_request(response, &set, &err));
    CHECK(strcmp(httpx_request_url(set, NULL), "http://example.org/a") == 0);
    httpx_request_free(set);
    httpx_request_free(request);
    MUST(httpx_response_set_request(response, NULL, &err));
    CHECK(httpx_response_url(response, NULL) == NULL);
    httpx_response_free(response);

    response = get_streamed(client, HTTP("/bytes/1000"));
    request = new_request(client, "GET", "http://example.org/b");
    MUST(httpx_response_set_request(response, request, &err));
    httpx_request_free(request);
    MUST(httpx_response_read(response, NULL, NULL, &err));
    CHECK_EQ(httpx_response_num_bytes_downloaded(response), 1000);
    CHECK(strcmp(httpx_response_url(response, NULL), "http://example.org/b") == 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_response_gets_other_headers(void)
{
    static const struct {
        const char *name, *value;
    } lines[] = {{"Content-Type", "text/plain; charset=iso-8859-15"}, {"Location", "/next"}, {"Set-Cookie", "a=1"}};
    httpx_client *client = new_client();
    httpx_headers *headers = NULL;
    httpx_cookies *cookies = NULL;
    httpx_response *response = get_streamed(client, HTTP("/status/302"));
    const char *text = NULL;
    MUST(httpx_headers_new(&headers, &err));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        MUST(httpx_headers_add(headers, lines[i].name, strlen(lines[i].name), (const uint8_t *)lines[i].value,
                               strlen(lines[i].value), &err));
    CHECK(httpx_response_header_count(response) > 1);
    MUST(httpx_response_set_headers(response, headers, &err));
    httpx_headers_free(headers);
    CHECK_EQ(httpx_response_header_count(response), 3);
    CHECK(httpx_response_has_redirect_location(response));
    text = httpx_response_charset_encoding(response, NULL);
    CHECK(text != NULL && strcmp(text, "iso-8859-15") == 0);
    CHECK(strcmp(httpx_response_reason_phrase(response, NULL), "Found") == 0);
    MUST(httpx_response_cookies(response, &cookies, &err));
    CHECK_EQ(httpx_cookies_count(cookies), 1);
    httpx_cookies_free(cookies);
    httpx_response_free(response);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_body_is_made_while_it_is_read),
        TEST(its_pieces_are_streamed_as_they_come),
        TEST(content_codings_are_undone),
        TEST(what_frames_it_already_stays),
        TEST(a_body_keeps_to_its_length),
        TEST(a_failing_function_ends_the_reading),
        TEST(a_body_that_nobody_reads_is_destroyed),
        TEST(on_a_queue_it_is_asked_where_the_queue_is_dispatched),
        TEST(a_body_in_a_reply_reaches_whoever_asked),
        TEST(the_deadline_ends_the_wait_for_a_body),
        TEST(a_response_gets_another_request),
        TEST(a_response_gets_other_headers),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/* Transports that are the program's own code: mocks, files, and what else needs no connection. */
#include "queue.h"

/* What a transport of the tests does, and what happened to it. */
typedef struct mock {
    void (*serve)(struct mock *m, httpx_request *request, httpx_reply *reply);
    pthread_t thread;
    int elsewhere; /* calls on another thread than the test's */
    atomic_int handled, closed, destroyed;
    /* For replies that come later: */
    httpx_reply *waiting;
    pthread_t worker;
    int has_worker;
    const char *argument;
} mock;

static void handle(void *user_data, httpx_request *request, httpx_reply *reply)
{
    mock *m = user_data;
    m->elsewhere += !pthread_equal(m->thread, pthread_self());
    atomic_fetch_add(&m->handled, 1);
    m->serve(m, request, reply);
}

static void close_mock(void *user_data)
{
    atomic_fetch_add(&((mock *)user_data)->closed, 1);
}

static void destroy_mock(void *user_data)
{
    atomic_fetch_add(&((mock *)user_data)->destroyed, 1);
}

static httpx_transport *new_mock(mock *m, void (*serve)(mock *, httpx_request *, httpx_reply *), uint32_t flags)
{
    httpx_transport_vtable table = {
        .size = sizeof table, .flags = flags, .handle = handle, .close = close_mock, .destroy = destroy_mock};
    httpx_transport *transport = NULL;
    memset(m, 0, sizeof *m);
    m->serve = serve;
    m->thread = pthread_self();
    MUST(httpx_transport_custom(&table, m, &transport, &err));
    return transport;
}

/* A client that has nothing but the mock, and is its only owner. */
static httpx_client *client_with(mock *m, void (*serve)(mock *, httpx_request *, httpx_reply *), uint32_t flags)
{
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = new_mock(m, serve, flags);
    MUST(httpx_client_builder_transport(builder, transport, &err));
    httpx_transport_free(transport);
    return build(builder);
}

static void ended(mock *m, httpx_client *client)
{
    CHECK_EQ(atomic_load(&m->destroyed), 0);
    httpx_client_free(client);
    if (m->has_worker)
        pthread_join(m->worker, NULL);
    CHECK_EQ(atomic_load(&m->destroyed), 1);
    CHECK_EQ(m->elsewhere, 0);
}

static void reply_header(httpx_reply *reply, const char *name, const char *value)
{
    GIVES(httpx_reply_header(reply, name, strlen(name), (const uint8_t *)value, strlen(value), &err), HTTPX_OK);
}

static void reply_text(httpx_reply *reply, int status, const char *text)
{
    GIVES(httpx_reply_send(reply, status, (const uint8_t *)text, strlen(text), &err), HTTPX_OK);
    httpx_reply_free(reply);
}

/* The request's head and body, as text. */
static void echo(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m;
    char text[4096];
    int len =
        snprintf(text, sizeof text, "%s %s\n", httpx_request_method(request, NULL), httpx_request_url(request, NULL));
    for (size_t i = 0; i < httpx_request_header_count(request); i++) {
        const uint8_t *name = NULL, *value = NULL;
        GIVES(httpx_request_header_at(request, i, &name, NULL, &value, NULL, &err), HTTPX_OK);
        len += snprintf(text + len, sizeof text - (size_t)len, "%s: %s\n", name, value);
    }
    const uint8_t *piece = NULL;
    size_t size = 0;
    httpx_code code;
    while ((code = httpx_reply_read(reply, &piece, &size, &err)) == HTTPX_OK)
        len += snprintf(text + len, sizeof text - (size_t)len, "%.*s|", (int)size, (const char *)piece);
    GIVES(code, HTTPX_DONE);
    CHECK(piece == NULL);
    reply_header(reply, "Content-Type", "text/plain; charset=latin-1");
    reply_header(reply, "Set-Cookie", "a=b");
    reply_text(reply, 200, text);
}

static void a_mock_answers_without_a_connection(void)
{
    mock m;
    httpx_client *client = client_with(&m, echo, 0);
    httpx_request *request = new_request(client, "POST", "http://example.org/path?query");
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"body", 4, &err));
    httpx_response *response = send_request(client, request, 0);
    const char *body = body_of(response);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strcmp(httpx_response_reason_phrase(response, NULL), "OK") == 0);
    CHECK(strcmp(httpx_response_http_version(response, NULL), "HTTP/1.1") == 0);
    CHECK(strcmp(httpx_response_encoding(response, NULL), "windows-1252") == 0);
    CHECK(strstr(body, "POST http://example.org/path?query\nHost: example.org\n") == body);
    CHECK(strstr(body, "\nContent-Length: 4\nbody|") != NULL);
    double elapsed = -1;
    MUST(httpx_response_elapsed(response, &elapsed, &err));
    CHECK(elapsed >= 0);
    const uint8_t *value = NULL;
    size_t len = 0;
    char digits[32];
    snprintf(digits, sizeof digits, "%zu", strlen(body));
    MUST(httpx_response_header(response, "content-length", 14, &value, &len, &err));
    CHECK_TEXT(value, len, digits);
    httpx_response_free(response);

    response = get(client, "http://example.org/"); /* with the cookie from before */
    CHECK(strstr(body_of(response), "\nCookie: a=b\n") != NULL);
    httpx_response_free(response);
    CHECK_EQ(atomic_load(&m.handled), 2);
    ended(&m, client);
}

static void serve_latin_1(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m, (void)request;
    reply_text(reply, 200, "caf\xe9");
}

static void its_text_is_in_the_clients_default_encoding(void)
{
    mock m;
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = new_mock(&m, serve_latin_1, 0);
    MUST(httpx_client_builder_transport(builder, transport, &err));
    MUST(httpx_client_builder_default_encoding(builder, "latin-1", 7, &err));
    httpx_transport_free(transport);
    httpx_client *client = build(builder);
    httpx_response *response = get(client, "http://example.org/");
    const char *text = NULL;
    size_t len = 0;
    MUST(httpx_response_text(response, &text, &len, &err));
    CHECK_TEXT(text, len, "caf\xc3\xa9");
    httpx_response_free(response);
    ended(&m, client);
}

static void on_a_queue_it_runs_where_the_queue_is_dispatched(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        mock m;
        tally t = {0};
        intptr_t fd;
        httpx_client *client = client_with(&m, echo, 0);
        httpx_queue *queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        for (int i = 0; i < 10; i++)
            submit(client, queue, "http://example.org/", &t, NULL);
        dispatch_until(queue, &t, 10);
        CHECK_EQ(atomic_load(&t.answered), 10);
        httpx_queue_free(queue);
        ended(&m, client);
    }
}

static void *answer_later(void *user_data)
{
    mock *m = user_data;
    CHECK_EQ(httpx_reply_is_wanted(m->waiting), 1);
    reply_text(m->waiting, 201, "later");
    return NULL;
}

static void serve_later(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)request;
    m->waiting = reply;
    m->has_worker = 1;
    CHECK(pthread_create(&m->worker, NULL, answer_later, m) == 0);
}

static void a_reply_may_come_later_from_another_thread(void)
{
    for (int asynchronously = 0; asynchronously < 2; asynchronously++) {
        mock m;
        httpx_client *client = client_with(&m, serve_later, 0);
        httpx_response *response = NULL;
        if (asynchronously) {
            httpx_queue *queue = new_queue();
            httpx_op *op = NULL;
            submit_with(client, queue, "http://example.org/", NULL, NULL, &op);
            while (!httpx_op_is_done(op))
                MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
            MUST(httpx_op_take_response(op, &response, &err));
            httpx_op_free(op);
            httpx_queue_free(queue);
        } else {
            response = get(client, "http://example.org/");
        }
        CHECK_EQ(httpx_response_status_code(response), 201);
        CHECK(strcmp(body_of(response), "later") == 0);
        httpx_response_free(response);
        ended(&m, client);
    }
}

enum { PIECES = 100, PIECE = 10000 };

static void *write_pieces(void *pipe)
{
    static uint8_t piece[PIECE];
    httpx_code code = HTTPX_OK;
    for (int i = 0; i < PIECES && code == HTTPX_OK; i++)
        code = httpx_pipe_write_all(pipe, piece, sizeof piece, NULL);
    if (code == HTTPX_OK)
        code = httpx_pipe_finish(pipe, NULL);
    httpx_pipe_free(pipe);
    return (void *)(intptr_t)code;
}

static void serve_a_stream(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)request;
    httpx_pipe *pipe = NULL;
    int64_t length = m->argument == NULL ? -1 : (int64_t)PIECES * PIECE;
    GIVES(httpx_reply_stream(reply, 200, length, 1000, &pipe, &err), HTTPX_OK);
    httpx_reply_free(reply);
    m->has_worker = 1;
    CHECK(pthread_create(&m->worker, NULL, write_pieces, pipe) == 0);
}

static void a_body_is_written_while_it_is_read(void)
{
    for (int known = 0; known < 2; known++) {
        mock m;
        httpx_client *client = client_with(&m, serve_a_stream, 0);
        m.argument = known ? "its length" : NULL;
        httpx_response *response = get_streamed(client, "http://example.org/");
        const char *framing = known ? "content-length" : "transfer-encoding";
        const uint8_t *value = NULL;
        size_t len = 0, total = 0;
        MUST(httpx_response_header(response, framing, strlen(framing), &value, &len, &err));
        CHECK_TEXT(value, len, known ? "1000000" : "chunked");
        httpx_stream *stream = new_stream(response, 0);
        while (httpx_stream_next(stream, &value, &len, &err) == HTTPX_OK) {
            CHECK(len <= 1000); /* what the pipe holds */
            total += len;
        }
        CHECK_EQ(total, PIECES * PIECE);
        CHECK_EQ(httpx_stream_num_bytes_downloaded(stream), PIECES * PIECE);
        httpx_stream_free(stream);
        httpx_response_free(response);
        ended(&m, client);
    }
}

static void a_writer_learns_that_nobody_reads(void)
{
    mock m;
    void *code = NULL;
    httpx_client *client = client_with(&m, serve_a_stream, 0);
    httpx_response_free(get_streamed(client, "http://example.org/"));
    pthread_join(m.worker, &code);
    m.has_worker = 0;
    CHECK_EQ((intptr_t)code, HTTPX_E_STREAM_CLOSED);
    ended(&m, client);
}

static void serve_half(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m, (void)request;
    httpx_pipe *pipe = NULL;
    size_t written = 0;
    GIVES(httpx_reply_stream(reply, 200, -1, 0, &pipe, &err), HTTPX_OK);
    GIVES(httpx_pipe_write(pipe, (const uint8_t *)"half", 4, &written, &err), HTTPX_OK);
    httpx_pipe_free(pipe);
    httpx_reply_free(reply);
}

static void a_body_that_is_not_finished_is_an_error(void)
{
    mock m;
    httpx_client *client = client_with(&m, serve_half, 0);
    httpx_response *response = NULL;
    GIVES(try_get(client, "http://example.org/", &response), HTTPX_E_READ);
    ended(&m, client);
}

static void serve_an_error(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m, (void)request;
    static const char message[] = "no such planet";
    FAILS(httpx_reply_fail(reply, HTTPX_OK, message, strlen(message), &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_reply_fail(reply, HTTPX_E_DNS, message, strlen(message), &err), HTTPX_OK);
    FAILS(httpx_reply_send(reply, 200, NULL, 0, &err), HTTPX_E_INVALID_STATE);
    httpx_reply_free(reply);
}

static void a_reply_may_be_an_error(void)
{
    mock m;
    httpx_client *client = client_with(&m, serve_an_error, 0);
    httpx_response *response = NULL;
    CHECK_EQ(try_get(client, "http://example.org/", &response), HTTPX_E_DNS);
    REQUIRE(err != NULL);
    CHECK(strcmp(httpx_error_message(err, NULL), "no such planet") == 0);
    CHECK(strcmp(httpx_error_request_url(err, NULL), "http://example.org/") == 0);
    httpx_error_free(err);
    err = NULL;
    ended(&m, client);
}

static void serve_nothing(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m, (void)request;
    FAILS(httpx_reply_send(reply, 99, NULL, 0, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_reply_header(reply, "X", 1, (const uint8_t *)"a\r\nb", 4, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_reply_free(reply);
}

static void no_reply_is_an_error(void)
{
    mock m;
    httpx_client *client = client_with(&m, serve_nothing, 0);
    httpx_response *response = NULL;
    GIVES(try_get(client, "http://example.org/", &response), HTTPX_E_TRANSPORT);
    ended(&m, client);
}

static void keep(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)request;
    CHECK_EQ(httpx_reply_is_wanted(reply), 1);
    m->waiting = reply;
}

static void a_deadline_ends_the_wait_for_a_reply(void)
{
    mock m;
    httpx_client *client = client_with(&m, keep, 0);
    httpx_request *request = new_request(client, "GET", "http://example.org/");
    MUST(httpx_request_deadline(request, 0.05, &err));
    httpx_response *response = NULL;
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    httpx_request_free(request);
    CHECK_EQ(httpx_reply_is_wanted(m.waiting), 0);
    FAILS(httpx_reply_send(m.waiting, 200, NULL, 0, &err), HTTPX_E_STREAM_CLOSED);
    httpx_reply_free(m.waiting);
    ended(&m, client);
}

/* Nobody ever writes the body that the transport wants to have in memory. */
static void a_deadline_ends_the_wait_for_a_body(void)
{
    mock m;
    httpx_client *client = client_with(&m, keep, HTTPX_TRANSPORT_REQUEST_BODY);
    httpx_request *request = new_request(client, "POST", "http://example.org/");
    httpx_pipe *pipe = NULL;
    MUST(httpx_request_body_pipe(request, -1, 3, &pipe, &err));
    MUST(httpx_request_deadline(request, 0.05, &err));
    httpx_response *response = NULL;
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    CHECK_EQ(atomic_load(&m.handled), 0);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    ended(&m, client);
}

static void read_in_vain(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m;
    (void)request;
    const uint8_t *piece = NULL;
    size_t size = 0;
    FAILS(httpx_reply_read(reply, &piece, &size, &err), HTTPX_E_DEADLINE_EXCEEDED);
    httpx_reply_free(reply);
}

static void a_deadline_ends_the_reading_of_a_body(void)
{
    mock m;
    httpx_client *client = client_with(&m, read_in_vain, 0);
    httpx_request *request = new_request(client, "POST", "http://example.org/");
    httpx_pipe *pipe = NULL;
    MUST(httpx_request_body_pipe(request, -1, 3, &pipe, &err));
    MUST(httpx_request_deadline(request, 0.05, &err));
    httpx_response *response = NULL;
    httpx_code code = httpx_client_send(client, request, 0, &response, &err);
    CHECK(httpx_code_is_error(code));
    CHECK_EQ(atomic_load(&m.handled), 1);
    httpx_error_free(err);
    err = NULL;
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    ended(&m, client);
}

static void a_cancelled_request_wants_no_reply(void)
{
    mock m;
    tally t = {0};
    httpx_client *client = client_with(&m, keep, 0);
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    submit(client, queue, "http://example.org/", &t, &op);
    while (atomic_load(&m.handled) == 0)
        MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
    httpx_op_cancel(op);
    dispatch_until(queue, &t, 1);
    CHECK_EQ(t.code, HTTPX_E_CANCELLED);
    CHECK_EQ(httpx_reply_is_wanted(m.waiting), 0);
    httpx_reply_free(m.waiting);
    httpx_op_free(op);
    httpx_queue_free(queue);
    ended(&m, client);
}

static void *write_slowly(void *pipe)
{
    for (int i = 0; i < 3; i++)
        GIVES(httpx_pipe_write_all(pipe, (const uint8_t *)"piece", 5, &err), HTTPX_OK);
    GIVES(httpx_pipe_finish(pipe, &err), HTTPX_OK);
    httpx_pipe_free(pipe);
    return NULL;
}

/* The pipe holds less than one of the pieces. */
static void a_streamed_upload_is_read_piece_by_piece_or_whole(void)
{
    for (int whole = 0; whole < 2; whole++) {
        mock m;
        pthread_t writer;
        httpx_client *client = client_with(&m, echo, whole ? HTTPX_TRANSPORT_REQUEST_BODY : 0);
        httpx_request *request = new_request(client, "POST", "http://example.org/");
        httpx_pipe *pipe = NULL;
        MUST(httpx_request_body_pipe(request, -1, 3, &pipe, &err));
        REQUIRE(pthread_create(&writer, NULL, write_slowly, pipe) == 0);
        httpx_response *response = send_request(client, request, 0);
        const char *body = body_of(response);
        pthread_join(writer, NULL);
        CHECK(strstr(body, "Transfer-Encoding: chunked\n") != NULL);
        CHECK((strstr(body, "Transfer-Encoding: chunked\npiecepiecepiece|") != NULL) == whole);
        httpx_response_free(response);
        ended(&m, client);
    }
}

static void ask_the_server(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)request;
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    GIVES(try_get(client, m->argument, &response), HTTPX_OK);
    const uint8_t *content = NULL;
    size_t len = 0;
    GIVES(httpx_response_content(response, &content, &len, &err), HTTPX_OK);
    GIVES(httpx_reply_send(reply, httpx_response_status_code(response), content, len, &err), HTTPX_OK);
    httpx_reply_free(reply);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_transport_may_make_blocking_calls(void)
{
    mock m;
    tally t = {0};
    char url[256];
    snprintf(url, sizeof url, "%s", HTTP("/status/200"));
    httpx_client *client = client_with(&m, ask_the_server, 0);
    m.argument = url;
    httpx_queue *queue = new_queue();
    submit(client, queue, "http://example.org/", &t, NULL);
    dispatch_until(queue, &t, 1);
    CHECK_EQ(atomic_load(&t.answered), 1);
    httpx_response_free(get(client, "http://example.org/"));
    httpx_queue_free(queue);
    ended(&m, client);
}

/* Of the request's URL, the path is the file's. Without a host there are no slashes before it. */
static void serve_a_file(mock *m, httpx_request *request, httpx_reply *reply)
{
    (void)m;
    const char *url = httpx_request_url(request, NULL);
    reply_text(reply, 200, url + strlen("file:"));
}

static void other_schemes_are_mounted(void)
{
    mock m;
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = new_mock(&m, serve_a_file, 0);
    MUST(httpx_client_builder_mount(builder, "file://", 7, transport, &err));
    httpx_transport_free(transport);
    const char *base = HTTP("/");
    MUST(httpx_client_builder_base_url(builder, base, strlen(base), &err));
    httpx_client *client = build(builder);
    httpx_response *response = get(client, "file:///etc/hosts");
    CHECK(strcmp(body_of(response), "/etc/hosts") == 0);
    CHECK(strcmp(httpx_response_url(response, NULL), "file:/etc/hosts") == 0);
    httpx_response_free(response);
    response = get(client, "file://host/etc/hosts");
    CHECK(strcmp(body_of(response), "//host/etc/hosts") == 0);
    httpx_response_free(response);
    httpx_response_free(get(client, "/get")); /* the others go as ever */
    GIVES(try_get(client, "ftp://example.org/", &response), HTTPX_E_UNSUPPORTED_PROTOCOL);
    CHECK_EQ(atomic_load(&m.handled), 2);

    /* A server does not get at the files. */
    const char *url = HTTP("/redirect-to?url=file:///etc/passwd");
    httpx_request *request = new_request(client, "GET", url);
    GIVES(httpx_client_send(client, request, HTTPX_SEND_FOLLOW_REDIRECTS, &response, &err),
          HTTPX_E_UNSUPPORTED_PROTOCOL);
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&m.handled), 2);
    ended(&m, client);
}

static void serve_a_redirect(mock *m, httpx_request *request, httpx_reply *reply)
{
    if (strcmp(httpx_request_url(request, NULL), "mem://host/first") != 0) {
        echo(m, request, reply);
        return;
    }
    reply_header(reply, "Location", "/second");
    reply_text(reply, 302, "elsewhere");
}

static void redirects_are_followed_within_a_scheme(void)
{
    mock m;
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = new_mock(&m, serve_a_redirect, 0);
    MUST(httpx_client_builder_mount(builder, "mem://", 6, transport, &err));
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_transport_free(transport);
    httpx_client *client = build(builder);
    httpx_response *response = get(client, "mem://host/first");
    CHECK(strstr(body_of(response), "GET mem://host/second\nHost: host\n") != NULL);
    CHECK_EQ(httpx_response_history_count(response), 1);
    httpx_response_free(response);
    ended(&m, client);
}

static void closing_a_transport_is_told_once(void)
{
    mock m;
    httpx_transport *transport = new_mock(&m, echo, 0);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_transport(builder, transport, &err));
    httpx_client *client = build(builder), *other = NULL;
    httpx_response_free(get(client, "http://example.org/"));
    MUST(httpx_client_close(client, 0, &err)); /* the transport is shared */
    CHECK_EQ(atomic_load(&m.closed), 0);
    for (int again = 0; again < 2; again++)
        MUST(httpx_transport_close(transport, INFINITY, &err));
    CHECK_EQ(atomic_load(&m.closed), 1);
    builder = new_builder();
    MUST(httpx_client_builder_transport(builder, transport, &err));
    other = build(builder);
    httpx_response *response = NULL;
    GIVES(try_get(other, "http://example.org/", &response), HTTPX_E_CLIENT_CLOSED);
    httpx_client_free(other);
    httpx_transport_free(transport);
    CHECK_EQ(atomic_load(&m.handled), 1);
    ended(&m, client);
}

static void a_table_that_cannot_be_used_is_refused(void)
{
    mock m = {0};
    httpx_transport *transport = NULL;
    httpx_transport_vtable table = {.size = sizeof table - 1, .handle = handle, .destroy = destroy_mock};
    FAILS(httpx_transport_custom(&table, &m, &transport, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(atomic_load(&m.destroyed), 0);
    table.size = sizeof table;
    table.flags = 1u << 31;
    FAILS(httpx_transport_custom(&table, &m, &transport, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(atomic_load(&m.destroyed), 1);
    table.flags = 0;
    table.handle = NULL;
    FAILS(httpx_transport_custom(&table, &m, &transport, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(atomic_load(&m.destroyed), 2);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_mock_answers_without_a_connection),
        TEST(its_text_is_in_the_clients_default_encoding),
        TEST(on_a_queue_it_runs_where_the_queue_is_dispatched),
        TEST(a_reply_may_come_later_from_another_thread),
        TEST(a_body_is_written_while_it_is_read),
        TEST(a_writer_learns_that_nobody_reads),
        TEST(a_body_that_is_not_finished_is_an_error),
        TEST(a_reply_may_be_an_error),
        TEST(no_reply_is_an_error),
        TEST(a_deadline_ends_the_wait_for_a_reply),
        TEST(a_deadline_ends_the_wait_for_a_body),
        TEST(a_deadline_ends_the_reading_of_a_body),
        TEST(a_cancelled_request_wants_no_reply),
        TEST(a_streamed_upload_is_read_piece_by_piece_or_whole),
        TEST(a_transport_may_make_blocking_calls),
        TEST(other_schemes_are_mounted),
        TEST(redirects_are_followed_within_a_scheme),
        TEST(closing_a_transport_is_told_once),
        TEST(a_table_that_cannot_be_used_is_refused),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

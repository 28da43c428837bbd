/* Operations beyond a plain send: cancelling, reading and streaming a response, and writing a pipe, all on a queue. */
#include "queue.h"

#include <poll.h>

/* ---- cancelling ---- */

static void check_cancelled(tally *t)
{
    CHECK_EQ(atomic_load(&t->completed), 1);
    CHECK_EQ(atomic_load(&t->destroyed), 1);
    CHECK_EQ(t->code, HTTPX_E_CANCELLED);
}

static void cancelled_before_it_began(void)
{
    tally t = {0};
    httpx_op *op = NULL;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/get"), &t, &op);
    httpx_op_cancel(op);
    httpx_op_cancel(op); /* again changes nothing */
    dispatch_until(queue, &t, 1);
    check_cancelled(&t);
    FAILS(httpx_op_result(op, &err), HTTPX_E_INVALID_STATE); /* it was told to the callback */
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void silent(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    if (raw_read_head(fd, head, sizeof head)) {
        atomic_fetch_add((atomic_int *)server->argument, 1);
        raw_drain(fd);
        atomic_fetch_add((atomic_int *)server->argument, 1);
    }
}

static void cancelled_while_the_server_thinks(int with_descriptor)
{
    static raw_server server;
    static atomic_int steps; /* 1: the request is there, 2: the connection was closed */
    tally t = {0};
    httpx_op *op = NULL;
    intptr_t fd;
    atomic_store(&steps, 0);
    raw_listen(&server, silent, &steps);
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    if (with_descriptor)
        MUST(httpx_queue_fd(queue, &fd, &err));
    submit(client, queue, raw_url(&server, "/"), &t, &op);
    while (atomic_load(&steps) < 1)
        MUST(httpx_queue_dispatch(queue, 1, NULL, &err));
    httpx_op_cancel(op);
    dispatch_until(queue, &t, 1);
    check_cancelled(&t);
    while (atomic_load(&steps) < 2) /* after the first byte was sent, only closing tells the server */
        MUST(httpx_queue_dispatch(queue, 1, NULL, &err));
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_client_free(client);
    raw_stop(&server);
}

static void cancelled_in_flight(void)
{
    cancelled_while_the_server_thinks(0);
}

static void cancelled_in_flight_on_a_watched_queue(void)
{
    cancelled_while_the_server_thinks(1);
}

static void *cancel_on_a_thread(void *argument)
{
    httpx_op_cancel(argument);
    return NULL;
}

/* A cancel posts its completion by itself: a dispatcher that waits for ever is woken. */
static void cancelled_by_another_thread(void)
{
    tally t = {0};
    httpx_op *op = NULL;
    pthread_t thread;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/hang"), &t, &op);
    REQUIRE(pthread_create(&thread, NULL, cancel_on_a_thread, op) == 0);
    while (atomic_load(&t.completed) < 1)
        MUST(httpx_queue_dispatch(queue, -1, NULL, &err));
    pthread_join(thread, NULL);
    check_cancelled(&t);
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

typedef struct other {
    tally t;
    httpx_op *op; /* to be cancelled by the callback */
} other;

static void cancel_the_other(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    other *o = user_data;
    httpx_op_cancel(o->op);
    count_completion(&o->t, code, response, error);
}

static void cancelled_by_a_callback(void)
{
    tally t = {0};
    other o = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/hang"), &t, &o.op);
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    MUST(httpx_client_send_async(client, request, 0, queue, cancel_the_other, &o, NULL, NULL, &err));
    httpx_request_free(request);
    dispatch_until(queue, &t, 1);
    check_cancelled(&t);
    CHECK_EQ(atomic_load(&o.t.answered), 1);
    httpx_op_free(o.op);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void cancelled_after_it_was_done(void)
{
    tally t = {0};
    httpx_op *op = NULL;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/get"), &t, &op);
    dispatch_until(queue, &t, 1);
    httpx_op_cancel(op);
    MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
    CHECK(httpx_op_is_done(op));
    CHECK_EQ(atomic_load(&t.completed), 1);
    CHECK_EQ(t.code, HTTPX_OK);
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* Cancelled at every moment of its life, as far as dispatching by small steps can tell the moments apart. */
static void cancelled_at_every_step(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    for (int steps = 0; steps < 12; steps++) {
        tally t = {0};
        httpx_op *op = NULL;
        submit(client, queue, HTTP("/bytes/100000"), &t, &op);
        for (int i = 0; i < steps; i++)
            MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
        httpx_op_cancel(op);
        dispatch_until(queue, &t, 1);
        CHECK(t.code == HTTPX_OK || t.code == HTTPX_E_CANCELLED);
        CHECK_EQ(atomic_load(&t.completed), 1);
        CHECK_EQ(atomic_load(&t.destroyed), 1);
        httpx_op_free(op);
    }
    CHECK(connection_number(client) > 0);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void freeing_the_operation_does_not_cancel_it(void)
{
    tally t = {0};
    httpx_op *op = NULL;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/get"), &t, &op);
    httpx_op *clone = httpx_op_clone(op);
    httpx_op_free(op);
    httpx_op_free(clone);
    dispatch_until(queue, &t, 1);
    CHECK_EQ(atomic_load(&t.answered), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void freeing_the_queue_destroys_but_does_not_complete(void)
{
    tally t = {0};
    httpx_op *op = NULL;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/hang"), &t, NULL);
    submit(client, queue, HTTP("/hang"), &t, &op);
    MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
    httpx_queue_free(queue);
    CHECK_EQ(atomic_load(&t.completed), 0);
    CHECK_EQ(atomic_load(&t.destroyed), 2);
    CHECK(httpx_op_is_done(op));
    FAILS(httpx_op_result(op, &err), HTTPX_E_CANCELLED);
    httpx_op_free(op);
    CHECK(connection_number(client) > 0);
    httpx_client_free(client);
}

/* ---- reading and streaming ---- */

static void a_response_is_read_on_the_queue(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_response *response = get_streamed(client, HTTP("/bytes/300000"));
    MUST(httpx_response_read_async(response, queue, count_done, &t, forget_tally, NULL, &err));
    dispatch_until(queue, &t, 1);
    CHECK_EQ(t.code, HTTPX_OK);
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    CHECK_EQ(body_len(response), 300000);
    httpx_response_free(response);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void a_response_in_use_by_an_operation_says_so(void)
{
    tally t = {0};
    const uint8_t *body;
    size_t len;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_stream *stream = NULL;
    httpx_response *response = get_streamed(client, HTTP("/bytes/300000"));
    MUST(httpx_response_read_async(response, queue, count_done, &t, forget_tally, NULL, &err));
    FAILS(httpx_response_read(response, &body, &len, &err), HTTPX_E_CONCURRENT_USE);
    FAILS(httpx_response_stream(response, HTTPX_STREAM_BYTES, 0, &stream, &err), HTTPX_E_CONCURRENT_USE);
    CHECK_EQ(httpx_response_status_code(response), 200); /* the head can always be read */
    dispatch_until(queue, &t, 1);
    CHECK_EQ(t.code, HTTPX_OK);
    CHECK_EQ(body_len(response), 300000);
    httpx_response_free(response);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* A response whose head came on the queue; its body is taken here, where the queue is not driven. */
static void keep_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    CHECK_EQ(code, HTTPX_OK);
    httpx_error_free(error);
    *(httpx_response **)user_data = response;
}

static httpx_response *head_on_the_queue(httpx_client *client, httpx_queue *queue, const char *url)
{
    httpx_response *response = NULL;
    httpx_request *request = new_request(client, "GET", url);
    MUST(
        httpx_client_send_async(client, request, HTTPX_SEND_STREAM, queue, keep_response, &response, NULL, NULL, &err));
    httpx_request_free(request);
    while (response == NULL)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    CHECK_EQ(httpx_response_status_code(response), 200);
    return response;
}

static void the_head_on_a_queue_and_the_body_blocking(int with_descriptor)
{
    intptr_t fd;
    const uint8_t *body;
    size_t len = 0;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    if (with_descriptor)
        MUST(httpx_queue_fd(queue, &fd, &err));
    for (int i = 0; i < 3; i++) {
        httpx_response *response = head_on_the_queue(client, queue, HTTP("/bytes/2000000"));
        MUST(httpx_response_read(response, &body, &len, &err));
        CHECK_EQ(len, 2000000);
        httpx_response_free(response);
    }
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void a_body_that_changes_hands(void)
{
    the_head_on_a_queue_and_the_body_blocking(0);
}

static void a_body_that_changes_hands_from_a_watched_queue(void)
{
    the_head_on_a_queue_and_the_body_blocking(1);
}

static void a_body_survives_its_queue(void)
{
    const uint8_t *body;
    size_t len = 0;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_response *response = head_on_the_queue(client, queue, HTTP("/bytes/2000000"));
    httpx_queue_free(queue);
    httpx_client_free(client);
    MUST(httpx_response_read(response, &body, &len, &err));
    CHECK_EQ(len, 2000000);
    httpx_response_free(response);
}

typedef struct download {
    httpx_queue *queue;
    httpx_stream *stream;
    size_t bytes;
    int chunks, asked;
    httpx_code end; /* HTTPX_OK while it goes on */
} download;

static void ask_for_a_chunk(download *d);

static void on_chunk(void *user_data, httpx_code code, const uint8_t *data, size_t len, httpx_error *error)
{
    download *d = user_data;
    if (code == HTTPX_OK) {
        CHECK(data != NULL && len > 0);
        d->bytes += len;
        d->chunks++;
        ask_for_a_chunk(d);
    } else {
        CHECK(len == 0);
        d->end = code;
    }
    httpx_error_free(error);
}

static void ask_for_a_chunk(download *d)
{
    d->asked++;
    GIVES(httpx_stream_next_async(d->stream, d->queue, on_chunk, d, NULL, NULL, &err), HTTPX_OK);
}

/* All of a download on a queue that the library drives: head, then chunk after chunk. */
static void a_download_on_a_watched_queue(void)
{
    intptr_t fd;
    httpx_client *client = new_client();
    download d = {.queue = new_queue()};
    MUST(httpx_queue_fd(d.queue, &fd, &err));
    httpx_response *response = head_on_the_queue(client, d.queue, HTTP("/bytes/500000"));
    d.stream = new_stream(response, 0);
    httpx_response_free(response);
    ask_for_a_chunk(&d);
    while (d.end == HTTPX_OK)
        MUST(httpx_queue_dispatch(d.queue, 1000, NULL, &err));
    CHECK_EQ(d.end, HTTPX_DONE);
    CHECK_EQ(d.bytes, 500000);
    httpx_stream_free(d.stream);
    httpx_queue_free(d.queue);
    httpx_client_free(client);
}

static void a_stream_on_the_queue(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/500000"));
    download d = {.queue = new_queue(), .stream = new_stream(response, 10000)};
    httpx_response_free(response);
    ask_for_a_chunk(&d);
    while (d.end == HTTPX_OK)
        MUST(httpx_queue_dispatch(d.queue, 1000, NULL, &err));
    CHECK_EQ(d.end, HTTPX_DONE);
    CHECK_EQ(d.bytes, 500000);
    CHECK_EQ(d.chunks, 50);
    CHECK_EQ(d.asked, 51);
    httpx_stream_free(d.stream);
    httpx_queue_free(d.queue);
    httpx_client_free(client);
}

static void chunks_by_poll(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_response *response = get_streamed(client, HTTP("/bytes/3000"));
    httpx_stream *stream = new_stream(response, 1000);
    size_t total = 0;
    httpx_code code = HTTPX_OK;
    while (code == HTTPX_OK) {
        httpx_event event = {.size = sizeof event};
        size_t n = 0, len = 0;
        const uint8_t *chunk = NULL;
        MUST(httpx_stream_next_async(stream, queue, NULL, NULL, NULL, NULL, &err));
        MUST(httpx_queue_poll(queue, &event, 1, &n, -1, &err));
        REQUIRE(n == 1);
        CHECK_EQ(event.kind, HTTPX_EVENT_CHUNK);
        code = event.code;
        if (code == HTTPX_OK)
            MUST(httpx_op_chunk(event.op, &chunk, &len, &err));
        CHECK(code != HTTPX_OK || (chunk != NULL && len == 1000));
        total += len;
        httpx_op_free(event.op);
    }
    CHECK_EQ(code, HTTPX_DONE);
    CHECK_EQ(total, 3000);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

enum { FLOOD = 256 << 20, BOUND = 32 << 20 };

typedef struct flood {
    atomic_size_t sent;
    atomic_int stuck; /* nothing could be sent for half a second */
} flood;

/* Sends a body of 256 MiB, as long as somebody takes it. */
static void flood_the_client(raw_server *server, int fd)
{
    static const char zeros[65536];
    flood *f = server->argument;
    char head[HEAD_SIZE], answer[128];
    if (!raw_read_head(fd, head, sizeof head))
        return;
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", FLOOD);
    raw_say(fd, answer);
    while (atomic_load(&f->sent) < FLOOD) {
        struct pollfd watched = {.fd = fd, .events = POLLOUT};
        if (poll(&watched, 1, 500) == 0) {
            atomic_store(&f->stuck, 1);
            return;
        }
        ssize_t sent = send(fd, zeros, sizeof zeros, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return;
        atomic_fetch_add(&f->sent, sent > 0 ? (size_t)sent : 0);
    }
}

static void take_one_chunk(void *user_data, httpx_code code, const uint8_t *data, size_t len, httpx_error *error)
{
    (void)data, (void)len;
    count_done(user_data, code, error);
}

/* Who asks for one chunk does not get the whole body into memory: the server is held back by the sockets. */
static void a_stream_takes_no_more_than_is_asked_for(int with_descriptor)
{
    static raw_server server;
    static flood f;
    tally t = {0};
    intptr_t fd;
    atomic_store(&f.sent, 0);
    atomic_store(&f.stuck, 0);
    raw_listen(&server, flood_the_client, &f);
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    if (with_descriptor)
        MUST(httpx_queue_fd(queue, &fd, &err));
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    httpx_stream *stream = new_stream(response, 0);
    MUST(httpx_stream_next_async(stream, queue, take_one_chunk, &t, forget_tally, NULL, &err));
    dispatch_until(queue, &t, 1);
    while (!atomic_load(&f.stuck) && atomic_load(&f.sent) < FLOOD)
        MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
    CHECK(atomic_load(&f.sent) < BOUND);
    CHECK_EQ(atomic_load(&t.completed), 1);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_queue_free(queue);
    httpx_client_free(client);
    raw_stop(&server);
}

static void back_pressure(void)
{
    a_stream_takes_no_more_than_is_asked_for(0);
}

static void back_pressure_on_a_watched_queue(void)
{
    a_stream_takes_no_more_than_is_asked_for(1);
}

/* ---- a pipe that is written when it is writable ---- */

enum { MILLION = 1000000 };

typedef struct piped {
    httpx_pipe *pipe;
    httpx_queue *queue;
    size_t left;
    int waits;
} piped;

static void write_on(piped *p);

static void on_writable(void *user_data, httpx_code code, httpx_error *error)
{
    piped *p = user_data;
    CHECK_EQ(code, HTTPX_OK);
    httpx_error_free(error);
    if (code == HTTPX_OK)
        write_on(p);
}

static void write_on(piped *p)
{
    static uint8_t piece[MILLION];
    memset(piece, 'a', sizeof piece);
    size_t written = 0;
    httpx_code code = HTTPX_OK;
    while (p->left > 0 && (code = httpx_pipe_write(p->pipe, piece, p->left, &written, &err)) == HTTPX_OK)
        p->left -= written;
    if (p->left == 0) {
        GIVES(httpx_pipe_finish(p->pipe, &err), HTTPX_OK);
    } else if (GIVES(code, HTTPX_AGAIN)) {
        p->waits++;
        GIVES(httpx_pipe_writable_async(p->pipe, p->queue, on_writable, p, NULL, NULL, &err), HTTPX_OK);
    }
}

static void a_pipe_that_is_written_when_it_is_writable(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_request *request = new_request(client, "POST", HTTP("/upload"));
    httpx_op *op = NULL;
    httpx_response *response = NULL;
    piped p = {.queue = queue, .left = MILLION};
    MUST(httpx_request_body_pipe(request, MILLION, 10000, &p.pipe, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
    write_on(&p);
    while (!httpx_op_is_done(op))
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    CHECK_EQ(p.left, 0);
    CHECK(p.waits > 1);
    MUST(httpx_op_take_response(op, &response, &err));
    CHECK_EQ(json_number(body_of(response), "size"), MILLION);
    httpx_response_free(response);
    httpx_op_free(op);
    httpx_pipe_free(p.pipe);
    httpx_request_free(request);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(cancelled_before_it_began),
        TEST(cancelled_in_flight),
        TEST(cancelled_in_flight_on_a_watched_queue),
        TEST(cancelled_by_another_thread),
        TEST(cancelled_by_a_callback),
        TEST(cancelled_after_it_was_done),
        TEST(cancelled_at_every_step),
        TEST(freeing_the_operation_does_not_cancel_it),
        TEST(freeing_the_queue_destroys_but_does_not_complete),
        TEST(a_response_is_read_on_the_queue),
        TEST(a_response_in_use_by_an_operation_says_so),
        TEST(a_body_that_changes_hands),
        TEST(a_body_that_changes_hands_from_a_watched_queue),
        TEST(a_body_survives_its_queue),
        TEST(a_download_on_a_watched_queue),
        TEST(a_stream_on_the_queue),
        TEST(chunks_by_poll),
        TEST(back_pressure),
        TEST(back_pressure_on_a_watched_queue),
        TEST(a_pipe_that_is_written_when_it_is_writable),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

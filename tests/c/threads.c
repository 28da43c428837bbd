/* Threads: a client is used by many at once; what belongs to one thread at a time says so when two come. */
#include "queue.h"

enum { THREADS = 8, REQUESTS = 25 };

typedef struct worker {
    pthread_t thread;
    httpx_client *client;
    httpx_queue *queue;
    httpx_response *response;
    httpx_stream *stream;
    httpx_request *request;
    tally *t;
    const char *url;
    const httpx_error *error;
    httpx_code code;
    int answered;
    int done_pipe; /* told about the end */
} worker;

/* Each worker is an owner of the client, up to `join`. */
static void start(worker *workers, int count, const worker *model, void *(*run)(void *))
{
    for (int i = 0; i < count; i++) {
        workers[i] = *model;
        workers[i].client = httpx_client_clone(model->client);
        REQUIRE(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0);
    }
}

static void join(worker *workers, int count)
{
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        httpx_client_free(workers[i].client);
    }
}

/* ---- one client ---- */

static void *fetch_many(void *argument)
{
    worker *w = argument;
    for (int i = 0; i < REQUESTS; i++) {
        httpx_response *response = NULL;
        httpx_code code = httpx_client_get(w->client, w->url, strlen(w->url), &response, &err);
        if (GIVES(code, HTTPX_OK) && httpx_response_status_code(response) == 200)
            w->answered++;
        httpx_response_free(response);
    }
    return NULL;
}

static void many_threads_on_one_client(size_t max_connections)
{
    worker workers[THREADS];
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_limits(builder, max_connections, max_connections, 5.0, &err));
    MUST(httpx_client_builder_timeout(builder, 60, 60, 60, 60, &err));
    worker model = {.client = build(builder), .url = HTTP("/get")};
    start(workers, THREADS, &model, fetch_many);
    httpx_client_free(model.client);
    join(workers, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(workers[i].answered, REQUESTS);
}

static void a_connection_for_each_thread(void)
{
    many_threads_on_one_client(100);
}

static void more_threads_than_connections(void)
{
    many_threads_on_one_client(2);
}

static void one_connection_for_all_threads(void)
{
    many_threads_on_one_client(1);
}

static void *submit_many(void *argument)
{
    worker *w = argument;
    for (int i = 0; i < REQUESTS; i++) {
        httpx_request *request = NULL;
        GIVES(httpx_request_new(w->client, "GET", 3, w->url, strlen(w->url), &request, &err), HTTPX_OK);
        GIVES(
            httpx_client_send_async(w->client, request, 0, w->queue, count_completion, w->t, forget_tally, NULL, &err),
            HTTPX_OK);
        httpx_request_free(request);
    }
    return NULL;
}

static void many_producers_and_one_consumer(int with_descriptor)
{
    tally t = {0};
    intptr_t fd;
    worker workers[THREADS];
    worker model = {.client = new_client(), .queue = new_queue(), .url = HTTP("/get"), .t = &t};
    if (with_descriptor)
        MUST(httpx_queue_fd(model.queue, &fd, &err));
    start(workers, THREADS, &model, submit_many);
    dispatch_until(model.queue, &t, THREADS * REQUESTS);
    join(workers, THREADS);
    CHECK_EQ(atomic_load(&t.answered), THREADS * REQUESTS);
    CHECK_EQ(atomic_load(&t.destroyed), THREADS * REQUESTS);
    httpx_queue_free(model.queue);
    httpx_client_free(model.client);
}

static void producers_while_the_consumer_drives(void)
{
    many_producers_and_one_consumer(0);
}

static void producers_while_the_library_drives(void)
{
    many_producers_and_one_consumer(1);
}

/* Blocking calls on some threads, a queue on this one, and one connection for all. */
static void a_queue_beside_blocking_threads(void)
{
    tally t = {0};
    worker workers[2];
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_limits(builder, 1, 1, 5.0, &err));
    MUST(httpx_client_builder_timeout(builder, 60, 60, 60, 60, &err));
    worker model = {.client = build(builder), .url = HTTP("/get")};
    httpx_queue *queue = new_queue();
    start(workers, 2, &model, fetch_many);
    for (int i = 1; i <= REQUESTS; i++) {
        submit(model.client, queue, model.url, &t, NULL);
        dispatch_until(queue, &t, i);
    }
    join(workers, 2);
    CHECK_EQ(atomic_load(&t.answered), REQUESTS);
    CHECK_EQ(workers[0].answered + workers[1].answered, 2 * REQUESTS);
    httpx_queue_free(queue);
    httpx_client_free(model.client);
}

/* ---- two threads where there may be one ---- */

/* The first half of an answer, and the second when the test says so (one byte through the pipe). */
typedef struct gate {
    int pipes[2];
} gate;

static void gated_answer(raw_server *server, int fd)
{
    gate *g = server->argument;
    char head[HEAD_SIZE], byte;
    while (raw_read_head(fd, head, sizeof head)) {
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
        if (read(g->pipes[0], &byte, 1) != 1)
            return;
        raw_say(fd, "body");
    }
}

/* Two threads make the same call. One is turned away at once; only then the gate opens, so that the other gets on. */
static void two_at_once(worker *model, void *(*run)(void *), void (*open)(void *), void *gate)
{
    worker workers[2];
    int pipes[2];
    char byte;
    REQUIRE(pipe(pipes) == 0);
    model->done_pipe = pipes[1];
    start(workers, 2, model, run);
    CHECK_EQ(read(pipes[0], &byte, 1), 1);
    open(gate);
    join(workers, 2);
    int first = httpx_code_is_error(workers[0].code) ? 0 : 1;
    CHECK_EQ(workers[first].code, HTTPX_E_CONCURRENT_USE);
    CHECK_EQ(workers[1 - first].code, HTTPX_OK);
    close(pipes[0]);
    close(pipes[1]);
}

static void open_gate(void *argument)
{
    CHECK_EQ(write(((gate *)argument)->pipes[1], "g", 1), 1);
}

static void told(worker *w, httpx_code code)
{
    w->code = code;
    CHECK_EQ(write(w->done_pipe, "d", 1), 1);
}

static void *read_response(void *argument)
{
    worker *w = argument;
    const uint8_t *body;
    size_t len;
    told(w, httpx_response_read(w->response, &body, &len, NULL));
    return NULL;
}

static void *next_chunk(void *argument)
{
    worker *w = argument;
    const uint8_t *chunk;
    size_t len;
    told(w, httpx_stream_next(w->stream, &chunk, &len, NULL));
    return NULL;
}

static void *send_it(void *argument)
{
    worker *w = argument;
    told(w, httpx_client_send(w->client, w->request, 0, &w->response, NULL));
    return NULL;
}

static void *dispatch_it(void *argument)
{
    worker *w = argument;
    told(w, httpx_queue_dispatch(w->queue, -1, NULL, NULL));
    return NULL;
}

static void with_gate(raw_server *server, gate *g)
{
    REQUIRE(pipe(g->pipes) == 0);
    raw_listen(server, gated_answer, g);
}

static void without_gate(raw_server *server, gate *g)
{
    close(g->pipes[1]);
    raw_stop(server);
    close(g->pipes[0]);
}

static void two_threads_read_one_response(void)
{
    static raw_server server;
    static gate g;
    with_gate(&server, &g);
    worker model = {.client = new_client()};
    model.response = get_streamed(model.client, raw_url(&server, "/"));
    two_at_once(&model, read_response, open_gate, &g);
    CHECK_TEXT(body_of(model.response), body_len(model.response), "body"); /* it did no harm */
    httpx_response_free(model.response);
    httpx_client_free(model.client);
    without_gate(&server, &g);
}

static void two_threads_take_from_one_stream(void)
{
    static raw_server server;
    static gate g;
    with_gate(&server, &g);
    worker model = {.client = new_client()};
    httpx_response *response = get_streamed(model.client, raw_url(&server, "/"));
    model.stream = new_stream(response, 0);
    two_at_once(&model, next_chunk, open_gate, &g);
    httpx_stream_free(model.stream);
    httpx_response_free(response);
    httpx_client_free(model.client);
    without_gate(&server, &g);
}

/* Sending copies the request first, so two may come through one after the other; what must not be is anything else. */
static void two_threads_send_one_request(void)
{
    worker workers[2];
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    worker model = {.client = new_client(), .done_pipe = pipes[1]};
    model.request = new_request(model.client, "GET", HTTP("/get"));
    start(workers, 2, &model, send_it);
    join(workers, 2);
    for (int i = 0; i < 2; i++) {
        CHECK(workers[i].code == HTTPX_OK || workers[i].code == HTTPX_E_CONCURRENT_USE);
        httpx_response_free(workers[i].response);
    }
    httpx_request_free(model.request);
    httpx_client_free(model.client);
    close(pipes[0]);
    close(pipes[1]);
}

static void open_by_submitting(void *argument)
{
    worker *model = argument;
    submit(model->client, model->queue, "http://127.0.0.1:1/", model->t, NULL);
}

static void two_threads_dispatch_one_queue(void)
{
    tally t = {0};
    worker model = {.client = new_client(), .queue = new_queue(), .t = &t};
    two_at_once(&model, dispatch_it, open_by_submitting, &model);
    dispatch_until(model.queue, &t, 1);
    httpx_queue_free(model.queue);
    httpx_client_free(model.client);
}

/* ---- what any thread may do ---- */

static void *look_at_error(void *argument)
{
    worker *w = argument;
    const httpx_error *error = w->error;
    for (int i = 0; i < 1000; i++) {
        httpx_error *clone = httpx_error_clone(error);
        CHECK_EQ(httpx_error_code(clone), HTTPX_E_CONNECTION_REFUSED);
        CHECK(httpx_error_message(error, NULL)[0] != '\0');
        CHECK(httpx_error_request_url(clone, NULL) != NULL);
        httpx_error_free(clone);
    }
    return NULL;
}

static void an_error_is_read_by_many(void)
{
    worker workers[THREADS];
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    CHECK_EQ(try_get(client, "http://127.0.0.1:1/", &response), HTTPX_E_CONNECTION_REFUSED);
    worker model = {.error = err};
    REQUIRE(err != NULL);
    start(workers, THREADS, &model, look_at_error);
    join(workers, THREADS);
    httpx_error_free(err);
    err = NULL;
    httpx_client_free(client);
}

static void *build_and_free(void *argument)
{
    (void)argument;
    for (int i = 0; i < 50; i++) {
        httpx_client_builder *builder = NULL;
        httpx_client *client = NULL;
        httpx_queue *queue = NULL;
        GIVES(httpx_client_builder_new(&builder, &err), HTTPX_OK);
        GIVES(httpx_client_builder_build(builder, &client, &err), HTTPX_OK);
        GIVES(httpx_queue_new(&queue, &err), HTTPX_OK);
        httpx_client_builder_free(builder);
        httpx_client_free(client);
        httpx_queue_free(queue);
    }
    return NULL;
}

static void handles_are_made_and_freed_by_many(void)
{
    worker workers[THREADS];
    worker model = {.code = HTTPX_OK};
    start(workers, THREADS, &model, build_and_free);
    join(workers, THREADS);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_ALL), 0);
}

/* ---- interrupting one of many ---- */

static int32_t yes_if_set(void *user_data)
{
    return atomic_load((atomic_int *)user_data);
}

static void *send_and_hang(void *argument)
{
    worker *w = argument;
    httpx_response *response = NULL;
    w->code = httpx_client_get(w->client, w->url, strlen(w->url), &response, NULL);
    httpx_response_free(response);
    return NULL;
}

static void all_blocked_threads_are_interrupted(void)
{
    worker workers[THREADS];
    atomic_int flag = 0;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, INFINITY, INFINITY, INFINITY, INFINITY, &err));
    MUST(httpx_client_builder_limits(builder, 2, 2, 5.0, &err)); /* some wait for the server, some for the pool */
    MUST(httpx_client_builder_interrupt(builder, yes_if_set, &flag, NULL, &err));
    worker model = {.client = build(builder), .url = HTTP("/hang")};
    start(workers, THREADS, &model, send_and_hang);
    size_t waiting = 0;
    while (waiting < THREADS - 2)
        MUST(httpx_client_connections(model.client, NULL, NULL, &waiting, &err));
    atomic_store(&flag, 1);
    join(workers, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(workers[i].code, HTTPX_E_INTERRUPTED);
    httpx_client_free(model.client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_connection_for_each_thread),
        TEST(more_threads_than_connections),
        TEST(one_connection_for_all_threads),
        TEST(producers_while_the_consumer_drives),
        TEST(producers_while_the_library_drives),
        TEST(a_queue_beside_blocking_threads),
        TEST(two_threads_read_one_response),
        TEST(two_threads_take_from_one_stream),
        TEST(two_threads_send_one_request),
        TEST(two_threads_dispatch_one_queue),
        TEST(an_error_is_read_by_many),
        TEST(handles_are_made_and_freed_by_many),
        TEST(all_blocked_threads_are_interrupted),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

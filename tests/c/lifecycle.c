/* Handles are freed in every order, at rest and in flight, and nothing is left: the harness looks for live handles
 * after each test, ASan and valgrind for memory. */
#include "queue.h"

#include <poll.h>

/* ---- every order ---- */

enum { CLIENT, REQUEST, RESPONSE, STREAM, QUEUE, OP, HANDLES };

typedef struct world {
    httpx_client *client;
    httpx_request *request;
    httpx_response *response;
    httpx_stream *stream;
    httpx_queue *queue;
    httpx_op *op;
} world;

/* How far the operation has come when the freeing begins. */
typedef enum stage { SUBMITTED, IN_FLIGHT, WATCHED, DONE_UNSEEN } stage;

static void create(world *w, tally *t, stage s)
{
    intptr_t fd = -1;
    const char *url = s == DONE_UNSEEN ? HTTP("/anything") : HTTP("/hang");
    memset(w, 0, sizeof *w);
    w->client = new_client();
    w->response = get_streamed(w->client, HTTP("/bytes/100000"));
    w->stream = new_stream(w->response, 1000);
    w->queue = new_queue();
    w->request = new_request(w->client, "POST", url);
    MUST(httpx_request_body_bytes(w->request, (const uint8_t *)"body", 4, &err));
    if (s == WATCHED || s == DONE_UNSEEN)
        MUST(httpx_queue_fd(w->queue, &fd, &err));
    MUST(httpx_client_send_async(w->client, w->request, 0, w->queue, count_completion, t, forget_tally, &w->op, &err));
    if (s == IN_FLIGHT)
        MUST(httpx_queue_dispatch(w->queue, 0, NULL, &err));
    if (s == DONE_UNSEEN) {
        struct pollfd watched = {.fd = (int)fd, .events = POLLIN};
        REQUIRE(poll(&watched, 1, 30000) == 1);
    }
}

static void free_one(world *w, int which)
{
    switch (which) {
    case CLIENT:
        httpx_client_free(w->client);
        break;
    case REQUEST:
        httpx_request_free(w->request);
        break;
    case RESPONSE:
        httpx_response_free(w->response);
        break;
    case STREAM:
        httpx_stream_free(w->stream);
        break;
    case QUEUE:
        httpx_queue_free(w->queue);
        break;
    default:
        httpx_op_free(w->op);
        break;
    }
}

/* The permutation with this number, by the factorial number system. */
static void permutation(int number, int count, int *order)
{
    int rest[HANDLES];
    for (int i = 0; i < count; i++)
        rest[i] = i;
    for (int left = count; left > 0; left--) {
        int at = number % left;
        number /= left;
        order[count - left] = rest[at];
        memmove(&rest[at], &rest[at + 1], sizeof *rest * (size_t)(left - at - 1));
    }
}

static void in_every_order(stage s)
{
    enum { ORDERS = 720 }; /* 6! */
    for (int number = 0; number < ORDERS; number++) {
        world w;
        tally t = {0};
        int order[HANDLES];
        permutation(number, HANDLES, order);
        create(&w, &t, s);
        for (int i = 0; i < HANDLES; i++)
            free_one(&w, order[i]);
        CHECK_EQ(atomic_load(&t.completed), 0); /* nobody dispatched */
        CHECK_EQ(atomic_load(&t.destroyed), 1);
    }
}

static void in_every_order_before_it_began(void)
{
    in_every_order(SUBMITTED);
}

static void in_every_order_in_flight(void)
{
    in_every_order(IN_FLIGHT);
}

static void in_every_order_while_the_library_drives(void)
{
    in_every_order(WATCHED);
}

/* The queue's descriptor is asked for, the answer comes, and nobody takes it. */
static void in_every_order_with_an_answer_that_nobody_took(void)
{
    in_every_order(DONE_UNSEEN);
}

/* As above, for an upload: client, request, pipe, queue and op. */
static void an_upload_in_every_order(void)
{
    enum { PARTS = 5, ORDERS = 120 };
    for (int number = 0; number < ORDERS; number++) {
        tally t = {0};
        atomic_int destroyed = 0;
        int order[HANDLES];
        httpx_client *client = new_client();
        httpx_queue *queue = new_queue();
        httpx_request *request = new_request(client, "POST", HTTP("/upload"));
        httpx_pipe *pipe = NULL;
        httpx_op *writable = NULL;
        size_t written;
        MUST(httpx_request_body_pipe(request, -1, 100, &pipe, &err));
        MUST(httpx_client_send_async(client, request, 0, queue, count_completion, &t, forget_tally, NULL, &err));
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
        while (httpx_pipe_write(pipe, (const uint8_t *)"some bytes", 10, &written, NULL) == HTTPX_OK)
            continue;
        MUST(httpx_pipe_writable_async(pipe, queue, NULL, &destroyed, count_destroy, &writable, &err));
        permutation(number, PARTS, order);
        for (int i = 0; i < PARTS; i++) {
            if (order[i] == 0)
                httpx_client_free(client);
            else if (order[i] == 1)
                httpx_request_free(request);
            else if (order[i] == 2)
                httpx_pipe_free(pipe);
            else if (order[i] == 3)
                httpx_queue_free(queue);
            else
                httpx_op_free(writable);
        }
        CHECK_EQ(atomic_load(&t.destroyed), 1);
        CHECK_EQ(atomic_load(&destroyed), 1);
    }
}

/* A head, a part of the body, and then nothing more. */
static void part_of_a_body(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    raw_drain(fd);
}

/* The same for what reads a body in the background: client, response or stream, queue and op. */
static void a_read_in_every_order(int streamed, int with_descriptor)
{
    enum { PARTS = 4, ORDERS = 24 };
    static raw_server server;
    raw_listen(&server, part_of_a_body, NULL);
    for (int number = 0; number < ORDERS; number++) {
        atomic_int destroyed = 0;
        int order[HANDLES];
        intptr_t fd;
        const uint8_t *chunk;
        size_t len;
        httpx_client *client = new_client();
        httpx_queue *queue = new_queue();
        httpx_response *response = get_streamed(client, raw_url(&server, "/"));
        httpx_stream *stream = streamed ? new_stream(response, 0) : NULL;
        httpx_op *op = NULL;
        if (with_descriptor)
            MUST(httpx_queue_fd(queue, &fd, &err));
        if (streamed) {
            MUST(httpx_stream_next(stream, &chunk, &len, &err));
            MUST(httpx_stream_next_async(stream, queue, NULL, &destroyed, count_destroy, &op, &err));
        } else {
            MUST(httpx_response_read_async(response, queue, NULL, &destroyed, count_destroy, &op, &err));
        }
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
        permutation(number, PARTS, order);
        for (int i = 0; i < PARTS; i++) {
            if (order[i] == 0)
                httpx_client_free(client);
            else if (order[i] == 1)
                httpx_queue_free(queue);
            else if (order[i] == 2)
                httpx_op_free(op);
            else {
                httpx_stream_free(stream);
                httpx_response_free(response);
            }
        }
        CHECK_EQ(atomic_load(&destroyed), 1);
    }
    raw_stop(&server);
    CHECK_EQ(atomic_load(&server.accepted), ORDERS);
}

static void a_response_that_is_being_read_in_every_order(void)
{
    a_read_in_every_order(0, 0);
    a_read_in_every_order(0, 1);
}

static void a_stream_that_is_being_read_in_every_order(void)
{
    a_read_in_every_order(1, 0);
    a_read_in_every_order(1, 1);
}

/* ---- owners ---- */

static void every_free_takes_null(void)
{
    httpx_error_free(NULL);
    httpx_client_builder_free(NULL);
    httpx_client_free(NULL);
    httpx_request_free(NULL);
    httpx_response_free(NULL);
    httpx_stream_free(NULL);
    httpx_queue_free(NULL);
    httpx_op_free(NULL);
    httpx_pipe_free(NULL);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_ALL), 0);
}

static void a_clone_is_another_owner(void)
{
    httpx_client *client = new_client();
    long long before = connection_number(client);
    httpx_client *clone = httpx_client_clone(client);
    httpx_client_free(client);
    CHECK_EQ(connection_number(clone), before); /* the same pool */
    httpx_client_free(clone);
}

static void live_handles_are_counted(void)
{
    int64_t clients = httpx_live_handles(HTTPX_KIND_CLIENT);
    httpx_client *client = new_client();
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_CLIENT), clients + 1);
    httpx_client *clone = httpx_client_clone(client);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_CLIENT), clients + 2);
    int64_t all = httpx_live_handles(HTTPX_KIND_ALL);
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    httpx_queue *queue = new_queue();
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_ALL), all + 2);
    httpx_request_free(request);
    httpx_queue_free(queue);
    httpx_client_free(client);
    httpx_client_free(clone);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_CLIENT), clients);
}

/* ---- closing ---- */

static void a_closed_client_sends_no_more(void)
{
    httpx_client *client = new_client();
    httpx_client *clone = httpx_client_clone(client);
    httpx_response *response = NULL;
    httpx_response_free(get(client, HTTP("/get")));
    MUST(httpx_client_close(client, 0, &err));
    GIVES(httpx_client_close(client, 0, &err), HTTPX_OK); /* twice is fine */
    FAILS(try_get(client, HTTP("/get"), &response), HTTPX_E_CLIENT_CLOSED);
    httpx_client_free(client);
    httpx_client_free(clone);
}

/* The drain lets what is in flight end well. */
static void closing_with_a_drain(void)
{
    tally t = {0};
    intptr_t fd;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    MUST(httpx_queue_fd(queue, &fd, &err));
    submit(client, queue, HTTP("/delay/1"), &t, NULL);
    size_t active = 0;
    while (active == 0)
        MUST(httpx_client_connections(client, &active, NULL, NULL, &err));
    MUST(httpx_client_close(client, 30, &err));
    dispatch_until(queue, &t, 1);
    CHECK_EQ(atomic_load(&t.answered), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void closing_without_a_drain_ends_what_is_in_flight(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/hang"), &t, NULL);
    MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
    MUST(httpx_client_close(client, 0, &err));
    dispatch_until(queue, &t, 1);
    CHECK(httpx_code_is_error(t.code));
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void report_close(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    while (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    ssize_t done = write(*(int *)server->argument, "c", 1);
    (void)done;
}

/* An idle connection that nobody drives is closed when its client is freed, not later. */
static void the_peer_sees_the_end_when_the_client_is_freed(void)
{
    static raw_server server;
    static int pipes[2];
    char byte;
    REQUIRE(pipe(pipes) == 0);
    raw_listen(&server, report_close, &pipes[1]);
    httpx_client *client = new_client();
    httpx_response_free(get(client, raw_url(&server, "/")));
    httpx_client_free(client);
    CHECK_EQ(read(pipes[0], &byte, 1), 1); /* the harness's watchdog ends it if there is none */
    raw_stop(&server);
    close(pipes[0]);
    close(pipes[1]);
}

static void quiesce_and_go_on(void)
{
    httpx_client *client = new_client();
    long long before = connection_number(client);
    for (int i = 0; i < 3; i++) {
        MUST(httpx_quiesce(5.0, &err));
        long long after = connection_number(client); /* idle connections were closed, the client was not */
        CHECK(after != before);
        before = after;
    }
    httpx_client_free(client);
}

static void destroy_functions_may_call_the_library(void *user_data)
{
    httpx_client *client = user_data;
    httpx_response *response = NULL;
    const char *url = HTTP("/get");
    GIVES(httpx_client_get(client, url, strlen(url), &response, &err), HTTPX_OK);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* The last owner of a client is the user data of one of its operations. */
static void a_client_freed_by_its_operation(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    httpx_op *op = NULL;
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, client, destroy_functions_may_call_the_library, &op,
                                 &err));
    httpx_request_free(request);
    while (!httpx_op_is_done(op))
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    httpx_op_free(op);
    httpx_queue_free(queue);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(in_every_order_before_it_began),
        TEST(in_every_order_in_flight),
        TEST(in_every_order_while_the_library_drives),
        TEST(in_every_order_with_an_answer_that_nobody_took),
        TEST(an_upload_in_every_order),
        TEST(a_response_that_is_being_read_in_every_order),
        TEST(a_stream_that_is_being_read_in_every_order),
        TEST(every_free_takes_null),
        TEST(a_clone_is_another_owner),
        TEST(live_handles_are_counted),
        TEST(a_closed_client_sends_no_more),
        TEST(closing_with_a_drain),
        TEST(closing_without_a_drain_ends_what_is_in_flight),
        TEST(the_peer_sees_the_end_when_the_client_is_freed),
        TEST(quiesce_and_go_on),
        TEST(a_client_freed_by_its_operation),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

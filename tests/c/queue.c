/* Queues: dispatched, watched by their descriptor, woken; what callbacks may do; and that every operation completes
 * exactly once, however it ends. */
#include "queue.h"

#include <poll.h>
#include <sys/epoll.h>

static void dispatching_makes_progress_without_a_descriptor(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    for (int i = 0; i < 10; i++)
        submit(client, queue, HTTP("/get"), &t, NULL);
    CHECK_EQ(pending(queue), 10);
    dispatch_until(queue, &t, 10);
    CHECK_EQ(atomic_load(&t.answered), 10);
    CHECK_EQ(atomic_load(&t.destroyed), 10);
    CHECK_EQ(pending(queue), 0);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void dispatch_counts_what_it_ran(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    size_t ran = 9, sum = 0;
    GIVES(httpx_queue_dispatch(queue, 0, &ran, &err), HTTPX_OK);
    CHECK_EQ(ran, 0);
    GIVES(httpx_queue_dispatch(queue, 10, &ran, &err), HTTPX_OK); /* nothing comes: it ends by its timeout */
    CHECK_EQ(ran, 0);
    for (int i = 0; i < 5; i++)
        submit(client, queue, HTTP("/get"), &t, NULL);
    while (sum < 5) {
        MUST(httpx_queue_dispatch(queue, -1, &ran, &err));
        sum += ran;
    }
    CHECK_EQ(sum, 5);
    CHECK_EQ(atomic_load(&t.completed), 5);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void a_thousand_requests(void)
{
    tally t = {0};
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_limits(builder, 50, 50, 5.0, &err));
    MUST(httpx_client_builder_timeout(builder, 60, 60, 60, INFINITY, &err));
    httpx_client *client = build(builder);
    httpx_queue *queue = new_queue();
    for (int i = 0; i < 1000; i++)
        submit(client, queue, HTTP("/get"), &t, NULL);
    dispatch_until(queue, &t, 1000);
    CHECK_EQ(atomic_load(&t.answered), 1000);
    CHECK_EQ(atomic_load(&t.destroyed), 1000);
    size_t active, idle, waiting;
    MUST(httpx_client_connections(client, &active, &idle, &waiting, &err));
    CHECK_EQ(active, 0);
    CHECK(idle > 0 && idle <= 50);
    CHECK_EQ(waiting, 0);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void a_failure_is_a_completion_too(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, "http://127.0.0.1:1/", &t, NULL);
    dispatch_until(queue, &t, 1);
    CHECK_EQ(t.code, HTTPX_E_CONNECTION_REFUSED);
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* ---- the descriptor ---- */

static int readable(intptr_t fd, int timeout_ms)
{
    struct pollfd watched = {.fd = (int)fd, .events = POLLIN};
    return poll(&watched, 1, timeout_ms) == 1;
}

static intptr_t descriptor(httpx_queue *queue)
{
    intptr_t fd = -1;
    MUST(httpx_queue_fd(queue, &fd, &err));
    CHECK(fd >= 0);
    return fd;
}

static void epoll_on_the_descriptor(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    intptr_t fd = descriptor(queue);
    CHECK_EQ(descriptor(queue), fd); /* always the same */
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, (int)fd, &event) == 0);
    for (int i = 0; i < 100; i++)
        submit(client, queue, HTTP("/get"), &t, NULL);
    while (atomic_load(&t.completed) < 100) {
        REQUIRE(epoll_wait(epoll, &event, 1, 30000) == 1);
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
    }
    CHECK_EQ(atomic_load(&t.answered), 100);
    CHECK(!readable(fd, 0)); /* nothing left */
    close(epoll);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void the_descriptor_of_a_queue_that_is_at_work_already(void)
{
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/delay/1"), &t, NULL);
    MUST(httpx_queue_dispatch(queue, 10, NULL, &err)); /* driven by this thread so far */
    intptr_t fd = descriptor(queue);
    CHECK(readable(fd, 30000)); /* the library goes on with it alone */
    dispatch_until(queue, &t, 1);
    CHECK_EQ(atomic_load(&t.answered), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* Takes and frees one event; returns its code. */
static httpx_code poll_one(httpx_queue *queue, int64_t timeout_ms, int32_t kind, void *user_data)
{
    httpx_event event = {.size = sizeof event};
    size_t n = 9;
    MUST(httpx_queue_poll(queue, &event, 1, &n, timeout_ms, &err));
    CHECK_EQ(n, 1);
    CHECK_EQ(event.kind, kind);
    CHECK(event.user_data == user_data);
    CHECK(event.op != NULL && httpx_op_is_done(event.op));
    httpx_op_free(event.op);
    return event.code;
}

static void a_small_cap_leaves_the_descriptor_readable(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    intptr_t fd = descriptor(queue);
    httpx_op *ops[3];
    int marks[3];
    for (int i = 0; i < 3; i++) {
        httpx_request *request = new_request(client, "GET", "http://127.0.0.1:1/");
        MUST(httpx_client_send_async(client, request, 0, queue, NULL, marks, NULL, &ops[i], &err));
        httpx_request_free(request);
    }
    for (int i = 0; i < 3; i++) { /* level-triggered: as long as there is one more */
        CHECK(readable(fd, 30000));
        CHECK_EQ(poll_one(queue, 0, HTTPX_EVENT_RESPONSE, marks), HTTPX_E_CONNECTION_REFUSED);
    }
    CHECK(!readable(fd, 0));
    httpx_event event = {.size = sizeof event};
    size_t n = 9;
    GIVES(httpx_queue_poll(queue, &event, 1, &n, 0, &err), HTTPX_OK);
    CHECK_EQ(n, 0);
    for (int i = 0; i < 3; i++)
        httpx_op_free(ops[i]);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void poll_gives_the_operation_and_its_response(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    httpx_response *response = NULL;
    int mark;
    httpx_request *request = new_request(client, "GET", HTTP("/get?by=poll"));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, &mark, NULL, &op, &err));
    httpx_request_free(request);
    GIVES(httpx_op_take_response(op, &response, &err), HTTPX_AGAIN);
    GIVES(httpx_op_result(op, &err), HTTPX_AGAIN);
    CHECK(!httpx_op_is_done(op));

    httpx_event event = {.size = sizeof event};
    size_t n = 0;
    MUST(httpx_queue_poll(queue, &event, 1, &n, -1, &err));
    REQUIRE(n == 1);
    CHECK_EQ(event.kind, HTTPX_EVENT_RESPONSE);
    CHECK_EQ(event.code, HTTPX_OK);
    CHECK(event.user_data == &mark);
    GIVES(httpx_op_result(op, &err), HTTPX_OK);
    MUST(httpx_op_take_response(event.op, &response, &err));
    CHECK(strstr(body_of(response), "by=poll") != NULL);
    httpx_response_free(response);
    response = NULL;
    FAILS(httpx_op_take_response(op, &response, &err), HTTPX_E_INVALID_STATE); /* only once */
    httpx_op_free(event.op);
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void polling_does_not_call_callbacks(void)
{
    tally t = {0};
    httpx_op *op = NULL;
    httpx_response *response = NULL;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/get"), &t, &op);
    CHECK_EQ(poll_one(queue, -1, HTTPX_EVENT_RESPONSE, &t), HTTPX_OK);
    MUST(httpx_op_take_response(op, &response, &err));
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    CHECK_EQ(atomic_load(&t.completed), 0);
    CHECK_EQ(atomic_load(&t.destroyed), 0); /* the operation still has an owner */
    httpx_op_free(op);
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* A program that was compiled with a later, longer httpx_event. */
static void a_grown_event_sets_the_stride(void)
{
    typedef struct grown {
        httpx_event event;
        uint8_t later[40];
    } grown;
    enum { COUNT = 4 };
    static const uint8_t untouched[40] = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    int marks[COUNT], seen = 0;
    for (int i = 0; i < COUNT; i++) {
        httpx_request *request = new_request(client, "GET", HTTP("/get"));
        MUST(httpx_client_send_async(client, request, 0, queue, NULL, &marks[i], NULL, NULL, &err));
        httpx_request_free(request);
    }
    while (seen < COUNT) {
        grown events[COUNT + 1];
        size_t n = 0;
        memset(events, 0, sizeof events);
        events[0].event.size = sizeof events[0];
        MUST(httpx_queue_poll(queue, &events[0].event, COUNT, &n, 1000, &err));
        for (size_t i = 0; i < n; i++) {
            void *mark = events[i].event.user_data;
            CHECK(mark >= (void *)marks && mark < (void *)(marks + COUNT));
            CHECK_EQ(events[i].event.kind, HTTPX_EVENT_RESPONSE);
            CHECK_EQ(events[i].event.code, HTTPX_OK);
            CHECK(memcmp(events[i].later, untouched, sizeof untouched) == 0);
            httpx_op_free(events[i].event.op);
        }
        CHECK(events[n].event.op == NULL); /* not beyond */
        seen += (int)n;
    }
    CHECK_EQ(seen, COUNT);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* ---- the waker ---- */

static void wake(void *user_data)
{
    ssize_t done = write(*(int *)user_data, "w", 1);
    (void)done;
}

static void the_waker_posts_a_wake_up(void)
{
    tally t = {0};
    int pipes[2];
    char byte;
    REQUIRE(pipe(pipes) == 0);
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    MUST(httpx_queue_waker(queue, wake, &pipes[1], NULL, &err));
    for (int i = 0; i < 20; i++)
        submit(client, queue, HTTP("/get"), &t, NULL);
    while (atomic_load(&t.completed) < 20) {
        REQUIRE(readable(pipes[0], 30000));
        REQUIRE(read(pipes[0], &byte, 1) == 1);
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
    }
    CHECK_EQ(atomic_load(&t.answered), 20);
    httpx_queue_free(queue);
    httpx_client_free(client);
    close(pipes[0]);
    close(pipes[1]);
}

static void no_wake_up(void *user_data)
{
    (void)user_data;
}

static void a_waker_s_user_data_is_destroyed_once(void)
{
    atomic_int first = 0, second = 0;
    httpx_queue *queue = new_queue();
    MUST(httpx_queue_waker(queue, no_wake_up, &first, count_destroy, &err));
    CHECK_EQ(atomic_load(&first), 0);
    MUST(httpx_queue_waker(queue, no_wake_up, &second, count_destroy, &err));
    CHECK_EQ(atomic_load(&first), 1);
    CHECK_EQ(atomic_load(&second), 0);
    httpx_queue_free(queue);
    CHECK_EQ(atomic_load(&first), 1);
    CHECK_EQ(atomic_load(&second), 1);
}

/* ---- what callbacks may do ---- */

static void submit_one_more(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    tally *t = user_data;
    count_completion(t, code, response, error);
    if (t->left-- > 0) {
        const char *url = HTTP("/get");
        httpx_request *request = NULL;
        GIVES(httpx_request_new(t->client, "GET", 3, url, strlen(url), &request, &err), HTTPX_OK);
        GIVES(httpx_client_send_async(t->client, request, 0, t->queue, submit_one_more, t, forget_tally, NULL, &err),
              HTTPX_OK);
        httpx_request_free(request);
    }
}

static void callbacks_submit_more(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    tally t = {.client = client, .queue = queue, .left = 50};
    submit_with(client, queue, HTTP("/get"), submit_one_more, &t, NULL);
    dispatch_until(queue, &t, 51);
    CHECK_EQ(atomic_load(&t.answered), 51);
    CHECK_EQ(atomic_load(&t.destroyed), 51);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* A callback that always finds more to do must not keep one dispatch busy for ever. */
static void one_dispatch_is_bounded(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    tally t = {.client = client, .queue = queue, .left = INT32_MAX};
    submit_with(client, queue, "http://127.0.0.1:1/", submit_one_more, &t, NULL);
    for (int i = 0; i < 20; i++)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    t.left = 0;
    while (pending(queue) > 0)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    CHECK(atomic_load(&t.completed) > 0);
    CHECK_EQ(atomic_load(&t.destroyed), atomic_load(&t.completed));
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void dispatch_again(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    tally *t = user_data;
    httpx_event event = {.size = sizeof event};
    size_t n;
    FAILS(httpx_queue_dispatch(t->queue, 0, NULL, &err), HTTPX_E_REENTRANT);
    FAILS(httpx_queue_poll(t->queue, &event, 1, &n, 0, &err), HTTPX_E_REENTRANT);
    count_completion(t, code, response, error);
}

static void a_dispatch_in_a_callback_is_an_error(void)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    tally t = {.queue = queue};
    submit_with(client, queue, HTTP("/get"), dispatch_again, &t, NULL);
    dispatch_until(queue, &t, 1);
    CHECK_EQ(atomic_load(&t.answered), 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void call_and_wait(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    tally *t = user_data;
    const char *url = HTTP("/get?nested=yes");
    httpx_response *nested = NULL;
    GIVES(httpx_client_get(t->client, url, strlen(url), &nested, &err), HTTPX_OK);
    CHECK_EQ(httpx_response_status_code(nested), 200);
    httpx_response_free(nested);
    count_completion(t, code, response, error);
}

static void a_blocking_call_in_a_callback_works(int with_descriptor)
{
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    tally t = {.client = client, .queue = queue};
    if (with_descriptor)
        descriptor(queue);
    for (int i = 0; i < 3; i++)
        submit_with(client, queue, HTTP("/get"), call_and_wait, &t, NULL);
    dispatch_until(queue, &t, 3);
    CHECK_EQ(atomic_load(&t.answered), 3);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void a_blocking_call_in_a_callback(void)
{
    a_blocking_call_in_a_callback_works(0);
}

static void a_blocking_call_in_a_callback_of_a_watched_queue(void)
{
    a_blocking_call_in_a_callback_works(1);
}

/* One connection for the queue and for blocking calls, by turns. */
static void queue_and_blocking_calls_share_one_connection(void)
{
    tally t = {0};
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_limits(builder, 1, 1, 5.0, &err));
    httpx_client *client = build(builder);
    httpx_queue *queue = new_queue();
    long long first = connection_number(client);
    for (int i = 1; i <= 10; i++) {
        submit(client, queue, HTTP("/get"), &t, NULL);
        dispatch_until(queue, &t, i);
        CHECK_EQ(connection_number(client), first);
    }
    CHECK_EQ(atomic_load(&t.answered), 10);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(dispatching_makes_progress_without_a_descriptor),
        TEST(dispatch_counts_what_it_ran),
        TEST(a_thousand_requests),
        TEST(a_failure_is_a_completion_too),
        TEST(epoll_on_the_descriptor),
        TEST(the_descriptor_of_a_queue_that_is_at_work_already),
        TEST(a_small_cap_leaves_the_descriptor_readable),
        TEST(poll_gives_the_operation_and_its_response),
        TEST(polling_does_not_call_callbacks),
        TEST(a_grown_event_sets_the_stride),
        TEST(the_waker_posts_a_wake_up),
        TEST(a_waker_s_user_data_is_destroyed_once),
        TEST(callbacks_submit_more),
        TEST(one_dispatch_is_bounded),
        TEST(a_dispatch_in_a_callback_is_an_error),
        TEST(a_blocking_call_in_a_callback),
        TEST(a_blocking_call_in_a_callback_of_a_watched_queue),
        TEST(queue_and_blocking_calls_share_one_connection),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

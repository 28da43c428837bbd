/* fork() with a warm client: parent and child both go on, the child on connections of its own, and what the child
 * inherited half-way is answered with HTTPX_E_FORKED and harms nobody. */
#include "queue.h"

#include <sys/wait.h>

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

enum { CHILD_SECONDS = 120 };

/* A child leaves what it inherited alone, so its memory is full of what valgrind calls lost. Its invalid reads and
 * writes still count. */
static void expect_no_tidy_end(void)
{
#ifdef VALGRIND_CLO_CHANGE
    VALGRIND_CLO_CHANGE("--leak-check=no");
#endif
}

/* Runs `child` in a child process; its failed checks are failures here. */
static void in_a_child(void (*child)(void *), void *argument)
{
    fflush(stdout);
    pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        alarm(CHILD_SECONDS);
        expect_no_tidy_end();
        atomic_store(&harness_failures, 0);
        if (setjmp(harness_end_of_test) == 0)
            child(argument);
        fflush(stdout);
        _exit(atomic_load(&harness_failures) != 0);
    }
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK(WIFEXITED(status));
    CHECK_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), 0);
}

typedef struct inherited {
    httpx_client *client;
    long long connection; /* the parent's */
    httpx_request *request;
    httpx_response *response;
    httpx_stream *stream;
    httpx_queue *queue;
    httpx_op *op;
    httpx_pipe *pipe;
} inherited;

static void use_the_client(void *argument)
{
    inherited *i = argument;
    long long own = connection_number(i->client);
    CHECK(own != i->connection);
    CHECK_EQ(connection_number(i->client), own); /* kept alive, in the child too */
}

static void the_child_opens_its_own_connections(void)
{
    inherited i = {.client = new_client()};
    i.connection = connection_number(i.client);
    for (int n = 0; n < 3; n++) {
        in_a_child(use_the_client, &i);
        CHECK_EQ(connection_number(i.client), i.connection); /* unharmed */
    }
    httpx_client_free(i.client);
}

static void use_and_free_the_client(void *argument)
{
    inherited *i = argument;
    use_the_client(i);
    httpx_client_free(i->client);
    httpx_client *fresh = new_client();
    CHECK(connection_number(fresh) > 0);
    httpx_client_free(fresh);
    GIVES(httpx_quiesce(5.0, &err), HTTPX_OK);
}

static void the_child_frees_everything(void)
{
    inherited i = {.client = new_client()};
    i.connection = connection_number(i.client);
    in_a_child(use_and_free_the_client, &i);
    CHECK_EQ(connection_number(i.client), i.connection);
    httpx_client_free(i.client);
}

static void free_the_client_at_once(void *argument)
{
    httpx_client_free(((inherited *)argument)->client);
}

static void the_child_frees_without_using(void)
{
    inherited i = {.client = new_client()};
    i.connection = connection_number(i.client);
    in_a_child(free_the_client_at_once, &i);
    CHECK_EQ(connection_number(i.client), i.connection);
    httpx_client_free(i.client);
}

static void fork_once_more(void *argument)
{
    inherited *i = argument;
    long long own = connection_number(i->client);
    CHECK(own != i->connection);
    inherited again = {.client = i->client, .connection = own};
    in_a_child(use_the_client, &again);
    CHECK_EQ(connection_number(i->client), own);
}

static void a_grandchild(void)
{
    inherited i = {.client = new_client()};
    i.connection = connection_number(i.client);
    in_a_child(fork_once_more, &i);
    CHECK_EQ(connection_number(i.client), i.connection);
    httpx_client_free(i.client);
}

/* ---- what was half-way ---- */

static void touch_what_was_open(void *argument)
{
    inherited *i = argument;
    const uint8_t *bytes;
    size_t len, written;
    httpx_response *response = NULL;
    FAILS(httpx_stream_next(i->stream, &bytes, &len, &err), HTTPX_E_FORKED);
    FAILS(httpx_response_read(i->response, &bytes, &len, &err), HTTPX_E_FORKED);
    FAILS(httpx_op_result(i->op, &err), HTTPX_E_FORKED);
    FAILS(httpx_op_take_response(i->op, &response, &err), HTTPX_E_FORKED);
    FAILS(httpx_pipe_write(i->pipe, (const uint8_t *)"x", 1, &written, &err), HTTPX_E_FORKED);
    FAILS(httpx_pipe_write_all(i->pipe, (const uint8_t *)"x", 1, &err), HTTPX_E_FORKED);
    httpx_op_cancel(i->op);
    httpx_code code = httpx_queue_dispatch(i->queue, 0, NULL, NULL);
    CHECK(code == HTTPX_OK || code == HTTPX_E_FORKED);
    httpx_op_free(i->op);
    httpx_pipe_free(i->pipe);
    httpx_stream_free(i->stream);
    httpx_response_free(i->response);
    httpx_request_free(i->request);
    httpx_queue_free(i->queue);
    CHECK(connection_number(i->client) > 0);
    httpx_client_free(i->client);
}

static size_t rest_of(httpx_stream *stream)
{
    const uint8_t *chunk;
    size_t len, total = 0;
    httpx_code code;
    while ((code = httpx_stream_next(stream, &chunk, &len, &err)) == HTTPX_OK)
        total += len;
    GIVES(code, HTTPX_DONE);
    return total;
}

/* The parent has a stream, an upload and an operation under way; the child touches and frees all of them; the parent's
 * go on to their ends. */
static void inherited_operations_are_forked(int with_descriptor)
{
    tally t = {0};
    inherited i = {.client = new_client(), .queue = new_queue()};
    const uint8_t *chunk;
    size_t len;
    intptr_t fd;
    if (with_descriptor)
        MUST(httpx_queue_fd(i.queue, &fd, &err));
    i.response = get_streamed(i.client, HTTP("/bytes/3000000"));
    i.stream = new_stream(i.response, 1000);
    MUST(httpx_stream_next(i.stream, &chunk, &len, &err));
    i.request = new_request(i.client, "POST", HTTP("/upload"));
    MUST(httpx_request_body_pipe(i.request, -1, 100, &i.pipe, &err));
    MUST(httpx_client_send_async(i.client, i.request, 0, i.queue, count_completion, &t, forget_tally, &i.op, &err));
    MUST(httpx_queue_dispatch(i.queue, 1, NULL, &err));

    in_a_child(touch_what_was_open, &i);

    CHECK_EQ(len + rest_of(i.stream), 3000000);
    MUST(httpx_pipe_write_all(i.pipe, (const uint8_t *)"abc", 3, &err));
    MUST(httpx_pipe_finish(i.pipe, &err));
    dispatch_until(i.queue, &t, 1);
    CHECK_EQ(t.code, HTTPX_OK);
    CHECK_EQ(atomic_load(&t.answered), 1);
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    httpx_op_free(i.op);
    httpx_pipe_free(i.pipe);
    httpx_stream_free(i.stream);
    httpx_response_free(i.response);
    httpx_request_free(i.request);
    httpx_queue_free(i.queue);
    httpx_client_free(i.client);
}

static void inherited_operations(void)
{
    inherited_operations_are_forked(0);
}

static void inherited_operations_of_a_watched_queue(void)
{
    inherited_operations_are_forked(1);
}

static void look_at_what_was_read(void *argument)
{
    inherited *i = argument;
    CHECK_EQ(httpx_response_status_code(i->response), 200);
    CHECK_EQ(body_len(i->response), 1000);
    httpx_response *response = NULL;
    GIVES(httpx_client_send(i->client, i->request, 0, &response, &err), HTTPX_OK);
    httpx_response_free(response);
    httpx_response_free(i->response);
    httpx_request_free(i->request);
}

/* A response that was read and a request that was not sent are only memory. */
static void what_is_only_memory_is_inherited(void)
{
    inherited i = {.client = new_client()};
    i.response = get(i.client, HTTP("/bytes/1000"));
    i.request = new_request(i.client, "GET", HTTP("/get"));
    in_a_child(look_at_what_was_read, &i);
    CHECK_EQ(body_len(i.response), 1000);
    httpx_response_free(send_request(i.client, i.request, 0));
    httpx_response_free(i.response);
    httpx_client_free(i.client);
}

static void make_a_queue(void *argument)
{
    inherited *i = argument;
    tally t = {0};
    intptr_t fd;
    httpx_queue *queue = new_queue();
    MUST(httpx_queue_fd(queue, &fd, &err)); /* needs a library thread, and the parent's is not here */
    for (int n = 0; n < 10; n++)
        submit(i->client, queue, HTTP("/get"), &t, NULL);
    dispatch_until(queue, &t, 10);
    CHECK_EQ(atomic_load(&t.answered), 10);
    httpx_queue_free(queue);
    httpx_queue_free(i->queue);
    httpx_response *response = NULL;
    FAILS(try_get(i->client, "http://does-not-exist.invalid/", &response), HTTPX_E_CONNECT); /* its resolver too */
}

static httpx_code make_nothing(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    (void)buffer, (void)capacity, (void)len;
    atomic_fetch_add((atomic_int *)user_data, 1);
    return HTTPX_DONE;
}

typedef struct made {
    httpx_client *client;
    httpx_request *request;
    atomic_int asked;
} made;

static void send_what_the_parent_makes(void *argument)
{
    made *m = argument;
    httpx_response *response = NULL;
    FAILS(httpx_client_send(m->client, m->request, 0, &response, &err), HTTPX_E_FORKED);
    httpx_request_free(m->request);
    CHECK_EQ(atomic_load(&m->asked), 0);
}

/* Another thread of the parent may have been in the middle of it. */
static void a_body_of_functions_stays_the_parents(void)
{
    made m = {.client = new_client()};
    m.request = new_request(m.client, "POST", HTTP("/post"));
    MUST(httpx_request_body_pull(m.request, -1, make_nothing, NULL, &m.asked, NULL, &err));
    in_a_child(send_what_the_parent_makes, &m);
    httpx_response_free(send_request(m.client, m.request, 0));
    CHECK_EQ(atomic_load(&m.asked), 1);
    httpx_client_free(m.client);
}

static void build_what_the_parent_makes(void *argument)
{
    httpx_response *response = NULL;
    FAILS(httpx_response_builder_build(argument, &response, &err), HTTPX_E_FORKED);
    httpx_response_builder_free(argument);
}

static void a_made_responses_body_stays_the_parents_too(void)
{
    atomic_int asked = 0;
    httpx_response_builder *builder = NULL;
    httpx_response *response = NULL;
    MUST(httpx_response_builder_new(200, &builder, &err));
    MUST(httpx_response_builder_body_pull(builder, -1, make_nothing, &asked, NULL, &err));
    in_a_child(build_what_the_parent_makes, builder);
    MUST(httpx_response_builder_build(builder, &response, &err));
    MUST(httpx_response_read(response, NULL, NULL, &err));
    CHECK_EQ(atomic_load(&asked), 1);
    httpx_response_free(response);
    httpx_response_builder_free(builder);
}

static void the_child_has_its_own_library_threads(void)
{
    tally t = {0};
    intptr_t fd;
    inherited i = {.client = new_client(), .queue = new_queue()};
    httpx_response *response = NULL;
    FAILS(try_get(i.client, "http://does-not-exist.invalid/", &response), HTTPX_E_CONNECT);
    MUST(httpx_queue_fd(i.queue, &fd, &err));
    submit(i.client, i.queue, HTTP("/get"), &t, NULL);
    dispatch_until(i.queue, &t, 1);
    in_a_child(make_a_queue, &i);
    submit(i.client, i.queue, HTTP("/get"), &t, NULL);
    dispatch_until(i.queue, &t, 2);
    CHECK_EQ(atomic_load(&t.answered), 2);
    httpx_queue_free(i.queue);
    httpx_client_free(i.client);
}

/* ---- forks while others are at work ---- */

/* Not under AddressSanitizer: a child may inherit a lock of its allocator that another thread has just taken, and then
 * waits for ever in its first malloc (seen with GCC 12; glibc's malloc and valgrind's are sound). */
#ifndef __SANITIZE_ADDRESS__
typedef struct busy {
    pthread_t thread;
    httpx_client *client;
    char url[256];
    atomic_int *stop;
    atomic_int *answered;
} busy;

static void *keep_busy(void *argument)
{
    busy *b = argument;
    while (!atomic_load(b->stop)) {
        httpx_response *response = NULL;
        GIVES(httpx_client_get(b->client, b->url, strlen(b->url), &response, &err), HTTPX_OK);
        httpx_response_free(response);
        atomic_fetch_add(b->answered, 1);
    }
    return NULL;
}

static void two_requests(void *argument)
{
    httpx_client *client = ((inherited *)argument)->client;
    CHECK_EQ(connection_number(client), connection_number(client));
}

static void forks_while_other_threads_keep_the_pool_busy(void)
{
    enum { BUSY = 3, FORKS = 20 };
    static atomic_int stop, answered;
    busy threads[BUSY];
    inherited i = {.client = new_client()};
    atomic_store(&stop, 0);
    atomic_store(&answered, 0);
    for (int n = 0; n < BUSY; n++) {
        threads[n] = (busy){.client = i.client, .stop = &stop, .answered = &answered};
        snprintf(threads[n].url, sizeof threads[n].url, "%s", HTTP("/get"));
        REQUIRE(pthread_create(&threads[n].thread, NULL, keep_busy, &threads[n]) == 0);
    }
    for (int n = 0; n < FORKS; n++) {
        int before = atomic_load(&answered);
        in_a_child(two_requests, &i);
        while (atomic_load(&answered) < before + BUSY) /* the others go on */
            CHECK_EQ(connection_number(i.client) > 0, 1);
    }
    atomic_store(&stop, 1);
    for (int n = 0; n < BUSY; n++)
        pthread_join(threads[n].thread, NULL);
    httpx_client_free(i.client);
}
#endif

/* An authentication flow that forks when it has its response. */
typedef struct forking {
    pid_t child; /* 0 in the child, -1 before */
    int begun, ended;
} forking;

static httpx_code begin_forking(void *user_data, httpx_request *request, void **flow, httpx_error **error)
{
    (void)request, (void)flow, (void)error;
    ((forking *)user_data)->begun++;
    return HTTPX_OK;
}

static httpx_code fork_at_the_response(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                                       httpx_request **next, httpx_error **error)
{
    forking *f = user_data;
    (void)flow, (void)request, (void)next, (void)error;
    if (response == NULL)
        return HTTPX_OK;
    fflush(stdout);
    f->child = fork();
    CHECK(f->child >= 0);
    return HTTPX_DONE;
}

static void end_forking(void *user_data, void *flow)
{
    (void)flow;
    ((forking *)user_data)->ended++;
}

static void a_flow_that_forks_goes_on_in_the_parent_only(void)
{
    forking f = {.child = -1};
    httpx_auth_vtable table = {
        .size = sizeof table, .new_flow = begin_forking, .next = fork_at_the_response, .destroy_flow = end_forking};
    httpx_auth *auth = NULL;
    httpx_client_builder *builder = new_builder();
    httpx_response *response = NULL;
    MUST(httpx_auth_flow(&table, &f, &auth, &err));
    MUST(httpx_client_builder_auth(builder, auth, &err));
    httpx_auth_free(auth);
    httpx_client *client = build(builder);
    httpx_code code = try_get(client, HTTP("/get"), &response);
    if (f.child == 0) {
        alarm(CHILD_SECONDS);
        expect_no_tidy_end();
        atomic_store(&harness_failures, 0);
        GIVES(code, HTTPX_E_FORKED);
        CHECK_EQ(f.ended, 0); /* the parent's */
        fflush(stdout);
        _exit(atomic_load(&harness_failures) != 0);
    }
    GIVES(code, HTTPX_OK);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(f.begun, 1);
    CHECK_EQ(f.ended, 1);
    int status = -1;
    while (waitpid(f.child, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(the_child_opens_its_own_connections),
        TEST(the_child_frees_everything),
        TEST(the_child_frees_without_using),
        TEST(a_grandchild),
        TEST(inherited_operations),
        TEST(inherited_operations_of_a_watched_queue),
        TEST(what_is_only_memory_is_inherited),
        TEST(a_body_of_functions_stays_the_parents),
        TEST(a_made_responses_body_stays_the_parents_too),
        TEST(the_child_has_its_own_library_threads),
#ifndef __SANITIZE_ADDRESS__
        TEST(forks_while_other_threads_keep_the_pool_busy),
#endif
        TEST(a_flow_that_forks_goes_on_in_the_parent_only),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

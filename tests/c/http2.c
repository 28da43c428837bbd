/* HTTP/2 through the ABI: by ALPN and by prior knowledge, blocking and on queues, with everything cancelled, freed,
 * closed and forked in the middle. */
#include "queue.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

enum { AT_ONCE = 100, CHILD_SECONDS = 120 };

/* A URL of a listener; good until four more were asked for. */
static const char *url_at(const char *scheme, const char *listener, const char *path)
{
    static char rooms[4][256];
    static unsigned turn;
    char *room = rooms[turn++ % 4];
    const char *found = strstr(environment("HTTPX_TEST_PLACES"), listener);
    REQUIRE(found != NULL);
    snprintf(room, sizeof rooms[0], "%s://127.0.0.1:%d%s", scheme, atoi(strchr(found, ':') + 1), path);
    return room;
}

/* Of the listener that offers HTTP/2 by ALPN. */
static const char *https_h2(const char *path)
{
    return url_at("https", "\"https\":", path);
}

/* Of the peer whose answers are scripts. */
static const char *scripted(const char *script)
{
    return url_at("http", "\"h2_raw\":", script);
}

static httpx_client_builder *new_builder_by_prior_knowledge(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_http1(builder, 0, &err));
    MUST(httpx_client_builder_http2(builder, 1, &err));
    return builder;
}

static httpx_client *by_prior_knowledge(void)
{
    return build(new_builder_by_prior_knowledge());
}

static httpx_client *by_alpn_with_window(uint32_t window)
{
    httpx_client_builder *builder = new_builder();
    const char *ca = environment("HTTPX_TEST_CA");
    MUST(httpx_client_builder_ca_file(builder, ca, strlen(ca), &err));
    MUST(httpx_client_builder_http2(builder, 1, &err));
    MUST(httpx_client_builder_http2_windows(builder, window, 100 << 20, &err));
    return build(builder);
}

static httpx_client *by_alpn(void)
{
    return by_alpn_with_window(1 << 20);
}

static void check_version(const httpx_response *response, const char *wanted)
{
    size_t len = 0;
    const char *version = httpx_response_http_version(response, &len);
    CHECK_TEXT(version, len, wanted);
}

/* The number of the connection that answered, which spoke HTTP/2. */
static long long connection_at(httpx_client *client, const char *url)
{
    httpx_response *response = get(client, url);
    check_version(response, "HTTP/2");
    long long number = json_number(body_of(response), "connection");
    CHECK(number >= 0);
    httpx_response_free(response);
    return number;
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

/* ---- options ---- */

static void windows_are_announced_to_the_peer(void)
{
    httpx_client_builder *builder = new_builder_by_prior_knowledge();
    FAILS(httpx_client_builder_http2_windows(builder, 65534, 65535, &err), HTTPX_E_INVALID_CONFIG);
    FAILS(httpx_client_builder_http2_windows(builder, 65535, 1u << 31, &err), HTTPX_E_INVALID_CONFIG);
    MUST(httpx_client_builder_http2_windows(builder, 70000, 200000, &err));
    httpx_client *client = build(builder);
    httpx_response_free(get(client, scripted("/windows?of-70000-and-200000")));
    httpx_client *plain = new_client();
    httpx_response *record = get(plain, HTTP("/h2-recorded?contains=of-70000-and-200000"));
    const char *body = body_of(record);
    CHECK_EQ(json_number(body, "initial_window_size"), 70000);
    CHECK(strstr(body, "WINDOW_UPDATE 0 +134465") != NULL); /* beyond the 65535 that there are anyway */
    httpx_response_free(record);
    httpx_client_free(plain);
    httpx_client_free(client);
}

static void so_many_requests_share_a_connection(void)
{
    httpx_client_builder *builder = new_builder_by_prior_knowledge();
    tally t = {0};
    intptr_t fd;
    FAILS(httpx_client_builder_http2_max_streams(builder, 0, &err), HTTPX_E_INVALID_CONFIG);
    FAILS(httpx_client_builder_max_per_host(builder, 0, &err), HTTPX_E_INVALID_CONFIG);
    MUST(httpx_client_builder_http2_max_streams(builder, 2, &err));
    MUST(httpx_client_builder_max_per_host(builder, 1, &err));
    MUST(httpx_client_builder_timeout(builder, 30, 30, 30, 30, &err));
    httpx_client *client = build(builder), *plain = new_client();
    httpx_queue *queue = new_queue();
    MUST(httpx_queue_fd(queue, &fd, &err));
    httpx_op *ops[2];
    submit(client, queue, scripted("/[{\"settings\":{}}]?one-of-two-that-hang"), &t, &ops[0]);
    submit(client, queue, scripted("/[]?the-other-one"), &t, &ops[1]);
    /* Answered when the peer has both. */
    httpx_response_free(get(plain, HTTP("/h2-recorded?contains=one-of-two-that-hang&until=the-other-one")));
    httpx_request *third = new_request(client, "GET", scripted("/"));
    MUST(httpx_request_timeout(third, HTTPX_UNSET, HTTPX_UNSET, HTTPX_UNSET, 0.05, &err));
    httpx_response *response = NULL;
    GIVES(httpx_client_send(client, third, 0, &response, &err), HTTPX_E_POOL_TIMEOUT);
    httpx_request_free(third);
    httpx_op_cancel(ops[0]);
    httpx_response_free(get(client, scripted("/")));
    httpx_op_cancel(ops[1]);
    dispatch_until(queue, &t, 2);
    for (int i = 0; i < 2; i++)
        httpx_op_free(ops[i]);
    httpx_queue_free(queue);
    httpx_client_free(plain);
    httpx_client_free(client);
}

static void a_silent_peer_is_given_up(void)
{
    httpx_client_builder *builder = new_builder_by_prior_knowledge();
    FAILS(httpx_client_builder_http2_ping(builder, 0, 1, &err), HTTPX_E_INVALID_CONFIG);
    FAILS(httpx_client_builder_http2_ping(builder, 1, INFINITY, &err), HTTPX_E_INVALID_CONFIG);
    MUST(httpx_client_builder_http2_ping(builder, 0.02, 0.02, &err));
    MUST(httpx_client_builder_timeout(builder, 30, INFINITY, 30, 30, &err));
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    GIVES(try_get(client, scripted("/[{\"answer_pings\":false}]"), &response), HTTPX_E_READ);
    httpx_client_free(client);
}

/* ---- blocking ---- */

static void https_servers_may_choose_it(void)
{
    httpx_client *client = by_alpn();
    long long number = connection_at(client, https_h2("/connection"));
    CHECK_EQ(connection_at(client, https_h2("/connection")), number);
    httpx_response *response = get(client, HTTPS("/get")); /* a server that speaks HTTP/1.1 only */
    check_version(response, "HTTP/1.1");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void http_servers_are_told_by_prior_knowledge(void)
{
    httpx_client *client = by_prior_knowledge();
    long long number = connection_at(client, HTTP("/connection"));
    CHECK_EQ(connection_at(client, HTTP("/connection")), number);
    httpx_client_free(client);
}

static void *fifty_requests(void *client)
{
    for (int i = 0; i < 50; i++) {
        httpx_response *response = NULL;
        const char *url = HTTP("/bytes/%d", i * 1000);
        CHECK_EQ(httpx_client_get(client, url, strlen(url), &response, NULL), HTTPX_OK);
        CHECK_EQ(httpx_response_num_bytes_downloaded(response), i * 1000);
        httpx_response_free(response);
    }
    return NULL;
}

static void threads_share_a_connection(void)
{
    httpx_client *client = by_prior_knowledge();
    long long number = connection_at(client, HTTP("/connection"));
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        REQUIRE(pthread_create(&threads[i], NULL, fifty_requests, client) == 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(connection_at(client, HTTP("/connection")), number);
    httpx_client_free(client);
}

static void bodies_stream_down(void)
{
    httpx_client *client = by_alpn();
    httpx_response *response = get_streamed(client, https_h2("/bytes/3000000"));
    httpx_stream *stream = new_stream(response, 1000);
    CHECK_EQ(rest_of(stream), 3000000);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void *write_a_megabyte(void *pipe)
{
    static const uint8_t piece[1 << 14];
    for (int i = 0; i < 64; i++)
        CHECK_EQ(httpx_pipe_write_all(pipe, piece, sizeof piece, NULL), HTTPX_OK);
    CHECK_EQ(httpx_pipe_finish(pipe, NULL), HTTPX_OK);
    return NULL;
}

static void bodies_stream_up(void)
{
    httpx_client *client = by_alpn();
    for (int declared = 0; declared < 2; declared++) {
        httpx_request *request = new_request(client, "POST", https_h2("/upload"));
        httpx_pipe *pipe = NULL;
        pthread_t thread;
        MUST(httpx_request_body_pipe(request, declared ? 1 << 20 : -1, 10000, &pipe, &err));
        REQUIRE(pthread_create(&thread, NULL, write_a_megabyte, pipe) == 0);
        httpx_response *response = send_request(client, request, 0);
        pthread_join(thread, NULL);
        CHECK_EQ(json_number(body_of(response), "size"), 1 << 20);
        httpx_response_free(response);
        httpx_pipe_free(pipe);
    }
    httpx_client_free(client);
}

static void trailers_come_with_the_end(void)
{
    httpx_client *client = by_alpn();
    httpx_request *request = new_request(client, "GET", https_h2("/trailers"));
    MUST(httpx_request_header_set(request, "TE", 2, (const uint8_t *)"trailers", 8, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK(httpx_response_trailer_count(response) > 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* ---- on queues ---- */

static void check_answer(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    if (response != NULL)
        check_version(response, "HTTP/2");
    count_completion(user_data, code, response, error);
}

static void a_hundred_at_once(int with_descriptor, httpx_client *client, const char *connection, const char *url)
{
    tally t = {0};
    httpx_queue *queue = new_queue();
    struct pollfd waiting = {.events = POLLIN};
    if (with_descriptor) {
        intptr_t fd;
        MUST(httpx_queue_fd(queue, &fd, &err));
        waiting.fd = (int)fd;
    }
    long long number = connection_at(client, connection);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < AT_ONCE; i++)
            submit_with(client, queue, url, check_answer, &t, NULL);
        while (with_descriptor && atomic_load(&t.completed) < round * AT_ONCE) {
            REQUIRE(poll(&waiting, 1, -1) == 1);
            MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
        }
        dispatch_until(queue, &t, round * AT_ONCE);
    }
    CHECK_EQ(atomic_load(&t.answered), 3 * AT_ONCE);
    CHECK_EQ(atomic_load(&t.destroyed), 3 * AT_ONCE);
    CHECK_EQ(connection_at(client, connection), number);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void a_hundred_at_once_on_a_dispatched_queue(void)
{
    a_hundred_at_once(0, by_alpn(), https_h2("/connection"), https_h2("/bytes/5000"));
}

static void a_hundred_at_once_on_a_queue_with_a_descriptor(void)
{
    a_hundred_at_once(1, by_prior_knowledge(), HTTP("/connection"), HTTP("/bytes/5000"));
}

static void operations_are_cancelled_at_random(void)
{
    static const char *const paths[] = {"/hang", "/bytes/100000", "/get", "/drip?numbytes=10&duration=1&delay=0"};
    unsigned random = 1;
    for (int with_descriptor = 0; with_descriptor < 2; with_descriptor++) {
        tally t = {0};
        httpx_op *ops[AT_ONCE];
        httpx_client *client = by_prior_knowledge();
        httpx_queue *queue = new_queue();
        intptr_t fd;
        if (with_descriptor)
            MUST(httpx_queue_fd(queue, &fd, &err));
        for (int i = 0; i < AT_ONCE; i++) {
            submit(client, queue, HTTP("%s", paths[i % 4]), &t, &ops[i]);
            random = random * 1103515245 + 12345;
            if (random >> 16 & 1)
                httpx_op_cancel(ops[(random >> 17) % (unsigned)(i + 1)]);
            if ((random >> 24) % 8 == 0)
                MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
        }
        for (int i = 0; i < AT_ONCE; i++)
            httpx_op_cancel(ops[i]);
        dispatch_until(queue, &t, AT_ONCE);
        CHECK_EQ(atomic_load(&t.destroyed), AT_ONCE);
        for (int i = 0; i < AT_ONCE; i++)
            httpx_op_free(ops[i]);
        /* A server may find that these were too many, and want no more on this connection. */
        httpx_response *response = NULL;
        httpx_code code = try_get(client, HTTP("/get"), &response);
        if (code == HTTPX_E_GOAWAY) {
            httpx_error_free(err);
            err = NULL;
            MUST(try_get(client, HTTP("/get"), &response));
        } else {
            GIVES(code, HTTPX_OK);
        }
        httpx_response_free(response);
        httpx_queue_free(queue);
        httpx_client_free(client);
    }
}

/* ---- ends ---- */

static void handles_are_freed_in_any_order(void)
{
    for (int order = 0; order < 3; order++) {
        httpx_client *client = by_alpn();
        httpx_response *response = get_streamed(client, https_h2("/bytes/3000000"));
        httpx_stream *stream = new_stream(response, 0);
        const uint8_t *chunk;
        size_t len;
        MUST(httpx_stream_next(stream, &chunk, &len, &err));
        if (order == 0)
            httpx_stream_free(stream);
        httpx_client_free(client);
        if (order == 1) /* the connection is the stream's now */
            CHECK_EQ(len + rest_of(stream), 3000000);
        httpx_response_free(response);
        if (order != 0)
            httpx_stream_free(stream);
    }
}

static void a_client_closes_at_once_or_gently(void)
{
    for (int gently = 0; gently < 2; gently++) {
        tally t = {0};
        httpx_client *client = by_prior_knowledge();
        httpx_queue *queue = new_queue();
        intptr_t fd;
        MUST(httpx_queue_fd(queue, &fd, &err));
        CHECK(connection_at(client, HTTP("/connection")) >= 0);
        for (int i = 0; i < 10; i++)
            submit(client, queue, gently ? HTTP("/bytes/100000") : HTTP("/hang"), &t, NULL);
        MUST(httpx_client_close(client, gently ? 30.0 : 0.0, &err));
        dispatch_until(queue, &t, 10);
        CHECK_EQ(t.code, gently ? HTTPX_OK : HTTPX_E_CLIENT_CLOSED);
        CHECK_EQ(atomic_load(&t.answered), gently ? 10 : 0);
        httpx_queue_free(queue);
        httpx_client_free(client);
    }
}

/* How many threads this process has. */
static int threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    REQUIRE(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void coming_to_rest_leaves_no_thread(void)
{
    MUST(httpx_quiesce(5.0, &err));
    int before = threads();
    httpx_client *client = by_alpn();
    for (int i = 0; i < 2; i++) {
        connection_at(client, https_h2("/connection"));
        CHECK(threads() > before);
        MUST(httpx_quiesce(5.0, &err));
        CHECK_EQ(threads(), before);
    }
    httpx_client_free(client);
}

/* ---- forks ---- */

/* A child leaves what it inherited alone, so its memory is full of what valgrind calls lost. */
static void expect_no_tidy_end(void)
{
#ifdef VALGRIND_CLO_CHANGE
    VALGRIND_CLO_CHANGE("--leak-check=no");
#endif
}

/* Waits until the library's I/O thread sleeps, and goes on doing so: AddressSanitizer's allocator does not bear a fork
 * while another thread is in it. */
static void let_the_io_thread_rest(void)
{
    enum { LOOKS = 200 };
    for (int quiet = 0; quiet < LOOKS; sched_yield()) {
        DIR *tasks = opendir("/proc/self/task");
        REQUIRE(tasks != NULL);
        quiet++;
        for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
            char path[300], line[128] = "";
            snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
            FILE *stat = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
            if (stat == NULL)
                continue;
            if (fgets(line, sizeof line, stat) != NULL && strstr(line, "(httpx-io)") != NULL &&
                strstr(line, "(httpx-io) S") == NULL)
                quiet = 0;
            fclose(stat);
        }
        closedir(tasks);
    }
}

typedef struct inherited {
    httpx_client *client;
    httpx_response *response;
    httpx_stream *stream;
    long long connection;
} inherited;

static void in_the_child(inherited *i)
{
    const uint8_t *chunk;
    size_t len;
    FAILS(httpx_stream_next(i->stream, &chunk, &len, &err), HTTPX_E_FORKED);
    httpx_stream_free(i->stream);
    httpx_response_free(i->response);
    long long own = connection_at(i->client, https_h2("/connection"));
    CHECK(own != i->connection);
    CHECK_EQ(connection_at(i->client, https_h2("/connection")), own);
    httpx_client_free(i->client);
    GIVES(httpx_quiesce(5.0, &err), HTTPX_OK);
}

static void a_child_has_connections_of_its_own(void)
{
    /* So small a window that soon nothing more comes. */
    inherited i = {.client = by_alpn_with_window(65535)};
    const uint8_t *chunk;
    size_t len;
    i.connection = connection_at(i.client, https_h2("/connection"));
    i.response = get_streamed(i.client, https_h2("/bytes/3000000"));
    i.stream = new_stream(i.response, 0);
    MUST(httpx_stream_next(i.stream, &chunk, &len, &err));
    size_t read = len;
    let_the_io_thread_rest();
    fflush(stdout);
    pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        alarm(CHILD_SECONDS);
        expect_no_tidy_end();
        atomic_store(&harness_failures, 0);
        if (setjmp(harness_end_of_test) == 0)
            in_the_child(&i);
        fflush(stdout);
        _exit(atomic_load(&harness_failures) != 0);
    }
    CHECK_EQ(connection_at(i.client, https_h2("/connection")), i.connection);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK(WIFEXITED(status));
    CHECK_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), 0);
    CHECK_EQ(read + rest_of(i.stream), 3000000);
    CHECK_EQ(connection_at(i.client, https_h2("/connection")), i.connection);
    httpx_stream_free(i.stream);
    httpx_response_free(i.response);
    httpx_client_free(i.client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(windows_are_announced_to_the_peer),
        TEST(so_many_requests_share_a_connection),
        TEST(a_silent_peer_is_given_up),
        TEST(https_servers_may_choose_it),
        TEST(http_servers_are_told_by_prior_knowledge),
        TEST(threads_share_a_connection),
        TEST(bodies_stream_down),
        TEST(bodies_stream_up),
        TEST(trailers_come_with_the_end),
        TEST(a_hundred_at_once_on_a_dispatched_queue),
        TEST(a_hundred_at_once_on_a_queue_with_a_descriptor),
        TEST(operations_are_cancelled_at_random),
        TEST(handles_are_freed_in_any_order),
        TEST(a_client_closes_at_once_or_gently),
        TEST(coming_to_rest_leaves_no_thread),
        TEST(a_child_has_connections_of_its_own),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

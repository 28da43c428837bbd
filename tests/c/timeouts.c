/* Timeouts and interrupts: each phase has its own error, and a blocked caller can always be called off. Only the lower
 * bound of a time is exact; the upper bounds are generous, for valgrind's sake. */
#include "support.h"

static const double SHORT = 0.1, LONG = 30;

static void silence(raw_server *server, int fd)
{
    (void)server;
    raw_drain(fd);
}

static void head_and_silence(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    raw_drain(fd);
}

/* Reads nothing until raw_stop, so the client's writes get stuck. */
static void deaf(raw_server *server, int fd)
{
    (void)fd;
    raw_wait_for_stop(server);
}

static httpx_client *client_with_timeout(double connect, double read, double write, double pool)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, connect, read, write, pool, &err));
    return build(builder);
}

static void expect_timeout(httpx_client *client, const char *url, httpx_code code)
{
    httpx_response *response = NULL;
    double start = now();
    FAILS(try_get(client, url, &response), code);
    CHECK(now() - start >= SHORT * 0.9);
    CHECK(now() - start < LONG);
    CHECK(response == NULL);
}

/* A listener whose queue is full lets further connects wait for ever. */
static void connect_timeout(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fillers[4];
    char url[64];
    REQUIRE(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    REQUIRE(listen(listener, 0) == 0);
    REQUIRE(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CHECK(connect(fillers[i], (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
    httpx_client *client = client_with_timeout(SHORT, LONG, LONG, LONG);
    expect_timeout(client, url, HTTPX_E_CONNECT_TIMEOUT);
    httpx_client_free(client);
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

static void a_silent_tls_handshake_is_a_connect_timeout(void)
{
    static raw_server server;
    char url[64];
    raw_listen(&server, silence, NULL);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", server.port);
    httpx_client *client = client_with_timeout(SHORT, LONG, LONG, LONG);
    expect_timeout(client, url, HTTPX_E_CONNECT_TIMEOUT);
    httpx_client_free(client);
    raw_stop(&server);
}

static void read_timeout_before_the_head(void)
{
    httpx_client *client = client_with_timeout(LONG, SHORT, LONG, LONG);
    expect_timeout(client, HTTP("/hang"), HTTPX_E_READ_TIMEOUT);
    httpx_client_free(client);
}

static void read_timeout_in_the_body(void)
{
    static raw_server server;
    raw_listen(&server, head_and_silence, NULL);
    httpx_client *client = client_with_timeout(LONG, SHORT, LONG, LONG);
    expect_timeout(client, raw_url(&server, "/"), HTTPX_E_READ_TIMEOUT);

    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    httpx_stream *stream = new_stream(response, 0);
    const uint8_t *chunk;
    size_t len;
    MUST(httpx_stream_next(stream, &chunk, &len, &err));
    FAILS(httpx_stream_next(stream, &chunk, &len, &err), HTTPX_E_READ_TIMEOUT);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

static void write_timeout(void)
{
    static raw_server server;
    enum { SIZE = 32 << 20 };
    raw_listen(&server, deaf, NULL);
    uint8_t *body = calloc(1, SIZE);
    REQUIRE(body != NULL);
    httpx_client *client = client_with_timeout(LONG, LONG, SHORT, LONG);
    httpx_request *request = new_request(client, "POST", raw_url(&server, "/"));
    MUST(httpx_request_body_owned(request, body, SIZE, body, free, &err));
    httpx_response *response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_WRITE_TIMEOUT);
    httpx_request_free(request);
    httpx_client_free(client);
    raw_stop(&server);
}

/* The server reads, so that no wait is long. */
static void a_limit_below_a_clocks_tick_is_over_at_the_first_wait(void)
{
    enum { SIZE = 128 << 20 };
    uint8_t *body = calloc(1, SIZE);
    REQUIRE(body != NULL);
    httpx_client *client = client_with_timeout(LONG, LONG, 1e-6, LONG);
    httpx_request *request = new_request(client, "POST", HTTP("/upload"));
    MUST(httpx_request_body_owned(request, body, SIZE, body, free, &err));
    httpx_response *response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_WRITE_TIMEOUT);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void pool_timeout(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, LONG, LONG, LONG, SHORT, &err));
    MUST(httpx_client_builder_limits(builder, 1, 1, 5.0, &err));
    httpx_client *client = build(builder);
    httpx_response *holder = get_streamed(client, HTTP("/bytes/3000000"));
    expect_timeout(client, HTTP("/get"), HTTPX_E_POOL_TIMEOUT);
    httpx_response_free(holder);
    httpx_response_free(get(client, HTTP("/get"))); /* the slot is free again */
    httpx_client_free(client);
}

static void a_request_has_its_own_timeouts(void)
{
    httpx_client *client = client_with_timeout(LONG, LONG, LONG, LONG);
    httpx_request *request = new_request(client, "GET", HTTP("/hang"));
    httpx_response *response = NULL;
    MUST(httpx_request_timeout(request, HTTPX_UNSET, SHORT, HTTPX_UNSET, HTTPX_UNSET, &err));
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_READ_TIMEOUT);
    httpx_request_free(request);

    httpx_client *hasty = client_with_timeout(LONG, SHORT, LONG, LONG);
    request = new_request(hasty, "GET", HTTP("/delay/1"));
    MUST(httpx_request_timeout(request, HTTPX_UNSET, INFINITY, HTTPX_UNSET, HTTPX_UNSET, &err));
    httpx_response_free(send_request(hasty, request, 0));
    httpx_client_free(hasty);
    httpx_client_free(client);
}

static void a_deadline_covers_everything(void)
{
    static raw_server server;
    raw_listen(&server, head_and_silence, NULL);
    httpx_client *client = client_with_timeout(LONG, LONG, LONG, LONG);
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    httpx_response *response = NULL;
    MUST(httpx_request_deadline(request, SHORT, &err));
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    CHECK(httpx_code_is_a(HTTPX_E_DEADLINE_EXCEEDED, HTTPX_E_TIMEOUT));

    MUST(httpx_client_send(client, request, HTTPX_SEND_STREAM, &response, &err)); /* the head is in time … */
    const uint8_t *body;
    size_t len;
    FAILS(httpx_response_read(response, &body, &len, &err), HTTPX_E_DEADLINE_EXCEEDED); /* … the body is not */
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_client_free(client);
    raw_stop(&server);
}

static void a_timeout_of_zero_is_immediate(void)
{
    httpx_client *client = client_with_timeout(LONG, 0, LONG, LONG);
    httpx_response *response = NULL;
    FAILS(try_get(client, HTTP("/hang"), &response), HTTPX_E_READ_TIMEOUT);
    httpx_client_free(client);
}

static void the_client_goes_on_after_a_timeout(void)
{
    httpx_client *client = client_with_timeout(LONG, SHORT, LONG, LONG);
    expect_timeout(client, HTTP("/hang"), HTTPX_E_READ_TIMEOUT);
    CHECK(connection_number(client) > 0);
    httpx_client_free(client);
}

/* ---- interrupt ---- */

typedef struct interrupt {
    pthread_t thread;   /* the one that must be asked */
    atomic_int asked;   /* how often it was */
    int answer_from;    /* from which question on the answer is yes */
    atomic_int strange; /* questions on other threads */
    atomic_int destroyed;
} interrupt;

static int32_t ask(void *user_data)
{
    interrupt *state = user_data;
    if (!pthread_equal(pthread_self(), state->thread))
        atomic_fetch_add(&state->strange, 1);
    return atomic_fetch_add(&state->asked, 1) + 1 >= state->answer_from;
}

static void forget_interrupt(void *user_data)
{
    atomic_fetch_add(&((interrupt *)user_data)->destroyed, 1);
}

static httpx_client *interruptible(interrupt *state, int answer_from)
{
    memset(state, 0, sizeof *state);
    state->thread = pthread_self();
    state->answer_from = answer_from;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, LONG, LONG, LONG, LONG, &err));
    MUST(httpx_client_builder_limits(builder, 1, 1, 5.0, &err));
    MUST(httpx_client_builder_interrupt(builder, ask, state, forget_interrupt, &err));
    return build(builder);
}

static void check_interrupted(const interrupt *state)
{
    CHECK(atomic_load(&state->asked) >= state->answer_from);
    CHECK_EQ(atomic_load(&state->strange), 0);
    CHECK_EQ(atomic_load(&state->destroyed), 1); /* with the client, and only once */
}

static void a_blocked_send_is_interrupted(void)
{
    interrupt state;
    httpx_client *client = interruptible(&state, 2);
    httpx_response *response = NULL;
    double start = now();
    FAILS(try_get(client, HTTP("/hang"), &response), HTTPX_E_INTERRUPTED);
    CHECK(now() - start < LONG / 2);
    httpx_client_free(client);
    check_interrupted(&state);
}

static void waiting_for_the_pool_is_interrupted(void)
{
    interrupt state;
    httpx_client *client = interruptible(&state, INT32_MAX);
    httpx_response *holder = get_streamed(client, HTTP("/bytes/3000000"));
    state.answer_from = atomic_load(&state.asked) + 2;
    httpx_response *response = NULL;
    FAILS(try_get(client, HTTP("/get"), &response), HTTPX_E_INTERRUPTED);
    httpx_response_free(holder);
    httpx_client_free(client);
    check_interrupted(&state);
}

static void a_blocked_read_is_interrupted(void)
{
    static raw_server server;
    interrupt state;
    raw_listen(&server, head_and_silence, NULL);
    httpx_client *client = interruptible(&state, INT32_MAX);
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    state.answer_from = atomic_load(&state.asked) + 2;
    const uint8_t *body;
    size_t len;
    FAILS(httpx_response_read(response, &body, &len, &err), HTTPX_E_INTERRUPTED);
    httpx_response_free(response);
    httpx_client_free(client);
    check_interrupted(&state);
    raw_stop(&server);
}

static void an_interrupt_that_says_no_changes_nothing(void)
{
    interrupt state;
    httpx_client *client = interruptible(&state, INT32_MAX);
    httpx_response *response = get(client, HTTP("/delay/1"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    CHECK(atomic_load(&state.asked) > 0);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&state.destroyed), 1);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(connect_timeout),
        TEST(a_silent_tls_handshake_is_a_connect_timeout),
        TEST(read_timeout_before_the_head),
        TEST(read_timeout_in_the_body),
        TEST(write_timeout),
        TEST(a_limit_below_a_clocks_tick_is_over_at_the_first_wait),
        TEST(pool_timeout),
        TEST(a_request_has_its_own_timeouts),
        TEST(a_deadline_covers_everything),
        TEST(a_timeout_of_zero_is_immediate),
        TEST(the_client_goes_on_after_a_timeout),
        TEST(a_blocked_send_is_interrupted),
        TEST(waiting_for_the_pool_is_interrupted),
        TEST(a_blocked_read_is_interrupted),
        TEST(an_interrupt_that_says_no_changes_nothing),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/* The peer resets the connection in the middle of a 100 MB upload, and SIGPIPE has its default action: an error comes
 * back, and the process lives. Over TCP, a unix socket and TLS; from memory and from a pipe. */
#include "queue.h"

#include <poll.h>

enum { UPLOAD = 100 * 1000 * 1000, ENOUGH = 1000 * 1000 };

/* Takes a megabyte of the body, and resets. */
static void reset_in_the_middle(raw_server *server, int fd)
{
    static char room[65536];
    size_t taken = 0;
    ssize_t len;
    (void)server;
    while (taken < ENOUGH && (len = recv(fd, room, sizeof room, 0)) > 0)
        taken += (size_t)len;
    raw_reset_on_close(fd);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Passes bytes from one socket to the other; returns how many, 0 at the end. */
static size_t pass_on(int from, int to)
{
    char room[65536];
    ssize_t len = recv(from, room, sizeof room, 0);
    if (len <= 0)
        return 0;
    raw_say_bytes(to, room, (size_t)len);
    return (size_t)len;
}

/* Stands between the client and the TLS server: lets the handshake and a megabyte of the body through, and resets. */
static void relay_and_reset(raw_server *server, int fd)
{
    const char *base = environment("HTTPX_TEST_HTTPS");
    int origin = connect_to((uint16_t)atoi(strrchr(base, ':') + 1));
    size_t passed = 0, len = 1;
    (void)server;
    while (origin >= 0 && len > 0 && passed < ENOUGH) {
        struct pollfd both[2] = {{.fd = fd, .events = POLLIN}, {.fd = origin, .events = POLLIN}};
        if (poll(both, 2, -1) < 0)
            break;
        if (both[0].revents != 0)
            passed += len = pass_on(fd, origin);
        else
            len = pass_on(origin, fd);
    }
    if (origin >= 0)
        close(origin);
    raw_reset_on_close(fd);
}

static uint8_t *upload_body(void)
{
    uint8_t *body = calloc(1, UPLOAD);
    REQUIRE(body != NULL);
    return body;
}

/* A write that fails leaves what the server may have answered to be read: what comes is an error of the transport. */
static void blocking_upload(httpx_client *client, const char *url)
{
    for (int i = 0; i < 2; i++) {
        uint8_t *body = upload_body();
        httpx_request *request = new_request(client, "POST", url);
        httpx_response *response = NULL;
        MUST(httpx_request_body_owned(request, body, UPLOAD, body, free, &err));
        FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_TRANSPORT);
        CHECK(response == NULL);
        httpx_request_free(request);
    }
}

static void *send_piped(void *argument)
{
    httpx_pipe *pipe = argument;
    static const uint8_t piece[65536];
    size_t sent = 0;
    while (sent < UPLOAD && httpx_pipe_write_all(pipe, piece, sizeof piece, NULL) == HTTPX_OK)
        sent += sizeof piece;
    CHECK(sent < UPLOAD); /* the end of the request ended the pipe */
    httpx_pipe_free(pipe);
    return NULL;
}

static void piped_upload(httpx_client *client, const char *url)
{
    httpx_request *request = new_request(client, "POST", url);
    httpx_pipe *pipe = NULL;
    httpx_response *response = NULL;
    pthread_t thread;
    MUST(httpx_request_body_pipe(request, -1, 0, &pipe, &err));
    REQUIRE(pthread_create(&thread, NULL, send_piped, pipe) == 0);
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_TRANSPORT);
    pthread_join(thread, NULL);
    httpx_request_free(request);
}

/* The library's own thread writes here. */
static void queued_upload(httpx_client *client, const char *url)
{
    tally t = {0};
    intptr_t fd;
    httpx_queue *queue = new_queue();
    uint8_t *body = upload_body();
    httpx_request *request = new_request(client, "POST", url);
    MUST(httpx_queue_fd(queue, &fd, &err));
    MUST(httpx_request_body_owned(request, body, UPLOAD, body, free, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, count_completion, &t, forget_tally, NULL, &err));
    httpx_request_free(request);
    dispatch_until(queue, &t, 1);
    CHECK(httpx_code_is_a(t.code, HTTPX_E_TRANSPORT));
    httpx_queue_free(queue);
}

static void all_uploads(httpx_client *client, const char *url)
{
    blocking_upload(client, url);
    piped_upload(client, url);
    queued_upload(client, url);
    httpx_client_free(client);
}

static void over_tcp(void)
{
    static raw_server server;
    raw_listen(&server, reset_in_the_middle, NULL);
    all_uploads(new_client(), raw_url(&server, "/"));
    raw_stop(&server);
}

static void over_a_unix_socket(void)
{
    static raw_server server;
    raw_listen_unix(&server, reset_in_the_middle, NULL);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_unix_socket(builder, server.path, strlen(server.path), &err));
    all_uploads(build(builder), "http://localhost/");
    raw_stop(&server);
}

static void over_tls(void)
{
    static raw_server server;
    char url[64];
    raw_listen(&server, relay_and_reset, NULL);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/upload", server.port);
    all_uploads(new_client_with_ca(), url);
    raw_stop(&server);
}

static void answer_and_reset(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    raw_reset_on_close(fd);
}

/* Closing what the peer has reset must not signal either. */
static void an_idle_connection_that_was_reset(void)
{
    static raw_server server;
    raw_listen(&server, answer_and_reset, NULL);
    httpx_client *client = new_client();
    for (int i = 0; i < 10; i++) {
        httpx_response *response = NULL;
        httpx_code code = try_get(client, raw_url(&server, "/"), &response);
        CHECK(code == HTTPX_OK || httpx_code_is_a(code, HTTPX_E_TRANSPORT)); /* the reset may overtake the answer */
        httpx_error_free(err);
        err = NULL;
        httpx_response_free(response);
    }
    httpx_client_free(client);
    raw_stop(&server);
}

static void the_action_is_the_default_one(void)
{
    struct sigaction action;
    sigset_t blocked;
    CHECK_EQ(sigaction(SIGPIPE, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
    CHECK(!sigismember(&blocked, SIGPIPE));
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(the_action_is_the_default_one),
        TEST(over_tcp),
        TEST(over_a_unix_socket),
        TEST(over_tls),
        TEST(an_idle_connection_that_was_reset),
        TEST(the_action_is_the_default_one), /* and nobody changed it */
        {NULL, NULL},
    };
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    signal(SIGPIPE, SIG_DFL); /* a shell may have left it ignored */
    pthread_sigmask(SIG_UNBLOCK, &pipe_signal, NULL);
    return run_tests(argc, argv, tests);
}

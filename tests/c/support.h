/* What the tests need beside the checks: the origin server's addresses, clients and requests in one line, and a
 * scripted server of raw sockets for what a well-behaved origin never does. */
#ifndef HTTPX_TEST_SUPPORT_H
#define HTTPX_TEST_SUPPORT_H

#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum { RAW_CONNECTIONS = 64, HEAD_SIZE = 16384 };

/* ---- the origin server, whose addresses run.sh puts into the environment ---- */

static inline const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) {
        fprintf(stderr, "%s is not set: start the tests with run.sh\n", name);
        exit(EXIT_FAILURE);
    }
    return value;
}

/* A URL in one of a few static rooms, good until eight more were made by this thread. */
static inline const char *url_of(const char *variable, const char *path, ...)
{
    static _Thread_local char rooms[8][2048];
    static _Thread_local unsigned turn;
    char *room = rooms[turn++ % 8];
    va_list arguments;
    va_start(arguments, path);
    int base = snprintf(room, sizeof rooms[0], "%s", environment(variable));
    vsnprintf(room + base, sizeof rooms[0] - (size_t)base, path, arguments);
    va_end(arguments);
    return room;
}

#define HTTP(...) url_of("HTTPX_TEST_HTTP", __VA_ARGS__)
#define HTTPS(...) url_of("HTTPX_TEST_HTTPS", __VA_ARGS__)

/* ---- clients, requests, responses ---- */

static inline httpx_client_builder *new_builder(void)
{
    httpx_client_builder *builder = NULL;
    MUST(httpx_client_builder_new(&builder, &err));
    return builder;
}

/* Builds, and frees the builder. */
static inline httpx_client *build(httpx_client_builder *builder)
{
    httpx_client *client = NULL;
    MUST(httpx_client_builder_build(builder, &client, &err));
    httpx_client_builder_free(builder);
    return client;
}

static inline httpx_client *new_client(void)
{
    return build(new_builder());
}

static inline httpx_client *new_client_with_ca(void)
{
    httpx_client_builder *builder = new_builder();
    const char *ca = environment("HTTPX_TEST_CA");
    MUST(httpx_client_builder_ca_file(builder, ca, strlen(ca), &err));
    return build(builder);
}

static inline httpx_request *new_request(httpx_client *client, const char *method, const char *url)
{
    httpx_request *request = NULL;
    MUST(httpx_request_new(client, method, strlen(method), url, strlen(url), &request, &err));
    return request;
}

static inline httpx_queue *new_queue(void)
{
    httpx_queue *queue = NULL;
    MUST(httpx_queue_new(&queue, &err));
    return queue;
}

static inline httpx_code try_get(httpx_client *client, const char *url, httpx_response **response)
{
    return httpx_client_get(client, url, strlen(url), response, &err);
}

static inline httpx_response *get(httpx_client *client, const char *url)
{
    httpx_response *response = NULL;
    MUST(try_get(client, url, &response));
    return response;
}

/* Sends and frees the request. */
static inline httpx_response *send_request(httpx_client *client, httpx_request *request, uint32_t flags)
{
    httpx_response *response = NULL;
    MUST(httpx_client_send(client, request, flags, &response, &err));
    httpx_request_free(request);
    return response;
}

static inline httpx_response *get_streamed(httpx_client *client, const char *url)
{
    return send_request(client, new_request(client, "GET", url), HTTPX_SEND_STREAM);
}

static inline httpx_stream *new_stream(httpx_response *response, size_t chunk_size)
{
    httpx_stream *stream = NULL;
    MUST(httpx_response_stream(response, HTTPX_STREAM_BYTES, chunk_size, &stream, &err));
    return stream;
}

/* A copy of the beginning of the body of a response that was read, NUL-terminated; there until the fourth next call. */
static inline const char *body_of(httpx_response *response)
{
    static _Thread_local char rooms[4][65536];
    static _Thread_local unsigned turn;
    char *room = rooms[turn++ % 4];
    const uint8_t *body = NULL;
    size_t len = 0;
    MUST(httpx_response_content(response, &body, &len, &err));
    len = len < sizeof rooms[0] ? len : sizeof rooms[0] - 1;
    memcpy(room, body, len);
    room[len] = '\0';
    return room;
}

static inline size_t body_len(httpx_response *response)
{
    const uint8_t *body = NULL;
    size_t len = 0;
    MUST(httpx_response_content(response, &body, &len, &err));
    return len;
}

/* Compares a text that has a NUL behind it, and may be NULL. */
static inline int says(const char *got, const char *wanted, const char *file, int line, const char *what)
{
    return harness_text(got, got == NULL ? 0 : strlen(got), wanted, file, line, what);
}

#define SAYS(got, wanted) says(got, wanted, __FILE__, __LINE__, #got)

/* Is `"key": value` in this JSON text, whatever the spaces? */
static inline const char *json_value(const char *json, const char *key)
{
    char quoted[128];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *found = strstr(json, quoted);
    if (found == NULL)
        return NULL;
    found += strlen(quoted);
    return found + strspn(found, " :\n");
}

static inline long long json_number(const char *json, const char *key)
{
    const char *value = json_value(json, key);
    return value == NULL ? -1 : strtoll(value, NULL, 10);
}

/* The number of the server's connection that answered; each accepted connection has its own. */
static inline long long connection_number(httpx_client *client)
{
    httpx_response *response = get(client, HTTP("/connection"));
    long long number = json_number(body_of(response), "connection");
    CHECK(number >= 0);
    httpx_response_free(response);
    return number;
}

/* Counts calls of a destroy function. */
static inline void count_destroy(void *user_data)
{
    atomic_fetch_add((atomic_int *)user_data, 1);
}

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- a server of raw sockets ---- */

/* Serves its connections one after the other on a thread: `serve` gets the accepted socket, which is closed after it.
 */
typedef struct raw_server {
    int listener;
    uint16_t port;
    pthread_t thread;
    void (*serve)(struct raw_server *server, int fd);
    void *argument;
    atomic_int current;  /* the socket that is being served, or -1 */
    atomic_int accepted; /* how many there were */
    atomic_int stop;
    int stop_pipe[2]; /* closed at its writing end by raw_stop */
    char path[108];   /* of a unix socket; empty for TCP */
} raw_server;

static inline void *raw_run(void *argument)
{
    raw_server *server = argument;
    while (!atomic_load(&server->stop)) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            break;
        atomic_fetch_add(&server->accepted, 1);
        atomic_store(&server->current, fd);
        if (!atomic_load(&server->stop))
            server->serve(server, fd);
        atomic_store(&server->current, -1);
        close(fd);
    }
    return NULL;
}

static inline void raw_start(raw_server *server)
{
    sigset_t all, before;
    REQUIRE(listen(server->listener, RAW_CONNECTIONS) == 0);
    REQUIRE(pipe(server->stop_pipe) == 0);
    atomic_store(&server->current, -1);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    REQUIRE(pthread_create(&server->thread, NULL, raw_run, server) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static inline void raw_listen(raw_server *server, void (*serve)(raw_server *, int), void *argument)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    memset(server, 0, sizeof *server);
    server->serve = serve;
    server->argument = argument;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(server->listener >= 0);
    REQUIRE(bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0);
    REQUIRE(getsockname(server->listener, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    raw_start(server);
}

static inline void raw_listen_unix(raw_server *server, void (*serve)(raw_server *, int), void *argument)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memset(server, 0, sizeof *server);
    server->serve = serve;
    server->argument = argument;
    snprintf(server->path, sizeof server->path, "/tmp/httpx-test-%ld.sock", (long)getpid());
    memcpy(address.sun_path, server->path, sizeof server->path);
    unlink(server->path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(server->listener >= 0);
    REQUIRE(bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0);
    raw_start(server);
}

/* Ends the thread, also when it waits for a peer. */
static inline void raw_stop(raw_server *server)
{
    atomic_store(&server->stop, 1);
    close(server->stop_pipe[1]);
    int fd = atomic_load(&server->current);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    close(server->stop_pipe[0]);
    if (server->path[0] != '\0')
        unlink(server->path);
}

static inline const char *raw_url(const raw_server *server, const char *path)
{
    static _Thread_local char room[512];
    snprintf(room, sizeof room, "http://127.0.0.1:%u%s", server->port, path);
    return room;
}

/* Reads up to the empty line (byte by byte: what follows stays in the socket). Returns 0 when the peer left. */
static inline int raw_read_head(int fd, char *head, size_t size)
{
    size_t len = 0;
    while (len + 1 < size && recv(fd, head + len, 1, 0) == 1) {
        head[++len] = '\0';
        if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0)
            return 1;
    }
    return 0;
}

static inline void raw_say_bytes(int fd, const void *data, size_t len)
{
    const char *rest = data;
    while (len > 0) {
        ssize_t sent = send(fd, rest, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        rest += sent;
        len -= (size_t)sent;
    }
}

static inline void raw_say(int fd, const char *text)
{
    raw_say_bytes(fd, text, strlen(text));
}

/* Reads until the peer closes (or raw_stop says so) and forgets what it read. */
static inline void raw_drain(int fd)
{
    char room[65536];
    while (recv(fd, room, sizeof room, 0) > 0)
        continue;
}

/* Keeps the connection open and reads nothing. */
static inline void raw_wait_for_stop(const raw_server *server)
{
    char byte;
    while (read(server->stop_pipe[0], &byte, 1) < 0 && errno == EINTR)
        continue;
}

/* The close that follows sends RST. */
static inline void raw_reset_on_close(int fd)
{
    struct linger now_or_never = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now_or_never, sizeof now_or_never);
}

#endif

/* The server that every client is measured against: HTTP/1.1 keep-alive on one thread and one epoll, as cheap as a
 * server can be, so that what remains is the client. Answers any GET with eight headers and a small body, and
 * GET /bytes/N with N bytes. Prints its port on stdout; ends with its parent or by a signal. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_LIMIT 4096
#define HEADERS                                                                                                        \
    "HTTP/1.1 200 OK\r\n"                                                                                              \
    "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"                                                                          \
    "Server: bench\r\n"                                                                                                \
    "Content-Type: application/json\r\n"                                                                               \
    "Cache-Control: private, max-age=0\r\n"                                                                            \
    "ETag: \"5d8c72a5edda8d6a\"\r\n"                                                                                   \
    "Vary: Accept-Encoding\r\n"                                                                                        \
    "X-Request-Id: 0af7651916cd43dd8448eb211c80319c\r\n"

static const char small_response[] = HEADERS "Content-Length: 27\r\n\r\n{\"message\":\"hello, world!\"}";
static char block[65536];

struct connection {
    int fd;
    size_t have;      /* bytes in head */
    size_t head_left; /* of out_head, still to send */
    size_t body_left; /* of /bytes/N, still to send */
    size_t out_length;
    char out_head[sizeof small_response + 32];
    char head[HEAD_LIMIT];
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void close_connection(struct connection *c)
{
    close(c->fd);
    free(c);
}

/* Sends what is pending. 1: all of it, 0: the socket is full, -1: the client is gone. */
static int flush(struct connection *c)
{
    while (c->head_left + c->body_left > 0) {
        int in_head = c->head_left > 0;
        const char *from = in_head ? c->out_head + c->out_length - c->head_left : block;
        size_t length = in_head ? c->head_left : c->body_left < sizeof block ? c->body_left : sizeof block;
        ssize_t n = send(c->fd, from, length, MSG_NOSIGNAL | (in_head && c->body_left > 0 ? MSG_MORE : 0));
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        if (in_head)
            c->head_left -= (size_t)n;
        else
            c->body_left -= (size_t)n;
    }
    return 1;
}

static int answer(struct connection *c, const char *request)
{
    static const char bytes_route[] = "GET /bytes/";
    if (strncmp(request, "GET ", 4) != 0)
        return -1;
    if (strncmp(request, bytes_route, sizeof bytes_route - 1) == 0) {
        c->body_left = (size_t)strtoull(request + sizeof bytes_route - 1, NULL, 10);
        c->out_length =
            (size_t)snprintf(c->out_head, sizeof c->out_head, HEADERS "Content-Length: %zu\r\n\r\n", c->body_left);
    } else {
        c->out_length = sizeof small_response - 1;
        memcpy(c->out_head, small_response, c->out_length);
    }
    c->head_left = c->out_length;
    return flush(c);
}

/* Answers every whole request that has arrived, until the socket is full. -1: close. */
static int serve(struct connection *c)
{
    int flushed = flush(c);
    while (flushed == 1) {
        c->head[c->have] = '\0';
        char *end = strstr(c->head, "\r\n\r\n");
        if (end == NULL)
            return c->have < HEAD_LIMIT - 1 ? 1 : -1;
        flushed = answer(c, c->head);
        size_t used = (size_t)(end + 4 - c->head);
        c->have -= used;
        memmove(c->head, c->head + used, c->have);
    }
    return flushed;
}

/* Reads while nothing is pending, writes while something is; tells epoll when that changes. -1: close. */
static int receive_and_serve(struct connection *c, int epoll)
{
    int was_pending = c->head_left + c->body_left > 0;
    if (!was_pending) {
        ssize_t n = recv(c->fd, c->head + c->have, HEAD_LIMIT - 1 - c->have, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return -1;
        c->have += n > 0 ? (size_t)n : 0;
    }
    int flushed = serve(c), pending = flushed == 0;
    if (flushed < 0 || pending == was_pending)
        return flushed;
    struct epoll_event event = {.events = pending ? EPOLLOUT : EPOLLIN, .data.ptr = c};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void accept_all(int listener, int epoll)
{
    for (;;) {
        int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
            return;
        struct connection *c = fd < 0 ? NULL : calloc(1, sizeof *c);
        if (c == NULL)
            die("accept4");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            die("epoll_ctl");
    }
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("listen");
    printf("%u\n", ntohs(address.sin_port));
    if (fflush(stdout) != 0)
        die("stdout");
    return fd;
}

int main(void)
{
    struct rlimit limit;
    struct epoll_event events[256];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    memset(block, 'x', sizeof block);
    int listener = listen_on_loopback(), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        die("epoll");
    for (;;) {
        int ready = epoll_wait(epoll, events, sizeof events / sizeof *events, -1);
        if (ready < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c == NULL)
                accept_all(listener, epoll);
            else if (receive_and_serve(c, epoll) < 0)
                close_connection(c);
        }
    }
}

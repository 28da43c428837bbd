/* The floor of concurrent GETs: N connections on one epoll, each sends the same bytes and counts the response's.
 * Nothing is parsed. */
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd;
    size_t have;
    uint64_t sent_at;
};

static char buffer[65536];

struct load {
    struct bench *bench;
    int epoll;
    struct connection *connections;
    char request[512];
    size_t request_length, total;
};

static void begin_request(struct load *l, struct connection *c, uint64_t now)
{
    c->have = 0;
    c->sent_at = now;
    bench_send_all(c->fd, l->request, l->request_length);
}

static void run(struct load *l, size_t count)
{
    struct epoll_event events[256];
    size_t submitted = 0, done = 0;
    uint64_t now = bench_now_ns();
    for (; submitted < count && submitted < l->bench->connections; submitted++)
        begin_request(l, &l->connections[submitted], now);
    while (done < count) {
        int ready = epoll_wait(l->epoll, events, sizeof events / sizeof *events, -1);
        if (ready < 0 && errno != EINTR)
            bench_die("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
            if (n <= 0)
                bench_die("recv: %s", n == 0 ? "closed by the server" : strerror(errno));
            c->have += (size_t)n;
            if (c->have < l->total)
                continue;
            now = bench_now_ns();
            bench_sample(l->bench, now - c->sent_at);
            done++;
            if (submitted < count) {
                submitted++;
                begin_request(l, c, now);
            }
        }
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct load l = {.bench = &b, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    bench_init(&b, "floor", argc, argv);
    l.connections = calloc(b.connections, sizeof *l.connections);
    if (l.epoll < 0 || l.connections == NULL)
        bench_die("epoll_create1 or calloc: %s", strerror(errno));
    l.request_length = bench_request_bytes(&b, l.request, sizeof l.request);
    for (size_t i = 0; i < b.connections; i++) {
        struct connection *c = &l.connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = bench_connect(&b);
        if (epoll_ctl(l.epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
            bench_die("epoll_ctl: %s", strerror(errno));
    }
    l.total = bench_response_length(l.connections[0].fd, l.request, l.request_length);
    run(&l, b.warmup);
    bench_begin(&b);
    run(&l, b.requests);
    bench_end(&b);
    free(l.connections);
    return 0;
}

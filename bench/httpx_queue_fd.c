/* libhttpx, concurrent, the host does the waiting: the queue's fd in the program's own epoll loop. */
#include "httpx_load.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static void run(struct httpx_load *l, int epoll, size_t count)
{
    httpx_error *error = NULL;
    struct epoll_event event;
    httpx_load_begin(l, count);
    while (l->done < count) {
        if (epoll_wait(epoll, &event, 1, -1) < 0 && errno != EINTR)
            bench_die("epoll_wait: %s", strerror(errno));
        httpx_load_check(httpx_queue_dispatch(l->queue, 0, NULL, &error), error);
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct httpx_load l;
    httpx_error *error = NULL;
    intptr_t fd = -1;
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    bench_init(&b, "libhttpx queue fd", argc, argv);
    httpx_load_init(&l, &b);
    httpx_load_check(httpx_queue_fd(l.queue, &fd, &error), error);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, (int)fd, &event) != 0)
        bench_die("epoll: %s", strerror(errno));
    run(&l, epoll, b.warmup);
    bench_begin(&b);
    run(&l, epoll, b.requests);
    bench_end(&b);
    httpx_load_free(&l);
    return 0;
}

/* libcurl, concurrent, the host does the waiting: curl_multi_socket_action under the program's own epoll loop. */
#include "curl_load.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static int epoll = -1;
static long timeout_ms = -1;

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *user_data, void *watched)
{
    (void)easy;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        /* libcurl may have closed it already, then it has left the epoll by itself. */
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(epoll, watched != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        bench_die("epoll_ctl: %s", strerror(errno));
    curl_multi_assign(((struct curl_load *)user_data)->multi, fd, &epoll);
    return 0;
}

static int set_timer(CURLM *multi, long wanted_ms, void *user_data)
{
    (void)multi;
    (void)user_data;
    timeout_ms = wanted_ms;
    return 0;
}

static void act(struct curl_load *l, curl_socket_t fd, int mask)
{
    int running;
    CURLMcode code = curl_multi_socket_action(l->multi, fd, mask, &running);
    if (code != CURLM_OK)
        bench_die("curl_multi_socket_action: %s", curl_multi_strerror(code));
}

static void run(struct curl_load *l, size_t count)
{
    struct epoll_event events[256];
    curl_load_begin(l, count);
    while (l->done < count) {
        int wait = timeout_ms < 0 || timeout_ms > 1000 ? 1000 : (int)timeout_ms;
        int ready = epoll_wait(epoll, events, sizeof events / sizeof *events, wait);
        if (ready < 0 && errno != EINTR)
            bench_die("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < ready; i++) {
            int mask = (events[i].events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                       (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (events[i].events & EPOLLERR ? CURL_CSELECT_ERR : 0);
            act(l, events[i].data.fd, mask);
        }
        if (ready == 0 || timeout_ms == 0) {
            timeout_ms = -1;
            act(l, CURL_SOCKET_TIMEOUT, 0);
        }
        curl_load_collect(l);
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct curl_load l;
    bench_init(&b, "libcurl multi_socket", argc, argv);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        bench_die("epoll_create1: %s", strerror(errno));
    curl_load_init(&l, &b);
    curl_multi_setopt(l.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(l.multi, CURLMOPT_SOCKETDATA, &l);
    curl_multi_setopt(l.multi, CURLMOPT_TIMERFUNCTION, set_timer);
    run(&l, b.warmup);
    bench_begin(&b);
    run(&l, b.requests);
    bench_end(&b);
    curl_load_free(&l);
    return 0;
}

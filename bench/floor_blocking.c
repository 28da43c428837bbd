/* The floor of a blocking GET: send the same bytes, receive until the known length. Nothing is parsed. */
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static char buffer[65536];

static void run(struct bench *b, int fd, const char *request, size_t request_length, size_t total, size_t count)
{
    uint64_t last = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
        bench_send_all(fd, request, request_length);
        for (size_t have = 0; have < total;) {
            ssize_t n = recv(fd, buffer, sizeof buffer, 0);
            if (n <= 0)
                bench_die("recv: %s", n == 0 ? "closed by the server" : strerror(errno));
            have += (size_t)n;
        }
        uint64_t now = bench_now_ns();
        bench_sample(b, now - last);
        last = now;
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    char request[512];
    bench_init(&b, "floor", argc, argv);
    int fd = bench_connect(&b);
    size_t request_length = bench_request_bytes(&b, request, sizeof request);
    size_t total = bench_response_length(fd, request, request_length);
    run(&b, fd, request, request_length, total, b.warmup);
    bench_begin(&b);
    run(&b, fd, request, request_length, total, b.requests);
    bench_end(&b);
    return 0;
}

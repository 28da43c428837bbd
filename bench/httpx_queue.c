/* libhttpx, concurrent, the library does the waiting: httpx_queue_dispatch drives the queue on this thread. */
#include "httpx_load.h"

static void run(struct httpx_load *l, size_t count)
{
    httpx_error *error = NULL;
    httpx_load_begin(l, count);
    while (l->done < count)
        httpx_load_check(httpx_queue_dispatch(l->queue, -1, NULL, &error), error);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct httpx_load l;
    bench_init(&b, "libhttpx queue", argc, argv);
    httpx_load_init(&l, &b);
    run(&l, b.warmup);
    bench_begin(&b);
    run(&l, b.requests);
    bench_end(&b);
    httpx_load_free(&l);
    return 0;
}

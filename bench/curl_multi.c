/* libcurl, concurrent, libcurl does the waiting: curl_multi_poll. */
#include "curl_load.h"

static void run(struct curl_load *l, size_t count)
{
    curl_load_begin(l, count);
    while (l->done < count) {
        int running;
        CURLMcode code = curl_multi_perform(l->multi, &running);
        if (code != CURLM_OK)
            bench_die("curl_multi_perform: %s", curl_multi_strerror(code));
        curl_load_collect(l);
        if (l->done < count && (code = curl_multi_poll(l->multi, NULL, 0, 1000, NULL)) != CURLM_OK)
            bench_die("curl_multi_poll: %s", curl_multi_strerror(code));
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct curl_load l;
    bench_init(&b, "libcurl multi", argc, argv);
    curl_load_init(&l, &b);
    run(&l, b.warmup);
    bench_begin(&b);
    run(&l, b.requests);
    bench_end(&b);
    curl_load_free(&l);
    return 0;
}

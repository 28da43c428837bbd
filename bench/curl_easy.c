/* libcurl, blocking: one easy handle, reused; the URL is given with each request, as a client's user does. */
#include "bench.h"

#include <curl/curl.h>
#include <stdlib.h>

static size_t collect(char *data, size_t size, size_t count, void *body)
{
    bench_body_append(body, data, size * count);
    return size * count;
}

static void run(struct bench *b, CURL *easy, struct bench_body *body, size_t count)
{
    uint64_t last = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
        long status = 0;
        size_t expected = body->length;
        body->length = 0;
        curl_easy_setopt(easy, CURLOPT_URL, b->url);
        CURLcode code = curl_easy_perform(easy);
        if (code != CURLE_OK)
            bench_die("curl_easy_perform: %s", curl_easy_strerror(code));
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200 || body->length == 0 || (i > 0 && body->length != expected))
            bench_die("status %ld, %zu bytes", status, body->length);
        uint64_t now = bench_now_ns();
        bench_sample(b, now - last);
        last = now;
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct bench_body body = {0};
    bench_init(&b, "libcurl easy", argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        bench_die("curl_easy_init failed");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    run(&b, easy, &body, b.warmup);
    bench_begin(&b);
    run(&b, easy, &body, b.requests);
    bench_end(&b);
    curl_easy_cleanup(easy);
    curl_global_cleanup();
    free(body.data);
    return 0;
}

/* libcurl, blocking, several threads with an easy handle each: a handle serves one thread at a time. The handles live
 * through the warm-up and the measured run, and so do their connections. */
#include "threads.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

struct handle {
    CURL *easy;
    struct bench_body body;
};

struct handles {
    pthread_mutex_t lock;
    size_t free_count;
    struct handle **free_list;
};

static size_t collect(char *data, size_t size, size_t count, void *body)
{
    bench_body_append(body, data, size * count);
    return size * count;
}

/* Once per thread and run, so the lock costs a request nothing. */
static struct handle *take(struct handles *handles)
{
    pthread_mutex_lock(&handles->lock);
    struct handle *h = handles->free_list[--handles->free_count];
    pthread_mutex_unlock(&handles->lock);
    return h;
}

static void give_back(struct handles *handles, struct handle *h)
{
    pthread_mutex_lock(&handles->lock);
    handles->free_list[handles->free_count++] = h;
    pthread_mutex_unlock(&handles->lock);
}

static void work(struct bench *b, void *context, size_t count)
{
    struct handle *h = take(context);
    uint64_t last = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
        long status = 0;
        h->body.length = 0;
        curl_easy_setopt(h->easy, CURLOPT_URL, b->url);
        CURLcode code = curl_easy_perform(h->easy);
        if (code != CURLE_OK)
            bench_die("curl_easy_perform: %s", curl_easy_strerror(code));
        curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200 || h->body.length == 0)
            bench_die("status %ld, %zu bytes", status, h->body.length);
        uint64_t now = bench_now_ns();
        bench_sample(b, now - last);
        last = now;
    }
    give_back(context, h);
}

int main(int argc, char **argv)
{
    static struct bench b;
    bench_init(&b, "libcurl threads", argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct handle *all = calloc(b.connections, sizeof *all);
    struct handles handles = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .free_list = calloc(b.connections, sizeof *handles.free_list)};
    if (all == NULL || handles.free_list == NULL)
        bench_die("out of memory");
    for (size_t i = 0; i < b.connections; i++) {
        CURL *easy = all[i].easy = curl_easy_init();
        if (easy == NULL)
            bench_die("curl_easy_init failed");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &all[i].body);
        give_back(&handles, &all[i]);
    }
    threads_run(&b, work, &handles, b.warmup);
    bench_begin(&b);
    threads_run(&b, work, &handles, b.requests);
    bench_end(&b);
    for (size_t i = 0; i < b.connections; i++) {
        curl_easy_cleanup(all[i].easy);
        free(all[i].body.data);
    }
    free(handles.free_list);
    free(all);
    curl_global_cleanup();
    return 0;
}

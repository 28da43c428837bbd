#include "curl_load.h"

#include <stdlib.h>

static size_t collect(char *data, size_t size, size_t count, void *body)
{
    bench_body_append(body, data, size * count);
    return size * count;
}

void curl_load_init(struct curl_load *l, struct bench *b)
{
    *l = (struct curl_load){.bench = b};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    l->multi = curl_multi_init();
    l->transfers = calloc(b->connections, sizeof *l->transfers);
    if (l->multi == NULL || l->transfers == NULL)
        bench_die("curl_multi_init failed");
    curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)b->connections);
    for (size_t i = 0; i < b->connections; i++) {
        struct curl_transfer *t = &l->transfers[i];
        t->easy = curl_easy_init();
        if (t->easy == NULL)
            bench_die("curl_easy_init failed");
        curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
        curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, collect);
        curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, &t->body);
        curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    }
}

static void submit(struct curl_load *l, struct curl_transfer *t)
{
    t->body.length = 0;
    t->begin_ns = bench_now_ns();
    curl_easy_setopt(t->easy, CURLOPT_URL, l->bench->url);
    CURLMcode code = curl_multi_add_handle(l->multi, t->easy);
    if (code != CURLM_OK)
        bench_die("curl_multi_add_handle: %s", curl_multi_strerror(code));
    l->submitted++;
}

void curl_load_begin(struct curl_load *l, size_t count)
{
    l->submitted = l->done = 0;
    l->count = count;
    while (l->submitted < count && l->submitted < l->bench->connections)
        submit(l, &l->transfers[l->submitted]);
}

static void finish(struct curl_load *l, CURL *easy, CURLcode result)
{
    struct curl_transfer *t = NULL;
    long status = 0;
    if (result != CURLE_OK)
        bench_die("transfer: %s", curl_easy_strerror(result));
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(l->multi, easy);
    if (l->expected == 0)
        l->expected = t->body.length;
    if (status != 200 || t->body.length == 0 || t->body.length != l->expected)
        bench_die("status %ld, %zu bytes", status, t->body.length);
    bench_sample(l->bench, bench_now_ns() - t->begin_ns);
    l->done++;
    if (l->submitted < l->count)
        submit(l, t);
}

void curl_load_collect(struct curl_load *l)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(l->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            finish(l, message->easy_handle, message->data.result);
}

void curl_load_free(struct curl_load *l)
{
    for (size_t i = 0; i < l->bench->connections; i++) {
        curl_easy_cleanup(l->transfers[i].easy);
        free(l->transfers[i].body.data);
    }
    free(l->transfers);
    curl_multi_cleanup(l->multi);
    curl_global_cleanup();
}

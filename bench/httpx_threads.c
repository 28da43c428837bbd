/* libhttpx, blocking, several threads that share one client. */
#include "threads.h"

#include <httpx/httpx.h>

static void check(httpx_code code, httpx_error *error)
{
    if (httpx_code_is_error(code))
        bench_die("%s: %s", httpx_code_name(code), httpx_error_message(error, NULL));
}

static void work(struct bench *b, void *client, size_t count)
{
    httpx_error *error = NULL;
    uint64_t last = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
        httpx_response *response = NULL;
        const uint8_t *content = NULL;
        size_t length = 0;
        check(httpx_client_get(client, b->url, b->url_length, &response, &error), error);
        int32_t status = httpx_response_status_code(response);
        check(httpx_response_content(response, &content, &length, &error), error);
        if (status != 200 || length == 0)
            bench_die("status %d, %zu bytes", (int)status, length);
        httpx_response_free(response);
        uint64_t now = bench_now_ns();
        bench_sample(b, now - last);
        last = now;
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    httpx_client_builder *builder = NULL;
    httpx_client *client = NULL;
    httpx_error *error = NULL;
    bench_init(&b, "libhttpx threads", argc, argv);
    check(httpx_client_builder_new(&builder, &error), error);
    check(httpx_client_builder_build(builder, &client, &error), error);
    httpx_client_builder_free(builder);
    threads_run(&b, work, client, b.warmup);
    bench_begin(&b);
    threads_run(&b, work, client, b.requests);
    bench_end(&b);
    httpx_client_free(client);
    return 0;
}

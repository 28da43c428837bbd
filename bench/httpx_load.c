#include "httpx_load.h"

#include <math.h>
#include <stdlib.h>

void httpx_load_check(httpx_code code, httpx_error *error)
{
    if (httpx_code_is_error(code))
        bench_die("%s: %s", httpx_code_name(code), httpx_error_message(error, NULL));
}

void httpx_load_init(struct httpx_load *l, struct bench *b)
{
    httpx_client_builder *builder = NULL;
    httpx_error *error = NULL;
    *l = (struct httpx_load){.bench = b, .transfers = calloc(b->connections, sizeof *l->transfers)};
    if (l->transfers == NULL)
        bench_die("out of memory");
    for (size_t i = 0; i < b->connections; i++)
        l->transfers[i].load = l;
    httpx_load_check(httpx_client_builder_new(&builder, &error), error);
    /* The default keeps 20 connections alive; here all are used again, as libcurl's are. */
    httpx_load_check(httpx_client_builder_limits(builder, b->connections, b->connections, INFINITY, &error), error);
    httpx_load_check(httpx_client_builder_build(builder, &l->client, &error), error);
    httpx_client_builder_free(builder);
    httpx_load_check(httpx_queue_new(&l->queue, &error), error);
}

static void on_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error);

static void submit(struct httpx_load *l, struct httpx_transfer *t)
{
    httpx_error *error = NULL;
    httpx_request *request = NULL;
    t->begin_ns = bench_now_ns();
    httpx_load_check(httpx_request_new(l->client, "GET", 3, l->bench->url, l->bench->url_length, &request, &error),
                     error);
    httpx_load_check(httpx_client_send_async(l->client, request, 0, l->queue, on_response, t, NULL, NULL, &error),
                     error);
    httpx_request_free(request);
    l->submitted++;
}

static void on_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    struct httpx_transfer *t = user_data;
    struct httpx_load *l = t->load;
    const uint8_t *content = NULL;
    size_t length = 0;
    httpx_load_check(code, error);
    int32_t status = httpx_response_status_code(response);
    httpx_load_check(httpx_response_content(response, &content, &length, &error), error);
    if (l->expected == 0)
        l->expected = length;
    if (status != 200 || length == 0 || length != l->expected)
        bench_die("status %d, %zu bytes", (int)status, length);
    httpx_response_free(response);
    bench_sample(l->bench, bench_now_ns() - t->begin_ns);
    l->done++;
    if (l->submitted < l->count)
        submit(l, t);
}

void httpx_load_begin(struct httpx_load *l, size_t count)
{
    l->submitted = l->done = 0;
    l->count = count;
    while (l->submitted < count && l->submitted < l->bench->connections)
        submit(l, &l->transfers[l->submitted]);
}

void httpx_load_free(struct httpx_load *l)
{
    httpx_queue_free(l->queue);
    httpx_client_free(l->client);
    free(l->transfers);
}

/* For null_arguments.c: one of each handle, and the macros by which a call takes its arguments, so that any one of them
 * can be made bad. P is a pointer by its number, L a length by its number, T and B a text or bytes by both, ERR the
 * last pointer of most calls. */
#ifndef HTTPX_TEST_NULL_FIXTURE_H
#define HTTPX_TEST_NULL_FIXTURE_H

#include "support.h"

enum { BIG = (1 << 20) + 2 }; /* what is over the limit of names and URLs, and is really there */

typedef struct fixture {
    unsigned null; /* bit i: pointer i is NULL */
    int bad_len;   /* the number of the length that is replaced by `len`, or -1 */
    size_t len;

    httpx_client_builder *builder;
    httpx_client *client;
    httpx_request *request, *upload;
    httpx_response *response, *streaming;
    httpx_stream *stream;
    httpx_queue *queue;
    httpx_op *op;
    httpx_pipe *pipe;
    httpx_error *error;
    httpx_form *form;
    httpx_multipart *multipart;
    httpx_cookies *cookies;
    httpx_transport *transport;
    httpx_tls *tls;
    httpx_proxy *proxy;
    httpx_network_stream *network_stream; /* where a call needs one */
    httpx_url *url;
    httpx_url_parts *parts;
    httpx_query_params *params;
    httpx_headers *headers;
    httpx_connections *connections;
    httpx_response_builder *response_builder;
    httpx_auth *auth, *digest;
    httpx_url_pattern *pattern;
    httpx_proxy_map *proxy_map;
    httpx_flow *flow;
    httpx_reply *reply; /* where a call needs one */

    /* What calls put their results into; freed with the fixture. */
    httpx_client_builder *builder_out;
    httpx_client *client_out;
    httpx_request *request_out;
    httpx_response *response_out;
    httpx_stream *stream_out;
    httpx_queue *queue_out;
    httpx_op *op_out;
    httpx_pipe *pipe_out;
    httpx_form *form_out;
    httpx_multipart *multipart_out;
    httpx_cookies *cookies_out;
    httpx_transport *transport_out;
    httpx_tls *tls_out;
    httpx_proxy *proxy_out;
    httpx_network_stream *network_stream_out;
    httpx_response_builder *response_builder_out;
    httpx_url *url_out;
    httpx_url_parts *parts_out;
    httpx_query_params *params_out;
    httpx_headers *headers_out;
    httpx_connections *connections_out;
    httpx_auth *auth_out;
    httpx_waker *waker_out;
    httpx_url_pattern *pattern_out;
    httpx_proxy_map *proxy_map_out;
    httpx_flow *flow_out;
    httpx_error *error_out, *err;
    const uint8_t *bytes, *more_bytes;
    const char *text, *more_text;
    size_t size, more_size, third_size, fourth_size;
    int32_t number, more_number, third_number;
    int64_t wide_number;
    uint16_t port;
    double seconds;
    intptr_t fd;
    httpx_event event;

    int handed_in; /* user data was, with its destroy function */
    atomic_int destroyed;
} fixture;

static char big[BIG];

#define P(i, value) ((f->null >> (i)) & 1u ? NULL : (value))
#define L(i, value) (f->bad_len == (i) ? f->len : (size_t)(value))
#define T(i, j, text) P(i, f->bad_len == (j) ? (const char *)big : (text))
#define B(i, j, text) ((const uint8_t *)T(i, j, text))
/* A destroy function by its number, for the user data with the other one. */
#define D(data, i) (IS_NULL(data) || IS_NULL(i) ? NULL : (f->handed_in = 1, count_destroy))
#define ERR(i) P(i, &f->err)
#define IS_NULL(i) ((f->null >> (i)) & 1u)
/* What a function without a code gives for NULL. */
#define NEUTRAL(condition) (IS_NULL(0) ? (CHECK(condition), HTTPX_E_NULL_POINTER) : HTTPX_OK)

static void no_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    (void)user_data, (void)code;
    httpx_response_free(response);
    httpx_error_free(error);
}

static void no_done(void *user_data, httpx_code code, httpx_error *error)
{
    (void)user_data, (void)code;
    httpx_error_free(error);
}

static void no_chunk(void *user_data, httpx_code code, const uint8_t *data, size_t len, httpx_error *error)
{
    (void)user_data, (void)code, (void)data, (void)len;
    httpx_error_free(error);
}

static void no_wake(void *user_data)
{
    (void)user_data;
}

static int32_t no_interrupt(void *user_data)
{
    (void)user_data;
    return 0;
}

static void fill(fixture *f)
{
    memset(f, 0, sizeof *f);
    f->bad_len = -1;
    f->builder = new_builder();
    f->client = new_client();
    f->request = new_request(f->client, "GET", HTTP("/get"));
    f->upload = new_request(f->client, "POST", HTTP("/post"));
    f->response = get(f->client, HTTP("/get"));
    f->streaming = get_streamed(f->client, HTTP("/bytes/1000"));
    f->stream = new_stream(f->streaming, 0);
    f->queue = new_queue();
    MUST(httpx_form_new(&f->form, &err));
    MUST(httpx_multipart_new(&f->multipart, &err));
    MUST(httpx_cookies_new(&f->cookies, &err));
    MUST(httpx_url_parse("http://host:81/path?a=1", 23, &f->url, &err));
    MUST(httpx_url_parts_new(&f->parts, &err));
    MUST(httpx_url_params(f->url, &f->params, &err));
    MUST(httpx_headers_new(&f->headers, &err));
    MUST(httpx_headers_add(f->headers, "Host", 4, (const uint8_t *)"h", 1, &err));
    MUST(httpx_cookies_set(f->cookies, "a", 1, (const uint8_t *)"1", 1, "", 0, "/", 1, &err));
    MUST(httpx_transport_new(f->builder, &f->transport, &err));
    MUST(httpx_tls_new(&f->tls, &err));
    MUST(httpx_proxy_new("http://127.0.0.1:1", 18, &f->proxy, &err));
    MUST(httpx_client_connection_list(f->client, &f->connections, &err));
    MUST(httpx_response_builder_new(200, &f->response_builder, &err));
    MUST(httpx_auth_basic((const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &f->auth, &err));
    MUST(httpx_auth_digest((const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &f->digest, &err));
    MUST(httpx_url_pattern_new("all://h", 7, &f->pattern, &err));
    MUST(httpx_environment_proxies(&f->proxy_map, &err));
    MUST(httpx_auth_start(f->auth, f->request, &f->flow, &err));
    MUST(httpx_request_body_pipe(f->upload, -1, 0, &f->pipe, &err));
    MUST(httpx_client_send_async(f->client, f->request, 0, f->queue, no_response, NULL, NULL, &f->op, &err));
    httpx_response *none = NULL;
    CHECK(try_get(f->client, "http://127.0.0.1:1/", &none) == HTTPX_E_CONNECTION_REFUSED);
    f->error = err;
    err = NULL;
}

static void empty(fixture *f)
{
    httpx_pipe_free(f->pipe);
    httpx_pipe_free(f->pipe_out);
    httpx_form_free(f->form);
    httpx_form_free(f->form_out);
    httpx_multipart_free(f->multipart);
    httpx_multipart_free(f->multipart_out);
    httpx_cookies_free(f->cookies);
    httpx_transport_free(f->transport);
    httpx_cookies_free(f->cookies_out);
    httpx_url_free(f->url);
    httpx_url_free(f->url_out);
    httpx_url_parts_free(f->parts);
    httpx_url_parts_free(f->parts_out);
    httpx_query_params_free(f->params);
    httpx_query_params_free(f->params_out);
    httpx_headers_free(f->headers);
    httpx_headers_free(f->headers_out);
    httpx_transport_free(f->transport_out);
    httpx_tls_free(f->tls);
    httpx_tls_free(f->tls_out);
    httpx_proxy_free(f->proxy);
    httpx_proxy_free(f->proxy_out);
    httpx_auth_free(f->auth);
    httpx_auth_free(f->auth_out);
    httpx_auth_free(f->digest);
    httpx_url_pattern_free(f->pattern);
    httpx_url_pattern_free(f->pattern_out);
    httpx_proxy_map_free(f->proxy_map);
    httpx_proxy_map_free(f->proxy_map_out);
    httpx_flow_free(f->flow);
    httpx_flow_free(f->flow_out);
    httpx_reply_free(f->reply);
    httpx_waker_free(f->waker_out);
    httpx_network_stream_free(f->network_stream);
    httpx_network_stream_free(f->network_stream_out);
    httpx_connections_free(f->connections);
    httpx_connections_free(f->connections_out);
    httpx_response_builder_free(f->response_builder);
    httpx_response_builder_free(f->response_builder_out);
    httpx_op_free(f->op);
    httpx_op_free(f->op_out);
    httpx_stream_free(f->stream);
    httpx_stream_free(f->stream_out);
    httpx_response_free(f->response);
    httpx_response_free(f->response_out);
    httpx_response_free(f->streaming);
    httpx_request_free(f->request);
    httpx_request_free(f->request_out);
    httpx_request_free(f->upload);
    httpx_queue_free(f->queue);
    httpx_queue_free(f->queue_out);
    httpx_client_builder_free(f->builder);
    httpx_client_builder_free(f->builder_out);
    httpx_client_free(f->client);
    httpx_client_free(f->client_out);
    httpx_error_free(f->error);
    httpx_error_free(f->error_out);
    httpx_error_free(f->err);
}

#endif

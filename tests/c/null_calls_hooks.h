/* For null_arguments.c: the calls of hooks, timings and network streams. */
#ifndef HTTPX_TEST_NULL_CALLS_HOOKS_H
#define HTTPX_TEST_NULL_CALLS_HOOKS_H

#include "null_fixture.h"

/* ---- hooks and limits ---- */

static int32_t no_trace(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len)
{
    (void)user_data, (void)event, (void)event_len, (void)info, (void)info_len;
    return 0;
}

static void no_log(void *user_data, int32_t level, const char *logger, size_t logger_len, const char *message,
                   size_t message_len)
{
    (void)user_data, (void)level, (void)logger, (void)logger_len, (void)message, (void)message_len;
}

static void no_informational(void *user_data, const httpx_informational *response)
{
    (void)user_data, (void)response;
}

static httpx_code call_request_expect_continue(fixture *f)
{
    return httpx_request_expect_continue(P(0, f->request), 1.0, ERR(1));
}

static httpx_code call_request_on_informational(fixture *f)
{
    return httpx_request_on_informational(P(0, f->request), P(1, no_informational), P(2, &f->destroyed), D(2, 3),
                                          ERR(4));
}

/* There is none outside a callback. */
static httpx_code call_informational_status_code(fixture *f)
{
    int32_t status = httpx_informational_status_code(NULL);
    return NEUTRAL(status == 0);
}

static httpx_code call_informational_header_count(fixture *f)
{
    size_t count = httpx_informational_header_count(NULL);
    return NEUTRAL(count == 0);
}

static httpx_code call_informational_header_at(fixture *f)
{
    return httpx_informational_header_at(NULL, 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                                         P(4, &f->more_size), ERR(5));
}

static httpx_code call_request_trace(fixture *f)
{
    return httpx_request_trace(P(0, f->request), P(1, no_trace), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_client_builder_trace(fixture *f)
{
    return httpx_client_builder_trace(P(0, f->builder), P(1, no_trace), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_client_builder_log(fixture *f)
{
    return httpx_client_builder_log(P(0, f->builder), P(1, no_log), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_client_builder_header_limits(fixture *f)
{
    return httpx_client_builder_header_limits(P(0, f->builder), 1000, 10, ERR(1));
}

static httpx_code call_client_builder_max_response_bytes(fixture *f)
{
    return httpx_client_builder_max_response_bytes(P(0, f->builder), 1000, ERR(1));
}

/* ---- timings ---- */

static httpx_code call_response_timing(fixture *f)
{
    return httpx_response_timing(P(0, f->response), HTTPX_TIMING_TOTAL, P(1, &f->seconds), ERR(2));
}

static httpx_code call_response_bytes_sent(fixture *f)
{
    uint64_t bytes = httpx_response_bytes_sent(P(0, f->response));
    return NEUTRAL(bytes == 0);
}

static httpx_code call_response_is_reused(fixture *f)
{
    int32_t reused = httpx_response_is_reused(P(0, f->response));
    return NEUTRAL(reused == 0);
}

/* ---- network streams ---- */

static void serve_switch(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (!raw_read_head(fd, head, sizeof head))
        return;
    raw_say(fd, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nhello");
    raw_drain(fd);
}

/* Made for the calls that need one. Its server serves until the program ends. */
static httpx_network_stream *network_stream(fixture *f)
{
    static raw_server server;
    static int started;
    if (!started)
        raw_listen(&server, serve_switch, NULL);
    started = 1;
    httpx_request *request = new_request(f->client, "GET", raw_url(&server, "/"));
    MUST(httpx_request_header_set(request, "Connection", 10, (const uint8_t *)"Upgrade", 7, &err));
    MUST(httpx_request_header_set(request, "Upgrade", 7, (const uint8_t *)"raw", 3, &err));
    httpx_response *response = send_request(f->client, request, 0);
    MUST(httpx_response_network_stream(response, &f->network_stream, &err));
    httpx_response_free(response);
    return f->network_stream;
}

static httpx_code call_response_network_stream(fixture *f)
{
    return httpx_response_network_stream(P(0, f->response), P(1, &f->network_stream_out), ERR(2));
}

static httpx_code call_network_stream_read(fixture *f)
{
    return httpx_network_stream_read(P(0, network_stream(f)), 100, 1.0, P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_network_stream_read_async(fixture *f)
{
    return httpx_network_stream_read_async(P(0, network_stream(f)), 100, 1.0, P(1, f->queue), P(2, no_chunk),
                                           P(3, &f->destroyed), D(3, 4), P(5, &f->op_out), ERR(6));
}

static httpx_code call_network_stream_write(fixture *f)
{
    return httpx_network_stream_write(P(0, network_stream(f)), B(1, 0, "value"), L(0, 5), 1.0, ERR(2));
}

static httpx_code call_network_stream_write_async(fixture *f)
{
    return httpx_network_stream_write_async(P(0, network_stream(f)), B(1, 0, "value"), L(0, 5), 1.0, P(2, f->queue),
                                            P(3, no_done), P(4, &f->destroyed), D(4, 5), P(6, &f->op_out), ERR(7));
}

static httpx_code call_network_stream_start_tls(fixture *f)
{
    return httpx_network_stream_start_tls(P(0, network_stream(f)), P(1, f->client), T(2, 0, "name"), L(0, 4), 1.0,
                                          ERR(3));
}

static httpx_code call_network_stream_start_tls_async(fixture *f)
{
    return httpx_network_stream_start_tls_async(P(0, network_stream(f)), P(1, f->client), T(2, 0, "name"), L(0, 4), 1.0,
                                                P(3, f->queue), P(4, no_done), P(5, &f->destroyed), D(5, 6),
                                                P(7, &f->op_out), ERR(8));
}

static httpx_code call_network_stream_start_tls_with(fixture *f)
{
    return httpx_network_stream_start_tls_with(P(0, network_stream(f)), P(1, f->tls), T(2, 0, "name"), L(0, 4), 1.0,
                                               ERR(3));
}

static httpx_code call_network_stream_start_tls_with_async(fixture *f)
{
    return httpx_network_stream_start_tls_with_async(P(0, network_stream(f)), P(1, f->tls), T(2, 0, "name"), L(0, 4),
                                                     1.0, P(3, f->queue), P(4, no_done), P(5, &f->destroyed), D(5, 6),
                                                     P(7, &f->op_out), ERR(8));
}

static httpx_code call_network_stream_is_readable(fixture *f)
{
    int32_t readable = httpx_network_stream_is_readable(P(0, network_stream(f)));
    return NEUTRAL(readable == 0);
}

static httpx_code call_network_stream_local_address(fixture *f)
{
    const char *address = httpx_network_stream_local_address(P(0, network_stream(f)), P(1, &f->size));
    return NEUTRAL(address == NULL);
}

static httpx_code call_network_stream_peer_address(fixture *f)
{
    const char *address = httpx_network_stream_peer_address(P(0, network_stream(f)), P(1, &f->size));
    return NEUTRAL(address == NULL);
}

static httpx_code call_network_stream_socket(fixture *f)
{
    intptr_t fd = -1;
    httpx_code code = httpx_network_stream_socket(P(0, network_stream(f)), P(1, &fd), ERR(2));
    if (fd >= 0)
        close((int)fd);
    return code;
}

static httpx_code call_response_socket(fixture *f)
{
    intptr_t fd = -1;
    httpx_code code = httpx_response_socket(P(0, f->response), P(1, &fd), ERR(2));
    if (fd >= 0)
        close((int)fd);
    return code;
}

static httpx_code call_network_stream_tls_version(fixture *f)
{
    const char *text = httpx_network_stream_tls_version(P(0, network_stream(f)), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_network_stream_tls_cipher(fixture *f)
{
    const char *text = httpx_network_stream_tls_cipher(P(0, network_stream(f)), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_network_stream_tls_alpn(fixture *f)
{
    const char *text = httpx_network_stream_tls_alpn(P(0, network_stream(f)), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_network_stream_tls_certificate(fixture *f)
{
    return httpx_network_stream_tls_certificate(P(0, network_stream(f)), 0, P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_network_stream_close(fixture *f)
{
    return httpx_network_stream_close(P(0, network_stream(f)), ERR(1));
}

static httpx_code call_network_stream_free(fixture *f)
{
    httpx_network_stream_free(P(0, network_stream(f)));
    f->network_stream = IS_NULL(0) ? f->network_stream : NULL;
    return NEUTRAL(1);
}

#endif

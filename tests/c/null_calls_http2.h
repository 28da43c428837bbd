/* The calls of null_arguments.c for what is about HTTP versions. */
#ifndef NULL_CALLS_HTTP2_H
#define NULL_CALLS_HTTP2_H

#include "null_fixture.h"

static httpx_code call_client_builder_http1(fixture *f)
{
    return httpx_client_builder_http1(P(0, f->builder), 1, ERR(1));
}

static httpx_code call_client_builder_http2(fixture *f)
{
    return httpx_client_builder_http2(P(0, f->builder), 1, ERR(1));
}

static httpx_code call_client_builder_http2_windows(fixture *f)
{
    return httpx_client_builder_http2_windows(P(0, f->builder), 65535, 1 << 20, ERR(1));
}

static httpx_code call_client_builder_http2_max_streams(fixture *f)
{
    return httpx_client_builder_http2_max_streams(P(0, f->builder), 10, ERR(1));
}

static httpx_code call_client_builder_http2_ping(fixture *f)
{
    return httpx_client_builder_http2_ping(P(0, f->builder), 10, 5, ERR(1));
}

static httpx_code call_client_builder_max_per_host(fixture *f)
{
    return httpx_client_builder_max_per_host(P(0, f->builder), 10, ERR(1));
}

#endif

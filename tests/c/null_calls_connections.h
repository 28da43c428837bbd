/* The calls of null_arguments.c for lists of connections. */
#ifndef NULL_CALLS_CONNECTIONS_H
#define NULL_CALLS_CONNECTIONS_H

#include "null_fixture.h"

static httpx_code call_client_connection_list(fixture *f)
{
    return httpx_client_connection_list(P(0, f->client), P(1, &f->connections_out), ERR(2));
}

static httpx_code call_transport_connection_list(fixture *f)
{
    return httpx_transport_connection_list(P(0, f->transport), P(1, &f->connections_out), ERR(2));
}

static httpx_code call_connections_free(fixture *f)
{
    httpx_connections_free(P(0, f->connections));
    f->connections = IS_NULL(0) ? f->connections : NULL;
    return NEUTRAL(1);
}

static httpx_code call_connections_len(fixture *f)
{
    size_t len = httpx_connections_len(P(0, f->connections));
    return NEUTRAL(len == 0);
}

static httpx_code call_connections_origin(fixture *f)
{
    const char *origin = httpx_connections_origin(P(0, f->connections), 0, P(1, &f->size));
    return NEUTRAL(origin == NULL);
}

static httpx_code call_connections_proxy(fixture *f)
{
    const char *proxy = httpx_connections_proxy(P(0, f->connections), 0, P(1, &f->size));
    return NEUTRAL(proxy == NULL);
}

static httpx_code call_connections_state(fixture *f)
{
    int32_t state = httpx_connections_state(P(0, f->connections), 0);
    return NEUTRAL(state == 0);
}

static httpx_code call_connections_is_http2(fixture *f)
{
    int32_t is_http2 = httpx_connections_is_http2(P(0, f->connections), 0);
    return NEUTRAL(is_http2 == 0);
}

static httpx_code call_connections_requests(fixture *f)
{
    uint64_t requests = httpx_connections_requests(P(0, f->connections), 0);
    return NEUTRAL(requests == 0);
}

static httpx_code call_connections_age(fixture *f)
{
    double age = httpx_connections_age(P(0, f->connections), 0);
    return NEUTRAL(age == -1.0);
}

static httpx_code call_connections_repr(fixture *f)
{
    const char *repr = httpx_connections_repr(P(0, f->connections), 0, P(1, &f->size));
    return NEUTRAL(repr == NULL);
}

static httpx_code call_connections_pool_repr(fixture *f)
{
    const char *repr = httpx_connections_pool_repr(P(0, f->connections), P(1, &f->size));
    return NEUTRAL(repr == NULL);
}

#endif

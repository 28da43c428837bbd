/* The calls of null_arguments.c for the transport handle. */
#ifndef NULL_CALLS_TRANSPORT_H
#define NULL_CALLS_TRANSPORT_H

#include "null_fixture.h"

static httpx_code call_transport_new(fixture *f)
{
    return httpx_transport_new(P(0, f->builder), P(1, &f->transport_out), ERR(2));
}

static httpx_code call_transport_clone(fixture *f)
{
    f->transport_out = httpx_transport_clone(P(0, f->transport));
    return NEUTRAL(f->transport_out == NULL);
}

static httpx_code call_transport_free(fixture *f)
{
    httpx_transport_free(P(0, f->transport));
    f->transport = IS_NULL(0) ? f->transport : NULL;
    return NEUTRAL(1);
}

static httpx_code call_transport_close(fixture *f)
{
    return httpx_transport_close(P(0, f->transport), 0.0, ERR(1));
}

static httpx_code call_transport_request_new(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_transport_request_new(P(0, f->transport), T(1, 0, "GET"), L(0, 3), T(2, 1, url), L(1, strlen(url)),
                                       P(3, &f->request_out), ERR(4));
}

static httpx_code call_transport_send(fixture *f)
{
    return httpx_transport_send(P(0, f->transport), P(1, f->request), P(2, &f->response_out), ERR(3));
}

static httpx_code call_transport_send_async(fixture *f)
{
    return httpx_transport_send_async(P(0, f->transport), P(1, f->request), P(2, f->queue), P(3, no_response),
                                      P(4, &f->destroyed), D(4, 5), P(6, &f->op_out), ERR(7));
}

static httpx_code call_transport_connections(fixture *f)
{
    return httpx_transport_connections(P(0, f->transport), P(1, &f->size), P(2, &f->more_size), P(3, &f->third_size),
                                       ERR(4));
}

static httpx_code call_client_builder_transport(fixture *f)
{
    return httpx_client_builder_transport(P(0, f->builder), P(1, f->transport), ERR(2));
}

static httpx_code call_client_builder_mount(fixture *f)
{
    return httpx_client_builder_mount(P(0, f->builder), T(1, 0, "http://"), L(0, 7), P(2, f->transport), ERR(3));
}

#endif

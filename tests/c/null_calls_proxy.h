/* For null_arguments.c: the calls of proxies, and those of the client builder about connections. */
#ifndef HTTPX_TEST_NULL_CALLS_PROXY_H
#define HTTPX_TEST_NULL_CALLS_PROXY_H

#include "null_fixture.h"

static httpx_code call_proxy_new(fixture *f)
{
    return httpx_proxy_new(T(0, 0, "http://127.0.0.1:1"), L(0, 18), P(1, &f->proxy_out), ERR(2));
}

static httpx_code call_proxy_free(fixture *f)
{
    httpx_proxy_free(P(0, f->proxy));
    f->proxy = IS_NULL(0) ? f->proxy : NULL;
    return NEUTRAL(1);
}

static httpx_code call_proxy_auth(fixture *f)
{
    return httpx_proxy_auth(P(0, f->proxy), B(1, 0, "me"), L(0, 2), B(2, 1, "secret"), L(1, 6), ERR(3));
}

static httpx_code call_proxy_auth_flow(fixture *f)
{
    return httpx_proxy_auth_flow(P(0, f->proxy), P(1, f->auth), ERR(2));
}

static httpx_code call_proxy_header(fixture *f)
{
    return httpx_proxy_header(P(0, f->proxy), T(1, 0, "X-Name"), L(0, 6), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_proxy_tls(fixture *f)
{
    httpx_proxy_free(f->proxy);
    MUST(httpx_proxy_new("https://127.0.0.1", 17, &f->proxy, &err));
    return httpx_proxy_tls(P(0, f->proxy), P(1, f->tls), ERR(2));
}

static httpx_code call_proxy_local_dns(fixture *f)
{
    return httpx_proxy_local_dns(P(0, f->proxy), 1, ERR(1));
}

static httpx_code call_proxy_share_forwarding(fixture *f)
{
    return httpx_proxy_share_forwarding(P(0, f->proxy), 0, ERR(1));
}

static httpx_code call_client_builder_proxy_for(fixture *f)
{
    return httpx_client_builder_proxy_for(P(0, f->builder), T(1, 0, "http://"), L(0, 7), P(2, f->proxy), ERR(3));
}

static httpx_code call_client_builder_proxy(fixture *f)
{
    return httpx_client_builder_proxy(P(0, f->builder), P(1, f->proxy), ERR(2));
}

static httpx_code call_client_builder_local_address(fixture *f)
{
    return httpx_client_builder_local_address(P(0, f->builder), T(1, 0, "127.0.0.1"), L(0, 9), ERR(2));
}

static httpx_code call_client_builder_socket_option(fixture *f)
{
    return httpx_client_builder_socket_option(P(0, f->builder), SOL_SOCKET, SO_KEEPALIVE, B(1, 0, "\1\0\0\0"), L(0, 4),
                                              ERR(2));
}

#endif

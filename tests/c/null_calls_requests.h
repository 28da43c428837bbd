/* For null_arguments.c: the calls that send in one go, and those about options. */
#ifndef HTTPX_TEST_NULL_CALLS_REQUESTS_H
#define HTTPX_TEST_NULL_CALLS_REQUESTS_H

#include "null_fixture.h"

/* ---- options ---- */

static httpx_code call_request_cookies(fixture *f)
{
    return httpx_request_cookies(P(0, f->request), P(1, f->cookies), ERR(2));
}

static httpx_code call_request_header_override(fixture *f)
{
    return httpx_request_header_override(P(0, f->request), T(1, 0, "X-A"), L(0, 3), B(2, 1, "b"), L(1, 1), ERR(3));
}

static httpx_code call_client_to_builder(fixture *f)
{
    return httpx_client_to_builder(P(0, f->client), P(1, &f->builder_out), ERR(2));
}

static httpx_code call_client_configure(fixture *f)
{
    return httpx_client_configure(P(0, f->client), P(1, f->builder), HTTPX_OPTION_HEADERS, ERR(2));
}

static httpx_code call_client_open(fixture *f)
{
    return httpx_client_open(P(0, f->client), ERR(1));
}

static httpx_code call_client_is_closed(fixture *f)
{
    int32_t closed = httpx_client_is_closed(P(0, f->client));
    return NEUTRAL(closed == 0);
}

static httpx_code call_client_builder_auth_none(fixture *f)
{
    return httpx_client_builder_auth_none(P(0, f->builder), ERR(1));
}

static httpx_code call_client_builder_merge_params(fixture *f)
{
    return httpx_client_builder_merge_params(P(0, f->builder), 1, ERR(1));
}

static httpx_code call_client_builder_get_timeout(fixture *f)
{
    return httpx_client_builder_get_timeout(P(0, f->builder), P(1, &f->seconds), P(2, &f->seconds), P(3, &f->seconds),
                                            P(4, &f->seconds), ERR(5));
}

static httpx_code call_client_builder_get_redirects(fixture *f)
{
    int32_t follow = 0;
    return httpx_client_builder_get_redirects(P(0, f->builder), P(1, &follow), P(2, &f->size), ERR(3));
}

static httpx_code call_client_builder_get_trust_env(fixture *f)
{
    int32_t trust = httpx_client_builder_get_trust_env(P(0, f->builder));
    return NEUTRAL(trust == 0);
}

static httpx_code call_client_builder_get_base_url(fixture *f)
{
    return httpx_client_builder_get_base_url(P(0, f->builder), P(1, (const char **)(void *)&f->bytes), P(2, &f->size),
                                             ERR(3));
}

static httpx_code call_client_builder_get_params(fixture *f)
{
    return httpx_client_builder_get_params(P(0, f->builder), P(1, (const char **)(void *)&f->bytes), P(2, &f->size),
                                           ERR(3));
}

static httpx_code call_client_builder_header_count(fixture *f)
{
    size_t count = httpx_client_builder_header_count(P(0, f->builder));
    return NEUTRAL(count == 0);
}

static httpx_code call_client_builder_header_at(fixture *f)
{
    return httpx_client_builder_header_at(P(0, f->builder), 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                                          P(4, &f->more_size), ERR(5));
}

/* ---- with a client ---- */

static httpx_code call_client_head(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_client_head(P(0, f->client), T(1, 0, url), L(0, strlen(url)), P(2, &f->response_out), ERR(3));
}

static httpx_code call_client_options(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_client_options(P(0, f->client), T(1, 0, url), L(0, strlen(url)), P(2, &f->response_out), ERR(3));
}

static httpx_code call_client_delete(fixture *f)
{
    const char *url = HTTP("/delete");
    return httpx_client_delete(P(0, f->client), T(1, 0, url), L(0, strlen(url)), P(2, &f->response_out), ERR(3));
}

static httpx_code call_client_post(fixture *f)
{
    const char *url = HTTP("/post");
    return httpx_client_post(P(0, f->client), T(1, 0, url), L(0, strlen(url)), B(2, 1, "body"), L(1, 4),
                             T(3, 2, "text/plain"), L(2, 10), P(4, &f->response_out), ERR(5));
}

static httpx_code call_client_put(fixture *f)
{
    const char *url = HTTP("/put");
    return httpx_client_put(P(0, f->client), T(1, 0, url), L(0, strlen(url)), B(2, 1, "body"), L(1, 4),
                            T(3, 2, "text/plain"), L(2, 10), P(4, &f->response_out), ERR(5));
}

static httpx_code call_client_patch(fixture *f)
{
    const char *url = HTTP("/patch");
    return httpx_client_patch(P(0, f->client), T(1, 0, url), L(0, strlen(url)), B(2, 1, "body"), L(1, 4),
                              T(3, 2, "text/plain"), L(2, 10), P(4, &f->response_out), ERR(5));
}

static httpx_code call_client_request(fixture *f)
{
    const char *url = HTTP("/post");
    return httpx_client_request(P(0, f->client), T(1, 0, "POST"), L(0, 4), T(2, 1, url), L(1, strlen(url)),
                                B(3, 2, "body"), L(2, 4), T(4, 3, "text/plain"), L(3, 10), 0, P(5, &f->response_out),
                                ERR(6));
}

static httpx_code call_response_next(fixture *f)
{
    return httpx_response_next(P(0, f->response), P(1, f->client), 0, P(2, &f->response_out), ERR(3));
}

/* ---- without one ---- */

static httpx_code call_get(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_get(T(0, 0, url), L(0, strlen(url)), P(1, f->builder), P(2, &f->response_out), ERR(3));
}

static httpx_code call_head(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_head(T(0, 0, url), L(0, strlen(url)), P(1, f->builder), P(2, &f->response_out), ERR(3));
}

static httpx_code call_options(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_options(T(0, 0, url), L(0, strlen(url)), P(1, f->builder), P(2, &f->response_out), ERR(3));
}

static httpx_code call_delete(fixture *f)
{
    const char *url = HTTP("/delete");
    return httpx_delete(T(0, 0, url), L(0, strlen(url)), P(1, f->builder), P(2, &f->response_out), ERR(3));
}

static httpx_code call_post(fixture *f)
{
    const char *url = HTTP("/post");
    return httpx_post(T(0, 0, url), L(0, strlen(url)), B(1, 1, "body"), L(1, 4), T(2, 2, "text/plain"), L(2, 10),
                      P(3, f->builder), P(4, &f->response_out), ERR(5));
}

static httpx_code call_put(fixture *f)
{
    const char *url = HTTP("/put");
    return httpx_put(T(0, 0, url), L(0, strlen(url)), B(1, 1, "body"), L(1, 4), T(2, 2, "text/plain"), L(2, 10),
                     P(3, f->builder), P(4, &f->response_out), ERR(5));
}

static httpx_code call_patch(fixture *f)
{
    const char *url = HTTP("/patch");
    return httpx_patch(T(0, 0, url), L(0, strlen(url)), B(1, 1, "body"), L(1, 4), T(2, 2, "text/plain"), L(2, 10),
                       P(3, f->builder), P(4, &f->response_out), ERR(5));
}

static httpx_code call_fetch(fixture *f)
{
    const char *url = HTTP("/post");
    return httpx_fetch(T(0, 0, "POST"), L(0, 4), T(1, 1, url), L(1, strlen(url)), B(2, 2, "body"), L(2, 4),
                       T(3, 3, "text/plain"), L(3, 10), 0, P(4, f->builder), P(5, &f->response_out), ERR(6));
}

#endif

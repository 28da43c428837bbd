/* For null_arguments.c: the calls of cookies. */
#ifndef HTTPX_TEST_NULL_CALLS_COOKIES_H
#define HTTPX_TEST_NULL_CALLS_COOKIES_H

#include "null_fixture.h"

static httpx_code call_cookies_new(fixture *f)
{
    return httpx_cookies_new(P(0, &f->cookies_out), ERR(1));
}

static httpx_code call_cookies_free(fixture *f)
{
    httpx_cookies_free(P(0, f->cookies));
    f->cookies = IS_NULL(0) ? f->cookies : NULL;
    return NEUTRAL(1);
}

static httpx_code call_cookies_copy(fixture *f)
{
    return httpx_cookies_copy(P(0, f->cookies), P(1, &f->cookies_out), ERR(2));
}

static httpx_code call_cookies_at(fixture *f)
{
    return httpx_cookies_at(P(0, f->cookies), 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                            P(4, &f->more_size), P(5, &f->text), P(6, &f->third_size), P(7, &f->more_text),
                            P(8, &f->fourth_size), ERR(9));
}

static httpx_code call_cookies_attributes_at(fixture *f)
{
    return httpx_cookies_attributes_at(P(0, f->cookies), 0, P(1, &f->number), P(2, &f->more_number),
                                       P(3, &f->third_number), P(4, &f->wide_number), ERR(5));
}

static httpx_code call_cookies_update(fixture *f)
{
    return httpx_cookies_update(P(0, f->cookies), P(1, f->cookies), ERR(2));
}

static httpx_code call_cookies_extract(fixture *f)
{
    return httpx_cookies_extract(P(0, f->cookies), P(1, f->response), ERR(2));
}

static httpx_code call_cookies_set_header(fixture *f)
{
    return httpx_cookies_set_header(P(0, f->cookies), P(1, f->request), ERR(2));
}

static httpx_code call_cookies_set(fixture *f)
{
    return httpx_cookies_set(P(0, f->cookies), T(1, 0, "name"), L(0, 4), B(2, 1, "value"), L(1, 5), T(3, 2, "host"),
                             L(2, 4), T(4, 3, "/"), L(3, 1), ERR(5));
}

static httpx_code call_cookies_add(fixture *f)
{
    return httpx_cookies_add(P(0, f->cookies), T(1, 0, "name"), L(0, 4), B(2, 1, "value"), L(1, 5), T(3, 2, "host"),
                             L(2, 4), T(4, 3, "/"), L(3, 1), 1, 0, HTTPX_SAME_SITE_LAX, -1, ERR(5));
}

static httpx_code call_cookies_get(fixture *f)
{
    return httpx_cookies_get(P(0, f->cookies), T(1, 0, "name"), L(0, 4), T(2, 1, "host"), L(1, 4), T(3, 2, "/"),
                             L(2, 1), P(4, &f->bytes), P(5, &f->size), ERR(6));
}

static httpx_code call_cookies_delete(fixture *f)
{
    return httpx_cookies_delete(P(0, f->cookies), T(1, 0, "name"), L(0, 4), T(2, 1, "host"), L(1, 4), T(3, 2, "/"),
                                L(2, 1), ERR(4));
}

static httpx_code call_cookies_clear(fixture *f)
{
    return httpx_cookies_clear(P(0, f->cookies), T(1, 0, "host"), L(0, 4), T(2, 1, "/"), L(1, 1), ERR(3));
}

static httpx_code call_cookies_count(fixture *f)
{
    size_t count = httpx_cookies_count(P(0, f->cookies));
    return NEUTRAL(count == 0);
}

static httpx_code call_cookies_load(fixture *f)
{
    static const char text[] = "host\tFALSE\t/\tFALSE\t0\tname\tvalue\n";
    return httpx_cookies_load(P(0, f->cookies), P(1, (const uint8_t *)text), L(0, sizeof text - 1), ERR(2));
}

static httpx_code call_cookies_save(fixture *f)
{
    return httpx_cookies_save(P(0, f->cookies), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_cookies_to_json(fixture *f)
{
    return httpx_cookies_to_json(P(0, f->cookies), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_client_cookies(fixture *f)
{
    return httpx_client_cookies(P(0, f->client), P(1, &f->cookies_out), ERR(2));
}

static httpx_code call_client_cookie_jar(fixture *f)
{
    return httpx_client_cookie_jar(P(0, f->client), P(1, &f->cookies_out), ERR(2));
}

static httpx_code call_client_set_cookies(fixture *f)
{
    return httpx_client_set_cookies(P(0, f->client), P(1, f->cookies), ERR(2));
}

static httpx_code call_response_cookies(fixture *f)
{
    return httpx_response_cookies(P(0, f->response), P(1, &f->cookies_out), ERR(2));
}

#endif

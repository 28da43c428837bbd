/* For null_arguments.c: the calls of URLs and of their parts. */
#ifndef HTTPX_TEST_NULL_CALLS_URL_H
#define HTTPX_TEST_NULL_CALLS_URL_H

#include "null_fixture.h"

static httpx_code call_url_parse(fixture *f)
{
    return httpx_url_parse(T(0, 0, "http://h/"), L(0, 9), P(1, &f->url_out), ERR(2));
}

static httpx_code call_url_clone(fixture *f)
{
    f->url_out = httpx_url_clone(P(0, f->url));
    return NEUTRAL(f->url_out == NULL);
}

static httpx_code call_url_free(fixture *f)
{
    httpx_url_free(P(0, f->url));
    f->url = IS_NULL(0) ? f->url : NULL;
    return NEUTRAL(1);
}

static httpx_code call_url_str(fixture *f)
{
    const char *text = httpx_url_str(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_masked(fixture *f)
{
    const char *text = httpx_url_masked(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_scheme(fixture *f)
{
    const char *text = httpx_url_scheme(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_authority(fixture *f)
{
    const char *text = httpx_url_authority(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_userinfo(fixture *f)
{
    const char *text = httpx_url_userinfo(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_username(fixture *f)
{
    const char *text = httpx_url_username(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_password(fixture *f)
{
    const char *text = httpx_url_password(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_host(fixture *f)
{
    const char *text = httpx_url_host(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_raw_host(fixture *f)
{
    const char *text = httpx_url_raw_host(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_netloc(fixture *f)
{
    const char *text = httpx_url_netloc(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_path(fixture *f)
{
    const char *text = httpx_url_path(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_query(fixture *f)
{
    const char *text = httpx_url_query(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_raw_path(fixture *f)
{
    const char *text = httpx_url_raw_path(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_fragment(fixture *f)
{
    const char *text = httpx_url_fragment(P(0, f->url), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_component(fixture *f)
{
    const char *text = httpx_url_component(P(0, f->url), HTTPX_URL_PATH, P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_port(fixture *f)
{
    return httpx_url_port(P(0, f->url), P(1, &f->port), ERR(2));
}

static httpx_code call_url_is_ssl(fixture *f)
{
    int32_t holds = httpx_url_is_ssl(P(0, f->url));
    return NEUTRAL(holds == 0);
}

static httpx_code call_url_is_absolute_url(fixture *f)
{
    int32_t holds = httpx_url_is_absolute_url(P(0, f->url));
    return NEUTRAL(holds == 0);
}

static httpx_code call_url_is_relative_url(fixture *f)
{
    int32_t holds = httpx_url_is_relative_url(P(0, f->url));
    return NEUTRAL(holds == 0);
}

static httpx_code call_url_params(fixture *f)
{
    return httpx_url_params(P(0, f->url), P(1, &f->params_out), ERR(2));
}

static httpx_code call_url_join(fixture *f)
{
    return httpx_url_join(P(0, f->url), T(1, 0, "../x"), L(0, 4), P(2, &f->url_out), ERR(3));
}

static httpx_code call_url_copy_set_param(fixture *f)
{
    return httpx_url_copy_set_param(P(0, f->url), T(1, 0, "a"), L(0, 1), T(2, 1, "2"), L(1, 1), P(3, &f->url_out),
                                    ERR(4));
}

static httpx_code call_url_copy_add_param(fixture *f)
{
    return httpx_url_copy_add_param(P(0, f->url), T(1, 0, "a"), L(0, 1), T(2, 1, "2"), L(1, 1), P(3, &f->url_out),
                                    ERR(4));
}

static httpx_code call_url_copy_remove_param(fixture *f)
{
    return httpx_url_copy_remove_param(P(0, f->url), T(1, 0, "a"), L(0, 1), P(2, &f->url_out), ERR(3));
}

static httpx_code call_url_copy_merge_params(fixture *f)
{
    return httpx_url_copy_merge_params(P(0, f->url), P(1, f->params), P(2, &f->url_out), ERR(3));
}

static httpx_code call_url_equal(fixture *f)
{
    int32_t equal = httpx_url_equal(P(0, f->url), P(1, f->url));
    CHECK_EQ(equal, !IS_NULL(0) && !IS_NULL(1));
    return NEUTRAL(1);
}

static httpx_code call_url_hash(fixture *f)
{
    uint64_t hash = httpx_url_hash(P(0, f->url));
    return NEUTRAL(hash == 0);
}

static httpx_code call_url_parts_new(fixture *f)
{
    return httpx_url_parts_new(P(0, &f->parts_out), ERR(1));
}

static httpx_code call_url_parts_free(fixture *f)
{
    httpx_url_parts_free(P(0, f->parts));
    f->parts = IS_NULL(0) ? f->parts : NULL;
    return NEUTRAL(1);
}

static httpx_code call_url_parts_set(fixture *f)
{
    return httpx_url_parts_set(P(0, f->parts), HTTPX_URL_PATH, T(1, 0, "/p"), L(0, 2), ERR(2));
}

static httpx_code call_url_parts_port(fixture *f)
{
    return httpx_url_parts_port(P(0, f->parts), 80, ERR(1));
}

static httpx_code call_url_parts_params(fixture *f)
{
    return httpx_url_parts_params(P(0, f->parts), P(1, f->params), ERR(2));
}

static httpx_code call_url_parts_remove(fixture *f)
{
    return httpx_url_parts_remove(P(0, f->parts), HTTPX_URL_PATH, ERR(1));
}

static httpx_code call_url_copy_with(fixture *f)
{
    return httpx_url_copy_with(P(0, f->url), P(1, f->parts), P(2, &f->url_out), ERR(3));
}

static httpx_code call_url_parse_with(fixture *f)
{
    return httpx_url_parse_with(T(0, 0, "http://h/"), L(0, 9), P(1, f->parts), P(2, &f->url_out), ERR(3));
}

#endif

/* For null_arguments.c: the calls of query parameters and of headers. */
#ifndef HTTPX_TEST_NULL_CALLS_MODELS_H
#define HTTPX_TEST_NULL_CALLS_MODELS_H

#include "null_fixture.h"

static httpx_code call_query_params_parse(fixture *f)
{
    return httpx_query_params_parse(T(0, 0, "a=1"), L(0, 3), P(1, &f->params_out), ERR(2));
}

static httpx_code call_query_params_from_form(fixture *f)
{
    return httpx_query_params_from_form(P(0, f->form), P(1, &f->params_out), ERR(2));
}

static httpx_code call_query_params_clone(fixture *f)
{
    f->params_out = httpx_query_params_clone(P(0, f->params));
    return NEUTRAL(f->params_out == NULL);
}

static httpx_code call_query_params_free(fixture *f)
{
    httpx_query_params_free(P(0, f->params));
    f->params = IS_NULL(0) ? f->params : NULL;
    return NEUTRAL(1);
}

static httpx_code call_query_params_str(fixture *f)
{
    const char *text = httpx_query_params_str(P(0, f->params), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_query_params_count(fixture *f)
{
    size_t count = httpx_query_params_count(P(0, f->params));
    return NEUTRAL(count == 0);
}

static httpx_code call_query_params_item_at(fixture *f)
{
    return httpx_query_params_item_at(P(0, f->params), 0, P(1, &f->text), P(2, &f->size), P(3, &f->more_text),
                                      P(4, &f->more_size), ERR(5));
}

static httpx_code call_query_params_multi_count(fixture *f)
{
    size_t count = httpx_query_params_multi_count(P(0, f->params));
    return NEUTRAL(count == 0);
}

static httpx_code call_query_params_multi_item_at(fixture *f)
{
    return httpx_query_params_multi_item_at(P(0, f->params), 0, P(1, &f->text), P(2, &f->size), P(3, &f->more_text),
                                            P(4, &f->more_size), ERR(5));
}

static httpx_code call_query_params_get(fixture *f)
{
    return httpx_query_params_get(P(0, f->params), T(1, 0, "a"), L(0, 1), P(2, &f->text), P(3, &f->size), ERR(4));
}

static httpx_code call_query_params_get_list_at(fixture *f)
{
    return httpx_query_params_get_list_at(P(0, f->params), T(1, 0, "a"), L(0, 1), 0, P(2, &f->text), P(3, &f->size),
                                          ERR(4));
}

static httpx_code call_query_params_set(fixture *f)
{
    return httpx_query_params_set(P(0, f->params), T(1, 0, "a"), L(0, 1), T(2, 1, "2"), L(1, 1), P(3, &f->params_out),
                                  ERR(4));
}

static httpx_code call_query_params_add(fixture *f)
{
    return httpx_query_params_add(P(0, f->params), T(1, 0, "a"), L(0, 1), T(2, 1, "2"), L(1, 1), P(3, &f->params_out),
                                  ERR(4));
}

static httpx_code call_query_params_remove(fixture *f)
{
    return httpx_query_params_remove(P(0, f->params), T(1, 0, "a"), L(0, 1), P(2, &f->params_out), ERR(3));
}

static httpx_code call_query_params_merge(fixture *f)
{
    return httpx_query_params_merge(P(0, f->params), P(1, f->params), P(2, &f->params_out), ERR(3));
}

static httpx_code call_query_params_equal(fixture *f)
{
    int32_t equal = httpx_query_params_equal(P(0, f->params), P(1, f->params));
    CHECK_EQ(equal, !IS_NULL(0) && !IS_NULL(1));
    return NEUTRAL(1);
}

static httpx_code call_query_params_hash(fixture *f)
{
    uint64_t hash = httpx_query_params_hash(P(0, f->params));
    return NEUTRAL(hash == 0);
}

static httpx_code call_client_builder_params(fixture *f)
{
    return httpx_client_builder_params(P(0, f->builder), P(1, f->params), ERR(2));
}

static httpx_code call_request_params(fixture *f)
{
    return httpx_request_params(P(0, f->request), P(1, f->params), 0, ERR(2));
}

static httpx_code call_headers_new(fixture *f)
{
    return httpx_headers_new(P(0, &f->headers_out), ERR(1));
}

static httpx_code call_headers_copy(fixture *f)
{
    return httpx_headers_copy(P(0, f->headers), P(1, &f->headers_out), ERR(2));
}

static httpx_code call_headers_free(fixture *f)
{
    httpx_headers_free(P(0, f->headers));
    f->headers = IS_NULL(0) ? f->headers : NULL;
    return NEUTRAL(1);
}

static httpx_code call_headers_count(fixture *f)
{
    size_t count = httpx_headers_count(P(0, f->headers));
    return NEUTRAL(count == 0);
}

static httpx_code call_headers_at(fixture *f)
{
    return httpx_headers_at(P(0, f->headers), 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                            P(4, &f->more_size), ERR(5));
}

static httpx_code call_headers_item_at(fixture *f)
{
    return httpx_headers_item_at(P(0, f->headers), 0, P(1, &f->text), P(2, &f->size), P(3, &f->more_text),
                                 P(4, &f->more_size), ERR(5));
}

static httpx_code call_headers_key_at(fixture *f)
{
    return httpx_headers_key_at(P(0, f->headers), 0, P(1, &f->text), P(2, &f->size), ERR(3));
}

static httpx_code call_headers_get(fixture *f)
{
    return httpx_headers_get(P(0, f->headers), T(1, 0, "host"), L(0, 4), P(2, &f->text), P(3, &f->size), ERR(4));
}

static httpx_code call_headers_get_list_at(fixture *f)
{
    return httpx_headers_get_list_at(P(0, f->headers), T(1, 0, "host"), L(0, 4), 1, 0, P(2, &f->text), P(3, &f->size),
                                     ERR(4));
}

static httpx_code call_headers_set(fixture *f)
{
    return httpx_headers_set(P(0, f->headers), T(1, 0, "name"), L(0, 4), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_headers_add(fixture *f)
{
    return httpx_headers_add(P(0, f->headers), T(1, 0, "name"), L(0, 4), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_headers_set_default(fixture *f)
{
    return httpx_headers_set_default(P(0, f->headers), T(1, 0, "name"), L(0, 4), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_headers_remove(fixture *f)
{
    return httpx_headers_remove(P(0, f->headers), T(1, 0, "host"), L(0, 4), ERR(2));
}

static httpx_code call_headers_update(fixture *f)
{
    return httpx_headers_update(P(0, f->headers), P(1, f->headers), ERR(2));
}

static httpx_code call_headers_equal(fixture *f)
{
    int32_t equal = httpx_headers_equal(P(0, f->headers), P(1, f->headers));
    CHECK_EQ(equal, !IS_NULL(0) && !IS_NULL(1));
    return NEUTRAL(1);
}

static httpx_code call_headers_encoding(fixture *f)
{
    const char *encoding = httpx_headers_encoding(P(0, f->headers));
    return NEUTRAL(encoding == NULL);
}

static httpx_code call_headers_set_encoding(fixture *f)
{
    return httpx_headers_set_encoding(P(0, f->headers), T(1, 0, "latin-1"), L(0, 7), ERR(2));
}

static httpx_code call_headers_repr(fixture *f)
{
    return httpx_headers_repr(P(0, f->headers), P(1, &f->text), P(2, &f->size), ERR(3));
}

static httpx_code call_response_headers(fixture *f)
{
    return httpx_response_headers(P(0, f->response), P(1, &f->headers_out), ERR(2));
}

static httpx_code call_request_headers(fixture *f)
{
    return httpx_request_headers(P(0, f->request), P(1, &f->headers_out), ERR(2));
}

static httpx_code call_request_set_headers(fixture *f)
{
    return httpx_request_set_headers(P(0, f->request), P(1, f->headers), ERR(2));
}

static httpx_code call_client_builder_set_headers(fixture *f)
{
    return httpx_client_builder_set_headers(P(0, f->builder), P(1, f->headers), ERR(2));
}

static httpx_code call_client_builder_headers(fixture *f)
{
    return httpx_client_builder_headers(P(0, f->builder), P(1, f->headers), ERR(2));
}

/* ---- what goes along with requests and responses ---- */

static httpx_code call_request_set_user_data(fixture *f)
{
    return httpx_request_set_user_data(P(0, f->request), P(1, &f->destroyed), D(1, 2), ERR(3));
}

static httpx_code call_request_user_data(fixture *f)
{
    void *user_data = httpx_request_user_data(P(0, f->request));
    return NEUTRAL(user_data == NULL);
}

static httpx_code call_response_set_user_data(fixture *f)
{
    return httpx_response_set_user_data(P(0, f->response), P(1, &f->destroyed), D(1, 2), ERR(3));
}

static httpx_code call_response_user_data(fixture *f)
{
    void *user_data = httpx_response_user_data(P(0, f->response));
    return NEUTRAL(user_data == NULL);
}

static httpx_code call_response_set_headers(fixture *f)
{
    return httpx_response_set_headers(P(0, f->response), P(1, f->headers), ERR(2));
}

static httpx_code call_response_set_request(fixture *f)
{
    return httpx_response_set_request(P(0, f->response), P(1, f->request), ERR(2));
}

#endif

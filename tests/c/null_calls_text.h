/* For null_arguments.c: the calls of reading bodies, of what responses say, and of responses made by hand. */
#ifndef HTTPX_TEST_NULL_CALLS_TEXT_H
#define HTTPX_TEST_NULL_CALLS_TEXT_H

#include "null_fixture.h"

/* ---- client builder ---- */

static size_t no_encoding(void *user_data, const uint8_t *content, size_t len, char *label, size_t capacity)
{
    (void)user_data, (void)content, (void)len, (void)label, (void)capacity;
    return 0;
}

static httpx_code call_client_builder_decode_limits(fixture *f)
{
    return httpx_client_builder_decode_limits(P(0, f->builder), 1000, 10, 1, ERR(1));
}

static httpx_code call_client_builder_allow_truncated(fixture *f)
{
    return httpx_client_builder_allow_truncated(P(0, f->builder), 1, ERR(1));
}

static httpx_code call_client_builder_default_encoding(fixture *f)
{
    return httpx_client_builder_default_encoding(P(0, f->builder), T(1, 0, "latin-1"), L(0, 7), ERR(2));
}

static httpx_code call_client_builder_default_encoding_fn(fixture *f)
{
    return httpx_client_builder_default_encoding_fn(P(0, f->builder), P(1, no_encoding), P(2, &f->destroyed), D(2, 3),
                                                    ERR(4));
}

static httpx_code call_client_builder_max_line(fixture *f)
{
    return httpx_client_builder_max_line(P(0, f->builder), 1000, ERR(1));
}

/* ---- response ---- */

static httpx_code call_response_is_informational(fixture *f)
{
    int32_t is = httpx_response_is_informational(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_is_success(fixture *f)
{
    int32_t is = httpx_response_is_success(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_is_redirect(fixture *f)
{
    int32_t is = httpx_response_is_redirect(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_is_client_error(fixture *f)
{
    int32_t is = httpx_response_is_client_error(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_is_server_error(fixture *f)
{
    int32_t is = httpx_response_is_server_error(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_is_error(fixture *f)
{
    int32_t is = httpx_response_is_error(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_is_stream_consumed(fixture *f)
{
    int32_t is = httpx_response_is_stream_consumed(P(0, f->response));
    return NEUTRAL(is == 0);
}

static httpx_code call_response_request(fixture *f)
{
    return httpx_response_request(P(0, f->response), P(1, &f->request_out), ERR(2));
}

static httpx_code call_response_stream_id(fixture *f)
{
    uint32_t id = httpx_response_stream_id(P(0, f->response));
    return NEUTRAL(id == 0);
}

static httpx_code call_response_repr(fixture *f)
{
    const char *repr = httpx_response_repr(P(0, f->response), P(1, &f->size));
    return NEUTRAL(repr == NULL);
}

static httpx_code call_response_charset_encoding(fixture *f)
{
    const char *charset = httpx_response_charset_encoding(P(0, f->response), P(1, &f->size));
    return NEUTRAL(charset == NULL);
}

static httpx_code call_response_json_text(fixture *f)
{
    return httpx_response_json_text(P(0, f->response), P(1, &f->text), P(2, &f->size), ERR(3));
}

static httpx_code call_response_link_count(fixture *f)
{
    size_t count = httpx_response_link_count(P(0, f->response));
    return NEUTRAL(count == 0);
}

static httpx_code call_response_link_at(fixture *f)
{
    return httpx_response_link_at(P(0, f->response), 0, P(1, &f->text), P(2, &f->size), P(3, &f->more_text),
                                  P(4, &f->more_size), ERR(5));
}

static httpx_code call_response_link(fixture *f)
{
    return httpx_response_link(P(0, f->response), T(1, 0, "next"), L(0, 4), P(2, &f->text), P(3, &f->size), ERR(4));
}

static httpx_code call_response_link_field_count(fixture *f)
{
    size_t count = httpx_response_link_field_count(P(0, f->response), 0);
    return NEUTRAL(count == 0);
}

static httpx_code call_response_link_field_at(fixture *f)
{
    return httpx_response_link_field_at(P(0, f->response), 0, 0, P(1, &f->text), P(2, &f->size), P(3, &f->more_text),
                                        P(4, &f->more_size), ERR(5));
}

static httpx_code call_response_serialize(fixture *f)
{
    return httpx_response_serialize(P(0, f->response), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_response_deserialize(fixture *f)
{
    return httpx_response_deserialize(B(0, 0, "httpx-response"), L(0, 14), P(1, &f->response_out), ERR(2));
}

/* ---- response builder ---- */

static httpx_code call_response_builder_new(fixture *f)
{
    return httpx_response_builder_new(200, P(0, &f->response_builder_out), ERR(1));
}

static httpx_code call_response_builder_free(fixture *f)
{
    httpx_response_builder_free(P(0, f->response_builder));
    f->response_builder = IS_NULL(0) ? f->response_builder : NULL;
    return NEUTRAL(1);
}

static httpx_code call_response_builder_http_version(fixture *f)
{
    return httpx_response_builder_http_version(P(0, f->response_builder), T(1, 0, "HTTP/2"), L(0, 6), ERR(2));
}

static httpx_code call_response_builder_reason_phrase(fixture *f)
{
    return httpx_response_builder_reason_phrase(P(0, f->response_builder), T(1, 0, "Fine"), L(0, 4), ERR(2));
}

static httpx_code call_response_builder_header(fixture *f)
{
    return httpx_response_builder_header(P(0, f->response_builder), T(1, 0, "X-Own"), L(0, 5), B(2, 1, "1"), L(1, 1),
                                         ERR(3));
}

static httpx_code call_response_builder_headers(fixture *f)
{
    return httpx_response_builder_headers(P(0, f->response_builder), P(1, f->headers), ERR(2));
}

static httpx_code call_response_builder_content(fixture *f)
{
    return httpx_response_builder_content(P(0, f->response_builder), B(1, 0, "abc"), L(0, 3), ERR(2));
}

static httpx_code call_response_builder_text(fixture *f)
{
    return httpx_response_builder_text(P(0, f->response_builder), T(1, 0, "abc"), L(0, 3), ERR(2));
}

static httpx_code call_response_builder_html(fixture *f)
{
    return httpx_response_builder_html(P(0, f->response_builder), T(1, 0, "abc"), L(0, 3), ERR(2));
}

static httpx_code call_response_builder_json(fixture *f)
{
    return httpx_response_builder_json(P(0, f->response_builder), T(1, 0, "[1]"), L(0, 3), ERR(2));
}

static httpx_code call_response_builder_request(fixture *f)
{
    return httpx_response_builder_request(P(0, f->response_builder), P(1, f->request), ERR(2));
}

static httpx_code call_response_builder_build(fixture *f)
{
    return httpx_response_builder_build(P(0, f->response_builder), P(1, &f->response_out), ERR(2));
}

/* ---- status codes ---- */

static httpx_code call_status_reason_phrase(fixture *f)
{
    (void)f;
    CHECK(httpx_status_reason_phrase(200) != NULL);
    return HTTPX_OK;
}

static httpx_code call_status_name(fixture *f)
{
    (void)f;
    CHECK(httpx_status_name(200) != NULL);
    return HTTPX_OK;
}

static httpx_code call_status_by_name(fixture *f)
{
    int32_t status = httpx_status_by_name(T(0, 0, "OK"), L(0, 2));
    return status == 0 ? HTTPX_E_NOT_FOUND : HTTPX_OK;
}

static httpx_code call_status_is_informational(fixture *f)
{
    (void)f;
    CHECK(!httpx_status_is_informational(0));
    return HTTPX_OK;
}

static httpx_code call_status_is_success(fixture *f)
{
    (void)f;
    CHECK(!httpx_status_is_success(0));
    return HTTPX_OK;
}

static httpx_code call_status_is_redirect(fixture *f)
{
    (void)f;
    CHECK(!httpx_status_is_redirect(0));
    return HTTPX_OK;
}

static httpx_code call_status_is_client_error(fixture *f)
{
    (void)f;
    CHECK(!httpx_status_is_client_error(0));
    return HTTPX_OK;
}

static httpx_code call_status_is_server_error(fixture *f)
{
    (void)f;
    CHECK(!httpx_status_is_server_error(0));
    return HTTPX_OK;
}

static httpx_code call_status_is_error(fixture *f)
{
    (void)f;
    CHECK(!httpx_status_is_error(0));
    return HTTPX_OK;
}

#endif

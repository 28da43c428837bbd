/* For null_arguments.c: one call of each function from the library's own to those of pipes, in the order of the header.
 * Functions without a code check what they give for NULL, and answer as if they had one. */
#ifndef HTTPX_TEST_NULL_CALLS_H
#define HTTPX_TEST_NULL_CALLS_H

#include "null_fixture.h"

/* ---- library, codes, errors ---- */

static httpx_code call_version(fixture *f)
{
    (void)f;
    return CHECK(httpx_version() != NULL) ? HTTPX_OK : HTTPX_E_INTERNAL;
}

static httpx_code call_abi_version(fixture *f)
{
    (void)f;
    return CHECK(httpx_abi_version() != 0) ? HTTPX_OK : HTTPX_E_INTERNAL;
}

static httpx_code call_feature(fixture *f)
{
    int32_t there = httpx_feature(T(0, 0, "http1"), L(0, 5));
    CHECK_EQ(there, !IS_NULL(0) && f->bad_len < 0);
    return there ? HTTPX_OK : HTTPX_E_INVALID_ARGUMENT;
}

static httpx_code call_quiesce(fixture *f)
{
    return httpx_quiesce(0.0, ERR(0));
}

static httpx_code call_live_handles(fixture *f)
{
    (void)f;
    CHECK_EQ(httpx_live_handles(-7), -1);
    CHECK_EQ(httpx_live_handles(INT32_MAX), -1);
    return httpx_live_handles(HTTPX_KIND_ALL) > 0 ? HTTPX_OK : HTTPX_E_INTERNAL;
}

static httpx_code call_code_is_error(fixture *f)
{
    (void)f;
    CHECK(!httpx_code_is_error(HTTPX_AGAIN));
    CHECK(httpx_code_is_error(INT32_MIN) == httpx_code_is_error(-1));
    return HTTPX_OK;
}

static httpx_code call_code_is_a(fixture *f)
{
    (void)f;
    CHECK(httpx_code_is_a(HTTPX_E_READ_TIMEOUT, HTTPX_E_TIMEOUT));
    CHECK(httpx_code_is_a(HTTPX_E_READ_TIMEOUT + 0x10, HTTPX_E_READ_TIMEOUT)); /* one that is not known yet */
    CHECK(!httpx_code_is_a(HTTPX_E_TIMEOUT, HTTPX_E_READ_TIMEOUT));
    CHECK(!httpx_code_is_a(-1, HTTPX_E_HTTP));
    return HTTPX_OK;
}

static httpx_code call_code_name(fixture *f)
{
    (void)f;
    CHECK(strcmp(httpx_code_name(HTTPX_E_READ_TIMEOUT), "ReadTimeout") == 0);
    CHECK(strcmp(httpx_code_name(HTTPX_E_READ_TIMEOUT + 0x10), "ReadTimeout") == 0);
    CHECK(httpx_code_name(-1) != NULL && httpx_code_name(INT32_MIN) != NULL && httpx_code_name(77) != NULL);
    return HTTPX_OK;
}

static httpx_code call_code_parent(fixture *f)
{
    (void)f;
    CHECK_EQ(httpx_code_parent(HTTPX_E_READ_TIMEOUT), HTTPX_E_TIMEOUT);
    httpx_code code = HTTPX_E_READ_TIMEOUT;
    int steps = 0;
    while (httpx_code_is_error(code) && steps++ < 9)
        code = httpx_code_parent(code);
    CHECK(steps == 5); /* every way up ends */
    return HTTPX_OK;
}

static httpx_code call_code_description(fixture *f)
{
    (void)f;
    CHECK(httpx_code_description(HTTPX_E_READ_TIMEOUT) != NULL && httpx_code_description(-1) != NULL);
    return HTTPX_OK;
}

static httpx_code call_error_code(fixture *f)
{
    return NEUTRAL(httpx_error_code(P(0, f->error)) == HTTPX_E_NULL_POINTER);
}

static httpx_code call_error_name(fixture *f)
{
    const char *name = httpx_error_name(P(0, f->error));
    return NEUTRAL(name != NULL);
}

static httpx_code call_error_message(fixture *f)
{
    const char *message = httpx_error_message(P(0, f->error), P(1, &f->size));
    return NEUTRAL(message == NULL);
}

static httpx_code call_error_cause(fixture *f)
{
    const httpx_error *cause = httpx_error_cause(P(0, f->error));
    return NEUTRAL(cause == NULL);
}

static httpx_code call_error_os_errno(fixture *f)
{
    int32_t number = httpx_error_os_errno(P(0, f->error));
    return NEUTRAL(number == 0);
}

static httpx_code call_error_tls_alert(fixture *f)
{
    int32_t alert = httpx_error_tls_alert(P(0, f->error));
    return NEUTRAL(alert == -1);
}

static httpx_code call_error_h2_code(fixture *f)
{
    int64_t code = httpx_error_h2_code(P(0, f->error));
    return NEUTRAL(code == -1);
}

static httpx_code call_error_is_retryable(fixture *f)
{
    int32_t retryable = httpx_error_is_retryable(P(0, f->error));
    return NEUTRAL(retryable == 0);
}

static httpx_code call_error_request_method(fixture *f)
{
    const char *method = httpx_error_request_method(P(0, f->error), P(1, &f->size));
    return NEUTRAL(method == NULL);
}

static httpx_code call_error_request_url(fixture *f)
{
    const char *url = httpx_error_request_url(P(0, f->error), P(1, &f->size));
    return NEUTRAL(url == NULL);
}

static httpx_code call_error_request(fixture *f)
{
    return httpx_error_request(P(0, f->error), P(1, &f->request_out), ERR(2));
}

static httpx_code call_error_response(fixture *f)
{
    return httpx_error_response(P(0, f->error), P(1, &f->response_out), ERR(2));
}

static httpx_code call_error_clone(fixture *f)
{
    f->error_out = httpx_error_clone(P(0, f->error));
    return NEUTRAL(f->error_out == NULL);
}

static httpx_code call_error_free(fixture *f)
{
    httpx_error_free(P(0, f->error));
    f->error = IS_NULL(0) ? f->error : NULL;
    return NEUTRAL(1);
}

/* ---- client builder and client ---- */

static httpx_code call_client_builder_new(fixture *f)
{
    return httpx_client_builder_new(P(0, &f->builder_out), ERR(1));
}

static httpx_code call_client_builder_free(fixture *f)
{
    httpx_client_builder_free(P(0, f->builder));
    f->builder = IS_NULL(0) ? f->builder : NULL;
    return NEUTRAL(1);
}

static httpx_code call_client_builder_timeout(fixture *f)
{
    return httpx_client_builder_timeout(P(0, f->builder), 1, 2, HTTPX_UNSET, INFINITY, ERR(1));
}

static httpx_code call_client_builder_limits(fixture *f)
{
    return httpx_client_builder_limits(P(0, f->builder), SIZE_MAX, SIZE_MAX, INFINITY, ERR(1));
}

static httpx_code call_client_builder_header(fixture *f)
{
    return httpx_client_builder_header(P(0, f->builder), T(1, 0, "X-A"), L(0, 3), B(2, 1, "b"), L(1, 1), ERR(3));
}

static httpx_code call_client_builder_verify(fixture *f)
{
    return httpx_client_builder_verify(P(0, f->builder), 1, ERR(1));
}

static httpx_code call_client_builder_base_url(fixture *f)
{
    return httpx_client_builder_base_url(P(0, f->builder), T(1, 0, "http://host/path"), L(0, 16), ERR(2));
}

static httpx_code call_client_builder_param(fixture *f)
{
    return httpx_client_builder_param(P(0, f->builder), T(1, 0, "key"), L(0, 3), T(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_client_builder_auth_basic(fixture *f)
{
    return httpx_client_builder_auth_basic(P(0, f->builder), B(1, 0, "me"), L(0, 2), B(2, 1, "secret"), L(1, 6),
                                           ERR(3));
}

static httpx_code call_client_builder_auth_digest(fixture *f)
{
    return httpx_client_builder_auth_digest(P(0, f->builder), B(1, 0, "me"), L(0, 2), B(2, 1, "secret"), L(1, 6),
                                            ERR(3));
}

static httpx_code call_client_builder_auth_netrc(fixture *f)
{
    return httpx_client_builder_auth_netrc(P(0, f->builder), T(1, 0, "/no/such/file"), L(0, 13), ERR(2));
}

static httpx_code call_client_builder_resolve(fixture *f)
{
    return httpx_client_builder_resolve(P(0, f->builder), T(1, 0, "a.test"), L(0, 6), 80, T(2, 1, "127.0.0.1"), L(1, 9),
                                        ERR(3));
}

static httpx_code call_client_builder_retries(fixture *f)
{
    return httpx_client_builder_retries(P(0, f->builder), 2, ERR(1));
}

static httpx_code call_client_builder_redirects(fixture *f)
{
    return httpx_client_builder_redirects(P(0, f->builder), 1, 20, ERR(1));
}

static httpx_code call_client_builder_redirects_keep_content_type(fixture *f)
{
    return httpx_client_builder_redirects_keep_content_type(P(0, f->builder), 1, ERR(1));
}

static httpx_code call_client_builder_ca_pem(fixture *f)
{
    return httpx_client_builder_ca_pem(P(0, f->builder), B(1, 0, "no PEM"), L(0, 6), ERR(2));
}

static httpx_code call_client_builder_ca_file(fixture *f)
{
    const char *path = environment("HTTPX_TEST_CA");
    return httpx_client_builder_ca_file(P(0, f->builder), T(1, 0, path), L(0, strlen(path)), ERR(2));
}

static httpx_code call_client_builder_unix_socket(fixture *f)
{
    return httpx_client_builder_unix_socket(P(0, f->builder), T(1, 0, "/tmp/a"), L(0, 6), ERR(2));
}

static httpx_code call_client_builder_interrupt(fixture *f)
{
    return httpx_client_builder_interrupt(P(0, f->builder), P(1, no_interrupt), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_client_builder_build(fixture *f)
{
    return httpx_client_builder_build(P(0, f->builder), P(1, &f->client_out), ERR(2));
}

static httpx_code call_client_clone(fixture *f)
{
    f->client_out = httpx_client_clone(P(0, f->client));
    return NEUTRAL(f->client_out == NULL);
}

static httpx_code call_client_free(fixture *f)
{
    httpx_client_free(P(0, f->client));
    f->client = IS_NULL(0) ? f->client : NULL;
    return NEUTRAL(1);
}

static httpx_code call_client_close(fixture *f)
{
    return httpx_client_close(P(0, f->client), 0.0, ERR(1));
}

static httpx_code call_client_get(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_client_get(P(0, f->client), T(1, 0, url), L(0, strlen(url)), P(2, &f->response_out), ERR(3));
}

static httpx_code call_client_send(fixture *f)
{
    return httpx_client_send(P(0, f->client), P(1, f->request), 0, P(2, &f->response_out), ERR(3));
}

static httpx_code call_client_send_async(fixture *f)
{
    return httpx_client_send_async(P(0, f->client), P(1, f->request), 0, P(2, f->queue), P(3, no_response),
                                   P(4, &f->destroyed), D(4, 5), P(6, &f->op_out), ERR(7));
}

static httpx_code call_client_connections(fixture *f)
{
    return httpx_client_connections(P(0, f->client), P(1, &f->size), P(2, &f->more_size), P(3, &f->third_size), ERR(4));
}

/* ---- request and pipe ---- */

static httpx_code call_request_new(fixture *f)
{
    const char *url = HTTP("/get");
    return httpx_request_new(P(0, f->client), T(1, 0, "GET"), L(0, 3), T(2, 1, url), L(1, strlen(url)),
                             P(3, &f->request_out), ERR(4));
}

static httpx_code call_request_clone(fixture *f)
{
    httpx_request *copy = NULL;
    httpx_code code = httpx_request_clone(P(0, f->request), P(1, &copy), ERR(2));
    httpx_request_free(copy);
    return code;
}

static httpx_code call_request_free(fixture *f)
{
    httpx_request_free(P(0, f->request));
    f->request = IS_NULL(0) ? f->request : NULL;
    return NEUTRAL(1);
}

static httpx_code call_request_method(fixture *f)
{
    const char *method = httpx_request_method(P(0, f->request), P(1, &f->size));
    return NEUTRAL(method == NULL);
}

static httpx_code call_request_url(fixture *f)
{
    const char *url = httpx_request_url(P(0, f->request), P(1, &f->size));
    return NEUTRAL(url == NULL);
}

static httpx_code call_request_header_count(fixture *f)
{
    size_t count = httpx_request_header_count(P(0, f->request));
    return NEUTRAL(count == 0);
}

static httpx_code call_request_header_at(fixture *f)
{
    return httpx_request_header_at(P(0, f->request), 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                                   P(4, &f->more_size), ERR(5));
}

static httpx_code call_request_header_set(fixture *f)
{
    return httpx_request_header_set(P(0, f->request), T(1, 0, "X-A"), L(0, 3), B(2, 1, "b"), L(1, 1), ERR(3));
}

static httpx_code call_request_header_add(fixture *f)
{
    return httpx_request_header_add(P(0, f->request), T(1, 0, "X-A"), L(0, 3), B(2, 1, "b"), L(1, 1), ERR(3));
}

static httpx_code call_request_header_remove(fixture *f)
{
    return httpx_request_header_remove(P(0, f->request), T(1, 0, "Accept"), L(0, 6), ERR(2));
}

static httpx_code call_request_param(fixture *f)
{
    return httpx_request_param(P(0, f->request), T(1, 0, "key"), L(0, 3), T(2, 1, "value"), L(1, 5), 1, ERR(3));
}

static httpx_code call_request_auth_basic(fixture *f)
{
    return httpx_request_auth_basic(P(0, f->request), B(1, 0, "me"), L(0, 2), B(2, 1, "secret"), L(1, 6), ERR(3));
}

static httpx_code call_request_auth_none(fixture *f)
{
    return httpx_request_auth_none(P(0, f->request), ERR(1));
}

static httpx_code call_request_auth_default(fixture *f)
{
    return httpx_request_auth_default(P(0, f->request), ERR(1));
}

static httpx_code call_request_target(fixture *f)
{
    return httpx_request_target(P(0, f->request), T(1, 0, "*"), L(0, 1), ERR(2));
}

static httpx_code call_request_timeout(fixture *f)
{
    return httpx_request_timeout(P(0, f->request), 1, 2, HTTPX_UNSET, INFINITY, ERR(1));
}

static httpx_code call_request_deadline(fixture *f)
{
    return httpx_request_deadline(P(0, f->request), 5.0, ERR(1));
}

static httpx_code call_request_body_bytes(fixture *f)
{
    return httpx_request_body_bytes(P(0, f->request), B(1, 0, "body"), L(0, 4), ERR(2));
}

static httpx_code call_request_body_owned(fixture *f)
{
    return httpx_request_body_owned(P(0, f->request), B(1, 0, "body"), L(0, 4), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_request_body_json(fixture *f)
{
    return httpx_request_body_json(P(0, f->request), T(1, 0, "[1]"), L(0, 3), ERR(2));
}

static httpx_code call_request_body_file(fixture *f)
{
    const char *path = environment("HTTPX_TEST_CA");
    return httpx_request_body_file(P(0, f->request), T(1, 0, path), L(0, strlen(path)), ERR(2));
}

static httpx_code call_request_body_pipe(fixture *f)
{
    return httpx_request_body_pipe(P(0, f->request), -1, 0, P(1, &f->pipe_out), ERR(2));
}

static httpx_code call_pipe_write(fixture *f)
{
    return httpx_pipe_write(P(0, f->pipe), B(1, 0, "body"), L(0, 4), P(2, &f->size), ERR(3));
}

static httpx_code call_pipe_write_all(fixture *f)
{
    return httpx_pipe_write_all(P(0, f->pipe), B(1, 0, "body"), L(0, 4), ERR(2));
}

static httpx_code call_pipe_writable_async(fixture *f)
{
    return httpx_pipe_writable_async(P(0, f->pipe), P(1, f->queue), P(2, no_done), P(3, &f->destroyed), D(3, 4),
                                     P(5, &f->op_out), ERR(6));
}

static httpx_code call_pipe_finish(fixture *f)
{
    return httpx_pipe_finish(P(0, f->pipe), ERR(1));
}

static httpx_code call_pipe_free(fixture *f)
{
    httpx_pipe_free(P(0, f->pipe));
    f->pipe = IS_NULL(0) ? f->pipe : NULL;
    return NEUTRAL(1);
}

#endif

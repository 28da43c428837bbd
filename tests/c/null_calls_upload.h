/* For null_arguments.c: the calls of bodies that are made while they are sent, and of parts of multipart bodies. */
#ifndef HTTPX_TEST_NULL_CALLS_UPLOAD_H
#define HTTPX_TEST_NULL_CALLS_UPLOAD_H

#include "null_fixture.h"

static httpx_code no_pull(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    (void)user_data, (void)buffer, (void)capacity, (void)len;
    return HTTPX_DONE;
}

static httpx_code no_rewind(void *user_data)
{
    (void)user_data;
    return HTTPX_OK;
}

static int32_t no_upload(void *user_data, uint64_t sent, int64_t total)
{
    (void)user_data, (void)sent, (void)total;
    return 0;
}

static httpx_code call_request_body_fd(fixture *f)
{
    return httpx_request_body_fd(P(0, f->request), STDOUT_FILENO, ERR(1));
}

static httpx_code call_request_body_pull(fixture *f)
{
    return httpx_request_body_pull(P(0, f->request), -1, P(1, no_pull), P(2, no_rewind), P(3, &f->destroyed), D(3, 4),
                                   ERR(5));
}

static httpx_code call_response_builder_body_pull(fixture *f)
{
    return httpx_response_builder_body_pull(P(0, f->response_builder), -1, P(1, no_pull), P(2, &f->destroyed), D(2, 3),
                                            ERR(4));
}

static httpx_code call_request_on_upload(fixture *f)
{
    return httpx_request_on_upload(P(0, f->request), P(1, no_upload), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_request_content(fixture *f)
{
    return httpx_request_content(P(0, f->request), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_request_read(fixture *f)
{
    return httpx_request_read(P(0, f->request), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_multipart_header(fixture *f)
{
    return httpx_multipart_header(P(0, f->multipart), T(1, 0, "X-A"), L(0, 3), B(2, 1, "b"), L(1, 1), ERR(3));
}

static httpx_code call_multipart_file_fd(fixture *f)
{
    return httpx_multipart_file_fd(P(0, f->multipart), T(1, 0, "name"), L(0, 4), T(2, 1, "a.txt"), L(1, 5),
                                   T(3, 2, "text/plain"), L(2, 10), STDOUT_FILENO, ERR(4));
}

static httpx_code call_multipart_file_pull(fixture *f)
{
    return httpx_multipart_file_pull(P(0, f->multipart), T(1, 0, "name"), L(0, 4), T(2, 1, "a.txt"), L(1, 5),
                                     T(3, 2, "text/plain"), L(2, 10), -1, P(4, no_pull), P(5, no_rewind),
                                     P(6, &f->destroyed), D(6, 7), ERR(8));
}

#endif

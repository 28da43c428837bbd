/* For null_arguments.c: the calls of forms and multipart bodies. */
#ifndef HTTPX_TEST_NULL_CALLS_FORM_H
#define HTTPX_TEST_NULL_CALLS_FORM_H

#include "null_fixture.h"

static httpx_code call_form_new(fixture *f)
{
    return httpx_form_new(P(0, &f->form_out), ERR(1));
}

static httpx_code call_form_add(fixture *f)
{
    return httpx_form_add(P(0, f->form), T(1, 0, "name"), L(0, 4), P(2, "value"), L(1, 5), ERR(3));
}

static httpx_code call_form_free(fixture *f)
{
    httpx_form_free(P(0, f->form));
    f->form = IS_NULL(0) ? f->form : NULL;
    return NEUTRAL(1);
}

static httpx_code call_request_body_form(fixture *f)
{
    return httpx_request_body_form(P(0, f->request), P(1, f->form), ERR(2));
}

static httpx_code call_multipart_new(fixture *f)
{
    return httpx_multipart_new(P(0, &f->multipart_out), ERR(1));
}

static httpx_code call_multipart_boundary(fixture *f)
{
    return httpx_multipart_boundary(P(0, f->multipart), T(1, 0, "border"), L(0, 6), ERR(2));
}

static httpx_code call_multipart_field(fixture *f)
{
    return httpx_multipart_field(P(0, f->multipart), T(1, 0, "name"), L(0, 4), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_multipart_file_bytes(fixture *f)
{
    return httpx_multipart_file_bytes(P(0, f->multipart), T(1, 0, "name"), L(0, 4), T(2, 1, "a.txt"), L(1, 5),
                                      T(3, 2, "text/plain"), L(2, 10), B(4, 3, "value"), L(3, 5), ERR(5));
}

static httpx_code call_multipart_file_path(fixture *f)
{
    return httpx_multipart_file_path(P(0, f->multipart), T(1, 0, "name"), L(0, 4), T(2, 1, "a.txt"), L(1, 5),
                                     T(3, 2, "text/plain"), L(2, 10), T(4, 3, "/no/such/file"), L(3, 13), ERR(5));
}

static httpx_code call_multipart_free(fixture *f)
{
    httpx_multipart_free(P(0, f->multipart));
    f->multipart = IS_NULL(0) ? f->multipart : NULL;
    return NEUTRAL(1);
}

static httpx_code call_request_body_multipart(fixture *f)
{
    return httpx_request_body_multipart(P(0, f->request), P(1, f->multipart), ERR(2));
}

#endif

/* For null_arguments.c: the calls of responses, streams, queues and operations. */
#ifndef HTTPX_TEST_NULL_CALLS_RESPONSE_H
#define HTTPX_TEST_NULL_CALLS_RESPONSE_H

#include "null_fixture.h"

/* ---- response and stream ---- */

static httpx_code call_response_free(fixture *f)
{
    httpx_response_free(P(0, f->response));
    f->response = IS_NULL(0) ? f->response : NULL;
    return NEUTRAL(1);
}

static httpx_code call_response_status_code(fixture *f)
{
    int32_t status = httpx_response_status_code(P(0, f->response));
    return NEUTRAL(status == 0);
}

static httpx_code call_response_reason_phrase(fixture *f)
{
    const char *reason = httpx_response_reason_phrase(P(0, f->response), P(1, &f->size));
    return NEUTRAL(reason == NULL);
}

static httpx_code call_response_http_version(fixture *f)
{
    const char *version = httpx_response_http_version(P(0, f->response), P(1, &f->size));
    return NEUTRAL(version == NULL);
}

static httpx_code call_response_url(fixture *f)
{
    const char *url = httpx_response_url(P(0, f->response), P(1, &f->size));
    return NEUTRAL(url == NULL);
}

static httpx_code call_response_header_count(fixture *f)
{
    size_t count = httpx_response_header_count(P(0, f->response));
    return NEUTRAL(count == 0);
}

static httpx_code call_response_header_at(fixture *f)
{
    return httpx_response_header_at(P(0, f->response), 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                                    P(4, &f->more_size), ERR(5));
}

static httpx_code call_response_header(fixture *f)
{
    return httpx_response_header(P(0, f->response), T(1, 0, "content-type"), L(0, 12), P(2, &f->bytes), P(3, &f->size),
                                 ERR(4));
}

static httpx_code call_response_content(fixture *f)
{
    return httpx_response_content(P(0, f->response), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_response_read(fixture *f)
{
    return httpx_response_read(P(0, f->response), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_response_read_async(fixture *f)
{
    return httpx_response_read_async(P(0, f->response), P(1, f->queue), P(2, no_done), P(3, &f->destroyed), D(3, 4),
                                     P(5, &f->op_out), ERR(6));
}

static httpx_code call_response_raise_for_status(fixture *f)
{
    return httpx_response_raise_for_status(P(0, f->response), ERR(1));
}

static httpx_code call_response_elapsed(fixture *f)
{
    return httpx_response_elapsed(P(0, f->response), P(1, &f->seconds), ERR(2));
}

static httpx_code call_response_num_bytes_downloaded(fixture *f)
{
    uint64_t bytes = httpx_response_num_bytes_downloaded(P(0, f->response));
    return NEUTRAL(bytes == 0);
}

static httpx_code call_response_is_closed(fixture *f)
{
    int32_t closed = httpx_response_is_closed(P(0, f->response));
    return NEUTRAL(closed == 0 || closed == 1);
}

static httpx_code call_response_has_redirect_location(fixture *f)
{
    int32_t redirects = httpx_response_has_redirect_location(P(0, f->response));
    return NEUTRAL(redirects == 0);
}

static httpx_code call_response_history_count(fixture *f)
{
    size_t count = httpx_response_history_count(P(0, f->response));
    return NEUTRAL(count == 0);
}

static httpx_code call_response_history_at(fixture *f)
{
    return httpx_response_history_at(P(0, f->response), 0, P(1, &f->response_out), ERR(2));
}

static httpx_code call_response_next_request(fixture *f)
{
    return httpx_response_next_request(P(0, f->response), P(1, &f->request_out), ERR(2));
}

static httpx_code call_response_text(fixture *f)
{
    return httpx_response_text(P(0, f->response), P(1, (const char **)(void *)&f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_response_encoding(fixture *f)
{
    const char *name = httpx_response_encoding(P(0, f->response), P(1, &f->size));
    return NEUTRAL(name == NULL);
}

static httpx_code call_response_set_encoding(fixture *f)
{
    return httpx_response_set_encoding(P(0, f->response), T(1, 0, "latin-1"), L(0, 7), ERR(2));
}

static httpx_code call_response_trailer_count(fixture *f)
{
    size_t count = httpx_response_trailer_count(P(0, f->response));
    return NEUTRAL(count == 0);
}

static httpx_code call_response_trailer_at(fixture *f)
{
    return httpx_response_trailer_at(P(0, f->response), 0, P(1, &f->bytes), P(2, &f->size), P(3, &f->more_bytes),
                                     P(4, &f->more_size), ERR(5));
}

static httpx_code call_response_close(fixture *f)
{
    return httpx_response_close(P(0, f->response), ERR(1));
}

static httpx_code call_response_stream(fixture *f)
{
    return httpx_response_stream(P(0, f->response), HTTPX_STREAM_BYTES, 0, P(1, &f->stream_out), ERR(2));
}

static httpx_code call_stream_next(fixture *f)
{
    return httpx_stream_next(P(0, f->stream), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_stream_next_async(fixture *f)
{
    return httpx_stream_next_async(P(0, f->stream), P(1, f->queue), P(2, no_chunk), P(3, &f->destroyed), D(3, 4),
                                   P(5, &f->op_out), ERR(6));
}

static httpx_code call_stream_num_bytes_downloaded(fixture *f)
{
    uint64_t bytes = httpx_stream_num_bytes_downloaded(P(0, f->stream));
    return NEUTRAL(bytes == 0);
}

static httpx_code call_stream_close(fixture *f)
{
    return httpx_stream_close(P(0, f->stream), ERR(1));
}

static httpx_code call_stream_free(fixture *f)
{
    httpx_stream_free(P(0, f->stream));
    f->stream = IS_NULL(0) ? f->stream : NULL;
    return NEUTRAL(1);
}

/* ---- queue and operation ---- */

static httpx_code call_queue_new(fixture *f)
{
    return httpx_queue_new(P(0, &f->queue_out), ERR(1));
}

static httpx_code call_queue_free(fixture *f)
{
    httpx_queue_free(P(0, f->queue));
    f->queue = IS_NULL(0) ? f->queue : NULL;
    return NEUTRAL(1);
}

static httpx_code call_queue_fd(fixture *f)
{
    return httpx_queue_fd(P(0, f->queue), P(1, &f->fd), ERR(2));
}

static httpx_code call_queue_waker(fixture *f)
{
    return httpx_queue_waker(P(0, f->queue), P(1, no_wake), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_queue_dispatch(fixture *f)
{
    return httpx_queue_dispatch(P(0, f->queue), 0, P(1, &f->size), ERR(2));
}

static httpx_code call_queue_poll(fixture *f)
{
    f->event.size = sizeof f->event;
    return httpx_queue_poll(P(0, f->queue), P(1, &f->event), 1, P(2, &f->size), 0, ERR(3));
}

static httpx_code call_queue_pending(fixture *f)
{
    return httpx_queue_pending(P(0, f->queue), P(1, &f->size), ERR(2));
}

static httpx_code call_op_cancel(fixture *f)
{
    httpx_op_cancel(P(0, f->op));
    return NEUTRAL(1);
}

static httpx_code call_op_is_done(fixture *f)
{
    int32_t done = httpx_op_is_done(P(0, f->op));
    return NEUTRAL(done == 0 || done == 1);
}

static httpx_code call_op_take_response(fixture *f)
{
    return httpx_op_take_response(P(0, f->op), P(1, &f->response_out), ERR(2));
}

static httpx_code call_op_result(fixture *f)
{
    return httpx_op_result(P(0, f->op), ERR(1));
}

static httpx_code call_op_chunk(fixture *f)
{
    return httpx_op_chunk(P(0, f->op), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_op_clone(fixture *f)
{
    f->op_out = httpx_op_clone(P(0, f->op));
    return NEUTRAL(f->op_out == NULL);
}

static httpx_code call_op_free(fixture *f)
{
    httpx_op_free(P(0, f->op));
    f->op = IS_NULL(0) ? f->op : NULL;
    return NEUTRAL(1);
}

#endif

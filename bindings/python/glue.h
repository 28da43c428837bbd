/*
 * Several calls of the library in one call from Python, where requests are made by the thousand. Nothing is decided here:
 * what a function gives is what the functions of httpx.h that it calls give.
 */
#include <string.h>

#include "glue_types.h"

/* The error of the last call of this thread that said with NULL or -1 that it failed. */
static __thread httpx_error *glue_error;

static httpx_error *_take_error(void) {
    httpx_error *error = glue_error;
    glue_error = NULL;
    return error;
}

/* The response to a request with the client's defaults; NULL: _take_error. */
static httpx_response *_fetch(httpx_client *client, const char *method, size_t method_len, const char *url,
                              size_t url_len, const uint8_t *body, size_t body_len, const char *content_type,
                              size_t content_type_len, uint32_t flags) {
    httpx_response *response = NULL;
    httpx_client_request(client, method, method_len, url, url_len, body, body_len, content_type, content_type_len, flags,
                         &response, &glue_error);
    return response;
}

/* The same for a request that is there. */
static httpx_response *_send(httpx_client *client, httpx_request *request, uint32_t flags) {
    httpx_response *response = NULL;
    httpx_client_send(client, request, flags, &response, &glue_error);
    return response;
}

/* Starts to send a request with the client's defaults, with a body or NULL; the operation, or NULL: _take_error. */
static httpx_op *_fetch_async(httpx_client *client, const char *method, size_t method_len, const char *url,
                              size_t url_len, const uint8_t *body, size_t body_len, const char *content_type,
                              size_t content_type_len, uint32_t flags, httpx_queue *queue, int64_t token) {
    httpx_request *request = NULL;
    httpx_op *op = NULL;
    httpx_code code = httpx_request_new(client, method, method_len, url, url_len, &request, &glue_error);
    if (code == HTTPX_OK && body != NULL) {
        code = httpx_request_body_bytes(request, body, body_len, &glue_error);
    }
    if (code == HTTPX_OK && content_type != NULL) {
        code = httpx_request_header_set(request, "Content-Type", 12, (const uint8_t *)content_type, content_type_len,
                                        &glue_error);
    }
    if (code == HTTPX_OK) {
        httpx_client_send_async(client, request, flags, queue, NULL, (void *)(intptr_t)token, NULL, &op, &glue_error);
    }
    httpx_request_free(request);
    return op;
}

/* The same for a request that is there. */
static httpx_op *_send_async(httpx_client *client, httpx_request *request, uint32_t flags, httpx_queue *queue,
                             int64_t token) {
    httpx_op *op = NULL;
    httpx_client_send_async(client, request, flags, queue, NULL, (void *)(intptr_t)token, NULL, &op, &glue_error);
    return op;
}

/*
 * What has ended, with its result: a response, an error, or, for a chunk, the operation, which has the chunk and is to be
 * freed. Whoever started an operation still owns it. -1: _take_error.
 */
static int64_t _poll(httpx_queue *queue, struct glue_end *ends, size_t room) {
    httpx_event events[64];
    size_t count = 0;
    memset(&events[0], 0, sizeof events[0]);
    events[0].size = sizeof events[0];
    if (room > 64) {
        room = 64;
    }
    if (httpx_queue_poll(queue, events, room, &count, 0, &glue_error) != HTTPX_OK) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct glue_end *end = &ends[i];
        httpx_op *op = events[i].op;
        memset(end, 0, sizeof *end);
        end->token = (int64_t)(intptr_t)events[i].user_data;
        end->code = events[i].code;
        if (events[i].kind == HTTPX_EVENT_RESPONSE) {
            end->code = httpx_op_take_response(op, &end->response, &end->error);
        } else if (events[i].kind == HTTPX_EVENT_CHUNK) {
            end->code = httpx_op_chunk(op, &end->data, &end->len, &end->error);
        } else {
            end->code = httpx_op_result(op, &end->error);
        }
        if (end->data != NULL) {
            end->op = op;
        } else {
            httpx_op_free(op);
        }
    }
    return (int64_t)count;
}

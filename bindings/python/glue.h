/*
 * Several calls of the library in one call from Python, where requests are made by the thousand. Nothing is decided
 * here: what a function gives is what the functions of httpx.h that it calls give.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "glue_types.h"

/* The error of the last call of this thread that said with NULL or -1 that it failed. */
static __thread httpx_error *glue_error;

static httpx_error *_take_error(void)
{
    httpx_error *error = glue_error;
    glue_error = NULL;
    return error;
}

/*
 * Whether the interpreter has begun to end. A thread that went back into it then would be unwound through the library:
 * it stays here instead, until the process is gone. The main thread is the one that ends the interpreter, and may go
 * back.
 */
static volatile int glue_ending;
static uintptr_t glue_main_thread;

static void _set_main_thread(uintptr_t thread)
{
    glue_main_thread = thread;
}

static void _set_ending(void)
{
    glue_ending = 1;
}

static int glue_is_main(void)
{
    return (uintptr_t)pthread_self() == glue_main_thread;
}

static void glue_enter(void)
{
    while (glue_ending && !glue_is_main()) {
        pause();
    }
}

static int32_t python_interrupt(void *);
static void python_log(void *, int32_t, const char *, size_t, const char *, size_t);
static int32_t python_trace(void *, const char *, size_t, const char *, size_t);
static httpx_code python_pull(void *, uint8_t *, size_t, size_t *);
static httpx_code python_rewind(void *);
static httpx_code python_request_hook(void *, httpx_request *, httpx_error **);
static httpx_code python_response_hook(void *, httpx_response *, httpx_error **);
static httpx_code python_auth_next(void *, void *, httpx_request *, httpx_response *, httpx_request **, httpx_error **);
static void python_transport_handle(void *, httpx_request *, httpx_reply *);

/* Signals are the main thread's to look at. */
static int32_t glue_interrupt(void *user_data)
{
    return glue_is_main() ? python_interrupt(user_data) : 0;
}

static void glue_log(void *user_data, int32_t level, const char *logger, size_t logger_len, const char *message,
                     size_t message_len)
{
    glue_enter();
    python_log(user_data, level, logger, logger_len, message, message_len);
}

static int32_t glue_trace(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len)
{
    glue_enter();
    return python_trace(user_data, event, event_len, info, info_len);
}

static httpx_code glue_pull(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    glue_enter();
    return python_pull(user_data, buffer, capacity, len);
}

static httpx_code glue_rewind(void *user_data)
{
    glue_enter();
    return python_rewind(user_data);
}

static httpx_code glue_request_hook(void *user_data, httpx_request *request, httpx_error **error)
{
    glue_enter();
    return python_request_hook(user_data, request, error);
}

static httpx_code glue_response_hook(void *user_data, httpx_response *response, httpx_error **error)
{
    glue_enter();
    return python_response_hook(user_data, response, error);
}

static httpx_code glue_auth_next(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                                 httpx_request **next, httpx_error **error)
{
    glue_enter();
    return python_auth_next(user_data, flow, request, response, next, error);
}

static void glue_transport_handle(void *user_data, httpx_request *request, httpx_reply *reply)
{
    glue_enter();
    python_transport_handle(user_data, request, reply);
}

/* What Python hands in: these, not its own functions. */
static const httpx_interrupt_fn _interrupt = glue_interrupt;
static const httpx_log_fn _log = glue_log;
static const httpx_trace_fn _trace = glue_trace;
static const httpx_pull_fn _pull = glue_pull;
static const httpx_rewind_fn _rewind = glue_rewind;
static const httpx_request_hook_fn _request_hook = glue_request_hook;
static const httpx_response_hook_fn _response_hook = glue_response_hook;
static const httpx_auth_next_fn _auth_next = glue_auth_next;
static const httpx_transport_handle_fn _transport_handle = glue_transport_handle;

/* The body of a response, if it is in memory. */
static struct glue_bytes _content(const httpx_response *response)
{
    struct glue_bytes bytes = {NULL, -1};
    const uint8_t *data = NULL;
    size_t len = 0;
    if (httpx_response_content(response, &data, &len, NULL) == HTTPX_OK) {
        bytes.data = (const char *)data;
        bytes.len = (int64_t)len;
    }
    return bytes;
}

/* A request with the client's defaults, with a body or NULL; HTTPX's order of headers. */
static httpx_request *glue_request(httpx_client *client, const char *method, size_t method_len, const char *url,
                                   size_t url_len, const uint8_t *body, size_t body_len, const char *content_type,
                                   size_t content_type_len)
{
    httpx_request *request = NULL;
    httpx_code code = httpx_request_new(client, method, method_len, url, url_len, &request, &glue_error);
    if (code == HTTPX_OK && body != NULL) {
        code = httpx_request_body_bytes(request, body, body_len, &glue_error);
    }
    if (code == HTTPX_OK && content_type != NULL) {
        code = httpx_request_header_set(request, "Content-Type", 12, (const uint8_t *)content_type, content_type_len,
                                        &glue_error);
    }
    if (code != HTTPX_OK) {
        httpx_request_free(request);
        return NULL;
    }
    return request;
}

/* The response to such a request; NULL: _take_error. */
static httpx_response *_fetch(httpx_client *client, const char *method, size_t method_len, const char *url,
                              size_t url_len, const uint8_t *body, size_t body_len, const char *content_type,
                              size_t content_type_len, uint32_t flags)
{
    httpx_response *response = NULL;
    httpx_request *request =
        glue_request(client, method, method_len, url, url_len, body, body_len, content_type, content_type_len);
    if (request != NULL) {
        httpx_client_send(client, request, flags, &response, &glue_error);
        httpx_request_free(request);
    }
    return response;
}

/* The same for a request that is there. */
static httpx_response *_send(httpx_client *client, httpx_request *request, uint32_t flags)
{
    httpx_response *response = NULL;
    httpx_client_send(client, request, flags, &response, &glue_error);
    return response;
}

/* Starts to send such a request; the operation, or NULL: _take_error. */
static httpx_op *_fetch_async(httpx_client *client, const char *method, size_t method_len, const char *url,
                              size_t url_len, const uint8_t *body, size_t body_len, const char *content_type,
                              size_t content_type_len, uint32_t flags, httpx_queue *queue, int64_t token)
{
    httpx_op *op = NULL;
    httpx_request *request =
        glue_request(client, method, method_len, url, url_len, body, body_len, content_type, content_type_len);
    if (request != NULL) {
        httpx_client_send_async(client, request, flags, queue, NULL, (void *)(intptr_t)token, NULL, &op, &glue_error);
        httpx_request_free(request);
    }
    return op;
}

/* The same for a request that is there. */
static httpx_op *_send_async(httpx_client *client, httpx_request *request, uint32_t flags, httpx_queue *queue,
                             int64_t token)
{
    httpx_op *op = NULL;
    httpx_client_send_async(client, request, flags, queue, NULL, (void *)(intptr_t)token, NULL, &op, &glue_error);
    return op;
}

/*
 * What has ended, with its result: a response, an error, or, for a chunk, the operation, which has the chunk and is to
 * be freed. Whoever started an operation still owns it. -1: _take_error.
 */
static int64_t _poll(httpx_queue *queue, struct glue_end *ends, size_t room)
{
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

/* For null_arguments.c: the calls of credentials, event hooks, and transports of foreign code. */
#ifndef HTTPX_TEST_NULL_CALLS_FLOWS_H
#define HTTPX_TEST_NULL_CALLS_FLOWS_H

#include "null_fixture.h"

/* ---- errors and hooks ---- */

static httpx_code call_error_new(fixture *f)
{
    return httpx_error_new(HTTPX_E_READ, P(0, "message"), L(0, 7), P(1, f->error), P(2, &f->error_out), ERR(3));
}

static httpx_code no_request_hook(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)user_data, (void)request, (void)error;
    return HTTPX_OK;
}

static httpx_code no_response_hook(void *user_data, httpx_response *response, httpx_error **error)
{
    (void)user_data, (void)response, (void)error;
    return HTTPX_OK;
}

static httpx_code call_client_builder_on_request(fixture *f)
{
    return httpx_client_builder_on_request(P(0, f->builder), P(1, no_request_hook), P(2, &f->destroyed), D(2, 3),
                                           ERR(4));
}

static httpx_code call_client_builder_on_response(fixture *f)
{
    return httpx_client_builder_on_response(P(0, f->builder), P(1, no_response_hook), P(2, &f->destroyed), D(2, 3),
                                            ERR(4));
}

/* ---- wakers ---- */

/* A request whose hook keeps a waker, and has it tried. */
static httpx_code (*waker_call)(fixture *);
static httpx_code waker_code;

static httpx_code try_waker(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)request, (void)error;
    waker_code = waker_call(user_data);
    return HTTPX_OK;
}

static httpx_code in_a_hook(fixture *f, httpx_code (*call)(fixture *))
{
    httpx_client_builder *builder = new_builder();
    httpx_response *response = NULL;
    waker_call = call;
    MUST(httpx_client_builder_on_request(builder, try_waker, f, NULL, &err));
    httpx_client *client = build(builder);
    MUST(try_get(client, HTTP("/get"), &response));
    httpx_response_free(response);
    httpx_client_free(client);
    return waker_code;
}

static httpx_code take_waker(fixture *f)
{
    return httpx_upcall_waker(P(0, &f->waker_out), ERR(1));
}

static httpx_code call_upcall_waker(fixture *f)
{
    return in_a_hook(f, take_waker);
}

static httpx_code a_waker(fixture *f)
{
    return httpx_upcall_waker(&f->waker_out, NULL);
}

static httpx_code call_waker_wake(fixture *f)
{
    CHECK_EQ(in_a_hook(f, a_waker), HTTPX_OK);
    httpx_waker_wake(P(0, f->waker_out));
    return NEUTRAL(1);
}

static httpx_code call_waker_free(fixture *f)
{
    CHECK_EQ(in_a_hook(f, a_waker), HTTPX_OK);
    httpx_waker_free(P(0, f->waker_out));
    f->waker_out = IS_NULL(0) ? f->waker_out : NULL;
    return NEUTRAL(1);
}

/* ---- credentials ---- */

static httpx_code call_auth_basic(fixture *f)
{
    return httpx_auth_basic(B(0, 0, "me"), L(0, 2), B(1, 1, "secret"), L(1, 6), P(2, &f->auth_out), ERR(3));
}

static httpx_code call_auth_digest(fixture *f)
{
    return httpx_auth_digest(B(0, 0, "me"), L(0, 2), B(1, 1, "secret"), L(1, 6), P(2, &f->auth_out), ERR(3));
}

static httpx_code call_auth_netrc(fixture *f)
{
    return httpx_auth_netrc(T(0, 0, "/no/such/file"), L(0, 13), P(1, &f->auth_out), ERR(2));
}

static httpx_code call_auth_function(fixture *f)
{
    return httpx_auth_function(P(0, no_request_hook), P(1, &f->destroyed), D(1, 2), P(3, &f->auth_out), ERR(4));
}

static httpx_code no_next(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                          httpx_request **next, httpx_error **error)
{
    (void)user_data, (void)flow, (void)request, (void)response, (void)next, (void)error;
    return HTTPX_DONE;
}

static httpx_code call_auth_flow(fixture *f)
{
    /* Without a table, nobody knows how to destroy. */
    httpx_auth_vtable table = {.size = sizeof table, .next = no_next};
    table.destroy = IS_NULL(0) ? NULL : D(1, 1);
    return httpx_auth_flow(P(0, &table), P(1, &f->destroyed), P(2, &f->auth_out), ERR(3));
}

static httpx_code call_auth_clone(fixture *f)
{
    f->auth_out = httpx_auth_clone(P(0, f->auth));
    return NEUTRAL(f->auth_out == NULL);
}

static httpx_code call_auth_free(fixture *f)
{
    httpx_auth_free(P(0, f->auth));
    f->auth = IS_NULL(0) ? f->auth : NULL;
    return NEUTRAL(1);
}

static httpx_code call_client_builder_auth(fixture *f)
{
    return httpx_client_builder_auth(P(0, f->builder), P(1, f->auth), ERR(2));
}

static httpx_code call_request_auth(fixture *f)
{
    return httpx_request_auth(P(0, f->request), P(1, f->auth), ERR(2));
}

static httpx_code call_proxy_auth_digest(fixture *f)
{
    return httpx_proxy_auth_digest(P(0, f->proxy), B(1, 0, "me"), L(0, 2), B(2, 1, "secret"), L(1, 6), ERR(3));
}

/* ---- transports of foreign code ---- */

static void keep_reply(void *user_data, httpx_request *request, httpx_reply *reply)
{
    (void)request;
    ((fixture *)user_data)->reply = reply;
}

static httpx_code call_transport_custom(fixture *f)
{
    httpx_transport_vtable table = {.size = sizeof table, .handle = keep_reply};
    table.destroy = IS_NULL(0) ? NULL : D(1, 1);
    return httpx_transport_custom(P(0, &table), P(1, &f->destroyed), P(2, &f->transport_out), ERR(3));
}

/* There is one once somebody has asked. */
static httpx_reply *a_reply(fixture *f)
{
    httpx_transport_vtable table = {.size = sizeof table, .handle = keep_reply};
    httpx_transport *transport = NULL;
    httpx_request *request = new_request(f->client, "GET", "http://example.org/");
    MUST(httpx_transport_custom(&table, f, &transport, &err));
    MUST(httpx_transport_send_async(transport, request, f->queue, no_response, NULL, NULL, NULL, &err));
    while (f->reply == NULL)
        MUST(httpx_queue_dispatch(f->queue, 10, NULL, &err));
    httpx_request_free(request);
    httpx_transport_free(transport);
    return f->reply;
}

static httpx_code call_reply_read(fixture *f)
{
    return httpx_reply_read(P(0, a_reply(f)), P(1, &f->bytes), P(2, &f->size), ERR(3));
}

static httpx_code call_reply_read_async(fixture *f)
{
    return httpx_reply_read_async(P(0, a_reply(f)), P(1, f->queue), P(2, no_chunk), P(3, &f->destroyed), D(3, 4),
                                  P(5, &f->op_out), ERR(6));
}

static httpx_code call_reply_is_wanted(fixture *f)
{
    int32_t wanted = httpx_reply_is_wanted(P(0, a_reply(f)));
    return NEUTRAL(wanted == 0);
}

static httpx_code call_reply_header(fixture *f)
{
    return httpx_reply_header(P(0, a_reply(f)), T(1, 0, "X-Name"), L(0, 6), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_reply_reason_phrase(fixture *f)
{
    return httpx_reply_reason_phrase(P(0, a_reply(f)), T(1, 0, "Fine"), L(0, 4), ERR(2));
}

static httpx_code call_reply_trailer(fixture *f)
{
    return httpx_reply_trailer(P(0, a_reply(f)), T(1, 0, "X-Name"), L(0, 6), B(2, 1, "value"), L(1, 5), ERR(3));
}

static httpx_code call_reply_response(fixture *f)
{
    httpx_code code = httpx_reply_response(P(0, a_reply(f)), P(1, f->response), ERR(2));
    f->response = code == HTTPX_OK ? NULL : f->response;
    return code;
}

static httpx_code call_request_transport(fixture *f)
{
    return httpx_request_transport(P(0, f->request), P(1, f->transport), ERR(2));
}

static httpx_code call_reply_send(fixture *f)
{
    return httpx_reply_send(P(0, a_reply(f)), 200, P(1, (const uint8_t *)"content"), L(0, 7), ERR(2));
}

static httpx_code call_reply_stream(fixture *f)
{
    return httpx_reply_stream(P(0, a_reply(f)), 200, -1, 0, P(1, &f->pipe_out), ERR(2));
}

static httpx_code call_reply_fail(fixture *f)
{
    return httpx_reply_fail(P(0, a_reply(f)), HTTPX_E_READ, P(1, "message"), L(0, 7), ERR(2));
}

static httpx_code call_reply_free(fixture *f)
{
    httpx_reply *reply = a_reply(f);
    httpx_reply_free(P(0, reply));
    f->reply = IS_NULL(0) ? f->reply : NULL;
    return NEUTRAL(1);
}

#endif

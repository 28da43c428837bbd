/* Transports and event hooks of cases: foreign code, which the library calls. */
#include "conformance.h"

#include <stdlib.h>
#include <string.h>

/* What a callback does: an action of a case, and the run that it belongs to. */
typedef struct {
    run *r;
    const char *kind;
    const json_t *argument;
    json_t *whole; /* owned; kind and argument lie in it */
    size_t turn;   /* of replies */
} action;

static action *new_action(run *r, const json_t *value)
{
    action *a = calloc(1, sizeof *a);
    a->r = r;
    a->argument = only_member(value, &a->kind);
    a->whole = json_incref((json_t *)value);
    return a;
}

static void free_action(void *user_data)
{
    action *a = user_data;
    json_decref(a->whole);
    free(a);
}

httpx_code raise_in_callback(const char *message, httpx_error **error)
{
    httpx_error_new(RAISED, message, strlen(message), NULL, error, NULL);
    return RAISED;
}

static void demand(const char *kind, const char *const *known, const char *what)
{
    for (; *known != NULL; known++)
        if (strcmp(*known, kind) == 0)
            return;
    fail("unknown %s: %s", what, kind);
}

/* ---- transports ---- */

static void echo(httpx_request *request, httpx_reply *reply)
{
    const uint8_t *content = NULL;
    size_t len = 0, method_len, url_len;
    httpx_error *error = NULL;
    const char *method = httpx_request_method(request, &method_len);
    const char *url = httpx_request_url(request, &url_len);
    httpx_reply_header(reply, "x-method", 8, (const uint8_t *)method, method_len, NULL);
    httpx_reply_header(reply, "x-url", 5, (const uint8_t *)url, url_len, NULL);
    httpx_code code = httpx_request_content(request, &content, &len, &error);
    if (code == HTTPX_OK)
        httpx_reply_send(reply, 200, content, len, NULL);
    else
        httpx_reply_fail(reply, code, httpx_error_message(error, NULL), strlen(httpx_error_message(error, NULL)), NULL);
    httpx_error_free(error);
}

static void reply_with(const json_t *value, httpx_reply *reply)
{
    size_t i, len = 0;
    json_t *pair;
    json_array_foreach(json_object_get(value, "headers"), i, pair)
        httpx_reply_header(reply, TEXT(json_array_get(pair, 0)), BYTES(json_array_get(pair, 1)), NULL);
    uint8_t *data = data_of(value, &len);
    httpx_reply_send(reply, (int32_t)json_integer_value(json_object_get(value, "status")), data, len, NULL);
    free(data);
}

/* The code with a name, of those that cases have transports fail with. */
static httpx_code code_named(const char *name)
{
    static const httpx_code codes[] = {HTTPX_E_CONNECT,      HTTPX_E_CONNECT_TIMEOUT, HTTPX_E_READ,
                                       HTTPX_E_READ_TIMEOUT, HTTPX_E_WRITE,           HTTPX_E_REMOTE_PROTOCOL};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(httpx_code_name(codes[i]), name) == 0)
            return codes[i];
    return HTTPX_E_INTERNAL;
}

static void handle(void *user_data, httpx_request *request, httpx_reply *reply)
{
    action *a = user_data;
    if (strcmp(a->kind, "echo") == 0) {
        echo(request, reply);
    } else if (strcmp(a->kind, "raise") == 0) {
        httpx_reply_fail(reply, RAISED, TEXT(a->argument), NULL);
    } else if (strcmp(a->kind, "fail") == 0) {
        httpx_code code = code_named(json_string_value(json_object_get(a->argument, "code")));
        httpx_reply_fail(reply, code, TEXT(json_object_get(a->argument, "message")), NULL);
    } else {
        reply_with(json_array_get(a->argument, a->turn), reply);
        a->turn += a->turn + 1 < json_array_size(a->argument);
    }
    httpx_reply_free(reply);
}

httpx_code new_transport(run *r, const json_t *value, httpx_transport **transport)
{
    static const char *const known[] = {"echo", "raise", "fail", "replies", NULL};
    httpx_transport_vtable table = {
        .size = sizeof table, .flags = HTTPX_TRANSPORT_REQUEST_BODY, .handle = handle, .destroy = free_action};
    action *a = new_action(r, value);
    demand(a->kind, known, "transport");
    return httpx_transport_custom(&table, a, transport, &r->error);
}

/* ---- event hooks ---- */

static void record(action *a, const char *said, httpx_request *request)
{
    json_array_append_new(a->r->events, json_sprintf("%s %s %s", said, httpx_request_method(request, NULL),
                                                     httpx_request_url(request, NULL)));
}

static httpx_code on_request(void *user_data, httpx_request *request, httpx_error **error)
{
    action *a = user_data;
    if (strcmp(a->kind, "raise") == 0)
        return raise_in_callback(json_string_value(a->argument), error);
    if (strcmp(a->kind, "set_header") == 0)
        return httpx_request_header_set(request, TEXT(json_array_get(a->argument, 0)),
                                        BYTES(json_array_get(a->argument, 1)), error);
    record(a, "request", request);
    return HTTPX_OK;
}

static httpx_code on_response(void *user_data, httpx_response *response, httpx_error **error)
{
    action *a = user_data;
    if (strcmp(a->kind, "raise") == 0)
        return raise_in_callback(json_string_value(a->argument), error);
    if (strcmp(a->kind, "read") == 0)
        return httpx_response_read(response, NULL, NULL, error);
    httpx_request *request = NULL;
    TRY(httpx_response_request(response, &request, error));
    char said[32];
    snprintf(said, sizeof said, "response %d", (int)httpx_response_status_code(response));
    record(a, said, request);
    httpx_request_free(request);
    return HTTPX_OK;
}

httpx_code add_hooks(run *r, httpx_client_builder *builder, const json_t *hooks)
{
    static const char *const for_requests[] = {"record", "raise", "set_header", NULL};
    static const char *const for_responses[] = {"record", "raise", "read", NULL};
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(hooks, "request"), i, value)
    {
        action *a = new_action(r, value);
        demand(a->kind, for_requests, "hook");
        TRY(httpx_client_builder_on_request(builder, on_request, a, free_action, &r->error));
    }
    json_array_foreach(json_object_get(hooks, "response"), i, value)
    {
        action *a = new_action(r, value);
        demand(a->kind, for_responses, "hook");
        TRY(httpx_client_builder_on_response(builder, on_response, a, free_action, &r->error));
    }
    return HTTPX_OK;
}

/* Requests of cases: made as a step says, sent by a blocking call or in a queue. */
#include "conformance.h"

#include <stdlib.h>
#include <string.h>

/* ---- bodies ---- */

/* A body that is made piece by piece, and may fail at its end. */
typedef struct {
    run *r;
    json_t *body;
    size_t turn;
} pieces;

static httpx_code next_piece(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    pieces *p = user_data;
    const json_t *chunks = json_object_get(p->body, "chunks");
    if (p->turn == json_array_size(chunks)) {
        p->r->body_has_raised = json_object_get(p->body, "raise") != NULL;
        return p->r->body_has_raised ? RAISED : HTTPX_DONE;
    }
    const json_t *chunk = json_array_get(chunks, p->turn++);
    *len = json_string_length(chunk) < capacity ? json_string_length(chunk) : capacity;
    memcpy(buffer, json_string_value(chunk), *len);
    return HTTPX_OK;
}

static void free_pieces(void *user_data)
{
    pieces *p = user_data;
    json_decref(p->body);
    free(p);
}

static httpx_code body_of_pieces(run *r, httpx_request *request, const json_t *body)
{
    pieces *p = calloc(1, sizeof *p);
    p->r = r;
    p->body = json_incref((json_t *)body);
    return httpx_request_body_pull(request, -1, next_piece, NULL, p, free_pieces, &r->error);
}

static httpx_code body_of_repeated(run *r, httpx_request *request, const json_t *repeat)
{
    const json_t *text = json_array_get(repeat, 0);
    size_t each = json_string_length(text), times = (size_t)json_integer_value(json_array_get(repeat, 1));
    uint8_t *data = malloc(each * times);
    for (size_t i = 0; i < times; i++)
        memcpy(data + i * each, json_string_value(text), each);
    return httpx_request_body_owned(request, data, each * times, data, free, &r->error);
}

static httpx_code body_of_form(run *r, httpx_request *request, const json_t *fields)
{
    httpx_form *form = NULL;
    httpx_code code = httpx_form_new(&form, &r->error);
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field)
    {
        if (code == HTTPX_OK)
            code = httpx_form_add(form, TEXT(json_array_get(field, 0)), TEXT(json_array_get(field, 1)), &r->error);
    }
    if (code == HTTPX_OK)
        code = httpx_request_body_form(request, form, &r->error);
    httpx_form_free(form);
    return code;
}

static httpx_code add_file(run *r, httpx_multipart *multipart, const json_t *part)
{
    const json_t *name = json_object_get(part, "name"), *filename = json_object_get(part, "filename");
    const json_t *type = json_object_get(part, "content_type"), *file = json_object_get(part, "file");
    size_t i, len = 0;
    json_t *pair;
    json_array_foreach(json_object_get(part, "headers"), i, pair) TRY(
        httpx_multipart_header(multipart, TEXT(json_array_get(pair, 0)), BYTES(json_array_get(pair, 1)), &r->error));
    if (file != NULL)
        return httpx_multipart_file_path(multipart, TEXT(name), TEXT(filename), TEXT(type), TEXT(file), &r->error);
    uint8_t *data = data_of(part, &len);
    httpx_code code =
        httpx_multipart_file_bytes(multipart, TEXT(name), TEXT(filename), TEXT(type), data, len, &r->error);
    free(data);
    return code;
}

static httpx_code fill_multipart(run *r, httpx_multipart *multipart, const json_t *parts)
{
    const json_t *boundary = json_object_get(parts, "boundary");
    size_t i;
    json_t *part;
    if (boundary != NULL)
        TRY(httpx_multipart_boundary(multipart, TEXT(boundary), &r->error));
    json_array_foreach(json_object_get(parts, "fields"), i, part)
        TRY(httpx_multipart_field(multipart, TEXT(json_array_get(part, 0)), BYTES(json_array_get(part, 1)), &r->error));
    json_array_foreach(json_object_get(parts, "files"), i, part) TRY(add_file(r, multipart, part));
    return HTTPX_OK;
}

static httpx_code body_of_parts(run *r, httpx_request *request, const json_t *parts)
{
    httpx_multipart *multipart = NULL;
    TRY(httpx_multipart_new(&multipart, &r->error));
    httpx_code code = fill_multipart(r, multipart, parts);
    if (code == HTTPX_OK)
        code = httpx_request_body_multipart(request, multipart, &r->error);
    httpx_multipart_free(multipart);
    return code;
}

static httpx_code body_of_json(run *r, httpx_request *request, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    httpx_code code = httpx_request_body_json(request, text, strlen(text), &r->error);
    free(text);
    return code;
}

static httpx_code set_body(run *r, httpx_request *request, const json_t *body)
{
    if (json_object_get(body, "json") != NULL)
        return body_of_json(r, request, json_object_get(body, "json"));
    if (json_object_get(body, "form") != NULL)
        return body_of_form(r, request, json_object_get(body, "form"));
    if (json_object_get(body, "multipart") != NULL)
        return body_of_parts(r, request, json_object_get(body, "multipart"));
    if (json_object_get(body, "chunks") != NULL)
        return body_of_pieces(r, request, body);
    if (json_object_get(body, "repeat") != NULL)
        return body_of_repeated(r, request, json_object_get(body, "repeat"));
    if (json_object_get(body, "file") != NULL)
        return httpx_request_body_file(request, TEXT(json_object_get(body, "file")), &r->error);
    size_t len = 0;
    uint8_t *data = data_of(body, &len);
    if (data == NULL)
        fail("unknown kind of body");
    httpx_code code = httpx_request_body_bytes(request, data, len, &r->error);
    free(data);
    return code;
}

/* ---- the rest of a request ---- */

/* The first line of each name takes the place of the client's lines, later ones are added. */
static httpx_code set_headers(run *r, httpx_request *request, const json_t *pairs)
{
    size_t i, j;
    json_t *pair, *earlier;
    json_array_foreach(pairs, i, pair)
    {
        const json_t *name = json_array_get(pair, 0), *value = json_array_get(pair, 1);
        int repeated = 0;
        json_array_foreach(pairs, j, earlier) repeated |= j < i && json_equal(json_array_get(earlier, 0), name);
        if (repeated)
            TRY(httpx_request_header_add(request, TEXT(name), BYTES(value), &r->error));
        else
            TRY(httpx_request_header_override(request, TEXT(name), BYTES(value), &r->error));
    }
    return HTTPX_OK;
}

/* They are merged with the client's, which have taken the place of the URL's query, else they take it themselves. */
static httpx_code set_params(run *r, httpx_request *request, const json_t *pairs)
{
    httpx_query_params *params = NULL;
    TRY(new_params(r, pairs, &params));
    httpx_code code = httpx_request_params(request, params, r->client_has_params, &r->error);
    httpx_query_params_free(params);
    return code;
}

static httpx_code set_auth(run *r, httpx_request *request, const json_t *value)
{
    if (json_is_null(value))
        return httpx_request_auth_none(request, &r->error);
    httpx_auth *auth = NULL;
    TRY(new_auth(r, value, &auth));
    httpx_code code = httpx_request_auth(request, auth, &r->error);
    httpx_auth_free(auth);
    return code;
}

static httpx_code set_cookies(run *r, httpx_request *request, const json_t *object)
{
    httpx_cookies *cookies = NULL;
    TRY(new_cookies(r, object, &cookies));
    httpx_code code = httpx_request_cookies(request, cookies, &r->error);
    httpx_cookies_free(cookies);
    return code;
}

static httpx_code set_timeouts(run *r, httpx_request *request, const json_t *value)
{
    double seconds[4];
    timeouts_of(value, seconds);
    return httpx_request_timeout(request, seconds[0], seconds[1], seconds[2], seconds[3], &r->error);
}

static httpx_code set_member(run *r, httpx_request *request, const char *key, const json_t *value)
{
    static const char *const others[] = {"do",  "expect",           "expect_compat", "beside",          "method",
                                         "url", "follow_redirects", "stream",        "raise_for_status"};
    if (strcmp(key, "params") == 0)
        return set_params(r, request, value);
    if (strcmp(key, "headers") == 0)
        return set_headers(r, request, value);
    if (strcmp(key, "cookies") == 0)
        return set_cookies(r, request, value);
    if (strcmp(key, "body") == 0)
        return set_body(r, request, value);
    if (strcmp(key, "auth") == 0)
        return set_auth(r, request, value);
    if (strcmp(key, "timeout") == 0)
        return set_timeouts(r, request, value);
    if (strcmp(key, "target") == 0)
        return httpx_request_target(request, TEXT(value), &r->error);
    if (strcmp(key, "server_name") == 0)
        return httpx_request_server_name(request, TEXT(value), &r->error);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i], key) == 0)
            return HTTPX_OK;
    fail("unknown part of a request: %s", key);
}

static httpx_code fill_request(run *r, httpx_request *request, const json_t *step)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)step, key, value) TRY(set_member(r, request, key, value));
    return HTTPX_OK;
}

/* ---- sending ---- */

static uint32_t flags_of(const json_t *step)
{
    uint32_t flags = json_is_true(json_object_get(step, "stream")) ? HTTPX_SEND_STREAM : 0;
    const json_t *follow = json_object_get(step, "follow_redirects");
    if (follow != NULL)
        flags |= json_is_true(follow) ? HTTPX_SEND_FOLLOW_REDIRECTS : HTTPX_SEND_NO_REDIRECTS;
    return flags;
}

static httpx_code send_in_queue(run *r, httpx_request *request, uint32_t flags)
{
    httpx_op *op = NULL;
    httpx_event event = {.size = sizeof event};
    size_t n = 0;
    TRY(httpx_client_send_async(r->client, request, flags, r->queue, NULL, NULL, NULL, &op, &r->error));
    while (n == 0)
        TRY(httpx_queue_poll(r->queue, &event, 1, &n, -1, &r->error));
    httpx_op_free(event.op);
    httpx_code code = httpx_op_take_response(op, &r->response, &r->error);
    httpx_op_free(op);
    return code;
}

static httpx_code fetch(run *r, const json_t *step, const char *method)
{
    const json_t *url = json_object_get(step, "url"), *body = json_object_get(step, "body");
    const char *type = json_object_get(body, "json") != NULL ? "application/json" : NULL;
    size_t len = 0;
    httpx_client_builder *builder = NULL;
    TRY(httpx_client_builder_new(&builder, &r->error));
    TRY(httpx_client_builder_ca_file(builder, r->ca, strlen(r->ca), &r->error));
    uint8_t *data = body == NULL ? NULL : data_of(body, &len);
    httpx_code code = httpx_fetch(method, strlen(method), TEXT(url), data, len, type, type == NULL ? 0 : strlen(type),
                                  flags_of(step), builder, &r->response, &r->error);
    free(data);
    httpx_client_builder_free(builder);
    return code;
}

httpx_code send_request(run *r, const json_t *step)
{
    const json_t *given = json_object_get(step, "method"), *url = json_object_get(step, "url");
    const char *method = given == NULL ? "GET" : json_string_value(given);
    httpx_request *request = NULL;
    if (!json_is_true(json_object_get(step, "beside")))
        httpx_response_free(r->response);
    else if (r->kept != NULL)
        fail("only one response can be kept beside the last one");
    else
        r->kept = r->response;
    r->response = NULL;
    r->body_has_raised = 0;
    if (json_is_true(json_object_get(step, "standalone")))
        return fetch(r, step, method);
    TRY(httpx_request_new(r->client, method, strlen(method), TEXT(url), &request, &r->error));
    httpx_code code = fill_request(r, request, step);
    if (code == HTTPX_OK && r->queue != NULL)
        code = send_in_queue(r, request, flags_of(step));
    else if (code == HTTPX_OK)
        code = httpx_client_send(r->client, request, flags_of(step), &r->response, &r->error);
    httpx_request_free(request);
    if (code == HTTPX_OK && json_is_true(json_object_get(step, "raise_for_status")))
        code = httpx_response_raise_for_status(r->response, &r->error);
    return code;
}

/* What cases expect of responses, and the streaming of their bodies. */
#include "conformance.h"

#include <stdlib.h>
#include <string.h>

static json_t *header_of(const httpx_headers *headers, const char *name)
{
    const char *value = NULL;
    size_t len = 0;
    httpx_headers_get(headers, name, strlen(name), &value, &len, NULL);
    return text_or_null(value, len);
}

static json_t *headers_found(run *r, const json_t *wanted, int lists)
{
    httpx_headers *headers = NULL;
    const char *name, *value;
    size_t len;
    json_t *each, *found = json_object();
    must(r, httpx_response_headers(r->response, &headers, &r->error));
    json_object_foreach((json_t *)wanted, name, each)
    {
        json_t *list = json_array();
        size_t name_len = strlen(name);
        for (size_t i = 0; httpx_headers_get_list_at(headers, name, name_len, 0, i, &value, &len, NULL) == HTTPX_OK;
             i++)
            json_array_append_new(list, text_or_null(value, len));
        json_object_set_new(found, name, lists ? list : header_of(headers, name));
        if (!lists)
            json_decref(list);
    }
    httpx_headers_free(headers);
    return found;
}

static json_t *links_found(const httpx_response *response)
{
    json_t *found = json_object();
    for (size_t i = 0; i < httpx_response_link_count(response); i++) {
        const char *rel, *url;
        size_t rel_len, url_len;
        httpx_response_link_at(response, i, &rel, &rel_len, &url, &url_len, NULL);
        json_object_set_new(found, rel, text_or_null(url, url_len));
    }
    return found;
}

static json_t *history_found(run *r, int urls)
{
    json_t *found = json_array();
    for (size_t i = 0; i < httpx_response_history_count(r->response); i++) {
        httpx_response *earlier = NULL;
        must(r, httpx_response_history_at(r->response, i, &earlier, &r->error));
        json_array_append_new(found, urls ? json_string(httpx_response_url(earlier, NULL))
                                          : json_integer(httpx_response_status_code(earlier)));
        httpx_response_free(earlier);
    }
    return found;
}

/* Method, URL and some headers of a request, which is freed; null for none. */
static json_t *request_found(httpx_request *request, const json_t *wanted)
{
    httpx_headers *headers = NULL;
    const char *name;
    json_t *each, *some = json_object();
    if (request == NULL) {
        json_decref(some);
        return json_null();
    }
    httpx_request_headers(request, &headers, NULL);
    json_object_foreach(json_object_get(wanted, "headers"), name, each)
        json_object_set_new(some, name, header_of(headers, name));
    json_t *found = json_pack("{ss ss so}", "method", httpx_request_method(request, NULL), "url",
                              httpx_request_url(request, NULL), "headers", some);
    httpx_headers_free(headers);
    httpx_request_free(request);
    return found;
}

static json_t *next_request_found(run *r, const json_t *wanted)
{
    httpx_request *request = NULL;
    httpx_code code = httpx_response_next_request(r->response, &request, &r->error);
    if (code != HTTPX_DONE)
        must(r, code);
    return request_found(request, wanted);
}

static json_t *cookies_of_response(run *r)
{
    httpx_cookies *cookies = NULL;
    must(r, httpx_response_cookies(r->response, &cookies, &r->error));
    json_t *found = cookies_found(r, cookies);
    httpx_cookies_free(cookies);
    return found;
}

static json_t *is_found(const httpx_response *response)
{
    static const struct {
        const char *name;
        int32_t (*holds)(const httpx_response *);
    } properties[] = {
        {"informational", httpx_response_is_informational}, {"success", httpx_response_is_success},
        {"redirect", httpx_response_is_redirect},           {"client_error", httpx_response_is_client_error},
        {"server_error", httpx_response_is_server_error},   {"error", httpx_response_is_error},
    };
    json_t *found = json_array();
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
        if (properties[i].holds(response))
            json_array_append_new(found, json_string(properties[i].name));
    return found;
}

/* Whether data is [size, seed] of the origin server's pattern: that, if it is, and else how long it is. */
json_t *is_pattern(const uint8_t *data, size_t len, const json_t *wanted)
{
    size_t size = (size_t)json_integer_value(json_array_get(wanted, 0));
    size_t seed = (size_t)json_integer_value(json_array_get(wanted, 1));
    if (len != size)
        return json_sprintf("%zu bytes", len);
    for (size_t i = 0; i < len; i++)
        if (data[i] != (i + seed) % 251)
            return json_sprintf("another byte at %zu", i);
    return json_deep_copy(wanted);
}

static json_t *content_found(run *r, const char *key, const json_t *wanted)
{
    const uint8_t *content = NULL;
    size_t len = 0;
    must(r, httpx_response_content(r->response, &content, &len, &r->error));
    if (strcmp(key, "size") == 0)
        return json_integer((json_int_t)len);
    return strcmp(key, "base64") == 0 ? base64_of(content, len) : is_pattern(content, len, wanted);
}

static json_t *json_found(run *r)
{
    const char *text = NULL;
    size_t len = 0;
    must(r, httpx_response_json_text(r->response, &text, &len, &r->error));
    return json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static const char *text_of(run *r, size_t *len)
{
    const char *text = NULL;
    must(r, httpx_response_text(r->response, &text, len, &r->error));
    return text;
}

static void check_text_contains(run *r, const json_t *wanted)
{
    size_t i, len = 0;
    json_t *each;
    const char *text = text_of(r, &len);
    json_array_foreach(wanted, i, each)
    {
        if (strstr(text, json_string_value(each)) == NULL)
            fail("\"%s\" is not in \"%s\"", json_string_value(each), text);
    }
}

static json_t *found_of(run *r, const char *key, const json_t *wanted)
{
    size_t len = 0;
    double elapsed = -1;
    httpx_request *request = NULL;
    const char *text;
    if (strcmp(key, "status") == 0)
        return json_integer(httpx_response_status_code(r->response));
    if (strcmp(key, "reason") == 0)
        return json_string(httpx_response_reason_phrase(r->response, NULL));
    if (strcmp(key, "http_version") == 0)
        return json_string(httpx_response_http_version(r->response, NULL));
    if (strcmp(key, "url") == 0)
        return json_string(httpx_response_url(r->response, NULL));
    if (strcmp(key, "charset") == 0) {
        text = httpx_response_charset_encoding(r->response, &len);
        return text_or_null(text, len);
    }
    if (strcmp(key, "text") == 0) {
        text = text_of(r, &len);
        return text_or_null(text, len);
    }
    if (strcmp(key, "json") == 0)
        return json_found(r);
    if (strcmp(key, "base64") == 0 || strcmp(key, "size") == 0 || strcmp(key, "pattern") == 0)
        return content_found(r, key, wanted);
    if (strcmp(key, "headers") == 0 || strcmp(key, "header_lists") == 0)
        return headers_found(r, wanted, strcmp(key, "header_lists") == 0);
    if (strcmp(key, "links") == 0)
        return links_found(r->response);
    if (strcmp(key, "history") == 0 || strcmp(key, "history_urls") == 0)
        return history_found(r, strcmp(key, "history_urls") == 0);
    if (strcmp(key, "cookies") == 0)
        return cookies_of_response(r);
    if (strcmp(key, "is") == 0)
        return is_found(r->response);
    if (strcmp(key, "has_redirect_location") == 0)
        return json_boolean(httpx_response_has_redirect_location(r->response));
    if (strcmp(key, "is_closed") == 0)
        return json_boolean(httpx_response_is_closed(r->response));
    if (strcmp(key, "is_stream_consumed") == 0)
        return json_boolean(httpx_response_is_stream_consumed(r->response));
    if (strcmp(key, "num_bytes_downloaded") == 0)
        return json_integer((json_int_t)httpx_response_num_bytes_downloaded(r->response));
    if (strcmp(key, "next_request") == 0)
        return next_request_found(r, wanted);
    if (strcmp(key, "request") == 0) {
        must(r, httpx_response_request(r->response, &request, &r->error));
        return request_found(request, wanted);
    }
    if (strcmp(key, "elapsed") != 0)
        fail("unknown expectation: %s", key);
    must(r, httpx_response_elapsed(r->response, &elapsed, &r->error));
    return json_string(elapsed >= 0 ? ">= 0" : "< 0");
}

void check_response(run *r, const json_t *expect)
{
    const char *key;
    json_t *wanted;
    json_object_foreach((json_t *)expect, key, wanted)
    {
        if (strcmp(key, "hooks") == 0)
            same(key, wanted, json_incref(r->events));
        else if (strcmp(key, "text_contains") == 0)
            check_text_contains(r, wanted);
        else
            same(key, wanted, found_of(r, key, wanted));
    }
}

/* ---- responses made by hand ---- */

static httpx_code make_request(run *r, httpx_response_builder *builder, const json_t *url)
{
    httpx_request *request = NULL;
    TRY(httpx_request_new(r->client, "GET", 3, TEXT(url), &request, &r->error));
    httpx_code code = httpx_response_builder_request(builder, request, &r->error);
    httpx_request_free(request);
    return code;
}

static httpx_code make_content(run *r, httpx_response_builder *builder, const char *key, const json_t *value)
{
    size_t i, len = 0;
    json_t *pair;
    if (strcmp(key, "headers") == 0) {
        json_array_foreach(value, i, pair) TRY(httpx_response_builder_header(
            builder, TEXT(json_array_get(pair, 0)), BYTES(json_array_get(pair, 1)), &r->error));
        return HTTPX_OK;
    }
    if (strcmp(key, "text") == 0)
        return httpx_response_builder_text(builder, TEXT(value), &r->error);
    if (strcmp(key, "html") == 0)
        return httpx_response_builder_html(builder, TEXT(value), &r->error);
    if (strcmp(key, "url") == 0)
        return make_request(r, builder, value);
    if (strcmp(key, "json") == 0) {
        char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        httpx_code code = httpx_response_builder_json(builder, json, strlen(json), &r->error);
        free(json);
        return code;
    }
    if (strcmp(key, "base64") == 0) {
        json_t *whole = json_pack("{sO}", "base64", value);
        uint8_t *data = data_of(whole, &len);
        httpx_code code = httpx_response_builder_content(builder, data, len, &r->error);
        free(data);
        json_decref(whole);
        return code;
    }
    if (strcmp(key, "status") != 0 && strcmp(key, "do") != 0 && strcmp(key, "expect") != 0)
        fail("unknown part of a response: %s", key);
    return HTTPX_OK;
}

httpx_code make_response(run *r, const json_t *value)
{
    httpx_response_builder *builder = NULL;
    const char *key;
    json_t *each;
    httpx_response_free(r->response);
    r->response = NULL;
    TRY(httpx_response_builder_new((int32_t)json_integer_value(json_object_get(value, "status")), &builder, &r->error));
    httpx_code code = HTTPX_OK;
    json_object_foreach((json_t *)value, key, each)
    {
        if (code == HTTPX_OK)
            code = make_content(r, builder, key, each);
    }
    if (code == HTTPX_OK)
        code = httpx_response_builder_build(builder, &r->response, &r->error);
    httpx_response_builder_free(builder);
    return code;
}

/* ---- streams ---- */

static int32_t kind_of(const char *name)
{
    static const char *const names[] = {"raw", "bytes", "text", "lines"};
    for (int32_t i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return HTTPX_STREAM_RAW + i;
    fail("unknown kind of stream: %s", name);
}

static httpx_code next_piece(run *r, httpx_stream *stream, const uint8_t **data, size_t *len, httpx_op **op)
{
    if (r->queue == NULL)
        return httpx_stream_next(stream, data, len, &r->error);
    httpx_event event = {.size = sizeof event};
    size_t n = 0;
    httpx_op_free(*op);
    *op = NULL;
    TRY(httpx_stream_next_async(stream, r->queue, NULL, NULL, NULL, op, &r->error));
    while (n == 0)
        TRY(httpx_queue_poll(r->queue, &event, 1, &n, -1, &r->error));
    httpx_op_free(event.op);
    return httpx_op_chunk(*op, data, len, &r->error);
}

/* A body as it comes together. */
typedef struct {
    uint8_t *data;
    size_t len;
    json_t *pieces;
} body;

static void append(body *whole, const uint8_t *data, size_t len)
{
    whole->data = realloc(whole->data, whole->len + len + 1);
    memcpy(whole->data + whole->len, data, len);
    whole->len += len;
    json_array_append_new(whole->pieces, text_or_null(data, len));
}

httpx_code iterate(run *r, const json_t *step, json_t **found)
{
    size_t chunk_size = (size_t)json_integer_value(json_object_get(step, "chunk_size"));
    size_t take = (size_t)json_integer_value(json_object_get(step, "take"));
    int32_t kind = kind_of(json_string_value(json_object_get(step, "kind")));
    httpx_stream *stream = NULL;
    TRY(httpx_response_stream(r->response, kind, chunk_size, &stream, &r->error));

    body whole = {.pieces = json_array()};
    const uint8_t *data = NULL;
    size_t len = 0;
    httpx_op *op = NULL;
    httpx_code code;
    while ((code = next_piece(r, stream, &data, &len, &op)) == HTTPX_OK) {
        append(&whole, data, len);
        if (json_array_size(whole.pieces) == take)
            break;
    }
    *found = json_pack("{so si si si}", "pieces", whole.pieces, "count", (int)json_array_size(whole.pieces), "size",
                       (int)whole.len, "num_bytes_downloaded", (int)httpx_stream_num_bytes_downloaded(stream));
    const json_t *pattern = json_object_get(json_object_get(step, "expect"), "pattern");
    if (pattern != NULL)
        json_object_set_new(*found, "pattern", is_pattern(whole.data, whole.len, pattern));
    free(whole.data);
    httpx_op_free(op);
    httpx_stream_free(stream);
    return code == HTTPX_DONE ? HTTPX_OK : code;
}

/* Steps about values: URLs, query parameters, header lists, cookies, status codes. */
#include "conformance.h"

#include <stdlib.h>
#include <string.h>

static int is(const json_t *operation, const char *name)
{
    return strcmp(json_string_value(json_array_get(operation, 0)), name) == 0;
}

/* Which of the names that the case asks for (the keys of a member of its expectation). */
static const json_t *asked(const json_t *step, const char *member)
{
    return json_object_get(json_object_get(step, "expect"), member);
}

/* "equals" and "unlike" of an expectation, if that is what is true. */
static void put_likeness(json_t *found, const char *member, const json_t *wanted, int holds)
{
    json_object_set_new(found, member, holds ? json_deep_copy(wanted) : json_string("is not so"));
}

/* ---- URLs ---- */

static int part_of(const char *name)
{
    static const struct {
        const char *name;
        int part;
    } parts[] = {
        {"scheme", HTTPX_URL_SCHEME},     {"userinfo", HTTPX_URL_USERINFO}, {"username", HTTPX_URL_USERNAME},
        {"password", HTTPX_URL_PASSWORD}, {"netloc", HTTPX_URL_NETLOC},     {"host", HTTPX_URL_HOST},
        {"port", HTTPX_URL_PORT},         {"path", HTTPX_URL_PATH},         {"query", HTTPX_URL_QUERY},
        {"raw_path", HTTPX_URL_RAW_PATH}, {"fragment", HTTPX_URL_FRAGMENT}, {"params", HTTPX_URL_PARAMS},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].name, name) == 0)
            return parts[i].part;
    fail("unknown part of a URL: %s", name);
}

static httpx_code fill_parts(run *r, httpx_url_parts *parts, const json_t *changes)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)changes, name, value)
    {
        int part = part_of(name);
        if (json_is_null(value)) {
            TRY(httpx_url_parts_remove(parts, part, &r->error));
        } else if (part == HTTPX_URL_PORT) {
            TRY(httpx_url_parts_port(parts, json_integer_value(value), &r->error));
        } else if (part == HTTPX_URL_PARAMS) {
            httpx_query_params *params = NULL;
            TRY(new_params(r, value, &params));
            httpx_code code = httpx_url_parts_params(parts, params, &r->error);
            httpx_query_params_free(params);
            TRY(code);
        } else {
            TRY(httpx_url_parts_set(parts, part, TEXT(value), &r->error));
        }
    }
    return HTTPX_OK;
}

static httpx_code copy_with(run *r, const httpx_url *url, const json_t *changes, httpx_url **out)
{
    httpx_url_parts *parts = NULL;
    TRY(httpx_url_parts_new(&parts, &r->error));
    httpx_code code = fill_parts(r, parts, changes);
    if (code == HTTPX_OK)
        code = httpx_url_copy_with(url, parts, out, &r->error);
    httpx_url_parts_free(parts);
    return code;
}

static httpx_code operate_on_url(run *r, const httpx_url *url, const json_t *operation, httpx_url **out)
{
    const json_t *first = json_array_get(operation, 1);
    const json_t *second = json_array_get(operation, 2);
    if (is(operation, "join"))
        return httpx_url_join(url, TEXT(first), out, &r->error);
    if (is(operation, "copy_with"))
        return copy_with(r, url, first, out);
    if (is(operation, "set_param"))
        return httpx_url_copy_set_param(url, TEXT(first), TEXT(second), out, &r->error);
    if (is(operation, "add_param"))
        return httpx_url_copy_add_param(url, TEXT(first), TEXT(second), out, &r->error);
    if (is(operation, "remove_param"))
        return httpx_url_copy_remove_param(url, TEXT(first), out, &r->error);
    if (!is(operation, "merge_params"))
        fail("unknown operation on a URL: %s", json_string_value(json_array_get(operation, 0)));
    httpx_query_params *params = NULL;
    TRY(new_params(r, first, &params));
    httpx_code code = httpx_url_copy_merge_params(url, params, out, &r->error);
    httpx_query_params_free(params);
    return code;
}

static json_t *all_params(const httpx_query_params *params)
{
    json_t *found = json_array();
    for (size_t i = 0; i < httpx_query_params_multi_count(params); i++) {
        const char *key, *value;
        size_t key_len, value_len;
        httpx_query_params_multi_item_at(params, i, &key, &key_len, &value, &value_len, NULL);
        json_array_append_new(found, json_pack("[oo]", text_or_null(key, key_len), text_or_null(value, value_len)));
    }
    return found;
}

static json_t *parts_found(run *r, const httpx_url *url)
{
    static const struct {
        const char *name;
        const char *(*get)(const httpx_url *, size_t *);
    } texts[] = {
        {"str", httpx_url_str},           {"scheme", httpx_url_scheme},     {"userinfo", httpx_url_userinfo},
        {"username", httpx_url_username}, {"password", httpx_url_password}, {"host", httpx_url_host},
        {"raw_host", httpx_url_raw_host}, {"netloc", httpx_url_netloc},     {"path", httpx_url_path},
        {"query", httpx_url_query},       {"raw_path", httpx_url_raw_path}, {"fragment", httpx_url_fragment},
    };
    json_t *found = json_object();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = 0;
        const char *text = texts[i].get(url, &len);
        json_object_set_new(found, texts[i].name, text_or_null(text, len));
    }
    uint16_t port = 0;
    httpx_code code = httpx_url_port(url, &port, &r->error);
    json_object_set_new(found, "port", code == HTTPX_DONE ? json_null() : json_integer(port));
    json_object_set_new(found, "is_absolute", json_boolean(httpx_url_is_absolute_url(url)));
    httpx_query_params *params = NULL;
    must(r, httpx_url_params(url, &params, &r->error));
    json_object_set_new(found, "params", all_params(params));
    httpx_query_params_free(params);
    return found;
}

static void compare_urls(run *r, const json_t *step, const httpx_url *url, json_t *found)
{
    static const char *const members[] = {"equals", "unlike"};
    for (int i = 0; i < 2; i++) {
        const json_t *wanted = asked(step, members[i]);
        if (wanted == NULL)
            continue;
        httpx_url *other = NULL;
        must(r, httpx_url_parse(TEXT(wanted), &other, &r->error));
        put_likeness(found, members[i], wanted, httpx_url_equal(url, other) == (i == 0));
        httpx_url_free(other);
    }
}

static httpx_code parse_url(run *r, const json_t *step, httpx_url **url)
{
    const json_t *text = json_object_get(step, "url");
    const json_t *tail = json_object_get(step, "tail");
    if (tail == NULL)
        return httpx_url_parse(TEXT(text), url, &r->error);
    size_t times = (size_t)json_integer_value(json_array_get(tail, 1));
    size_t len = json_string_length(text), each = json_string_length(json_array_get(tail, 0));
    char *whole = malloc(len + times * each);
    memcpy(whole, json_string_value(text), len);
    for (size_t i = 0; i < times; i++)
        memcpy(whole + len + i * each, json_string_value(json_array_get(tail, 0)), each);
    httpx_code code = httpx_url_parse(whole, len + times * each, url, &r->error);
    free(whole);
    return code;
}

httpx_code url_step(run *r, const json_t *step, json_t **found)
{
    httpx_url *url = NULL;
    TRY(parse_url(r, step, &url));
    size_t i;
    json_t *operation;
    json_array_foreach(json_object_get(step, "operations"), i, operation)
    {
        httpx_url *next = NULL;
        httpx_code code = operate_on_url(r, url, operation, &next);
        httpx_url_free(url);
        TRY(code);
        url = next;
    }
    *found = parts_found(r, url);
    compare_urls(r, step, url, *found);
    httpx_url_free(url);
    return HTTPX_OK;
}

/* ---- query parameters ---- */

static httpx_code operate_on_params(run *r, const httpx_query_params *params, const json_t *operation,
                                    httpx_query_params **out)
{
    const json_t *first = json_array_get(operation, 1);
    const json_t *second = json_array_get(operation, 2);
    if (is(operation, "set"))
        return httpx_query_params_set(params, TEXT(first), TEXT(second), out, &r->error);
    if (is(operation, "add"))
        return httpx_query_params_add(params, TEXT(first), TEXT(second), out, &r->error);
    if (is(operation, "remove"))
        return httpx_query_params_remove(params, TEXT(first), out, &r->error);
    if (!is(operation, "merge"))
        fail("unknown operation on query parameters: %s", json_string_value(json_array_get(operation, 0)));
    httpx_query_params *others = NULL;
    TRY(new_params(r, first, &others));
    httpx_code code = httpx_query_params_merge(params, others, out, &r->error);
    httpx_query_params_free(others);
    return code;
}

static json_t *params_found(const httpx_query_params *params, const json_t *step)
{
    const char *key, *value;
    size_t key_len, value_len;
    json_t *ignored;
    const char *text = httpx_query_params_str(params, &value_len);
    json_t *found = json_pack("{so so si}", "str", text_or_null(text, value_len), "multi_items", all_params(params),
                              "count", (int)httpx_query_params_count(params));
    json_t *items = json_array(), *get = json_object(), *lists = json_object();
    for (size_t i = 0; i < httpx_query_params_count(params); i++) {
        httpx_query_params_item_at(params, i, &key, &key_len, &value, &value_len, NULL);
        json_array_append_new(items, json_pack("[oo]", text_or_null(key, key_len), text_or_null(value, value_len)));
    }
    json_object_foreach((json_t *)asked(step, "get"), key, ignored)
    {
        httpx_query_params_get(params, key, strlen(key), &value, &value_len, NULL);
        json_object_set_new(get, key, text_or_null(value, value_len));
    }
    json_object_foreach((json_t *)asked(step, "get_list"), key, ignored)
    {
        json_t *list = json_array();
        for (size_t i = 0; httpx_query_params_get_list_at(params, key, strlen(key), i, &value, &value_len, NULL) == 0;
             i++)
            json_array_append_new(list, text_or_null(value, value_len));
        json_object_set_new(lists, key, list);
    }
    json_object_set_new(found, "items", items);
    json_object_set_new(found, "get", get);
    json_object_set_new(found, "get_list", lists);
    return found;
}

httpx_code query_step(run *r, const json_t *step, json_t **found)
{
    static const char *const members[] = {"equals", "unlike"};
    const json_t *start = json_object_get(step, "query");
    httpx_query_params *params = NULL;
    if (json_is_string(start))
        TRY(httpx_query_params_parse(TEXT(start), &params, &r->error));
    else
        TRY(new_params(r, start, &params));
    size_t i;
    json_t *operation;
    json_array_foreach(json_object_get(step, "operations"), i, operation)
    {
        httpx_query_params *next = NULL;
        httpx_code code = operate_on_params(r, params, operation, &next);
        httpx_query_params_free(params);
        TRY(code);
        params = next;
    }
    *found = params_found(params, step);
    for (i = 0; i < 2; i++) {
        const json_t *wanted = asked(step, members[i]);
        if (wanted == NULL)
            continue;
        httpx_query_params *other = NULL;
        must(r, httpx_query_params_parse(TEXT(wanted), &other, &r->error));
        put_likeness(*found, members[i], wanted, httpx_query_params_equal(params, other) == (i == 0));
        httpx_query_params_free(other);
    }
    httpx_query_params_free(params);
    return HTTPX_OK;
}

/* ---- header lists ---- */

static httpx_code operate_on_headers(run *r, httpx_headers *headers, const json_t *operation)
{
    const json_t *first = json_array_get(operation, 1);
    const json_t *second = json_array_get(operation, 2);
    if (is(operation, "set"))
        return httpx_headers_set(headers, TEXT(first), BYTES(second), &r->error);
    if (is(operation, "set_default"))
        return httpx_headers_set_default(headers, TEXT(first), BYTES(second), &r->error);
    if (is(operation, "remove"))
        return httpx_headers_remove(headers, TEXT(first), &r->error);
    if (!is(operation, "update"))
        fail("unknown operation on headers: %s", json_string_value(json_array_get(operation, 0)));
    httpx_headers *others = NULL;
    TRY(new_headers(r, first, &others));
    httpx_code code = httpx_headers_update(headers, others, &r->error);
    httpx_headers_free(others);
    return code;
}

static json_t *list_of(const httpx_headers *headers, const char *name, int split)
{
    json_t *list = json_array();
    const char *value;
    size_t len;
    for (size_t i = 0; httpx_headers_get_list_at(headers, name, strlen(name), split, i, &value, &len, NULL) == 0; i++)
        json_array_append_new(list, text_or_null(value, len));
    return list;
}

static json_t *headers_found(const httpx_headers *headers, const json_t *step)
{
    const char *name, *value;
    const uint8_t *raw_name, *raw_value;
    size_t name_len, value_len;
    json_t *ignored, *raw = json_array(), *items = json_array(), *keys = json_array();
    json_t *get = json_object(), *lists = json_object(), *split = json_object();
    for (size_t i = 0; i < httpx_headers_count(headers); i++) {
        httpx_headers_at(headers, i, &raw_name, &name_len, &raw_value, &value_len, NULL);
        json_array_append_new(raw,
                              json_pack("[oo]", text_or_null(raw_name, name_len), text_or_null(raw_value, value_len)));
        httpx_headers_item_at(headers, i, &name, &name_len, &value, &value_len, NULL);
        json_array_append_new(items, json_pack("[oo]", text_or_null(name, name_len), text_or_null(value, value_len)));
    }
    for (size_t i = 0; httpx_headers_key_at(headers, i, &name, &name_len, NULL) == HTTPX_OK; i++)
        json_array_append_new(keys, text_or_null(name, name_len));
    json_object_foreach((json_t *)asked(step, "get"), name, ignored)
    {
        httpx_headers_get(headers, name, strlen(name), &value, &value_len, NULL);
        json_object_set_new(get, name, text_or_null(value, value_len));
    }
    json_object_foreach((json_t *)asked(step, "get_list"), name, ignored)
        json_object_set_new(lists, name, list_of(headers, name, 0));
    json_object_foreach((json_t *)asked(step, "split"), name, ignored)
        json_object_set_new(split, name, list_of(headers, name, 1));
    httpx_headers_repr(headers, &value, &value_len, NULL);
    return json_pack("{so so so so so so si ss so}", "raw", raw, "multi_items", items, "keys", keys, "get", get,
                     "get_list", lists, "split", split, "count", (int)httpx_headers_count(headers), "encoding",
                     httpx_headers_encoding(headers), "repr", text_or_null(value, value_len));
}

httpx_code headers_step(run *r, const json_t *step, json_t **found)
{
    static const char *const members[] = {"equals", "unlike"};
    httpx_headers *headers = NULL;
    TRY(new_headers(r, json_object_get(step, "headers"), &headers));
    size_t i;
    json_t *operation;
    json_array_foreach(json_object_get(step, "operations"), i, operation)
    {
        httpx_code code = operate_on_headers(r, headers, operation);
        if (code != HTTPX_OK)
            httpx_headers_free(headers);
        TRY(code);
    }
    *found = headers_found(headers, step);
    for (i = 0; i < 2; i++) {
        const json_t *wanted = asked(step, members[i]);
        if (wanted == NULL)
            continue;
        httpx_headers *other = NULL;
        must(r, new_headers(r, wanted, &other));
        put_likeness(*found, members[i], wanted, httpx_headers_equal(headers, other) == (i == 0));
        httpx_headers_free(other);
    }
    httpx_headers_free(headers);
    return HTTPX_OK;
}

/* ---- cookies ---- */

static httpx_code operate_on_cookies(run *r, httpx_cookies *cookies, const json_t *operation, json_t *got)
{
    const json_t *first = json_array_get(operation, 1);
    const json_t *second = json_array_get(operation, 2);
    const json_t *third = json_array_get(operation, 3);
    const json_t *fourth = json_array_get(operation, 4);
    if (is(operation, "set"))
        return httpx_cookies_set(cookies, TEXT(first), BYTES(second), TEXT(third), TEXT(fourth), &r->error);
    if (is(operation, "delete"))
        return httpx_cookies_delete(cookies, TEXT(first), TEXT(second), TEXT(third), &r->error);
    if (is(operation, "clear"))
        return httpx_cookies_clear(cookies, TEXT(first), TEXT(second), &r->error);
    if (!is(operation, "get"))
        fail("unknown operation on cookies: %s", json_string_value(json_array_get(operation, 0)));
    const uint8_t *value = NULL;
    size_t len = 0;
    httpx_code code = httpx_cookies_get(cookies, TEXT(first), TEXT(second), TEXT(third), &value, &len, &r->error);
    if (code != HTTPX_OK && code != HTTPX_DONE)
        return code;
    json_array_append_new(got, text_or_null(value, len));
    return HTTPX_OK;
}

json_t *cookies_found(run *r, httpx_cookies *cookies)
{
    json_t *found = json_object();
    for (size_t i = 0; i < httpx_cookies_count(cookies); i++) {
        const uint8_t *name, *value;
        size_t name_len, value_len;
        must(r, httpx_cookies_at(cookies, i, &name, &name_len, &value, &value_len, NULL, NULL, NULL, NULL, &r->error));
        json_object_set_new(found, (const char *)name, text_or_null(value, value_len));
    }
    return found;
}

static json_t *all_cookies(run *r, httpx_cookies *cookies)
{
    json_t *found = json_array();
    for (size_t i = 0; i < httpx_cookies_count(cookies); i++) {
        const uint8_t *name, *value;
        const char *domain, *path;
        size_t name_len, value_len, domain_len, path_len;
        must(r, httpx_cookies_at(cookies, i, &name, &name_len, &value, &value_len, &domain, &domain_len, &path,
                                 &path_len, &r->error));
        json_array_append_new(found, json_pack("[oooo]", text_or_null(name, name_len), text_or_null(value, value_len),
                                               text_or_null(domain, domain_len), text_or_null(path, path_len)));
    }
    return found;
}

/* The Cookie header that a request to a URL would get. */
static json_t *cookie_header(run *r, httpx_cookies *cookies, const json_t *url)
{
    httpx_request *request = NULL;
    httpx_headers *headers = NULL;
    const char *value = NULL;
    size_t len = 0;
    must(r, httpx_request_new(r->client, "GET", 3, TEXT(url), &request, &r->error));
    must(r, httpx_cookies_set_header(cookies, request, &r->error));
    must(r, httpx_request_headers(request, &headers, &r->error));
    httpx_headers_get(headers, "cookie", 6, &value, &len, NULL);
    json_t *found = text_or_null(value, len);
    httpx_headers_free(headers);
    httpx_request_free(request);
    return found;
}

httpx_code jar_step(run *r, const json_t *step, json_t **found)
{
    httpx_cookies *cookies = NULL;
    TRY(httpx_cookies_new(&cookies, &r->error));
    json_t *got = json_array();
    size_t i;
    json_t *operation;
    json_array_foreach(json_object_get(step, "operations"), i, operation)
    {
        httpx_code code = operate_on_cookies(r, cookies, operation, got);
        if (code != HTTPX_OK) {
            json_decref(got);
            httpx_cookies_free(cookies);
            return code;
        }
    }
    *found = json_pack("{so so si}", "get", got, "cookies", all_cookies(r, cookies), "count",
                       (int)httpx_cookies_count(cookies));
    if (json_object_get(step, "url") != NULL)
        json_object_set_new(*found, "header", cookie_header(r, cookies, json_object_get(step, "url")));
    httpx_cookies_free(cookies);
    return HTTPX_OK;
}

/* ---- clients and statuses ---- */

httpx_code client_step(run *r, json_t **found)
{
    httpx_client_builder *builder = NULL;
    httpx_cookies *cookies = NULL;
    const char *base_url = NULL;
    size_t len = 0;
    TRY(httpx_client_to_builder(r->client, &builder, &r->error));
    TRY(httpx_client_cookies(r->client, &cookies, &r->error));
    httpx_client_builder_get_base_url(builder, &base_url, &len, NULL);
    *found = json_pack("{sb so so si}", "is_closed", httpx_client_is_closed(r->client), "base_url",
                       text_or_null(base_url, len), "cookies", cookies_found(r, cookies), "cookie_count",
                       (int)httpx_cookies_count(cookies));
    httpx_cookies_free(cookies);
    httpx_client_builder_free(builder);
    return HTTPX_OK;
}

json_t *properties_of(int32_t status)
{
    static const struct {
        const char *name;
        int32_t (*holds)(int32_t);
    } properties[] = {
        {"informational", httpx_status_is_informational}, {"success", httpx_status_is_success},
        {"redirect", httpx_status_is_redirect},           {"client_error", httpx_status_is_client_error},
        {"server_error", httpx_status_is_server_error},   {"error", httpx_status_is_error},
    };
    json_t *found = json_array();
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
        if (properties[i].holds(status))
            json_array_append_new(found, json_string(properties[i].name));
    return found;
}

json_t *status_step(const json_t *step)
{
    int32_t status = (int32_t)json_integer_value(json_object_get(step, "status"));
    return json_pack("{ss ss so}", "phrase", httpx_status_reason_phrase(status), "name", httpx_status_name(status),
                     "is", properties_of(status));
}

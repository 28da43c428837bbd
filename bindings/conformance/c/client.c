/* Clients of cases, and what they share with requests: lists of pairs, credentials, time limits, proxies. */
#include "conformance.h"

#include <math.h>
#include <string.h>

/* ---- pairs ---- */

httpx_code new_params(run *r, const json_t *pairs, httpx_query_params **params)
{
    httpx_form *form = NULL;
    httpx_code code = httpx_form_new(&form, &r->error);
    size_t i;
    json_t *pair;
    json_array_foreach(pairs, i, pair)
    {
        if (code == HTTPX_OK)
            code = httpx_form_add(form, TEXT(json_array_get(pair, 0)), TEXT(json_array_get(pair, 1)), &r->error);
    }
    if (code == HTTPX_OK)
        code = httpx_query_params_from_form(form, params, &r->error);
    httpx_form_free(form);
    return code;
}

httpx_code new_headers(run *r, const json_t *pairs, httpx_headers **headers)
{
    httpx_code code = httpx_headers_new(headers, &r->error);
    size_t i;
    json_t *pair;
    json_array_foreach(pairs, i, pair)
    {
        if (code == HTTPX_OK)
            code =
                httpx_headers_add(*headers, TEXT(json_array_get(pair, 0)), BYTES(json_array_get(pair, 1)), &r->error);
    }
    if (code != HTTPX_OK)
        httpx_headers_free(*headers);
    return code;
}

httpx_code new_cookies(run *r, const json_t *object, httpx_cookies **cookies)
{
    httpx_code code = httpx_cookies_new(cookies, &r->error);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (code == HTTPX_OK)
            code = httpx_cookies_set(*cookies, name, strlen(name), BYTES(value), NULL, 0, NULL, 0, &r->error);
    }
    if (code != HTTPX_OK)
        httpx_cookies_free(*cookies);
    return code;
}

/* ---- time limits: connect, read, write, pool ---- */

static double seconds_of(const json_t *value)
{
    return json_is_null(value) ? INFINITY : json_number_value(value);
}

void timeouts_of(const json_t *value, double seconds[4])
{
    static const char *const names[] = {"connect", "read", "write", "pool"};
    for (int i = 0; i < 4; i++) {
        const json_t *one = json_is_object(value) ? json_object_get(value, names[i]) : value;
        seconds[i] = one == NULL ? HTTPX_UNSET : seconds_of(one);
    }
}

/* ---- credentials ---- */

static httpx_code set_header(void *user_data, httpx_request *request, httpx_error **error)
{
    const json_t *pair = user_data;
    return httpx_request_header_set(request, TEXT(json_array_get(pair, 0)), BYTES(json_array_get(pair, 1)), error);
}

static httpx_code raise_always(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)request;
    return raise_in_callback(json_string_value(user_data), error);
}

static void forget(void *json)
{
    json_decref(json);
}

/* Sends a request, and answers a 401 with a bearer token; or ends the request then. */
static httpx_code answer_challenge(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                                   httpx_request **next, httpx_error **error)
{
    (void)flow;
    (void)next;
    if (response == NULL)
        return HTTPX_OK;
    if (httpx_response_status_code(response) != 401)
        return HTTPX_DONE;
    httpx_headers *headers = NULL;
    TRY(httpx_request_headers(request, &headers, error));
    httpx_code code = httpx_headers_get(headers, "authorization", 13, NULL, NULL, error);
    httpx_headers_free(headers);
    if (code == HTTPX_OK)
        return HTTPX_DONE;
    const char *kind;
    const char *token = json_string_value(only_member(user_data, &kind));
    if (strcmp(kind, "challenge") != 0)
        return raise_in_callback(token, error);
    char value[256] = "Bearer ";
    strncat(value, token, sizeof value - 8);
    return httpx_request_header_set(request, "Authorization", 13, (const uint8_t *)value, strlen(value), error);
}

httpx_code new_auth(run *r, const json_t *value, httpx_auth **auth)
{
    const char *kind;
    json_t *argument = (json_t *)only_member(value, &kind);
    const json_t *user = json_array_get(argument, 0), *password = json_array_get(argument, 1);
    if (strcmp(kind, "basic") == 0)
        return httpx_auth_basic(BYTES(user), BYTES(password), auth, &r->error);
    if (strcmp(kind, "digest") == 0)
        return httpx_auth_digest(BYTES(user), BYTES(password), auth, &r->error);
    if (strcmp(kind, "netrc") == 0)
        return httpx_auth_netrc(TEXT(argument), auth, &r->error);
    if (strcmp(kind, "set_header") == 0)
        return httpx_auth_function(set_header, json_incref(argument), forget, auth, &r->error);
    if (strcmp(kind, "raise") == 0)
        return httpx_auth_function(raise_always, json_incref(argument), forget, auth, &r->error);
    if (strcmp(kind, "challenge") != 0 && strcmp(kind, "raise_when_challenged") != 0)
        fail("unknown credentials: %s", kind);
    httpx_auth_vtable table = {.size = sizeof table, .next = answer_challenge, .destroy = forget};
    return httpx_auth_flow(&table, json_incref((json_t *)value), auth, &r->error);
}

/* ---- proxies ---- */

static httpx_code trust_for_proxy(run *r, httpx_proxy *proxy, const json_t *ca)
{
    httpx_tls *tls = NULL;
    TRY(httpx_tls_new(&tls, &r->error));
    httpx_code code = httpx_tls_ca_path(tls, TEXT(ca), &r->error);
    if (code == HTTPX_OK)
        code = httpx_proxy_tls(proxy, tls, &r->error);
    httpx_tls_free(tls);
    return code;
}

static httpx_code set_up_proxy(run *r, httpx_proxy *proxy, const json_t *settings)
{
    const char *key;
    json_t *value, *pair;
    size_t i;
    json_object_foreach((json_t *)settings, key, value)
    {
        if (strcmp(key, "auth") == 0) {
            TRY(httpx_proxy_auth(proxy, BYTES(json_array_get(value, 0)), BYTES(json_array_get(value, 1)), &r->error));
        } else if (strcmp(key, "ca") == 0) {
            TRY(trust_for_proxy(r, proxy, value));
        } else if (strcmp(key, "headers") == 0) {
            json_array_foreach(value, i, pair) TRY(
                httpx_proxy_header(proxy, TEXT(json_array_get(pair, 0)), BYTES(json_array_get(pair, 1)), &r->error));
        } else if (strcmp(key, "url") != 0) {
            fail("unknown setting of a proxy: %s", key);
        }
    }
    return HTTPX_OK;
}

static httpx_code new_proxy(run *r, const json_t *value, httpx_proxy **proxy)
{
    const json_t *url = json_is_object(value) ? json_object_get(value, "url") : value;
    TRY(httpx_proxy_new(TEXT(url), proxy, &r->error));
    httpx_code code = json_is_object(value) ? set_up_proxy(r, *proxy, value) : HTTPX_OK;
    if (code != HTTPX_OK)
        httpx_proxy_free(*proxy);
    return code;
}

/* `pattern` NULL: for all URLs. */
static httpx_code use_proxy(run *r, httpx_client_builder *b, const json_t *pattern, const json_t *value)
{
    httpx_proxy *proxy = NULL;
    TRY(new_proxy(r, value, &proxy));
    httpx_code code = pattern == NULL ? httpx_client_builder_proxy(b, proxy, &r->error)
                                      : httpx_client_builder_proxy_for(b, TEXT(pattern), proxy, &r->error);
    httpx_proxy_free(proxy);
    return code;
}

/* ---- options of a client ---- */

static httpx_code mount(run *r, httpx_client_builder *b, const json_t *pattern, const json_t *value)
{
    if (json_is_null(value))
        return httpx_client_builder_mount(b, TEXT(pattern), NULL, &r->error);
    if (json_object_get(value, "proxy") != NULL)
        return use_proxy(r, b, pattern, json_object_get(value, "proxy"));
    httpx_transport *transport = NULL;
    TRY(new_transport(r, value, &transport));
    httpx_code code = pattern == NULL ? httpx_client_builder_transport(b, transport, &r->error)
                                      : httpx_client_builder_mount(b, TEXT(pattern), transport, &r->error);
    httpx_transport_free(transport);
    return code;
}

static httpx_code set_headers(run *r, httpx_client_builder *b, const json_t *pairs)
{
    httpx_headers *headers = NULL;
    TRY(new_headers(r, pairs, &headers));
    httpx_code code = httpx_client_builder_headers(b, headers, &r->error);
    httpx_headers_free(headers);
    return code;
}

static httpx_code set_params(run *r, httpx_client_builder *b, const json_t *pairs)
{
    httpx_query_params *params = NULL;
    TRY(new_params(r, pairs, &params));
    httpx_code code = httpx_client_builder_params(b, params, &r->error);
    httpx_query_params_free(params);
    r->client_has_params = 1;
    return code;
}

static httpx_code set_auth(run *r, httpx_client_builder *b, const json_t *value)
{
    if (json_is_null(value))
        return httpx_client_builder_auth_none(b, &r->error);
    httpx_auth *auth = NULL;
    TRY(new_auth(r, value, &auth));
    httpx_code code = httpx_client_builder_auth(b, auth, &r->error);
    httpx_auth_free(auth);
    return code;
}

static httpx_code set_timeouts(run *r, httpx_client_builder *b, const json_t *value)
{
    double seconds[4];
    timeouts_of(value, seconds);
    return httpx_client_builder_timeout(b, seconds[0], seconds[1], seconds[2], seconds[3], &r->error);
}

static size_t limit_of(const json_t *limits, const char *name, size_t otherwise)
{
    const json_t *value = json_object_get(limits, name);
    return value == NULL ? otherwise : json_is_null(value) ? SIZE_MAX : (size_t)json_integer_value(value);
}

static httpx_code set_limits(run *r, httpx_client_builder *b, const json_t *limits)
{
    const json_t *expiry = json_object_get(limits, "keepalive_expiry");
    return httpx_client_builder_limits(b, limit_of(limits, "max_connections", 100),
                                       limit_of(limits, "max_keepalive_connections", 20),
                                       expiry == NULL ? HTTPX_UNSET : seconds_of(expiry), &r->error);
}

static httpx_code set_redirects(run *r, httpx_client_builder *b, const json_t *follow, const json_t *max)
{
    int32_t follows = 0;
    size_t most = 0;
    TRY(httpx_client_builder_get_redirects(b, &follows, &most, &r->error));
    follows = follow == NULL ? follows : json_is_true(follow);
    most = max == NULL ? most : (size_t)json_integer_value(max);
    return httpx_client_builder_redirects(b, follows, most, &r->error);
}

static httpx_code set_verify(run *r, httpx_client_builder *b, const json_t *value)
{
    if (json_is_string(value))
        return httpx_client_builder_ca_file(b, TEXT(value), &r->error);
    return httpx_client_builder_verify(b, json_is_true(value), &r->error);
}

static httpx_code mount_all(run *r, httpx_client_builder *b, const json_t *mounts)
{
    size_t i;
    json_t *entry;
    json_array_foreach(mounts, i, entry) TRY(mount(r, b, json_array_get(entry, 0), json_array_get(entry, 1)));
    return HTTPX_OK;
}

static httpx_code set_option(run *r, httpx_client_builder *b, const char *key, const json_t *value)
{
    if (strcmp(key, "base_url") == 0)
        return httpx_client_builder_base_url(b, TEXT(value), &r->error);
    if (strcmp(key, "headers") == 0)
        return set_headers(r, b, value);
    if (strcmp(key, "params") == 0)
        return set_params(r, b, value);
    if (strcmp(key, "auth") == 0)
        return set_auth(r, b, value);
    if (strcmp(key, "follow_redirects") == 0)
        return set_redirects(r, b, value, NULL);
    if (strcmp(key, "max_redirects") == 0)
        return set_redirects(r, b, NULL, value);
    if (strcmp(key, "timeout") == 0)
        return set_timeouts(r, b, value);
    if (strcmp(key, "limits") == 0)
        return set_limits(r, b, value);
    if (strcmp(key, "verify") == 0)
        return set_verify(r, b, value);
    if (strcmp(key, "trust_env") == 0)
        return httpx_client_builder_trust_env(b, json_is_true(value), &r->error);
    if (strcmp(key, "http1") == 0)
        return httpx_client_builder_http1(b, json_is_true(value), &r->error);
    if (strcmp(key, "http2") == 0)
        return httpx_client_builder_http2(b, json_is_true(value), &r->error);
    if (strcmp(key, "proxy") == 0)
        return use_proxy(r, b, NULL, value);
    if (strcmp(key, "mounts") == 0)
        return mount_all(r, b, value);
    if (strcmp(key, "transport") == 0)
        return mount(r, b, NULL, value);
    if (strcmp(key, "hooks") == 0)
        return add_hooks(r, b, value);
    if (strcmp(key, "default_encoding") == 0)
        return httpx_client_builder_default_encoding(b, TEXT(value), &r->error);
    if (strcmp(key, "uds") == 0)
        return httpx_client_builder_unix_socket(b, TEXT(value), &r->error);
    if (strcmp(key, "local_address") == 0)
        return httpx_client_builder_local_address(b, TEXT(value), &r->error);
    if (strcmp(key, "retries") == 0)
        return httpx_client_builder_retries(b, (uint32_t)json_integer_value(value), &r->error);
    if (strcmp(key, "cookies") != 0)
        fail("unknown option of a client: %s", key);
    return HTTPX_OK;
}

static httpx_code set_cookies(run *r, httpx_client *client, const json_t *object)
{
    httpx_cookies *cookies = NULL;
    TRY(new_cookies(r, object, &cookies));
    httpx_code code = httpx_client_set_cookies(client, cookies, &r->error);
    httpx_cookies_free(cookies);
    return code;
}

static httpx_code fill_builder(run *r, httpx_client_builder *b, const json_t *options)
{
    const char *key;
    json_t *value;
    if (json_object_get(options, "verify") == NULL)
        TRY(httpx_client_builder_ca_file(b, r->ca, strlen(r->ca), &r->error));
    json_object_foreach((json_t *)options, key, value) TRY(set_option(r, b, key, value));
    return HTTPX_OK;
}

httpx_code new_client(run *r, const json_t *options, httpx_client **client)
{
    httpx_client_builder *builder = NULL;
    TRY(httpx_client_builder_new(&builder, &r->error));
    httpx_code code = fill_builder(r, builder, options);
    if (code == HTTPX_OK)
        code = httpx_client_builder_build(builder, client, &r->error);
    httpx_client_builder_free(builder);
    if (code == HTTPX_OK && json_object_get(options, "cookies") != NULL)
        code = set_cookies(r, *client, json_object_get(options, "cookies"));
    return code;
}

/* ---- options of a client in use ---- */

static uint32_t option_of(const char *key)
{
    static const struct {
        const char *key;
        uint32_t option;
    } options[] = {
        {"headers", HTTPX_OPTION_HEADERS},
        {"params", HTTPX_OPTION_PARAMS},
        {"auth", HTTPX_OPTION_AUTH},
        {"base_url", HTTPX_OPTION_BASE_URL},
        {"timeout", HTTPX_OPTION_TIMEOUTS},
        {"follow_redirects", HTTPX_OPTION_REDIRECTS},
        {"max_redirects", HTTPX_OPTION_REDIRECTS},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(options[i].key, key) == 0)
            return options[i].option;
    fail("unknown option of a client in use: %s", key);
}

static httpx_code configure_one(run *r, const char *key, const json_t *value)
{
    httpx_client_builder *builder = NULL;
    if (strcmp(key, "cookies") == 0)
        return set_cookies(r, r->client, value);
    /* What is assigned takes the place of what there was, but for the half of the redirects that is not named. */
    if (option_of(key) == HTTPX_OPTION_REDIRECTS)
        TRY(httpx_client_to_builder(r->client, &builder, &r->error));
    else
        TRY(httpx_client_builder_new(&builder, &r->error));
    httpx_code code = set_option(r, builder, key, value);
    if (code == HTTPX_OK)
        code = httpx_client_configure(r->client, builder, option_of(key), &r->error);
    httpx_client_builder_free(builder);
    return code;
}

httpx_code configure(run *r, const json_t *options)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)options, key, value) TRY(configure_one(r, key, value));
    return HTTPX_OK;
}

/* For null_arguments.c: the calls of URL patterns, the environment's proxies, counters and flows by hand. */
#ifndef HTTPX_TEST_NULL_CALLS_STANDALONE_H
#define HTTPX_TEST_NULL_CALLS_STANDALONE_H

#include "null_fixture.h"

/* What a function with two handles gives where either is NULL. */
#define NEUTRAL_OF_TWO(condition) (IS_NULL(0) || IS_NULL(1) ? (CHECK(condition), HTTPX_E_NULL_POINTER) : HTTPX_OK)

static httpx_code call_counter(fixture *f)
{
    (void)f;
    return httpx_counter(HTTPX_COUNTER_URLS) > 0 && httpx_counter(0) == -1 ? HTTPX_OK : HTTPX_E_INTERNAL;
}

static httpx_code call_url_pattern_new(fixture *f)
{
    return httpx_url_pattern_new(T(0, 0, "all://h"), L(0, 7), P(1, &f->pattern_out), ERR(2));
}

static httpx_code call_url_pattern_clone(fixture *f)
{
    f->pattern_out = httpx_url_pattern_clone(P(0, f->pattern));
    return NEUTRAL(f->pattern_out == NULL);
}

static httpx_code call_url_pattern_free(fixture *f)
{
    httpx_url_pattern_free(P(0, f->pattern));
    f->pattern = IS_NULL(0) ? f->pattern : NULL;
    return NEUTRAL(1);
}

static httpx_code call_url_pattern_str(fixture *f)
{
    const char *text = httpx_url_pattern_str(P(0, f->pattern), P(1, &f->size));
    return NEUTRAL(text == NULL);
}

static httpx_code call_url_pattern_matches(fixture *f)
{
    int32_t matches = httpx_url_pattern_matches(P(0, f->pattern), P(1, f->url));
    return NEUTRAL_OF_TWO(matches == 0);
}

static httpx_code call_url_pattern_compare(fixture *f)
{
    int32_t order = httpx_url_pattern_compare(P(0, f->pattern), P(1, f->pattern));
    return NEUTRAL_OF_TWO(order == 0);
}

static httpx_code call_url_pattern_equal(fixture *f)
{
    int32_t equal = httpx_url_pattern_equal(P(0, f->pattern), P(1, f->pattern));
    return NEUTRAL_OF_TWO(equal == 0);
}

static httpx_code call_url_pattern_hash(fixture *f)
{
    uint64_t hash = httpx_url_pattern_hash(P(0, f->pattern));
    return NEUTRAL(hash == 0);
}

static httpx_code call_environment_proxies(fixture *f)
{
    return httpx_environment_proxies(P(0, &f->proxy_map_out), ERR(1));
}

static httpx_code call_proxy_map_free(fixture *f)
{
    httpx_proxy_map_free(P(0, f->proxy_map));
    f->proxy_map = IS_NULL(0) ? f->proxy_map : NULL;
    return NEUTRAL(1);
}

static httpx_code call_proxy_map_count(fixture *f)
{
    size_t count = httpx_proxy_map_count(P(0, f->proxy_map));
    return NEUTRAL(count == 0);
}

static httpx_code call_proxy_map_at(fixture *f)
{
    return httpx_proxy_map_at(P(0, f->proxy_map), 0, P(1, &f->text), P(2, &f->size), P(3, &f->more_text),
                              P(4, &f->more_size), ERR(5));
}

static httpx_code call_request_set_method(fixture *f)
{
    return httpx_request_set_method(P(0, f->request), T(1, 0, "PUT"), L(0, 3), ERR(2));
}

static httpx_code call_request_set_url(fixture *f)
{
    return httpx_request_set_url(P(0, f->request), T(1, 0, "/a"), L(0, 2), ERR(2));
}

static httpx_code call_request_keep_headers(fixture *f)
{
    return httpx_request_keep_headers(P(0, f->request), ERR(1));
}

static httpx_code no_cnonce(void *user_data, uint32_t count, const uint8_t *nonce, size_t nonce_len, uint8_t *cnonce,
                            size_t capacity, size_t *len)
{
    (void)user_data, (void)count, (void)nonce, (void)nonce_len, (void)cnonce, (void)capacity, (void)len;
    return HTTPX_OK;
}

static httpx_code call_auth_digest_cnonce(fixture *f)
{
    return httpx_auth_digest_cnonce(P(0, f->digest), P(1, no_cnonce), P(2, &f->destroyed), D(2, 3), ERR(4));
}

static httpx_code call_auth_requires_request_body(fixture *f)
{
    return NEUTRAL(httpx_auth_requires_request_body(P(0, f->auth)) == 0);
}

static httpx_code call_auth_requires_response_body(fixture *f)
{
    return NEUTRAL(httpx_auth_requires_response_body(P(0, f->auth)) == 0);
}

static httpx_code call_auth_start(fixture *f)
{
    return httpx_auth_start(P(0, f->auth), P(1, f->request), P(2, &f->flow_out), ERR(3));
}

static httpx_code call_flow_next(fixture *f)
{
    return httpx_flow_next(P(0, f->flow), P(1, f->response), P(2, &f->request_out), ERR(3));
}

static httpx_code call_flow_free(fixture *f)
{
    httpx_flow_free(P(0, f->flow));
    f->flow = IS_NULL(0) ? f->flow : NULL;
    return NEUTRAL(1);
}

static httpx_code call_client_transport_for_url(fixture *f)
{
    return httpx_client_transport_for_url(P(0, f->client), P(1, f->url), P(2, &f->transport_out), ERR(3));
}

static httpx_code call_transport_equal(fixture *f)
{
    int32_t equal = httpx_transport_equal(P(0, f->transport), P(1, f->transport));
    return NEUTRAL_OF_TWO(equal == 0);
}

static httpx_code call_transport_proxy_url(fixture *f)
{
    const char *url = httpx_transport_proxy_url(P(0, f->transport), P(1, &f->size));
    return NEUTRAL(url == NULL);
}

static httpx_code call_client_merge_url(fixture *f)
{
    return httpx_client_merge_url(P(0, f->client), T(1, 0, "http://h/"), L(0, 9), P(2, &f->url_out), ERR(3));
}

static httpx_code call_headers_set_lenient(fixture *f)
{
    return httpx_headers_set_lenient(P(0, f->headers), 1, ERR(1));
}

static httpx_code call_request_redirect_headers(fixture *f)
{
    return httpx_request_redirect_headers(P(0, f->request), P(1, f->url), T(2, 0, "GET"), L(0, 3),
                                          P(3, &f->headers_out), ERR(4));
}

static httpx_code call_response_set_default_encoding(fixture *f)
{
    return httpx_response_set_default_encoding(P(0, f->response), T(1, 0, "utf-8"), L(0, 5), ERR(2));
}

static size_t no_label(void *user_data, const uint8_t *content, size_t len, char *label, size_t capacity)
{
    (void)user_data, (void)content, (void)len, (void)label, (void)capacity;
    return 0;
}

static httpx_code call_response_set_default_encoding_fn(fixture *f)
{
    return httpx_response_set_default_encoding_fn(P(0, f->response), P(1, no_label), P(2, &f->destroyed), D(2, 3),
                                                  ERR(4));
}

static httpx_code call_response_set_history(fixture *f)
{
    const httpx_response *earlier = f->streaming;
    return httpx_response_set_history(P(0, f->response), P(1, &earlier), 1, ERR(2));
}

static httpx_code call_client_log_level(fixture *f)
{
    return httpx_client_log_level(P(0, f->client), HTTPX_LOG_INFO, ERR(1));
}

static httpx_code call_transport_log_level(fixture *f)
{
    return httpx_transport_log_level(P(0, f->transport), HTTPX_LOG_INFO, ERR(1));
}

#endif

/* For null_arguments.c: the calls of TLS settings, and of a response's connection. */
#ifndef HTTPX_TEST_NULL_CALLS_TLS_H
#define HTTPX_TEST_NULL_CALLS_TLS_H

#include "null_fixture.h"

/* ---- settings ---- */

static httpx_code call_tls_new(fixture *f)
{
    return httpx_tls_new(P(0, &f->tls_out), ERR(1));
}

static httpx_code call_tls_free(fixture *f)
{
    httpx_tls_free(P(0, f->tls));
    f->tls = IS_NULL(0) ? f->tls : NULL;
    return NEUTRAL(1);
}

static httpx_code call_tls_verify(fixture *f)
{
    return httpx_tls_verify(P(0, f->tls), 0, ERR(1));
}

static httpx_code call_tls_check_hostname(fixture *f)
{
    return httpx_tls_check_hostname(P(0, f->tls), 0, ERR(1));
}

static httpx_code call_tls_roots(fixture *f)
{
    return httpx_tls_roots(P(0, f->tls), HTTPX_ROOTS_BUNDLED, ERR(1));
}

static httpx_code call_tls_ca_data(fixture *f)
{
    return httpx_tls_ca_data(P(0, f->tls), B(1, 0, "no PEM"), L(0, 6), ERR(2));
}

static httpx_code call_tls_ca_path(fixture *f)
{
    const char *ca = environment("HTTPX_TEST_CA");
    return httpx_tls_ca_path(P(0, f->tls), T(1, 0, ca), L(0, strlen(ca)), ERR(2));
}

static httpx_code call_tls_cert_data(fixture *f)
{
    return httpx_tls_cert_data(P(0, f->tls), B(1, 0, "no PEM"), L(0, 6), B(2, 1, "no key"), L(1, 6), B(3, 2, "secret"),
                               L(2, 6), ERR(4));
}

static httpx_code call_tls_cert_file(fixture *f)
{
    return httpx_tls_cert_file(P(0, f->tls), T(1, 0, "/none"), L(0, 5), T(2, 1, "/none"), L(1, 5), B(3, 2, "secret"),
                               L(2, 6), ERR(4));
}

static httpx_code call_tls_versions(fixture *f)
{
    return httpx_tls_versions(P(0, f->tls), HTTPX_TLS_1_2, HTTPX_TLS_1_3, ERR(1));
}

static httpx_code call_tls_key_log(fixture *f)
{
    return httpx_tls_key_log(P(0, f->tls), T(1, 0, "/dev/null"), L(0, 9), ERR(2));
}

static httpx_code call_client_builder_tls(fixture *f)
{
    return httpx_client_builder_tls(P(0, f->builder), P(1, f->tls), ERR(2));
}

static httpx_code call_client_builder_trust_env(fixture *f)
{
    return httpx_client_builder_trust_env(P(0, f->builder), 0, ERR(1));
}

static httpx_code call_request_server_name(fixture *f)
{
    return httpx_request_server_name(P(0, f->request), T(1, 0, "name"), L(0, 4), ERR(2));
}

/* ---- a response's connection ---- */

#define TEXT_OF_CONNECTION(name)                                                                                       \
    static httpx_code call_response_##name(fixture *f)                                                                 \
    {                                                                                                                  \
        const char *text = httpx_response_##name(P(0, f->response), P(1, &f->size));                                   \
        return NEUTRAL(text == NULL);                                                                                  \
    }

TEXT_OF_CONNECTION(local_address)
TEXT_OF_CONNECTION(peer_address)
TEXT_OF_CONNECTION(proxy)
TEXT_OF_CONNECTION(tls_version)
TEXT_OF_CONNECTION(tls_cipher)
TEXT_OF_CONNECTION(tls_group)
TEXT_OF_CONNECTION(tls_alpn)

static httpx_code call_response_tls_resumed(fixture *f)
{
    int32_t resumed = httpx_response_tls_resumed(P(0, f->response));
    return NEUTRAL(resumed == 0);
}

static httpx_code call_response_tls_certificate(fixture *f)
{
    return httpx_response_tls_certificate(P(0, f->response), 0, P(1, &f->bytes), P(2, &f->size), ERR(3));
}

#endif

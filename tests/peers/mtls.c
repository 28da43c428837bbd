/* Servers that ask for a client's certificate, and keys in every form. What a server lacks: "alert" (nginx says 400
 * where others end the handshake), "report" (of what it saw, at /certificate). */
#include "peers.h"

static httpx_tls *new_tls(void)
{
    httpx_tls *tls = NULL;
    const char *ca = certificate("ca.pem");
    MUST(httpx_tls_new(&tls, &err));
    MUST(httpx_tls_ca_path(tls, ca, strlen(ca), &err));
    return tls;
}

static httpx_code show(httpx_tls *tls, const char *cert, const char *key, const char *password)
{
    return httpx_tls_cert_file(tls, cert, strlen(cert), key, key != NULL ? strlen(key) : 0, (const uint8_t *)password,
                               password != NULL ? strlen(password) : 0, &err);
}

/* Frees the settings. */
static httpx_client *client_with(httpx_tls *tls)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_tls(builder, tls, &err));
    httpx_tls_free(tls);
    return build(builder);
}

/* Does the server let the client in, and as whom? Frees the client. */
static void check_let_in(httpx_client *client, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "SUCCESS CN=%s ", name);
    for (int again = 0; again < 2; again++) {
        httpx_response *response = get(client, peer_lacks("report") ? PEER("/hello.txt") : PEER("/certificate"));
        CHECK_EQ(httpx_response_status_code(response), 200);
        if (!peer_lacks("report"))
            CHECK(strncmp(body_of(response), wanted, strlen(wanted)) == 0);
        httpx_response_free(response);
    }
    httpx_client_free(client);
}

static void every_form_of_key(const char *name)
{
    static const char *const forms[] = {"key", "legacy.key", "pkcs8-aes.key", "legacy-aes.key", "legacy-des3.key"};
    char cert[64], key[64];
    snprintf(cert, sizeof cert, "%s.pem", name);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        int encrypted = strchr(forms[i], '-') != NULL;
        httpx_tls *tls = new_tls();
        snprintf(key, sizeof key, "%s.%s", name, forms[i]);
        MUST(show(tls, certificate(cert), certificate(key), encrypted ? "secret" : NULL));
        check_let_in(client_with(tls), name);
    }
}

static void rsa_keys_of_every_form(void)
{
    every_form_of_key("client-rsa");
}

static void ec_keys_of_every_form(void)
{
    every_form_of_key("client-ec");
}

static void certificate_and_key_in_one_file(void)
{
    httpx_tls *tls = new_tls();
    MUST(show(tls, certificate("client-ec.combined.pem"), NULL, NULL));
    check_let_in(client_with(tls), "client-ec");
    tls = new_tls();
    MUST(show(tls, certificate("client-rsa.combined-encrypted.pem"), NULL, "secret"));
    check_let_in(client_with(tls), "client-rsa");
}

static void a_wrong_password_is_told_at_once(void)
{
    static const char *const keys[] = {"client-rsa.pkcs8-aes.key", "client-rsa.legacy-aes.key",
                                       "client-rsa.legacy-des3.key"};
    httpx_tls *tls = new_tls();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        GIVES(show(tls, certificate("client-rsa.pem"), certificate(keys[i]), "wrong"), HTTPX_E_KEY_PASSWORD);
        GIVES(show(tls, certificate("client-rsa.pem"), certificate(keys[i]), NULL), HTTPX_E_KEY_PASSWORD);
    }
    GIVES(show(tls, certificate("client-rsa.pem"), certificate("client-ec.key"), NULL), HTTPX_E_KEY_MISMATCH);
    httpx_tls_free(tls);
}

/* Under TLS 1.3 the client has finished its handshake when the server looks at its certificate, so the refusal comes in
 * the place of the response. Frees the settings. */
static void check_refused(httpx_tls *tls, httpx_code code)
{
    httpx_client *client = client_with(tls);
    httpx_response *response = NULL;
    if (peer_lacks("alert"))
        CHECK_EQ(status_of(client, PEER("/hello.txt")), 400);
    else
        FAILS(try_get(client, PEER("/hello.txt"), &response), code);
    CHECK(response == NULL);
    httpx_client_free(client);
}

static void without_a_certificate(void)
{
    check_refused(new_tls(), HTTPX_E_CLIENT_CERTIFICATE_REQUIRED);
}

static void a_certificate_of_an_unknown_authority(void)
{
    httpx_tls *tls = new_tls();
    MUST(show(tls, certificate("client-unknown.pem"), certificate("client-unknown.key"), NULL));
    check_refused(tls, HTTPX_E_TLS_ALERT);
}

static const test_case tests[] = {
    TEST(rsa_keys_of_every_form),
    TEST(ec_keys_of_every_form),
    TEST(certificate_and_key_in_one_file),
    TEST(a_wrong_password_is_told_at_once),
    TEST(without_a_certificate),
    TEST(a_certificate_of_an_unknown_authority),
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests);
}

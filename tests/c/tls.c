/* TLS and unix sockets: whom the client trusts, and that the rest is as over TCP. */
#include "support.h"

static httpx_code code_of(httpx_client *client, httpx_response **response)
{
    return try_get(client, HTTPS("/get?over=tls"), response);
}

static void check_and_free(httpx_client *client, httpx_response *response)
{
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strstr(body_of(response), "over=tls") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_ca_file(void)
{
    httpx_client *client = new_client_with_ca();
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_and_free(client, response);
}

static void a_ca_in_memory(void)
{
    static char pem[65536];
    FILE *file = fopen(environment("HTTPX_TEST_CA"), "r");
    REQUIRE(file != NULL);
    size_t len = fread(pem, 1, sizeof pem, file);
    fclose(file);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_ca_pem(builder, (const uint8_t *)pem, len, &err));
    memset(pem, 'x', sizeof pem); /* it was copied */
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_and_free(client, response);
}

static void an_untrusted_certificate_is_a_connect_error(void)
{
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    FAILS(code_of(client, &response), HTTPX_E_CERTIFICATE);
    CHECK(httpx_code_is_a(HTTPX_E_CERTIFICATE, HTTPX_E_CONNECT));
    CHECK(response == NULL);
    httpx_client_free(client);
}

static void verify_off_trusts_everybody(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_verify(builder, 0, &err));
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_and_free(client, response);
}

static void one_builder_makes_clients_that_trust_differently(void)
{
    const char *ca = environment("HTTPX_TEST_CA");
    httpx_client_builder *builder = new_builder();
    httpx_client *distrusting = NULL, *trusting = NULL;
    httpx_response *response = NULL;
    MUST(httpx_client_builder_build(builder, &distrusting, &err));
    MUST(httpx_client_builder_ca_file(builder, ca, strlen(ca), &err));
    MUST(httpx_client_builder_build(builder, &trusting, &err));
    httpx_client_builder_free(builder);
    FAILS(code_of(distrusting, &response), HTTPX_E_CERTIFICATE);
    httpx_client_free(distrusting);
    MUST(code_of(trusting, &response));
    check_and_free(trusting, response);
}

static void a_tls_connection_is_used_again(void)
{
    httpx_client *client = new_client_with_ca();
    long long numbers[2];
    for (int i = 0; i < 2; i++) {
        httpx_response *response = get(client, HTTPS("/connection"));
        numbers[i] = json_number(body_of(response), "connection");
        httpx_response_free(response);
    }
    CHECK(numbers[0] > 0);
    CHECK_EQ(numbers[1], numbers[0]);
    httpx_client_free(client);
}

/* The path of a file beside the CA. */
static const char *beside_ca(const char *name)
{
    static _Thread_local char rooms[2][1024];
    static _Thread_local unsigned turn;
    char *room = rooms[turn++ % 2];
    const char *ca = environment("HTTPX_TEST_CA");
    snprintf(room, sizeof rooms[0], "%.*s%s", (int)(strrchr(ca, '/') + 1 - ca), ca, name);
    return room;
}

static httpx_tls *new_tls(void)
{
    httpx_tls *tls = NULL;
    MUST(httpx_tls_new(&tls, &err));
    return tls;
}

static httpx_tls *new_tls_with_ca(void)
{
    httpx_tls *tls = new_tls();
    const char *ca = environment("HTTPX_TEST_CA");
    MUST(httpx_tls_ca_path(tls, ca, strlen(ca), &err));
    return tls;
}

static httpx_client *new_client_with(const httpx_tls *tls)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_tls(builder, tls, &err));
    return build(builder);
}

static void settings_serve_several_clients_as_they_were(void)
{
    httpx_tls *tls = new_tls_with_ca();
    httpx_client *first = new_client_with(tls);
    httpx_client *second = new_client_with(tls);
    MUST(httpx_tls_verify(tls, 0, &err)); /* too late for both */
    httpx_tls_free(tls);
    httpx_response *response = NULL;
    MUST(code_of(first, &response));
    check_and_free(first, response);
    response = NULL;
    MUST(code_of(second, &response));
    CHECK_EQ(httpx_response_tls_resumed(response), 1);
    check_and_free(second, response);
}

static void a_directory_of_roots(void)
{
    httpx_tls *tls = new_tls();
    const char *directory = beside_ca("");
    MUST(httpx_tls_ca_path(tls, directory, strlen(directory), &err));
    httpx_client *client = new_client_with(tls);
    httpx_tls_free(tls);
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_and_free(client, response);
}

static void roots_that_are_not_there(void)
{
    httpx_tls *tls = new_tls();
    CHECK(httpx_tls_ca_path(tls, "/does/not/exist", 15, &err) == HTTPX_E_FILE_NOT_FOUND);
    CHECK(strstr(httpx_error_message(err, NULL), "Could not find a suitable TLS CA certificate bundle") != NULL);
    httpx_error_free(err);
    err = NULL;
    FAILS(httpx_tls_roots(tls, 99, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_tls_roots(tls, HTTPX_ROOTS_BUNDLED, &err));
    httpx_client *client = new_client_with(tls);
    httpx_response *response = NULL;
    FAILS(code_of(client, &response), HTTPX_E_CERTIFICATE);
    httpx_client_free(client);
    httpx_tls_free(tls);
}

static void a_client_certificate_and_what_is_wrong_with_others(void)
{
    static char both[65536];
    httpx_tls *tls = new_tls_with_ca();
    const char *cert = beside_ca("server.pem"), *key = beside_ca("server.key");
    size_t len = 0;
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(i ? key : cert, "r");
        REQUIRE(file != NULL);
        len += fread(both + len, 1, sizeof both - len, file);
        fclose(file);
    }
    FAILS(httpx_tls_cert_file(tls, "/none", 5, NULL, 0, NULL, 0, &err), HTTPX_E_FILE_NOT_FOUND);
    FAILS(httpx_tls_cert_file(tls, cert, strlen(cert), NULL, 0, NULL, 0, &err), HTTPX_E_INVALID_CONFIG);
    const char *ca = environment("HTTPX_TEST_CA");
    FAILS(httpx_tls_cert_file(tls, ca, strlen(ca), key, strlen(key), NULL, 0, &err), HTTPX_E_KEY_MISMATCH);
    FAILS(httpx_tls_cert_data(tls, (const uint8_t *)"-", 1, NULL, 0, NULL, 0, &err), HTTPX_E_INVALID_CONFIG);
    MUST(httpx_tls_cert_data(tls, (const uint8_t *)both, len, NULL, 0, NULL, 0, &err));
    /* A password that is not needed does no harm. */
    MUST(httpx_tls_cert_file(tls, cert, strlen(cert), key, strlen(key), (const uint8_t *)"x", 1, &err));
    httpx_client *client = new_client_with(tls);
    httpx_tls_free(tls);
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_and_free(client, response);
}

static void check_string(const char *got, const char *wanted)
{
    CHECK_TEXT(got, strlen(got), wanted);
}

static void a_response_tells_what_tls_has_agreed_on(void)
{
    httpx_client *client = new_client_with_ca();
    httpx_response *response = get(client, HTTPS("/get"));
    check_string(httpx_response_tls_version(response, NULL), "TLSv1.3");
    CHECK(strncmp(httpx_response_tls_cipher(response, NULL), "TLS_", 4) == 0);
    check_string(httpx_response_tls_group(response, NULL), "X25519MLKEM768");
    size_t len = 0;
    check_string(httpx_response_tls_alpn(response, &len), "http/1.1");
    CHECK_EQ(len, 8);
    const uint8_t *der = NULL;
    MUST(httpx_response_tls_certificate(response, 0, &der, &len, &err));
    CHECK(len > 100 && der[0] == 0x30);
    GIVES(httpx_response_tls_certificate(response, 9, &der, &len, &err), HTTPX_DONE);
    CHECK(der == NULL && len == 0);
    const char *port = strrchr(environment("HTTPX_TEST_HTTPS"), ':');
    const char *peer = httpx_response_peer_address(response, NULL);
    CHECK(strncmp(peer, "127.0.0.1:", 10) == 0 && strcmp(peer + 9, port) == 0);
    CHECK(strncmp(httpx_response_local_address(response, NULL), "127.0.0.1:", 10) == 0);
    httpx_response_free(response);

    response = get(client, HTTP("/get"));
    check_string(httpx_response_tls_version(response, &len), "");
    CHECK_EQ(len, 0);
    check_string(httpx_response_tls_cipher(response, NULL), "");
    check_string(httpx_response_tls_group(response, NULL), "");
    check_string(httpx_response_tls_alpn(response, NULL), "");
    CHECK_EQ(httpx_response_tls_resumed(response), 0);
    GIVES(httpx_response_tls_certificate(response, 0, &der, &len, &err), HTTPX_DONE);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void versions_of_tls(void)
{
    httpx_tls *tls = new_tls_with_ca();
    FAILS(httpx_tls_versions(tls, 0x0301, HTTPX_TLS_1_3, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_tls_versions(tls, HTTPX_TLS_1_3, HTTPX_TLS_1_2, &err), HTTPX_E_INVALID_CONFIG);
    MUST(httpx_tls_versions(tls, HTTPX_TLS_1_2, HTTPX_TLS_1_2, &err));
    httpx_client *client = new_client_with(tls);
    httpx_tls_free(tls);
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_string(httpx_response_tls_version(response, NULL), "TLSv1.2");
    check_and_free(client, response);
}

static void secrets_go_to_the_key_log(void)
{
    char log[128], line[512];
    snprintf(log, sizeof log, "/tmp/httpx-test-%ld.keys", (long)getpid());
    httpx_tls *tls = new_tls_with_ca();
    MUST(httpx_tls_key_log(tls, log, strlen(log), &err));
    httpx_client *client = new_client_with(tls);
    httpx_tls_free(tls);
    httpx_response *response = NULL;
    MUST(code_of(client, &response));
    check_and_free(client, response);
    FILE *file = fopen(log, "r");
    REQUIRE(file != NULL);
    int secrets = 0;
    while (fgets(line, sizeof line, file) != NULL)
        secrets += strstr(line, "_TRAFFIC_SECRET") != NULL;
    fclose(file);
    unlink(log);
    CHECK_EQ(secrets, 4);
}

static void the_name_for_tls_may_differ_from_the_host(void)
{
    httpx_client *client = new_client_with_ca();
    httpx_request *request = new_request(client, "GET", HTTPS("/get"));
    MUST(httpx_request_server_name(request, "localhost", 9, &err));
    httpx_response_free(send_request(client, request, 0));
    request = new_request(client, "GET", HTTPS("/get"));
    MUST(httpx_request_server_name(request, "example.org", 11, &err));
    httpx_response *response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void the_environment_names_roots_unless_it_is_not_trusted(void)
{
    httpx_response *response = NULL;
    setenv("SSL_CERT_FILE", environment("HTTPX_TEST_CA"), 1);
    httpx_client *client = new_client();
    MUST(code_of(client, &response));
    check_and_free(client, response);

    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_trust_env(builder, 0, &err));
    client = build(builder);
    response = NULL;
    FAILS(code_of(client, &response), HTTPX_E_CERTIFICATE_UNTRUSTED);
    httpx_client_free(client);

    setenv("SSL_CERT_FILE", "/does/not/exist", 1);
    builder = new_builder();
    FAILS(httpx_client_builder_build(builder, &client, &err), HTTPX_E_FILE_NOT_FOUND);
    httpx_client_builder_free(builder);
    unsetenv("SSL_CERT_FILE");
}

static void a_large_body_over_tls(void)
{
    httpx_client *client = new_client_with_ca();
    httpx_response *response = get(client, HTTPS("/bytes/1000000"));
    CHECK_EQ(body_len(response), 1000000);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void tls_to_a_plain_server_is_a_tls_error(void)
{
    char url[2048];
    snprintf(url, sizeof url, "https%s", HTTP("/get") + 4);
    httpx_client *client = new_client_with_ca();
    httpx_response *response = NULL;
    FAILS(try_get(client, url, &response), HTTPX_E_CONNECT);
    httpx_client_free(client);
}

static void a_unix_socket_takes_every_connection(void)
{
    const char *path = environment("HTTPX_TEST_UNIX");
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_unix_socket(builder, path, strlen(path), &err));
    httpx_client *client = build(builder);
    httpx_response *response = get(client, "http://any.name.example/get?over=unix");
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strstr(body_of(response), "over=unix") != NULL);
    CHECK(strstr(body_of(response), "any.name.example") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_unix_socket_that_is_not_there(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_unix_socket(builder, "/does/not/exist", 15, &err));
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    FAILS(try_get(client, "http://localhost/", &response), HTTPX_E_CONNECT);
    httpx_client_free(client);
}

/* The server's certificate is for other names than this one. */
static void a_name_is_not_looked_at_if_it_need_not_match(void)
{
    const char *port = strrchr(environment("HTTPX_TEST_HTTPS"), ':') + 1;
    char url[64];
    snprintf(url, sizeof url, "https://other.test:%s/get?over=tls", port);
    for (int check = 0; check < 2; check++)
        for (int trusted = 0; trusted < 2; trusted++) {
            httpx_tls *tls = trusted ? new_tls_with_ca() : new_tls();
            httpx_client_builder *builder = new_builder();
            httpx_response *response = NULL;
            MUST(httpx_tls_check_hostname(tls, check, &err));
            MUST(httpx_client_builder_tls(builder, tls, &err));
            MUST(httpx_client_builder_resolve(builder, "other.test", 10, (uint32_t)atoi(port), "127.0.0.1", 9, &err));
            httpx_client *client = build(builder);
            httpx_code code = try_get(client, url, &response);
            if (trusted && !check) {
                MUST(code);
                httpx_response_free(response);
            } else {
                FAILS(code, trusted ? HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH : HTTPX_E_CERTIFICATE);
            }
            httpx_client_free(client);
            httpx_tls_free(tls);
        }
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_ca_file),
        TEST(a_ca_in_memory),
        TEST(an_untrusted_certificate_is_a_connect_error),
        TEST(verify_off_trusts_everybody),
        TEST(one_builder_makes_clients_that_trust_differently),
        TEST(a_tls_connection_is_used_again),
        TEST(settings_serve_several_clients_as_they_were),
        TEST(a_directory_of_roots),
        TEST(roots_that_are_not_there),
        TEST(a_client_certificate_and_what_is_wrong_with_others),
        TEST(a_response_tells_what_tls_has_agreed_on),
        TEST(versions_of_tls),
        TEST(secrets_go_to_the_key_log),
        TEST(the_name_for_tls_may_differ_from_the_host),
        TEST(the_environment_names_roots_unless_it_is_not_trusted),
        TEST(a_large_body_over_tls),
        TEST(tls_to_a_plain_server_is_a_tls_error),
        TEST(a_unix_socket_takes_every_connection),
        TEST(a_unix_socket_that_is_not_there),
        TEST(a_name_is_not_looked_at_if_it_need_not_match),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

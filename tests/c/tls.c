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

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_ca_file),
        TEST(a_ca_in_memory),
        TEST(an_untrusted_certificate_is_a_connect_error),
        TEST(verify_off_trusts_everybody),
        TEST(one_builder_makes_clients_that_trust_differently),
        TEST(a_tls_connection_is_used_again),
        TEST(a_large_body_over_tls),
        TEST(tls_to_a_plain_server_is_a_tls_error),
        TEST(a_unix_socket_takes_every_connection),
        TEST(a_unix_socket_that_is_not_there),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

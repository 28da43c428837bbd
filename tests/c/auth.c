/* Credentials, as the origin server checks them. */
#include "support.h"

#include <sys/stat.h>

typedef httpx_code set_auth(httpx_client_builder *, const uint8_t *, size_t, const uint8_t *, size_t, httpx_error **);

static httpx_client *client_with(set_auth *set, const char *username, const char *password)
{
    httpx_client_builder *builder = new_builder();
    MUST(set(builder, (const uint8_t *)username, strlen(username), (const uint8_t *)password, strlen(password), &err));
    return build(builder);
}

static int status_of(httpx_client *client, const char *url)
{
    httpx_response *response = get(client, url);
    int status = httpx_response_status_code(response);
    httpx_response_free(response);
    return status;
}

static void basic_is_sent_without_being_asked(void)
{
    httpx_client *client = client_with(httpx_client_builder_auth_basic, "me", "secret");
    httpx_response *response = get(client, HTTP("/basic-auth/me/secret"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(httpx_response_history_count(response), 0);
    httpx_response_free(response);
    CHECK_EQ(status_of(client, HTTP("/basic-auth/me/other")), 401);
    httpx_client_free(client);
}

static void digest_answers_a_challenge_and_then_goes_ahead(void)
{
    static const char *const algorithms[] = {"MD5", "SHA-256", "SHA-512"};
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        httpx_client *client = client_with(httpx_client_builder_auth_digest, "me", "secret");
        const char *url = HTTP("/digest-auth/auth/me/secret/%s", algorithms[i]);
        for (int again = 0; again < 3; again++) {
            httpx_response *response = get(client, url), *refusal = NULL;
            CHECK_EQ(httpx_response_status_code(response), 200);
            CHECK_EQ(httpx_response_history_count(response), again == 0);
            if (again == 0) {
                MUST(httpx_response_history_at(response, 0, &refusal, &err));
                CHECK_EQ(httpx_response_status_code(refusal), 401);
                httpx_response_free(refusal);
            }
            httpx_response_free(response);
        }
        httpx_client_free(client);
    }
}

static void digest_protects_a_body(void)
{
    httpx_client *client = client_with(httpx_client_builder_auth_digest, "me", "secret");
    httpx_request *request = new_request(client, "GET", HTTP("/digest-auth/auth-int/me/secret"));
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"body", 4, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_wrong_password_is_not_tried_for_ever(void)
{
    httpx_client *client = client_with(httpx_client_builder_auth_digest, "me", "wrong");
    httpx_response *response = get(client, HTTP("/digest-auth/auth/me/secret"));
    CHECK_EQ(httpx_response_status_code(response), 401);
    CHECK_EQ(httpx_response_history_count(response), 1);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_requests_credentials_come_before_the_clients_and_the_urls(void)
{
    httpx_client *client = client_with(httpx_client_builder_auth_basic, "client", "secret");
    httpx_request *request = new_request(client, "GET", HTTP("/basic-auth/me/secret"));
    MUST(httpx_request_auth_basic(request, (const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);

    request = new_request(client, "GET", HTTP("/basic-auth/client/secret"));
    MUST(httpx_request_auth_none(request, &err));
    response = NULL;
    MUST(httpx_client_send(client, request, 0, &response, &err));
    CHECK_EQ(httpx_response_status_code(response), 401);
    httpx_response_free(response);
    MUST(httpx_request_auth_default(request, &err));
    response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void credentials_in_a_url_are_used(void)
{
    httpx_client *client = new_client();
    char url[512];
    snprintf(url, sizeof url, "http://me:s%%40cret@%s", HTTP("/basic-auth/me/s@cret") + strlen("http://"));
    CHECK_EQ(status_of(client, url), 200);
    httpx_client_free(client);
}

static void a_netrc_file_has_credentials_by_host(void)
{
    char path[] = "/tmp/httpx-netrc-XXXXXX";
    static const char text[] = "machine other login no password no\nmachine 127.0.0.1 login me password secret\n";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(fd);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_auth_netrc(builder, path, strlen(path), &err));
    unlink(path);
    httpx_client *client = build(builder);
    CHECK_EQ(status_of(client, HTTP("/basic-auth/me/secret")), 200);
    httpx_client_free(client);
}

static void a_netrc_file_that_cannot_be_read_is_said_so(void)
{
    httpx_client_builder *builder = new_builder();
    FAILS(httpx_client_builder_auth_netrc(builder, "/no/such/file", 13, &err), HTTPX_E_FILE_NOT_FOUND);
    httpx_client_builder_free(builder);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(basic_is_sent_without_being_asked),
        TEST(digest_answers_a_challenge_and_then_goes_ahead),
        TEST(digest_protects_a_body),
        TEST(a_wrong_password_is_not_tried_for_ever),
        TEST(a_requests_credentials_come_before_the_clients_and_the_urls),
        TEST(credentials_in_a_url_are_used),
        TEST(a_netrc_file_has_credentials_by_host),
        TEST(a_netrc_file_that_cannot_be_read_is_said_so),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

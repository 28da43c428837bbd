/* Digest as Apache's mod_auth_digest asks for it: MD5, qop "auth", a domain. */
#include "peers.h"

static httpx_client *client_of(const char *password)
{
    httpx_client_builder *builder = peer_builder();
    MUST(httpx_client_builder_auth_digest(builder, (const uint8_t *)"user", 4, (const uint8_t *)password,
                                          strlen(password), &err));
    return build(builder);
}

static void a_challenge_is_answered_once(void)
{
    httpx_client *client = client_of("secret");
    for (int again = 0; again < 3; again++) {
        httpx_response *response = get(client, PEER("/private/hello.txt"));
        check_file(response, "private/hello.txt");
        CHECK_EQ(httpx_response_history_count(response), again == 0);
        httpx_response_free(response);
    }
    httpx_client_free(client);
}

/* The URI in the answer has the query, and is what was sent. */
static void a_query_is_part_of_the_answer(void)
{
    httpx_client *client = client_of("secret");
    CHECK_EQ(status_of(client, PEER("/private/hello.txt?a=b%%20c&d=%%C3%%A9")), 200);
    CHECK_EQ(status_of(client, PEER("/private/hello.txt?other")), 200);
    CHECK_EQ(status_of(client, PEER("/private/missing")), 404);
    httpx_client_free(client);
}

static void a_wrong_password_is_refused(void)
{
    httpx_client *client = client_of("wrong");
    CHECK_EQ(status_of(client, PEER("/private/hello.txt")), 401);
    CHECK_EQ(status_of(client, PEER("/hello.txt")), 200);
    httpx_client_free(client);
}

static void nobody_gets_in_without_credentials(void)
{
    httpx_client *client = peer_client();
    CHECK_EQ(status_of(client, PEER("/private/hello.txt")), 401);
    httpx_client_free(client);
}

static const test_case tests[] = {
    TEST(a_challenge_is_answered_once),
    TEST(a_query_is_part_of_the_answer),
    TEST(a_wrong_password_is_refused),
    TEST(nobody_gets_in_without_credentials),
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests);
}

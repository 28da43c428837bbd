/* What nghttpd, of HTTP/2's reference implementation, does that other servers do not. */
#include "peers.h"

static void trailers_come_after_the_body(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/hello.txt"));
    const uint8_t *name = NULL, *value = NULL;
    size_t name_len = 0, value_len = 0;
    CHECK_EQ(httpx_response_trailer_count(response), 1);
    MUST(httpx_response_trailer_at(response, 0, &name, &name_len, &value, &value_len, &err));
    CHECK_TEXT(name, name_len, "x-finished");
    CHECK_TEXT(value, value_len, "yes");
    httpx_response_free(response);
    httpx_client_free(client);
}

/* More than the windows hold that HTTP/2 begins with, in both directions. */
static void a_large_body_goes_there_and_back(void)
{
    size_t size = 0, len = 0;
    const uint8_t *file = served_file("big.bin", &size), *body = NULL;
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "POST", PEER("/echo"));
    MUST(httpx_request_body_bytes(request, file, size, &err));
    httpx_response *response = send_request(client, request, 0);
    MUST(httpx_response_content(response, &body, &len, &err));
    CHECK(len == size && memcmp(body, file, size) == 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

static const test_case tests[] = {
    TEST(trailers_come_after_the_body),
    TEST(a_large_body_goes_there_and_back),
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests);
}

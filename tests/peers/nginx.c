/* How nginx refuses, hangs up and grows tired of a connection. */
#include "peers.h"

enum { MANY = 60 };

static const char *at(const char *scheme, const char *port, const char *path)
{
    static char rooms[4][256];
    static unsigned turn;
    char *room = rooms[turn++ % 4];
    snprintf(room, sizeof rooms[0], "%s://localhost:%d%s", scheme, peer_port(port), path);
    return room;
}

/* It ends each connection after twenty requests: with "Connection: close", or with a GOAWAY. */
static void one_after_another_over_connections_that_end(void)
{
    httpx_client *client = peer_client();
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(status_of(client, at("https", "restless", "/hello.txt")), 200);
    httpx_client_free(client);
}

static void many_at_once_over_connections_that_end(void)
{
    httpx_client *client = peer_client();
    httpx_queue *queue = new_queue();
    tally t = {0};
    for (int i = 0; i < MANY; i++)
        submit(client, queue, at("https", "restless", "/text.txt"), &t, NULL);
    dispatch_until(queue, &t, MANY);
    CHECK_EQ(atomic_load(&t.answered), MANY);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* The body is larger than the server takes, and larger than the socket: the answer comes while it is being sent. */
static void a_body_that_is_too_large_is_answered(void)
{
    static uint8_t body[4 << 20];
    httpx_client *client = peer_client();
    for (int i = 0; i < 5; i++) {
        httpx_request *request = new_request(client, "POST", at("https", "https", "/small"));
        MUST(httpx_request_body_bytes(request, body, sizeof body, &err));
        httpx_response *response = send_request(client, request, 0);
        CHECK_EQ(httpx_response_status_code(response), 413);
        httpx_response_free(response);
    }
    CHECK_EQ(status_of(client, at("https", "https", "/hello.txt")), 200);
    httpx_client_free(client);
}

/* With 400; over HTTP/2 with a GOAWAY (ENHANCE_YOUR_CALM), since it reads on until the field is too long for it. */
static void a_head_that_is_too_large_is_refused(void)
{
    static char value[12000];
    memset(value, 'x', sizeof value - 1);
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "GET", at("https", "https", "/hello.txt"));
    set_header(request, "X-Long", value);
    httpx_response *response = NULL;
    if (speaks_http2())
        FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_REMOTE_PROTOCOL);
    else
        GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_OK);
    CHECK_EQ(httpx_response_status_code(response), speaks_http2() ? 0 : 400);
    httpx_request_free(request);
    httpx_response_free(response);
    CHECK_EQ(status_of(client, at("https", "https", "/hello.txt")), 200);
    httpx_client_free(client);
}

static void a_connection_that_is_closed_instead_of_an_answer(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = NULL;
    FAILS(try_get(client, at("https", "https", "/drop"), &response), HTTPX_E_TRANSPORT);
    CHECK_EQ(status_of(client, at("https", "https", "/hello.txt")), 200);
    FAILS(try_get(client, at("https", "https", "/drop"), &response), HTTPX_E_TRANSPORT); /* on a connection in use */
    CHECK_EQ(status_of(client, at("https", "https", "/hello.txt")), 200);
    CHECK(response == NULL);
    httpx_client_free(client);
}

static void http_where_https_is_spoken_and_the_other_way_round(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = NULL;
    CHECK_EQ(status_of(client, at("http", "https", "/hello.txt")), 400);
    FAILS(try_get(client, at("https", "http", "/hello.txt"), &response), HTTPX_E_CONNECT);
    CHECK(response == NULL);
    httpx_client_free(client);
}

static const test_case tests[] = {
    TEST(one_after_another_over_connections_that_end),
    TEST(many_at_once_over_connections_that_end),
    TEST(a_body_that_is_too_large_is_answered),
    TEST(a_head_that_is_too_large_is_refused),
    TEST(a_connection_that_is_closed_instead_of_an_answer),
    TEST(http_where_https_is_spoken_and_the_other_way_round),
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests);
}

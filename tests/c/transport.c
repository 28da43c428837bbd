/* Transports: by themselves, shared by clients, and mounted by URL patterns. */
#include "support.h"

static httpx_transport *new_transport(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = NULL;
    MUST(httpx_transport_new(builder, &transport, &err));
    httpx_client_builder_free(builder);
    return transport;
}

/* The number of the server's connection over which a transport's request goes. */
static long long number_by(httpx_transport *transport)
{
    const char *url = HTTP("/connection");
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    MUST(httpx_transport_request_new(transport, "GET", 3, url, strlen(url), &request, &err));
    MUST(httpx_transport_send(transport, request, &response, &err));
    MUST(httpx_response_read(response, NULL, NULL, &err));
    long long number = json_number(body_of(response), "connection");
    httpx_response_free(response);
    httpx_request_free(request);
    return number;
}

static httpx_client *client_of(httpx_transport *transport)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_transport(builder, transport, &err));
    return build(builder);
}

static void a_transport_carries_requests_without_a_client(void)
{
    httpx_transport *transport = new_transport();
    size_t active = 9, idle = 9, waiting = 9;
    MUST(httpx_transport_connections(transport, &active, &idle, &waiting, &err));
    CHECK_EQ(active + idle + waiting, 0);
    CHECK(number_by(transport) == number_by(transport));
    MUST(httpx_transport_connections(transport, &active, &idle, NULL, &err));
    CHECK_EQ(active, 0);
    CHECK_EQ(idle, 1);
    httpx_transport_free(transport);
}

static void nothing_is_added_to_a_transports_request(void)
{
    httpx_transport *transport = new_transport();
    const char *url = HTTP("/headers");
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    MUST(httpx_transport_request_new(transport, "GET", 3, url, strlen(url), &request, &err));
    CHECK_EQ(httpx_request_header_count(request), 1);
    MUST(httpx_transport_send(transport, request, &response, &err));
    MUST(httpx_response_read(response, NULL, NULL, &err));
    CHECK(strstr(body_of(response), "ccept") == NULL);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_transport_free(transport);
}

static void a_transport_follows_no_redirect(void)
{
    httpx_transport *transport = new_transport();
    const char *url = HTTP("/redirect/1");
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    MUST(httpx_transport_request_new(transport, "GET", 3, url, strlen(url), &request, &err));
    MUST(httpx_transport_send(transport, request, &response, &err));
    CHECK_EQ(httpx_response_status_code(response), 302);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_transport_free(transport);
}

static void clients_share_a_transports_connections(void)
{
    httpx_transport *transport = new_transport();
    httpx_client *one = client_of(transport), *other = client_of(transport);
    long long number = connection_number(one);
    CHECK_EQ(connection_number(other), number);
    MUST(httpx_client_close(one, INFINITY, &err));
    httpx_client_free(one);
    CHECK_EQ(connection_number(other), number);
    CHECK_EQ(number_by(transport), number);
    httpx_transport_free(transport);
    CHECK_EQ(connection_number(other), number);
    httpx_client_free(other);
}

static void a_closed_transport_takes_no_requests(void)
{
    httpx_transport *transport = new_transport(), *owner = httpx_transport_clone(transport);
    httpx_client *client = client_of(transport);
    connection_number(client);
    MUST(httpx_transport_close(owner, INFINITY, &err));
    MUST(httpx_transport_close(transport, 0, &err));
    httpx_response *response = NULL;
    FAILS(try_get(client, HTTP("/get"), &response), HTTPX_E_CLIENT_CLOSED);
    httpx_client_free(client);
    httpx_transport_free(owner);
    httpx_transport_free(transport);
}

static void requests_go_where_their_url_is_mounted(void)
{
    httpx_transport *transport = new_transport();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_mount(builder, "all://127.0.0.1", 15, transport, &err));
    MUST(httpx_client_builder_mount(builder, "all://", 6, NULL, &err));
    httpx_client *client = build(builder);
    long long number = number_by(transport);
    CHECK_EQ(connection_number(client), number);
    /* The same server by another name: not that transport's. */
    char url[64];
    snprintf(url, sizeof url, "http://localhost%s/connection", strrchr(environment("HTTPX_TEST_HTTP"), ':'));
    httpx_response *response = get(client, url);
    CHECK(json_number(body_of(response), "connection") != number);
    httpx_response_free(response);
    httpx_client_free(client);
    httpx_transport_free(transport);
}

static void what_is_no_pattern_is_refused(void)
{
    httpx_client_builder *builder = new_builder();
    FAILS(httpx_client_builder_mount(builder, "http", 4, NULL, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_client_builder_mount(builder, "http://[", 8, NULL, &err), HTTPX_E_INVALID_URL);
    MUST(httpx_client_builder_http1(builder, 0, &err));
    httpx_client *client = NULL;
    httpx_transport *transport = NULL;
    FAILS(httpx_client_builder_build(builder, &client, &err), HTTPX_E_INVALID_CONFIG);
    FAILS(httpx_transport_new(builder, &transport, &err), HTTPX_E_INVALID_CONFIG);
    httpx_client_builder_free(builder);
}

typedef struct outcome {
    int calls;
    int32_t status;
} outcome;

static void note(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    outcome *outcome = user_data;
    outcome->calls++;
    outcome->status = code == HTTPX_OK ? httpx_response_status_code(response) : -1;
    httpx_response_free(response);
    httpx_error_free(error);
}

static void a_queue_carries_a_transports_request(void)
{
    httpx_transport *transport = new_transport();
    httpx_queue *queue = new_queue();
    const char *url = HTTP("/status/201");
    httpx_request *request = NULL;
    outcome outcome = {0, 0};
    MUST(httpx_transport_request_new(transport, "GET", 3, url, strlen(url), &request, &err));
    MUST(httpx_transport_send_async(transport, request, queue, note, &outcome, NULL, NULL, &err));
    httpx_request_free(request);
    httpx_transport_free(transport);
    while (outcome.calls == 0)
        MUST(httpx_queue_dispatch(queue, -1, NULL, &err));
    CHECK_EQ(outcome.calls, 1);
    CHECK_EQ(outcome.status, 201);
    httpx_queue_free(queue);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_transport_carries_requests_without_a_client),
        TEST(nothing_is_added_to_a_transports_request),
        TEST(a_transport_follows_no_redirect),
        TEST(clients_share_a_transports_connections),
        TEST(a_closed_transport_takes_no_requests),
        TEST(requests_go_where_their_url_is_mounted),
        TEST(what_is_no_pattern_is_refused),
        TEST(a_queue_carries_a_transports_request),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

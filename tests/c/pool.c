/* What a program sees of a pool: its limits, and the list of its connections. */
#include "support.h"

static httpx_connections *list_of(httpx_client *client)
{
    httpx_connections *list = NULL;
    MUST(httpx_client_connection_list(client, &list, &err));
    return list;
}

static void a_client_that_did_nothing_has_no_connections(void)
{
    httpx_client *client = new_client();
    httpx_connections *list = list_of(client);
    CHECK_EQ(httpx_connections_len(list), 0);
    CHECK(httpx_connections_origin(list, 0, NULL) == NULL);
    CHECK(httpx_connections_proxy(list, 0, NULL) == NULL);
    CHECK(httpx_connections_repr(list, 0, NULL) == NULL);
    CHECK_EQ(httpx_connections_state(list, 0), 0);
    CHECK(httpx_connections_age(list, 0) == -1.0);
    size_t len;
    const char *pool = httpx_connections_pool_repr(list, &len);
    CHECK_TEXT(pool, len, "<ConnectionPool [Requests: 0 active, 0 queued | Connections: 0 active, 0 idle]>");
    httpx_connections_free(list);
    httpx_client_free(client);
}

static void connections_are_listed_as_they_were(void)
{
    httpx_client *client = new_client();
    httpx_response_free(get(client, HTTP("/get")));
    httpx_response_free(get(client, HTTP("/get")));
    httpx_connections *idle = list_of(client);
    httpx_response *open = get_streamed(client, HTTP("/bytes/3000000"));
    httpx_connections *active = list_of(client);
    httpx_response_free(open);
    httpx_client_free(client); /* a list needs nobody */

    char repr[256];
    size_t len;
    CHECK_EQ(httpx_connections_len(idle), 1);
    CHECK_EQ(httpx_connections_state(idle, 0), HTTPX_CONNECTION_IDLE);
    CHECK_EQ(httpx_connections_requests(idle, 0), 2);
    CHECK_EQ(httpx_connections_is_http2(idle, 0), 0);
    CHECK(httpx_connections_age(idle, 0) >= 0.0);
    const char *origin = httpx_connections_origin(idle, 0, &len);
    CHECK_TEXT(origin, len, HTTP(""));
    snprintf(repr, sizeof repr, "<HTTPConnection ['%s', HTTP/1.1, IDLE, Request Count: 2]>", HTTP(""));
    const char *text = httpx_connections_repr(idle, 0, &len);
    CHECK_TEXT(text, len, repr);
    text = httpx_connections_pool_repr(idle, &len);
    CHECK_TEXT(text, len, "<ConnectionPool [Requests: 0 active, 0 queued | Connections: 0 active, 1 idle]>");

    CHECK_EQ(httpx_connections_state(active, 0), HTTPX_CONNECTION_ACTIVE);
    snprintf(repr, sizeof repr, "<HTTPConnection ['%s', HTTP/1.1, ACTIVE, Request Count: 3]>", HTTP(""));
    text = httpx_connections_repr(active, 0, &len);
    CHECK_TEXT(text, len, repr);
    text = httpx_connections_pool_repr(active, &len);
    CHECK_TEXT(text, len, "<ConnectionPool [Requests: 1 active, 0 queued | Connections: 1 active, 0 idle]>");
    httpx_connections_free(idle);
    httpx_connections_free(active);
}

static void a_transports_connections_are_listed_too(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = NULL;
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    MUST(httpx_transport_new(builder, &transport, &err));
    httpx_client_builder_free(builder);
    const char *url = HTTP("/get");
    MUST(httpx_transport_request_new(transport, "GET", 3, url, strlen(url), &request, &err));
    MUST(httpx_transport_send(transport, request, &response, &err));
    httpx_connections *list = NULL;
    MUST(httpx_transport_connection_list(transport, &list, &err));
    CHECK_EQ(httpx_connections_len(list), 1);
    CHECK_EQ(httpx_connections_state(list, 0), HTTPX_CONNECTION_ACTIVE);
    httpx_connections_free(list);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_transport_free(transport);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_client_that_did_nothing_has_no_connections),
        TEST(connections_are_listed_as_they_were),
        TEST(a_transports_connections_are_listed_too),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

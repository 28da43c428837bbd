/* Connections that another protocol takes over: reading and writing, waiting and on a queue, TLS, and their ends. */
#include "support.h"

static const char switching[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello";

/* Switches to a protocol that says hello and then sends back what it gets. */
static void echo(raw_server *server, int fd)
{
    char room[HEAD_SIZE];
    ssize_t len;
    (void)server;
    if (!raw_read_head(fd, room, sizeof room))
        return;
    raw_say(fd, switching);
    while ((len = recv(fd, room, sizeof room, 0)) > 0)
        raw_say_bytes(fd, room, (size_t)len);
}

static httpx_request *upgrade(httpx_client *client, const raw_server *server)
{
    httpx_request *request = new_request(client, "GET", raw_url(server, "/"));
    MUST(httpx_request_header_set(request, "Connection", 10, (const uint8_t *)"Upgrade", 7, &err));
    MUST(httpx_request_header_set(request, "Upgrade", 7, (const uint8_t *)"echo", 4, &err));
    return request;
}

static httpx_network_stream *network_stream(httpx_client *client, const raw_server *server)
{
    httpx_network_stream *stream = NULL;
    httpx_response *response = send_request(client, upgrade(client, server), 0);
    CHECK_EQ(httpx_response_status_code(response), 101);
    MUST(httpx_response_network_stream(response, &stream, &err));
    FAILS(httpx_response_network_stream(response, &stream, &err), HTTPX_E_INVALID_STATE);
    httpx_response_free(response);
    return stream;
}

static void expect_read(httpx_network_stream *stream, size_t max, const char *wanted)
{
    const uint8_t *data = NULL;
    size_t len = 0;
    MUST(httpx_network_stream_read(stream, max, INFINITY, &data, &len, &err));
    CHECK_TEXT(data, len, wanted);
}

static size_t active(httpx_client *client)
{
    size_t count = 0;
    MUST(httpx_client_connections(client, &count, NULL, NULL, &err));
    return count;
}

static void a_101_gives_a_stream_with_what_has_arrived(void)
{
    raw_server server;
    raw_listen(&server, echo, NULL);
    httpx_client *client = new_client();
    httpx_network_stream *stream = network_stream(client, &server);
    size_t len = 0;
    char peer[64];
    snprintf(peer, sizeof peer, "127.0.0.1:%u", server.port);
    const char *address = httpx_network_stream_peer_address(stream, &len);
    CHECK_TEXT(address, len, peer);
    CHECK(strncmp(httpx_network_stream_local_address(stream, NULL), "127.0.0.1:", 10) == 0);
    CHECK_EQ(active(client), 1);
    expect_read(stream, 2, "he");
    CHECK_EQ(httpx_network_stream_is_readable(stream), 1);
    expect_read(stream, 100, "llo");
    CHECK_EQ(httpx_network_stream_is_readable(stream), 0);
    MUST(httpx_network_stream_write(stream, (const uint8_t *)"ping", 4, 5.0, &err));
    expect_read(stream, 100, "ping");
    const uint8_t *data = NULL;
    FAILS(httpx_network_stream_read(stream, 100, 0.02, &data, &len, &err), HTTPX_E_READ_TIMEOUT);
    FAILS(httpx_network_stream_read(stream, 100, -1.0, &data, &len, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_network_stream_close(stream, &err));
    FAILS(httpx_network_stream_read(stream, 100, 1.0, &data, &len, &err), HTTPX_E_STREAM_CLOSED);
    httpx_network_stream_free(stream);
    CHECK_EQ(active(client), 0);
    httpx_client_free(client);
    raw_stop(&server);
}

static void hello_and_end(raw_server *server, int fd)
{
    char room[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, room, sizeof room))
        raw_say(fd, switching);
}

static void the_peers_end_is_done(void)
{
    raw_server server;
    raw_listen(&server, hello_and_end, NULL);
    httpx_client *client = new_client();
    httpx_network_stream *stream = network_stream(client, &server);
    const uint8_t *data = NULL;
    size_t len = 0;
    expect_read(stream, 100, "hello");
    for (int i = 0; i < 2; i++) {
        GIVES(httpx_network_stream_read(stream, 100, INFINITY, &data, &len, &err), HTTPX_DONE);
        CHECK(data == NULL && len == 0);
    }
    httpx_network_stream_free(stream);
    httpx_client_free(client);
    raw_stop(&server);
}

typedef struct piece {
    httpx_code code;
    char text[64];
    int told;
} piece;

static void keep_piece(void *user_data, httpx_code code, const uint8_t *data, size_t len, httpx_error *error)
{
    piece *p = user_data;
    p->code = code;
    snprintf(p->text, sizeof p->text, "%.*s", (int)len, data != NULL ? (const char *)data : "");
    p->told++;
    httpx_error_free(error);
}

static void keep_done(void *user_data, httpx_code code, httpx_error *error)
{
    piece *p = user_data;
    p->code = code;
    p->told++;
    httpx_error_free(error);
}

static void dispatch_pieces(httpx_queue *queue, const int *told, int wanted)
{
    while (*told < wanted)
        MUST(httpx_queue_dispatch(queue, 10000, NULL, &err));
}

static void a_stream_is_read_and_written_on_a_queue(void)
{
    raw_server server;
    raw_listen(&server, echo, NULL);
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_network_stream *stream = network_stream(client, &server);
    piece p = {0};
    httpx_op *op = NULL;
    MUST(httpx_network_stream_read_async(stream, 100, INFINITY, queue, keep_piece, &p, NULL, NULL, &err));
    dispatch_pieces(queue, &p.told, 1);
    CHECK(p.code == HTTPX_OK && strcmp(p.text, "hello") == 0);
    /* While one waits to read, nobody else does, but everybody may write. */
    MUST(httpx_network_stream_read_async(stream, 100, INFINITY, queue, keep_piece, &p, NULL, NULL, &err));
    MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
    const uint8_t *data = NULL;
    size_t len = 0;
    FAILS(httpx_network_stream_read(stream, 1, 1.0, &data, &len, &err), HTTPX_E_CONCURRENT_USE);
    MUST(httpx_network_stream_write(stream, (const uint8_t *)"pong", 4, 5.0, &err));
    dispatch_pieces(queue, &p.told, 2);
    CHECK(p.code == HTTPX_OK && strcmp(p.text, "pong") == 0);
    /* Cancelling loses nothing. */
    MUST(httpx_network_stream_read_async(stream, 100, INFINITY, queue, keep_piece, &p, NULL, &op, &err));
    httpx_op_cancel(op);
    httpx_op_free(op);
    dispatch_pieces(queue, &p.told, 3);
    CHECK_EQ(p.code, HTTPX_E_CANCELLED);
    MUST(httpx_network_stream_write_async(stream, (const uint8_t *)"ping", 4, 5.0, queue, keep_done, &p, NULL, NULL,
                                          &err));
    dispatch_pieces(queue, &p.told, 4);
    CHECK_EQ(p.code, HTTPX_OK);
    MUST(httpx_network_stream_read_async(stream, 100, INFINITY, queue, keep_piece, &p, NULL, NULL, &err));
    dispatch_pieces(queue, &p.told, 5);
    CHECK(p.code == HTTPX_OK && strcmp(p.text, "ping") == 0);
    httpx_network_stream_free(stream);
    httpx_queue_free(queue);
    httpx_client_free(client);
    raw_stop(&server);
}

static void other_responses_have_no_stream(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/get"));
    httpx_network_stream *stream = NULL;
    FAILS(httpx_response_network_stream(response, &stream, &err), HTTPX_E_INVALID_STATE);
    CHECK(stream == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_stream_that_is_not_taken_goes_with_its_response(void)
{
    raw_server server;
    raw_listen(&server, echo, NULL);
    httpx_client *client = new_client();
    httpx_response_free(send_request(client, upgrade(client, &server), HTTPX_SEND_STREAM));
    CHECK_EQ(active(client), 0);
    httpx_client_free(client);
    raw_stop(&server);
}

static void closing_the_client_cuts_a_stream_off(void)
{
    raw_server server;
    raw_listen(&server, echo, NULL);
    httpx_client *client = new_client();
    httpx_network_stream *stream = network_stream(client, &server);
    const uint8_t *data = NULL;
    size_t len = 0;
    expect_read(stream, 100, "hello");
    MUST(httpx_client_close(client, 0.0, &err));
    FAILS(httpx_network_stream_read(stream, 100, INFINITY, &data, &len, &err), HTTPX_E_CLIENT_CLOSED);
    httpx_network_stream_free(stream);
    httpx_client_free(client);
    raw_stop(&server);
}

/* The echo is no TLS record. */
static void a_failed_handshake_closes_the_stream(void)
{
    raw_server server;
    raw_listen(&server, echo, NULL);
    httpx_client *client = new_client();
    httpx_network_stream *stream = network_stream(client, &server);
    FAILS(httpx_network_stream_start_tls(stream, client, "a.example", 9, 5.0, &err), HTTPX_E_INVALID_STATE);
    expect_read(stream, 100, "hello");
    FAILS(httpx_network_stream_start_tls(stream, client, "a.example", 9, 5.0, &err), HTTPX_E_CONNECT);
    FAILS(httpx_network_stream_write(stream, (const uint8_t *)"x", 1, 1.0, &err), HTTPX_E_STREAM_CLOSED);
    httpx_network_stream_free(stream);
    httpx_client_free(client);
    raw_stop(&server);
}

static void the_socket_of_a_connection_can_be_had(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/1000"));
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    intptr_t fd = -1;
    MUST(httpx_response_socket(response, &fd, &err));
    CHECK(getpeername((int)fd, (struct sockaddr *)&peer, &size) == 0);
    close((int)fd);
    MUST(httpx_response_close(response, &err));
    MUST(httpx_client_close(client, 0.0, &err));
    FAILS(httpx_response_socket(response, &fd, &err), HTTPX_E_INVALID_STATE);
    httpx_response_free(response);
    httpx_client_free(client);

    raw_server server;
    raw_listen(&server, echo, NULL);
    client = new_client();
    httpx_network_stream *stream = network_stream(client, &server);
    MUST(httpx_network_stream_socket(stream, &fd, &err));
    CHECK(getpeername((int)fd, (struct sockaddr *)&peer, &size) == 0);
    close((int)fd);
    httpx_network_stream_free(stream);
    httpx_client_free(client);
    raw_stop(&server);
}

static void a_handshake_can_have_settings_of_its_own(void)
{
    raw_server server;
    raw_listen(&server, echo, NULL);
    httpx_client *client = new_client();
    httpx_tls *tls = NULL;
    httpx_queue *queue = NULL;
    httpx_op *op = NULL;
    MUST(httpx_tls_new(&tls, &err));
    MUST(httpx_queue_new(&queue, &err));
    httpx_network_stream *stream = network_stream(client, &server);
    FAILS(httpx_network_stream_start_tls_with(stream, tls, "a.example", 9, 5.0, &err), HTTPX_E_INVALID_STATE);
    expect_read(stream, 100, "hello");
    MUST(httpx_network_stream_start_tls_with_async(stream, tls, "a.example", 9, 5.0, queue, NULL, NULL, NULL, &op,
                                                   &err));
    while (!httpx_op_is_done(op))
        MUST(httpx_queue_dispatch(queue, -1, NULL, &err));
    FAILS(httpx_op_result(op, &err), HTTPX_E_CONNECT);
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_tls_free(tls);
    httpx_network_stream_free(stream);
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_101_gives_a_stream_with_what_has_arrived),
        TEST(the_peers_end_is_done),
        TEST(a_stream_is_read_and_written_on_a_queue),
        TEST(other_responses_have_no_stream),
        TEST(a_stream_that_is_not_taken_goes_with_its_response),
        TEST(closing_the_client_cuts_a_stream_off),
        TEST(a_failed_handshake_closes_the_stream),
        TEST(the_socket_of_a_connection_can_be_had),
        TEST(a_handshake_can_have_settings_of_its_own),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

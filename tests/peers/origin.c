/* One table of cases for every origin server. What a server cannot do is a word of HTTPX_PEER_LACKS: "coding" (of
 * files), "range", "port" (X-Client-Port, which tells connections apart). */
#include "peers.h"

enum { UPLOAD = 300000, AT_ONCE = 50 };

static void get_gives_the_file(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/hello.txt"));
    check_file(response, "hello.txt");
    CHECK_TEXT(httpx_response_http_version(response, NULL), 8 - 2 * speaks_http2(),
               speaks_http2() ? "HTTP/2" : "HTTP/1.1");
    CHECK_TEXT(body_of(response), body_len(response), "Hello, peer!\n");
    CHECK(strncmp(header_of(response, "content-type"), "text/plain", 10) == 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void head_has_a_length_and_no_body(void)
{
    httpx_client *client = peer_client();
    for (int again = 0; again < 2; again++) {
        httpx_response *response = send_request(client, new_request(client, "HEAD", PEER("/hello.txt")), 0);
        CHECK_EQ(httpx_response_status_code(response), 200);
        CHECK_EQ(atoi(header_of(response, "content-length")), 13);
        CHECK_EQ(body_len(response), 0);
        httpx_response_free(response);
    }
    CHECK_EQ(status_of(client, PEER("/hello.txt")), 200);
    httpx_client_free(client);
}

/* Letters only: some peers give back what they got inside JSON. */
static const uint8_t *upload_text(void)
{
    static uint8_t text[UPLOAD];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)('a' + (i + i / 26) % 26);
    return text;
}

static void check_echo(httpx_response *response, size_t len)
{
    const uint8_t *body = NULL;
    size_t got = 0;
    CHECK_EQ(httpx_response_status_code(response), 200);
    MUST(httpx_response_content(response, &body, &got, &err));
    CHECK(memmem(body, got, upload_text(), len) != NULL);
    httpx_response_free(response);
}

static void a_posted_body_comes_back(void)
{
    httpx_client *client = peer_client();
    static const size_t sizes[] = {1, 1000, UPLOAD};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        httpx_request *request = new_request(client, "POST", PEER("/echo"));
        set_header(request, "Content-Type", "text/plain");
        MUST(httpx_request_body_bytes(request, upload_text(), sizes[i], &err));
        check_echo(send_request(client, request, 0), sizes[i]);
    }
    httpx_client_free(client);
}

typedef struct writer {
    pthread_t thread;
    httpx_pipe *pipe;
    size_t len;
    httpx_code code;
} writer;

static void *write_pieces(void *argument)
{
    writer *w = argument;
    for (size_t done = 0, piece = 1; done < w->len && w->code == HTTPX_OK; done += piece, piece = piece * 3 + 1) {
        piece = piece < w->len - done ? piece : w->len - done;
        w->code = httpx_pipe_write_all(w->pipe, upload_text() + done, piece, NULL);
    }
    if (w->code == HTTPX_OK)
        w->code = httpx_pipe_finish(w->pipe, NULL);
    httpx_pipe_free(w->pipe);
    return NULL;
}

static httpx_response *upload_through_pipe(httpx_client *client, const char *url, writer *w)
{
    httpx_request *request = new_request(client, "POST", url);
    httpx_response *response = NULL;
    upload_text(); /* filled before there are two threads */
    set_header(request, "Content-Type", "text/plain");
    MUST(httpx_request_body_pipe(request, -1, 0, &w->pipe, &err));
    REQUIRE(pthread_create(&w->thread, NULL, write_pieces, w) == 0);
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_OK);
    pthread_join(w->thread, NULL);
    httpx_request_free(request);
    REQUIRE(response != NULL);
    return response;
}

static void an_upload_of_unknown_length_comes_back(void)
{
    httpx_client *client = peer_client();
    writer w = {.len = UPLOAD};
    check_echo(upload_through_pipe(client, PEER("/echo"), &w), UPLOAD);
    CHECK_EQ(w.code, HTTPX_OK);
    httpx_client_free(client);
}

/* Servers read it, or refuse it and close, early or late; the client has an answer either way. */
static void an_upload_where_none_is_taken_is_answered(void)
{
    httpx_client *client = peer_client();
    writer w = {.len = UPLOAD};
    httpx_response *response = upload_through_pipe(client, PEER("/hello.txt"), &w);
    CHECK(httpx_response_status_code(response) >= 200);
    CHECK(w.code == HTTPX_OK || w.code == HTTPX_E_STREAM_CLOSED);
    httpx_response_free(response);
    CHECK_EQ(status_of(client, PEER("/hello.txt")), 200);
    httpx_client_free(client);
}

static void a_megabyte_arrives(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/big.bin"));
    CHECK_EQ(body_len(response), 1 << 20);
    check_file(response, "big.bin");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_megabyte_is_streamed(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get_streamed(client, PEER("/big.bin"));
    httpx_stream *stream = new_stream(response, 10000);
    size_t size, len, done = 0;
    const uint8_t *wanted = served_file("big.bin", &size), *piece;
    httpx_code code;
    while ((code = httpx_stream_next(stream, &piece, &len, &err)) == HTTPX_OK) {
        REQUIRE(done + len <= size && memcmp(piece, wanted + done, len) == 0);
        done += len;
    }
    GIVES(code, HTTPX_DONE);
    CHECK_EQ(done, size);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void check_connections(httpx_client *client, size_t idle)
{
    size_t active = 9, at_rest = 9, waiting = 9;
    MUST(httpx_client_connections(client, &active, &at_rest, &waiting, &err));
    CHECK_EQ(active, 0);
    CHECK_EQ(at_rest, idle);
    CHECK_EQ(waiting, 0);
}

static void connections_are_kept_and_used_again(void)
{
    httpx_client *client = peer_client();
    char first[16] = "";
    for (int i = 0; i < 5; i++) {
        httpx_response *response = get(client, i % 2 == 0 ? PEER("/hello.txt") : PEER("/missing"));
        const char *port = header_of(response, "x-client-port");
        if (!peer_lacks("port")) {
            CHECK(port[0] != '\0');
            if (i == 0)
                snprintf(first, sizeof first, "%s", port);
            CHECK_TEXT(port, strlen(port), first);
        }
        httpx_response_free(response);
        check_connections(client, 1);
    }
    httpx_client_free(client);
}

/* HTTP/2 has no such header. */
static void a_connection_that_the_server_closes_is_not_used_again(void)
{
    httpx_client *client = peer_client();
    for (int i = 0; i < 2; i++) {
        httpx_request *request = new_request(client, "GET", PEER("/hello.txt"));
        set_header(request, "Connection", "close");
        httpx_response *response = send_request(client, request, 0);
        check_file(response, "hello.txt");
        httpx_response_free(response);
        check_connections(client, 0);
    }
    httpx_client_free(client);
}

static void a_coded_text_is_decoded(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/text.txt"));
    check_file(response, "text.txt");
    if (!peer_lacks("coding")) {
        const char *coding = header_of(response, "content-encoding");
        CHECK_TEXT(coding, strlen(coding), environment("HTTPX_PEER_CODING"));
        CHECK(httpx_response_num_bytes_downloaded(response) < body_len(response) / 2);
    }
    httpx_response_free(response);
    httpx_client_free(client);
}

static void what_is_not_there_is_404(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/missing"));
    CHECK_EQ(httpx_response_status_code(response), 404);
    FAILS(httpx_response_raise_for_status(response, &err), HTTPX_E_HTTP_STATUS);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_redirect_is_followed_when_asked(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/dir"));
    CHECK(httpx_response_status_code(response) == 301 || httpx_response_status_code(response) == 308);
    CHECK(httpx_response_has_redirect_location(response));
    httpx_response_free(response);
    response = send_request(client, new_request(client, "GET", PEER("/dir")), HTTPX_SEND_FOLLOW_REDIRECTS);
    CHECK_EQ(httpx_response_history_count(response), 1);
    check_file(response, "dir/index.html");
    httpx_response_free(response);
    check_connections(client, 1);
    httpx_client_free(client);
}

static void a_part_of_a_file(void)
{
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "GET", PEER("/big.bin"));
    set_header(request, "Range", "bytes=1000-1999");
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 206);
    const char *range = header_of(response, "content-range");
    CHECK_TEXT(range, strlen(range), "bytes 1000-1999/1048576");
    check_body(response, "big.bin", 1000, 1000);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* Of a body that is left unread the rest is not waited for. HTTP/1.1 has to close the connection for that. */
static void an_early_close_ends_the_exchange(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get_streamed(client, PEER("/big.bin"));
    httpx_stream *stream = new_stream(response, 1000);
    const uint8_t *piece;
    size_t len;
    MUST(httpx_stream_next(stream, &piece, &len, &err));
    CHECK_EQ(len, 1000);
    httpx_stream_free(stream);
    httpx_response_free(response);
    check_connections(client, speaks_http2() ? 1 : 0);
    CHECK_EQ(status_of(client, PEER("/hello.txt")), 200);
    check_connections(client, 1);
    httpx_client_free(client);
}

static void get_many(httpx_client *client)
{
    httpx_queue *queue = new_queue();
    tally t = {0};
    for (int i = 0; i < AT_ONCE; i++)
        submit(client, queue, i % 5 == 0 ? PEER("/big.bin") : PEER("/text.txt"), &t, NULL);
    dispatch_until(queue, &t, AT_ONCE);
    CHECK_EQ(atomic_load(&t.answered), AT_ONCE);
    CHECK_EQ(atomic_load(&t.destroyed), AT_ONCE);
    if (speaks_http2())
        check_connections(client, 1);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void fifty_at_once(void)
{
    get_many(peer_client());
}

static void fifty_over_four_connections(void)
{
    httpx_client_builder *builder = peer_builder();
    MUST(httpx_client_builder_limits(builder, 4, 4, HTTPX_UNSET, &err));
    MUST(httpx_client_builder_timeout(builder, HTTPX_UNSET, HTTPX_UNSET, HTTPX_UNSET, 30, &err));
    get_many(build(builder));
}

static void what_the_connection_tells(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/hello.txt"));
    const uint8_t *der = NULL;
    size_t len = 0;
    const char *address = httpx_response_peer_address(response, NULL);
    CHECK(strcmp(strrchr(address, ':'), strrchr(environment("HTTPX_PEER_URL"), ':')) == 0);
    CHECK_TEXT(httpx_response_tls_version(response, NULL), 7, "TLSv1.3");
    const char *alpn = httpx_response_tls_alpn(response, &len);
    CHECK_TEXT(alpn, len, speaks_http2() ? "h2" : "http/1.1");
    MUST(httpx_response_tls_certificate(response, 1, &der, &len, &err)); /* the intermediate */
    CHECK(len > 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

static int was_resumed(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/text.txt"));
    int resumed = httpx_response_tls_resumed(response);
    httpx_response_free(response);
    httpx_client_free(client);
    return resumed;
}

static void sessions_are_resumed_by_the_next_client(void)
{
    was_resumed();
    CHECK_EQ(was_resumed(), 1);
}

static const peer_test tests[] = {
    {TEST(get_gives_the_file), NULL},
    {TEST(head_has_a_length_and_no_body), NULL},
    {TEST(a_posted_body_comes_back), NULL},
    {TEST(an_upload_of_unknown_length_comes_back), NULL},
    {TEST(an_upload_where_none_is_taken_is_answered), NULL},
    {TEST(a_megabyte_arrives), NULL},
    {TEST(a_megabyte_is_streamed), NULL},
    {TEST(connections_are_kept_and_used_again), NULL},
    {TEST(a_connection_that_the_server_closes_is_not_used_again), "http1"},
    {TEST(a_coded_text_is_decoded), NULL},
    {TEST(what_is_not_there_is_404), NULL},
    {TEST(a_redirect_is_followed_when_asked), NULL},
    {TEST(a_part_of_a_file), "range"},
    {TEST(an_early_close_ends_the_exchange), NULL},
    {TEST(what_the_connection_tells), "tls"},
    {TEST(sessions_are_resumed_by_the_next_client), "tls"},
    {TEST(fifty_at_once), NULL},
    {TEST(fifty_over_four_connections), NULL},
    {{NULL, NULL}, NULL},
};

int main(int argc, char **argv)
{
    return run_peer_tests(argc, argv, tests);
}

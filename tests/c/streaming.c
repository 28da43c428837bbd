/* Streaming downloads, blocking: chunks, the states of a body, and what becomes of the connection. */
#include "support.h"

/* Reads the stream to its end; returns the number of bytes. */
static size_t drain(httpx_stream *stream, size_t *chunks)
{
    const uint8_t *chunk;
    size_t len, total = 0;
    httpx_code code;
    while ((code = httpx_stream_next(stream, &chunk, &len, &err)) == HTTPX_OK) {
        CHECK(len > 0);
        total += len;
        *chunks += 1;
    }
    GIVES(code, HTTPX_DONE);
    return total;
}

static void all_the_bytes_arrive(void)
{
    httpx_client *client = new_client();
    long long before = connection_number(client);
    httpx_response *response = get_streamed(client, HTTP("/bytes/300000"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(!httpx_response_is_closed(response));
    httpx_stream *stream = new_stream(response, 0);
    CHECK(httpx_response_is_closed(response)); /* the body is the stream's */
    size_t chunks = 0;
    CHECK_EQ(drain(stream, &chunks), 300000);
    const uint8_t *chunk;
    size_t len;
    GIVES(httpx_stream_next(stream, &chunk, &len, &err), HTTPX_DONE); /* and stays so */
    CHECK_EQ(httpx_stream_num_bytes_downloaded(stream), 300000);
    httpx_stream_free(stream);
    httpx_response_free(response);
    CHECK_EQ(connection_number(client), before); /* a body that was read to its end keeps the connection */
    httpx_client_free(client);
}

static void chunks_have_the_size_that_was_asked_for(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/10500"));
    httpx_stream *stream = new_stream(response, 1000);
    const uint8_t *chunk;
    size_t len;
    for (int i = 0; i < 10; i++) {
        MUST(httpx_stream_next(stream, &chunk, &len, &err));
        CHECK_EQ(len, 1000);
    }
    MUST(httpx_stream_next(stream, &chunk, &len, &err));
    CHECK_EQ(len, 500);
    GIVES(httpx_stream_next(stream, &chunk, &len, &err), HTTPX_DONE);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void raw_chunks_of_a_chunked_body(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/stream/3"));
    httpx_stream *stream = NULL;
    MUST(httpx_response_stream(response, HTTPX_STREAM_RAW, 0, &stream, &err));
    size_t chunks = 0;
    CHECK(drain(stream, &chunks) > 0);
    CHECK(chunks > 0);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void raw_is_as_sent_and_bytes_are_decoded(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/gzip"));
    httpx_stream *stream = NULL;
    const uint8_t *chunk;
    size_t len;
    MUST(httpx_response_stream(response, HTTPX_STREAM_RAW, 2, &stream, &err));
    MUST(httpx_stream_next(stream, &chunk, &len, &err));
    CHECK(len == 2 && chunk[0] == 0x1f && chunk[1] == 0x8b); /* RFC 1952 section 2.3.1 */
    httpx_stream_free(stream);
    httpx_response_free(response);

    response = get_streamed(client, HTTP("/gzip"));
    stream = new_stream(response, 1);
    MUST(httpx_stream_next(stream, &chunk, &len, &err));
    CHECK_TEXT(chunk, len, "{");
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void an_empty_body_is_done_at_once(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/status/204"));
    httpx_stream *stream = new_stream(response, 0);
    size_t chunks = 0;
    CHECK_EQ(drain(stream, &chunks), 0);
    CHECK_EQ(chunks, 0);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void content_before_read_is_response_not_read(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/1000"));
    const uint8_t *body;
    size_t len = 0;
    double seconds;
    FAILS(httpx_response_content(response, &body, &len, &err), HTTPX_E_RESPONSE_NOT_READ);
    CHECK(httpx_code_is_error(httpx_response_elapsed(response, &seconds, NULL))); /* not closed yet */
    MUST(httpx_response_read(response, &body, &len, &err));
    CHECK_EQ(len, 1000);
    MUST(httpx_response_read(response, &body, &len, &err)); /* again: the same */
    CHECK_EQ(len, 1000);
    CHECK_EQ(body_len(response), 1000);
    GIVES(httpx_response_elapsed(response, &seconds, &err), HTTPX_OK);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_read_body_can_be_streamed_from_memory(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/bytes/1000"));
    for (int i = 0; i < 2; i++) {
        size_t chunks = 0;
        httpx_stream *stream = new_stream(response, 300);
        CHECK_EQ(drain(stream, &chunks), 1000);
        CHECK_EQ(chunks, 4);
        httpx_stream_free(stream);
    }
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_streamed_body_is_consumed(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/1000"));
    httpx_stream *stream = new_stream(response, 0), *second = NULL;
    size_t chunks = 0, len;
    const uint8_t *body;
    CHECK_EQ(drain(stream, &chunks), 1000);
    httpx_stream_free(stream);
    FAILS(httpx_response_stream(response, HTTPX_STREAM_BYTES, 0, &second, &err), HTTPX_E_STREAM_CONSUMED);
    CHECK(second == NULL);
    FAILS(httpx_response_read(response, &body, &len, &err), HTTPX_E_STREAM_CONSUMED);
    FAILS(httpx_response_content(response, &body, &len, &err), HTTPX_E_RESPONSE_NOT_READ);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_closed_response_cannot_be_read(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/1000"));
    httpx_stream *stream = NULL;
    const uint8_t *body;
    size_t len;
    MUST(httpx_response_close(response, &err));
    GIVES(httpx_response_close(response, &err), HTTPX_OK); /* twice is fine */
    CHECK(httpx_response_is_closed(response));
    FAILS(httpx_response_read(response, &body, &len, &err), HTTPX_E_STREAM_CLOSED);
    FAILS(httpx_response_stream(response, HTTPX_STREAM_BYTES, 0, &stream, &err), HTTPX_E_STREAM_CLOSED);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_closed_stream_gives_no_more(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/100000"));
    httpx_stream *stream = new_stream(response, 10);
    const uint8_t *chunk;
    size_t len;
    MUST(httpx_stream_next(stream, &chunk, &len, &err));
    MUST(httpx_stream_close(stream, &err));
    GIVES(httpx_stream_close(stream, &err), HTTPX_OK);
    FAILS(httpx_stream_next(stream, &chunk, &len, &err), HTTPX_E_STREAM_CLOSED);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_stream_outlives_its_response_and_client(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/bytes/200000"));
    httpx_stream *stream = new_stream(response, 0);
    httpx_response_free(response);
    httpx_client_free(client);
    size_t chunks = 0;
    CHECK_EQ(drain(stream, &chunks), 200000);
    httpx_stream_free(stream);
}

/* Sends a head and a part of the body, and notes in `argument` when the client has closed. */
static void part_of_a_body(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    if (!raw_read_head(fd, head, sizeof head))
        return;
    raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    raw_drain(fd);
    atomic_fetch_add((atomic_int *)server->argument, 1);
}

static void closing_an_unread_response_closes_its_connection(void)
{
    static raw_server server;
    static atomic_int closed;
    atomic_store(&closed, 0);
    raw_listen(&server, part_of_a_body, &closed);
    httpx_client *client = new_client();
    /* One connection is served after the other: the second get would hang had the first close not reached the server.
     */
    for (int i = 0; i < 2; i++) {
        httpx_response *response = get_streamed(client, raw_url(&server, "/"));
        MUST(httpx_response_close(response, &err));
        httpx_response_free(response);
    }
    for (int i = 0; i < 2; i++)
        httpx_response_free(get_streamed(client, raw_url(&server, "/"))); /* freeing closes too */
    httpx_client_free(client);
    raw_stop(&server);
    CHECK_EQ(atomic_load(&server.accepted), 4);
    CHECK_EQ(atomic_load(&closed), 4);
}

/* Half a body, then the end. */
static void cut_body(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf!");
}

static void a_cut_body_fails_after_its_last_chunk(void)
{
    static raw_server server;
    raw_listen(&server, cut_body, NULL);
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    httpx_stream *stream = new_stream(response, 0);
    const uint8_t *chunk;
    size_t len, total = 0;
    httpx_code code;
    while ((code = httpx_stream_next(stream, &chunk, &len, &err)) == HTTPX_OK)
        total += len;
    FAILS(code, HTTPX_E_INCOMPLETE_BODY);
    CHECK_EQ(total, 5);
    CHECK(httpx_code_is_error(httpx_stream_next(stream, &chunk, &len, NULL)));
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

static void with_trailers(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (raw_read_head(fd, head, sizeof head))
        raw_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n"
                    "X-Checksum: abc\r\nx-LAST: 1\r\n\r\n");
}

static void trailers_come_with_the_end(void)
{
    static raw_server server;
    raw_listen(&server, with_trailers, NULL);
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    const uint8_t *name, *value;
    size_t name_len, value_len;
    CHECK_EQ(httpx_response_trailer_count(response), 0);
    MUST(httpx_response_read(response, NULL, NULL, &err));
    CHECK_TEXT(body_of(response), body_len(response), "body");
    CHECK_EQ(httpx_response_trailer_count(response), 2);
    MUST(httpx_response_trailer_at(response, 1, &name, &name_len, &value, &value_len, &err));
    CHECK_EQ(name[name_len] + value[value_len], '\0');
    CHECK_TEXT(name, name_len, "x-LAST");
    CHECK_TEXT(value, value_len, "1");
    FAILS(httpx_response_trailer_at(response, 2, &name, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(all_the_bytes_arrive),
        TEST(chunks_have_the_size_that_was_asked_for),
        TEST(raw_chunks_of_a_chunked_body),
        TEST(raw_is_as_sent_and_bytes_are_decoded),
        TEST(an_empty_body_is_done_at_once),
        TEST(content_before_read_is_response_not_read),
        TEST(a_read_body_can_be_streamed_from_memory),
        TEST(a_streamed_body_is_consumed),
        TEST(a_closed_response_cannot_be_read),
        TEST(a_closed_stream_gives_no_more),
        TEST(a_stream_outlives_its_response_and_client),
        TEST(closing_an_unread_response_closes_its_connection),
        TEST(a_cut_body_fails_after_its_last_chunk),
        TEST(trailers_come_with_the_end),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

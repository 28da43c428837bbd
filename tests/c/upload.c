/* Upload bodies: bytes, owned memory, files and pipes; and what becomes of them when the server or the writer ends
 * early. The server's /upload answers with the size and the SHA-256 of what it got. */
#include "support.h"

enum { MILLION = 1000000 };

static const char SHA_OF_MILLION_A[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"; /* FIPS 180 */
static const char SHA_OF_ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char SHA_OF_NOTHING[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static uint8_t *million_a(void)
{
    uint8_t *body = malloc(MILLION);
    REQUIRE(body != NULL);
    memset(body, 'a', MILLION);
    return body;
}

static httpx_request *new_upload(httpx_client *client)
{
    return new_request(client, "POST", HTTP("/upload"));
}

static void check_upload(httpx_response *response, long long size, const char *sha)
{
    CHECK_EQ(httpx_response_status_code(response), 200);
    const char *body = body_of(response);
    CHECK_EQ(json_number(body, "size"), size);
    const char *hash = json_value(body, "sha256");
    CHECK(hash != NULL && strncmp(hash + 1, sha, 64) == 0);
    httpx_response_free(response);
}

/* ---- bytes ---- */

static void bytes_are_copied(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    uint8_t *body = million_a();
    MUST(httpx_request_body_bytes(request, body, MILLION, &err));
    memset(body, 'b', MILLION);
    free(body);
    check_upload(send_request(client, request, 0), MILLION, SHA_OF_MILLION_A);
    httpx_client_free(client);
}

static void a_later_body_replaces_an_earlier_one(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"something longer", 16, &err));
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"abc", 3, &err));
    check_upload(send_request(client, request, 0), 3, SHA_OF_ABC);
    httpx_client_free(client);
}

static void an_empty_body(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    check_upload(send_request(client, request, 0), 0, SHA_OF_NOTHING);
    httpx_client_free(client);
}

/* ---- owned memory ---- */

static void owned_memory_is_destroyed_once_after_its_last_use(void)
{
    atomic_int destroyed = 0;
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    uint8_t *body = million_a();
    MUST(httpx_request_body_owned(request, body, MILLION, &destroyed, count_destroy, &err));
    for (int i = 0; i < 2; i++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        check_upload(response, MILLION, SHA_OF_MILLION_A);
    }
    CHECK_EQ(atomic_load(&destroyed), 0); /* the request can still be sent */
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&destroyed), 1);
    free(body);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&destroyed), 1);
}

static void owned_memory_that_was_never_sent_is_destroyed_too(void)
{
    atomic_int destroyed = 0;
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_owned(request, (const uint8_t *)"abc", 3, &destroyed, count_destroy, &err));
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"abc", 3, &err)); /* replaced */
    CHECK_EQ(atomic_load(&destroyed), 1);
    MUST(httpx_request_body_owned(request, (const uint8_t *)"abc", 3, &destroyed, count_destroy, &err));
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&destroyed), 2);
    httpx_client_free(client);
}

static void count_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    CHECK_EQ(code, HTTPX_OK);
    atomic_fetch_add((atomic_int *)user_data, 1);
    if (response != NULL)
        check_upload(response, MILLION, SHA_OF_MILLION_A);
    httpx_error_free(error);
}

/* The request is freed while the body is on its way, so the operation is its last user. */
static void owned_memory_of_an_operation_is_destroyed_once(void)
{
    atomic_int destroyed = 0, answered = 0;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_request *request = new_upload(client);
    uint8_t *body = million_a();
    MUST(httpx_request_body_owned(request, body, MILLION, &destroyed, count_destroy, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, count_response, &answered, NULL, NULL, &err));
    httpx_request_free(request);
    while (atomic_load(&answered) == 0)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    httpx_queue_free(queue);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&destroyed), 1);
    CHECK_EQ(atomic_load(&answered), 1);
    free(body);
}

/* ---- files ---- */

static void temporary_file(char *path, size_t size, size_t bytes)
{
    snprintf(path, size, "/tmp/httpx-test-%ld.upload", (long)getpid());
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    uint8_t *body = million_a();
    CHECK_EQ(fwrite(body, 1, bytes, file), bytes);
    free(body);
    CHECK_EQ(fclose(file), 0);
}

static void a_file_is_sent_with_its_length(void)
{
    char path[128];
    temporary_file(path, sizeof path, MILLION);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_file(request, path, strlen(path), &err));
    unlink(path); /* it was opened by the call */
    for (int i = 0; i < 2; i++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        check_upload(response, MILLION, SHA_OF_MILLION_A);
    }
    httpx_request_free(request);
    httpx_client_free(client);
}

static void an_empty_file(void)
{
    char path[128];
    temporary_file(path, sizeof path, 0);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_file(request, path, strlen(path), &err));
    unlink(path);
    check_upload(send_request(client, request, 0), 0, SHA_OF_NOTHING);
    httpx_client_free(client);
}

static void a_file_that_shrinks_is_an_error(void)
{
    char path[128];
    temporary_file(path, sizeof path, MILLION);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_response *response = NULL;
    MUST(httpx_request_body_file(request, path, strlen(path), &err));
    CHECK_EQ(truncate(path, 10), 0);
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
    unlink(path);
    httpx_request_free(request);
    CHECK(connection_number(client) > 0);
    httpx_client_free(client);
}

/* ---- pipes ---- */

typedef struct writer {
    httpx_pipe *pipe;
    pthread_t thread;
    size_t piece;
    httpx_code code; /* of the last write */
    int abandon;     /* free without finish, half-way */
} writer;

static void *write_million(void *argument)
{
    writer *w = argument;
    uint8_t *piece = malloc(w->piece);
    memset(piece, 'a', w->piece);
    size_t total = w->abandon ? MILLION / 2 : MILLION;
    for (size_t sent = 0; sent < total && !httpx_code_is_error(w->code); sent += w->piece)
        w->code = httpx_pipe_write_all(w->pipe, piece, w->piece, NULL);
    if (!w->abandon && !httpx_code_is_error(w->code))
        w->code = httpx_pipe_finish(w->pipe, NULL);
    httpx_pipe_free(w->pipe);
    free(piece);
    return NULL;
}

static httpx_request *piped_upload(httpx_client *client, writer *w, long long content_length, size_t piece)
{
    httpx_request *request = new_upload(client);
    memset(w, 0, sizeof *w);
    w->piece = piece;
    MUST(httpx_request_body_pipe(request, content_length, 4096, &w->pipe, &err));
    return request;
}

static void write_all_from_a_second_thread(long long content_length, size_t piece)
{
    writer w;
    httpx_client *client = new_client();
    httpx_request *request = piped_upload(client, &w, content_length, piece);
    REQUIRE(pthread_create(&w.thread, NULL, write_million, &w) == 0);
    check_upload(send_request(client, request, 0), MILLION, SHA_OF_MILLION_A);
    pthread_join(w.thread, NULL);
    CHECK_EQ(w.code, HTTPX_OK);
    httpx_client_free(client);
}

static void a_pipe_of_known_length(void)
{
    write_all_from_a_second_thread(MILLION, 1000);
}

static void a_chunked_pipe(void)
{
    write_all_from_a_second_thread(-1, 100000); /* pieces larger than the pipe */
}

static void a_full_pipe_says_again(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_pipe *pipe = NULL;
    static const uint8_t piece[1000];
    size_t written = 0, total = 0;
    httpx_code code;
    MUST(httpx_request_body_pipe(request, -1, 2500, &pipe, &err));
    while ((code = httpx_pipe_write(pipe, piece, sizeof piece, &written, &err)) == HTTPX_OK && total < 100000)
        total += written;
    GIVES(code, HTTPX_AGAIN); /* nobody sends: it never blocks */
    CHECK_EQ(written, 0);
    CHECK_EQ(total, 2500);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void an_abandoned_pipe_fails_the_request(void)
{
    writer w;
    httpx_client *client = new_client();
    httpx_request *request = piped_upload(client, &w, -1, 1000);
    httpx_response *response = NULL;
    w.abandon = 1;
    REQUIRE(pthread_create(&w.thread, NULL, write_million, &w) == 0);
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_HTTP);
    pthread_join(w.thread, NULL);
    CHECK_EQ(w.code, HTTPX_OK);
    httpx_request_free(request);
    CHECK(connection_number(client) > 0);
    httpx_client_free(client);
}

static void too_few_bytes_are_a_local_protocol_error(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_pipe *pipe = NULL;
    httpx_response *response = NULL;
    size_t written = 0;
    MUST(httpx_request_body_pipe(request, 10, 0, &pipe, &err));
    MUST(httpx_pipe_write(pipe, (const uint8_t *)"abc", 3, &written, &err));
    CHECK_EQ(written, 3);
    httpx_code finished = httpx_pipe_finish(pipe, &err); /* may know it at once */
    if (httpx_code_is_error(finished))
        FAILS(finished, HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void too_many_bytes_are_a_local_protocol_error(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_pipe *pipe = NULL;
    httpx_response *response = NULL;
    size_t written = 0;
    MUST(httpx_request_body_pipe(request, 3, 0, &pipe, &err));
    httpx_code code = httpx_pipe_write(pipe, (const uint8_t *)"abcdef", 6, &written, &err);
    if (code == HTTPX_OK) {
        MUST(httpx_pipe_finish(pipe, &err));
        code = httpx_client_send(client, request, 0, &response, &err);
    }
    FAILS(code, HTTPX_E_LOCAL_PROTOCOL);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_pipe_of_a_request_that_was_freed(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_pipe *pipe = NULL;
    MUST(httpx_request_body_pipe(request, -1, 100, &pipe, &err));
    httpx_request_free(request);
    static const uint8_t piece[1000];
    CHECK(httpx_code_is_error(httpx_pipe_write_all(pipe, piece, sizeof piece, NULL))); /* nobody will ever read it */
    httpx_pipe_free(pipe);
    httpx_client_free(client);
}

static void a_pipe_body_cannot_be_sent_twice(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_pipe *pipe = NULL;
    httpx_response *response = NULL;
    MUST(httpx_request_body_pipe(request, -1, 0, &pipe, &err));
    MUST(httpx_pipe_write_all(pipe, (const uint8_t *)"abc", 3, &err));
    MUST(httpx_pipe_finish(pipe, &err));
    MUST(httpx_client_send(client, request, 0, &response, &err));
    check_upload(response, 3, SHA_OF_ABC);
    response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_client_free(client);
}

/* ---- an early answer ---- */

/* Answers 413 as soon as the head is there, and reads no more. */
static void too_large(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    (void)server;
    if (!raw_read_head(fd, head, sizeof head))
        return;
    raw_say(fd, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch");
    shutdown(fd, SHUT_WR);
    raw_drain(fd);
}

static void an_early_413_is_delivered(void)
{
    static raw_server server;
    enum { SIZE = 64 << 20 };
    raw_listen(&server, too_large, NULL);
    httpx_client *client = new_client();
    uint8_t *body = calloc(1, SIZE);
    REQUIRE(body != NULL);
    for (int i = 0; i < 3; i++) {
        httpx_request *request = new_request(client, "POST", raw_url(&server, "/"));
        MUST(httpx_request_body_owned(request, body, SIZE, NULL, NULL, &err));
        httpx_response *response = send_request(client, request, 0);
        CHECK_EQ(httpx_response_status_code(response), 413);
        CHECK_TEXT(body_of(response), body_len(response), "much");
        httpx_response_free(response);
    }
    free(body);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&server.accepted), 3); /* the connection with half a body on it is not used again */
    raw_stop(&server);
}

static void an_early_413_ends_the_pipe(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/early-413"));
    httpx_pipe *pipe = NULL;
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    httpx_response *response = NULL;
    static const uint8_t piece[65536];
    MUST(httpx_request_body_pipe(request, -1, sizeof piece, &pipe, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
    httpx_code code = HTTPX_OK;
    while (!httpx_code_is_error(code)) { /* for ever, if the end of the request did not end the pipe */
        size_t written;
        code = httpx_pipe_write(pipe, piece, sizeof piece, &written, NULL);
        MUST(httpx_queue_dispatch(queue, 1, NULL, &err));
    }
    while (!httpx_op_is_done(op))
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    MUST(httpx_op_take_response(op, &response, &err));
    CHECK_EQ(httpx_response_status_code(response), 413);
    httpx_response_free(response);
    httpx_op_free(op);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(bytes_are_copied),
        TEST(a_later_body_replaces_an_earlier_one),
        TEST(an_empty_body),
        TEST(owned_memory_is_destroyed_once_after_its_last_use),
        TEST(owned_memory_that_was_never_sent_is_destroyed_too),
        TEST(owned_memory_of_an_operation_is_destroyed_once),
        TEST(a_file_is_sent_with_its_length),
        TEST(an_empty_file),
        TEST(a_file_that_shrinks_is_an_error),
        TEST(a_pipe_of_known_length),
        TEST(a_chunked_pipe),
        TEST(a_full_pipe_says_again),
        TEST(an_abandoned_pipe_fails_the_request),
        TEST(too_few_bytes_are_a_local_protocol_error),
        TEST(too_many_bytes_are_a_local_protocol_error),
        TEST(a_pipe_of_a_request_that_was_freed),
        TEST(a_pipe_body_cannot_be_sent_twice),
        TEST(an_early_413_is_delivered),
        TEST(an_early_413_ends_the_pipe),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

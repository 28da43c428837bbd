/* Bodies that are made while they are sent: from functions that are asked for each piece, and from descriptors; how
 * much of them is out; and the content of requests. The server's /upload answers with the size and the SHA-256 of what
 * it got. */
#include "support.h"

enum { MILLION = 1000000 };

static const char SHA_OF_MILLION_A[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"; /* FIPS 180 */
static const char SHA_OF_ABC[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static httpx_request *new_upload(httpx_client *client)
{
    return new_request(client, "POST", HTTP("/upload"));
}

static void check_upload(httpx_response *response, long long size, const char *sha, const char *framing)
{
    CHECK_EQ(httpx_response_status_code(response), 200);
    const char *body = body_of(response);
    CHECK_EQ(json_number(body, "size"), size);
    const char *hash = json_value(body, "sha256");
    CHECK(hash != NULL && strncmp(hash + 1, sha, 64) == 0);
    const char *chunked = json_value(body, "chunked");
    CHECK(chunked != NULL && strncmp(chunked, framing, strlen(framing)) == 0);
    httpx_response_free(response);
}

#define CHUNKED "true"
#define WITH_LENGTH "false"

/* ---- functions ---- */

/* Makes so many letters a, so many at once. */
typedef struct maker {
    size_t total, made, piece;
    size_t fail_at; /* 0: never */
    httpx_code code;
    int rewound, pulled;
    pthread_t thread;
    atomic_int destroyed;
} maker;

static httpx_code make(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    maker *m = user_data;
    m->thread = pthread_self();
    m->pulled++;
    if (m->fail_at != 0 && m->made >= m->fail_at)
        return m->code;
    size_t left = m->total - m->made;
    if (left == 0)
        return HTTPX_DONE;
    size_t size = m->piece < left ? m->piece : left;
    CHECK(size <= capacity);
    memset(buffer, 'a', size);
    m->made += size;
    *len = size;
    return HTTPX_OK;
}

static httpx_code begin_anew(void *user_data)
{
    maker *m = user_data;
    m->rewound++;
    m->made = 0;
    return HTTPX_OK;
}

static void destroy_maker(void *user_data)
{
    maker *m = user_data;
    atomic_fetch_add(&m->destroyed, 1);
}

static void a_function_makes_a_chunked_body(void)
{
    maker m = {.total = MILLION, .piece = 10000};
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_pull(request, -1, make, NULL, &m, destroy_maker, &err));
    check_upload(send_request(client, request, 0), MILLION, SHA_OF_MILLION_A, CHUNKED);
    CHECK_EQ(atomic_load(&m.destroyed), 1);
    CHECK(pthread_equal(m.thread, pthread_self())); /* the thread that waits */
    CHECK_EQ(m.pulled, 101);
    httpx_client_free(client);
}

static void a_function_makes_a_body_of_known_length(void)
{
    maker m = {.total = MILLION, .piece = 65536};
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_pull(request, MILLION, make, NULL, &m, NULL, &err));
    check_upload(send_request(client, request, 0), MILLION, SHA_OF_MILLION_A, WITH_LENGTH);
    httpx_client_free(client);
}

static void without_rewind_a_body_is_sent_once(void)
{
    maker m = {.total = 3, .piece = 3};
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, -1, make, NULL, &m, NULL, &err));
    MUST(httpx_client_send(client, request, 0, &response, &err));
    httpx_response_free(response);
    response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void with_rewind_a_body_is_sent_again_for_redirects_too(void)
{
    maker m = {.total = MILLION, .piece = 50000};
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "PUT", HTTP("/redirect-to?url=/upload&status_code=307"));
    httpx_response *response = NULL;
    /* PUT, as the server may close a connection whose body it did not read: what is idempotent is sent again then. */
    MUST(httpx_request_body_pull(request, MILLION, make, begin_anew, &m, destroy_maker, &err));
    for (int i = 0; i < 2; i++) {
        MUST(httpx_client_send(client, request, HTTPX_SEND_FOLLOW_REDIRECTS, &response, &err));
        check_upload(response, MILLION, SHA_OF_MILLION_A, WITH_LENGTH);
    }
    CHECK(m.rewound >= 2); /* every sending but the first, if it got as far as the body */
    CHECK_EQ(atomic_load(&m.destroyed), 0);
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&m.destroyed), 1);
    httpx_client_free(client);
}

static void a_one_time_body_does_not_survive_a_redirect(void)
{
    maker m = {.total = MILLION, .piece = 50000};
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/redirect-to?url=/upload&status_code=307"));
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, MILLION, make, NULL, &m, NULL, &err));
    FAILS(httpx_client_send(client, request, HTTPX_SEND_FOLLOW_REDIRECTS, &response, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void an_error_of_the_function_is_the_requests(void)
{
    static const httpx_code codes[] = {HTTPX_E_FILE_NOT_FOUND, HTTPX_E_CANCELLED, 77};
    httpx_client *client = new_client();
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        maker m = {.total = MILLION, .piece = 1000, .fail_at = 5000, .code = codes[i]};
        httpx_request *request = new_upload(client);
        httpx_response *response = NULL;
        MUST(httpx_request_body_pull(request, -1, make, NULL, &m, destroy_maker, &err));
        FAILS(httpx_client_send(client, request, 0, &response, &err),
              httpx_code_is_error(codes[i]) ? codes[i] : HTTPX_E_INVALID_ARGUMENT);
        httpx_request_free(request);
        CHECK_EQ(atomic_load(&m.destroyed), 1);
    }
    httpx_client_free(client);
}

static httpx_code lie(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    (void)user_data, (void)buffer;
    *len = capacity + 1;
    return HTTPX_OK;
}

static void a_function_that_says_too_much_is_refused(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, -1, lie, NULL, NULL, NULL, &err));
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_length_that_is_not_kept_is_an_error(void)
{
    httpx_client *client = new_client();
    for (int more = -1; more <= 1; more += 2) {
        maker m = {.total = 1000, .piece = 300};
        httpx_request *request = new_upload(client);
        httpx_response *response = NULL;
        MUST(httpx_request_body_pull(request, 1000 + more, make, NULL, &m, NULL, &err));
        FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
        httpx_request_free(request);
    }
    httpx_request *request = new_upload(client);
    FAILS(httpx_request_body_pull(request, -2, make, NULL, NULL, NULL, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_request_free(request);
    httpx_client_free(client);
}

static httpx_code make_with_a_call(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    httpx_client *client = user_data;
    static int calls;
    (void)capacity;
    if (calls++ % 2 != 0)
        return HTTPX_DONE;
    httpx_response *response = NULL;
    const char *url = HTTP("/bytes/3");
    httpx_code code = httpx_client_get(client, url, strlen(url), &response, NULL);
    if (httpx_code_is_error(code))
        return code;
    httpx_response_free(response);
    memcpy(buffer, "abc", 3);
    *len = 3;
    return HTTPX_OK;
}

static void a_function_may_send_a_request_itself(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_pull(request, -1, make_with_a_call, NULL, client, NULL, &err));
    check_upload(send_request(client, request, 0), 3, SHA_OF_ABC, CHUNKED);
    httpx_client_free(client);
}

static void count_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    CHECK_EQ(code, HTTPX_OK);
    atomic_fetch_add((atomic_int *)user_data, 1);
    if (response != NULL)
        check_upload(response, MILLION, SHA_OF_MILLION_A, CHUNKED);
    httpx_error_free(error);
}

static void send_asynchronously(int with_fd)
{
    maker m = {.total = MILLION, .piece = 20000};
    atomic_int answered = 0;
    intptr_t fd = -1;
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_request *request = new_upload(client);
    if (with_fd)
        MUST(httpx_queue_fd(queue, &fd, &err));
    MUST(httpx_request_body_pull(request, -1, make, NULL, &m, destroy_maker, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, count_response, &answered, NULL, NULL, &err));
    httpx_request_free(request);
    while (atomic_load(&answered) == 0)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    CHECK(pthread_equal(m.thread, pthread_self())); /* the thread that dispatches, whoever drives */
    httpx_queue_free(queue);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&m.destroyed), 1);
}

static void a_queue_runs_the_function(void)
{
    send_asynchronously(0);
}

static void a_queue_that_the_library_drives_runs_the_function_where_it_is_dispatched(void)
{
    send_asynchronously(1);
}

static void a_cancelled_operation_asks_for_no_more(void)
{
    maker m = {.total = MILLION, .piece = 10};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_pull(request, -1, make, NULL, &m, destroy_maker, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
    httpx_request_free(request);
    while (m.pulled < 5)
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err)); /* one round: the function is asked once at most */
    httpx_op_cancel(op);
    int pulled = m.pulled;
    for (int i = 0; i < 10; i++)
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
    CHECK_EQ(m.pulled, pulled);
    httpx_op_free(op);
    httpx_queue_free(queue);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&m.destroyed), 1);
}

static void two_sendings_at_once_do_not_share_a_function(void)
{
    maker m = {.total = MILLION, .piece = 10};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    httpx_request *request = new_upload(client);
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, -1, make, begin_anew, &m, NULL, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
    while (m.pulled < 5)
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err)); /* one round: the function is asked once at most */
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_INVALID_STATE);
    httpx_op_cancel(op);
    httpx_op_free(op);
    httpx_request_free(request);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

/* ---- descriptors ---- */

static int temporary_file(const char *content, size_t repeat)
{
    char path[] = "/tmp/httpx-bodies-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    unlink(path);
    for (size_t i = 0; i < repeat; i++)
        REQUIRE(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    return fd;
}

static void a_file_is_sent_from_its_offset_and_can_be_sent_again(void)
{
    int fd = temporary_file("xyzabc", 1);
    REQUIRE(lseek(fd, 3, SEEK_SET) == 3);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_fd(request, fd, &err));
    for (int i = 0; i < 2; i++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        check_upload(response, 3, SHA_OF_ABC, WITH_LENGTH);
        CHECK_EQ(lseek(fd, 0, SEEK_CUR), 3); /* the caller's, and left alone */
    }
    close(fd); /* the request has its own */
    check_upload(send_request(client, request, 0), 3, SHA_OF_ABC, WITH_LENGTH);
    httpx_client_free(client);
}

static void an_offset_behind_the_end_leaves_nothing(void)
{
    int fd = temporary_file("abc", 1);
    REQUIRE(lseek(fd, 10, SEEK_SET) == 10);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_fd(request, fd, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(json_number(body_of(response), "size"), 0);
    httpx_response_free(response);
    close(fd);
    httpx_client_free(client);
}

static void *write_slowly(void *argument)
{
    int fd = *(int *)argument;
    char piece[1000];
    memset(piece, 'a', sizeof piece);
    for (int i = 0; i < MILLION / 1000; i++)
        if (write(fd, piece, sizeof piece) != (ssize_t)sizeof piece)
            break;
    close(fd);
    return NULL;
}

static void a_pipe_is_sent_as_it_comes_and_once(void)
{
    int ends[2];
    pthread_t thread;
    httpx_response *response = NULL;
    REQUIRE(pipe(ends) == 0);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_fd(request, ends[0], &err));
    close(ends[0]);
    REQUIRE(pthread_create(&thread, NULL, write_slowly, &ends[1]) == 0);
    MUST(httpx_client_send(client, request, 0, &response, &err));
    check_upload(response, MILLION, SHA_OF_MILLION_A, CHUNKED);
    pthread_join(thread, NULL);
    response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_request_free(request);
    httpx_client_free(client);
}

/* Nothing is ever written: what waits for it is not blocked in a read. */
static void a_wait_for_a_descriptor_can_be_limited(void)
{
    int ends[2];
    httpx_response *response = NULL;
    REQUIRE(pipe(ends) == 0);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_fd(request, ends[0], &err));
    MUST(httpx_request_deadline(request, 0.1, &err));
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    httpx_request_free(request);
    httpx_client_free(client);
    close(ends[0]);
    close(ends[1]);
}

static void what_is_no_descriptor_is_refused(void)
{
    int fd = temporary_file("abc", 1);
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    FAILS(httpx_request_body_fd(request, -1, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_request_body_fd(request, INTPTR_MAX, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_request_body_fd(request, 999999, &err), HTTPX_E_IO);
    httpx_request_free(request);
    httpx_client_free(client);
    close(fd);
}

/* ---- progress ---- */

typedef struct progress {
    int calls, stop_after;
    uint64_t last;
    int64_t total;
    pthread_t thread;
    atomic_int destroyed;
} progress;

static int32_t note_progress(void *user_data, uint64_t sent, int64_t total)
{
    progress *p = user_data;
    CHECK(sent > p->last);
    p->last = sent;
    p->total = total;
    p->thread = pthread_self();
    return ++p->calls == p->stop_after;
}

static void destroy_progress(void *user_data)
{
    progress *p = user_data;
    atomic_fetch_add(&p->destroyed, 1);
}

static void check_progress(const char *url, int chunked)
{
    progress p = {0};
    maker m = {.total = MILLION, .piece = 50000};
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", url);
    MUST(httpx_request_body_pull(request, chunked ? -1 : MILLION, make, NULL, &m, NULL, &err));
    MUST(httpx_request_on_upload(request, note_progress, &p, destroy_progress, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(p.last, MILLION);
    CHECK_EQ(p.total, chunked ? -1 : MILLION);
    CHECK_EQ(p.calls, 20); /* once for each piece */
    CHECK(pthread_equal(p.thread, pthread_self()));
    httpx_response_free(response);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&p.destroyed), 1);
}

static void progress_is_told_after_each_piece(void)
{
    check_progress(HTTP("/upload"), 0);
    check_progress(HTTP("/upload"), 1);
}

static void progress_is_told_within_a_large_piece(void)
{
    enum { SIZE = 64 << 20 };
    uint8_t *body = calloc(1, SIZE);
    REQUIRE(body != NULL);
    progress p = {0};
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_owned(request, body, SIZE, NULL, NULL, &err));
    MUST(httpx_request_on_upload(request, note_progress, &p, NULL, &err));
    httpx_response_free(send_request(client, request, 0));
    CHECK(p.calls > 1 && p.calls <= SIZE / 65536 + 1);
    CHECK_EQ(p.last, SIZE);
    CHECK_EQ(p.total, SIZE);
    httpx_client_free(client);
    free(body);
}

static void progress_is_told_over_http2(void)
{
    progress p = {0};
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_http1(builder, 0, &err));
    MUST(httpx_client_builder_http2(builder, 1, &err));
    httpx_client *client = build(builder);
    httpx_request *request = new_upload(client);
    maker m = {.total = MILLION, .piece = 50000};
    MUST(httpx_request_body_pull(request, MILLION, make, NULL, &m, NULL, &err));
    MUST(httpx_request_on_upload(request, note_progress, &p, NULL, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_TEXT(httpx_response_http_version(response, NULL), strlen(httpx_response_http_version(response, NULL)),
               "HTTP/2");
    check_upload(response, MILLION, SHA_OF_MILLION_A, WITH_LENGTH);
    CHECK_EQ(p.last, MILLION);
    CHECK_EQ(p.total, MILLION);
    httpx_client_free(client);
}

static void a_progress_function_can_end_the_request(void)
{
    progress p = {.stop_after = 3};
    maker m = {.total = MILLION, .piece = 50000};
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, MILLION, make, NULL, &m, NULL, &err));
    MUST(httpx_request_on_upload(request, note_progress, &p, destroy_progress, &err));
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_CANCELLED);
    CHECK_EQ(p.calls, 3);
    CHECK_EQ(p.last, 150000);
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&p.destroyed), 1);
    httpx_client_free(client);
}

/* ---- content ---- */

static void check_content(httpx_request *request, const char *wanted)
{
    const uint8_t *content = NULL;
    size_t len = 99;
    MUST(httpx_request_content(request, &content, &len, &err));
    CHECK_TEXT(content, len, wanted);
}

static void what_is_in_memory_is_the_content(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    check_content(request, "");
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"abc", 3, &err));
    check_content(request, "abc");
    const uint8_t *before = NULL, *after = NULL;
    size_t len = 0;
    MUST(httpx_request_content(request, &before, &len, &err));
    MUST(httpx_request_header_set(request, "X-A", 3, (const uint8_t *)"b", 1, &err));
    MUST(httpx_request_content(request, &after, &len, &err));
    CHECK(before == after); /* borrowed until the body changes, whatever else does */
    MUST(httpx_request_body_json(request, "{\"a\": 1}", 8, &err));
    check_content(request, "{\"a\": 1}");
    httpx_request_free(request);
    httpx_client_free(client);
}

static void what_is_made_elsewhere_has_to_be_read_first(void)
{
    maker m = {.total = MILLION, .piece = 7777};
    const uint8_t *content = NULL;
    size_t len = 0;
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_pull(request, -1, make, NULL, &m, destroy_maker, &err));
    FAILS(httpx_request_content(request, &content, &len, &err), HTTPX_E_REQUEST_NOT_READ);
    MUST(httpx_request_read(request, NULL, NULL, &err));
    CHECK_EQ(atomic_load(&m.destroyed), 1);
    MUST(httpx_request_read(request, &content, &len, &err)); /* once more does no harm */
    CHECK_EQ(len, MILLION);
    const uint8_t *same = NULL;
    MUST(httpx_request_content(request, &same, &len, &err));
    CHECK(same == content);
    for (int i = 0; i < 2; i++) { /* as often as one likes now, framed as it was to be */
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        check_upload(response, MILLION, SHA_OF_MILLION_A, CHUNKED);
    }
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_file_a_pipe_and_a_multipart_body_can_be_read(void)
{
    int fd = temporary_file("abc", 1);
    httpx_pipe *pipe = NULL;
    httpx_multipart *multipart = NULL;
    const uint8_t *content = NULL;
    size_t len = 0;
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    REQUIRE(lseek(fd, 1, SEEK_SET) == 1);
    MUST(httpx_request_body_fd(request, fd, &err));
    FAILS(httpx_request_content(request, &content, &len, &err), HTTPX_E_REQUEST_NOT_READ);
    MUST(httpx_request_read(request, NULL, NULL, &err));
    check_content(request, "bc");
    MUST(httpx_request_body_pipe(request, -1, 100, &pipe, &err));
    MUST(httpx_pipe_write_all(pipe, (const uint8_t *)"piped", 5, &err));
    MUST(httpx_pipe_finish(pipe, &err));
    MUST(httpx_request_read(request, NULL, NULL, &err));
    check_content(request, "piped");
    MUST(httpx_multipart_new(&multipart, &err));
    MUST(httpx_multipart_boundary(multipart, "B", 1, &err));
    MUST(httpx_multipart_field(multipart, "a", 1, (const uint8_t *)"1", 1, &err));
    MUST(httpx_request_body_multipart(request, multipart, &err));
    FAILS(httpx_request_content(request, &content, &len, &err), HTTPX_E_REQUEST_NOT_READ);
    MUST(httpx_request_read(request, NULL, NULL, &err));
    check_content(request, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n");
    httpx_multipart_free(multipart);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_client_free(client);
    close(fd);
}

static void an_error_of_a_function_ends_the_reading(void)
{
    maker m = {.total = MILLION, .piece = 1000, .fail_at = 3000, .code = HTTPX_E_PERMISSION_DENIED};
    httpx_client *client = new_client();
    httpx_request *request = new_upload(client);
    MUST(httpx_request_body_pull(request, -1, make, NULL, &m, NULL, &err));
    FAILS(httpx_request_read(request, NULL, NULL, &err), HTTPX_E_PERMISSION_DENIED);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_copy_of_a_request_goes_its_own_way(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/anything")), *copy = NULL;
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"shared", 6, &err));
    MUST(httpx_request_clone(request, &copy, &err));
    MUST(httpx_request_header_set(copy, "X-Copy", 6, (const uint8_t *)"yes", 3, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK(strstr(body_of(response), "shared") != NULL && strstr(body_of(response), "yes") == NULL);
    httpx_response_free(response);
    response = send_request(client, copy, 0);
    CHECK(strstr(body_of(response), "shared") != NULL && strstr(body_of(response), "yes") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_function_makes_a_chunked_body),
        TEST(a_function_makes_a_body_of_known_length),
        TEST(without_rewind_a_body_is_sent_once),
        TEST(with_rewind_a_body_is_sent_again_for_redirects_too),
        TEST(a_one_time_body_does_not_survive_a_redirect),
        TEST(an_error_of_the_function_is_the_requests),
        TEST(a_function_that_says_too_much_is_refused),
        TEST(a_length_that_is_not_kept_is_an_error),
        TEST(a_function_may_send_a_request_itself),
        TEST(a_queue_runs_the_function),
        TEST(a_queue_that_the_library_drives_runs_the_function_where_it_is_dispatched),
        TEST(a_cancelled_operation_asks_for_no_more),
        TEST(two_sendings_at_once_do_not_share_a_function),
        TEST(a_file_is_sent_from_its_offset_and_can_be_sent_again),
        TEST(an_offset_behind_the_end_leaves_nothing),
        TEST(a_pipe_is_sent_as_it_comes_and_once),
        TEST(a_wait_for_a_descriptor_can_be_limited),
        TEST(what_is_no_descriptor_is_refused),
        TEST(progress_is_told_after_each_piece),
        TEST(progress_is_told_within_a_large_piece),
        TEST(progress_is_told_over_http2),
        TEST(a_progress_function_can_end_the_request),
        TEST(what_is_in_memory_is_the_content),
        TEST(what_is_made_elsewhere_has_to_be_read_first),
        TEST(a_file_a_pipe_and_a_multipart_body_can_be_read),
        TEST(an_error_of_a_function_ends_the_reading),
        TEST(a_copy_of_a_request_goes_its_own_way),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/* Parts of multipart bodies with headers of their own, from descriptors and from functions: what the body is, and what
 * the origin server understands of it. */
#include "support.h"

static httpx_multipart *new_multipart(void)
{
    httpx_multipart *multipart = NULL;
    MUST(httpx_multipart_new(&multipart, &err));
    MUST(httpx_multipart_boundary(multipart, "B", 1, &err));
    return multipart;
}

/* The request that posts it, which frees it. */
static httpx_request *posting(httpx_client *client, httpx_multipart *multipart)
{
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    MUST(httpx_request_body_multipart(request, multipart, &err));
    httpx_multipart_free(multipart);
    return request;
}

static void check_body(httpx_multipart *multipart, const char *wanted)
{
    const uint8_t *content = NULL;
    size_t len = 0;
    httpx_client *client = new_client();
    httpx_request *request = posting(client, multipart);
    MUST(httpx_request_read(request, NULL, NULL, &err));
    MUST(httpx_request_content(request, &content, &len, &err));
    CHECK_TEXT(content, len, wanted);
    httpx_request_free(request);
    httpx_client_free(client);
}

#define HEADER(multipart, name, value)                                                                                 \
    httpx_multipart_header(multipart, name, sizeof(name) - 1, (const uint8_t *)(value), sizeof(value) - 1, &err)

static void put(httpx_multipart *multipart, const char *name, const char *content)
{
    MUST(httpx_multipart_file_bytes(multipart, name, strlen(name), "f.txt", 5, NULL, 0, (const uint8_t *)content,
                                    strlen(content), &err));
}

static void headers_stand_between_disposition_and_type_of_the_next_part(void)
{
    httpx_multipart *multipart = new_multipart();
    MUST(HEADER(multipart, "X-One", "1"));
    MUST(HEADER(multipart, "x-two", "2"));
    put(multipart, "a", "A");
    put(multipart, "b", "B");
    check_body(multipart,
               "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f.txt\"\r\nX-One: 1\r\nx-two: 2\r\n"
               "Content-Type: text/plain\r\n\r\nA\r\n"
               "--B\r\nContent-Disposition: form-data; name=\"b\"; filename=\"f.txt\"\r\n"
               "Content-Type: text/plain\r\n\r\nB\r\n--B--\r\n");
}

static void a_content_type_among_them_is_the_parts(void)
{
    httpx_multipart *multipart = new_multipart();
    MUST(HEADER(multipart, "content-type", "text/x-own"));
    MUST(httpx_multipart_file_bytes(multipart, "a", 1, "f.txt", 5, "text/html", 9, (const uint8_t *)"A", 1, &err));
    check_body(multipart, "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f.txt\"\r\n"
                          "content-type: text/x-own\r\n\r\nA\r\n--B--\r\n");
}

static void what_would_inject_lines_is_refused(void)
{
    httpx_multipart *multipart = new_multipart();
    FAILS(HEADER(multipart, "X-A", "1\r\nX-B: 2"), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(HEADER(multipart, "X-A\r\nX-B", "1"), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(HEADER(multipart, "X A", "1"), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(HEADER(multipart, "X-A", "1\0"), HTTPX_E_LOCAL_PROTOCOL);
    MUST(httpx_multipart_field(multipart, "a", 1, (const uint8_t *)"1", 1, &err));
    check_body(multipart, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n");
}

typedef struct text {
    const char *content;
    size_t at;
    int rewound;
    atomic_int destroyed;
} text;

/* Byte by byte. */
static httpx_code spell(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    text *t = user_data;
    (void)capacity;
    if (t->content[t->at] == '\0')
        return HTTPX_DONE;
    *buffer = (uint8_t)t->content[t->at++];
    *len = 1;
    return HTTPX_OK;
}

static httpx_code respell(void *user_data)
{
    text *t = user_data;
    t->at = 0;
    t->rewound++;
    return HTTPX_OK;
}

static void destroy_text(void *user_data)
{
    atomic_fetch_add(&((text *)user_data)->destroyed, 1);
}

static void pull(httpx_multipart *multipart, const char *name, text *t, int64_t length, httpx_rewind_fn rewind)
{
    MUST(httpx_multipart_file_pull(multipart, name, strlen(name), "f.txt", 5, NULL, 0, length, spell, rewind, t,
                                   destroy_text, &err));
}

static void functions_make_parts_between_others(void)
{
    text one = {.content = "made by one"}, other = {.content = "and by the other"};
    httpx_client *client = new_client();
    httpx_multipart *multipart = new_multipart();
    put(multipart, "first", "in memory");
    pull(multipart, "second", &one, -1, respell);
    pull(multipart, "third", &other, 16, respell);
    put(multipart, "last", "in memory, too");
    httpx_request *request = posting(client, multipart);
    for (int i = 0; i < 2; i++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        const char *body = body_of(response);
        CHECK(strstr(body, "\"first\": \"in memory\"") != NULL);
        CHECK(strstr(body, "\"second\": \"made by one\"") != NULL);
        CHECK(strstr(body, "\"third\": \"and by the other\"") != NULL);
        CHECK(strstr(body, "\"last\": \"in memory, too\"") != NULL);
        CHECK(strstr(body, "\"Transfer-Encoding\": \"chunked\"") != NULL); /* one length is not known */
        httpx_response_free(response);
    }
    CHECK_EQ(one.rewound, 1);
    CHECK_EQ(other.rewound, 1);
    CHECK_EQ(atomic_load(&one.destroyed), 0);
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&one.destroyed), 1);
    CHECK_EQ(atomic_load(&other.destroyed), 1);
    httpx_client_free(client);
}

static void known_lengths_give_a_content_length(void)
{
    text t = {.content = "made"};
    httpx_client *client = new_client();
    httpx_multipart *multipart = new_multipart();
    pull(multipart, "a", &t, 4, NULL);
    httpx_request *request = posting(client, multipart);
    httpx_response *response = NULL;
    MUST(httpx_client_send(client, request, 0, &response, &err));
    CHECK(strstr(body_of(response), "\"a\": \"made\"") != NULL);
    CHECK(strstr(body_of(response), "\"Content-Length\"") != NULL);
    httpx_response_free(response);
    response = NULL;
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_length_that_is_not_kept_is_an_error(void)
{
    httpx_client *client = new_client();
    for (int64_t length = 3; length <= 5; length += 2) {
        text t = {.content = "made"};
        httpx_response *response = NULL;
        httpx_multipart *multipart = new_multipart();
        pull(multipart, "a", &t, length, NULL);
        put(multipart, "b", "after it");
        httpx_request *request = posting(client, multipart);
        FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
        httpx_request_free(request);
    }
    httpx_client_free(client);
}

static void a_chosen_boundary_in_what_a_function_makes_is_found(void)
{
    text t = {.content = "x\r\n--B\r\n"};
    httpx_client *client = new_client();
    httpx_multipart *multipart = new_multipart();
    httpx_response *response = NULL;
    pull(multipart, "a", &t, -1, NULL);
    httpx_request *request = posting(client, multipart);
    FAILS(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void a_descriptor_is_a_part_from_its_offset(void)
{
    char path[] = "/tmp/httpx-parts-XXXXXX";
    int fd = mkstemp(path), ends[2];
    REQUIRE(fd >= 0);
    unlink(path);
    REQUIRE(write(fd, "skipped, sent", 13) == 13 && lseek(fd, 9, SEEK_SET) == 9);
    REQUIRE(pipe(ends) == 0 && write(ends[1], "piped", 5) == 5);
    close(ends[1]);
    httpx_multipart *multipart = new_multipart();
    MUST(httpx_multipart_file_fd(multipart, "a", 1, "a.bin", 5, NULL, 0, fd, &err));
    MUST(httpx_multipart_file_fd(multipart, "b", 1, NULL, 0, "text/x", 6, ends[0], &err));
    FAILS(httpx_multipart_file_fd(multipart, "c", 1, NULL, 0, NULL, 0, -1, &err), HTTPX_E_INVALID_ARGUMENT);
    close(fd);
    close(ends[0]);
    check_body(multipart, "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.bin\"\r\n"
                          "Content-Type: application/octet-stream\r\n\r\nsent\r\n"
                          "--B\r\nContent-Disposition: form-data; name=\"b\"\r\nContent-Type: text/x\r\n\r\npiped\r\n"
                          "--B--\r\n");
}

static void a_part_that_was_never_sent_is_destroyed(void)
{
    text t = {.content = "made"};
    httpx_multipart *multipart = new_multipart();
    pull(multipart, "a", &t, -1, NULL);
    FAILS(httpx_multipart_file_pull(multipart, "a\r\n", 3, NULL, 0, NULL, 0, -1, spell, NULL, &t, destroy_text, &err),
          HTTPX_E_LOCAL_PROTOCOL);
    CHECK_EQ(atomic_load(&t.destroyed), 1);
    httpx_multipart_free(multipart);
    CHECK_EQ(atomic_load(&t.destroyed), 2);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(headers_stand_between_disposition_and_type_of_the_next_part),
        TEST(a_content_type_among_them_is_the_parts),
        TEST(what_would_inject_lines_is_refused),
        TEST(functions_make_parts_between_others),
        TEST(known_lengths_give_a_content_length),
        TEST(a_length_that_is_not_kept_is_an_error),
        TEST(a_chosen_boundary_in_what_a_function_makes_is_found),
        TEST(a_descriptor_is_a_part_from_its_offset),
        TEST(a_part_that_was_never_sent_is_destroyed),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

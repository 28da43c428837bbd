/* Content encodings that are out to do harm: bodies that expand without end, chains, and bodies that are cut off. */
#include "support.h"

#include <sys/resource.h>

enum {
    BLOCK = 128 * 1024,      /* what four bytes of zstd expand to */
    BOMB_BLOCKS = 80 * 1024, /* 10 GiB in all */
    ROOM = 512,              /* MiB; the address sanitizer alone keeps 256 of what was freed */
};

/* RFC 8878 section 3.1.1: one frame of run-length blocks of zeros, which are 32768 times as long as they look. */
static void bomb(raw_server *server, int fd)
{
    static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38};
    static const uint8_t block[] = {0x02, 0x00, 0x10, 0x00}, last[] = {0x03, 0x00, 0x10, 0x00};
    static uint8_t many[4 * 1024];
    char head[HEAD_SIZE];
    (void)server;
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = block[i % 4];
    if (!raw_read_head(fd, head, sizeof head))
        return;
    raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nConnection: close\r\n\r\n");
    raw_say_bytes(fd, frame, sizeof frame);
    for (int i = 0; i < BOMB_BLOCKS; i += 1024)
        raw_say_bytes(fd, many, i + 1024 < BOMB_BLOCKS ? sizeof many : sizeof many - 4);
    raw_say_bytes(fd, last, sizeof last);
}

/* The most memory that the process has had, in MiB. */
static long peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static void ten_gigabytes_of_zeros_pass_in_little_memory(void)
{
    static raw_server server;
    raw_listen(&server, bomb, NULL);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_decode_limits(builder, UINT64_MAX, UINT32_MAX, 5, &err));
    httpx_client *client = build(builder);
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    httpx_stream *stream = new_stream(response, 0);
    const uint8_t *piece;
    size_t len;
    uint64_t total = 0;
    httpx_code code;
    long before = peak();
    while ((code = httpx_stream_next(stream, &piece, &len, &err)) == HTTPX_OK) {
        CHECK(piece[0] == 0 && piece[len - 1] == 0 && len <= 64 * 1024);
        total += len;
    }
    GIVES(code, HTTPX_DONE);
    CHECK(total == (uint64_t)BOMB_BLOCKS * BLOCK);
    CHECK(httpx_stream_num_bytes_downloaded(stream) == 6 + 4 * (uint64_t)BOMB_BLOCKS);
    CHECK(peak() - before < ROOM);
    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

static httpx_code read_bomb(httpx_client_builder *builder, const raw_server *server)
{
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    httpx_code code = try_get(client, raw_url(server, "/"), &response);
    httpx_response_free(response);
    httpx_client_free(client);
    return code;
}

static void a_bomb_is_refused_by_its_ratio_or_its_size(void)
{
    static raw_server server;
    raw_listen(&server, bomb, NULL);
    long before = peak();
    FAILS(read_bomb(new_builder(), &server), HTTPX_E_RATIO_EXCEEDED); /* without any setting */

    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_decode_limits(builder, 1000000, UINT32_MAX, 5, &err));
    FAILS(read_bomb(builder, &server), HTTPX_E_DECODED_TOO_LARGE);
    CHECK(peak() - before < ROOM);

    builder = new_builder();
    FAILS(httpx_client_builder_decode_limits(builder, UINT64_MAX, 0, 5, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_client_builder_decode_limits(builder, UINT64_MAX, UINT32_MAX, 0, &err));
    FAILS(read_bomb(builder, &server), HTTPX_E_TOO_MANY_ENCODINGS);
    raw_stop(&server);
}

static void the_size_counts_without_an_encoding_too(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_decode_limits(builder, 1000, 1032, 2, &err));
    httpx_client *client = build(builder);
    httpx_response *response = get(client, HTTP("/encode/gzip,br?size=1000"));
    CHECK_EQ(body_len(response), 1000);
    httpx_response_free(response);
    response = NULL;
    FAILS(try_get(client, HTTP("/encode/gzip,br?size=1001"), &response), HTTPX_E_DECODED_TOO_LARGE);
    FAILS(try_get(client, HTTP("/encode/gzip,br,gzip?size=10"), &response), HTTPX_E_TOO_MANY_ENCODINGS);
    CHECK(response == NULL);
    httpx_client_free(client);
}

/* The first half of a gzip body of "hello", as if it were all. */
static void cut_gzip(raw_server *server, int fd)
{
    static const uint8_t half[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9};
    char head[HEAD_SIZE];
    (void)server;
    while (raw_read_head(fd, head, sizeof head)) {
        raw_say(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 14\r\n\r\n");
        raw_say_bytes(fd, half, sizeof half);
    }
}

static void a_body_that_ends_too_early_is_an_error_unless_allowed(void)
{
    static raw_server server;
    raw_listen(&server, cut_gzip, NULL);
    httpx_client_builder *builder = new_builder();
    FAILS(read_bomb(builder, &server), HTTPX_E_DECODING);
    builder = new_builder();
    MUST(httpx_client_builder_allow_truncated(builder, 1, &err));
    httpx_client *client = build(builder);
    httpx_response *response = get(client, raw_url(&server, "/"));
    CHECK(strncmp("hello", body_of(response), body_len(response)) == 0 && body_len(response) >= 3);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_bomb_is_refused_by_its_ratio_or_its_size),
        TEST(ten_gigabytes_of_zeros_pass_in_little_memory),
        TEST(the_size_counts_without_an_encoding_too),
        TEST(a_body_that_ends_too_early_is_an_error_unless_allowed),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

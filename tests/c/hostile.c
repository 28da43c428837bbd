/* What hostile servers and careless programs do: enormous headers, bytes in a Location, endless redirects, cookies for
 * everybody. A client survives it and goes on. */
#include "support.h"

enum { MEGABYTE = 1 << 20 };

/* ---- a header of a megabyte ---- */

/* Answers with the number of letters V that came before the empty line. */
static void measure(raw_server *server, int fd)
{
    static char room[65536];
    char answer[128], body[32], end[4] = {0};
    size_t letters = 0;
    ssize_t len;
    (void)server;
    while (memcmp(end, "\r\n\r\n", 4) != 0 && (len = recv(fd, room, sizeof room, 0)) > 0)
        for (ssize_t i = 0; i < len; i++) {
            memmove(end, end + 1, 3);
            end[3] = room[i];
            letters += room[i] == 'V';
        }
    int size = snprintf(body, sizeof body, "%zu", letters);
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", size, body);
    raw_say(fd, answer);
}

static void a_header_of_a_megabyte_is_sent(void)
{
    static raw_server server;
    uint8_t *value = malloc(MEGABYTE + 1);
    REQUIRE(value != NULL);
    memset(value, 'V', MEGABYTE + 1);
    raw_listen(&server, measure, NULL);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    FAILS(httpx_request_header_set(request, "X-Big", 5, value, MEGABYTE + 1, &err), HTTPX_E_TOO_LONG);
    MUST(httpx_request_header_set(request, "X-Big", 5, value, MEGABYTE, &err));
    MUST(httpx_request_timeout(request, HTTPX_UNSET, INFINITY, INFINITY, HTTPX_UNSET, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(strtoll(body_of(response), NULL, 10), MEGABYTE);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
    free(value);
}

/* A head that grows as long as somebody reads it. */
static void endless_head(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    static char line[MEGABYTE];
    if (!raw_read_head(fd, head, sizeof head))
        return;
    memset(line, 'v', sizeof line);
    raw_say(fd, "HTTP/1.1 200 OK\r\nX-Big: ");
    while (!atomic_load(&server->stop) && send(fd, line, sizeof line, MSG_NOSIGNAL) > 0)
        continue;
}

static void an_endless_response_header_is_refused(void)
{
    static raw_server server;
    httpx_response *response = NULL;
    raw_listen(&server, endless_head, NULL);
    httpx_client *client = new_client();
    FAILS(try_get(client, raw_url(&server, "/"), &response), HTTPX_E_HEADERS_TOO_LARGE);
    httpx_client_free(client);
    raw_stop(&server);
}

/* ---- redirects ---- */

static void to_itself(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    while (raw_read_head(fd, head, sizeof head)) {
        atomic_fetch_add((atomic_int *)server->argument, 1);
        raw_say(fd, "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
    }
}

static void a_redirect_loop_ends(void)
{
    static raw_server server;
    atomic_int requests = 0;
    httpx_response *response = NULL;
    raw_listen(&server, to_itself, &requests);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_client *client = build(builder);
    FAILS(try_get(client, raw_url(&server, "/"), &response), HTTPX_E_TOO_MANY_REDIRECTS);
    CHECK_EQ(atomic_load(&requests), 21);
    CHECK_EQ(atomic_load(&server.accepted), 1);
    httpx_client_free(client);
    raw_stop(&server);
}

/* Redirects to bytes that are no ASCII, then answers with the target that was asked for. */
static void to_bytes(raw_server *server, int fd)
{
    char head[HEAD_SIZE], answer[256], target[128];
    while (raw_read_head(fd, head, sizeof head)) {
        if (strncmp(head, "GET / ", 6) == 0) {
            raw_say(fd, "HTTP/1.1 302 Found\r\nLocation: /");
            raw_say(fd, server->argument);
            raw_say(fd, "\r\nContent-Length: 0\r\n\r\n");
            continue;
        }
        if (sscanf(head, "GET %127s", target) != 1)
            return;
        snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(target), target);
        raw_say(fd, answer);
    }
}

static void bytes_in_a_location_are_escaped(void)
{
    static const char *const cases[][2] = {
        {"caf\xc3\xa9", "/caf%C3%A9"},  /* UTF-8 */
        {"caf\xe9", "/caf%C3%A9"},      /* Latin-1 */
        {"a b\"<>", "/a%20b%22%3C%3E"}, /* what a URL cannot have */
        {"%zz?q=\xf0\x9f\x8d\x89#f", "/%zz?q=%F0%9F%8D%89"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static raw_server server;
        raw_listen(&server, to_bytes, (void *)(uintptr_t)cases[i][0]);
        httpx_client *client = new_client();
        httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
        httpx_response *response = send_request(client, request, HTTPX_SEND_FOLLOW_REDIRECTS);
        CHECK_TEXT(body_of(response), body_len(response), cases[i][1]);
        httpx_response_free(response);
        httpx_client_free(client);
        raw_stop(&server);
    }
}

/* ---- cookies ---- */

/* Sets a cookie for all of co.uk, and one for its own site; answers with the cookies that came. */
static void greedy(raw_server *server, int fd)
{
    char head[HEAD_SIZE], answer[512];
    (void)server;
    while (raw_read_head(fd, head, sizeof head)) {
        const char *cookie = strstr(head, "\r\nCookie: ");
        size_t len = cookie == NULL ? 0 : strcspn(cookie + 10, "\r");
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 200 OK\r\nSet-Cookie: everybody=1; Domain=co.uk\r\n"
                 "Set-Cookie: site=2; Domain=example.co.uk\r\nContent-Length: %zu\r\n\r\n%.*s",
                 len, (int)len, cookie == NULL ? "" : cookie + 10);
        raw_say(fd, answer);
    }
}

static void check_cookies(httpx_client *client, const char *host, uint16_t port, const char *wanted)
{
    char url[128];
    snprintf(url, sizeof url, "http://%s:%u/", host, port);
    httpx_response *response = get(client, url);
    CHECK_TEXT(body_of(response), body_len(response), wanted);
    httpx_response_free(response);
}

static void no_site_sets_cookies_for_a_public_suffix(void)
{
    static const char *const hosts[] = {"shop.example.co.uk", "www.example.co.uk", "other.co.uk"};
    static raw_server server;
    raw_listen(&server, greedy, NULL);
    httpx_client_builder *builder = new_builder();
    for (size_t i = 0; i < 3; i++)
        MUST(httpx_client_builder_resolve(builder, hosts[i], strlen(hosts[i]), server.port, "127.0.0.1", 9, &err));
    MUST(httpx_client_builder_limits(builder, 10, 0, HTTPX_UNSET, &err)); /* the server serves one at a time */
    httpx_client *client = build(builder);
    check_cookies(client, hosts[0], server.port, "");
    check_cookies(client, hosts[1], server.port, "site=2");
    check_cookies(client, hosts[2], server.port, "");
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_header_of_a_megabyte_is_sent),
        TEST(an_endless_response_header_is_refused),
        TEST(a_redirect_loop_ends),
        TEST(bytes_in_a_location_are_escaped),
        TEST(no_site_sets_cookies_for_a_public_suffix),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

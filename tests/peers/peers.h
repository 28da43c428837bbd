/* What the programs share that talk to other people's servers. Facts about the peer are in the environment:
 *
 *   HTTPX_PEER_URL            where it is, without a path
 *   HTTPX_PEER_FILES          the folder of what it serves
 *   HTTPX_PEER_CERTIFICATES   the folder of all certificates and keys; ca.pem is the one to trust
 *   HTTPX_PEER_VERSION        of HTTP: "1.1" (or unset), "2", or "2-only", which also goes without TLS
 *   HTTPX_PEER_CODING         the content coding that it chooses for text
 *   HTTPX_PEER_LACKS          words, for what it cannot do; see origin.c
 *   HTTPX_PEER_PORTS          of a peer with many: "name=port " for each
 *
 * run.sh says which programs run against which peers. */
#ifndef HTTPX_TEST_PEERS_H
#define HTTPX_TEST_PEERS_H

#include "../c/queue.h"
#include "../c/support.h"

#define PEER(...) url_of("HTTPX_PEER_URL", __VA_ARGS__)

/* Is `word` one of the words, separated by spaces, of a variable that may be unset? */
static inline int has_word(const char *variable, const char *word)
{
    char words[512], wanted[128];
    const char *value = getenv(variable);
    snprintf(words, sizeof words, " %s ", value != NULL ? value : "");
    snprintf(wanted, sizeof wanted, " %s ", word);
    return strstr(words, wanted) != NULL;
}

static inline int peer_lacks(const char *what)
{
    return has_word("HTTPX_PEER_LACKS", what);
}

static inline int speaks_http2(void)
{
    const char *version = getenv("HTTPX_PEER_VERSION");
    return version != NULL && version[0] == '2';
}

static inline int speaks_tls(void)
{
    return strncmp(environment("HTTPX_PEER_URL"), "https:", 6) == 0;
}

/* A test, and what a peer must not lack for it to run; NULL: it always does. "http1" and "tls" go by what is spoken. */
typedef struct peer_test {
    test_case test;
    const char *needs;
} peer_test;

static inline int needed_is_lacking(const char *needs)
{
    if (needs == NULL)
        return 0;
    if (strcmp(needs, "http1") == 0)
        return speaks_http2();
    if (strcmp(needs, "tls") == 0)
        return !speaks_tls();
    return peer_lacks(needs);
}

/* The whole of `main`: a test without a name ends the table. */
static inline int run_peer_tests(int argc, char **argv, const peer_test *tests)
{
    test_case able[64] = {{NULL, NULL}};
    size_t count = 0;
    for (; tests->test.name != NULL; tests++) {
        if (!needed_is_lacking(tests->needs) && count + 1 < sizeof able / sizeof *able)
            able[count++] = tests->test;
    }
    return run_tests(argc, argv, able);
}

/* The path of a certificate or key, in a few static rooms. */
static inline const char *certificate(const char *name)
{
    return url_of("HTTPX_PEER_CERTIFICATES", "/%s", name);
}

/* A builder that trusts the peers' authority, and speaks the version of HTTP that is asked for. */
static inline httpx_client_builder *peer_builder(void)
{
    httpx_client_builder *builder = new_builder();
    if (speaks_http2()) {
        MUST(httpx_client_builder_http1(builder, !has_word("HTTPX_PEER_VERSION", "2-only"), &err));
        MUST(httpx_client_builder_http2(builder, 1, &err));
    }
    const char *ca = certificate("ca.pem");
    MUST(httpx_client_builder_ca_file(builder, ca, strlen(ca), &err));
    return builder;
}

static inline httpx_client *peer_client(void)
{
    return build(peer_builder());
}

/* One of several ports: of HTTPX_PEER_PORTS. */
static inline int peer_port(const char *name)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, " %s=", name);
    const char *found = strstr(environment("HTTPX_PEER_PORTS"), wanted);
    REQUIRE(found != NULL);
    return atoi(found + strlen(wanted));
}

/* The content of a served file, there until the next call. */
static inline const uint8_t *served_file(const char *name, size_t *len)
{
    static uint8_t room[2 << 20];
    FILE *file = fopen(url_of("HTTPX_PEER_FILES", "/%s", name), "rb");
    REQUIRE(file != NULL);
    *len = fread(room, 1, sizeof room, file);
    fclose(file);
    REQUIRE(*len > 0 && *len < sizeof room);
    return room;
}

/* Was this file, or a part of it, the body of a response that was read? */
static inline void check_body(httpx_response *response, const char *file, size_t from, size_t len)
{
    size_t size = 0, got = 0;
    const uint8_t *wanted = served_file(file, &size), *body = NULL;
    MUST(httpx_response_content(response, &body, &got, &err));
    if (CHECK_EQ(got, len < size - from ? len : size - from))
        CHECK(memcmp(body, wanted + from, got) == 0);
}

static inline void check_file(httpx_response *response, const char *file)
{
    CHECK_EQ(httpx_response_status_code(response), 200);
    check_body(response, file, 0, SIZE_MAX);
}

/* The value of a header as text, there until the response is freed; "" if there is none. */
static inline const char *header_of(httpx_response *response, const char *name)
{
    static _Thread_local char rooms[4][256];
    static _Thread_local unsigned turn;
    char *room = rooms[turn++ % 4];
    const uint8_t *value = NULL;
    size_t len = 0;
    if (httpx_response_header(response, name, strlen(name), &value, &len, &err) != HTTPX_OK)
        return "";
    snprintf(room, sizeof rooms[0], "%.*s", (int)len, (const char *)value);
    return room;
}

static inline void set_header(httpx_request *request, const char *name, const char *value)
{
    MUST(httpx_request_header_set(request, name, strlen(name), (const uint8_t *)value, strlen(value), &err));
}

static inline int status_of(httpx_client *client, const char *url)
{
    httpx_response *response = get(client, url);
    int status = httpx_response_status_code(response);
    httpx_response_free(response);
    return status;
}

#endif

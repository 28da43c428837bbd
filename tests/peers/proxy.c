/* One table of cases for every proxy. Beside what peers.h lists:
 *
 *   HTTPX_PEER_PROXY          the proxy's URL, without credentials
 *   HTTPX_PEER_TLS_URL        the same server as HTTPX_PEER_URL, over TLS
 *
 * What a proxy lacks: "auth" (it asks for nothing), "forwarding" (SOCKS), "refusal" (it says nothing, but closes, when
 * it cannot connect, and over SOCKS when it does not like the credentials), "dns" (HTTP: names are always its to look
 * up), "hosts" (squid alone has a table of names of its own). */
#include "peers.h"

enum { AT_ONCE = 50 };

#define TUNNELLED(...) url_of("HTTPX_PEER_TLS_URL", __VA_ARGS__)

/* For a proxy that is behind TLS itself: it is trusted by its own settings, not the client's. */
static void trust(httpx_proxy *proxy)
{
    httpx_tls *tls = NULL;
    const char *ca = certificate("ca.pem");
    MUST(httpx_tls_new(&tls, &err));
    MUST(httpx_tls_ca_path(tls, ca, strlen(ca), &err));
    MUST(httpx_proxy_tls(proxy, tls, &err));
    httpx_tls_free(tls);
}

static httpx_proxy *new_proxy(const char *url, const char *user, const char *password)
{
    httpx_proxy *proxy = NULL;
    MUST(httpx_proxy_new(url, strlen(url), &proxy, &err));
    if (strncmp(url, "https:", 6) == 0)
        trust(proxy);
    if (user != NULL)
        MUST(httpx_proxy_auth(proxy, (const uint8_t *)user, strlen(user), (const uint8_t *)password, strlen(password),
                              &err));
    return proxy;
}

/* Frees both. */
static httpx_client *build_through(httpx_client_builder *builder, httpx_proxy *proxy)
{
    MUST(httpx_client_builder_proxy(builder, proxy, &err));
    httpx_proxy_free(proxy);
    return build(builder);
}

static httpx_client *client_through(const char *url, const char *user, const char *password)
{
    return build_through(peer_builder(), new_proxy(url, user, password));
}

/* With the credentials that it asks for. */
static httpx_client *proxied_client(void)
{
    const char *user = peer_lacks("auth") ? NULL : "user";
    return client_through(environment("HTTPX_PEER_PROXY"), user, "secret");
}

static void check_get(httpx_client *client, const char *url, const char *file)
{
    httpx_response *response = get(client, url);
    check_file(response, file);
    httpx_response_free(response);
}

static void check_version(httpx_client *client, const char *url, int http2)
{
    httpx_response *response = get(client, url);
    CHECK_TEXT(httpx_response_http_version(response, NULL), http2 ? 6 : 8, http2 ? "HTTP/2" : "HTTP/1.1");
    httpx_response_free(response);
}

/* Inside a tunnel, the origin chooses. */
static void the_version_of_http(void)
{
    httpx_client *client = proxied_client();
    check_version(client, PEER("/hello.txt"), 0);
    check_version(client, TUNNELLED("/hello.txt"), speaks_http2());
    httpx_client_free(client);
}

static void both_schemes(void)
{
    httpx_client *client = proxied_client();
    check_get(client, PEER("/hello.txt"), "hello.txt");
    check_get(client, TUNNELLED("/hello.txt"), "hello.txt");
    check_get(client, PEER("/text.txt"), "text.txt");
    check_get(client, TUNNELLED("/text.txt"), "text.txt");
    CHECK_EQ(status_of(client, PEER("/missing")), 404);
    CHECK_EQ(status_of(client, TUNNELLED("/missing")), 404);
    httpx_client_free(client);
}

static void a_megabyte_through_both(void)
{
    httpx_client *client = proxied_client();
    check_get(client, PEER("/big.bin"), "big.bin");
    check_get(client, TUNNELLED("/big.bin"), "big.bin");
    httpx_client_free(client);
}

static void head_and_redirects(void)
{
    httpx_client *client = proxied_client();
    httpx_response *response = send_request(client, new_request(client, "HEAD", PEER("/hello.txt")), 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(body_len(response), 0);
    httpx_response_free(response);
    response = send_request(client, new_request(client, "GET", TUNNELLED("/dir")), HTTPX_SEND_FOLLOW_REDIRECTS);
    check_file(response, "dir/index.html");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void check_upload(httpx_client *client, const char *url, int chunked)
{
    static uint8_t text[50000];
    memset(text, 'x', sizeof text);
    httpx_request *request = new_request(client, "POST", url);
    set_header(request, "Content-Type", "text/plain");
    if (chunked) {
        httpx_pipe *pipe = NULL;
        size_t written = 0;
        MUST(httpx_request_body_pipe(request, -1, sizeof text, &pipe, &err));
        MUST(httpx_pipe_write(pipe, text, sizeof text, &written, &err));
        CHECK_EQ(written, sizeof text);
        MUST(httpx_pipe_finish(pipe, &err));
        httpx_pipe_free(pipe);
    } else {
        MUST(httpx_request_body_bytes(request, text, sizeof text, &err));
    }
    httpx_response *response = send_request(client, request, 0);
    const uint8_t *body = NULL;
    size_t len = 0;
    CHECK_EQ(httpx_response_status_code(response), 200);
    MUST(httpx_response_content(response, &body, &len, &err));
    CHECK(memmem(body, len, text, sizeof text) != NULL);
    httpx_response_free(response);
}

static void uploads(void)
{
    httpx_client *client = proxied_client();
    check_upload(client, PEER("/echo"), 0);
    check_upload(client, TUNNELLED("/echo"), 0);
    check_upload(client, TUNNELLED("/echo"), 1);
    check_upload(client, PEER("/echo"), 1);
    httpx_client_free(client);
}

static void tunnels_are_kept_and_used_again(void)
{
    httpx_client *client = proxied_client();
    char first[16] = "";
    for (int i = 0; i < 4; i++) {
        httpx_response *response = get(client, TUNNELLED("/hello.txt"));
        const char *port = header_of(response, "x-client-port");
        if (i == 0)
            snprintf(first, sizeof first, "%s", port);
        CHECK(port[0] != '\0');
        CHECK_TEXT(port, strlen(port), first);
        httpx_response_free(response);
    }
    httpx_client_free(client);
}

static void fifty_at_once(void)
{
    httpx_client *client = proxied_client();
    httpx_queue *queue = new_queue();
    tally t = {0};
    for (int i = 0; i < AT_ONCE; i++)
        submit(client, queue, i % 2 == 0 ? PEER("/text.txt") : TUNNELLED("/text.txt"), &t, NULL);
    dispatch_until(queue, &t, AT_ONCE);
    CHECK_EQ(atomic_load(&t.answered), AT_ONCE);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

static void credentials_in_the_url(void)
{
    char url[256];
    const char *proxy = environment("HTTPX_PEER_PROXY"), *host = strstr(proxy, "://") + 3;
    snprintf(url, sizeof url, "%.*suser:secret@%s", (int)(host - proxy), proxy, host);
    httpx_client *client = client_through(url, NULL, NULL);
    check_get(client, PEER("/hello.txt"), "hello.txt");
    check_get(client, TUNNELLED("/hello.txt"), "hello.txt");
    httpx_client_free(client);
}

/* A forwarding proxy's refusal is a response like another; a tunnel that is not opened has none to give. */
static void check_refused(const char *user, const char *password)
{
    httpx_client *client = client_through(environment("HTTPX_PEER_PROXY"), user, password);
    httpx_response *response = NULL;
    if (peer_lacks("forwarding")) {
        httpx_code family = peer_lacks("refusal") ? HTTPX_E_TRANSPORT : HTTPX_E_PROXY;
        FAILS(try_get(client, PEER("/hello.txt"), &response), family);
        FAILS(try_get(client, TUNNELLED("/hello.txt"), &response), family);
    } else {
        int status = status_of(client, PEER("/hello.txt"));
        CHECK(status == 407 || status == 401); /* tinyproxy calls it 401 when there are some */
        FAILS(try_get(client, TUNNELLED("/hello.txt"), &response), HTTPX_E_PROXY);
    }
    CHECK(response == NULL);
    httpx_client_free(client);
}

static void wrong_credentials_are_refused(void)
{
    check_refused("user", "wrong");
}

static void no_credentials_are_refused(void)
{
    check_refused(NULL, NULL);
}

static void names_that_only_the_proxy_knows(void)
{
    static const char *const schemes[][2] = {{"http", "http"}, {"https", "wildcard"}};
    httpx_client *client = proxied_client();
    for (int i = 0; i < 2; i++) {
        char url[128];
        snprintf(url, sizeof url, "%s://a.peers.example:%d/hello.txt", schemes[i][0], peer_port(schemes[i][1]));
        check_get(client, url, "hello.txt");
    }
    httpx_client_free(client);
}

static void names_that_are_looked_up_here(void)
{
    httpx_proxy *proxy = new_proxy(environment("HTTPX_PEER_PROXY"), peer_lacks("auth") ? NULL : "user", "secret");
    MUST(httpx_proxy_local_dns(proxy, 1, &err));
    httpx_client *client = build_through(peer_builder(), proxy);
    check_get(client, PEER("/hello.txt"), "hello.txt");
    check_get(client, TUNNELLED("/hello.txt"), "hello.txt");
    httpx_client_free(client);
}

/* Port 1 of this machine: nobody is there. */
static void an_origin_that_is_not_there(void)
{
    httpx_client *client = proxied_client();
    httpx_response *response = NULL;
    httpx_code family = peer_lacks("refusal") ? HTTPX_E_TRANSPORT : HTTPX_E_PROXY;
    FAILS(try_get(client, "https://localhost:1/", &response), family);
    if (peer_lacks("forwarding") || peer_lacks("refusal"))
        FAILS(try_get(client, "http://localhost:1/", &response), family);
    else
        CHECK(status_of(client, "http://localhost:1/") >= 500);
    check_get(client, TUNNELLED("/hello.txt"), "hello.txt");
    httpx_client_free(client);
}

/* A certificate is the origin's, whoever carries it. */
static void the_origins_certificate_is_checked(void)
{
    char url[128];
    httpx_client *client = proxied_client();
    httpx_response *response = NULL;
    snprintf(url, sizeof url, "https://localhost:%d/hello.txt", peer_port("wrong-host"));
    GIVES(try_get(client, url, &response), HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH);
    httpx_client_free(client);
}

static const peer_test tests[] = {
    {TEST(both_schemes), NULL},
    {TEST(the_version_of_http), NULL},
    {TEST(a_megabyte_through_both), NULL},
    {TEST(head_and_redirects), NULL},
    {TEST(uploads), NULL},
    {TEST(tunnels_are_kept_and_used_again), NULL},
    {TEST(fifty_at_once), NULL},
    {TEST(credentials_in_the_url), "auth"},
    {TEST(wrong_credentials_are_refused), "auth"},
    {TEST(no_credentials_are_refused), "auth"},
    {TEST(names_that_only_the_proxy_knows), "hosts"},
    {TEST(names_that_are_looked_up_here), "dns"},
    {TEST(an_origin_that_is_not_there), NULL},
    {TEST(the_origins_certificate_is_checked), NULL},
    {{NULL, NULL}, NULL},
};

int main(int argc, char **argv)
{
    return run_peer_tests(argc, argv, tests);
}

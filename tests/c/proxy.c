/* Proxies, as the server's recording proxy sees them, and the sockets under connections. */
#include "support.h"

/* The URL of one of the server's listeners, by its name; good until four more were asked for. */
static const char *place(const char *scheme, const char *listener, const char *path)
{
    static char rooms[4][256];
    static unsigned turn;
    char key[64], *room = rooms[turn++ % 4];
    snprintf(key, sizeof key, "\"%s\":", listener);
    const char *found = strstr(environment("HTTPX_TEST_PLACES"), key);
    REQUIRE(found != NULL);
    snprintf(room, sizeof rooms[0], "%s127.0.0.1:%d%s", scheme, atoi(found + strlen(key)), path);
    return room;
}

#define PROXY place("http://", "proxy", "")

static httpx_proxy *new_proxy(const char *url)
{
    httpx_proxy *proxy = NULL;
    MUST(httpx_proxy_new(url, strlen(url), &proxy, &err));
    return proxy;
}

/* A client that trusts the server and goes through the proxy, which is freed. */
static httpx_client *client_through(httpx_proxy *proxy)
{
    httpx_client_builder *builder = new_builder();
    const char *ca = environment("HTTPX_TEST_CA");
    MUST(httpx_client_builder_ca_file(builder, ca, strlen(ca), &err));
    MUST(httpx_client_builder_proxy(builder, proxy, &err));
    httpx_proxy_free(proxy);
    return build(builder);
}

/* What the proxy has recorded of requests whose targets have `part` in them. */
static const char *recorded(const char *part)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/proxied?contains=%s", part));
    const char *records = body_of(response);
    httpx_response_free(response);
    httpx_client_free(client);
    return records;
}

static void an_http_url_is_forwarded(void)
{
    httpx_proxy *proxy = new_proxy(PROXY);
    MUST(httpx_proxy_auth(proxy, (const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &err));
    MUST(httpx_proxy_header(proxy, "X-Proxy", 7, (const uint8_t *)"seen", 4, &err));
    httpx_client *client = client_through(proxy);
    httpx_response *response = get(client, HTTP("/get?by=forwarding"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    httpx_client_free(client);
    const char *records = recorded("by%3Dforwarding");
    CHECK(strstr(records, HTTP("/get?by=forwarding")) != NULL);
    CHECK(strstr(records, "Basic bWU6c2VjcmV0") != NULL);
    CHECK(strstr(records, "seen") != NULL);
}

static void an_https_url_goes_through_a_tunnel(void)
{
    httpx_client *client = client_through(new_proxy(PROXY));
    for (int again = 0; again < 2; again++) {
        httpx_response *response = get(client, HTTPS("/get?by=tunnel"));
        CHECK_EQ(httpx_response_status_code(response), 200);
        CHECK(strstr(body_of(response), "Proxy-") == NULL);
        CHECK(strcmp(httpx_response_proxy(response, NULL), PROXY) == 0);
        httpx_response_free(response);
    }
    httpx_connections *list = NULL;
    MUST(httpx_client_connection_list(client, &list, &err));
    CHECK_EQ(httpx_connections_len(list), 1);
    CHECK(strcmp(httpx_connections_proxy(list, 0, NULL), PROXY) == 0);
    CHECK(strncmp(httpx_connections_repr(list, 0, NULL), "<TunnelHTTPConnection ['https://", 32) == 0);
    httpx_connections_free(list);
    httpx_client_free(client);
    CHECK(strstr(recorded("by%3Dtunnel"), "by=tunnel") == NULL);
    CHECK(strstr(recorded(HTTPS("") + strlen("https://")), "CONNECT") != NULL);
}

static void a_refusal_is_an_error_with_the_proxys_answer(void)
{
    httpx_client *client = client_through(new_proxy(PROXY));
    httpx_response *response = NULL;
    /* The proxy goes to loopback only. */
    const char *url = "https://example.invalid/";
    CHECK_EQ(httpx_client_get(client, url, strlen(url), &response, &err), HTTPX_E_PROXY);
    CHECK(strcmp(httpx_error_message(err, NULL), "403 Forbidden") == 0);
    CHECK(strcmp(httpx_error_request_url(err, NULL), url) == 0);
    httpx_error *refused = err;
    err = NULL;
    MUST(httpx_error_response(refused, &response, &err));
    CHECK_EQ(httpx_response_status_code(response), 403);
    CHECK(strstr(body_of(response), "loopback") != NULL);
    httpx_response_free(response);
    httpx_error_free(refused);
    httpx_client_free(client);
}

/* Frees the response. */
static void check_version(httpx_response *response, const char *version)
{
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strcmp(httpx_response_http_version(response, NULL), version) == 0);
    httpx_response_free(response);
}

/* The message of the error that a GET ends with. */
static void check_refused(httpx_client *client, const char *url, const char *message)
{
    httpx_response *response = NULL;
    CHECK_EQ(try_get(client, url, &response), HTTPX_E_PROXY);
    if (!CHECK(strcmp(httpx_error_message(err, NULL), message) == 0))
        printf("  it says %s\n", httpx_error_message(err, NULL));
    httpx_error_free(err);
    err = NULL;
    httpx_client_free(client);
}

static void http2_is_spoken_through_a_tunnel(void)
{
    httpx_proxy *proxy = new_proxy(PROXY);
    httpx_client_builder *builder = new_builder();
    const char *ca = environment("HTTPX_TEST_CA");
    MUST(httpx_client_builder_ca_file(builder, ca, strlen(ca), &err));
    MUST(httpx_client_builder_http2(builder, 1, &err));
    MUST(httpx_client_builder_proxy(builder, proxy, &err));
    httpx_proxy_free(proxy);
    httpx_client *client = build(builder);
    check_version(get(client, place("https://", "https", "/get")), "HTTP/2");
    check_version(get(client, HTTP("/get")), "HTTP/1.1");
    httpx_client_free(client);
}

static void tls_is_spoken_with_the_proxy_too(void)
{
    const char *ca = environment("HTTPX_TEST_CA");
    httpx_tls *tls = NULL;
    MUST(httpx_tls_new(&tls, &err));
    MUST(httpx_tls_ca_path(tls, ca, strlen(ca), &err));
    httpx_proxy *proxy = new_proxy(place("https://", "proxy_tls", ""));
    MUST(httpx_proxy_tls(proxy, tls, &err));
    httpx_client *client = client_through(proxy);
    check_version(get(client, HTTPS("/get")), "HTTP/1.1");
    check_version(get(client, HTTP("/get")), "HTTP/1.1");
    httpx_client_free(client);
    proxy = new_proxy(PROXY);
    FAILS(httpx_proxy_tls(proxy, tls, &err), HTTPX_E_INVALID_CONFIG);
    httpx_proxy_free(proxy);
    httpx_tls_free(tls);
    /* Without those settings, the proxy is not trusted, whatever the client is told of origins. */
    client = client_through(new_proxy(place("https://", "proxy_tls", "")));
    httpx_response *response = NULL;
    FAILS(try_get(client, HTTP("/get"), &response), HTTPX_E_CERTIFICATE_UNTRUSTED);
    httpx_client_free(client);
}

static void credentials_come_from_the_url_or_by_themselves(void)
{
    httpx_client *client = client_through(new_proxy(place("http://user:pass@", "proxy_auth", "")));
    check_version(get(client, HTTPS("/get")), "HTTP/1.1");
    check_version(get(client, HTTP("/get")), "HTTP/1.1");
    httpx_client_free(client);
    httpx_proxy *proxy = new_proxy(place("http://user:wrong@", "proxy_auth", ""));
    MUST(httpx_proxy_auth(proxy, (const uint8_t *)"user", 4, (const uint8_t *)"pass", 4, &err));
    client = client_through(proxy);
    check_version(get(client, HTTPS("/get")), "HTTP/1.1");
    httpx_client_free(client);
    client = client_through(new_proxy(place("http://user:wrong@", "proxy_auth", "")));
    check_refused(client, HTTPS("/get"), "407 Proxy Authentication Required");
}

/* Puts the credentials that are its user data into a request. */
static httpx_code show_credentials(void *user_data, httpx_request *request, httpx_error **error)
{
    const char *value = user_data;
    return httpx_request_header_set(request, "Proxy-Authorization", 19, (const uint8_t *)value, strlen(value), error);
}

static void a_function_of_ones_own_makes_the_credentials(void)
{
    httpx_auth *auth = NULL;
    char right[] = "Basic dXNlcjpwYXNz", wrong[] = "Basic bm86bm8=";
    for (int is_right = 0; is_right < 2; is_right++) {
        MUST(httpx_auth_function(show_credentials, is_right ? right : wrong, NULL, &auth, &err));
        httpx_proxy *proxy = new_proxy(place("http://", "proxy_auth", ""));
        MUST(httpx_proxy_auth_flow(proxy, auth, &err));
        httpx_auth_free(auth);
        httpx_client *client = client_through(proxy);
        httpx_response *response = get(client, HTTP("/headers"));
        CHECK_EQ(httpx_response_status_code(response), is_right ? 200 : 407);
        httpx_response_free(response);
        response = NULL;
        GIVES(try_get(client, HTTPS("/headers"), &response), is_right ? HTTPX_OK : HTTPX_E_PROXY);
        httpx_error_free(err);
        err = NULL;
        if (is_right)
            CHECK(strstr(body_of(response), "Proxy-") == NULL);
        httpx_response_free(response);
        httpx_client_free(client);
    }
    httpx_proxy *socks = new_proxy("socks5://127.0.0.1:1");
    MUST(httpx_auth_function(show_credentials, right, NULL, &auth, &err));
    FAILS(httpx_proxy_auth_flow(socks, auth, &err), HTTPX_E_INVALID_CONFIG);
    httpx_auth_free(auth);
    httpx_proxy_free(socks);
}

static void socks_proxies_carry_both_schemes(void)
{
    const char *urls[] = {place("socks5://", "socks", ""), place("socks5h://user:pass@", "socks_auth", "")};
    for (int i = 0; i < 2; i++) {
        httpx_client *client = client_through(new_proxy(urls[i]));
        check_version(get(client, HTTP("/get")), "HTTP/1.1");
        check_version(get(client, HTTPS("/get")), "HTTP/1.1");
        httpx_client_free(client);
    }
    const char *wrong = place("socks5://user:wrong@", "socks_auth", "");
    check_refused(client_through(new_proxy(wrong)), HTTP("/get"), "Invalid username/password");
    check_refused(client_through(new_proxy(urls[0])), "http://reply-5.test/",
                  "Proxy Server could not connect: Connection refused.");
}

static void names_are_the_socks_proxys_to_look_up_unless_told_otherwise(void)
{
    const char *socks = place("socks5://", "socks", "");
    for (int local = 0; local < 2; local++) {
        httpx_proxy *proxy = new_proxy(socks);
        MUST(httpx_proxy_local_dns(proxy, local, &err));
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_proxy(builder, proxy, &err));
        httpx_proxy_free(proxy);
        const char *name = local ? "here.localhost" : "there.localhost";
        uint32_t port = (uint32_t)atoi(strrchr(HTTP(""), ':') + 1);
        MUST(httpx_client_builder_resolve(builder, name, strlen(name), port, "127.0.0.1", 9, &err));
        httpx_client *client = build(builder);
        char url[64];
        snprintf(url, sizeof url, "http://%s:%u/get", name, port);
        check_version(get(client, url), "HTTP/1.1");
        httpx_client_free(client);
    }
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/socks?contains=there.localhost"));
    CHECK(strstr(body_of(response), "\"domain\"") != NULL);
    httpx_response_free(response);
    response = get(client, HTTP("/socks?contains=here.localhost"));
    CHECK(strstr(body_of(response), "\"here.localhost\"") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_builder_can_be_told_to_go_directly_again(void)
{
    httpx_proxy *proxy = new_proxy("http://127.0.0.1:1");
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_proxy(builder, proxy, &err));
    httpx_proxy_free(proxy);
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    MUST(httpx_client_builder_build(builder, &client, &err));
    FAILS(try_get(client, HTTP("/get"), &response), HTTPX_E_CONNECTION_REFUSED);
    httpx_client_free(client);
    MUST(httpx_client_builder_proxy(builder, NULL, &err));
    client = build(builder);
    httpx_response_free(get(client, HTTP("/get")));
    httpx_client_free(client);
}

static void bad_proxies_are_refused(void)
{
    httpx_proxy *proxy = NULL;
    const char *ftp = "ftp://127.0.0.1", *nothing = "http://";
    CHECK_EQ(httpx_proxy_new(ftp, strlen(ftp), &proxy, &err), HTTPX_E_INVALID_CONFIG);
    CHECK(strncmp(httpx_error_message(err, NULL), "Unknown scheme for proxy URL", 28) == 0);
    httpx_error_free(err);
    err = NULL;
    FAILS(httpx_proxy_new(nothing, strlen(nothing), &proxy, &err), HTTPX_E_INVALID_URL);
    CHECK(proxy == NULL);
    proxy = new_proxy("socks5://127.0.0.1");
    static uint8_t long_name[256];
    FAILS(httpx_proxy_auth(proxy, long_name, sizeof long_name, NULL, 0, &err), HTTPX_E_INVALID_CONFIG);
    FAILS(httpx_proxy_header(proxy, "X", 1, NULL, 0, &err), HTTPX_E_INVALID_CONFIG);
    httpx_proxy_free(proxy);
    proxy = new_proxy("http://127.0.0.1");
    FAILS(httpx_proxy_header(proxy, "X", 1, (const uint8_t *)"a\nb", 3, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_proxy_free(proxy);
}

static void a_connection_comes_from_the_local_address(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_local_address(builder, "127.0.0.5", 9, &err));
    FAILS(httpx_client_builder_local_address(builder, "localhost", 9, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_client *client = build(builder);
    httpx_response *response = get(client, HTTP("/ip"));
    CHECK(strstr(body_of(response), "127.0.0.5") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void socket_options_are_the_systems(void)
{
    int on = 1;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_socket_option(builder, SOL_SOCKET, SO_KEEPALIVE, (const uint8_t *)&on, sizeof on, &err));
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    MUST(httpx_client_builder_build(builder, &client, &err));
    httpx_response_free(get(client, HTTP("/get")));
    httpx_client_free(client);
    MUST(httpx_client_builder_socket_option(builder, IPPROTO_TCP, 9999, (const uint8_t *)&on, sizeof on, &err));
    client = build(builder);
    CHECK_EQ(try_get(client, HTTP("/get"), &response), HTTPX_E_CONNECT);
    CHECK_EQ(httpx_error_os_errno(err), ENOPROTOOPT);
    httpx_error_free(err);
    err = NULL;
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(an_http_url_is_forwarded),
        TEST(an_https_url_goes_through_a_tunnel),
        TEST(a_refusal_is_an_error_with_the_proxys_answer),
        TEST(http2_is_spoken_through_a_tunnel),
        TEST(tls_is_spoken_with_the_proxy_too),
        TEST(credentials_come_from_the_url_or_by_themselves),
        TEST(a_function_of_ones_own_makes_the_credentials),
        TEST(socks_proxies_carry_both_schemes),
        TEST(names_are_the_socks_proxys_to_look_up_unless_told_otherwise),
        TEST(a_builder_can_be_told_to_go_directly_again),
        TEST(bad_proxies_are_refused),
        TEST(a_connection_comes_from_the_local_address),
        TEST(socket_options_are_the_systems),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/* What httpbin checks and reports. */
#include "peers.h"

static httpx_client *following_client(void)
{
    httpx_client_builder *builder = peer_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    return build(builder);
}

/* Does the JSON text that came have `"key": "value"`? */
static void check_member(const char *json, const char *key, const char *value)
{
    char wanted[256];
    const char *found = json_value(json, key);
    snprintf(wanted, sizeof wanted, "\"%s\"", value);
    CHECK(found != NULL && strncmp(found, wanted, strlen(wanted)) == 0);
}

static void cookies_are_kept_and_deleted(void)
{
    httpx_client *client = following_client();
    httpx_response *response = get(client, PEER("/cookies/set?flavour=ginger&size=big"));
    CHECK_EQ(httpx_response_history_count(response), 1);
    check_member(body_of(response), "flavour", "ginger");
    check_member(body_of(response), "size", "big");
    httpx_response_free(response);
    response = get(client, PEER("/cookies/delete?size"));
    check_member(body_of(response), "flavour", "ginger");
    CHECK(json_value(body_of(response), "size") == NULL);
    httpx_response_free(response);
    response = get(client, PEER("/cookies"));
    check_member(body_of(response), "flavour", "ginger");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_form_is_understood(void)
{
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "POST", PEER("/post"));
    httpx_form *form = NULL;
    MUST(httpx_form_new(&form, &err));
    MUST(httpx_form_add(form, "name", 4, "Max & Moritz", 12, &err));
    MUST(httpx_form_add(form, "sum", 3, "1+1=2", 5, &err));
    MUST(httpx_request_body_form(request, form, &err));
    httpx_form_free(form);
    httpx_response *response = send_request(client, request, 0);
    check_member(body_of(response), "name", "Max & Moritz");
    check_member(body_of(response), "sum", "1+1=2");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void files_are_understood(void)
{
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "POST", PEER("/post"));
    httpx_multipart *parts = NULL;
    MUST(httpx_multipart_new(&parts, &err));
    MUST(httpx_multipart_field(parts, "kind", 4, (const uint8_t *)"letter", 6, &err));
    MUST(
        httpx_multipart_file_bytes(parts, "paper", 5, "a \"b\".txt", 9, NULL, 0, (const uint8_t *)"Dear all", 8, &err));
    MUST(httpx_request_body_multipart(request, parts, &err));
    httpx_multipart_free(parts);
    httpx_response *response = send_request(client, request, 0);
    const char *json = body_of(response), *files = json_value(json, "files"), *form = json_value(json, "form");
    REQUIRE(files != NULL && form != NULL);
    check_member(files, "paper", "Dear all");
    check_member(form, "kind", "letter");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void json_is_understood(void)
{
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "PUT", PEER("/put"));
    MUST(httpx_request_body_json(request, "{\"colour\": \"blue\"}", 18, &err));
    httpx_response *response = send_request(client, request, 0);
    const char *json = json_value(body_of(response), "json");
    REQUIRE(json != NULL);
    check_member(json, "colour", "blue");
    check_member(body_of(response), "Content-Type", "application/json");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_query_arrives_as_it_was_meant(void)
{
    httpx_client *client = peer_client();
    httpx_request *request = new_request(client, "GET", PEER("/get?first=1"));
    MUST(httpx_request_param(request, "second", 6, "a b&c=d", 7, 1, &err));
    httpx_response *response = send_request(client, request, 0);
    check_member(body_of(response), "first", "1");
    check_member(body_of(response), "second", "a b&c=d");
    httpx_response_free(response);
    httpx_client_free(client);
}

static void every_coding_is_undone(void)
{
    static const char *const codings[][2] = {{"gzip", "gzipped"}, {"deflate", "deflated"}, {"brotli", "brotli"}};
    httpx_client *client = peer_client();
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        httpx_response *response = get(client, PEER("/%s", codings[i][0]));
        const char *said = json_value(body_of(response), codings[i][1]);
        CHECK(said != NULL && strncmp(said, "true", 4) == 0);
        httpx_response_free(response);
    }
    httpx_client_free(client);
}

static int digest(const char *qop, const char *algorithm, const char *password)
{
    httpx_client_builder *builder = peer_builder();
    MUST(httpx_client_builder_auth_digest(builder, (const uint8_t *)"user", 4, (const uint8_t *)password,
                                          strlen(password), &err));
    httpx_client *client = build(builder);
    int first = status_of(client, PEER("/digest-auth/%s/user/secret/%s", qop, algorithm));
    CHECK_EQ(status_of(client, PEER("/digest-auth/%s/user/secret/%s", qop, algorithm)), first);
    httpx_client_free(client);
    return first;
}

static void digest_of_every_algorithm(void)
{
    static const char *const algorithms[] = {"MD5", "SHA-256", "SHA-512"};
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        CHECK_EQ(digest("auth", algorithms[i], "secret"), 200);
        CHECK_EQ(digest("auth-int", algorithms[i], "secret"), 200);
        CHECK_EQ(digest("auth", algorithms[i], "wrong"), 401);
    }
}

static void basic_credentials(void)
{
    httpx_client_builder *builder = peer_builder();
    MUST(httpx_client_builder_auth_basic(builder, (const uint8_t *)"user", 4, (const uint8_t *)"secret", 6, &err));
    httpx_client *client = build(builder);
    CHECK_EQ(status_of(client, PEER("/basic-auth/user/secret")), 200);
    CHECK_EQ(status_of(client, PEER("/basic-auth/user/other")), 401);
    httpx_client_free(client);
}

static void redirects_of_every_kind(void)
{
    static const char *const paths[] = {"/redirect/5", "/relative-redirect/5", "/absolute-redirect/5"};
    httpx_client *client = following_client();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        httpx_response *response = get(client, PEER("%s", paths[i]));
        CHECK_EQ(httpx_response_status_code(response), 200);
        CHECK_EQ(httpx_response_history_count(response), 5);
        httpx_response_free(response);
    }
    httpx_response *response = NULL;
    FAILS(try_get(client, PEER("/redirect/21"), &response), HTTPX_E_TOO_MANY_REDIRECTS);
    httpx_client_free(client);
}

static void statuses_without_a_body(void)
{
    httpx_client *client = peer_client();
    CHECK_EQ(status_of(client, PEER("/status/204")), 204);
    CHECK_EQ(status_of(client, PEER("/status/304")), 304);
    CHECK_EQ(status_of(client, PEER("/status/418")), 418);
    CHECK_EQ(status_of(client, PEER("/status/500")), 500);
    httpx_client_free(client);
}

static void lines_in_chunks(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/stream/20"));
    const char *body = body_of(response);
    int lines = 0;
    for (; (body = strchr(body, '\n')) != NULL; body++)
        lines++;
    CHECK_EQ(lines, 20);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void text_in_its_encoding(void)
{
    httpx_client *client = peer_client();
    httpx_response *response = get(client, PEER("/encoding/utf8"));
    const char *text = NULL;
    size_t len = 0;
    MUST(httpx_response_text(response, &text, &len, &err));
    CHECK(memmem(text, len, "∮ E⋅da = Q", strlen("∮ E⋅da = Q")) != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static const test_case tests[] = {
    TEST(cookies_are_kept_and_deleted),
    TEST(a_form_is_understood),
    TEST(files_are_understood),
    TEST(json_is_understood),
    TEST(a_query_arrives_as_it_was_meant),
    TEST(every_coding_is_undone),
    TEST(digest_of_every_algorithm),
    TEST(basic_credentials),
    TEST(redirects_of_every_kind),
    TEST(statuses_without_a_body),
    TEST(lines_in_chunks),
    TEST(text_in_its_encoding),
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return run_tests(argc, argv, tests);
}

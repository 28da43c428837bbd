/* Cookies: what servers set, what is sent back, and the set as a thing of its own. */
#include "support.h"

static void set(httpx_cookies *cookies, const char *name, const char *value, const char *domain, const char *path)
{
    MUST(httpx_cookies_set(cookies, name, strlen(name), (const uint8_t *)value, strlen(value), domain, strlen(domain),
                           path, strlen(path), &err));
}

static httpx_code get_cookie(httpx_cookies *cookies, const char *name, const char **value)
{
    return httpx_cookies_get(cookies, name, strlen(name), NULL, 0, NULL, 0, (const uint8_t **)(const void *)value, NULL,
                             &err);
}

static httpx_cookies *new_cookies(void)
{
    httpx_cookies *cookies = NULL;
    MUST(httpx_cookies_new(&cookies, &err));
    return cookies;
}

static httpx_client *following_client(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    return build(builder);
}

static void cookies_of_redirects_are_kept_and_sent_back(void)
{
    httpx_client *client = following_client();
    httpx_cookies *cookies = NULL;
    const char *value = NULL;
    httpx_response *response = get(client, HTTP("/cookies/set?flavour=vanilla"));
    CHECK(strstr(body_of(response), "\"flavour\": \"vanilla\"") != NULL);
    CHECK_EQ(httpx_response_history_count(response), 1);
    httpx_response_free(response);
    MUST(httpx_client_cookies(client, &cookies, &err));
    CHECK_EQ(httpx_cookies_count(cookies), 1);
    CHECK_EQ(get_cookie(cookies, "flavour", &value), HTTPX_OK);
    CHECK(value != NULL && strcmp(value, "vanilla") == 0);
    CHECK_EQ(get_cookie(cookies, "other", &value), HTTPX_DONE);
    httpx_cookies_free(cookies);

    response = get(client, HTTP("/cookies/delete?flavour"));
    CHECK(strstr(body_of(response), "vanilla") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void a_response_tells_its_own_cookies_only(void)
{
    httpx_client *client = new_client();
    httpx_cookies *cookies = NULL;
    httpx_response_free(get(client, HTTP("/cookies/set?a=1")));
    httpx_response *response = get(client, HTTP("/cookies/set?b=2"));
    MUST(httpx_response_cookies(response, &cookies, &err));
    const char *value = NULL;
    CHECK_EQ(httpx_cookies_count(cookies), 1);
    CHECK_EQ(get_cookie(cookies, "b", &value), HTTPX_OK);
    httpx_cookies_free(cookies);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void cookies_of_the_program_are_sent_where_they_belong(void)
{
    httpx_client *client = new_client();
    httpx_cookies *cookies = new_cookies();
    set(cookies, "everywhere", "1", "", "");
    set(cookies, "here", "2", "127.0.0.1", "/cookies");
    set(cookies, "elsewhere", "3", "example.org", "/");
    MUST(httpx_client_set_cookies(client, cookies, &err));
    httpx_cookies_free(cookies);
    httpx_response *response = get(client, HTTP("/cookies"));
    const char *body = body_of(response);
    CHECK(strstr(body, "\"everywhere\": \"1\"") != NULL && strstr(body, "\"here\": \"2\"") != NULL);
    CHECK(strstr(body, "elsewhere") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void the_jar_of_a_client_is_the_clients_own(void)
{
    httpx_client *client = new_client();
    httpx_cookies *jar = NULL, *cookies = new_cookies();
    const char *mine = NULL, *theirs = NULL;
    MUST(httpx_client_cookie_jar(client, &jar, &err));
    CHECK_EQ(httpx_cookies_count(jar), 0);
    set(jar, "mine", "1", "", "");
    httpx_response *response = get(client, HTTP("/cookies/set?theirs=2"));
    httpx_response_free(response);
    CHECK_EQ(get_cookie(jar, "theirs", &theirs), HTTPX_OK);
    CHECK_EQ(get_cookie(jar, "mine", &mine), HTTPX_OK);
    CHECK(theirs != NULL && strcmp(theirs, "2") == 0 && mine != NULL && strcmp(mine, "1") == 0);
    response = get(client, HTTP("/cookies"));
    CHECK(strstr(body_of(response), "\"mine\": \"1\"") != NULL);
    httpx_response_free(response);
    /* Other cookies for the client are other cookies in the jar. */
    set(cookies, "only", "3", "", "");
    MUST(httpx_client_set_cookies(client, cookies, &err));
    CHECK_EQ(httpx_cookies_count(jar), 1);
    CHECK_EQ(get_cookie(jar, "mine", &mine), HTTPX_DONE);
    MUST(httpx_client_set_cookies(client, jar, &err));
    CHECK_EQ(httpx_cookies_count(jar), 1);
    MUST(httpx_cookies_clear(jar, NULL, 0, NULL, 0, &err));
    httpx_client_free(client);
    CHECK_EQ(httpx_cookies_count(jar), 0);
    httpx_cookies_free(cookies);
    httpx_cookies_free(jar);
}

static void a_cookie_header_of_ones_own_is_sent_instead(void)
{
    httpx_client *client = new_client();
    httpx_cookies *cookies = new_cookies();
    set(cookies, "jar", "1", "", "/");
    MUST(httpx_client_set_cookies(client, cookies, &err));
    httpx_cookies_free(cookies);
    httpx_request *request = new_request(client, "GET", HTTP("/cookies"));
    MUST(httpx_request_header_set(request, "Cookie", 6, (const uint8_t *)"mine=2", 6, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK(strstr(body_of(response), "\"mine\": \"2\"") != NULL && strstr(body_of(response), "jar") == NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void one_name_in_two_places_is_a_conflict(void)
{
    httpx_cookies *cookies = new_cookies();
    const char *value = NULL;
    set(cookies, "a", "1", "one.example", "/");
    set(cookies, "a", "2", "two.example", "/");
    CHECK_EQ(get_cookie(cookies, "a", &value), HTTPX_E_COOKIE_CONFLICT);
    CHECK(err != NULL && strstr(httpx_error_message(err, NULL), "Multiple cookies exist with name=a") != NULL);
    httpx_error_free(err);
    err = NULL;
    MUST(httpx_cookies_delete(cookies, "a", 1, "one.example", 11, "/", 1, &err));
    CHECK_EQ(get_cookie(cookies, "a", &value), HTTPX_OK);
    FAILS(httpx_cookies_delete(cookies, "a", 1, "one.example", 11, "/", 1, &err), HTTPX_E_NOT_FOUND);
    MUST(httpx_cookies_clear(cookies, NULL, 0, NULL, 0, &err));
    CHECK_EQ(httpx_cookies_count(cookies), 0);
    httpx_cookies_free(cookies);
}

static void a_set_is_saved_and_loaded(void)
{
    httpx_cookies *cookies = new_cookies(), *again = new_cookies();
    const uint8_t *text = NULL;
    size_t len = 0;
    set(cookies, "a", "1", ".example.org", "/p");
    MUST(httpx_cookies_save(cookies, &text, &len, &err));
    CHECK(strstr((const char *)text, ".example.org\tTRUE\t/p\tFALSE\t") != NULL);
    MUST(httpx_cookies_load(again, text, len, &err));
    CHECK_EQ(httpx_cookies_count(again), 1);
    FAILS(httpx_cookies_load(again, (const uint8_t *)"no cookie\n", 10, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(httpx_cookies_count(again), 1);
    MUST(httpx_cookies_to_json(again, &text, &len, &err));
    CHECK(len > 2 && text[0] == '[' && strstr((const char *)text, "\"example.org\"") == NULL);
    httpx_cookies_free(cookies);
    httpx_cookies_free(again);
}

static void cookies_are_listed_with_their_attributes(void)
{
    static const char text[] = "#HttpOnly_h.example\tFALSE\t/p\tTRUE\t4102444800\tsecret\t1\n";
    httpx_cookies *cookies = new_cookies(), *copy = NULL;
    const uint8_t *name = NULL, *value = NULL;
    const char *domain = NULL, *path = NULL;
    int32_t secure = -1, http_only = -1, same_site = -1;
    int64_t expires = 0;
    set(cookies, "b", "2", "", "/");
    MUST(httpx_cookies_load(cookies, (const uint8_t *)text, sizeof text - 1, &err));
    set(cookies, "a", "3", "", "/");
    MUST(httpx_cookies_copy(cookies, &copy, &err));
    MUST(httpx_cookies_clear(cookies, NULL, 0, NULL, 0, &err));
    CHECK_EQ(httpx_cookies_count(copy), 3);
    MUST(httpx_cookies_at(copy, 1, &name, NULL, &value, NULL, &domain, NULL, &path, NULL, &err));
    CHECK(strcmp((const char *)name, "secret") == 0 && strcmp((const char *)value, "1") == 0);
    CHECK(strcmp(domain, "h.example") == 0 && strcmp(path, "/p") == 0);
    MUST(httpx_cookies_attributes_at(copy, 1, &secure, &http_only, &same_site, &expires, &err));
    CHECK(secure == 1 && http_only == 1 && same_site == HTTPX_SAME_SITE_UNSET && expires == 4102444800);
    MUST(httpx_cookies_attributes_at(copy, 2, &secure, &http_only, NULL, &expires, &err));
    CHECK(secure == 0 && http_only == 0 && expires == -1);
    FAILS(httpx_cookies_at(copy, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    FAILS(httpx_cookies_attributes_at(copy, 3, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    httpx_cookies_free(cookies);
    httpx_cookies_free(copy);
}

static void a_cookie_is_put_in_with_its_attributes(void)
{
    httpx_cookies *cookies = new_cookies();
    const uint8_t *value = (const uint8_t *)"1";
    int32_t secure = 9, http_only = 9, same_site = 9;
    int64_t expires = 9;
    MUST(
        httpx_cookies_add(cookies, "a", 1, value, 1, ".h", 2, "/p", 2, 1, 1, HTTPX_SAME_SITE_STRICT, 4102444800, &err));
    MUST(httpx_cookies_attributes_at(cookies, 0, &secure, &http_only, &same_site, &expires, &err));
    CHECK_EQ(secure, 1);
    CHECK_EQ(http_only, 1);
    CHECK_EQ(same_site, HTTPX_SAME_SITE_STRICT);
    CHECK_EQ(expires, 4102444800);
    MUST(httpx_cookies_add(cookies, "a", 1, value, 1, ".h", 2, "/p", 2, 0, 0, HTTPX_SAME_SITE_UNSET, -1, &err));
    MUST(httpx_cookies_attributes_at(cookies, 0, &secure, NULL, &same_site, &expires, &err));
    CHECK_EQ(secure, 0);
    CHECK_EQ(same_site, HTTPX_SAME_SITE_UNSET);
    CHECK_EQ(expires, -1);
    CHECK_EQ(httpx_cookies_count(cookies), 1);
    FAILS(httpx_cookies_add(cookies, "a", 1, value, 1, "", 0, "", 0, 0, 0, 4, -1, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_cookies_free(cookies);
}

static void an_update_replaces_what_is_the_same(void)
{
    httpx_cookies *cookies = new_cookies(), *other = new_cookies();
    const char *value = NULL;
    set(cookies, "a", "1", "", "/");
    set(other, "a", "2", "", "/");
    set(other, "b", "3", "", "/");
    MUST(httpx_cookies_update(cookies, other, &err));
    MUST(httpx_cookies_update(cookies, cookies, &err));
    CHECK_EQ(httpx_cookies_count(cookies), 2);
    CHECK_EQ(get_cookie(cookies, "a", &value), HTTPX_OK);
    CHECK(value != NULL && strcmp(value, "2") == 0);
    httpx_cookies_free(cookies);
    httpx_cookies_free(other);
}

static void a_set_takes_in_what_responses_set_and_expire(void)
{
    httpx_client *client = new_client();
    httpx_cookies *cookies = new_cookies();
    const char *value = NULL;
    httpx_response *response = get(client, HTTP("/cookies/set?a=1&b=2"));
    MUST(httpx_cookies_extract(cookies, response, &err));
    httpx_response_free(response);
    CHECK_EQ(httpx_cookies_count(cookies), 2);
    response = get(client, HTTP("/cookies/delete?a"));
    MUST(httpx_cookies_extract(cookies, response, &err));
    httpx_response_free(response);
    CHECK_EQ(get_cookie(cookies, "a", &value), HTTPX_DONE);
    CHECK_EQ(get_cookie(cookies, "b", &value), HTTPX_OK);
    httpx_cookies_free(cookies);
    httpx_client_free(client);
}

static void a_request_gets_the_cookies_of_its_url_unless_it_has_some(void)
{
    httpx_client *client = new_client();
    httpx_cookies *cookies = new_cookies();
    httpx_request *request = new_request(client, "GET", "http://h.example/p/q");
    size_t before = httpx_request_header_count(request);
    const uint8_t *value = NULL;
    MUST(httpx_cookies_set_header(cookies, request, &err));
    CHECK_EQ(httpx_request_header_count(request), before);
    set(cookies, "a", "1", "", "/");
    set(cookies, "b", "2", ".example", "/p");
    set(cookies, "c", "3", "other.example", "/");
    MUST(httpx_cookies_set_header(cookies, request, &err));
    set(cookies, "d", "4", "", "/");
    MUST(httpx_cookies_set_header(cookies, request, &err));
    CHECK_EQ(httpx_request_header_count(request), before + 1);
    MUST(httpx_request_header_at(request, before, NULL, NULL, &value, NULL, &err));
    CHECK(strcmp((const char *)value, "b=2; a=1") == 0);
    httpx_request_free(request);
    httpx_cookies_free(cookies);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(cookies_of_redirects_are_kept_and_sent_back),
        TEST(a_response_tells_its_own_cookies_only),
        TEST(cookies_of_the_program_are_sent_where_they_belong),
        TEST(the_jar_of_a_client_is_the_clients_own),
        TEST(a_cookie_header_of_ones_own_is_sent_instead),
        TEST(one_name_in_two_places_is_a_conflict),
        TEST(a_set_is_saved_and_loaded),
        TEST(cookies_are_listed_with_their_attributes),
        TEST(a_cookie_is_put_in_with_its_attributes),
        TEST(an_update_replaces_what_is_the_same),
        TEST(a_set_takes_in_what_responses_set_and_expire),
        TEST(a_request_gets_the_cookies_of_its_url_unless_it_has_some),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

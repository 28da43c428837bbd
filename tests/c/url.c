/* URLs by themselves: their parts, their changes, their references. */
#include "support.h"

static httpx_url *parse(const char *text)
{
    httpx_url *url = NULL;
    MUST(httpx_url_parse(text, strlen(text), &url, &err));
    return url;
}

static void check_str(const httpx_url *url, const char *wanted)
{
    size_t len = 0;
    const char *text = httpx_url_str(url, &len);
    CHECK_TEXT(text, len, wanted);
}

/* The text of a URL that is made and freed. */
#define MAKES(call, wanted)                                                                                            \
    do {                                                                                                               \
        httpx_url *made = NULL;                                                                                        \
        httpx_url **out = &made;                                                                                       \
        if (GIVES(call, HTTPX_OK))                                                                                     \
            check_str(made, wanted);                                                                                   \
        httpx_url_free(made);                                                                                          \
    } while (0)

static void a_url_falls_into_its_parts(void)
{
    static const struct {
        const char *(*get)(const httpx_url *, size_t *);
        const char *wanted;
    } parts[] = {
        {httpx_url_scheme, "https"},
        {httpx_url_authority, "jo%40email.com:a%20secret@xn--mller-kva.de:1234"},
        {httpx_url_userinfo, "jo%40email.com:a%20secret"},
        {httpx_url_username, "jo@email.com"},
        {httpx_url_password, "a secret"},
        {httpx_url_host, "m\xc3\xbcller.de"},
        {httpx_url_raw_host, "xn--mller-kva.de"},
        {httpx_url_netloc, "xn--mller-kva.de:1234"},
        {httpx_url_path, "/pa th"},
        {httpx_url_query, "search=ab"},
        {httpx_url_raw_path, "/pa%20th?search=ab"},
        {httpx_url_fragment, "anchor link"},
        {httpx_url_masked, "https://jo%40email.com:[secure]@xn--mller-kva.de:1234/pa%20th?search=ab#anchor%20link"},
    };
    httpx_url *url = parse("HTTPS://jo%40email.com:a%20secret@M\xc3\xbcller.de:1234/pa%20th?search=ab#anchor%20link");
    uint16_t port = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t len = 0;
        const char *text = parts[i].get(url, &len);
        CHECK_TEXT(text, len, parts[i].wanted);
        CHECK(text != NULL && text[len] == '\0');
        CHECK(parts[i].get(url, NULL) == text);
    }
    GIVES(httpx_url_port(url, &port, &err), HTTPX_OK);
    CHECK_EQ(port, 1234);
    CHECK(httpx_url_is_ssl(url) && httpx_url_is_absolute_url(url) && !httpx_url_is_relative_url(url));
    httpx_url_free(url);
}

static void components_are_told_as_they_stand(void)
{
    httpx_url *url = parse("http://u:p@h");
    size_t len = 0;
    CHECK_TEXT(httpx_url_component(url, HTTPX_URL_SCHEME, NULL), 4, "http");
    CHECK_TEXT(httpx_url_component(url, HTTPX_URL_USERINFO, NULL), 3, "u:p");
    CHECK_TEXT(httpx_url_component(url, HTTPX_URL_HOST, NULL), 1, "h");
    CHECK_TEXT(httpx_url_component(url, HTTPX_URL_PATH, NULL), 0, "");
    CHECK(httpx_url_component(url, HTTPX_URL_QUERY, NULL) == NULL);
    CHECK(httpx_url_component(url, HTTPX_URL_FRAGMENT, NULL) == NULL);
    CHECK(httpx_url_component(url, HTTPX_URL_PORT, NULL) == NULL);
    httpx_url_free(url);
    url = parse("http://h/a%20b?#x y");
    CHECK_TEXT(httpx_url_component(url, HTTPX_URL_PATH, NULL), 6, "/a%20b");
    CHECK_TEXT(httpx_url_component(url, HTTPX_URL_QUERY, NULL), 0, "");
    const char *fragment = httpx_url_component(url, HTTPX_URL_FRAGMENT, &len);
    CHECK_TEXT(fragment, len, "x%20y");
    httpx_url_free(url);
}

static void what_is_not_there_is_empty(void)
{
    httpx_url *url = parse("http://h:80");
    uint16_t port = 9;
    CHECK_TEXT(httpx_url_query(url, NULL), 0, "");
    CHECK_TEXT(httpx_url_username(url, NULL), 0, "");
    CHECK_TEXT(httpx_url_path(url, NULL), 1, "/");
    GIVES(httpx_url_port(url, &port, &err), HTTPX_DONE);
    CHECK_EQ(port, 0);
    check_str(url, "http://h");
    httpx_url_free(url);
    url = parse("");
    CHECK_TEXT(httpx_url_scheme(url, NULL), 0, "");
    CHECK(httpx_url_is_relative_url(url) && !httpx_url_is_absolute_url(url) && !httpx_url_is_ssl(url));
    httpx_url_free(url);
}

static void what_is_no_url_is_refused(void)
{
    static const char *const texts[] = {"http://[", "http://h:99999/", "http://h:x/", "http://a\nb/",
                                        "http://999.1.1.1/"};
    httpx_url *url = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        GIVES(httpx_url_parse(texts[i], strlen(texts[i]), &url, &err), HTTPX_E_INVALID_URL);
    GIVES(httpx_url_parse("http://\xff/", 9, &url, &err), HTTPX_E_INVALID_UTF8);
    CHECK(url == NULL);
}

static void references_are_resolved(void)
{
    httpx_url *base = parse("http://h/b/c/d?q");
    MAKES(httpx_url_join(base, "../g?y#s", 8, out, &err), "http://h/b/g?y#s");
    MAKES(httpx_url_join(base, "//o/x", 5, out, &err), "http://o/x");
    MAKES(httpx_url_join(base, "", 0, out, &err), "http://h/b/c/d?q");
    httpx_url *none = NULL;
    GIVES(httpx_url_join(base, "http://[", 8, &none, &err), HTTPX_E_INVALID_URL);
    httpx_url_free(base);
}

static void set_part(httpx_url_parts *parts, int32_t part, const char *text)
{
    MUST(httpx_url_parts_set(parts, part, text, strlen(text), &err));
}

static void parts_are_replaced_and_removed_at_once(void)
{
    httpx_url *url = parse("http://user:pass@h:81/p?q#f");
    httpx_url_parts *parts = NULL;
    MUST(httpx_url_parts_new(&parts, &err));
    MAKES(httpx_url_copy_with(url, parts, out, &err), "http://user:pass@h:81/p?q#f");
    set_part(parts, HTTPX_URL_SCHEME, "https");
    set_part(parts, HTTPX_URL_HOST, "::1");
    set_part(parts, HTTPX_URL_PATH, "/a b");
    MUST(httpx_url_parts_port(parts, 8443, &err));
    MUST(httpx_url_parts_remove(parts, HTTPX_URL_FRAGMENT, &err));
    MAKES(httpx_url_copy_with(url, parts, out, &err), "https://user:pass@[::1]:8443/a%20b?q");
    set_part(parts, HTTPX_URL_USERNAME, "a:b");
    set_part(parts, HTTPX_URL_PASSWORD, "c@d");
    MUST(httpx_url_parts_remove(parts, HTTPX_URL_PORT, &err));
    MUST(httpx_url_parts_remove(parts, HTTPX_URL_PARAMS, &err));
    MAKES(httpx_url_copy_with(url, parts, out, &err), "https://a%3Ab:c%40d@[::1]/a%20b");
    MAKES(httpx_url_parse_with("x?y", 3, parts, out, &err), "https://a%3Ab:c%40d@[::1]/a%20b");
    httpx_url_parts_free(parts);
    httpx_url_free(url);
}

static void no_part_breaks_out_of_its_place(void)
{
    httpx_url *url = parse("http://h/p"), *none = NULL;
    httpx_url_parts *parts = NULL;
    MUST(httpx_url_parts_new(&parts, &err));
    set_part(parts, HTTPX_URL_PATH, "/a?b");
    GIVES(httpx_url_copy_with(url, parts, &none, &err), HTTPX_E_INVALID_URL);
    set_part(parts, HTTPX_URL_PATH, "/a");
    MUST(httpx_url_parts_port(parts, 65536, &err));
    GIVES(httpx_url_copy_with(url, parts, &none, &err), HTTPX_E_INVALID_URL);
    GIVES(httpx_url_parts_set(parts, HTTPX_URL_PORT, "80", 2, &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_url_parts_set(parts, HTTPX_URL_PARAMS, "a", 1, &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_url_parts_set(parts, 0, "a", 1, &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_url_parts_set(parts, -1, "a", 1, &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_url_parts_remove(parts, 14, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK(none == NULL);
    httpx_url_parts_free(parts);
    httpx_url_free(url);
}

static void parameters_are_changed_in_copies(void)
{
    httpx_url *url = parse("http://h/?a=1&b=2&a=3"), *empty = parse("http://h/?x");
    httpx_query_params *params = NULL, *none = NULL;
    httpx_url_parts *parts = NULL;
    MAKES(httpx_url_copy_set_param(url, "a", 1, "\xc3\xa9 ", 3, out, &err), "http://h/?a=%C3%A9+&b=2");
    MAKES(httpx_url_copy_add_param(url, "b", 1, "4", 1, out, &err), "http://h/?a=1&a=3&b=2&b=4");
    MAKES(httpx_url_copy_remove_param(url, "a", 1, out, &err), "http://h/?b=2");
    MAKES(httpx_url_copy_remove_param(empty, "x", 1, out, &err), "http://h/");
    MUST(httpx_query_params_parse("b=5&c=6", 7, &params, &err));
    MAKES(httpx_url_copy_merge_params(url, params, out, &err), "http://h/?a=1&a=3&b=5&c=6");
    MUST(httpx_url_parts_new(&parts, &err));
    MUST(httpx_url_parts_params(parts, params, &err));
    MAKES(httpx_url_copy_with(url, parts, out, &err), "http://h/?b=5&c=6");
    MUST(httpx_query_params_parse(NULL, 0, &none, &err));
    MUST(httpx_url_parts_params(parts, none, &err));
    MAKES(httpx_url_copy_with(url, parts, out, &err), "http://h/");
    check_str(url, "http://h/?a=1&b=2&a=3");
    httpx_url_parts_free(parts);
    httpx_query_params_free(params);
    httpx_query_params_free(none);
    httpx_url_free(url);
    httpx_url_free(empty);
}

static void equal_urls_have_equal_hashes(void)
{
    httpx_url *url = parse("HTTP://Host:80/%7Ea"), *same = parse("http://host/%7Ea"), *other = parse("http://host/~a");
    CHECK_EQ(httpx_url_equal(url, same), 1);
    CHECK(httpx_url_hash(url) == httpx_url_hash(same));
    CHECK_EQ(httpx_url_equal(url, other), 0);
    CHECK(httpx_url_hash(url) != httpx_url_hash(other));
    httpx_url_free(url);
    httpx_url_free(same);
    httpx_url_free(other);
}

static void a_clone_lives_on(void)
{
    int64_t before = httpx_live_handles(HTTPX_KIND_URL);
    httpx_url *url = parse("http://h/");
    httpx_url *clone = httpx_url_clone(url);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_URL), before + 2);
    httpx_url_free(url);
    check_str(clone, "http://h/");
    httpx_url_free(clone);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_URL), before);
}

static void *read_all(void *argument)
{
    const httpx_url *url = argument;
    return (void *)(httpx_url_host(url, NULL) + strlen(httpx_url_masked(url, NULL)));
}

static void threads_share_one_url(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    httpx_url *url = parse("https://user:pass@xn--mller-kva.de/");
    const void *here = read_all(url);
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, read_all, url) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *there = NULL;
        pthread_join(threads[i], &there);
        CHECK(there == here);
    }
    httpx_url_free(url);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_url_falls_into_its_parts),      TEST(components_are_told_as_they_stand),
        TEST(what_is_not_there_is_empty),      TEST(what_is_no_url_is_refused),
        TEST(references_are_resolved),         TEST(parts_are_replaced_and_removed_at_once),
        TEST(no_part_breaks_out_of_its_place), TEST(parameters_are_changed_in_copies),
        TEST(equal_urls_have_equal_hashes),    TEST(a_clone_lives_on),
        TEST(threads_share_one_url),           {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

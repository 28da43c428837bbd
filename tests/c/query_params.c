/* Query parameters by themselves, and on their way to a server. */
#include "support.h"

static httpx_query_params *parse(const char *query)
{
    httpx_query_params *params = NULL;
    MUST(httpx_query_params_parse(query, strlen(query), &params, &err));
    return params;
}

static void check_str(const httpx_query_params *params, const char *wanted)
{
    size_t len = 0;
    const char *text = httpx_query_params_str(params, &len);
    CHECK_TEXT(text, len, wanted);
}

/* The text of parameters that are made and freed. */
#define MAKES(call, wanted)                                                                                            \
    do {                                                                                                               \
        httpx_query_params *made = NULL;                                                                               \
        httpx_query_params **out = &made;                                                                              \
        if (GIVES(call, HTTPX_OK))                                                                                     \
            check_str(made, wanted);                                                                                   \
        httpx_query_params_free(made);                                                                                 \
    } while (0)

static void a_query_is_decoded_and_its_keys_are_grouped(void)
{
    httpx_query_params *params = parse("a=1&b=two+words&a=%C3%A9&c");
    const char *key = NULL, *value = NULL;
    size_t key_len = 0, value_len = 0;
    check_str(params, "a=1&a=%C3%A9&b=two+words&c=");
    CHECK_EQ(httpx_query_params_count(params), 3);
    CHECK_EQ(httpx_query_params_multi_count(params), 4);
    MUST(httpx_query_params_item_at(params, 1, &key, &key_len, &value, &value_len, &err));
    CHECK_TEXT(key, key_len, "b");
    CHECK_TEXT(value, value_len, "two words");
    MUST(httpx_query_params_multi_item_at(params, 1, &key, &key_len, &value, &value_len, &err));
    CHECK_TEXT(key, key_len, "a");
    CHECK_TEXT(value, value_len, "\xc3\xa9");
    GIVES(httpx_query_params_item_at(params, 3, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    GIVES(httpx_query_params_multi_item_at(params, 4, NULL, NULL, NULL, NULL, &err), HTTPX_E_NOT_FOUND);
    httpx_query_params_free(params);
}

static void values_are_found_by_their_key(void)
{
    httpx_query_params *params = parse("a=1&b=2&a=3");
    const char *value = NULL;
    size_t len = 0;
    GIVES(httpx_query_params_get(params, "a", 1, &value, &len, &err), HTTPX_OK);
    CHECK_TEXT(value, len, "1");
    GIVES(httpx_query_params_get_list_at(params, "a", 1, 1, &value, &len, &err), HTTPX_OK);
    CHECK_TEXT(value, len, "3");
    GIVES(httpx_query_params_get_list_at(params, "a", 1, 2, &value, &len, &err), HTTPX_DONE);
    CHECK(value == NULL && len == 0);
    GIVES(httpx_query_params_get(params, "A", 1, &value, &len, &err), HTTPX_DONE);
    GIVES(httpx_query_params_get(params, "b", 1, NULL, NULL, &err), HTTPX_OK);
    httpx_query_params_free(params);
}

static void changes_give_new_parameters(void)
{
    httpx_query_params *params = parse("a=1&b=x&a=2"), *other = parse("c=1&a=0");
    MAKES(httpx_query_params_set(params, "a", 1, "&", 1, out, &err), "a=%26&b=x");
    MAKES(httpx_query_params_add(params, "b", 1, "y", 1, out, &err), "a=1&a=2&b=x&b=y");
    MAKES(httpx_query_params_remove(params, "a", 1, out, &err), "b=x");
    MAKES(httpx_query_params_remove(params, "none", 4, out, &err), "a=1&a=2&b=x");
    MAKES(httpx_query_params_merge(params, other, out, &err), "a=0&b=x&c=1");
    check_str(params, "a=1&a=2&b=x");
    httpx_query_params_free(params);
    httpx_query_params_free(other);
}

static void a_forms_pairs_are_parameters(void)
{
    httpx_form *form = NULL;
    MUST(httpx_form_new(&form, &err));
    MUST(httpx_form_add(form, "a", 1, "1", 1, &err));
    MUST(httpx_form_add(form, "b&", 2, "", 0, &err));
    MUST(httpx_form_add(form, "a", 1, "2", 1, &err));
    MAKES(httpx_query_params_from_form(form, out, &err), "a=1&a=2&b%26=");
    httpx_form_free(form);
}

static void the_order_does_not_matter_for_equality(void)
{
    httpx_query_params *params = parse("a=1&b=2"), *same = parse("b=2&a=1"), *other = parse("a=1&a=2");
    CHECK_EQ(httpx_query_params_equal(params, same), 1);
    CHECK(httpx_query_params_hash(params) == httpx_query_params_hash(same));
    CHECK_EQ(httpx_query_params_equal(params, other), 0);
    CHECK(httpx_query_params_hash(params) != httpx_query_params_hash(other));
    httpx_query_params *clone = httpx_query_params_clone(params);
    httpx_query_params_free(params);
    check_str(clone, "a=1&b=2");
    httpx_query_params_free(clone);
    httpx_query_params_free(same);
    httpx_query_params_free(other);
}

static void a_requests_parameters_replace_its_query_or_are_merged(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", "http://h/p?a=1&b=2");
    httpx_query_params *params = parse("b=3&c=4"), *none = parse("");
    MUST(httpx_request_params(request, params, 1, &err));
    CHECK(strcmp(httpx_request_url(request, NULL), "http://h/p?a=1&b=3&c=4") == 0);
    MUST(httpx_request_params(request, params, 0, &err));
    CHECK(strcmp(httpx_request_url(request, NULL), "http://h/p?b=3&c=4") == 0);
    MUST(httpx_request_params(request, none, 0, &err));
    CHECK(strcmp(httpx_request_url(request, NULL), "http://h/p") == 0);
    httpx_request_free(request);
    httpx_query_params_free(params);
    httpx_query_params_free(none);
    httpx_client_free(client);
}

static void a_clients_parameters_go_with_every_request(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_query_params *params = parse("key=a+b");
    MUST(httpx_client_builder_param(builder, "old", 3, "1", 1, &err));
    MUST(httpx_client_builder_params(builder, params, &err));
    httpx_query_params_free(params);
    httpx_client *client = build(builder);
    httpx_response *response = get(client, HTTP("/get"));
    const char *url = httpx_response_url(response, NULL);
    CHECK(strstr(url, "/get?key=a+b") != NULL && strstr(url, "old") == NULL);
    CHECK(strstr(body_of(response), "\"a b\"") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_query_is_decoded_and_its_keys_are_grouped),
        TEST(values_are_found_by_their_key),
        TEST(changes_give_new_parameters),
        TEST(a_forms_pairs_are_parameters),
        TEST(the_order_does_not_matter_for_equality),
        TEST(a_requests_parameters_replace_its_query_or_are_merged),
        TEST(a_clients_parameters_go_with_every_request),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

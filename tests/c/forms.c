/* Forms and multipart bodies, as the origin server understands them. */
#include "support.h"

static httpx_response *post(httpx_request *request)
{
    httpx_client *client = new_client();
    httpx_response *response = send_request(client, request, 0);
    httpx_client_free(client);
    return response;
}

static httpx_request *new_post(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    httpx_client_free(client);
    return request;
}

#define ADD(form, name, value) MUST(httpx_form_add(form, name, strlen(name), value, strlen(value), &err))

static void a_form_arrives_as_it_was_filled_in(void)
{
    httpx_form *form = NULL;
    httpx_request *request = new_post();
    MUST(httpx_form_new(&form, &err));
    ADD(form, "a", "1 2");
    ADD(form, "b", "x/y&z=\xc3\xa9");
    MUST(httpx_request_body_form(request, form, &err));
    ADD(form, "late", "not in it");
    httpx_form_free(form);
    httpx_response *response = post(request);
    const char *body = body_of(response);
    CHECK(strstr(body, "\"a\": \"1 2\"") != NULL);
    CHECK(strstr(body, "\"b\": \"x/y&z=\xc3\xa9\"") != NULL || strstr(body, "x/y&z=\\u00e9") != NULL);
    CHECK(strstr(body, "application/x-www-form-urlencoded") != NULL);
    CHECK(strstr(body, "not in it") == NULL);
    httpx_response_free(response);
}

static void a_form_has_a_name_in_utf_8(void)
{
    httpx_form *form = NULL;
    MUST(httpx_form_new(&form, &err));
    FAILS(httpx_form_add(form, "\xff", 1, "v", 1, &err), HTTPX_E_INVALID_UTF8);
    httpx_form_free(form);
}

static httpx_multipart *new_multipart(void)
{
    httpx_multipart *multipart = NULL;
    MUST(httpx_multipart_new(&multipart, &err));
    return multipart;
}

static void fields_and_files_arrive(void)
{
    char path[] = "/tmp/httpx-forms-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, "from a file", 11) == 11);
    close(fd);
    httpx_multipart *multipart = new_multipart();
    MUST(httpx_multipart_file_bytes(multipart, "first", 5, "a.txt", 5, NULL, 0, (const uint8_t *)"from memory", 11,
                                    &err));
    MUST(httpx_multipart_field(multipart, "field", 5, (const uint8_t *)"its value", 9, &err));
    MUST(
        httpx_multipart_file_path(multipart, "second", 6, "b.bin", 5, "application/x-b", 15, path, strlen(path), &err));
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    MUST(httpx_request_body_multipart(request, multipart, &err));
    httpx_multipart_free(multipart);
    unlink(path); /* it is open */
    for (int again = 0; again < 2; again++) {
        httpx_response *response = NULL;
        MUST(httpx_client_send(client, request, 0, &response, &err));
        const char *body = body_of(response);
        CHECK(strstr(body, "\"first\": \"from memory\"") != NULL);
        CHECK(strstr(body, "\"second\": \"from a file\"") != NULL);
        CHECK(strstr(body, "\"field\": \"its value\"") != NULL);
        CHECK(strstr(body, "multipart/form-data; boundary=") != NULL);
        CHECK(strstr(body, "Content-Length") != NULL);
        httpx_response_free(response);
    }
    httpx_request_free(request);
    httpx_client_free(client);
}

static void injected_lines_are_refused(void)
{
    httpx_multipart *multipart = new_multipart();
    const uint8_t *value = (const uint8_t *)"v";
    FAILS(httpx_multipart_field(multipart, "a\r\nX: y", 7, value, 1, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_multipart_file_bytes(multipart, "a", 1, "f", 1, "text/plain\r\nX: y", 16, value, 1, &err),
          HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_multipart_boundary(multipart, "a\r\nb", 4, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_multipart_boundary(multipart, "", 0, &err), HTTPX_E_LOCAL_PROTOCOL);
    httpx_multipart_free(multipart);
}

static void a_file_that_is_missing_is_said_so_at_once(void)
{
    httpx_multipart *multipart = new_multipart();
    FAILS(httpx_multipart_file_path(multipart, "a", 1, NULL, 0, NULL, 0, "/no/such/file", 13, &err),
          HTTPX_E_FILE_NOT_FOUND);
    FAILS(httpx_multipart_file_path(multipart, "a", 1, NULL, 0, NULL, 0, "/tmp", 4, &err), HTTPX_E_IO);
    httpx_multipart_free(multipart);
}

static void a_content_type_of_ones_own_gives_the_boundary(void)
{
    httpx_multipart *multipart = new_multipart();
    httpx_request *request = new_post();
    const char *type = "multipart/form-data; boundary=mine";
    MUST(httpx_request_header_set(request, "Content-Type", 12, (const uint8_t *)type, strlen(type), &err));
    MUST(httpx_multipart_field(multipart, "a", 1, (const uint8_t *)"b", 1, &err));
    MUST(httpx_request_body_multipart(request, multipart, &err));
    httpx_multipart_free(multipart);
    httpx_response *response = post(request);
    CHECK(strstr(body_of(response), "\"a\": \"b\"") != NULL);
    CHECK(strstr(body_of(response), type) != NULL);
    httpx_response_free(response);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_form_arrives_as_it_was_filled_in),
        TEST(a_form_has_a_name_in_utf_8),
        TEST(fields_and_files_arrive),
        TEST(injected_lines_are_refused),
        TEST(a_file_that_is_missing_is_said_so_at_once),
        TEST(a_content_type_of_ones_own_gives_the_boundary),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/* Responses that come from no connection: made by hand, and taken from where they were saved; and status codes. */
#include "support.h"

static httpx_response_builder *begin(int32_t status)
{
    httpx_response_builder *builder = NULL;
    MUST(httpx_response_builder_new(status, &builder, &err));
    return builder;
}

/* Builds, and frees the builder. */
static httpx_response *finish(httpx_response_builder *builder)
{
    httpx_response *response = NULL;
    MUST(httpx_response_builder_build(builder, &response, &err));
    httpx_response_builder_free(builder);
    return response;
}

static void has_header(httpx_response *response, const char *name, const char *wanted)
{
    const uint8_t *value = NULL;
    size_t len = 0;
    httpx_code code = httpx_response_header(response, name, strlen(name), &value, &len, &err);
    GIVES(code, wanted == NULL ? HTTPX_DONE : HTTPX_OK);
    if (wanted != NULL)
        CHECK_TEXT(value, len, wanted);
}

static void a_response_made_by_hand_answers_every_question(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", "http://example.org/a");
    httpx_response_builder *builder = begin(404);
    MUST(httpx_response_builder_header(builder, "X-Own", 5, (const uint8_t *)"1", 1, &err));
    MUST(httpx_response_builder_json(builder, "{\"a\": 1}", 8, &err));
    MUST(httpx_response_builder_http_version(builder, "HTTP/2", 6, &err));
    MUST(httpx_response_builder_request(builder, request, &err));
    httpx_request_free(request);
    httpx_response *response = finish(builder);

    size_t len = 0;
    const char *text = NULL;
    double seconds;
    CHECK_EQ(httpx_response_status_code(response), 404);
    SAYS(httpx_response_reason_phrase(response, NULL), "Not Found");
    SAYS(httpx_response_http_version(response, NULL), "HTTP/2");
    SAYS(httpx_response_url(response, NULL), "http://example.org/a");
    SAYS(httpx_response_repr(response, NULL), "<Response [404 Not Found]>");
    has_header(response, "x-own", "1");
    has_header(response, "content-type", "application/json");
    has_header(response, "content-length", "8");
    MUST(httpx_response_json_text(response, &text, &len, &err));
    CHECK_TEXT(text, len, "{\"a\": 1}");
    CHECK(httpx_response_is_error(response) && httpx_response_is_client_error(response));
    CHECK(!httpx_response_is_success(response) && !httpx_response_is_server_error(response));
    CHECK(!httpx_response_is_redirect(response) && !httpx_response_is_informational(response));
    CHECK(httpx_response_is_closed(response) && httpx_response_is_stream_consumed(response));
    CHECK_EQ(httpx_response_num_bytes_downloaded(response), 8);
    CHECK_EQ(httpx_response_history_count(response), 0);
    CHECK_EQ(httpx_response_stream_id(response), 0);
    CHECK_EQ(httpx_response_trailer_count(response), 0);
    CHECK(httpx_response_tls_version(response, &len) != NULL && len == 0);
    FAILS(httpx_response_elapsed(response, &seconds, &err), HTTPX_E_INVALID_STATE);
    FAILS(httpx_response_raise_for_status(response, &err), HTTPX_E_HTTP_STATUS);
    MUST(httpx_response_request(response, &request, &err));
    SAYS(httpx_request_method(request, NULL), "GET");
    httpx_request_free(request);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void without_a_request_there_is_no_url(void)
{
    httpx_response_builder *builder = begin(200);
    MUST(httpx_response_builder_request(builder, NULL, &err));
    httpx_response *response = finish(builder);
    httpx_request *request = NULL;
    size_t len = 1;
    CHECK(httpx_response_url(response, &len) == NULL && len == 0);
    CHECK_EQ(body_len(response), 0);
    FAILS(httpx_response_request(response, &request, &err), HTTPX_E_INVALID_STATE);
    FAILS(httpx_response_raise_for_status(response, &err), HTTPX_E_INVALID_STATE);
    httpx_response_free(response);
}

static void headers_can_be_given_all_at_once(void)
{
    httpx_headers *headers = NULL;
    MUST(httpx_headers_new(&headers, &err));
    MUST(httpx_headers_add(headers, "X-Own", 5, (const uint8_t *)"1", 1, &err));
    MUST(httpx_headers_add(headers, "x-own", 5, (const uint8_t *)"2", 1, &err));
    httpx_response_builder *builder = begin(200);
    MUST(httpx_response_builder_header(builder, "X-Gone", 6, (const uint8_t *)"1", 1, &err));
    MUST(httpx_response_builder_headers(builder, headers, &err));
    httpx_headers_free(headers);
    httpx_response *response = finish(builder);
    CHECK_EQ(httpx_response_header_count(response), 2);
    has_header(response, "X-Own", "1, 2");
    httpx_response_free(response);
}

static void text_and_html_say_what_they_are(void)
{
    httpx_response_builder *builder = begin(200);
    MUST(httpx_response_builder_text(builder, "Grüße", 7, &err));
    httpx_response *response = finish(builder);
    has_header(response, "Content-Type", "text/plain; charset=utf-8");
    has_header(response, "Content-Length", "7");
    httpx_response_free(response);

    builder = begin(200);
    MUST(httpx_response_builder_header(builder, "content-type", 12, (const uint8_t *)"text/x", 6, &err));
    MUST(httpx_response_builder_html(builder, "", 0, &err));
    response = finish(builder);
    has_header(response, "Content-Type", "text/x");
    has_header(response, "Content-Length", "0");
    httpx_response_free(response);

    builder = begin(200);
    MUST(httpx_response_builder_content(builder, (const uint8_t *)"\xff", 1, &err));
    response = finish(builder);
    has_header(response, "Content-Type", NULL);
    has_header(response, "Content-Length", "1");
    httpx_response_free(response);
}

static void what_no_response_could_have_is_refused(void)
{
    httpx_response_builder *builder = NULL;
    FAILS(httpx_response_builder_new(99, &builder, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_response_builder_new(1000, &builder, &err), HTTPX_E_INVALID_ARGUMENT);
    builder = begin(200);
    FAILS(httpx_response_builder_header(builder, "a b", 3, NULL, 0, &err), HTTPX_E_LOCAL_PROTOCOL);
    FAILS(httpx_response_builder_http_version(builder, "2", 1, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_response_builder_reason_phrase(builder, "a\nb", 3, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_response_builder_json(builder, "{", 1, &err), HTTPX_E_INVALID_JSON);
    FAILS(httpx_response_builder_text(builder, "\xff", 1, &err), HTTPX_E_INVALID_UTF8);
    MUST(httpx_response_builder_header(builder, "Content-Encoding", 16, (const uint8_t *)"gzip", 4, &err));
    MUST(httpx_response_builder_text(builder, "no gzip", 7, &err));
    httpx_response *response = NULL;
    FAILS(httpx_response_builder_build(builder, &response, &err), HTTPX_E_DECODING);
    httpx_response_builder_free(builder);
}

/* ---- responses as bytes ---- */

static httpx_response *there_and_back(httpx_response *response)
{
    const uint8_t *data = NULL;
    size_t len = 0;
    httpx_response *back = NULL;
    MUST(httpx_response_serialize(response, &data, &len, &err));
    MUST(httpx_response_deserialize(data, len, &back, &err));
    httpx_response_free(response);
    return back;
}

static void a_response_comes_back_with_its_history(void)
{
    httpx_client_builder *following = new_builder();
    MUST(httpx_client_builder_redirects(following, 1, 20, &err));
    httpx_client *client = build(following);
    httpx_response *response = get(client, HTTP("/redirect/2"));
    size_t len = 0, before = body_len(response);
    uint64_t downloaded = httpx_response_num_bytes_downloaded(response);
    double elapsed = 0, elapsed_before = 0;
    MUST(httpx_response_elapsed(response, &elapsed_before, &err));
    response = there_and_back(response);
    httpx_client_free(client);

    CHECK_EQ(httpx_response_status_code(response), 200);
    SAYS(httpx_response_url(response, NULL), HTTP("/get"));
    CHECK_EQ(body_len(response), before);
    CHECK(strstr(body_of(response), "\"url\"") != NULL);
    CHECK(httpx_response_num_bytes_downloaded(response) == downloaded);
    MUST(httpx_response_elapsed(response, &elapsed, &err));
    CHECK(fabs(elapsed - elapsed_before) < 1e-6);
    has_header(response, "content-type", "application/json");
    CHECK_EQ(httpx_response_history_count(response), 2);
    httpx_response *hop = NULL;
    MUST(httpx_response_history_at(response, 0, &hop, &err));
    SAYS(httpx_response_url(hop, NULL), HTTP("/redirect/2"));
    CHECK_EQ(httpx_response_status_code(hop), 302);
    CHECK(httpx_response_has_redirect_location(hop));
    httpx_response_free(hop);
    httpx_request *request = NULL;
    MUST(httpx_response_request(response, &request, &err));
    CHECK(httpx_request_header_count(request) >= 4);
    httpx_request_free(request);
    httpx_stream *stream = new_stream(response, 1);
    const uint8_t *piece;
    MUST(httpx_stream_next(stream, &piece, &len, &err)); /* from memory */
    CHECK_EQ(len, 1);
    httpx_stream_free(stream);
    httpx_response_free(response);
}

static void what_was_not_read_comes_back_closed(void)
{
    httpx_client *client = new_client();
    httpx_response *response = there_and_back(get_streamed(client, HTTP("/bytes/1000")));
    httpx_stream *stream = NULL;
    const uint8_t *data;
    size_t len;
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(httpx_response_is_closed(response) && !httpx_response_is_stream_consumed(response));
    FAILS(httpx_response_stream(response, HTTPX_STREAM_BYTES, 0, &stream, &err), HTTPX_E_STREAM_CLOSED);
    FAILS(httpx_response_read(response, &data, &len, &err), HTTPX_E_STREAM_CLOSED);
    FAILS(httpx_response_content(response, &data, &len, &err), HTTPX_E_RESPONSE_NOT_READ);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void other_bytes_are_refused(void)
{
    static const char *const others[] = {"", "httpx-response", "{\"status\": 200}"};
    httpx_response *response = NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        FAILS(httpx_response_deserialize((const uint8_t *)others[i], strlen(others[i]), &response, &err),
              HTTPX_E_INVALID_ARGUMENT);
    CHECK(response == NULL);
}

/* ---- status codes ---- */

static void status_codes_have_names_and_phrases(void)
{
    CHECK(strcmp(httpx_status_reason_phrase(HTTPX_STATUS_NOT_FOUND), "Not Found") == 0);
    CHECK(strcmp(httpx_status_reason_phrase(418), "I'm a teapot") == 0);
    CHECK(strcmp(httpx_status_reason_phrase(299), "") == 0);
    CHECK(strcmp(httpx_status_reason_phrase(-1), "") == 0);
    CHECK(strcmp(httpx_status_reason_phrase(65536 + 200), "") == 0);
    CHECK(strcmp(httpx_status_name(413), "REQUEST_ENTITY_TOO_LARGE") == 0);
    CHECK(strcmp(httpx_status_name(0), "") == 0);
    CHECK_EQ(httpx_status_by_name("im_a_teapot", 11), HTTPX_STATUS_IM_A_TEAPOT);
    CHECK_EQ(httpx_status_by_name("OK", 2), 200);
    CHECK_EQ(httpx_status_by_name("OKAY", 4), 0);
    CHECK(httpx_status_is_informational(100) && !httpx_status_is_informational(200));
    CHECK(httpx_status_is_success(299) && !httpx_status_is_success(300));
    CHECK(httpx_status_is_redirect(304) && !httpx_status_is_redirect(400));
    CHECK(httpx_status_is_client_error(499) && !httpx_status_is_client_error(500));
    CHECK(httpx_status_is_server_error(599) && !httpx_status_is_server_error(600));
    CHECK(httpx_status_is_error(400) && httpx_status_is_error(599) && !httpx_status_is_error(399));
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_response_made_by_hand_answers_every_question),
        TEST(without_a_request_there_is_no_url),
        TEST(headers_can_be_given_all_at_once),
        TEST(text_and_html_say_what_they_are),
        TEST(what_no_response_could_have_is_refused),
        TEST(a_response_comes_back_with_its_history),
        TEST(what_was_not_read_comes_back_closed),
        TEST(other_bytes_are_refused),
        TEST(status_codes_have_names_and_phrases),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

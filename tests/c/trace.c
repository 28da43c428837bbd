/* What goes on inside a request: trace events, the log, interim responses, expectations, limits, timings. */
#include "queue.h"

/* What was told, a line each, and on which thread. */
typedef struct story {
    char text[16384];
    int lines, stop_at, elsewhere;
    pthread_t thread;
    atomic_int destroyed;
} story;

static void begin(story *s)
{
    memset(s, 0, sizeof *s);
    s->thread = pthread_self();
}

static void add_line(story *s, const char *first, const char *second)
{
    size_t len = strlen(s->text);
    snprintf(s->text + len, sizeof s->text - len, "%s %s\n", first, second);
    s->lines++;
    s->elsewhere += !pthread_equal(s->thread, pthread_self());
}

static void destroy_story(void *user_data)
{
    atomic_fetch_add(&((story *)user_data)->destroyed, 1);
}

static int32_t on_event(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len)
{
    story *s = user_data;
    CHECK(strlen(event) == event_len && strlen(info) == info_len);
    if (strncmp(event, "http11.", 7) == 0)
        add_line(s, event, info);
    return s->stop_at != 0 && s->lines == s->stop_at;
}

static const char answer[] = "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-Quoted: \"\xe9\"\r\n\r\nok";

static void answer_all(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    while (raw_read_head(fd, head, sizeof head))
        raw_say(fd, server->argument != NULL ? server->argument : answer);
}

static const char told[] = "http11.send_request_headers.started {\"request\":\"<Request [b'GET']>\"}\n"
                           "http11.send_request_headers.complete {\"return_value\":null}\n"
                           "http11.send_request_body.started {\"request\":\"<Request [b'GET']>\"}\n"
                           "http11.send_request_body.complete {\"return_value\":null}\n"
                           "http11.receive_response_headers.started {\"request\":\"<Request [b'GET']>\"}\n"
                           "http11.receive_response_headers.complete {\"return_value\":[\"HTTP/1.1\",200,\"Fine\","
                           "[[\"Content-Length\",\"2\"],[\"X-Quoted\",\"\\\"\xc3\xa9\\\"\"]]]}\n"
                           "http11.receive_response_body.started {\"request\":\"<Request [b'GET']>\"}\n"
                           "http11.receive_response_body.complete {\"return_value\":null}\n"
                           "http11.response_closed.started {}\n"
                           "http11.response_closed.complete {\"return_value\":null}\n";

static void a_request_tells_its_steps(void)
{
    raw_server server;
    story s;
    begin(&s);
    raw_listen(&server, answer_all, NULL);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    MUST(httpx_request_trace(request, on_event, &s, destroy_story, &err));
    httpx_response_free(send_request(client, request, 0));
    CHECK(strcmp(s.text, told) == 0);
    CHECK_EQ(s.elsewhere, 0);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&s.destroyed), 1);
    raw_stop(&server);
}

static void a_clients_requests_tell_their_steps_on_a_queue(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        raw_server server;
        story s;
        tally t = {0};
        begin(&s);
        raw_listen(&server, answer_all, NULL);
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_trace(builder, on_event, &s, destroy_story, &err));
        httpx_client *client = build(builder);
        httpx_queue *queue = new_queue();
        intptr_t fd;
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
        MUST(httpx_client_send_async(client, request, 0, queue, count_completion, &t, NULL, NULL, &err));
        while (atomic_load(&t.completed) == 0)
            MUST(httpx_queue_dispatch(queue, 10000, NULL, &err));
        CHECK(strcmp(s.text, told) == 0);
        CHECK_EQ(s.elsewhere, 0);
        httpx_request_free(request);
        httpx_queue_free(queue);
        httpx_client_free(client);
        CHECK_EQ(atomic_load(&s.destroyed), 1);
        raw_stop(&server);
    }
}

static void a_trace_function_ends_a_request(void)
{
    raw_server server;
    raw_listen(&server, answer_all, NULL);
    for (int stop_at = 1; stop_at <= 8; stop_at++) {
        story s;
        begin(&s);
        s.stop_at = stop_at;
        httpx_client *client = new_client();
        httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
        httpx_response *response = NULL;
        MUST(httpx_request_trace(request, on_event, &s, destroy_story, &err));
        GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_CANCELLED);
        httpx_request_free(request);
        httpx_client_free(client);
        CHECK_EQ(atomic_load(&s.destroyed), 1);
    }
    raw_stop(&server);
}

static void on_line(void *user_data, int32_t level, const char *logger, size_t logger_len, const char *message,
                    size_t message_len)
{
    CHECK(strlen(logger) == logger_len && strlen(message) == message_len);
    CHECK(level == (strcmp(logger, "httpx") == 0 ? HTTPX_LOG_INFO : HTTPX_LOG_DEBUG));
    add_line(user_data, logger, message);
}

static void the_log_has_a_line_for_each_response_and_each_step(void)
{
    raw_server server;
    story s;
    char line[256];
    begin(&s);
    raw_listen(&server, answer_all, NULL);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_log(builder, on_line, &s, destroy_story, &err));
    httpx_client *client = build(builder);
    snprintf(line, sizeof line, "http://me:secret@127.0.0.1:%u/", server.port);
    httpx_response_free(get(client, line));
    snprintf(line, sizeof line, "httpx HTTP Request: GET http://me:[secure]@127.0.0.1:%u/ \"HTTP/1.1 200 Fine\"\n",
             server.port);
    CHECK(strstr(s.text, line) != NULL);
    CHECK(strstr(s.text, "httpcore.http11 send_request_headers.started request=<Request [b'GET']>\n") != NULL);
    CHECK(strstr(s.text, "httpcore.http11 response_closed.complete\n") != NULL);
    CHECK(strstr(s.text, "(b'X-Quoted', b'\"\\xe9\"')") != NULL);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&s.destroyed), 1);
    raw_stop(&server);
}

static void the_log_has_no_lines_below_its_level(void)
{
    raw_server server;
    story s;
    begin(&s);
    raw_listen(&server, answer_all, NULL);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_log(builder, on_line, &s, destroy_story, &err));
    httpx_client *client = NULL, *other = NULL;
    MUST(httpx_client_builder_build(builder, &client, &err));
    MUST(httpx_client_builder_build(builder, &other, &err));
    httpx_client_builder_free(builder);
    MUST(httpx_client_log_level(client, HTTPX_LOG_INFO, &err));
    httpx_response_free(get(client, raw_url(&server, "/")));
    CHECK_EQ(s.lines, 1);
    CHECK(strncmp(s.text, "httpx HTTP Request: ", 20) == 0);
    MUST(httpx_client_log_level(client, HTTPX_LOG_INFO + 1, &err));
    httpx_response_free(get(client, raw_url(&server, "/")));
    CHECK_EQ(s.lines, 1);
    MUST(httpx_client_log_level(client, HTTPX_LOG_DEBUG, &err));
    httpx_response_free(get(client, raw_url(&server, "/")));
    CHECK(s.lines > 2);
    int lines = s.lines;
    httpx_client_free(client);
    httpx_response_free(get(other, raw_url(&server, "/")));
    CHECK(s.lines > lines + 2);
    httpx_client_free(other);
    raw_stop(&server);
}

static void a_transports_log_has_a_level_of_its_own(void)
{
    raw_server server;
    story s;
    begin(&s);
    raw_listen(&server, answer_all, NULL);
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = NULL;
    MUST(httpx_client_builder_log(builder, on_line, &s, destroy_story, &err));
    MUST(httpx_transport_new(builder, &transport, &err));
    httpx_client_builder_free(builder);
    MUST(httpx_transport_log_level(transport, HTTPX_LOG_INFO, &err));
    const char *url = raw_url(&server, "/");
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    MUST(httpx_transport_request_new(transport, "GET", 3, url, strlen(url), &request, &err));
    MUST(httpx_transport_send(transport, request, &response, &err));
    httpx_response_free(response);
    CHECK_EQ(s.lines, 0);
    MUST(httpx_transport_log_level(transport, 0, &err));
    MUST(httpx_transport_send(transport, request, &response, &err));
    httpx_response_free(response);
    CHECK(s.lines > 0);
    httpx_request_free(request);
    httpx_transport_free(transport);
    raw_stop(&server);
}

static void no_secret_gets_into_the_log(void)
{
    raw_server server;
    story s;
    char url[256];
    begin(&s);
    raw_listen(&server, answer_all, "HTTP/1.1 200 OK\r\nSet-Cookie: a=secret\r\nContent-Length: 0\r\n\r\n");
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_log(builder, on_line, &s, destroy_story, &err));
    httpx_client *client = build(builder);
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%u/", server.port);
    for (int again = 0; again < 2; again++)
        httpx_response_free(get(client, url));
    CHECK(strstr(s.text, "(b'Set-Cookie', b'[secure]')") != NULL);
    CHECK(strstr(s.text, "secret") == NULL);
    httpx_client_free(client);
    raw_stop(&server);
}

static void on_hint(void *user_data, const httpx_informational *hint)
{
    const uint8_t *name, *value;
    size_t name_len, value_len;
    char line[256];
    CHECK_EQ(httpx_informational_header_count(hint), 1);
    GIVES(httpx_informational_header_at(hint, 0, &name, &name_len, &value, &value_len, &err), HTTPX_OK);
    FAILS(httpx_informational_header_at(hint, 1, &name, &name_len, &value, &value_len, &err), HTTPX_E_NOT_FOUND);
    snprintf(line, sizeof line, "%d", httpx_informational_status_code(hint));
    add_line(user_data, line, (const char *)value);
}

static void interim_responses_are_told(void)
{
    raw_server server;
    story s;
    begin(&s);
    raw_listen(&server, answer_all,
               "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\nX: b\r\n\r\n"
               "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", raw_url(&server, "/"));
    MUST(httpx_request_on_informational(request, on_hint, &s, destroy_story, &err));
    httpx_response_free(send_request(client, request, 0));
    CHECK_TEXT(s.text, strlen(s.text), "103 </a>\n102 b\n");
    CHECK_EQ(atomic_load(&s.destroyed), 1);
    httpx_client_free(client);
    raw_stop(&server);
}

static void refuse(raw_server *server, int fd)
{
    char head[HEAD_SIZE], rest[16];
    if (!raw_read_head(fd, head, sizeof head))
        return;
    CHECK(strstr(head, "\r\nExpect: 100-continue\r\n") != NULL);
    raw_say(fd, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    atomic_store((atomic_int *)server->argument, (int)recv(fd, rest, sizeof rest, 0));
}

static void a_refused_body_is_not_sent(void)
{
    raw_server server;
    atomic_int received = -1;
    raw_listen(&server, refuse, &received);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", raw_url(&server, "/"));
    MUST(httpx_request_body_bytes(request, (const uint8_t *)"four", 4, &err));
    FAILS(httpx_request_expect_continue(request, -1.0, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_request_expect_continue(request, INFINITY, &err));
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 403);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
    CHECK_EQ(atomic_load(&received), 0);
}

static void limits_of_heads_and_bodies(void)
{
    httpx_client_builder *builder = new_builder();
    httpx_response *response = NULL;
    FAILS(httpx_client_builder_header_limits(builder, 0, 10, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_client_builder_max_response_bytes(builder, 999, &err));
    httpx_client *client = build(builder);
    GIVES(try_get(client, HTTP("/bytes/1000"), &response), HTTPX_E_BODY_TOO_LARGE);
    httpx_response_free(get(client, HTTP("/bytes/999")));
    httpx_client_free(client);

    builder = new_builder();
    MUST(httpx_client_builder_header_limits(builder, 20, 10, &err));
    client = build(builder);
    GIVES(try_get(client, HTTP("/get"), &response), HTTPX_E_HEADERS_TOO_LARGE);
    httpx_client_free(client);
}

static void timings_of_a_response(void)
{
    httpx_client *client = new_client();
    for (int reused = 0; reused < 2; reused++) {
        httpx_response *response = get_streamed(client, HTTP("/get"));
        double seconds = -1, total = -1;
        GIVES(httpx_response_timing(response, HTTPX_TIMING_TOTAL, &seconds, &err), HTTPX_DONE);
        CHECK(seconds == 0);
        MUST(httpx_response_read(response, NULL, NULL, &err));
        MUST(httpx_response_timing(response, HTTPX_TIMING_TOTAL, &total, &err));
        for (int what = HTTPX_TIMING_SEND; what <= HTTPX_TIMING_BODY; what++) {
            MUST(httpx_response_timing(response, what, &seconds, &err));
            CHECK(seconds >= 0 && seconds <= total);
        }
        GIVES(httpx_response_timing(response, HTTPX_TIMING_TLS, &seconds, &err), HTTPX_DONE);
        FAILS(httpx_response_timing(response, 99, &seconds, &err), HTTPX_E_INVALID_ARGUMENT);
        CHECK(httpx_response_bytes_sent(response) > strlen("GET /get HTTP/1.1\r\n\r\n"));
        CHECK_EQ(httpx_response_is_reused(response), reused);
        httpx_response_free(response);
    }
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_request_tells_its_steps),
        TEST(a_clients_requests_tell_their_steps_on_a_queue),
        TEST(a_trace_function_ends_a_request),
        TEST(the_log_has_a_line_for_each_response_and_each_step),
        TEST(the_log_has_no_lines_below_its_level),
        TEST(a_transports_log_has_a_level_of_its_own),
        TEST(no_secret_gets_into_the_log),
        TEST(interim_responses_are_told),
        TEST(a_refused_body_is_not_sent),
        TEST(limits_of_heads_and_bodies),
        TEST(timings_of_a_response),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

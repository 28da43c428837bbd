/* Transports of foreign code that pass on what others answer, and requests that name their transport. */
#include "queue.h"

/* A transport of the tests, and what it needs. */
typedef struct wrapper {
    void (*serve)(struct wrapper *w, httpx_request *request, httpx_reply *reply);
    httpx_transport *inner;
    int handled;
    atomic_int destroyed;
    int waits; /* of an interrupt function */
    httpx_pipe *pipe;
    pthread_t worker;
} wrapper;

static void handle(void *user_data, httpx_request *request, httpx_reply *reply)
{
    wrapper *w = user_data;
    w->handled++;
    w->serve(w, request, reply);
    httpx_reply_free(reply);
}

static httpx_transport *new_wrapper(wrapper *w, void (*serve)(wrapper *, httpx_request *, httpx_reply *))
{
    httpx_transport_vtable table = {.size = sizeof table, .handle = handle};
    httpx_client_builder *builder = new_builder();
    httpx_transport *transport = NULL;
    memset(w, 0, sizeof *w);
    w->serve = serve;
    MUST(httpx_transport_new(builder, &w->inner, &err));
    httpx_client_builder_free(builder);
    MUST(httpx_transport_custom(&table, w, &transport, &err));
    return transport;
}

static httpx_client *client_of(wrapper *w, void (*serve)(wrapper *, httpx_request *, httpx_reply *),
                               httpx_client_builder *builder)
{
    httpx_transport *transport = new_wrapper(w, serve);
    MUST(httpx_client_builder_transport(builder, transport, &err));
    httpx_transport_free(transport);
    return build(builder);
}

static void ended(wrapper *w, httpx_client *client)
{
    httpx_client_free(client);
    httpx_transport_free(w->inner);
}

static void destroy_note(void *user_data)
{
    atomic_fetch_add((atomic_int *)user_data, 1);
}

/* ---- whole responses ---- */

static void pass_on(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    httpx_response *response = NULL;
    GIVES(httpx_transport_send(w->inner, request, &response, &err), HTTPX_OK);
    GIVES(httpx_response_set_user_data(response, &w->destroyed, destroy_note, &err), HTTPX_OK);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_OK);
}

static void a_transport_passes_on_what_another_one_answers(void)
{
    for (int streamed = 0; streamed < 2; streamed++) {
        wrapper w;
        httpx_client *client = client_of(&w, pass_on, new_builder());
        httpx_request *request = new_request(client, "POST", HTTP("/post"));
        MUST(httpx_request_body_bytes(request, (const uint8_t *)"body", 4, &err));
        httpx_response *response = send_request(client, request, streamed ? HTTPX_SEND_STREAM : 0);
        CHECK_EQ(httpx_response_status_code(response), 200);
        CHECK_EQ(httpx_response_is_closed(response), !streamed);
        CHECK(httpx_response_user_data(response) == &w.destroyed);
        CHECK(httpx_response_peer_address(response, NULL) != NULL);
        if (streamed)
            MUST(httpx_response_read(response, NULL, NULL, &err));
        CHECK(strstr(body_of(response), "\"body\"") != NULL);
        double elapsed = -1;
        MUST(httpx_response_elapsed(response, &elapsed, &err));
        CHECK(elapsed >= 0);
        httpx_response_free(response);
        CHECK_EQ(atomic_load(&w.destroyed), 1);
        CHECK_EQ(w.handled, 1);
        ended(&w, client);
    }
}

static void redirects_of_a_wrapped_transport_are_followed(void)
{
    wrapper w;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_client *client = client_of(&w, pass_on, builder);
    httpx_response *response = get(client, HTTP("/redirect/2"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(httpx_response_history_count(response), 2);
    CHECK_EQ(w.handled, 3);
    httpx_response_free(response);
    CHECK_EQ(atomic_load(&w.destroyed), 3);
    ended(&w, client);
}

/* Without the request's own deadline, and without any limit else. */
static void pass_on_what_comes_slowly(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    httpx_request *other = new_request(NULL, "GET", HTTP("/drip?numbytes=2&duration=10"));
    httpx_response *response = NULL;
    (void)request;
    MUST(httpx_request_timeout(other, INFINITY, INFINITY, INFINITY, INFINITY, &err));
    GIVES(httpx_transport_send(w->inner, other, &response, &err), HTTPX_OK);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_OK);
    httpx_request_free(other);
}

static void a_slow_body_that_is_passed_on_ends_at_the_deadline(void)
{
    wrapper w;
    httpx_client *plain = new_client();
    httpx_response_free(get(plain, HTTP("/get"))); /* this thread knows an event loop now */
    httpx_client *client = client_of(&w, pass_on_what_comes_slowly, new_builder());
    httpx_request *request = new_request(client, "GET", "http://example.org/");
    httpx_response *response = NULL;
    MUST(httpx_request_deadline(request, 0.2, &err));
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_client_free(plain);
    ended(&w, client);
}

static void on_a_queue_a_passed_on_body_is_read_from_its_connection(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        wrapper w;
        tally t = {0};
        intptr_t fd;
        httpx_client *client = client_of(&w, pass_on, new_builder());
        httpx_queue *queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        for (int i = 0; i < 5; i++)
            submit(client, queue, HTTP("/bytes/100000"), &t, NULL);
        dispatch_until(queue, &t, 5);
        CHECK_EQ(atomic_load(&t.answered), 5);
        httpx_queue_free(queue);
        CHECK_EQ(atomic_load(&w.destroyed), 5);
        ended(&w, client);
    }
}

static void reply_made_by_hand(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    httpx_response_builder *builder = NULL;
    httpx_response *response = NULL;
    (void)w, (void)request;
    GIVES(httpx_response_builder_new(299, &builder, &err), HTTPX_OK);
    GIVES(httpx_response_builder_reason_phrase(builder, "Odd", 3, &err), HTTPX_OK);
    GIVES(httpx_response_builder_http_version(builder, "HTTP/2", 6, &err), HTTPX_OK);
    GIVES(httpx_response_builder_text(builder, "by hand", 7, &err), HTTPX_OK);
    GIVES(httpx_response_builder_build(builder, &response, &err), HTTPX_OK);
    httpx_response_builder_free(builder);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_OK);
}

static void a_response_made_by_hand_is_a_reply(void)
{
    wrapper w;
    httpx_client *client = client_of(&w, reply_made_by_hand, new_builder());
    httpx_response *response = get(client, "http://example.org/a");
    CHECK(strcmp(httpx_response_repr(response, NULL), "<Response [299 Odd]>") == 0);
    CHECK(strcmp(httpx_response_http_version(response, NULL), "HTTP/2") == 0);
    CHECK(strcmp(httpx_response_url(response, NULL), "http://example.org/a") == 0);
    CHECK(strcmp(body_of(response), "by hand") == 0);
    httpx_response_free(response);
    ended(&w, client);
}

static void reply_with_a_spent_one(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    httpx_response *response = NULL;
    GIVES(httpx_transport_send(w->inner, request, &response, &err), HTTPX_OK);
    GIVES(httpx_response_close(response, &err), HTTPX_OK);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_E_STREAM_CLOSED);
    httpx_response_free(response);

    GIVES(httpx_transport_send(w->inner, request, &response, &err), HTTPX_OK);
    httpx_stream *stream = NULL;
    GIVES(httpx_response_stream(response, HTTPX_STREAM_BYTES, 0, &stream, &err), HTTPX_OK);
    httpx_stream_free(stream);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_E_STREAM_CONSUMED);

    GIVES(httpx_reply_send(reply, 204, NULL, 0, &err), HTTPX_OK);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_response_free(response); /* it stayed here */

    GIVES(httpx_transport_send(w->inner, request, &response, &err), HTTPX_OK);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_E_INVALID_STATE);
    CHECK_EQ(httpx_response_status_code(response), 200);
    GIVES(httpx_response_read(response, NULL, NULL, &err), HTTPX_OK);
    httpx_response_free(response);
}

static void what_cannot_be_passed_on_stays_the_callers(void)
{
    wrapper w;
    httpx_client *client = client_of(&w, reply_with_a_spent_one, new_builder());
    httpx_response *response = get(client, HTTP("/get"));
    CHECK_EQ(httpx_response_status_code(response), 204);
    httpx_response_free(response);
    ended(&w, client);
}

/* ---- requests that name their transport ---- */

static void ask_for_more(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    const char *url = httpx_request_url(request, NULL);
    (void)w;
    if (strstr(url, "/first") != NULL)
        GIVES(httpx_reply_header(reply, "Location", 8, (const uint8_t *)"/second", 7, &err), HTTPX_OK);
    GIVES(httpx_reply_send(reply, strstr(url, "/first") != NULL ? 302 : 200, (const uint8_t *)"mine", 4, &err),
          HTTPX_OK);
}

static void a_request_goes_by_the_transport_that_it_names(void)
{
    wrapper clients, own;
    httpx_transport *transport = new_wrapper(&own, ask_for_more);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_client *client = client_of(&clients, pass_on, builder);
    httpx_request *request = new_request(client, "GET", "http://nowhere.invalid/first");
    MUST(httpx_request_transport(request, transport, &err));
    httpx_transport_free(transport);
    httpx_response *response = NULL;
    MUST(httpx_client_send(client, request, 0, &response, &err));
    CHECK(strcmp(body_of(response), "mine") == 0);
    CHECK_EQ(own.handled, 2);
    CHECK_EQ(clients.handled, 0);
    httpx_response_free(response);
    httpx_transport_free(own.inner);

    httpx_request_free(request);

    transport = new_wrapper(&own, ask_for_more);
    request = new_request(client, "GET", HTTP("/get"));
    MUST(httpx_request_transport(request, transport, &err));
    MUST(httpx_request_transport(request, NULL, &err));
    httpx_transport_free(transport);
    response = send_request(client, request, 0);
    CHECK_EQ(own.handled, 0);
    CHECK_EQ(clients.handled, 1);
    httpx_response_free(response);
    httpx_transport_free(own.inner);
    ended(&clients, client);
}

static void lead_elsewhere(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    const char *url = httpx_request_url(request, NULL);
    (void)w;
    if (strstr(url, "http:") == url)
        GIVES(httpx_reply_header(reply, "Location", 8, (const uint8_t *)"other://place/second", 20, &err), HTTPX_OK);
    GIVES(httpx_reply_send(reply, strstr(url, "http:") == url ? 302 : 200, (const uint8_t *)url, strlen(url), &err),
          HTTPX_OK);
}

static void a_redirect_stays_with_the_transport_that_the_request_names(void)
{
    wrapper clients, own;
    httpx_transport *transport = new_wrapper(&own, lead_elsewhere);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_client *client = client_of(&clients, pass_on, builder);
    httpx_request *request = new_request(client, "GET", "http://nowhere.invalid/first");
    MUST(httpx_request_transport(request, transport, &err));
    httpx_transport_free(transport);
    httpx_response *response = NULL;
    MUST(httpx_client_send(client, request, 0, &response, &err));
    CHECK(strcmp(body_of(response), "other://place/second") == 0);
    CHECK_EQ(clients.handled, 0);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_transport_free(own.inner);
    ended(&clients, client);
}

static httpx_client *sends_on;

static void send_the_same(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    httpx_response *response = NULL;
    (void)w;
    GIVES(httpx_client_send(sends_on, request, HTTPX_SEND_STREAM, &response, &err), HTTPX_OK);
    GIVES(httpx_reply_response(reply, response, &err), HTTPX_OK);
}

static void the_same_request_does_not_come_back_to_the_transport_that_it_names(void)
{
    wrapper w;
    httpx_transport *transport = new_wrapper(&w, send_the_same);
    sends_on = new_client();
    httpx_request *request = new_request(sends_on, "GET", HTTP("/get"));
    MUST(httpx_request_transport(request, transport, &err));
    httpx_transport_free(transport);
    httpx_response *response = send_request(sends_on, request, 0);
    CHECK_EQ(w.handled, 1);
    httpx_response_free(response);
    ended(&w, sends_on);
}

/* ---- what else a reply can say ---- */

static void reply_with_reason_and_trailer(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    (void)w, (void)request;
    GIVES(httpx_reply_reason_phrase(reply, "No\n", 3, &err), HTTPX_E_INVALID_ARGUMENT);
    GIVES(httpx_reply_reason_phrase(reply, "Just So", 7, &err), HTTPX_OK);
    GIVES(httpx_reply_trailer(reply, "X-Sum", 5, (const uint8_t *)"42", 2, &err), HTTPX_OK);
    GIVES(httpx_reply_send(reply, 200, (const uint8_t *)"text", 4, &err), HTTPX_OK);
}

static void a_reply_has_a_reason_phrase_and_trailers(void)
{
    wrapper w;
    httpx_client *client = client_of(&w, reply_with_reason_and_trailer, new_builder());
    httpx_response *response = get(client, "http://example.org/");
    CHECK(strcmp(httpx_response_reason_phrase(response, NULL), "Just So") == 0);
    CHECK(strcmp(body_of(response), "text") == 0);
    const uint8_t *value = NULL;
    size_t len = 0;
    MUST(httpx_response_trailer_at(response, 0, NULL, NULL, &value, &len, &err));
    CHECK_TEXT(value, len, "42");
    httpx_response_free(response);
    ended(&w, client);
}

static void reply_with_a_length(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    size_t written = 0;
    (void)request;
    GIVES(httpx_reply_stream(reply, 200, 6, 0, &w->pipe, &err), HTTPX_OK);
    GIVES(httpx_pipe_write(w->pipe, (const uint8_t *)"1234567", 7, &written, &err), HTTPX_E_LOCAL_PROTOCOL);
    GIVES(httpx_pipe_write(w->pipe, (const uint8_t *)"1234", 4, &written, &err), HTTPX_OK);
    GIVES(httpx_pipe_finish(w->pipe, &err), HTTPX_E_LOCAL_PROTOCOL);
    GIVES(httpx_pipe_write(w->pipe, (const uint8_t *)"567", 3, &written, &err), HTTPX_E_LOCAL_PROTOCOL);
    if (strstr(httpx_request_url(request, NULL), "whole") != NULL) {
        GIVES(httpx_pipe_write(w->pipe, (const uint8_t *)"56", 2, &written, &err), HTTPX_OK);
        GIVES(httpx_pipe_finish(w->pipe, &err), HTTPX_OK);
    }
    httpx_pipe_free(w->pipe);
}

static void whoever_writes_a_reply_keeps_to_its_length(void)
{
    wrapper w;
    httpx_client *client = client_of(&w, reply_with_a_length, new_builder());
    httpx_response *response = get(client, "http://example.org/whole");
    CHECK(strcmp(body_of(response), "123456") == 0);
    httpx_response_free(response);
    GIVES(try_get(client, "http://example.org/torn", &response), HTTPX_E_READ);
    ended(&w, client);
}

static void reply_much(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    static const uint8_t much[101] = {0};
    const char *url = httpx_request_url(request, NULL);
    size_t len = strstr(url, "/100") != NULL ? 100 : 101;
    size_t written = 0;
    if (strstr(url, "stream") == NULL) {
        GIVES(httpx_reply_send(reply, 200, much, len, &err), HTTPX_OK);
        return;
    }
    GIVES(httpx_reply_stream(reply, 200, -1, 0, &w->pipe, &err), HTTPX_OK);
    GIVES(httpx_pipe_write(w->pipe, much, len, &written, &err), HTTPX_OK);
    GIVES(httpx_pipe_finish(w->pipe, &err), HTTPX_OK);
    httpx_pipe_free(w->pipe);
}

static void a_clients_limit_holds_for_replies(void)
{
    wrapper w;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_max_response_bytes(builder, 100, &err));
    httpx_client *client = client_of(&w, reply_much, builder);
    httpx_response *response = NULL;
    httpx_response_free(get(client, "http://example.org/100"));
    httpx_response_free(get(client, "http://example.org/stream/100"));
    GIVES(try_get(client, "http://example.org/101", &response), HTTPX_E_BODY_TOO_LARGE);
    GIVES(try_get(client, "http://example.org/stream/101", &response), HTTPX_E_BODY_TOO_LARGE);
    ended(&w, client);
}

static void reply_to_head(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    (void)w, (void)request;
    GIVES(httpx_reply_header(reply, "Content-Length", 14, (const uint8_t *)"1000", 4, &err), HTTPX_OK);
    GIVES(httpx_reply_send(reply, 200, NULL, 0, &err), HTTPX_OK);
}

static void it_does_not_hold_for_what_a_reply_to_head_says_of_a_body(void)
{
    wrapper w;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_max_response_bytes(builder, 100, &err));
    httpx_client *client = client_of(&w, reply_to_head, builder);
    httpx_request *request = new_request(client, "HEAD", "http://example.org/");
    httpx_response *response = NULL;
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_OK);
    httpx_response_free(response);
    GIVES(try_get(client, "http://example.org/", &response), HTTPX_E_BODY_TOO_LARGE);
    httpx_request_free(request);
    ended(&w, client);
}

static int32_t interrupt(void *user_data)
{
    return ++((wrapper *)user_data)->waits > 1;
}

static void read_in_vain(wrapper *w, httpx_request *request, httpx_reply *reply)
{
    const uint8_t *data;
    size_t len;
    (void)w, (void)request;
    GIVES(httpx_reply_read(reply, &data, &len, &err), HTTPX_E_INTERRUPTED);
}

static void a_transport_that_reads_a_requests_body_is_interrupted(void)
{
    wrapper w;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_interrupt(builder, interrupt, &w, NULL, &err));
    httpx_client *client = client_of(&w, read_in_vain, builder);
    httpx_request *request = new_request(client, "POST", "http://example.org/");
    httpx_pipe *pipe = NULL;
    httpx_response *response = NULL;
    MUST(httpx_request_body_pipe(request, -1, 0, &pipe, &err)); /* nobody writes */
    CHECK(httpx_code_is_error(httpx_client_send(client, request, 0, &response, NULL)));
    CHECK(w.waits > 1);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    ended(&w, client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_transport_passes_on_what_another_one_answers),
        TEST(redirects_of_a_wrapped_transport_are_followed),
        TEST(a_slow_body_that_is_passed_on_ends_at_the_deadline),
        TEST(on_a_queue_a_passed_on_body_is_read_from_its_connection),
        TEST(a_response_made_by_hand_is_a_reply),
        TEST(what_cannot_be_passed_on_stays_the_callers),
        TEST(a_request_goes_by_the_transport_that_it_names),
        TEST(a_redirect_stays_with_the_transport_that_the_request_names),
        TEST(the_same_request_does_not_come_back_to_the_transport_that_it_names),
        TEST(a_reply_has_a_reason_phrase_and_trailers),
        TEST(whoever_writes_a_reply_keeps_to_its_length),
        TEST(a_clients_limit_holds_for_replies),
        TEST(it_does_not_hold_for_what_a_reply_to_head_says_of_a_body),
        TEST(a_transport_that_reads_a_requests_body_is_interrupted),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

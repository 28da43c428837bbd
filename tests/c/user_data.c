/* What the program gives requests and responses to carry along. */
#include "queue.h"

typedef struct cargo {
    atomic_int destroyed;
    pthread_t thread; /* the test's */
    int elsewhere;    /* destroyed on another thread */
    int met;          /* hooks, flows and transports that have met it */
} cargo;

static void load(cargo *c)
{
    memset(c, 0, sizeof *c);
    c->thread = pthread_self();
}

static void destroy_cargo(void *user_data)
{
    cargo *c = user_data;
    c->elsewhere += !pthread_equal(c->thread, pthread_self());
    atomic_fetch_add(&c->destroyed, 1);
}

static void gone(cargo *c)
{
    CHECK_EQ(atomic_load(&c->destroyed), 1);
    CHECK_EQ(c->elsewhere, 0);
}

static void give_to_request(httpx_request *request, cargo *c)
{
    load(c);
    MUST(httpx_request_set_user_data(request, c, destroy_cargo, &err));
    CHECK(httpx_request_user_data(request) == c);
}

static httpx_code meet_request(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)error;
    CHECK(httpx_request_user_data(request) == user_data);
    ((cargo *)user_data)->met++;
    return HTTPX_OK;
}

static httpx_code meet_response(void *user_data, httpx_response *response, httpx_error **error)
{
    httpx_request *request = NULL;
    (void)error;
    GIVES(httpx_response_request(response, &request, &err), HTTPX_OK);
    CHECK(httpx_request_user_data(request) == user_data);
    httpx_request_free(request);
    ((cargo *)user_data)->met++;
    return HTTPX_OK;
}

static httpx_code meet_and_send(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                                httpx_request **next, httpx_error **error)
{
    (void)flow, (void)next;
    meet_request(user_data, request, error);
    return response == NULL ? HTTPX_OK : HTTPX_DONE;
}

static void a_requests_user_data_goes_wherever_the_request_goes(void)
{
    for (int asynchronously = 0; asynchronously < 2; asynchronously++) {
        cargo c;
        httpx_auth_vtable table = {.size = sizeof table, .next = meet_and_send};
        httpx_auth *auth = NULL;
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_on_request(builder, meet_request, &c, NULL, &err));
        MUST(httpx_client_builder_on_response(builder, meet_response, &c, NULL, &err));
        MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
        MUST(httpx_auth_flow(&table, &c, &auth, &err));
        MUST(httpx_client_builder_auth(builder, auth, &err));
        httpx_auth_free(auth);
        httpx_client *client = build(builder);
        httpx_request *request = new_request(client, "GET", HTTP("/redirect/2"));
        give_to_request(request, &c);
        httpx_response *response = NULL;
        if (asynchronously) {
            httpx_queue *queue = new_queue();
            httpx_op *op = NULL;
            intptr_t fd;
            MUST(httpx_queue_fd(queue, &fd, &err));
            MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
            httpx_request_free(request);
            while (!httpx_op_is_done(op))
                MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
            MUST(httpx_op_take_response(op, &response, &err));
            httpx_op_free(op);
            httpx_queue_free(queue);
        } else {
            response = send_request(client, request, 0);
        }
        CHECK_EQ(c.met, 2 + 3 + 3); /* the flow twice, each hook three times */
        httpx_request *sent = NULL;
        MUST(httpx_response_request(response, &sent, &err));
        CHECK(httpx_request_user_data(sent) == &c);
        httpx_response_free(response);
        CHECK_EQ(atomic_load(&c.destroyed), 0);
        httpx_request_free(sent);
        gone(&c);
        httpx_client_free(client);
    }
}

static void it_is_in_the_next_request_and_in_errors(void)
{
    cargo c;
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/redirect/1"));
    give_to_request(request, &c);
    httpx_response *response = send_request(client, request, 0);
    httpx_request *next = NULL;
    MUST(httpx_response_next_request(response, &next, &err));
    CHECK(httpx_request_user_data(next) == &c);
    httpx_error *error = NULL;
    CHECK_EQ(httpx_response_raise_for_status(response, &error), HTTPX_E_HTTP_STATUS);
    httpx_response_free(response);
    httpx_request_free(next);
    httpx_request *blamed = NULL;
    MUST(httpx_error_request(error, &blamed, &err));
    CHECK(httpx_request_user_data(blamed) == &c);
    httpx_error_free(error);
    CHECK_EQ(atomic_load(&c.destroyed), 0);
    httpx_request_free(blamed);
    gone(&c);
    httpx_client_free(client);
}

static void what_was_set_before_goes(void)
{
    cargo first, second;
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    CHECK(httpx_request_user_data(request) == NULL);
    give_to_request(request, &first);
    give_to_request(request, &second);
    gone(&first);
    httpx_response *response = get(client, HTTP("/get"));
    load(&first);
    CHECK(httpx_response_user_data(response) == NULL);
    MUST(httpx_response_set_user_data(response, &first, destroy_cargo, &err));
    MUST(httpx_response_set_user_data(response, NULL, NULL, &err));
    gone(&first);
    CHECK(httpx_response_user_data(response) == NULL);
    httpx_response_free(response);
    httpx_request_free(request);
    gone(&second);
    httpx_client_free(client);
}

static httpx_code give_to_response(void *user_data, httpx_response *response, httpx_error **error)
{
    cargo *c = user_data;
    (void)error;
    c = &c[c->met++];
    GIVES(httpx_response_set_user_data(response, c, destroy_cargo, &err), HTTPX_OK);
    return HTTPX_OK;
}

static void a_responses_user_data_reaches_whoever_gets_the_response(void)
{
    cargo c[3];
    for (int i = 0; i < 3; i++)
        load(&c[i]);
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_response(builder, give_to_response, c, NULL, &err));
    MUST(httpx_client_builder_redirects(builder, 1, 20, &err));
    httpx_client *client = build(builder);
    httpx_response *response = get(client, HTTP("/redirect/1"));
    CHECK_EQ(c->met, 2);
    httpx_response *hop = NULL;
    MUST(httpx_response_history_at(response, 0, &hop, &err));
    CHECK(httpx_response_user_data(hop) == &c[0]);
    CHECK(httpx_response_user_data(response) == &c[1]);
    httpx_response_free(response);
    gone(&c[1]);
    CHECK_EQ(atomic_load(&c[0].destroyed), 0);
    httpx_response_free(hop);
    gone(&c[0]);

    response = get(client, HTTP("/status/404"));
    httpx_error *error = NULL;
    CHECK_EQ(httpx_response_raise_for_status(response, &error), HTTPX_E_HTTP_STATUS);
    httpx_response_free(response);
    MUST(httpx_error_response(error, &response, &err));
    CHECK(httpx_response_user_data(response) == &c[2]);
    httpx_error_free(error);
    httpx_response_free(response);
    gone(&c[2]);
    httpx_client_free(client);
}

/* What is let go may still look at the response that it was part of. */
typedef struct curious {
    httpx_response *response;
    int looked;
} curious;

static void look(void *user_data)
{
    curious *c = user_data;
    httpx_response *earlier = NULL;
    c->looked++;
    CHECK_EQ(httpx_response_status_code(c->response), 200);
    CHECK(httpx_response_url(c->response, NULL) == NULL);
    CHECK_EQ(httpx_response_history_count(c->response), 0);
    GIVES(httpx_response_history_at(c->response, 0, &earlier, &err), HTTPX_E_NOT_FOUND);
}

static void what_a_response_lets_go_may_use_it(void)
{
    curious c = {0};
    httpx_client *client = new_client();
    httpx_response_builder *builder = NULL;
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    httpx_response *earlier = NULL;
    MUST(httpx_response_builder_new(200, &builder, &err));
    MUST(httpx_response_builder_build(builder, &earlier, &err));
    MUST(httpx_request_set_user_data(request, &c, look, &err));
    MUST(httpx_response_builder_request(builder, request, &err));
    MUST(httpx_response_builder_build(builder, &c.response, &err));
    httpx_response_builder_free(builder);
    httpx_request_free(request);
    CHECK_EQ(c.looked, 0);
    MUST(httpx_response_set_request(c.response, NULL, &err));
    CHECK_EQ(c.looked, 1);

    MUST(httpx_response_set_user_data(earlier, &c, look, &err));
    MUST(httpx_response_set_history(c.response, (const httpx_response *const *)&earlier, 1, &err));
    httpx_response_free(earlier);
    CHECK_EQ(c.looked, 1);
    MUST(httpx_response_set_history(c.response, NULL, 0, &err));
    CHECK_EQ(c.looked, 2);
    httpx_response_free(c.response);
    httpx_client_free(client);
}

static void a_cancelled_request_lets_it_go_where_the_queue_is_dispatched(void)
{
    cargo c;
    tally t = {0};
    httpx_client *client = new_client();
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    intptr_t fd;
    MUST(httpx_queue_fd(queue, &fd, &err));
    httpx_request *request = new_request(client, "GET", HTTP("/delay/10"));
    give_to_request(request, &c);
    MUST(httpx_client_send_async(client, request, 0, queue, count_completion, &t, NULL, &op, &err));
    httpx_request_free(request);
    httpx_op_cancel(op);
    httpx_op_free(op);
    dispatch_until(queue, &t, 1);
    while (atomic_load(&c.destroyed) == 0)
        MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
    gone(&c);
    httpx_queue_free(queue);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_requests_user_data_goes_wherever_the_request_goes),
        TEST(it_is_in_the_next_request_and_in_errors),
        TEST(what_was_set_before_goes),
        TEST(a_responses_user_data_reaches_whoever_gets_the_response),
        TEST(what_a_response_lets_go_may_use_it),
        TEST(a_cancelled_request_lets_it_go_where_the_queue_is_dispatched),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

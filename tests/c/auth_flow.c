/* Credentials as handles, and authentication flows that are the program's own code. */
#include "queue.h"

/* What a scheme of the tests does, and what happened to it. */
typedef struct scheme {
    atomic_int begun, steps, ended, destroyed;
    int elsewhere; /* steps on another thread than the test's */
    pthread_t thread;
    /* What it is to do: */
    int fail_at; /* the step that fails, from 1; 0 is the beginning, -1 none */
    int own_error;
    int done_at;            /* the step that is content with the response; 0: as `next_token` sees fit */
    const char *token_url;  /* where the token comes from, if it is fetched */
    httpx_client *client;   /* for that */
    const char *nested_url; /* gotten by a blocking call at each step */
    char seen[256];         /* the statuses of the responses */
} scheme;

static void begin(scheme *s)
{
    memset(s, 0, sizeof *s);
    s->thread = pthread_self();
    s->fail_at = -1;
}

static httpx_code failing(const scheme *s, httpx_error **error)
{
    static const char message[] = "the token is gone", reason[] = "it was stolen";
    httpx_error *cause = NULL;
    if (s->own_error) {
        GIVES(httpx_error_new(HTTPX_E_IO, reason, strlen(reason), NULL, &cause, &err), HTTPX_OK);
        GIVES(httpx_error_new(HTTPX_E_PROTOCOL, message, strlen(message), cause, error, &err), HTTPX_OK);
        httpx_error_free(cause);
    }
    return HTTPX_E_PROTOCOL;
}

static httpx_code new_flow(void *user_data, httpx_request *request, void **flow, httpx_error **error)
{
    scheme *s = user_data;
    CHECK(request != NULL);
    if (s->fail_at == 0)
        return failing(s, error);
    atomic_fetch_add(&s->begun, 1);
    *flow = calloc(1, sizeof(int));
    return HTTPX_OK;
}

static void destroy_flow(void *user_data, void *flow)
{
    atomic_fetch_add(&((scheme *)user_data)->ended, 1);
    free(flow);
}

static void destroy_scheme(void *user_data)
{
    atomic_fetch_add(&((scheme *)user_data)->destroyed, 1);
}

static void set_token(httpx_request *request, const char *token)
{
    char value[128];
    int len = snprintf(value, sizeof value, "Bearer %s", token);
    GIVES(httpx_request_header_set(request, "Authorization", 13, (const uint8_t *)value, (size_t)len, &err), HTTPX_OK);
}

/* Notes the step; the flow's own memory counts them. */
static int step(scheme *s, int *flow, httpx_response *response)
{
    size_t len = strlen(s->seen);
    atomic_fetch_add(&s->steps, 1);
    s->elsewhere += !pthread_equal(s->thread, pthread_self());
    if (response != NULL)
        snprintf(s->seen + len, sizeof s->seen - len, "%d ", (int)httpx_response_status_code(response));
    if (s->nested_url != NULL) {
        httpx_response *nested = NULL;
        GIVES(try_get(s->client, s->nested_url, &nested), HTTPX_OK);
        CHECK_EQ(httpx_response_status_code(nested), 200);
        httpx_response_free(nested);
    }
    return ++*flow;
}

/* Sends the request as it is; after a 401 once more with a token, which is fetched first if it has a place. */
static httpx_code next_token(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                             httpx_request **next, httpx_error **error)
{
    scheme *s = user_data;
    int now = step(s, flow, response);
    if (now == s->fail_at)
        return failing(s, error);
    if (response == NULL)
        return HTTPX_OK;
    if (now == s->done_at || httpx_response_status_code(response) == 200) {
        if (s->token_url == NULL || now == 4)
            return HTTPX_DONE;
        const uint8_t *body = NULL; /* The token is here. */
        size_t len = 0;
        GIVES(httpx_response_content(response, &body, &len, &err), HTTPX_OK);
        CHECK(len > 0);
        set_token(request, "fetched");
        return HTTPX_OK;
    }
    if (s->token_url == NULL) {
        set_token(request, "known");
        return HTTPX_OK;
    }
    GIVES(httpx_request_new(s->client, "GET", 3, s->token_url, strlen(s->token_url), next, &err), HTTPX_OK);
    return HTTPX_OK;
}

static httpx_auth *new_auth(scheme *s, uint32_t flags)
{
    httpx_auth_vtable table = {
        .size = sizeof table,
        .flags = flags,
        .new_flow = new_flow,
        .next = next_token,
        .destroy_flow = destroy_flow,
        .destroy = destroy_scheme,
    };
    httpx_auth *auth = NULL;
    MUST(httpx_auth_flow(&table, s, &auth, &err));
    return auth;
}

/* The client is the scheme's only owner. */
static httpx_client *client_with_scheme(scheme *s, uint32_t flags)
{
    httpx_client_builder *builder = new_builder();
    httpx_auth *auth = new_auth(s, flags);
    MUST(httpx_client_builder_auth(builder, auth, &err));
    httpx_auth_free(auth);
    return s->client = build(builder);
}

static void ended(scheme *s, httpx_client *client)
{
    CHECK_EQ(atomic_load(&s->begun), atomic_load(&s->ended));
    CHECK_EQ(atomic_load(&s->destroyed), 0);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&s->destroyed), 1);
    CHECK_EQ(s->elsewhere, 0);
}

static void a_flow_answers_a_refusal_which_stands_in_the_history(void)
{
    scheme s;
    begin(&s);
    httpx_client *client = client_with_scheme(&s, 0);
    for (int again = 1; again < 3; again++) {
        httpx_response *response = get(client, HTTP("/bearer")), *refusal = NULL;
        CHECK_EQ(httpx_response_status_code(response), 200);
        CHECK_EQ(httpx_response_history_count(response), 1);
        MUST(httpx_response_history_at(response, 0, &refusal, &err));
        CHECK_EQ(httpx_response_status_code(refusal), 401);
        CHECK_EQ(atomic_load(&s.ended), again);
        httpx_response_free(refusal);
        httpx_response_free(response);
    }
    CHECK(strcmp(s.seen, "401 200 401 200 ") == 0);
    ended(&s, client);
}

static void a_flow_sends_requests_of_its_own(void)
{
    scheme s;
    begin(&s);
    char token[256];
    snprintf(token, sizeof token, "%s", HTTP("/redirect-to?url=/get"));
    s.token_url = token;
    httpx_client *client = client_with_scheme(&s, HTTPX_AUTH_RESPONSE_BODY);
    httpx_request *request = new_request(client, "GET", HTTP("/bearer"));
    httpx_response *response = send_request(client, request, HTTPX_SEND_FOLLOW_REDIRECTS);
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK(strstr(body_of(response), "fetched") != NULL);
    /* The refusal, the redirect to the token, and the token. */
    CHECK_EQ(httpx_response_history_count(response), 3);
    CHECK(strcmp(s.seen, "401 200 200 ") == 0);
    httpx_response_free(response);
    ended(&s, client);
}

static void a_flow_may_send_nothing_more(void)
{
    scheme s;
    begin(&s);
    s.done_at = 2;
    httpx_client *client = client_with_scheme(&s, 0);
    httpx_response *response = get_streamed(client, HTTP("/bearer"));
    CHECK_EQ(httpx_response_status_code(response), 401);
    CHECK_EQ(httpx_response_history_count(response), 0);
    MUST(httpx_response_read(response, NULL, NULL, &err)); /* nobody has read it */
    httpx_response_free(response);
    ended(&s, client);
}

static void a_flow_that_fails_ends_its_request_and_is_destroyed(void)
{
    for (int at = 0; at < 3; at++)
        for (int own_error = 0; own_error < 2; own_error++) {
            scheme s;
            begin(&s);
            s.fail_at = at;
            s.own_error = own_error;
            httpx_client *client = client_with_scheme(&s, 0);
            httpx_response *response = NULL;
            CHECK_EQ(try_get(client, HTTP("/bearer"), &response), HTTPX_E_PROTOCOL);
            REQUIRE(err != NULL);
            CHECK_EQ(httpx_error_code(err), HTTPX_E_PROTOCOL);
            CHECK(strcmp(httpx_error_message(err, NULL),
                         own_error ? "the token is gone" : "the authentication flow has failed") == 0);
            CHECK((httpx_error_cause(err) != NULL) == own_error);
            CHECK(strstr(httpx_error_request_url(err, NULL), "/bearer") != NULL);
            httpx_error_free(err);
            err = NULL;
            CHECK_EQ(atomic_load(&s.begun), at > 0);
            /* What was open is closed. */
            size_t active = 1;
            MUST(httpx_client_connections(client, &active, NULL, NULL, &err));
            CHECK_EQ(active, 0);
            ended(&s, client);
        }
}

static httpx_code next_nothing(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                               httpx_request **next, httpx_error **error)
{
    (void)user_data, (void)flow, (void)request, (void)next, (void)error;
    CHECK(response == NULL);
    return HTTPX_DONE;
}

static void a_flow_that_sends_nothing_at_all_is_a_mistake(void)
{
    httpx_auth_vtable table = {.size = sizeof table, .next = next_nothing};
    httpx_auth *auth = NULL;
    MUST(httpx_auth_flow(&table, NULL, &auth, &err));
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/get"));
    MUST(httpx_request_auth(request, auth, &err));
    httpx_response *response = NULL;
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_INVALID_STATE);
    httpx_request_free(request);
    httpx_auth_free(auth);
    httpx_client_free(client);
}

static void a_flow_is_destroyed_however_its_request_ends(void)
{
    scheme s;
    tally t = {0};
    begin(&s);
    httpx_client *client = client_with_scheme(&s, 0);
    httpx_queue *queue = new_queue();
    httpx_response *response = NULL;
    GIVES(try_get(client, "http://127.0.0.1:1/", &response), HTTPX_E_CONNECTION_REFUSED);
    CHECK_EQ(atomic_load(&s.ended), 1);

    httpx_op *op = NULL;
    submit(client, queue, HTTP("/delay/60"), &t, &op);
    while (atomic_load(&s.steps) < 2)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    httpx_op_cancel(op);
    dispatch_until(queue, &t, 1);
    CHECK_EQ(t.code, HTTPX_E_CANCELLED);
    CHECK_EQ(atomic_load(&s.ended), 2);
    httpx_op_free(op);

    submit(client, queue, HTTP("/delay/60"), &t, NULL);
    while (atomic_load(&s.steps) < 3)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    httpx_queue_free(queue);
    CHECK_EQ(atomic_load(&s.ended), 3);
    CHECK_EQ(atomic_load(&t.destroyed), 2);
    ended(&s, client);
}

static void a_flow_on_a_queue_makes_blocking_calls(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        scheme s;
        tally t = {0};
        intptr_t fd;
        char nested[256];
        begin(&s);
        snprintf(nested, sizeof nested, "%s", HTTP("/get"));
        httpx_auth *auth = new_auth(&s, HTTPX_AUTH_RESPONSE_BODY);
        s.nested_url = nested;
        s.client = new_client();
        httpx_queue *queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        httpx_request *request = new_request(s.client, "GET", HTTP("/bearer"));
        MUST(httpx_request_auth(request, auth, &err));
        httpx_auth_free(auth);
        MUST(httpx_client_send_async(s.client, request, 0, queue, count_completion, &t, NULL, NULL, &err));
        httpx_request_free(request);
        dispatch_until(queue, &t, 1);
        CHECK_EQ(atomic_load(&t.answered), 1);
        CHECK_EQ(atomic_load(&s.steps), 3);
        httpx_queue_free(queue);
        CHECK_EQ(s.elsewhere, 0);
        CHECK_EQ(atomic_load(&s.ended), 1);
        CHECK_EQ(atomic_load(&s.destroyed), 1); /* with its last request */
        httpx_client_free(s.client);
    }
}

static void *write_body(void *pipe)
{
    GIVES(httpx_pipe_write_all(pipe, (const uint8_t *)"once", 4, &err), HTTPX_OK);
    httpx_error_free(err);
    err = NULL;
    httpx_code code = httpx_pipe_finish(pipe, NULL);
    CHECK(code == HTTPX_OK || code == HTTPX_E_STREAM_CLOSED);
    httpx_pipe_free(pipe);
    return NULL;
}

static httpx_code next_twice(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                             httpx_request **next, httpx_error **error)
{
    (void)request, (void)next, (void)error;
    return step(user_data, flow, response) < 3 ? HTTPX_OK : HTTPX_DONE;
}

static void a_body_that_can_be_read_once_is_kept_for_a_flow_that_wants_it(void)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        scheme s;
        begin(&s);
        httpx_auth_vtable table = {
            .size = sizeof table,
            .flags = wanted ? HTTPX_AUTH_REQUEST_BODY : 0,
            .new_flow = new_flow,
            .next = next_twice,
            .destroy_flow = destroy_flow,
        };
        httpx_auth *auth = NULL;
        MUST(httpx_auth_flow(&table, &s, &auth, &err));
        httpx_client *client = new_client();
        httpx_request *request = new_request(client, "POST", HTTP("/post"));
        MUST(httpx_request_auth(request, auth, &err));
        httpx_auth_free(auth);
        httpx_pipe *pipe = NULL;
        pthread_t writer;
        MUST(httpx_request_body_pipe(request, -1, 0, &pipe, &err));
        REQUIRE(pthread_create(&writer, NULL, write_body, pipe) == 0);
        httpx_response *response = NULL;
        httpx_code code = httpx_client_send(client, request, 0, &response, &err);
        pthread_join(writer, NULL);
        if (wanted) {
            GIVES(code, HTTPX_OK);
            CHECK(strstr(body_of(response), "\"once\"") != NULL);
            CHECK_EQ(httpx_response_history_count(response), 1);
            httpx_response_free(response);
        } else {
            GIVES(code, HTTPX_E_STREAM_CONSUMED);
        }
        CHECK_EQ(atomic_load(&s.ended), 1);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static httpx_code put_token(void *user_data, httpx_request *request, httpx_error **error)
{
    scheme *s = user_data;
    s->elsewhere += !pthread_equal(s->thread, pthread_self());
    atomic_fetch_add(&s->steps, 1);
    if (s->fail_at == 1)
        return failing(s, error);
    set_token(request, "function");
    return HTTPX_OK;
}

static void a_function_puts_credentials_into_requests(void)
{
    scheme s;
    begin(&s);
    httpx_auth *auth = NULL;
    MUST(httpx_auth_function(put_token, &s, destroy_scheme, &auth, &err));
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_auth(builder, auth, &err));
    httpx_auth_free(auth);
    httpx_client *client = build(builder);
    httpx_response *response = get(client, HTTP("/bearer"));
    CHECK_EQ(httpx_response_status_code(response), 200);
    CHECK_EQ(httpx_response_history_count(response), 0);
    httpx_response_free(response);
    s.fail_at = 1;
    GIVES(try_get(client, HTTP("/bearer"), &response), HTTPX_E_PROTOCOL);
    CHECK_EQ(atomic_load(&s.steps), 2);
    ended(&s, client);
}

static void digest_for_single_requests_keeps_what_it_has_learned(void)
{
    httpx_auth *auth = NULL;
    MUST(httpx_auth_digest((const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &auth, &err));
    httpx_client *client = new_client();
    for (int again = 0; again < 3; again++) {
        httpx_request *request = new_request(client, "GET", HTTP("/digest-auth/auth/me/secret"));
        MUST(httpx_request_auth(request, auth, &err));
        httpx_response *response = send_request(client, request, 0);
        CHECK_EQ(httpx_response_status_code(response), 200);
        CHECK_EQ(httpx_response_history_count(response), again == 0);
        httpx_response_free(response);
    }
    httpx_auth_free(auth);
    httpx_client_free(client);
}

static void handles_of_schemes_that_are_built_in(void)
{
    char path[] = "/tmp/httpx-netrc-XXXXXX";
    static const char text[] = "machine 127.0.0.1 login me password secret\n";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(fd);
    httpx_auth *auths[2] = {NULL};
    MUST(httpx_auth_basic((const uint8_t *)"me", 2, (const uint8_t *)"secret", 6, &auths[0], &err));
    MUST(httpx_auth_netrc(path, strlen(path), &auths[1], &err));
    unlink(path);
    FAILS(httpx_auth_netrc("/no/such/file", 13, &auths[1], &err), HTTPX_E_FILE_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_auth(builder, auths[i], &err));
        httpx_client *client = build(builder);
        httpx_request *request = new_request(client, "GET", HTTP("/basic-auth/me/secret"));
        httpx_response *response = send_request(client, request, 0);
        CHECK_EQ(httpx_response_status_code(response), 200);
        httpx_response_free(response);
        request = new_request(client, "GET", HTTP("/basic-auth/me/secret"));
        MUST(httpx_request_auth(request, NULL, &err)); /* without the client's */
        response = send_request(client, request, 0);
        CHECK_EQ(httpx_response_status_code(response), 401);
        httpx_response_free(response);
        httpx_auth_free(auths[i]);
        httpx_client_free(client);
    }
}

static void a_table_that_cannot_be_used_is_refused(void)
{
    struct grown {
        httpx_auth_vtable table;
        void *later;
    } grown = {.table = {.size = sizeof grown, .next = next_token, .destroy = destroy_scheme}};
    scheme s;
    httpx_auth *auth = NULL;
    begin(&s);
    MUST(httpx_auth_flow(&grown.table, &s, &auth, &err)); /* of a later version */
    httpx_auth_free(auth);
    CHECK_EQ(atomic_load(&s.destroyed), 1);
    httpx_auth_vtable table = grown.table;
    table.size = sizeof table - 1;
    FAILS(httpx_auth_flow(&table, &s, &auth, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(atomic_load(&s.destroyed), 1);
    table.size = sizeof table;
    table.flags = 1u << 31;
    FAILS(httpx_auth_flow(&table, &s, &auth, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(atomic_load(&s.destroyed), 2);
    table.flags = 0;
    table.next = NULL;
    FAILS(httpx_auth_flow(&table, &s, &auth, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(atomic_load(&s.destroyed), 3);
}

static void an_error_of_the_programs_own_has_an_error_code(void)
{
    httpx_error *error = NULL;
    FAILS(httpx_error_new(HTTPX_DONE, "no", 2, NULL, &error, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK(error == NULL);
    MUST(httpx_error_new(HTTPX_E_READ_TIMEOUT, "slow", 4, NULL, &error, &err));
    CHECK_EQ(httpx_error_code(error), HTTPX_E_READ_TIMEOUT);
    CHECK(strcmp(httpx_error_message(error, NULL), "slow") == 0);
    httpx_error_free(error);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_flow_answers_a_refusal_which_stands_in_the_history),
        TEST(a_flow_sends_requests_of_its_own),
        TEST(a_flow_may_send_nothing_more),
        TEST(a_flow_that_fails_ends_its_request_and_is_destroyed),
        TEST(a_flow_that_sends_nothing_at_all_is_a_mistake),
        TEST(a_flow_is_destroyed_however_its_request_ends),
        TEST(a_flow_on_a_queue_makes_blocking_calls),
        TEST(a_body_that_can_be_read_once_is_kept_for_a_flow_that_wants_it),
        TEST(a_function_puts_credentials_into_requests),
        TEST(digest_for_single_requests_keeps_what_it_has_learned),
        TEST(handles_of_schemes_that_are_built_in),
        TEST(a_table_that_cannot_be_used_is_refused),
        TEST(an_error_of_the_programs_own_has_an_error_code),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

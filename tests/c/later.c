/* Callbacks that answer later: they take a waker, return HTTPX_AGAIN, and are called again once it was woken. */
#include "queue.h"

/* What a callback of a test does, and what happened to it. */
typedef struct later {
    pthread_t thread; /* the test's */
    int elsewhere;    /* calls on another thread */
    int waits;        /* how often it says "not yet" before each answer */
    int waited;       /* since the last answer */
    int calls, answers;
    int forgets;  /* it returns HTTPX_AGAIN without a waker */
    int early;    /* it wakes before it has returned */
    int never;    /* nobody wakes it */
    void *handle; /* what it was lent when it was called first */
    httpx_waker *waker;
    pthread_t worker;
    int has_worker;
    atomic_int destroyed;
    /* For bodies: */
    int pieces, given, rewound;
    uint8_t *buffer;
    /* For flows: */
    int begun, ended;
} later;

static void start(later *l, int waits)
{
    memset(l, 0, sizeof *l);
    l->thread = pthread_self();
    l->waits = waits;
}

static void destroy_later(void *user_data)
{
    atomic_fetch_add(&((later *)user_data)->destroyed, 1);
}

static void *wake(void *waker)
{
    httpx_waker_wake(waker);
    httpx_waker_wake(waker);
    return NULL;
}

static void rest(later *l)
{
    if (l->has_worker)
        CHECK(pthread_join(l->worker, NULL) == 0);
    l->has_worker = 0;
    httpx_waker_free(l->waker);
    l->waker = NULL;
}

/* HTTPX_OK once it is time to answer. */
static httpx_code not_yet(later *l, void *handle)
{
    l->calls++;
    l->elsewhere += !pthread_equal(l->thread, pthread_self());
    if (l->waited > 0 && l->handle != NULL)
        CHECK(l->handle == handle);
    l->handle = handle;
    if (l->waited == l->waits) {
        rest(l);
        l->waited = 0;
        l->answers++;
        return HTTPX_OK;
    }
    l->waited++;
    if (l->forgets)
        return HTTPX_AGAIN;
    rest(l);
    GIVES(httpx_upcall_waker(&l->waker, &err), HTTPX_OK);
    if (l->early) {
        httpx_waker_wake(l->waker);
    } else if (!l->never) {
        l->has_worker = 1;
        CHECK(pthread_create(&l->worker, NULL, wake, l->waker) == 0);
    }
    return HTTPX_AGAIN;
}

static httpx_code on_request(void *user_data, httpx_request *request, httpx_error **error)
{
    httpx_code code = not_yet(user_data, request);
    (void)error;
    if (code == HTTPX_OK)
        GIVES(httpx_request_header_add(request, "X-Late", 6, (const uint8_t *)"yes", 3, &err), HTTPX_OK);
    return code;
}

static httpx_code on_response(void *user_data, httpx_response *response, httpx_error **error)
{
    (void)error;
    CHECK_EQ(httpx_response_status_code(response), 200);
    return not_yet(user_data, response);
}

/* How a test's requests are sent: 0 blocking, 1 on a queue that is dispatched, 2 on one with a descriptor. */
enum { WAYS = 3 };

static httpx_code send_by(int way, httpx_client *client, httpx_request *request, httpx_response **response)
{
    if (way == 0)
        return httpx_client_send(client, request, 0, response, &err);
    httpx_queue *queue = new_queue();
    httpx_op *op = NULL;
    intptr_t fd;
    if (way == 2)
        MUST(httpx_queue_fd(queue, &fd, &err));
    MUST(httpx_client_send_async(client, request, 0, queue, NULL, NULL, NULL, &op, &err));
    while (!httpx_op_is_done(op))
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
    httpx_code code = httpx_op_take_response(op, response, &err);
    httpx_op_free(op);
    httpx_queue_free(queue);
    return code;
}

static httpx_client *hooked(later *before, later *after)
{
    httpx_client_builder *builder = new_builder();
    if (before != NULL)
        MUST(httpx_client_builder_on_request(builder, on_request, before, destroy_later, &err));
    if (after != NULL)
        MUST(httpx_client_builder_on_response(builder, on_response, after, destroy_later, &err));
    return build(builder);
}

static void hooks_answer_later(void)
{
    for (int way = 0; way < WAYS; way++) {
        later before, after;
        start(&before, 2);
        start(&after, 1);
        httpx_client *client = hooked(&before, &after);
        httpx_request *request = new_request(client, "GET", HTTP("/headers"));
        httpx_response *response = NULL;
        GIVES(send_by(way, client, request, &response), HTTPX_OK);
        CHECK(response != NULL && strstr(body_of(response), "X-Late") != NULL);
        CHECK_EQ(before.calls, 3);
        CHECK_EQ(after.calls, 2);
        CHECK_EQ(before.elsewhere + after.elsewhere, 0);
        httpx_response_free(response);
        httpx_request_free(request);
        httpx_client_free(client);
        CHECK_EQ(atomic_load(&before.destroyed) + atomic_load(&after.destroyed), 2);
    }
}

static void a_wake_before_the_answer_is_not_lost(void)
{
    for (int way = 0; way < WAYS; way++) {
        later before;
        start(&before, 3);
        before.early = 1;
        httpx_client *client = hooked(&before, NULL);
        httpx_request *request = new_request(client, "GET", HTTP("/get"));
        httpx_response *response = NULL;
        GIVES(send_by(way, client, request, &response), HTTPX_OK);
        CHECK_EQ(before.calls, 4);
        httpx_response_free(response);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static void again_without_anybody_to_wake_it_is_an_error(void)
{
    for (int way = 0; way < WAYS; way++) {
        later before;
        start(&before, 1);
        before.forgets = 1;
        httpx_client *client = hooked(&before, NULL);
        httpx_request *request = new_request(client, "GET", HTTP("/get"));
        httpx_response *response = NULL;
        GIVES(send_by(way, client, request, &response), HTTPX_E_INVALID_STATE);
        CHECK_EQ(before.calls, 1);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static void *free_waker(void *waker)
{
    httpx_waker_free(waker);
    return NULL;
}

static httpx_code leave_waker(void *user_data, httpx_request *request, httpx_error **error)
{
    later *l = user_data;
    httpx_waker *waker = NULL;
    (void)request, (void)error;
    GIVES(httpx_upcall_waker(&waker, &err), HTTPX_OK);
    l->has_worker = 1;
    CHECK(pthread_create(&l->worker, NULL, free_waker, waker) == 0);
    return HTTPX_AGAIN;
}

static void the_last_waker_that_goes_without_a_wake_ends_the_request(void)
{
    for (int way = 0; way < WAYS; way++) {
        later before;
        start(&before, 1);
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_on_request(builder, leave_waker, &before, NULL, &err));
        httpx_client *client = build(builder);
        httpx_request *request = new_request(client, "GET", HTTP("/get"));
        httpx_response *response = NULL;
        GIVES(send_by(way, client, request, &response), HTTPX_E_INVALID_STATE);
        rest(&before);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static void a_cancelled_request_asks_no_more_and_leaves_what_was_lent(void)
{
    for (int with_response = 0; with_response < 2; with_response++) {
        for (int with_thread = 0; with_thread < 2; with_thread++) {
            later l;
            start(&l, 1);
            l.never = 1;
            httpx_client *client = with_response ? hooked(NULL, &l) : hooked(&l, NULL);
            httpx_queue *queue = new_queue();
            httpx_op *op = NULL;
            tally t = {0};
            intptr_t fd;
            if (with_thread)
                MUST(httpx_queue_fd(queue, &fd, &err));
            submit(client, queue, HTTP("/get"), &t, &op);
            while (l.calls == 0)
                MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
            httpx_op_cancel(op);
            dispatch_until(queue, &t, 1);
            CHECK_EQ(t.code, HTTPX_E_CANCELLED);
            httpx_op_free(op);
            httpx_queue_free(queue);
            if (with_response) {
                const uint8_t *body;
                size_t len;
                CHECK_EQ(httpx_response_status_code(l.handle), 200);
                GIVES(httpx_response_read(l.handle, &body, &len, &err), HTTPX_E_INVALID_STATE);
            } else {
                CHECK(strcmp(httpx_request_method(l.handle, NULL), "GET") == 0);
            }
            httpx_waker_wake(l.waker);
            CHECK_EQ(l.calls, 1);
            httpx_client_free(client);
            CHECK_EQ(atomic_load(&l.destroyed), 1);
            rest(&l);
        }
    }
}

static httpx_op *cancels;

static httpx_code cancel_and_wait(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)error;
    httpx_op_cancel(cancels);
    return not_yet(user_data, request);
}

static void a_callback_that_has_cancelled_its_own_request_is_asked_no_more(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        later l;
        tally t = {0};
        intptr_t fd;
        start(&l, 1);
        l.early = 1;
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_on_request(builder, cancel_and_wait, &l, destroy_later, &err));
        httpx_client *client = build(builder);
        httpx_queue *queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(queue, &fd, &err));
        submit(client, queue, HTTP("/get"), &t, &cancels);
        dispatch_until(queue, &t, 1);
        CHECK_EQ(t.code, HTTPX_E_CANCELLED);
        CHECK_EQ(l.calls, 1);
        httpx_op_free(cancels);
        httpx_queue_free(queue);
        CHECK(strcmp(httpx_request_method(l.handle, NULL), "GET") == 0);
        httpx_client_free(client);
        CHECK_EQ(atomic_load(&l.destroyed), 1);
        rest(&l);
    }
}

/* Wakes, and lets go of the waker, while the request may be cancelled. */
static void *wake_and_free(void *waker)
{
    httpx_waker_wake(waker);
    httpx_waker_free(waker);
    return NULL;
}

typedef struct race {
    pthread_t worker;
    int has_worker;
    httpx_op *op;
} race;

static httpx_code race_hook(void *user_data, httpx_request *request, httpx_error **error)
{
    race *r = user_data;
    httpx_waker *waker = NULL;
    (void)error;
    CHECK(httpx_request_method(request, NULL) != NULL);
    if (r->has_worker)
        return HTTPX_OK;
    r->has_worker = 1;
    GIVES(httpx_upcall_waker(&waker, &err), HTTPX_OK);
    CHECK(pthread_create(&r->worker, NULL, wake_and_free, waker) == 0);
    return HTTPX_AGAIN;
}

static void *cancel(void *op)
{
    httpx_op_cancel(op);
    return NULL;
}

static void a_cancelled_request_that_is_woken_meanwhile_ends_once(void)
{
    for (int round = 0; round < 200; round++) {
        race r = {0};
        tally t = {0};
        intptr_t fd;
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_on_request(builder, race_hook, &r, NULL, &err));
        httpx_client *client = build(builder);
        httpx_queue *queue = new_queue();
        if (round % 2 == 1)
            MUST(httpx_queue_fd(queue, &fd, &err));
        submit(client, queue, HTTP("/get"), &t, &r.op);
        while (!r.has_worker)
            MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
        pthread_t canceller;
        CHECK(pthread_create(&canceller, NULL, cancel, r.op) == 0);
        dispatch_until(queue, &t, 1);
        CHECK(pthread_join(canceller, NULL) == 0);
        CHECK(pthread_join(r.worker, NULL) == 0);
        MUST(httpx_queue_dispatch(queue, 0, NULL, &err));
        CHECK_EQ(atomic_load(&t.completed), 1);
        CHECK_EQ(atomic_load(&t.destroyed), 1);
        CHECK(t.code == HTTPX_OK || t.code == HTTPX_E_CANCELLED);
        httpx_op_free(r.op);
        httpx_queue_free(queue);
        httpx_client_free(client);
    }
}

/* A hook that does what it may not be expected to do before it answers. */
typedef struct busy {
    later later;
    tally tally;
    httpx_client *client;
    httpx_queue *queue;
    int sent;
} busy;

static httpx_code keep_busy(void *user_data, httpx_request *request, httpx_error **error)
{
    busy *b = user_data;
    (void)error;
    if (b->sent++ == 0) {
        httpx_queue *other = new_queue();
        tally t = {0};
        submit(b->client, b->queue, HTTP("/get"), &b->tally, NULL);
        GIVES(httpx_queue_dispatch(b->queue, 0, NULL, &err), HTTPX_E_REENTRANT);
        submit(b->client, other, HTTP("/get"), &t, NULL);
        dispatch_until(other, &t, 1);
        CHECK_EQ(atomic_load(&t.answered), 1);
        httpx_queue_free(other);
        httpx_response_free(get(b->client, HTTP("/get")));
        httpx_client_free(b->client);
    }
    return b->later.answers > 0 ? HTTPX_OK : not_yet(&b->later, request);
}

static void a_callback_sends_dispatches_and_frees_its_client_before_it_answers(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        busy b = {0};
        intptr_t fd;
        start(&b.later, 0);
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_on_request(builder, keep_busy, &b, NULL, &err));
        b.client = build(builder);
        b.queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(b.queue, &fd, &err));
        submit(b.client, b.queue, HTTP("/get"), &b.tally, NULL);
        dispatch_until(b.queue, &b.tally, 2);
        CHECK_EQ(atomic_load(&b.tally.answered), 2);
        httpx_queue_free(b.queue);
        rest(&b.later);
    }
}

static void a_freed_queue_leaves_what_was_lent(void)
{
    later l;
    tally t = {0};
    start(&l, 1);
    l.never = 1;
    httpx_client *client = hooked(NULL, &l);
    httpx_queue *queue = new_queue();
    submit(client, queue, HTTP("/get"), &t, NULL);
    while (l.calls == 0)
        MUST(httpx_queue_dispatch(queue, 10, NULL, &err));
    httpx_queue_free(queue);
    CHECK_EQ(httpx_response_status_code(l.handle), 200);
    httpx_waker_wake(l.waker);
    httpx_client_free(client);
    rest(&l);
    CHECK_EQ(atomic_load(&l.destroyed), 1);
}

static void the_deadline_does_not_wait_for_an_answer(void)
{
    for (int way = 0; way < WAYS; way++) {
        later before;
        start(&before, 1);
        before.never = 1;
        httpx_client *client = hooked(&before, NULL);
        httpx_request *request = new_request(client, "GET", HTTP("/get"));
        httpx_response *response = NULL;
        MUST(httpx_request_deadline(request, 0.05, &err));
        GIVES(send_by(way, client, request, &response), HTTPX_E_DEADLINE_EXCEEDED);
        CHECK_EQ(before.calls, 1);
        rest(&before);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static int32_t interrupt(void *user_data)
{
    return ((later *)user_data)->calls > 0;
}

static void a_blocked_call_is_interrupted_while_it_waits_for_an_answer(void)
{
    later before;
    start(&before, 1);
    before.never = 1;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_request(builder, on_request, &before, NULL, &err));
    MUST(httpx_client_builder_interrupt(builder, interrupt, &before, NULL, &err));
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    GIVES(try_get(client, HTTP("/get"), &response), HTTPX_E_INTERRUPTED);
    rest(&before);
    httpx_client_free(client);
}

static void no_waker(void)
{
    httpx_waker *waker = NULL;
    GIVES(httpx_upcall_waker(&waker, &err), HTTPX_E_INVALID_STATE);
    CHECK(waker == NULL);
}

static void no_waker_for_logs(void *user_data, int32_t level, const char *logger, size_t logger_len,
                              const char *message, size_t message_len)
{
    (void)user_data, (void)level, (void)logger, (void)logger_len, (void)message, (void)message_len;
    no_waker();
}

static void no_waker_when_done(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    no_waker();
    count_completion(user_data, code, response, error);
}

/* Makes a call of its own, on a queue of its own: its callbacks are not the hook's. */
static httpx_code call_within(void *user_data, httpx_request *request, httpx_error **error)
{
    tally t = {0};
    httpx_queue *queue = new_queue();
    httpx_client *client = ((tally *)user_data)->client;
    (void)request, (void)error;
    submit_with(client, queue, HTTP("/get"), no_waker_when_done, &t, NULL);
    dispatch_until(queue, &t, 1);
    httpx_queue_free(queue);
    return HTTPX_OK;
}

static void only_callbacks_that_may_wait_have_wakers(void)
{
    tally within = {0};
    httpx_client_builder *builder = new_builder();
    no_waker();
    within.client = new_client();
    MUST(httpx_client_builder_on_request(builder, call_within, &within, NULL, &err));
    MUST(httpx_client_builder_log(builder, no_waker_for_logs, NULL, NULL, &err));
    httpx_client *client = build(builder);
    httpx_response_free(get(client, HTTP("/get")));
    httpx_client_free(client);
    httpx_client_free(within.client);
}

/* Reads the response on the queue of its own request, and goes on when that is done. */
typedef struct reading {
    httpx_queue *queue;
    httpx_waker *waker;
    int calls;
} reading;

static void when_read(void *user_data, httpx_code code, httpx_error *error)
{
    CHECK_EQ(code, HTTPX_OK);
    httpx_waker_wake(((reading *)user_data)->waker);
    httpx_error_free(error);
}

static httpx_code read_first(void *user_data, httpx_response *response, httpx_error **error)
{
    reading *r = user_data;
    const uint8_t *body = NULL;
    size_t len = 0;
    if (r->calls++ == 0) {
        GIVES(httpx_upcall_waker(&r->waker, &err), HTTPX_OK);
        GIVES(httpx_response_read_async(response, r->queue, when_read, r, NULL, NULL, &err), HTTPX_OK);
        return HTTPX_AGAIN;
    }
    httpx_waker_free(r->waker);
    httpx_code code = httpx_response_content(response, &body, &len, error);
    CHECK_EQ(len, 1000);
    return code;
}

static void a_response_hook_reads_on_the_queue_of_its_request(void)
{
    for (int with_thread = 0; with_thread < 2; with_thread++) {
        reading r = {0};
        tally t = {0};
        intptr_t fd;
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_limits(builder, 1, 1, 5.0, &err)); /* the body needs no other connection */
        MUST(httpx_client_builder_on_response(builder, read_first, &r, NULL, &err));
        httpx_client *client = build(builder);
        r.queue = new_queue();
        if (with_thread)
            MUST(httpx_queue_fd(r.queue, &fd, &err));
        submit(client, r.queue, HTTP("/bytes/1000"), &t, NULL);
        dispatch_until(r.queue, &t, 1);
        CHECK_EQ(atomic_load(&t.answered), 1);
        CHECK_EQ(r.calls, 2);
        httpx_queue_free(r.queue);
        httpx_client_free(client);
    }
}

/* ---- flows ---- */

static httpx_code new_flow(void *user_data, httpx_request *request, void **flow, httpx_error **error)
{
    later *l = user_data;
    (void)error;
    *flow = l;
    httpx_code code = not_yet(l, request);
    l->begun += code == HTTPX_OK;
    return code;
}

static httpx_code next(void *user_data, void *flow, httpx_request *request, httpx_response *response,
                       httpx_request **out, httpx_error **error)
{
    CHECK(flow == user_data);
    (void)out, (void)error;
    httpx_code code = not_yet(user_data, response);
    if (code != HTTPX_OK)
        return code;
    if (response != NULL)
        return HTTPX_DONE;
    GIVES(httpx_request_header_set(request, "Authorization", 13, (const uint8_t *)"Late", 4, &err), HTTPX_OK);
    return HTTPX_OK;
}

static void destroy_flow(void *user_data, void *flow)
{
    CHECK(flow == user_data);
    ((later *)flow)->ended++;
}

static httpx_request *with_flow(httpx_client *client, later *l)
{
    httpx_auth_vtable table = {.size = sizeof table,
                               .new_flow = new_flow,
                               .next = next,
                               .destroy_flow = destroy_flow,
                               .destroy = destroy_later};
    httpx_request *request = new_request(client, "GET", HTTP("/headers"));
    httpx_auth *auth = NULL;
    MUST(httpx_auth_flow(&table, l, &auth, &err));
    MUST(httpx_request_auth(request, auth, &err));
    httpx_auth_free(auth);
    return request;
}

static void a_flow_answers_later_at_each_step(void)
{
    for (int way = 0; way < WAYS; way++) {
        later l;
        start(&l, 1);
        httpx_client *client = new_client();
        httpx_request *request = with_flow(client, &l);
        httpx_response *response = NULL;
        GIVES(send_by(way, client, request, &response), HTTPX_OK);
        CHECK(response != NULL && strstr(body_of(response), "Late") != NULL);
        CHECK_EQ(l.answers, 3); /* new_flow, and next twice */
        CHECK_EQ(l.calls, 6);
        CHECK_EQ(l.begun, 1);
        CHECK_EQ(l.ended, 1);
        CHECK_EQ(l.elsewhere, 0);
        httpx_response_free(response);
        httpx_request_free(request);
        CHECK_EQ(atomic_load(&l.destroyed), 1);
        httpx_client_free(client);
    }
}

static void a_flow_is_destroyed_though_it_never_answers(void)
{
    for (int in_next = 0; in_next < 2; in_next++) {
        later l;
        start(&l, 1);
        l.never = 1;
        l.waited = in_next; /* new_flow answers at once */
        httpx_client *client = new_client();
        httpx_request *request = with_flow(client, &l);
        httpx_response *response = NULL;
        MUST(httpx_request_deadline(request, 0.05, &err));
        GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
        CHECK_EQ(l.begun, in_next);
        CHECK_EQ(l.ended, 1);
        rest(&l);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static httpx_code begin_later(void *user_data, httpx_request *request, void **flow, httpx_error **error)
{
    (void)flow, (void)error;
    return not_yet(user_data, request);
}

static void a_flow_that_has_not_begun_leaves_its_request_to_its_wakers(void)
{
    later l;
    start(&l, 1);
    l.never = 1;
    httpx_auth_vtable table = {.size = sizeof table, .new_flow = begin_later, .next = next};
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/headers"));
    httpx_auth *auth = NULL;
    httpx_response *response = NULL;
    MUST(httpx_auth_flow(&table, &l, &auth, &err));
    MUST(httpx_request_auth(request, auth, &err));
    httpx_auth_free(auth);
    MUST(httpx_request_deadline(request, 0.05, &err));
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    CHECK(strcmp(httpx_request_method(l.handle, NULL), "GET") == 0);
    rest(&l);
    httpx_request_free(request);
    httpx_client_free(client);
}

static void an_authentication_function_answers_later(void)
{
    for (int way = 0; way < WAYS; way++) {
        later l;
        start(&l, 2);
        httpx_client *client = new_client();
        httpx_request *request = new_request(client, "GET", HTTP("/headers"));
        httpx_response *response = NULL;
        httpx_auth *auth = NULL;
        MUST(httpx_auth_function(on_request, &l, destroy_later, &auth, &err));
        MUST(httpx_request_auth(request, auth, &err));
        httpx_auth_free(auth);
        GIVES(send_by(way, client, request, &response), HTTPX_OK);
        CHECK(response != NULL && strstr(body_of(response), "X-Late") != NULL);
        CHECK_EQ(l.calls, 3);
        httpx_response_free(response);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

/* ---- bodies ---- */

static httpx_code pull(void *user_data, uint8_t *buffer, size_t capacity, size_t *len)
{
    later *l = user_data;
    int fresh = l->waited == 0;
    CHECK(fresh || l->buffer == buffer);
    l->buffer = buffer;
    httpx_code code = not_yet(l, buffer);
    if (code != HTTPX_OK)
        return code;
    if (l->given == l->pieces)
        return HTTPX_DONE;
    l->given++;
    *len = (size_t)snprintf((char *)buffer, capacity, "piece %d;", l->given);
    return HTTPX_OK;
}

static httpx_code rewind_pieces(void *user_data)
{
    later *l = user_data;
    httpx_code code = not_yet(l, NULL);
    if (code == HTTPX_OK) {
        l->given = 0;
        l->rewound++;
    }
    return code;
}

static void a_body_comes_later(void)
{
    for (int way = 0; way < WAYS; way++) {
        later l;
        start(&l, 1);
        l.pieces = 3;
        httpx_client *client = new_client();
        httpx_request *request = new_request(client, "POST", HTTP("/post"));
        MUST(httpx_request_body_pull(request, -1, pull, rewind_pieces, &l, destroy_later, &err));
        for (int round = 0; round < 2; round++) {
            httpx_response *response = NULL;
            GIVES(send_by(way, client, request, &response), HTTPX_OK);
            CHECK(response != NULL && strstr(body_of(response), "piece 1;piece 2;piece 3;") != NULL);
            httpx_response_free(response);
        }
        CHECK_EQ(l.rewound, 1);
        CHECK_EQ(l.answers, 9);
        CHECK_EQ(l.calls, 18);
        CHECK_EQ(l.elsewhere, 0);
        httpx_request_free(request);
        httpx_client_free(client);
        CHECK_EQ(atomic_load(&l.destroyed), 1);
    }
}

static void a_part_comes_later(void)
{
    later l;
    start(&l, 1);
    l.pieces = 2;
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    httpx_multipart *multipart = NULL;
    MUST(httpx_multipart_new(&multipart, &err));
    MUST(httpx_multipart_file_pull(multipart, "file", 4, "f.txt", 5, NULL, 0, -1, pull, NULL, &l, destroy_later, &err));
    MUST(httpx_request_body_multipart(request, multipart, &err));
    httpx_multipart_free(multipart);
    httpx_response *response = send_request(client, request, 0);
    CHECK(strstr(body_of(response), "piece 1;piece 2;") != NULL);
    httpx_response_free(response);
    httpx_client_free(client);
    CHECK_EQ(atomic_load(&l.destroyed), 1);
}

static void a_body_that_does_not_come_is_given_up(void)
{
    later l;
    start(&l, 1);
    l.never = 1;
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, -1, pull, NULL, &l, destroy_later, &err));
    MUST(httpx_request_deadline(request, 0.05, &err));
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    httpx_request_free(request);
    CHECK_EQ(atomic_load(&l.destroyed), 1);
    l.buffer[0] = 1; /* still there */
    rest(&l);
    httpx_client_free(client);
}

static void a_body_that_was_given_up_is_made_anew_in_other_room(void)
{
    later l;
    start(&l, 1);
    l.never = 1;
    l.pieces = 1;
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    httpx_response *response = NULL;
    MUST(httpx_request_body_pull(request, -1, pull, rewind_pieces, &l, destroy_later, &err));
    MUST(httpx_request_deadline(request, 0.05, &err));
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    uint8_t *before = l.buffer; /* as long as there is the waker */
    httpx_waker *waker = l.waker;
    start(&l, 0);
    l.pieces = 1;
    MUST(httpx_request_deadline(request, 60, &err));
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_OK);
    CHECK(l.buffer != before);
    CHECK_EQ(l.rewound, 1);
    before[0] = 1; /* still there */
    httpx_waker_free(waker);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_client_free(client);
}

/* ---- traces ---- */

typedef struct trace {
    later later;
    char last[256];
} trace;

static int32_t on_event(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len)
{
    trace *t = user_data;
    (void)event_len, (void)info, (void)info_len;
    if (t->later.waited > 0)
        CHECK(strcmp(t->last, event) == 0);
    snprintf(t->last, sizeof t->last, "%s", event);
    return not_yet(&t->later, NULL);
}

static void each_event_of_a_trace_is_answered_later(void)
{
    for (int way = 0; way < WAYS; way++) {
        trace t = {0};
        start(&t.later, 1);
        httpx_client *client = new_client();
        httpx_request *request = new_request(client, "GET", HTTP("/get"));
        httpx_response *response = NULL;
        MUST(httpx_request_trace(request, on_event, &t, NULL, &err));
        GIVES(send_by(way, client, request, &response), HTTPX_OK);
        CHECK(strcmp(t.last, "http11.response_closed.complete") == 0);
        CHECK_EQ(t.later.answers, 12); /* dialling, four steps of the exchange, the end */
        CHECK_EQ(t.later.calls, 24);
        httpx_response_free(response);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static void over_http2_bodies_and_traces_come_later_too(void)
{
    for (int way = 0; way < WAYS; way++) {
        trace t = {0};
        later l;
        char url[256];
        start(&t.later, 1);
        start(&l, 1);
        l.pieces = 3;
        httpx_client_builder *builder = new_builder();
        MUST(httpx_client_builder_http2(builder, 1, &err));
        MUST(httpx_client_builder_verify(builder, 0, &err));
        httpx_client *client = build(builder);
        snprintf(url, sizeof url, "https://127.0.0.1:%lld/post",
                 json_number(environment("HTTPX_TEST_PLACES"), "https"));
        httpx_request *request = new_request(client, "POST", url);
        httpx_response *response = NULL;
        MUST(httpx_request_trace(request, on_event, &t, NULL, &err));
        MUST(httpx_request_body_pull(request, -1, pull, NULL, &l, destroy_later, &err));
        GIVES(send_by(way, client, request, &response), HTTPX_OK);
        CHECK(strcmp(httpx_response_http_version(response, NULL), "HTTP/2") == 0);
        CHECK(strstr(body_of(response), "piece 1;piece 2;piece 3;") != NULL);
        CHECK(strcmp(t.last, "http2.response_closed.complete") == 0);
        CHECK_EQ(t.later.calls, 2 * t.later.answers);
        CHECK_EQ(l.answers, 4);
        CHECK_EQ(l.elsewhere + t.later.elsewhere, 0);
        httpx_response_free(response);
        httpx_request_free(request);
        httpx_client_free(client);
    }
}

static int32_t never_answer(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len)
{
    later *l = user_data;
    (void)event_len, (void)info, (void)info_len;
    l->calls++;
    if (strstr(event, "response_closed") == NULL)
        return 0;
    no_waker();
    return HTTPX_AGAIN;
}

static void nobody_waits_when_a_response_is_freed_early(void)
{
    later l;
    start(&l, 0);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/bytes/1000"));
    MUST(httpx_request_trace(request, never_answer, &l, NULL, &err));
    httpx_response *response = send_request(client, request, HTTPX_SEND_STREAM);
    int before = l.calls;
    httpx_response_free(response);
    CHECK_EQ(l.calls, before + 2);
    httpx_client_free(client);
}

static httpx_code free_other(void *user_data, httpx_request *request, httpx_error **error)
{
    (void)request, (void)error;
    httpx_response_free(user_data);
    return HTTPX_OK;
}

static void nor_when_a_hook_of_another_request_frees_it(void)
{
    later l;
    start(&l, 0);
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "GET", HTTP("/bytes/1000"));
    MUST(httpx_request_trace(request, never_answer, &l, NULL, &err));
    httpx_response *response = send_request(client, request, HTTPX_SEND_STREAM);
    int before = l.calls;
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_on_request(builder, free_other, response, NULL, &err));
    httpx_client *other = build(builder);
    httpx_response_free(get(other, HTTP("/get")));
    CHECK_EQ(l.calls, before + 2);
    httpx_client_free(other);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(hooks_answer_later),
        TEST(a_wake_before_the_answer_is_not_lost),
        TEST(again_without_anybody_to_wake_it_is_an_error),
        TEST(the_last_waker_that_goes_without_a_wake_ends_the_request),
        TEST(a_cancelled_request_asks_no_more_and_leaves_what_was_lent),
        TEST(a_callback_that_has_cancelled_its_own_request_is_asked_no_more),
        TEST(a_cancelled_request_that_is_woken_meanwhile_ends_once),
        TEST(a_callback_sends_dispatches_and_frees_its_client_before_it_answers),
        TEST(a_freed_queue_leaves_what_was_lent),
        TEST(the_deadline_does_not_wait_for_an_answer),
        TEST(a_blocked_call_is_interrupted_while_it_waits_for_an_answer),
        TEST(only_callbacks_that_may_wait_have_wakers),
        TEST(a_response_hook_reads_on_the_queue_of_its_request),
        TEST(a_flow_answers_later_at_each_step),
        TEST(a_flow_is_destroyed_though_it_never_answers),
        TEST(a_flow_that_has_not_begun_leaves_its_request_to_its_wakers),
        TEST(an_authentication_function_answers_later),
        TEST(a_body_comes_later),
        TEST(a_part_comes_later),
        TEST(a_body_that_does_not_come_is_given_up),
        TEST(a_body_that_was_given_up_is_made_anew_in_other_room),
        TEST(each_event_of_a_trace_is_answered_later),
        TEST(over_http2_bodies_and_traces_come_later_too),
        TEST(nobody_waits_when_a_response_is_freed_early),
        TEST(nor_when_a_hook_of_another_request_frees_it),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

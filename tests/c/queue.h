/* What the tests of queues share: counting completions, and dispatching until there are enough. */
#ifndef HTTPX_TEST_QUEUE_H
#define HTTPX_TEST_QUEUE_H

#include "support.h"

/* The user data of an operation: what happened to it. */
typedef struct tally {
    atomic_int completed;
    atomic_int answered; /* completed with a response of status 200 */
    atomic_int destroyed;
    httpx_code code; /* of the last completion */
    /* For callbacks that go on: */
    httpx_client *client;
    httpx_queue *queue;
    int left;
} tally;

static inline void forget_tally(void *user_data)
{
    atomic_fetch_add(&((tally *)user_data)->destroyed, 1);
}

/* A completion has a response or an error, never both. */
static inline void count_completion(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    tally *t = user_data;
    CHECK((code == HTTPX_OK) == (response != NULL));
    CHECK((code == HTTPX_OK) == (error == NULL));
    if (error != NULL)
        CHECK_EQ(httpx_error_code(error), code);
    if (response != NULL && httpx_response_status_code(response) == 200)
        atomic_fetch_add(&t->answered, 1);
    t->code = code;
    atomic_fetch_add(&t->completed, 1);
    httpx_response_free(response);
    httpx_error_free(error);
}

static inline void count_done(void *user_data, httpx_code code, httpx_error *error)
{
    tally *t = user_data;
    t->code = code;
    atomic_fetch_add(&t->completed, 1);
    CHECK(httpx_code_is_error(code) == (error != NULL));
    httpx_error_free(error);
}

static inline void submit_with(httpx_client *client, httpx_queue *queue, const char *url, httpx_response_fn done,
                               tally *t, httpx_op **op)
{
    httpx_request *request = new_request(client, "GET", url);
    MUST(httpx_client_send_async(client, request, 0, queue, done, t, t != NULL ? forget_tally : NULL, op, &err));
    httpx_request_free(request);
}

static inline void submit(httpx_client *client, httpx_queue *queue, const char *url, tally *t, httpx_op **op)
{
    submit_with(client, queue, url, count_completion, t, op);
}

static inline void dispatch_until(httpx_queue *queue, tally *t, int completed)
{
    while (atomic_load(&t->completed) < completed)
        MUST(httpx_queue_dispatch(queue, 1000, NULL, &err));
}

static inline size_t pending(httpx_queue *queue)
{
    size_t in_flight = 0;
    MUST(httpx_queue_pending(queue, &in_flight, &err));
    return in_flight;
}

#endif

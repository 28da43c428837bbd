/* The part that both ways of dispatching a queue share: requests sent on it, and a callback that sends the next. */
#ifndef HTTPX_LOAD_H
#define HTTPX_LOAD_H

#include "bench.h"

#include <httpx/httpx.h>

struct httpx_load;

struct httpx_transfer {
    struct httpx_load *load;
    uint64_t begin_ns;
};

struct httpx_load {
    struct bench *bench;
    httpx_client *client;
    httpx_queue *queue;
    struct httpx_transfer *transfers; /* bench->connections of them */
    size_t submitted, done, count;
    size_t expected; /* length of the body */
};

void httpx_load_check(httpx_code code, httpx_error *error);
void httpx_load_init(struct httpx_load *l, struct bench *b);
/* Sends the first requests of a run of count; what follows happens in dispatched callbacks. */
void httpx_load_begin(struct httpx_load *l, size_t count);
void httpx_load_free(struct httpx_load *l);

#endif

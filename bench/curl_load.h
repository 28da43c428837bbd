/* The part that both of libcurl's concurrent interfaces share: easy handles that are reused, and what happens when one
 * is done. */
#ifndef CURL_LOAD_H
#define CURL_LOAD_H

#include "bench.h"

#include <curl/curl.h>

struct curl_transfer {
    CURL *easy;
    struct bench_body body;
    uint64_t begin_ns;
};

struct curl_load {
    struct bench *bench;
    CURLM *multi;
    struct curl_transfer *transfers; /* bench->connections of them */
    size_t submitted, done, count;
    size_t expected; /* length of the body */
};

void curl_load_init(struct curl_load *l, struct bench *b);
/* Adds the first transfers of a run of count requests. */
void curl_load_begin(struct curl_load *l, size_t count);
/* Takes what is complete and adds the next transfers in its place. */
void curl_load_collect(struct curl_load *l);
void curl_load_free(struct curl_load *l);

#endif

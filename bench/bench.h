/* What every benchmark program shares: its arguments, the measured interval and the one JSON line that it prints.
 * Costs per request are the same few instructions in all of them: one clock reading and one histogram increment. */
#ifndef BENCH_H
#define BENCH_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>

/* Log-linear histogram of nanoseconds: 128 steps per power of two, so a percentile is off by less than 0.8 %. */
#define BENCH_HISTOGRAM_STEP_BITS 7
#define BENCH_HISTOGRAM_SIZE ((64 - BENCH_HISTOGRAM_STEP_BITS + 1) << BENCH_HISTOGRAM_STEP_BITS)

struct bench {
    /* arguments */
    const char *case_name; /* --case: the row of the table that this run belongs to */
    const char *client;    /* who was measured; set by the program */
    const char *path;      /* --path, default "/" */
    uint16_t port;         /* --port, of a server on 127.0.0.1 */
    size_t requests;       /* --requests, measured */
    size_t warmup;         /* --warmup, before */
    size_t connections;    /* --connections, at once */
    char url[256];         /* http://127.0.0.1:port/path */
    size_t url_length;
    /* the measured interval */
    struct rusage usage_begin;
    uint64_t begin_ns;
    uint64_t histogram[BENCH_HISTOGRAM_SIZE];
};

void bench_init(struct bench *b, const char *client, int argc, char **argv);
uint64_t bench_now_ns(void);
void bench_sample(struct bench *b, uint64_t ns);
/* Forgets the warm-up: samples, clock and CPU time count from here. */
void bench_begin(struct bench *b);
/* Ends the interval and prints the line. */
void bench_end(struct bench *b);
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A body collected to memory, as a client hands it to its user; reused from request to request. */
struct bench_body {
    char *data;
    size_t length, capacity;
};
void bench_body_append(struct bench_body *body, const void *data, size_t length);

/* For the floor, which parses nothing: a connected socket (TCP_NODELAY), the request's bytes, and the length of the
 * whole response to it, learnt from one exchange. */
int bench_connect(const struct bench *b);
size_t bench_request_bytes(const struct bench *b, char *out, size_t capacity);
size_t bench_response_length(int fd, const char *request, size_t request_length);
void bench_send_all(int fd, const char *data, size_t length);

#endif

#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Noreturn void bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static size_t parse_count(const char *name, const char *text, size_t min, size_t max)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || value < min || value > max)
        bench_die("%s: %s is not a number from %zu to %zu", name, text, min, max);
    return (size_t)value;
}

/* 10,000 connections need more descriptors than a shell usually allows. */
static void raise_descriptor_limit(size_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (limit.rlim_cur < wanted || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        bench_die("%zu connections need RLIMIT_NOFILE %llu, the hard limit is %llu", connections,
                  (unsigned long long)wanted, (unsigned long long)limit.rlim_max);
}

void bench_init(struct bench *b, const char *client, int argc, char **argv)
{
    memset(b, 0, sizeof *b);
    b->client = client;
    b->case_name = client;
    b->path = "/";
    b->requests = 10000;
    b->warmup = 1000;
    b->connections = 1;
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (i + 1 == argc)
            bench_die("%s: value missing", name);
        if (strcmp(name, "--case") == 0)
            b->case_name = value;
        else if (strcmp(name, "--path") == 0)
            b->path = value;
        else if (strcmp(name, "--port") == 0)
            b->port = (uint16_t)parse_count(name, value, 1, 65535);
        else if (strcmp(name, "--requests") == 0)
            b->requests = parse_count(name, value, 1, 1000000000);
        else if (strcmp(name, "--warmup") == 0)
            b->warmup = parse_count(name, value, 1, 1000000000);
        else if (strcmp(name, "--connections") == 0)
            b->connections = parse_count(name, value, 1, 60000);
        else
            bench_die("unknown argument %s", name);
    }
    if (b->port == 0)
        bench_die("usage: %s --port N [--path /] [--requests N] [--warmup N] [--connections N] [--case NAME]", argv[0]);
    int length = snprintf(b->url, sizeof b->url, "http://127.0.0.1:%u%s", b->port, b->path);
    if (length < 0 || (size_t)length >= sizeof b->url)
        bench_die("--path is too long");
    b->url_length = (size_t)length;
    raise_descriptor_limit(b->connections);
}

uint64_t bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t histogram_slot(uint64_t ns)
{
    if (ns >> BENCH_HISTOGRAM_STEP_BITS == 0)
        return (size_t)ns;
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - BENCH_HISTOGRAM_STEP_BITS;
    return ((size_t)shift << BENCH_HISTOGRAM_STEP_BITS) + (size_t)(ns >> shift);
}

static double histogram_value(size_t slot)
{
    size_t steps = (size_t)1 << BENCH_HISTOGRAM_STEP_BITS;
    if (slot < 2 * steps)
        return (double)slot;
    unsigned shift = (unsigned)(slot / steps) - 1;
    return (double)((uint64_t)(steps + slot % steps) << shift);
}

void bench_sample(struct bench *b, uint64_t ns)
{
    b->histogram[histogram_slot(ns)]++;
}

static double percentile_us(const struct bench *b, double percent)
{
    double wanted = percent / 100 * (double)b->requests, seen = 0;
    for (size_t slot = 0; slot < BENCH_HISTOGRAM_SIZE; slot++) {
        seen += (double)b->histogram[slot];
        if (seen >= wanted)
            return histogram_value(slot) / 1000;
    }
    bench_die("%s: fewer samples than requests", b->client);
}

static double seconds_us(struct timeval begin, struct timeval end)
{
    return (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_usec - begin.tv_usec);
}

void bench_begin(struct bench *b)
{
    memset(b->histogram, 0, sizeof b->histogram);
    getrusage(RUSAGE_SELF, &b->usage_begin);
    b->begin_ns = bench_now_ns();
}

void bench_end(struct bench *b)
{
    struct rusage usage_end;
    double wall = (double)(bench_now_ns() - b->begin_ns) / 1e9;
    getrusage(RUSAGE_SELF, &usage_end);
    double user = seconds_us(b->usage_begin.ru_utime, usage_end.ru_utime);
    double sys = seconds_us(b->usage_begin.ru_stime, usage_end.ru_stime);
    printf("{\"case\":\"%s\",\"client\":\"%s\",\"requests\":%zu,\"cpu_user_us\":%.0f,\"cpu_sys_us\":%.0f,"
           "\"cpu_us_per_request\":%.3f,\"wall_s\":%.6f,\"p50_us\":%.2f,\"p99_us\":%.2f}\n",
           b->case_name, b->client, b->requests, user, sys, (user + sys) / (double)b->requests, wall,
           percentile_us(b, 50), percentile_us(b, 99));
    if (fflush(stdout) != 0)
        bench_die("stdout: %s", strerror(errno));
}

void bench_body_append(struct bench_body *body, const void *data, size_t length)
{
    if (length > body->capacity - body->length) {
        size_t capacity = body->capacity * 2 > body->length + length ? body->capacity * 2 : body->length + length;
        char *grown = realloc(body->data, capacity);
        if (grown == NULL)
            bench_die("out of memory");
        body->data = grown;
        body->capacity = capacity;
    }
    memcpy(body->data + body->length, data, length);
    body->length += length;
}

int bench_connect(const struct bench *b)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(b->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        bench_die("connect to port %u: %s", b->port, strerror(errno));
    return fd;
}

size_t bench_request_bytes(const struct bench *b, char *out, size_t capacity)
{
    int length =
        snprintf(out, capacity, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\n\r\n", b->path, b->port);
    if (length < 0 || (size_t)length >= capacity)
        bench_die("--path is too long");
    return (size_t)length;
}

void bench_send_all(int fd, const char *data, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(fd, data + sent, length - sent, MSG_NOSIGNAL);
        if (n < 0)
            bench_die("send: %s", strerror(errno));
        sent += (size_t)n;
    }
}

size_t bench_response_length(int fd, const char *request, size_t request_length)
{
    static const char field[] = "\r\nContent-Length: ";
    char head[4097];
    size_t have = 0, total = 0;
    bench_send_all(fd, request, request_length);
    while (total == 0) {
        ssize_t n = recv(fd, head + have, sizeof head - 1 - have, 0);
        if (n <= 0)
            bench_die("no whole response head within %zu bytes", sizeof head - 1);
        have += (size_t)n;
        head[have] = '\0';
        char *end = strstr(head, "\r\n\r\n"), *length = strstr(head, field);
        if (end != NULL && length == NULL)
            bench_die("response without Content-Length");
        if (end != NULL)
            total = (size_t)(end + 4 - head) + strtoull(length + sizeof field - 1, NULL, 10);
    }
    while (have < total) {
        size_t room = total - have < sizeof head ? total - have : sizeof head;
        ssize_t n = recv(fd, head, room, 0);
        if (n <= 0)
            bench_die("connection ended in the body");
        have += (size_t)n;
    }
    return total;
}

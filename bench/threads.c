#include "threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct thread {
    pthread_t id;
    struct bench bench;
    threads_work work;
    void *context;
    size_t count;
};

static void *thread_main(void *argument)
{
    struct thread *t = argument;
    t->work(&t->bench, t->context, t->count);
    return NULL;
}

void threads_run(struct bench *b, threads_work work, void *context, size_t count)
{
    size_t threads = b->connections;
    struct thread *list = calloc(threads, sizeof *list);
    if (list == NULL)
        bench_die("out of memory");
    for (size_t i = 0; i < threads; i++) {
        struct thread *t = &list[i];
        t->bench = *b;
        memset(t->bench.histogram, 0, sizeof t->bench.histogram);
        t->work = work;
        t->context = context;
        t->count = count / threads + (i < count % threads);
        if (pthread_create(&t->id, NULL, thread_main, t) != 0)
            bench_die("pthread_create failed");
    }
    for (size_t i = 0; i < threads; i++) {
        pthread_join(list[i].id, NULL);
        for (size_t slot = 0; slot < BENCH_HISTOGRAM_SIZE; slot++)
            b->histogram[slot] += list[i].bench.histogram[slot];
    }
    free(list);
}

/* Blocking requests from several threads at once: the threads, and the merging of what each measured. */
#ifndef THREADS_H
#define THREADS_H

#include "bench.h"

/* One thread's share: count requests, sampled in b, which is the thread's own. context is the program's. */
typedef void (*threads_work)(struct bench *b, void *context, size_t count);

/* Runs count requests on b->connections threads at once, samples from all of them go to b. */
void threads_run(struct bench *b, threads_work work, void *context, size_t count);

#endif

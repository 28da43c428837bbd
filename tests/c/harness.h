/* A test program in one table: each test is a function, `run_tests` runs all of them or those that are named on the
 * command line, prints `ok` or `FAIL` for each and a last line with the counts.
 *
 * Checks that begin with CHECK (and GIVES, FAILS) note a failure and go on, so they may stand in callbacks and in other
 * threads; REQUIRE and MUST end the test, and stand only in the test's own thread, outside callbacks. After every test
 * the library is made to come to rest and must have no handle left. */
#ifndef HTTPX_TEST_HARNESS_H
#define HTTPX_TEST_HARNESS_H

#include <httpx/httpx.h>

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct test_case {
    const char *name;
    void (*run)(void);
} test_case;

#define TEST(function)                                                                                                 \
    {                                                                                                                  \
#function, function                                                                                            \
    }

static atomic_int harness_failures;
static jmp_buf harness_end_of_test;
static const char *harness_running = "";
static int64_t harness_left_behind; /* handles of tests that did not reach their end */

/* The error of the call that is being checked; one for each thread. */
static _Thread_local httpx_error *err;

static inline int harness_note(int holds, int fatal, const char *file, int line, const char *what)
{
    if (!holds) {
        atomic_fetch_add(&harness_failures, 1);
        printf("  %s:%d: %s\n", file, line, what);
        fflush(stdout);
        if (fatal)
            longjmp(harness_end_of_test, 1);
    }
    return holds;
}

static inline int harness_equal(long long got, long long wanted, const char *file, int line, const char *what)
{
    if (got == wanted)
        return 1;
    char text[512];
    snprintf(text, sizeof text, "%s is %lld, not %lld", what, got, wanted);
    return harness_note(0, 0, file, line, text);
}

static inline int harness_text(const char *got, size_t len, const char *wanted, const char *file, int line,
                               const char *what)
{
    if (got != NULL && len == strlen(wanted) && memcmp(got, wanted, len) == 0)
        return 1;
    char text[512];
    snprintf(text, sizeof text, "%s is \"%.*s\", not \"%s\"", what, got ? (int)(len > 200 ? 200 : len) : 6,
             got ? got : "(null)", wanted);
    return harness_note(0, 0, file, line, text);
}

/* Compares a code with what was wanted (`family`: or anything below it), checks the rule of the error handle (there is
 * one exactly if the code is an error, and it has that code), and frees it. */
static inline int harness_code(httpx_code got, httpx_code wanted, int family, int fatal, const char *file, int line,
                               const char *what)
{
    char text[1024];
    httpx_error *error = err;
    err = NULL;
    int right = family ? httpx_code_is_a(got, wanted) : got == wanted;
    if (!right)
        snprintf(text, sizeof text, "%s gave %s, not %s: %s", what, httpx_code_name(got), httpx_code_name(wanted),
                 error != NULL ? httpx_error_message(error, NULL) : "(no message)");
    else if (!httpx_code_is_error(got) && error != NULL)
        snprintf(text, sizeof text, "%s set an error without failing", what);
    else if (error != NULL && httpx_error_code(error) != got)
        snprintf(text, sizeof text, "%s returned %s, its error says %s", what, httpx_code_name(got),
                 httpx_error_name(error));
    else
        text[0] = '\0';
    httpx_error_free(error);
    return harness_note(text[0] == '\0', fatal, file, line, text);
}

#define CHECK(condition) harness_note((condition) ? 1 : 0, 0, __FILE__, __LINE__, #condition)
#define REQUIRE(condition) harness_note((condition) ? 1 : 0, 1, __FILE__, __LINE__, #condition)
#define CHECK_EQ(got, wanted) harness_equal((long long)(got), (long long)(wanted), __FILE__, __LINE__, #got)
#define CHECK_TEXT(pointer, len, wanted)                                                                               \
    harness_text((const char *)(pointer), (len), (wanted), __FILE__, __LINE__, #pointer)
/* These pass `&err` in the call: MUST(httpx_queue_new(&queue, &err)). */
#define MUST(call) harness_code((call), HTTPX_OK, 0, 1, __FILE__, __LINE__, #call)
#define GIVES(call, code) harness_code((call), (code), 0, 0, __FILE__, __LINE__, #call)
#define FAILS(call, code) harness_code((call), (code), 1, 0, __FILE__, __LINE__, #call)

static void harness_hung(int signal)
{
    (void)signal;
    static const char text[] = "FAIL (hung) ";
    ssize_t done = write(STDOUT_FILENO, text, sizeof text - 1);
    done += write(STDOUT_FILENO, harness_running, strlen(harness_running));
    done += write(STDOUT_FILENO, "\n", 1);
    _exit(done > 0 ? 124 : 125);
}

static inline void harness_nothing_left(void)
{
    if (harness_left_behind == 0)
        GIVES(httpx_quiesce(5.0, &err), HTTPX_OK);
    CHECK_EQ(httpx_live_handles(HTTPX_KIND_ALL), harness_left_behind);
}

static inline int harness_run(const test_case *test)
{
    static const unsigned default_seconds = 60;
    const char *seconds = getenv("HTTPX_TEST_WATCHDOG");
    atomic_store(&harness_failures, 0);
    harness_running = test->name;
    alarm(seconds != NULL ? (unsigned)atoi(seconds) : default_seconds);
    if (setjmp(harness_end_of_test) == 0) {
        test->run();
        harness_nothing_left();
    }
    alarm(0);
    harness_left_behind = httpx_live_handles(HTTPX_KIND_ALL);
    int failures = atomic_load(&harness_failures);
    printf("%s %s\n", failures == 0 ? "ok  " : "FAIL", test->name);
    fflush(stdout);
    return failures == 0;
}

static inline int harness_wanted(const test_case *test, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], test->name) == 0)
            return 1;
    return argc < 2;
}

/* The whole of `main`: NULL ends the table. */
static inline int run_tests(int argc, char **argv, const test_case *tests)
{
    int passed = 0, failed = 0;
    signal(SIGALRM, harness_hung);
    for (const test_case *test = tests; test->name != NULL; test++) {
        if (!harness_wanted(test, argc, argv))
            continue;
        if (harness_run(test))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

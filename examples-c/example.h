/* What all the examples share: one way to give up, one way to build a URL, and one way to end. Everything that is about
 * HTTP stands in the examples themselves. */
#ifndef HTTPX_EXAMPLE_H
#define HTTPX_EXAMPLE_H

#include <httpx/httpx.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the code's name, the message and the chain of causes, and ends the program. DONE and AGAIN are not errors:
 * `must` lets them pass, so a caller that expects them looks at the code itself. `err` is the place that the call sets,
 * not what is in it: arguments are made in any order. */
static inline httpx_code must(const char *what, httpx_code code, httpx_error **err)
{
    if (!httpx_code_is_error(code))
        return code;
    fprintf(stderr, "%s: %s\n", what, httpx_code_name(code));
    for (const httpx_error *e = *err; e != NULL; e = httpx_error_cause(e))
        fprintf(stderr, "  %s\n", httpx_error_message(e, NULL));
    httpx_error_free(*err);
    exit(EXIT_FAILURE);
}

/* The base URL is the first argument; `path` is appended to it. The caller provides the room. */
static inline const char *example_url(char *room, size_t size, int argc, char **argv, const char *path)
{
    const char *base = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
    int length = snprintf(room, size, "%s%s", base, path);
    if (length < 0 || (size_t)length >= size) {
        fprintf(stderr, "the base URL is too long\n");
        exit(EXIT_FAILURE);
    }
    return room;
}

/* A client with the defaults; the second argument, where there is one, is a file of CA certificates to trust. */
static inline httpx_client *example_client(int argc, char **argv)
{
    httpx_error *err = NULL;
    httpx_client_builder *builder = NULL;
    httpx_client *client = NULL;
    must("builder", httpx_client_builder_new(&builder, &err), &err);
    if (argc > 2)
        must("CA file", httpx_client_builder_ca_file(builder, argv[2], strlen(argv[2]), &err), &err);
    must("client", httpx_client_builder_build(builder, &client, &err), &err);
    httpx_client_builder_free(builder);
    return client;
}

/* Ends the library's threads, and tells whether the program gave back every handle it was given. Long-running programs
 * need neither; leak checkers and hosts that unload the library want both. */
static inline int example_end(void)
{
    httpx_error *err = NULL;
    must("quiesce", httpx_quiesce(5.0, &err), &err);
    int64_t handles = httpx_live_handles(HTTPX_KIND_ALL);
    if (handles != 0) {
        fprintf(stderr, "%" PRId64 " handles were not freed\n", handles);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

#endif

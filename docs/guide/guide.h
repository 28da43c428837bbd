/* What the guide's examples share: three helpers, for you to copy. None of them is part of the library. */
#ifndef HTTPX_GUIDE_H
#define HTTPX_GUIDE_H

#include <httpx/httpx.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A string literal, or another string that ends with NUL, where the library takes a pointer and a length: S for text, B
 * for bytes. */
#define S(text) (text), strlen(text)
#define B(text) (const uint8_t *)(text), strlen(text)

/* Ends the program with a message if a call failed, which it tells by its code and in the variable `err`. */
#define must(call) must_have((call), &err, #call)

static inline httpx_code must_have(httpx_code code, httpx_error **err, const char *call)
{
    if (httpx_code_is_error(code)) {
        fprintf(stderr, "%s: %s: %s\n", call, httpx_code_name(code), httpx_error_message(*err, NULL));
        exit(EXIT_FAILURE);
    }
    return code;
}

#endif

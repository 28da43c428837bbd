/* What the files of the runner share. ../README.md says what cases mean. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <httpx/httpx.h>
#include <jansson.h>

/* JSON text as the (pointer, length) that the library takes, as characters and as bytes. */
#define TEXT(value) json_string_value(value), json_string_length(value)
#define BYTES(value) (const uint8_t *)json_string_value(value), json_string_length(value)

/* Leaves the function with the code of a call that failed; the call puts its error into the run. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        httpx_code code_of_call = (call);                                                                              \
        if (code_of_call != HTTPX_OK)                                                                                  \
            return code_of_call;                                                                                       \
    } while (0)

/* What callbacks of a case fail with: it has to come out of the call as it is. */
#define RAISED HTTPX_E_RUNTIME

/* A case, with what it has at hand. */
typedef struct run {
    const char *ca;
    httpx_queue *queue; /* where requests go; NULL: blocking calls */
    httpx_client *client;
    httpx_response *response; /* the last one */
    httpx_response *kept;     /* one that is open beside it */
    httpx_error *error;       /* the one of the call that failed */
    json_t *events;           /* what hooks have recorded */
    int client_has_params;
    int body_has_raised;
} run;

/* Ends the case. Not to be called in a callback of the library. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the case if a call failed that should not. */
void must(run *r, httpx_code code);

/* Ends the case unless what was found (which is freed) is as wanted. */
void same(const char *what, const json_t *wanted, json_t *found);

/* The one member of an object such as {"basic": [...]}, and its name. */
const json_t *only_member(const json_t *object, const char **name);

/* The bytes that "text", "base64" or "json" of an object say, to be freed; NULL if it has none of them. */
uint8_t *data_of(const json_t *object, size_t *len);

json_t *base64_of(const uint8_t *data, size_t len);

/* JSON text; null for NULL, and for what is no UTF-8. */
json_t *text_or_null(const void *text, size_t len);

/* client.c: what cases say of clients and requests. */
httpx_code new_client(run *r, const json_t *options, httpx_client **client);
httpx_code configure(run *r, const json_t *options);
httpx_code new_auth(run *r, const json_t *value, httpx_auth **auth);
httpx_code new_params(run *r, const json_t *pairs, httpx_query_params **params);
httpx_code new_headers(run *r, const json_t *pairs, httpx_headers **headers);
httpx_code new_cookies(run *r, const json_t *object, httpx_cookies **cookies);
void timeouts_of(const json_t *value, double seconds[4]);

/* transport.c: transports and hooks of a case. */
httpx_code new_transport(run *r, const json_t *value, httpx_transport **transport);
httpx_code add_hooks(run *r, httpx_client_builder *builder, const json_t *hooks);
httpx_code raise_in_callback(const char *message, httpx_error **error);

/* request.c: requests. */
httpx_code send_request(run *r, const json_t *step);

/* response.c: what responses are expected to be. */
httpx_code make_response(run *r, const json_t *value);
void check_response(run *r, const json_t *expect);
httpx_code iterate(run *r, const json_t *step, json_t **found);
json_t *properties_of(int32_t status);
json_t *is_pattern(const uint8_t *data, size_t len, const json_t *wanted);

/* values.c: URLs, query parameters, headers, cookies, statuses. Each gives what it found. */
httpx_code url_step(run *r, const json_t *step, json_t **found);
httpx_code query_step(run *r, const json_t *step, json_t **found);
httpx_code headers_step(run *r, const json_t *step, json_t **found);
httpx_code jar_step(run *r, const json_t *step, json_t **found);
httpx_code client_step(run *r, json_t **found);
json_t *status_step(const json_t *step);

/* What cookies there are, as an object of names and values. */
json_t *cookies_found(run *r, httpx_cookies *cookies);

#endif

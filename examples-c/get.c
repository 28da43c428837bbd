/* GET: fetch a page and look at everything a response has.
 *
 *     get BASE_URL [CA_FILE]
 */
#include "example.h"

int main(int argc, char **argv)
{
    char url[1024];
    httpx_error *err = NULL;
    httpx_response *response = NULL;
    httpx_client *client = example_client(argc, argv);

    example_url(url, sizeof url, argc, argv, "/get?greeting=hello");
    must("GET", httpx_client_get(client, url, strlen(url), &response, &err), &err);

    /* A 404 is a response, not an error, until you say otherwise. */
    must("status", httpx_response_raise_for_status(response, &err), &err);
    printf("%s %d %s\n", httpx_response_http_version(response, NULL), (int)httpx_response_status_code(response),
           httpx_response_reason_phrase(response, NULL));

    /* The headers as they were received: case, order and duplicates. */
    for (size_t i = 0; i < httpx_response_header_count(response); i++) {
        const uint8_t *name, *value;
        size_t name_len, value_len;
        must("header", httpx_response_header_at(response, i, &name, &name_len, &value, &value_len, &err), &err);
        printf("%.*s: %.*s\n", (int)name_len, (const char *)name, (int)value_len, (const char *)value);
    }

    /* One header by its name, in any case; HTTPX_DONE says that it is not there. */
    const uint8_t *type;
    size_t type_len;
    if (must("header", httpx_response_header(response, "content-type", 12, &type, &type_len, &err), &err) == HTTPX_OK)
        printf("the body is %.*s\n", (int)type_len, (const char *)type);

    const uint8_t *body;
    size_t body_len;
    double seconds;
    must("content", httpx_response_content(response, &body, &body_len, &err), &err);
    fwrite(body, 1, body_len, stdout);
    must("elapsed", httpx_response_elapsed(response, &seconds, &err), &err);
    printf("\n%zu bytes in %.1f ms\n", body_len, seconds * 1000);

    httpx_response_free(response);
    httpx_client_free(client);
    return example_end();
}

/* POST JSON: a request with a method, headers, timeouts and a body of its own.
 *
 *     post_json BASE_URL [CA_FILE]
 */
#include "example.h"

int main(int argc, char **argv)
{
    static const char json[] = "{\"name\": \"libhttpx\", \"languages\": [\"C\", \"Go\", \"Ruby\"]}";
    static const uint8_t request_id[] = "example-1";
    char url[1024];
    httpx_error *err = NULL;
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    httpx_client *client = example_client(argc, argv);

    example_url(url, sizeof url, argc, argv, "/post");
    must("request", httpx_request_new(client, "POST", 4, url, strlen(url), &request, &err), &err);
    must("header", httpx_request_header_set(request, "X-Request-Id", 12, request_id, sizeof request_id - 1, &err),
         &err);

    /* The text is checked to be JSON here, and Content-Type and Content-Length are set. */
    must("body", httpx_request_body_json(request, json, sizeof json - 1, &err), &err);

    /* Two seconds to connect; read, write and pool stay as the client has them; ten seconds for all of it. */
    must("timeout", httpx_request_timeout(request, 2.0, HTTPX_UNSET, HTTPX_UNSET, HTTPX_UNSET, &err), &err);
    must("deadline", httpx_request_deadline(request, 10.0, &err), &err);

    must("POST", httpx_client_send(client, request, 0, &response, &err), &err);
    must("status", httpx_response_raise_for_status(response, &err), &err);

    const uint8_t *body;
    size_t body_len;
    must("content", httpx_response_content(response, &body, &body_len, &err), &err);
    printf("%s %s: %d\n", httpx_request_method(request, NULL), httpx_request_url(request, NULL),
           (int)httpx_response_status_code(response));
    fwrite(body, 1, body_len, stdout);
    putchar('\n');

    httpx_response_free(response);
    httpx_request_free(request); /* or send it again */
    httpx_client_free(client);
    return example_end();
}

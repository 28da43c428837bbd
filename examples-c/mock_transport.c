/* A transport of your own: what a client asks for is answered by your function, not by a server. For tests, for other
 * schemes than http, for applications in the same process.
 *
 *     mock_transport
 */
#include "example.h"

/* Called on the thread that waits for the response. The reply is yours: send it now, or keep it and send it later from
 * any thread, and free it. The request goes with it. */
static void answer(void *user_data, httpx_request *request, httpx_reply *reply)
{
    static const uint8_t type[] = "application/json";
    httpx_error *err = NULL;
    char body[256];
    int *count = user_data;
    int length = snprintf(body, sizeof body, "{\"method\": \"%s\", \"count\": %d}", httpx_request_method(request, NULL),
                          ++*count);
    must("header", httpx_reply_header(reply, "Content-Type", 12, type, sizeof type - 1, &err), &err);
    must("reply", httpx_reply_send(reply, 200, (const uint8_t *)body, (size_t)length, &err), &err);
    httpx_reply_free(reply);
}

/* Or fail as the network does. */
static void refuse(void *user_data, httpx_request *request, httpx_reply *reply)
{
    static const char message[] = "nobody is at home";
    httpx_error *err = NULL;
    (void)user_data, (void)request;
    must("fail", httpx_reply_fail(reply, HTTPX_E_CONNECT, message, sizeof message - 1, &err), &err);
    httpx_reply_free(reply);
}

static void mount(httpx_client_builder *builder, const char *pattern, httpx_transport_handle_fn handle, void *user_data)
{
    httpx_transport_vtable table = {.size = sizeof table, .handle = handle};
    httpx_error *err = NULL;
    httpx_transport *transport = NULL;
    must("transport", httpx_transport_custom(&table, user_data, &transport, &err), &err);
    must("mount", httpx_client_builder_mount(builder, pattern, strlen(pattern), transport, &err), &err);
    httpx_transport_free(transport); /* the builder owns it, too */
}

int main(void)
{
    static const char url[] = "https://api.example.org/things", away[] = "http://away.example/";
    httpx_error *err = NULL;
    httpx_client_builder *builder = NULL;
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    int count = 0;

    must("builder", httpx_client_builder_new(&builder, &err), &err);
    mount(builder, "https://api.example.org", answer, &count);
    mount(builder, "http://away.example", refuse, NULL);
    must("client", httpx_client_builder_build(builder, &client, &err), &err);
    httpx_client_builder_free(builder);

    /* The code that is tested notices nothing: this is a client like any other. */
    for (int i = 0; i < 2; i++) {
        const uint8_t *body;
        size_t len;
        must("GET", httpx_client_get(client, url, sizeof url - 1, &response, &err), &err);
        must("content", httpx_response_content(response, &body, &len, &err), &err);
        printf("%d %.*s\n", (int)httpx_response_status_code(response), (int)len, (const char *)body);
        httpx_response_free(response);
    }

    httpx_code code = httpx_client_get(client, away, sizeof away - 1, &response, &err);
    printf("%s: %s\n", httpx_code_name(code), httpx_error_message(err, NULL));
    httpx_error_free(err);

    httpx_client_free(client);
    return example_end();
}

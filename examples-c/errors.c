/* Errors: five ways to fail, each with its code's name, its place in the tree and its message.
 *
 *     errors BASE_URL [CA_FILE]
 *
 * Codes form a tree (HTTPX's own): httpx_code_is_a(code, HTTPX_E_TIMEOUT) is true for a connect timeout, a read timeout
 * and for the ones that were invented after your program was compiled.
 */
#include "example.h"

static int surprises = 0;

/* Shows one failure. It frees the error, and counts what did not fail as it should. */
static void show(const char *what, httpx_code code, httpx_code expected, httpx_error *err)
{
    printf("%s\n", what);
    if (!httpx_code_is_error(code)) {
        printf("  did not fail\n\n");
        surprises++;
        return;
    }
    printf("  %s", httpx_code_name(code));
    for (httpx_code up = httpx_code_parent(code); httpx_code_is_error(up); up = httpx_code_parent(up))
        printf(" < %s", httpx_code_name(up));
    printf("\n  %s\n", httpx_error_message(err, NULL));

    const char *url = httpx_error_request_url(err, NULL);
    if (url != NULL)
        printf("  request: %s %s\n", httpx_error_request_method(err, NULL), url);
    if (httpx_error_os_errno(err) != 0)
        printf("  errno: %s\n", strerror((int)httpx_error_os_errno(err)));
    printf("  %s\n\n", httpx_error_is_retryable(err) ? "it may be tried again" : "trying again does not help");

    surprises += !httpx_code_is_a(code, expected);
    httpx_error_free(err);
}

static httpx_code get(httpx_client *client, const char *url, httpx_error **err)
{
    httpx_response *response = NULL;
    httpx_code code = httpx_client_get(client, url, strlen(url), &response, err);
    httpx_response_free(response); /* NULL is fine */
    return code;
}

/* A request that gives the server 0.2 seconds for an answer that takes ten. */
static void show_timeout(httpx_client *client, const char *url)
{
    httpx_error *err = NULL;
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    must("request", httpx_request_new(client, "GET", 3, url, strlen(url), &request, &err), &err);
    must("timeout", httpx_request_timeout(request, HTTPX_UNSET, 0.2, HTTPX_UNSET, HTTPX_UNSET, &err), &err);
    httpx_code code = httpx_client_send(client, request, 0, &response, &err);
    show("The server does not answer in time:", code, HTTPX_E_READ_TIMEOUT, err);
    httpx_response_free(response);
    httpx_request_free(request);
}

/* A 404 is a response. raise_for_status makes an error of it, and that error still has the response. */
static void show_status(httpx_client *client, const char *url)
{
    httpx_error *err = NULL;
    httpx_response *response = NULL;
    must("GET", httpx_client_get(client, url, strlen(url), &response, &err), &err);
    httpx_code code = httpx_response_raise_for_status(response, &err);
    show("The page does not exist, and raise_for_status was asked:", code, HTTPX_E_HTTP_STATUS, err);
    httpx_response_free(response);
}

int main(int argc, char **argv)
{
    char url[1024];
    httpx_error *err = NULL;
    httpx_client *client = example_client(argc, argv);

    httpx_code code = get(client, "http://127.0.0.1:1/", &err);
    show("Nobody listens on that port:", code, HTTPX_E_CONNECT, err);

    err = NULL;
    code = get(client, "http://does-not-exist.invalid/", &err);
    show("The name has no address:", code, HTTPX_E_CONNECT, err);

    show_timeout(client, example_url(url, sizeof url, argc, argv, "/delay/10"));

    err = NULL;
    code = get(client, "http://127.0.0.1:port/", &err);
    show("The URL is not one:", code, HTTPX_E_INVALID_URL, err);

    show_status(client, example_url(url, sizeof url, argc, argv, "/status/404"));

    httpx_client_free(client);
    int end = example_end();
    return surprises == 0 ? end : EXIT_FAILURE;
}

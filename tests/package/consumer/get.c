/* get VERSION URL: says which libhttpx it runs, insists on VERSION, and fetches URL. */
#include <httpx/httpx.h>
#include <stdio.h>
#include <string.h>

static int give_up(const char *what, httpx_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err != NULL ? httpx_error_message(err, NULL) : "no error handle");
    httpx_error_free(err);
    return 1;
}

int main(int argc, char **argv)
{
    httpx_client_builder *builder = NULL;
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    httpx_error *err = NULL;
    const unsigned char *body = NULL;
    size_t length = 0;
    int status;

    if (argc != 3 || strcmp(httpx_version(), argv[1]) != 0) {
        fprintf(stderr, "usage: get VERSION URL (this is %s)\n", httpx_version());
        return 2;
    }
    if (httpx_code_is_error(httpx_client_builder_new(&builder, &err)) ||
        httpx_code_is_error(httpx_client_builder_build(builder, &client, &err)))
        return give_up("client", err);
    httpx_client_builder_free(builder);
    if (httpx_code_is_error(httpx_client_get(client, argv[2], strlen(argv[2]), &response, &err)) ||
        httpx_code_is_error(httpx_response_content(response, &body, &length, &err)))
        return give_up(argv[2], err);
    status = httpx_response_status_code(response);
    printf("libhttpx %s: %d, %zu bytes\n", httpx_version(), status, length);
    httpx_response_free(response);
    httpx_client_free(client);
    return status == 200 && length > 0 ? 0 : 1;
}

/* Streaming download: a body that is never in memory as a whole, with a line that shows the progress.
 *
 *     stream_download BASE_URL [CA_FILE]
 */
#include "example.h"

/* Content-Length as a number; 0 where the server does not tell. */
static uint64_t expected_size(httpx_response *response)
{
    httpx_error *err = NULL;
    const uint8_t *value;
    httpx_code code = httpx_response_header(response, "Content-Length", 14, &value, NULL, &err);
    return must("header", code, &err) == HTTPX_OK ? strtoull((const char *)value, NULL, 10) : 0;
}

static void show_progress(uint64_t done, uint64_t total)
{
    char bar[41];
    size_t full = total == 0 ? 0 : (size_t)(done * 40 / total);
    memset(bar, '.', 40);
    memset(bar, '#', full > 40 ? 40 : full);
    bar[40] = '\0';
    printf("\r[%s] %8" PRIu64 " of %" PRIu64 " bytes", bar, done, total);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char url[1024];
    httpx_error *err = NULL;
    httpx_request *request = NULL;
    httpx_response *response = NULL;
    httpx_stream *stream = NULL;
    httpx_client *client = example_client(argc, argv);

    example_url(url, sizeof url, argc, argv, "/bytes/1000000");
    must("request", httpx_request_new(client, "GET", 3, url, strlen(url), &request, &err), &err);

    /* HTTPX_SEND_STREAM returns as soon as the headers are here; the body still waits at the server. */
    must("GET", httpx_client_send(client, request, HTTPX_SEND_STREAM, &response, &err), &err);
    must("status", httpx_response_raise_for_status(response, &err), &err);
    uint64_t total = expected_size(response);
    must("stream", httpx_response_stream(response, HTTPX_STREAM_BYTES, 65536, &stream, &err), &err);

    uint64_t done = 0;
    for (;;) {
        const uint8_t *chunk; /* valid until the next call on the stream */
        size_t chunk_len;
        if (must("chunk", httpx_stream_next(stream, &chunk, &chunk_len, &err), &err) == HTTPX_DONE)
            break;
        done += chunk_len;
        show_progress(done, total);
    }
    printf("\ndownloaded %" PRIu64 " bytes\n", done);

    httpx_stream_free(stream);
    httpx_response_free(response);
    httpx_request_free(request);
    httpx_client_free(client);
    return example_end();
}

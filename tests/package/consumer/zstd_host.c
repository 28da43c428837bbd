/* zstd_host ZSTD_VERSION URL: a host with a libzstd of its own, older or newer than whatever libhttpx carries inside.
 * It calls its own before and after a request. */
#include <httpx/httpx.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

static int round_trip(const char *version)
{
    static const char text[] = "the host's own compressor, the host's own compressor";
    char packed[256], unpacked[sizeof text];
    size_t n = ZSTD_compress(packed, sizeof packed, text, sizeof text, 3);

    return strcmp(ZSTD_versionString(), version) == 0 && !ZSTD_isError(n) &&
           ZSTD_decompress(unpacked, sizeof unpacked, packed, n) == sizeof text && strcmp(unpacked, text) == 0;
}

int main(int argc, char **argv)
{
    httpx_client_builder *builder = NULL;
    httpx_client *client = NULL;
    httpx_response *response = NULL;
    int status = 0;

    if (argc != 3 || !round_trip(argv[1])) {
        fprintf(stderr, "usage: zstd_host ZSTD_VERSION URL (this is %s)\n", ZSTD_versionString());
        return 2;
    }
    if (httpx_client_builder_new(&builder, NULL) == HTTPX_OK &&
        httpx_client_builder_build(builder, &client, NULL) == HTTPX_OK &&
        httpx_client_get(client, argv[2], strlen(argv[2]), &response, NULL) == HTTPX_OK)
        status = httpx_response_status_code(response);
    printf("libhttpx %s beside libzstd %s: %d\n", httpx_version(), ZSTD_versionString(), status);
    httpx_response_free(response);
    httpx_client_free(client);
    httpx_client_builder_free(builder);
    return status == 200 && round_trip(argv[1]) ? 0 : 1;
}

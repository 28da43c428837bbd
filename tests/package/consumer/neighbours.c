/* Two Rust static libraries in one program. */
#include <httpx/httpx.h>
#include <stdio.h>

int neighbour_catches_a_panic(void);

int main(void)
{
    httpx_client_builder *builder = NULL;
    httpx_code code;

    if (neighbour_catches_a_panic() != 1)
        return 1;
    code = httpx_client_builder_new(&builder, NULL);
    httpx_client_builder_free(builder);
    printf("libhttpx %s beside another Rust library\n", httpx_version());
    return code == HTTPX_OK ? 0 : 1;
}

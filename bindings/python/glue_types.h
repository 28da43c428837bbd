/* Bytes that a handle lends; `len` is -1 if there are none to lend. */
struct glue_bytes {
    const char *data;
    int64_t len;
};
/* How one operation has ended. */
struct glue_end {
    int64_t token;
    httpx_code code;
    httpx_response *response;
    httpx_error *error;
    httpx_op *op;
    const uint8_t *data;
    size_t len;
};

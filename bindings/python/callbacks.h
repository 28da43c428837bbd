extern "Python" {
    void _destroy(void *user_data);
    int32_t python_interrupt(void *user_data);
    size_t _encoding(void *user_data, const uint8_t *content, size_t len, char *label, size_t capacity);
    int32_t python_trace(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len);
    void python_log(void *user_data, int32_t level, const char *logger, size_t logger_len, const char *message, size_t message_len);
    void _informational(void *user_data, const httpx_informational *response);
    httpx_code python_pull(void *user_data, uint8_t *buffer, size_t capacity, size_t *len);
    httpx_code python_rewind(void *user_data);
    httpx_code python_request_hook(void *user_data, httpx_request *request, httpx_error **error);
    httpx_code python_response_hook(void *user_data, httpx_response *response, httpx_error **error);
    httpx_code _auth_new_flow(void *user_data, httpx_request *request, void **flow, httpx_error **error);
    httpx_code python_auth_next(void *user_data, void *flow, httpx_request *request, httpx_response *response, httpx_request **next, httpx_error **error);
    httpx_code _cnonce(void *user_data, uint32_t nonce_count, const uint8_t *nonce, size_t nonce_len, uint8_t *cnonce, size_t capacity, size_t *len);
    void _auth_destroy_flow(void *user_data, void *flow);
    void python_transport_handle(void *user_data, httpx_request *request, httpx_reply *reply);
    void _transport_close(void *user_data);
}

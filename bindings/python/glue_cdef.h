/* What glue.h has, for cffi. */
httpx_error *_take_error(void);
httpx_response *_fetch(httpx_client *client, const char *method, size_t method_len, const char *url, size_t url_len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, uint32_t flags);
httpx_response *_send(httpx_client *client, httpx_request *request, uint32_t flags);
httpx_op *_fetch_async(httpx_client *client, const char *method, size_t method_len, const char *url, size_t url_len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, uint32_t flags, httpx_queue *queue, int64_t token);
httpx_op *_send_async(httpx_client *client, httpx_request *request, uint32_t flags, httpx_queue *queue, int64_t token);
int64_t _poll(httpx_queue *queue, struct glue_end *ends, size_t room);

/* What glue.h has, for cffi. */
void _set_main_thread(uintptr_t thread);
void _set_ending(void);
httpx_interrupt_fn const _interrupt;
httpx_log_fn const _log;
httpx_trace_fn const _trace;
httpx_pull_fn const _pull;
httpx_rewind_fn const _rewind;
httpx_request_hook_fn const _request_hook;
httpx_response_hook_fn const _response_hook;
httpx_auth_next_fn const _auth_next;
httpx_transport_handle_fn const _transport_handle;
struct glue_bytes _content(const httpx_response *response);
httpx_error *_take_error(void);
httpx_response *_fetch(httpx_client *client, const char *method, size_t method_len, const char *url, size_t url_len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, uint32_t flags);
httpx_response *_send(httpx_client *client, httpx_request *request, uint32_t flags);
httpx_op *_fetch_async(httpx_client *client, const char *method, size_t method_len, const char *url, size_t url_len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, uint32_t flags, httpx_queue *queue, int64_t token);
httpx_op *_send_async(httpx_client *client, httpx_request *request, uint32_t flags, httpx_queue *queue, int64_t token);
int64_t _poll(httpx_queue *queue, struct glue_end *ends, size_t room);

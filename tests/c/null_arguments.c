/* Every exported function with NULL in every pointer, one at a time and all together, and with lengths that are zero or
 * over every limit: an error code or a documented no-op, never a crash. The table is compared with the library's list
 * of symbols, so a new function without a row is a failure. */
#include "null_calls.h"
#include "null_calls_connections.h"
#include "null_calls_cookies.h"
#include "null_calls_flows.h"
#include "null_calls_form.h"
#include "null_calls_hooks.h"
#include "null_calls_http2.h"
#include "null_calls_models.h"
#include "null_calls_proxy.h"
#include "null_calls_requests.h"
#include "null_calls_response.h"
#include "null_calls_standalone.h"
#include "null_calls_text.h"
#include "null_calls_tls.h"
#include "null_calls_transport.h"
#include "null_calls_upload.h"
#include "null_calls_url.h"

/* ---- the table ---- */

typedef struct row {
    const char *name;
    httpx_code (*call)(fixture *);
    int pointers;      /* how many */
    unsigned required; /* bit i: without pointer i the call fails; the others may be NULL */
    int lengths;       /* how many */
    unsigned names;    /* bit j: length j is a name's or a URL's, so over 1 MiB is too long */
    int may_fail;      /* the fixture does not lead this call to success */
} row;

#define ROW(name, ...)                                                                                                 \
    {                                                                                                                  \
        "httpx_" #name, call_##name, __VA_ARGS__                                                                       \
    }
static const row rows[] = {
    ROW(version, 0, 0, 0, 0, 0),
    ROW(abi_version, 0, 0, 0, 0, 0),
    ROW(feature, 1, 1, 1, 1, 0),
    ROW(quiesce, 1, 0, 0, 0, 1),
    ROW(live_handles, 0, 0, 0, 0, 0),
    ROW(code_is_error, 0, 0, 0, 0, 0),
    ROW(code_is_a, 0, 0, 0, 0, 0),
    ROW(code_name, 0, 0, 0, 0, 0),
    ROW(code_parent, 0, 0, 0, 0, 0),
    ROW(code_description, 0, 0, 0, 0, 0),
    ROW(error_new, 4, 5, 1, 0, 0),
    ROW(error_code, 1, 1, 0, 0, 0),
    ROW(error_name, 1, 1, 0, 0, 0),
    ROW(error_message, 2, 1, 0, 0, 0),
    ROW(error_cause, 1, 1, 0, 0, 0),
    ROW(error_os_errno, 1, 1, 0, 0, 0),
    ROW(error_tls_alert, 1, 1, 0, 0, 0),
    ROW(error_h2_code, 1, 1, 0, 0, 0),
    ROW(error_is_retryable, 1, 1, 0, 0, 0),
    ROW(error_request_method, 2, 1, 0, 0, 0),
    ROW(error_request_url, 2, 1, 0, 0, 0),
    ROW(error_request, 3, 3, 0, 0, 0),
    ROW(error_response, 3, 3, 0, 0, 0),
    ROW(error_clone, 1, 1, 0, 0, 0),
    ROW(error_free, 1, 0, 0, 0, 1),
    ROW(client_builder_new, 2, 1, 0, 0, 0),
    ROW(client_builder_free, 1, 0, 0, 0, 1),
    ROW(client_builder_timeout, 2, 1, 0, 0, 0),
    ROW(client_builder_limits, 2, 1, 0, 0, 0),
    ROW(client_builder_http1, 2, 1, 0, 0, 0),
    ROW(client_builder_http2, 2, 1, 0, 0, 0),
    ROW(client_builder_http2_windows, 2, 1, 0, 0, 0),
    ROW(client_builder_http2_max_streams, 2, 1, 0, 0, 0),
    ROW(client_builder_http2_ping, 2, 1, 0, 0, 0),
    ROW(client_builder_max_per_host, 2, 1, 0, 0, 0),
    ROW(client_builder_header, 4, 7, 2, 1, 0),
    ROW(client_builder_verify, 2, 1, 0, 0, 0),
    ROW(client_builder_ca_pem, 3, 3, 1, 0, 1),
    ROW(client_builder_ca_file, 3, 3, 1, 1, 0),
    ROW(client_builder_unix_socket, 3, 3, 1, 1, 0),
    ROW(client_builder_base_url, 3, 3, 1, 1, 1),
    ROW(client_builder_param, 4, 7, 2, 3, 0),
    ROW(client_builder_auth_basic, 4, 7, 2, 3, 0),
    ROW(client_builder_auth_digest, 4, 7, 2, 3, 0),
    ROW(client_builder_auth_netrc, 3, 3, 1, 1, 1),
    ROW(client_builder_resolve, 4, 7, 2, 3, 0),
    ROW(client_builder_retries, 2, 1, 0, 0, 0),
    ROW(client_builder_redirects_keep_content_type, 2, 1, 0, 0, 0),
    ROW(client_builder_redirects, 2, 1, 0, 0, 0),
    ROW(client_builder_proxy, 3, 1, 0, 0, 0),
    ROW(client_builder_proxy_for, 4, 3, 1, 1, 0),
    ROW(client_builder_local_address, 3, 3, 1, 1, 0),
    ROW(client_builder_socket_option, 3, 3, 1, 1, 0),
    ROW(client_builder_interrupt, 5, 1, 0, 0, 0),
    ROW(client_builder_trust_env, 2, 1, 0, 0, 0),
    ROW(client_builder_build, 3, 3, 0, 0, 0),
    ROW(tls_new, 2, 1, 0, 0, 0),
    ROW(tls_free, 1, 0, 0, 0, 1),
    ROW(tls_verify, 2, 1, 0, 0, 0),
    ROW(tls_check_hostname, 2, 1, 0, 0, 0),
    ROW(tls_roots, 2, 1, 0, 0, 0),
    ROW(tls_ca_data, 3, 3, 1, 0, 1),
    ROW(tls_ca_path, 3, 3, 1, 1, 0),
    ROW(tls_cert_data, 5, 15, 3, 4, 1),
    ROW(tls_cert_file, 5, 15, 3, 7, 1),
    ROW(tls_versions, 2, 1, 0, 0, 0),
    ROW(tls_key_log, 3, 3, 1, 1, 0),
    ROW(client_builder_tls, 3, 3, 0, 0, 0),
    ROW(proxy_new, 3, 3, 1, 1, 0),
    ROW(proxy_free, 1, 0, 0, 0, 1),
    ROW(proxy_auth, 4, 7, 2, 3, 0),
    ROW(proxy_auth_flow, 3, 3, 0, 0, 1),
    ROW(proxy_header, 4, 7, 2, 3, 0),
    ROW(proxy_tls, 3, 3, 0, 0, 0),
    ROW(proxy_local_dns, 2, 1, 0, 0, 0),
    ROW(proxy_share_forwarding, 2, 1, 0, 0, 0),
    ROW(client_clone, 1, 1, 0, 0, 0),
    ROW(client_free, 1, 0, 0, 0, 1),
    ROW(client_close, 2, 1, 0, 0, 0),
    ROW(client_get, 4, 7, 1, 1, 0),
    ROW(client_send, 4, 7, 0, 0, 0),
    ROW(client_send_async, 8, 7, 0, 0, 0),
    ROW(client_connections, 5, 1, 0, 0, 0),
    ROW(client_connection_list, 3, 3, 0, 0, 0),
    ROW(transport_connection_list, 3, 3, 0, 0, 0),
    ROW(connections_free, 1, 0, 0, 0, 1),
    ROW(connections_len, 1, 1, 0, 0, 0),
    ROW(connections_proxy, 2, 1, 0, 0, 0),
    ROW(connections_origin, 2, 1, 0, 0, 0),
    ROW(connections_state, 1, 1, 0, 0, 0),
    ROW(connections_is_http2, 1, 1, 0, 0, 0),
    ROW(connections_requests, 1, 1, 0, 0, 0),
    ROW(connections_age, 1, 1, 0, 0, 0),
    ROW(connections_repr, 2, 1, 0, 0, 0),
    ROW(connections_pool_repr, 2, 1, 0, 0, 0),
    ROW(transport_new, 3, 3, 0, 0, 0),
    ROW(transport_clone, 1, 1, 0, 0, 0),
    ROW(transport_free, 1, 0, 0, 0, 1),
    ROW(transport_close, 2, 1, 0, 0, 0),
    ROW(transport_request_new, 5, 15, 2, 3, 0),
    ROW(transport_send, 4, 7, 0, 0, 0),
    ROW(transport_send_async, 8, 7, 0, 0, 0),
    ROW(transport_connections, 5, 1, 0, 0, 0),
    ROW(client_builder_transport, 3, 1, 0, 0, 0),
    ROW(client_builder_mount, 4, 3, 1, 1, 0),
    ROW(request_new, 5, 14, 2, 3, 0),
    ROW(request_clone, 3, 3, 0, 0, 0),
    ROW(request_free, 1, 0, 0, 0, 1),
    ROW(request_method, 2, 1, 0, 0, 0),
    ROW(request_url, 2, 1, 0, 0, 0),
    ROW(request_header_count, 1, 1, 0, 0, 0),
    ROW(request_header_at, 6, 1, 0, 0, 0),
    ROW(request_header_set, 4, 7, 2, 1, 0),
    ROW(request_header_add, 4, 7, 2, 1, 0),
    ROW(request_header_remove, 3, 3, 1, 1, 0),
    ROW(request_param, 4, 7, 2, 3, 0),
    ROW(request_auth_basic, 4, 7, 2, 3, 0),
    ROW(request_auth_none, 2, 1, 0, 0, 0),
    ROW(request_auth_default, 2, 1, 0, 0, 0),
    ROW(request_target, 3, 3, 1, 1, 0),
    ROW(request_server_name, 3, 3, 1, 1, 0),
    ROW(request_timeout, 2, 1, 0, 0, 0),
    ROW(request_deadline, 2, 1, 0, 0, 0),
    ROW(request_body_bytes, 3, 3, 1, 0, 0),
    ROW(request_body_owned, 5, 3, 1, 0, 0),
    ROW(request_body_json, 3, 3, 1, 0, 0),
    ROW(request_body_file, 3, 3, 1, 1, 0),
    ROW(request_body_pipe, 3, 3, 0, 0, 0),
    ROW(form_new, 2, 1, 0, 0, 0),
    ROW(form_add, 4, 7, 2, 1, 0),
    ROW(form_free, 1, 0, 0, 0, 1),
    ROW(request_body_form, 3, 3, 0, 0, 0),
    ROW(multipart_new, 2, 1, 0, 0, 0),
    ROW(multipart_boundary, 3, 3, 1, 1, 0),
    ROW(multipart_field, 4, 7, 2, 1, 0),
    ROW(multipart_file_bytes, 6, 31, 4, 7, 0),
    ROW(multipart_file_path, 6, 31, 4, 15, 1),
    ROW(multipart_free, 1, 0, 0, 0, 1),
    ROW(request_body_multipart, 3, 3, 0, 0, 0),
    ROW(pipe_write, 4, 7, 1, 0, 0),
    ROW(pipe_write_all, 3, 3, 1, 0, 0),
    ROW(pipe_writable_async, 7, 3, 0, 0, 0),
    ROW(pipe_finish, 2, 1, 0, 0, 0),
    ROW(pipe_free, 1, 0, 0, 0, 1),
    ROW(response_free, 1, 0, 0, 0, 1),
    ROW(response_status_code, 1, 1, 0, 0, 0),
    ROW(response_reason_phrase, 2, 1, 0, 0, 0),
    ROW(response_http_version, 2, 1, 0, 0, 0),
    ROW(response_url, 2, 1, 0, 0, 0),
    ROW(response_header_count, 1, 1, 0, 0, 0),
    ROW(response_header_at, 6, 1, 0, 0, 0),
    ROW(response_header, 5, 3, 1, 1, 0),
    ROW(response_content, 4, 7, 0, 0, 0),
    ROW(response_text, 4, 7, 0, 0, 0),
    ROW(response_encoding, 2, 1, 0, 0, 0),
    ROW(response_set_encoding, 3, 3, 1, 1, 0),
    ROW(response_read, 4, 1, 0, 0, 0),
    ROW(response_read_async, 7, 3, 0, 0, 0),
    ROW(response_raise_for_status, 2, 1, 0, 0, 0),
    ROW(response_elapsed, 3, 3, 0, 0, 0),
    ROW(response_num_bytes_downloaded, 1, 1, 0, 0, 0),
    ROW(response_is_closed, 1, 1, 0, 0, 0),
    ROW(response_has_redirect_location, 1, 1, 0, 0, 0),
    ROW(response_history_count, 1, 1, 0, 0, 0),
    ROW(response_history_at, 3, 3, 0, 0, 1),
    ROW(response_next_request, 3, 3, 0, 0, 0),
    ROW(response_trailer_count, 1, 1, 0, 0, 0),
    ROW(response_trailer_at, 6, 1, 0, 0, 1),
    ROW(response_close, 2, 1, 0, 0, 0),
    ROW(response_stream, 3, 3, 0, 0, 0),
    ROW(response_local_address, 2, 1, 0, 0, 0),
    ROW(response_proxy, 2, 1, 0, 0, 0),
    ROW(response_peer_address, 2, 1, 0, 0, 0),
    ROW(response_socket, 3, 3, 0, 0, 1),
    ROW(response_tls_version, 2, 1, 0, 0, 0),
    ROW(response_tls_cipher, 2, 1, 0, 0, 0),
    ROW(response_tls_group, 2, 1, 0, 0, 0),
    ROW(response_tls_alpn, 2, 1, 0, 0, 0),
    ROW(response_tls_resumed, 1, 1, 0, 0, 0),
    ROW(response_tls_certificate, 4, 1, 0, 0, 0),
    ROW(client_builder_decode_limits, 2, 1, 0, 0, 0),
    ROW(client_builder_allow_truncated, 2, 1, 0, 0, 0),
    ROW(client_builder_default_encoding, 3, 3, 1, 1, 0),
    ROW(client_builder_default_encoding_fn, 5, 1, 0, 0, 0),
    ROW(client_builder_max_line, 2, 1, 0, 0, 0),
    ROW(response_is_informational, 1, 1, 0, 0, 0),
    ROW(response_is_success, 1, 1, 0, 0, 0),
    ROW(response_is_redirect, 1, 1, 0, 0, 0),
    ROW(response_is_client_error, 1, 1, 0, 0, 0),
    ROW(response_is_server_error, 1, 1, 0, 0, 0),
    ROW(response_is_error, 1, 1, 0, 0, 0),
    ROW(response_is_stream_consumed, 1, 1, 0, 0, 0),
    ROW(response_request, 3, 3, 0, 0, 0),
    ROW(response_stream_id, 1, 1, 0, 0, 0),
    ROW(response_repr, 2, 1, 0, 0, 0),
    ROW(response_set_request, 3, 1, 0, 0, 0),
    ROW(response_set_headers, 3, 3, 0, 0, 0),
    ROW(response_set_user_data, 4, 1, 0, 0, 0),
    ROW(response_user_data, 1, 1, 0, 0, 0),
    ROW(response_charset_encoding, 2, 1, 0, 0, 0),
    ROW(response_json_text, 4, 7, 0, 0, 0),
    ROW(response_link_count, 1, 1, 0, 0, 0),
    ROW(response_link_at, 6, 1, 0, 0, 1),
    ROW(response_link, 5, 3, 1, 1, 0),
    ROW(response_link_field_count, 1, 1, 0, 0, 0),
    ROW(response_link_field_at, 6, 1, 0, 0, 1),
    ROW(response_serialize, 4, 7, 0, 0, 0),
    ROW(response_deserialize, 3, 3, 1, 0, 1),
    ROW(response_builder_new, 2, 1, 0, 0, 0),
    ROW(response_builder_free, 1, 0, 0, 0, 1),
    ROW(response_builder_http_version, 3, 3, 1, 1, 0),
    ROW(response_builder_reason_phrase, 3, 3, 1, 1, 0),
    ROW(response_builder_header, 4, 7, 2, 3, 0),
    ROW(response_builder_headers, 3, 3, 0, 0, 0),
    ROW(response_builder_content, 3, 3, 1, 0, 0),
    ROW(response_builder_text, 3, 3, 1, 0, 0),
    ROW(response_builder_html, 3, 3, 1, 0, 0),
    ROW(response_builder_json, 3, 3, 1, 0, 0),
    ROW(response_builder_request, 3, 1, 0, 0, 0),
    ROW(response_builder_body_pull, 5, 3, 0, 0, 0),
    ROW(response_builder_build, 3, 3, 0, 0, 0),
    ROW(status_reason_phrase, 0, 0, 0, 0, 0),
    ROW(status_name, 0, 0, 0, 0, 0),
    ROW(status_by_name, 1, 1, 1, 1, 0),
    ROW(status_is_informational, 0, 0, 0, 0, 0),
    ROW(status_is_success, 0, 0, 0, 0, 0),
    ROW(status_is_redirect, 0, 0, 0, 0, 0),
    ROW(status_is_client_error, 0, 0, 0, 0, 0),
    ROW(status_is_server_error, 0, 0, 0, 0, 0),
    ROW(status_is_error, 0, 0, 0, 0, 0),
    ROW(stream_next, 4, 7, 0, 0, 0),
    ROW(stream_next_async, 7, 3, 0, 0, 0),
    ROW(stream_num_bytes_downloaded, 1, 1, 0, 0, 0),
    ROW(stream_close, 2, 1, 0, 0, 0),
    ROW(stream_free, 1, 0, 0, 0, 1),
    ROW(cookies_new, 2, 1, 0, 0, 0),
    ROW(cookies_free, 1, 0, 0, 0, 1),
    ROW(cookies_set, 6, 31, 4, 15, 0),
    ROW(cookies_add, 6, 31, 4, 15, 0),
    ROW(cookies_get, 7, 15, 3, 7, 0),
    ROW(cookies_delete, 5, 15, 3, 7, 1),
    ROW(cookies_clear, 4, 7, 2, 3, 1),
    ROW(cookies_count, 1, 1, 0, 0, 0),
    ROW(cookies_load, 3, 3, 1, 0, 0),
    ROW(cookies_save, 4, 7, 0, 0, 0),
    ROW(cookies_to_json, 4, 7, 0, 0, 0),
    ROW(client_cookies, 3, 3, 0, 0, 0),
    ROW(client_cookie_jar, 3, 3, 0, 0, 0),
    ROW(client_set_cookies, 3, 3, 0, 0, 0),
    ROW(response_cookies, 3, 3, 0, 0, 0),
    ROW(request_expect_continue, 2, 1, 0, 0, 0),
    ROW(request_on_informational, 5, 1, 0, 0, 0),
    ROW(informational_status_code, 1, 1, 0, 0, 1),
    ROW(informational_header_count, 1, 1, 0, 0, 1),
    ROW(informational_header_at, 6, 1, 0, 0, 1),
    ROW(request_trace, 5, 1, 0, 0, 0),
    ROW(client_builder_trace, 5, 1, 0, 0, 0),
    ROW(client_builder_log, 5, 1, 0, 0, 0),
    ROW(client_builder_header_limits, 2, 1, 0, 0, 0),
    ROW(client_builder_max_response_bytes, 2, 1, 0, 0, 0),
    ROW(response_timing, 3, 3, 0, 0, 0),
    ROW(response_bytes_sent, 1, 1, 0, 0, 0),
    ROW(response_is_reused, 1, 1, 0, 0, 0),
    ROW(response_network_stream, 3, 3, 0, 0, 1),
    ROW(network_stream_read, 4, 7, 0, 0, 0),
    ROW(network_stream_read_async, 7, 3, 0, 0, 0),
    ROW(network_stream_write, 3, 3, 1, 0, 0),
    ROW(network_stream_write_async, 8, 7, 1, 0, 0),
    ROW(network_stream_start_tls, 4, 7, 1, 1, 1),
    ROW(network_stream_start_tls_async, 9, 15, 1, 1, 0),
    ROW(network_stream_start_tls_with, 4, 7, 1, 1, 1),
    ROW(network_stream_start_tls_with_async, 9, 15, 1, 1, 0),
    ROW(network_stream_is_readable, 1, 1, 0, 0, 0),
    ROW(network_stream_local_address, 2, 1, 0, 0, 0),
    ROW(network_stream_peer_address, 2, 1, 0, 0, 0),
    ROW(network_stream_socket, 3, 3, 0, 0, 0),
    ROW(network_stream_tls_version, 2, 1, 0, 0, 0),
    ROW(network_stream_tls_cipher, 2, 1, 0, 0, 0),
    ROW(network_stream_tls_alpn, 2, 1, 0, 0, 0),
    ROW(network_stream_tls_certificate, 4, 1, 0, 0, 0),
    ROW(network_stream_close, 2, 1, 0, 0, 0),
    ROW(network_stream_free, 1, 0, 0, 0, 1),
    ROW(url_parse, 3, 3, 1, 1, 0),
    ROW(url_clone, 1, 1, 0, 0, 0),
    ROW(url_free, 1, 0, 0, 0, 1),
    ROW(url_str, 2, 1, 0, 0, 0),
    ROW(url_masked, 2, 1, 0, 0, 0),
    ROW(url_scheme, 2, 1, 0, 0, 0),
    ROW(url_authority, 2, 1, 0, 0, 0),
    ROW(url_userinfo, 2, 1, 0, 0, 0),
    ROW(url_username, 2, 1, 0, 0, 0),
    ROW(url_password, 2, 1, 0, 0, 0),
    ROW(url_host, 2, 1, 0, 0, 0),
    ROW(url_raw_host, 2, 1, 0, 0, 0),
    ROW(url_netloc, 2, 1, 0, 0, 0),
    ROW(url_path, 2, 1, 0, 0, 0),
    ROW(url_query, 2, 1, 0, 0, 0),
    ROW(url_raw_path, 2, 1, 0, 0, 0),
    ROW(url_fragment, 2, 1, 0, 0, 0),
    ROW(url_component, 2, 1, 0, 0, 0),
    ROW(url_port, 3, 1, 0, 0, 0),
    ROW(url_is_ssl, 1, 1, 0, 0, 0),
    ROW(url_is_absolute_url, 1, 1, 0, 0, 0),
    ROW(url_is_relative_url, 1, 1, 0, 0, 0),
    ROW(url_params, 3, 3, 0, 0, 0),
    ROW(url_join, 4, 7, 1, 1, 0),
    ROW(url_copy_set_param, 5, 15, 2, 3, 0),
    ROW(url_copy_add_param, 5, 15, 2, 3, 0),
    ROW(url_copy_remove_param, 4, 7, 1, 1, 0),
    ROW(url_copy_merge_params, 4, 7, 0, 0, 0),
    ROW(url_equal, 2, 1, 0, 0, 0),
    ROW(url_hash, 1, 1, 0, 0, 0),
    ROW(url_parts_new, 2, 1, 0, 0, 0),
    ROW(url_parts_free, 1, 0, 0, 0, 1),
    ROW(url_parts_set, 3, 3, 1, 1, 0),
    ROW(url_parts_port, 2, 1, 0, 0, 0),
    ROW(url_parts_params, 3, 3, 0, 0, 0),
    ROW(url_parts_remove, 2, 1, 0, 0, 0),
    ROW(url_copy_with, 4, 7, 0, 0, 0),
    ROW(url_parse_with, 4, 7, 1, 1, 0),
    ROW(query_params_parse, 3, 3, 1, 0, 0),
    ROW(query_params_from_form, 3, 3, 0, 0, 0),
    ROW(query_params_clone, 1, 1, 0, 0, 0),
    ROW(query_params_free, 1, 0, 0, 0, 1),
    ROW(query_params_str, 2, 1, 0, 0, 0),
    ROW(query_params_count, 1, 1, 0, 0, 0),
    ROW(query_params_item_at, 6, 1, 0, 0, 0),
    ROW(query_params_multi_count, 1, 1, 0, 0, 0),
    ROW(query_params_multi_item_at, 6, 1, 0, 0, 0),
    ROW(query_params_get, 5, 3, 1, 1, 0),
    ROW(query_params_get_list_at, 5, 3, 1, 1, 0),
    ROW(query_params_set, 5, 15, 2, 3, 0),
    ROW(query_params_add, 5, 15, 2, 3, 0),
    ROW(query_params_remove, 4, 7, 1, 1, 0),
    ROW(query_params_merge, 4, 7, 0, 0, 0),
    ROW(query_params_equal, 2, 1, 0, 0, 0),
    ROW(query_params_hash, 1, 1, 0, 0, 0),
    ROW(client_builder_params, 3, 3, 0, 0, 0),
    ROW(request_params, 3, 3, 0, 0, 0),
    ROW(headers_new, 2, 1, 0, 0, 0),
    ROW(headers_copy, 3, 3, 0, 0, 0),
    ROW(headers_free, 1, 0, 0, 0, 1),
    ROW(headers_count, 1, 1, 0, 0, 0),
    ROW(headers_at, 6, 1, 0, 0, 0),
    ROW(headers_item_at, 6, 1, 0, 0, 0),
    ROW(headers_key_at, 4, 1, 0, 0, 0),
    ROW(headers_get, 5, 3, 1, 1, 0),
    ROW(headers_get_list_at, 5, 3, 1, 1, 0),
    ROW(headers_set, 4, 7, 2, 3, 0),
    ROW(headers_add, 4, 7, 2, 3, 0),
    ROW(headers_set_default, 4, 7, 2, 3, 0),
    ROW(headers_remove, 3, 3, 1, 1, 0),
    ROW(headers_update, 3, 3, 0, 0, 0),
    ROW(headers_equal, 2, 1, 0, 0, 0),
    ROW(headers_encoding, 1, 1, 0, 0, 0),
    ROW(headers_set_encoding, 3, 3, 1, 1, 0),
    ROW(headers_repr, 4, 1, 0, 0, 0),
    ROW(response_headers, 3, 3, 0, 0, 0),
    ROW(request_headers, 3, 3, 0, 0, 0),
    ROW(request_set_headers, 3, 3, 0, 0, 0),
    ROW(client_builder_set_headers, 3, 3, 0, 0, 0),
    ROW(client_builder_headers, 3, 3, 0, 0, 0),
    ROW(cookies_copy, 3, 3, 0, 0, 0),
    ROW(cookies_at, 10, 1, 0, 0, 0),
    ROW(cookies_attributes_at, 6, 1, 0, 0, 0),
    ROW(cookies_update, 3, 3, 0, 0, 0),
    ROW(cookies_extract, 3, 3, 0, 0, 0),
    ROW(cookies_set_header, 3, 3, 0, 0, 0),
    ROW(client_builder_on_request, 5, 1, 0, 0, 0),
    ROW(client_builder_on_response, 5, 1, 0, 0, 0),
    ROW(proxy_auth_digest, 4, 7, 2, 3, 0),
    ROW(auth_basic, 4, 7, 2, 3, 0),
    ROW(auth_digest, 4, 7, 2, 3, 0),
    ROW(auth_netrc, 3, 3, 1, 1, 1),
    ROW(auth_function, 5, 9, 0, 0, 0),
    ROW(auth_flow, 4, 5, 0, 0, 0),
    ROW(counter, 0, 0, 0, 0, 0),
    ROW(url_pattern_new, 3, 3, 1, 1, 0),
    ROW(url_pattern_clone, 1, 1, 0, 0, 0),
    ROW(url_pattern_free, 1, 0, 0, 0, 1),
    ROW(url_pattern_str, 2, 1, 0, 0, 0),
    ROW(url_pattern_matches, 2, 3, 0, 0, 0),
    ROW(url_pattern_compare, 2, 3, 0, 0, 0),
    ROW(url_pattern_equal, 2, 3, 0, 0, 0),
    ROW(url_pattern_hash, 1, 1, 0, 0, 0),
    ROW(environment_proxies, 2, 1, 0, 0, 0),
    ROW(proxy_map_free, 1, 0, 0, 0, 1),
    ROW(proxy_map_count, 1, 1, 0, 0, 0),
    ROW(proxy_map_at, 6, 1, 0, 0, 1),
    ROW(request_set_method, 3, 3, 1, 1, 0),
    ROW(request_set_url, 3, 3, 1, 1, 0),
    ROW(request_keep_headers, 2, 1, 0, 0, 0),
    ROW(auth_digest_cnonce, 5, 3, 0, 0, 0),
    ROW(auth_requires_request_body, 1, 1, 0, 0, 0),
    ROW(auth_requires_response_body, 1, 1, 0, 0, 0),
    ROW(auth_start, 4, 7, 0, 0, 0),
    ROW(flow_next, 4, 5, 0, 0, 0),
    ROW(flow_free, 1, 0, 0, 0, 1),
    ROW(client_transport_for_url, 4, 7, 0, 0, 0),
    ROW(transport_equal, 2, 3, 0, 0, 0),
    ROW(transport_proxy_url, 2, 1, 0, 0, 0),
    ROW(client_merge_url, 4, 7, 1, 1, 0),
    ROW(headers_set_lenient, 2, 1, 0, 0, 0),
    ROW(request_redirect_headers, 5, 15, 1, 1, 0),
    ROW(response_set_default_encoding, 3, 3, 1, 0, 0),
    ROW(response_set_default_encoding_fn, 5, 1, 0, 0, 0),
    ROW(response_set_history, 3, 3, 0, 0, 0),
    ROW(client_log_level, 2, 1, 0, 0, 0),
    ROW(transport_log_level, 2, 1, 0, 0, 0),
    ROW(auth_clone, 1, 1, 0, 0, 0),
    ROW(auth_free, 1, 0, 0, 0, 1),
    ROW(client_builder_auth, 3, 1, 0, 0, 0),
    ROW(request_auth, 3, 1, 0, 0, 0),
    ROW(transport_custom, 4, 5, 0, 0, 0),
    ROW(reply_read, 4, 7, 0, 0, 1),
    ROW(reply_read_async, 7, 3, 0, 0, 0),
    ROW(reply_is_wanted, 1, 1, 0, 0, 0),
    ROW(reply_header, 4, 7, 2, 1, 0),
    ROW(reply_reason_phrase, 3, 3, 1, 1, 0),
    ROW(reply_trailer, 4, 7, 2, 1, 0),
    ROW(reply_send, 3, 3, 1, 0, 0),
    ROW(reply_response, 3, 3, 0, 0, 0),
    ROW(reply_stream, 3, 3, 0, 0, 0),
    ROW(reply_fail, 3, 3, 1, 0, 0),
    ROW(reply_free, 1, 0, 0, 0, 1),
    ROW(upcall_waker, 2, 1, 0, 0, 0),
    ROW(waker_wake, 1, 0, 0, 0, 1),
    ROW(waker_free, 1, 0, 0, 0, 1),
    ROW(queue_new, 2, 1, 0, 0, 0),
    ROW(queue_free, 1, 0, 0, 0, 1),
    ROW(queue_fd, 3, 3, 0, 0, 0),
    ROW(queue_waker, 5, 3, 0, 0, 0),
    ROW(queue_dispatch, 3, 1, 0, 0, 0),
    ROW(queue_poll, 4, 7, 0, 0, 0),
    ROW(queue_pending, 3, 3, 0, 0, 0),
    ROW(op_cancel, 1, 0, 0, 0, 1),
    ROW(op_is_done, 1, 1, 0, 0, 0),
    ROW(op_take_response, 3, 3, 0, 0, 1),
    ROW(op_result, 2, 1, 0, 0, 0),
    ROW(op_chunk, 4, 7, 0, 0, 1),
    ROW(op_clone, 1, 1, 0, 0, 0),
    ROW(op_free, 1, 0, 0, 0, 1),
    ROW(request_body_fd, 2, 1, 0, 0, 0),
    ROW(request_body_pull, 6, 3, 0, 0, 0),
    ROW(request_on_upload, 5, 1, 0, 0, 0),
    ROW(request_content, 4, 7, 0, 0, 0),
    ROW(request_read, 4, 1, 0, 0, 0),
    ROW(multipart_header, 4, 7, 2, 3, 0),
    ROW(multipart_file_fd, 5, 15, 3, 7, 0),
    ROW(multipart_file_pull, 9, 31, 3, 7, 0),
    ROW(request_cookies, 3, 1, 0, 0, 0),
    ROW(request_set_user_data, 4, 1, 0, 0, 0),
    ROW(request_user_data, 1, 1, 0, 0, 0),
    ROW(request_transport, 3, 1, 0, 0, 0),
    ROW(request_header_override, 4, 7, 2, 3, 0),
    ROW(client_to_builder, 3, 3, 0, 0, 0),
    ROW(client_configure, 3, 3, 0, 0, 0),
    ROW(client_open, 2, 1, 0, 0, 1),
    ROW(client_is_closed, 1, 1, 0, 0, 0),
    ROW(client_builder_auth_none, 2, 1, 0, 0, 0),
    ROW(client_builder_merge_params, 2, 1, 0, 0, 0),
    ROW(client_builder_get_timeout, 6, 1, 0, 0, 0),
    ROW(client_builder_get_redirects, 4, 1, 0, 0, 0),
    ROW(client_builder_get_trust_env, 1, 1, 0, 0, 0),
    ROW(client_builder_get_base_url, 4, 3, 0, 0, 0),
    ROW(client_builder_get_params, 4, 3, 0, 0, 0),
    ROW(client_builder_header_count, 1, 1, 0, 0, 0),
    ROW(client_builder_header_at, 6, 1, 0, 0, 0),
    ROW(client_head, 4, 7, 1, 1, 0),
    ROW(client_options, 4, 7, 1, 1, 0),
    ROW(client_delete, 4, 7, 1, 1, 0),
    ROW(client_post, 6, 31, 3, 5, 0),
    ROW(client_put, 6, 31, 3, 5, 0),
    ROW(client_patch, 6, 31, 3, 5, 0),
    ROW(client_request, 7, 63, 4, 11, 0),
    ROW(response_next, 4, 7, 0, 0, 0),
    ROW(get, 4, 5, 1, 1, 0),
    ROW(head, 4, 5, 1, 1, 0),
    ROW(options, 4, 5, 1, 1, 0),
    ROW(delete, 4, 5, 1, 1, 0),
    ROW(post, 6, 23, 3, 5, 0),
    ROW(put, 6, 23, 3, 5, 0),
    ROW(patch, 6, 23, 3, 5, 0),
    ROW(fetch, 7, 47, 4, 11, 0),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* ---- running it ---- */

/* An error code has its handle, where there was room for it; the rest has none. */
static void check_result(const row *row, const fixture *f, httpx_code code, int must_fail, int may_fail)
{
    char what[256];
    int failed = httpx_code_is_error(code);
    snprintf(what, sizeof what, "%s with null=%#x, length %d = %zu gave %s", row->name, f->null, f->bad_len, f->len,
             httpx_code_name(code));
    harness_note(failed ? must_fail || may_fail : !must_fail, 0, __FILE__, __LINE__, what);
    if (!failed && f->err != NULL)
        harness_note(0, 0, __FILE__, __LINE__, what);
    if (f->err != NULL)
        CHECK_EQ(httpx_error_code(f->err), code);
}

static void call_with(const row *row, unsigned null, int bad_len, size_t len, int must_fail, int may_fail)
{
    fixture f;
    fill(&f);
    f.null = null;
    f.bad_len = bad_len;
    f.len = len;
    check_result(row, &f, row->call(&f), must_fail, may_fail);
    empty(&f);
    if (!CHECK_EQ(atomic_load(&f.destroyed), f.handed_in)) /* exactly once, also where the call failed */
        printf("  %s with null=%#x\n", row->name, null);
}

static void every_call_succeeds_with_all_its_arguments(void)
{
    for (int i = 0; i < ROWS; i++)
        call_with(&rows[i], 0, -1, 0, 0, rows[i].may_fail);
}

static void one_null_pointer_at_a_time(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int pointer = 0; pointer < rows[i].pointers; pointer++)
            call_with(&rows[i], 1u << pointer, -1, 0, (rows[i].required >> pointer) & 1, rows[i].may_fail);
}

static void all_pointers_null(void)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].pointers > 0)
            call_with(&rows[i], ~0u, -1, 0, rows[i].required != 0, rows[i].may_fail);
}

static void all_but_one_pointer_null(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int pointer = 0; pointer < rows[i].pointers; pointer++)
            call_with(&rows[i], ~(1u << pointer), -1, 0, (rows[i].required & ~(1u << pointer)) != 0, rows[i].may_fail);
}

static void lengths_of_zero(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < rows[i].lengths; j++) {
            call_with(&rows[i], 0, j, 0, 0, 1);
            call_with(&rows[i], ~0u, j, 0, (rows[i].required & 1) != 0, 1);
        }
}

static void lengths_over_the_address_space(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < rows[i].lengths; j++) {
            call_with(&rows[i], 0, j, SIZE_MAX, 1, 0);
            call_with(&rows[i], 0, j, (size_t)PTRDIFF_MAX + 1, 1, 0);
            call_with(&rows[i], ~0u, j, SIZE_MAX, 1, 0);
        }
}

static void names_and_urls_over_one_mebibyte(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < rows[i].lengths; j++)
            if ((rows[i].names >> j) & 1)
                call_with(&rows[i], 0, j, (1 << 20) + 1, 1, 0);
}

/* (NULL, 0) is empty, where empty has a meaning. */
static void null_of_length_zero_is_empty(void)
{
    httpx_client *client = new_client();
    httpx_request *request = new_request(client, "POST", HTTP("/post"));
    GIVES(httpx_request_body_bytes(request, NULL, 0, &err), HTTPX_OK);
    GIVES(httpx_request_header_set(request, "X-Empty", 7, NULL, 0, &err), HTTPX_OK);
    GIVES(httpx_request_body_owned(request, NULL, 0, NULL, NULL, &err), HTTPX_OK);
    httpx_response *response = send_request(client, request, 0);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    httpx_client_free(client);
}

static const row *find_row(const char *name)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

/* Takes the next `httpx_…` word of the list; the version's own name is in capitals. */
static int next_symbol(FILE *list, char *word, size_t size)
{
    size_t len = 0;
    int c;
    while ((c = fgetc(list)) != EOF) {
        if (c == '#') /* a comment */
            while (c != '\n' && c != EOF)
                c = fgetc(list);
        if (len + 1 < size && (c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            word[len++] = (char)c;
            continue;
        }
        word[len] = '\0';
        if (strncmp(word, "httpx_", 6) == 0 && word[6] != '\0')
            return 1;
        len = 0;
    }
    return 0;
}

static void no_exported_function_is_missing(void)
{
    char symbol[128];
    int symbols = 0;
    FILE *list = fopen(environment("HTTPX_TEST_SYMBOLS"), "r");
    REQUIRE(list != NULL);
    while (next_symbol(list, symbol, sizeof symbol)) {
        symbols++;
        if (find_row(symbol) == NULL)
            harness_note(0, 0, __FILE__, __LINE__, symbol);
    }
    fclose(list);
    CHECK_EQ(symbols, ROWS);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(no_exported_function_is_missing), TEST(every_call_succeeds_with_all_its_arguments),
        TEST(one_null_pointer_at_a_time),      TEST(all_pointers_null),
        TEST(all_but_one_pointer_null),        TEST(lengths_of_zero),
        TEST(lengths_over_the_address_space),  TEST(names_and_urls_over_one_mebibyte),
        TEST(null_of_length_zero_is_empty),    {NULL, NULL},
    };
    memset(big, 'a', sizeof big);
    return run_tests(argc, argv, tests);
}

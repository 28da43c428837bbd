typedef struct httpx_waker httpx_waker;
typedef struct httpx_error httpx_error;
typedef struct httpx_url httpx_url;
typedef struct httpx_url_parts httpx_url_parts;
typedef struct httpx_url_pattern httpx_url_pattern;
typedef struct httpx_proxy_map httpx_proxy_map;
typedef struct httpx_query_params httpx_query_params;
typedef struct httpx_headers httpx_headers;
typedef struct httpx_client_builder httpx_client_builder;
typedef struct httpx_tls httpx_tls;
typedef struct httpx_proxy httpx_proxy;
typedef struct httpx_client httpx_client;
typedef struct httpx_transport httpx_transport;
typedef struct httpx_reply httpx_reply;
typedef struct httpx_request httpx_request;
typedef struct httpx_informational httpx_informational;
typedef struct httpx_auth httpx_auth;
typedef struct httpx_flow httpx_flow;
typedef struct httpx_form httpx_form;
typedef struct httpx_multipart httpx_multipart;
typedef struct httpx_pipe httpx_pipe;
typedef struct httpx_response httpx_response;
typedef struct httpx_stream httpx_stream;
typedef struct httpx_response_builder httpx_response_builder;
typedef struct httpx_network_stream httpx_network_stream;
typedef struct httpx_connections httpx_connections;
typedef struct httpx_cookies httpx_cookies;
typedef struct httpx_queue httpx_queue;
typedef struct httpx_op httpx_op;
typedef int32_t httpx_code;
#define HTTPX_OK 0
#define HTTPX_DONE 1
#define HTTPX_AGAIN 2
#define HTTPX_E_HTTP 0x10000000
#define HTTPX_E_REQUEST 0x11000000
#define HTTPX_E_TRANSPORT 0x11100000
#define HTTPX_E_TIMEOUT 0x11110000
#define HTTPX_E_CONNECT_TIMEOUT 0x11111000
#define HTTPX_E_READ_TIMEOUT 0x11112000
#define HTTPX_E_WRITE_TIMEOUT 0x11113000
#define HTTPX_E_POOL_TIMEOUT 0x11114000
#define HTTPX_E_DEADLINE_EXCEEDED 0x11115000
#define HTTPX_E_NETWORK 0x11120000
#define HTTPX_E_CONNECT 0x11121000
#define HTTPX_E_DNS 0x11121100
#define HTTPX_E_CONNECTION_REFUSED 0x11121200
#define HTTPX_E_TLS 0x11121300
#define HTTPX_E_CERTIFICATE 0x11121310
#define HTTPX_E_CERTIFICATE_EXPIRED 0x11121311
#define HTTPX_E_CERTIFICATE_NOT_YET_VALID 0x11121312
#define HTTPX_E_CERTIFICATE_HOSTNAME_MISMATCH 0x11121313
#define HTTPX_E_CERTIFICATE_UNTRUSTED 0x11121314
#define HTTPX_E_CERTIFICATE_SELF_SIGNED 0x11121315
#define HTTPX_E_CERTIFICATE_REVOKED 0x11121316
#define HTTPX_E_CERTIFICATE_SIGNATURE 0x11121317
#define HTTPX_E_TLS_ALERT 0x11121320
#define HTTPX_E_CLIENT_CERTIFICATE_REQUIRED 0x11121321
#define HTTPX_E_BLOCKED_ADDRESS 0x11121400
#define HTTPX_E_UNREACHABLE 0x11121500
#define HTTPX_E_READ 0x11122000
#define HTTPX_E_WRITE 0x11123000
#define HTTPX_E_CLOSE 0x11124000
#define HTTPX_E_PROTOCOL 0x11130000
#define HTTPX_E_LOCAL_PROTOCOL 0x11131000
#define HTTPX_E_REMOTE_PROTOCOL 0x11132000
#define HTTPX_E_SERVER_DISCONNECTED 0x11132100
#define HTTPX_E_INCOMPLETE_BODY 0x11132200
#define HTTPX_E_HEADERS_TOO_LARGE 0x11132300
#define HTTPX_E_STREAM_RESET 0x11132400
#define HTTPX_E_GOAWAY 0x11132500
#define HTTPX_E_PROXY 0x11140000
#define HTTPX_E_UNSUPPORTED_PROTOCOL 0x11150000
#define HTTPX_E_DECODING 0x11200000
#define HTTPX_E_DECODED_TOO_LARGE 0x11210000
#define HTTPX_E_RATIO_EXCEEDED 0x11220000
#define HTTPX_E_TOO_MANY_ENCODINGS 0x11230000
#define HTTPX_E_LINE_TOO_LONG 0x11240000
#define HTTPX_E_TOO_MANY_REDIRECTS 0x11300000
#define HTTPX_E_BODY_TOO_LARGE 0x11400000
#define HTTPX_E_HTTP_STATUS 0x12000000
#define HTTPX_E_INVALID_URL 0x20000000
#define HTTPX_E_COOKIE_CONFLICT 0x30000000
#define HTTPX_E_STREAM 0x40000000
#define HTTPX_E_STREAM_CONSUMED 0x41000000
#define HTTPX_E_STREAM_CLOSED 0x42000000
#define HTTPX_E_RESPONSE_NOT_READ 0x43000000
#define HTTPX_E_REQUEST_NOT_READ 0x44000000
#define HTTPX_E_IO 0x50000000
#define HTTPX_E_FILE_NOT_FOUND 0x51000000
#define HTTPX_E_PERMISSION_DENIED 0x52000000
#define HTTPX_E_MISUSE 0x60000000
#define HTTPX_E_NULL_POINTER 0x61000000
#define HTTPX_E_INVALID_ARGUMENT 0x62000000
#define HTTPX_E_INVALID_UTF8 0x62100000
#define HTTPX_E_TOO_LONG 0x62200000
#define HTTPX_E_INVALID_CONFIG 0x62300000
#define HTTPX_E_KEY_PASSWORD 0x62310000
#define HTTPX_E_KEY_MISMATCH 0x62320000
#define HTTPX_E_INVALID_JSON 0x62400000
#define HTTPX_E_INVALID_STATE 0x63000000
#define HTTPX_E_CLIENT_CLOSED 0x63100000
#define HTTPX_E_POISONED 0x63200000
#define HTTPX_E_CONCURRENT_USE 0x64000000
#define HTTPX_E_REENTRANT 0x65000000
#define HTTPX_E_NESTED_RUNTIME 0x66000000
#define HTTPX_E_WRONG_THREAD 0x67000000
#define HTTPX_E_NOT_FOUND 0x68000000
#define HTTPX_E_UNSUPPORTED 0x69000000
#define HTTPX_E_RUNTIME 0x70000000
#define HTTPX_E_PANIC 0x71000000
#define HTTPX_E_CANCELLED 0x72000000
#define HTTPX_E_INTERRUPTED 0x73000000
#define HTTPX_E_FORKED 0x74000000
#define HTTPX_E_RESOURCES 0x75000000
#define HTTPX_E_INTERNAL 0x76000000
int32_t httpx_code_is_error(httpx_code code);
int32_t httpx_code_is_a(httpx_code code, httpx_code ancestor);
httpx_code httpx_code_parent(httpx_code code);
const char *httpx_code_name(httpx_code code);
const char *httpx_code_description(httpx_code code);
typedef void (*httpx_destroy_fn)(void *user_data);
typedef int32_t (*httpx_interrupt_fn)(void *user_data);
typedef size_t (*httpx_encoding_fn)(void *user_data, const uint8_t *content, size_t len, char *label, size_t capacity);
typedef void (*httpx_waker_fn)(void *user_data);
typedef void (*httpx_response_fn)(void *user_data, httpx_code code, httpx_response *response, httpx_error *error);
typedef void (*httpx_chunk_fn)(void *user_data, httpx_code code, const uint8_t *data, size_t len, httpx_error *error);
typedef void (*httpx_done_fn)(void *user_data, httpx_code code, httpx_error *error);
typedef int32_t (*httpx_trace_fn)(void *user_data, const char *event, size_t event_len, const char *info, size_t info_len);
typedef void (*httpx_log_fn)(void *user_data, int32_t level, const char *logger, size_t logger_len, const char *message, size_t message_len);
typedef void (*httpx_informational_fn)(void *user_data, const httpx_informational *response);
typedef httpx_code (*httpx_pull_fn)(void *user_data, uint8_t *buffer, size_t capacity, size_t *len);
typedef httpx_code (*httpx_rewind_fn)(void *user_data);
typedef int32_t (*httpx_upload_fn)(void *user_data, uint64_t sent, int64_t total);
httpx_code httpx_upcall_waker(httpx_waker **out, httpx_error **err);
void httpx_waker_wake(httpx_waker *w);
void httpx_waker_free(httpx_waker *w);
#define HTTPX_KIND_ALL 0
#define HTTPX_KIND_ERROR 1
#define HTTPX_KIND_CLIENT_BUILDER 2
#define HTTPX_KIND_CLIENT 3
#define HTTPX_KIND_REQUEST 4
#define HTTPX_KIND_PIPE 5
#define HTTPX_KIND_RESPONSE 6
#define HTTPX_KIND_STREAM 7
#define HTTPX_KIND_QUEUE 8
#define HTTPX_KIND_OP 9
#define HTTPX_KIND_FORM 10
#define HTTPX_KIND_MULTIPART 11
#define HTTPX_KIND_COOKIES 12
#define HTTPX_KIND_TRANSPORT 13
#define HTTPX_KIND_TLS 14
#define HTTPX_KIND_PROXY 15
#define HTTPX_KIND_NETWORK_STREAM 16
#define HTTPX_KIND_URL 17
#define HTTPX_KIND_HEADERS 18
#define HTTPX_KIND_QUERY_PARAMS 19
#define HTTPX_KIND_URL_PARTS 20
#define HTTPX_KIND_CONNECTIONS 21
#define HTTPX_KIND_RESPONSE_BUILDER 22
#define HTTPX_KIND_AUTH 23
#define HTTPX_KIND_REPLY 24
#define HTTPX_KIND_WAKER 25
#define HTTPX_KIND_URL_PATTERN 26
#define HTTPX_KIND_PROXY_MAP 27
#define HTTPX_KIND_FLOW 28
const char *httpx_version(void);
uint32_t httpx_abi_version(void);
int32_t httpx_feature(const char *name, size_t len);
httpx_code httpx_quiesce(double timeout, httpx_error **err);
int64_t httpx_live_handles(int32_t kind);
#define HTTPX_COUNTER_URLS 1
#define HTTPX_COUNTER_HEADER_FIELDS 2
#define HTTPX_COUNTER_COOKIES_STORED 3
#define HTTPX_COUNTER_COOKIES_SENT 4
#define HTTPX_COUNTER_MULTIPARTS 5
#define HTTPX_COUNTER_REDIRECTS 6
#define HTTPX_COUNTER_AUTHORIZATIONS 7
#define HTTPX_COUNTER_BYTES_DECODED 8
#define HTTPX_COUNTER_TEXTS_DECODED 9
#define HTTPX_COUNTER_CONNECTIONS 10
#define HTTPX_COUNTER_REQUESTS 11
int64_t httpx_counter(int32_t what);
httpx_code httpx_error_new(httpx_code code, const char *message, size_t len, const httpx_error *cause, httpx_error **out, httpx_error **err);
httpx_code httpx_error_code(const httpx_error *e);
const char *httpx_error_name(const httpx_error *e);
const char *httpx_error_message(const httpx_error *e, size_t *len);
const httpx_error *httpx_error_cause(const httpx_error *e);
int32_t httpx_error_os_errno(const httpx_error *e);
int32_t httpx_error_tls_alert(const httpx_error *e);
int64_t httpx_error_h2_code(const httpx_error *e);
int32_t httpx_error_is_retryable(const httpx_error *e);
const char *httpx_error_request_method(const httpx_error *e, size_t *len);
const char *httpx_error_request_url(const httpx_error *e, size_t *len);
httpx_code httpx_error_request(const httpx_error *e, httpx_request **out, httpx_error **err);
httpx_code httpx_error_response(const httpx_error *e, httpx_response **out, httpx_error **err);
httpx_error *httpx_error_clone(const httpx_error *e);
void httpx_error_free(httpx_error *e);
httpx_code httpx_url_parse(const char *url, size_t len, httpx_url **out, httpx_error **err);
httpx_url *httpx_url_clone(httpx_url *u);
void httpx_url_free(httpx_url *u);
const char *httpx_url_str(const httpx_url *u, size_t *len);
const char *httpx_url_masked(const httpx_url *u, size_t *len);
const char *httpx_url_scheme(const httpx_url *u, size_t *len);
const char *httpx_url_authority(const httpx_url *u, size_t *len);
const char *httpx_url_userinfo(const httpx_url *u, size_t *len);
const char *httpx_url_username(const httpx_url *u, size_t *len);
const char *httpx_url_password(const httpx_url *u, size_t *len);
const char *httpx_url_host(const httpx_url *u, size_t *len);
const char *httpx_url_raw_host(const httpx_url *u, size_t *len);
httpx_code httpx_url_port(const httpx_url *u, uint16_t *port, httpx_error **err);
const char *httpx_url_netloc(const httpx_url *u, size_t *len);
const char *httpx_url_path(const httpx_url *u, size_t *len);
const char *httpx_url_query(const httpx_url *u, size_t *len);
const char *httpx_url_raw_path(const httpx_url *u, size_t *len);
const char *httpx_url_fragment(const httpx_url *u, size_t *len);
const char *httpx_url_component(const httpx_url *u, int32_t component, size_t *len);
int32_t httpx_url_is_ssl(const httpx_url *u);
int32_t httpx_url_is_absolute_url(const httpx_url *u);
int32_t httpx_url_is_relative_url(const httpx_url *u);
httpx_code httpx_url_params(const httpx_url *u, httpx_query_params **out, httpx_error **err);
httpx_code httpx_url_join(const httpx_url *u, const char *reference, size_t len, httpx_url **out, httpx_error **err);
httpx_code httpx_url_copy_set_param(const httpx_url *u, const char *key, size_t key_len, const char *value, size_t value_len, httpx_url **out, httpx_error **err);
httpx_code httpx_url_copy_add_param(const httpx_url *u, const char *key, size_t key_len, const char *value, size_t value_len, httpx_url **out, httpx_error **err);
httpx_code httpx_url_copy_remove_param(const httpx_url *u, const char *key, size_t key_len, httpx_url **out, httpx_error **err);
httpx_code httpx_url_copy_merge_params(const httpx_url *u, const httpx_query_params *params, httpx_url **out, httpx_error **err);
int32_t httpx_url_equal(const httpx_url *u, const httpx_url *other);
uint64_t httpx_url_hash(const httpx_url *u);
#define HTTPX_URL_SCHEME 1
#define HTTPX_URL_AUTHORITY 2
#define HTTPX_URL_USERINFO 3
#define HTTPX_URL_USERNAME 4
#define HTTPX_URL_PASSWORD 5
#define HTTPX_URL_NETLOC 6
#define HTTPX_URL_HOST 7
#define HTTPX_URL_PORT 8
#define HTTPX_URL_PATH 9
#define HTTPX_URL_QUERY 10
#define HTTPX_URL_RAW_PATH 11
#define HTTPX_URL_FRAGMENT 12
#define HTTPX_URL_PARAMS 13
httpx_code httpx_url_parts_new(httpx_url_parts **out, httpx_error **err);
void httpx_url_parts_free(httpx_url_parts *parts);
httpx_code httpx_url_parts_set(httpx_url_parts *parts, int32_t part, const char *value, size_t len, httpx_error **err);
httpx_code httpx_url_parts_port(httpx_url_parts *parts, int64_t port, httpx_error **err);
httpx_code httpx_url_parts_params(httpx_url_parts *parts, const httpx_query_params *params, httpx_error **err);
httpx_code httpx_url_parts_remove(httpx_url_parts *parts, int32_t part, httpx_error **err);
httpx_code httpx_url_copy_with(const httpx_url *u, const httpx_url_parts *parts, httpx_url **out, httpx_error **err);
httpx_code httpx_url_parse_with(const char *url, size_t len, const httpx_url_parts *parts, httpx_url **out, httpx_error **err);
httpx_code httpx_url_pattern_new(const char *pattern, size_t len, httpx_url_pattern **out, httpx_error **err);
httpx_url_pattern *httpx_url_pattern_clone(httpx_url_pattern *p);
void httpx_url_pattern_free(httpx_url_pattern *p);
const char *httpx_url_pattern_str(const httpx_url_pattern *p, size_t *len);
int32_t httpx_url_pattern_matches(const httpx_url_pattern *p, const httpx_url *u);
int32_t httpx_url_pattern_compare(const httpx_url_pattern *p, const httpx_url_pattern *other);
int32_t httpx_url_pattern_equal(const httpx_url_pattern *p, const httpx_url_pattern *other);
uint64_t httpx_url_pattern_hash(const httpx_url_pattern *p);
httpx_code httpx_environment_proxies(httpx_proxy_map **out, httpx_error **err);
void httpx_proxy_map_free(httpx_proxy_map *m);
size_t httpx_proxy_map_count(const httpx_proxy_map *m);
httpx_code httpx_proxy_map_at(const httpx_proxy_map *m, size_t index, const char **pattern, size_t *pattern_len, const char **url, size_t *url_len, httpx_error **err);
httpx_code httpx_query_params_parse(const char *query, size_t len, httpx_query_params **out, httpx_error **err);
httpx_code httpx_query_params_from_form(const httpx_form *form, httpx_query_params **out, httpx_error **err);
httpx_query_params *httpx_query_params_clone(httpx_query_params *p);
void httpx_query_params_free(httpx_query_params *p);
const char *httpx_query_params_str(const httpx_query_params *p, size_t *len);
size_t httpx_query_params_count(const httpx_query_params *p);
httpx_code httpx_query_params_item_at(const httpx_query_params *p, size_t index, const char **key, size_t *key_len, const char **value, size_t *value_len, httpx_error **err);
size_t httpx_query_params_multi_count(const httpx_query_params *p);
httpx_code httpx_query_params_multi_item_at(const httpx_query_params *p, size_t index, const char **key, size_t *key_len, const char **value, size_t *value_len, httpx_error **err);
httpx_code httpx_query_params_get(const httpx_query_params *p, const char *key, size_t key_len, const char **value, size_t *value_len, httpx_error **err);
httpx_code httpx_query_params_get_list_at(const httpx_query_params *p, const char *key, size_t key_len, size_t index, const char **value, size_t *value_len, httpx_error **err);
httpx_code httpx_query_params_set(const httpx_query_params *p, const char *key, size_t key_len, const char *value, size_t value_len, httpx_query_params **out, httpx_error **err);
httpx_code httpx_query_params_add(const httpx_query_params *p, const char *key, size_t key_len, const char *value, size_t value_len, httpx_query_params **out, httpx_error **err);
httpx_code httpx_query_params_remove(const httpx_query_params *p, const char *key, size_t key_len, httpx_query_params **out, httpx_error **err);
httpx_code httpx_query_params_merge(const httpx_query_params *p, const httpx_query_params *other, httpx_query_params **out, httpx_error **err);
int32_t httpx_query_params_equal(const httpx_query_params *p, const httpx_query_params *other);
uint64_t httpx_query_params_hash(const httpx_query_params *p);
httpx_code httpx_client_builder_params(httpx_client_builder *b, const httpx_query_params *params, httpx_error **err);
httpx_code httpx_request_params(httpx_request *r, const httpx_query_params *params, int32_t merge, httpx_error **err);
httpx_code httpx_headers_new(httpx_headers **out, httpx_error **err);
httpx_code httpx_headers_copy(const httpx_headers *h, httpx_headers **out, httpx_error **err);
void httpx_headers_free(httpx_headers *h);
size_t httpx_headers_count(const httpx_headers *h);
httpx_code httpx_headers_at(const httpx_headers *h, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_headers_item_at(const httpx_headers *h, size_t index, const char **name, size_t *name_len, const char **value, size_t *value_len, httpx_error **err);
httpx_code httpx_headers_key_at(const httpx_headers *h, size_t index, const char **name, size_t *name_len, httpx_error **err);
httpx_code httpx_headers_get(const httpx_headers *h, const char *name, size_t name_len, const char **value, size_t *value_len, httpx_error **err);
httpx_code httpx_headers_get_list_at(const httpx_headers *h, const char *name, size_t name_len, int32_t split_commas, size_t index, const char **value, size_t *value_len, httpx_error **err);
httpx_code httpx_headers_set(httpx_headers *h, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_headers_add(httpx_headers *h, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_headers_set_default(httpx_headers *h, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_headers_remove(httpx_headers *h, const char *name, size_t name_len, httpx_error **err);
httpx_code httpx_headers_update(httpx_headers *h, const httpx_headers *other, httpx_error **err);
int32_t httpx_headers_equal(const httpx_headers *h, const httpx_headers *other);
const char *httpx_headers_encoding(const httpx_headers *h);
httpx_code httpx_headers_set_encoding(httpx_headers *h, const char *label, size_t len, httpx_error **err);
httpx_code httpx_headers_repr(const httpx_headers *h, const char **text, size_t *len, httpx_error **err);
httpx_code httpx_headers_set_lenient(httpx_headers *h, int32_t lenient, httpx_error **err);
httpx_code httpx_request_redirect_headers(const httpx_request *r, const httpx_url *u, const char *method, size_t len, httpx_headers **out, httpx_error **err);
httpx_code httpx_response_headers(const httpx_response *r, httpx_headers **out, httpx_error **err);
httpx_code httpx_request_headers(const httpx_request *r, httpx_headers **out, httpx_error **err);
httpx_code httpx_request_set_headers(httpx_request *r, const httpx_headers *h, httpx_error **err);
httpx_code httpx_client_builder_set_headers(httpx_client_builder *b, const httpx_headers *h, httpx_error **err);
httpx_code httpx_client_builder_headers(httpx_client_builder *b, const httpx_headers *h, httpx_error **err);
httpx_code httpx_client_builder_new(httpx_client_builder **out, httpx_error **err);
void httpx_client_builder_free(httpx_client_builder *b);
httpx_code httpx_client_builder_timeout(httpx_client_builder *b, double connect, double read, double write, double pool, httpx_error **err);
httpx_code httpx_client_builder_limits(httpx_client_builder *b, size_t max_connections, size_t max_keepalive, double keepalive_expiry, httpx_error **err);
httpx_code httpx_client_builder_header(httpx_client_builder *b, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_client_builder_verify(httpx_client_builder *b, int32_t verify, httpx_error **err);
httpx_code httpx_client_builder_ca_pem(httpx_client_builder *b, const uint8_t *pem, size_t len, httpx_error **err);
httpx_code httpx_client_builder_ca_file(httpx_client_builder *b, const char *file, size_t len, httpx_error **err);
httpx_code httpx_client_builder_unix_socket(httpx_client_builder *b, const char *socket, size_t len, httpx_error **err);
httpx_code httpx_client_builder_base_url(httpx_client_builder *b, const char *url, size_t len, httpx_error **err);
httpx_code httpx_client_builder_param(httpx_client_builder *b, const char *key, size_t key_len, const char *value, size_t value_len, httpx_error **err);
httpx_code httpx_client_builder_auth_basic(httpx_client_builder *b, const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_client_builder_auth_digest(httpx_client_builder *b, const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_client_builder_auth_netrc(httpx_client_builder *b, const char *file, size_t len, httpx_error **err);
httpx_code httpx_client_builder_resolve(httpx_client_builder *b, const char *name, size_t name_len, uint32_t port, const char *address, size_t address_len, httpx_error **err);
httpx_code httpx_client_builder_retries(httpx_client_builder *b, uint32_t retries, httpx_error **err);
httpx_code httpx_client_builder_proxy(httpx_client_builder *b, const httpx_proxy *proxy, httpx_error **err);
httpx_code httpx_client_builder_proxy_for(httpx_client_builder *b, const char *pattern, size_t len, const httpx_proxy *proxy, httpx_error **err);
httpx_code httpx_client_builder_local_address(httpx_client_builder *b, const char *address, size_t len, httpx_error **err);
httpx_code httpx_client_builder_socket_option(httpx_client_builder *b, int32_t level, int32_t option, const uint8_t *value, size_t len, httpx_error **err);
httpx_code httpx_client_builder_redirects(httpx_client_builder *b, int32_t follow, size_t max_redirects, httpx_error **err);
httpx_code httpx_client_builder_redirects_keep_content_type(httpx_client_builder *b, int32_t keep, httpx_error **err);
httpx_code httpx_client_builder_trust_env(httpx_client_builder *b, int32_t trust, httpx_error **err);
httpx_code httpx_client_builder_interrupt(httpx_client_builder *b, httpx_interrupt_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_client_builder_header_limits(httpx_client_builder *b, size_t max_bytes, size_t max_fields, httpx_error **err);
httpx_code httpx_client_builder_max_response_bytes(httpx_client_builder *b, uint64_t max_bytes, httpx_error **err);
httpx_code httpx_client_builder_build(const httpx_client_builder *b, httpx_client **out, httpx_error **err);
httpx_code httpx_client_builder_http1(httpx_client_builder *b, int32_t enabled, httpx_error **err);
httpx_code httpx_client_builder_http2(httpx_client_builder *b, int32_t enabled, httpx_error **err);
httpx_code httpx_client_builder_http2_windows(httpx_client_builder *b, uint32_t stream, uint32_t connection, httpx_error **err);
httpx_code httpx_client_builder_http2_max_streams(httpx_client_builder *b, size_t max, httpx_error **err);
httpx_code httpx_client_builder_http2_ping(httpx_client_builder *b, double interval, double timeout, httpx_error **err);
httpx_code httpx_client_builder_max_per_host(httpx_client_builder *b, size_t max, httpx_error **err);
httpx_code httpx_client_builder_decode_limits(httpx_client_builder *b, uint64_t max_bytes, uint32_t max_ratio, size_t max_chain, httpx_error **err);
httpx_code httpx_client_builder_allow_truncated(httpx_client_builder *b, int32_t allowed, httpx_error **err);
httpx_code httpx_client_builder_default_encoding(httpx_client_builder *b, const char *label, size_t len, httpx_error **err);
httpx_code httpx_client_builder_default_encoding_fn(httpx_client_builder *b, httpx_encoding_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_client_builder_max_line(httpx_client_builder *b, size_t max_bytes, httpx_error **err);
#define HTTPX_ROOTS_DEFAULT 0
#define HTTPX_ROOTS_NONE 1
#define HTTPX_ROOTS_BUNDLED 2
#define HTTPX_ROOTS_SYSTEM 3
#define HTTPX_TLS_1_2 771
#define HTTPX_TLS_1_3 772
httpx_code httpx_tls_new(httpx_tls **out, httpx_error **err);
void httpx_tls_free(httpx_tls *t);
httpx_code httpx_tls_verify(httpx_tls *t, int32_t verify, httpx_error **err);
httpx_code httpx_tls_check_hostname(httpx_tls *t, int32_t check, httpx_error **err);
httpx_code httpx_tls_roots(httpx_tls *t, int32_t roots, httpx_error **err);
httpx_code httpx_tls_ca_data(httpx_tls *t, const uint8_t *data, size_t len, httpx_error **err);
httpx_code httpx_tls_ca_path(httpx_tls *t, const char *ca, size_t len, httpx_error **err);
httpx_code httpx_tls_cert_data(httpx_tls *t, const uint8_t *cert, size_t cert_len, const uint8_t *key, size_t key_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_tls_cert_file(httpx_tls *t, const char *cert, size_t cert_len, const char *key, size_t key_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_tls_versions(httpx_tls *t, int32_t min, int32_t max, httpx_error **err);
httpx_code httpx_tls_key_log(httpx_tls *t, const char *file, size_t len, httpx_error **err);
httpx_code httpx_client_builder_tls(httpx_client_builder *b, const httpx_tls *t, httpx_error **err);
httpx_code httpx_proxy_new(const char *url, size_t len, httpx_proxy **out, httpx_error **err);
void httpx_proxy_free(httpx_proxy *p);
httpx_code httpx_proxy_auth(httpx_proxy *p, const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_proxy_auth_digest(httpx_proxy *p, const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_proxy_auth_flow(httpx_proxy *p, const httpx_auth *auth, httpx_error **err);
httpx_code httpx_proxy_header(httpx_proxy *p, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_proxy_tls(httpx_proxy *p, const httpx_tls *t, httpx_error **err);
httpx_code httpx_proxy_local_dns(httpx_proxy *p, int32_t local, httpx_error **err);
httpx_code httpx_proxy_share_forwarding(httpx_proxy *p, int32_t share, httpx_error **err);
#define HTTPX_SEND_STREAM 1
#define HTTPX_SEND_FOLLOW_REDIRECTS 2
#define HTTPX_SEND_NO_REDIRECTS 4
httpx_client *httpx_client_clone(httpx_client *c);
void httpx_client_free(httpx_client *c);
httpx_code httpx_client_close(httpx_client *c, double drain_seconds, httpx_error **err);
httpx_code httpx_client_merge_url(const httpx_client *c, const char *url, size_t len, httpx_url **out, httpx_error **err);
httpx_code httpx_client_get(httpx_client *c, const char *url, size_t len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_send(httpx_client *c, httpx_request *r, uint32_t flags, httpx_response **out, httpx_error **err);
httpx_code httpx_client_send_async(httpx_client *c, httpx_request *r, uint32_t flags, httpx_queue *q, httpx_response_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_client_connections(httpx_client *c, size_t *active, size_t *idle, size_t *waiting, httpx_error **err);
#define HTTPX_OPTION_HEADERS 1
#define HTTPX_OPTION_PARAMS 2
#define HTTPX_OPTION_AUTH 4
#define HTTPX_OPTION_BASE_URL 8
#define HTTPX_OPTION_TIMEOUTS 16
#define HTTPX_OPTION_REDIRECTS 32
#define HTTPX_OPTION_EVENT_HOOKS 64
httpx_code httpx_client_to_builder(const httpx_client *c, httpx_client_builder **out, httpx_error **err);
httpx_code httpx_client_configure(httpx_client *c, const httpx_client_builder *b, uint32_t what, httpx_error **err);
httpx_code httpx_client_open(httpx_client *c, httpx_error **err);
int32_t httpx_client_is_closed(const httpx_client *c);
httpx_code httpx_client_builder_auth_none(httpx_client_builder *b, httpx_error **err);
httpx_code httpx_client_builder_merge_params(httpx_client_builder *b, int32_t merge, httpx_error **err);
httpx_code httpx_client_builder_get_timeout(const httpx_client_builder *b, double *connect, double *read, double *write, double *pool, httpx_error **err);
httpx_code httpx_client_builder_get_redirects(const httpx_client_builder *b, int32_t *follow, size_t *max_redirects, httpx_error **err);
int32_t httpx_client_builder_get_trust_env(const httpx_client_builder *b);
httpx_code httpx_client_builder_get_base_url(const httpx_client_builder *b, const char **url, size_t *len, httpx_error **err);
httpx_code httpx_client_builder_get_params(const httpx_client_builder *b, const char **params, size_t *len, httpx_error **err);
size_t httpx_client_builder_header_count(const httpx_client_builder *b);
httpx_code httpx_client_builder_header_at(const httpx_client_builder *b, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_client_head(httpx_client *c, const char *url, size_t len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_options(httpx_client *c, const char *url, size_t len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_delete(httpx_client *c, const char *url, size_t len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_post(httpx_client *c, const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_put(httpx_client *c, const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_patch(httpx_client *c, const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, httpx_response **out, httpx_error **err);
httpx_code httpx_client_request(httpx_client *c, const char *method, size_t method_len, const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, uint32_t flags, httpx_response **out, httpx_error **err);
httpx_code httpx_get(const char *url, size_t len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_head(const char *url, size_t len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_options(const char *url, size_t len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_delete(const char *url, size_t len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_post(const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_put(const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_patch(const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_fetch(const char *method, size_t method_len, const char *url, size_t len, const uint8_t *body, size_t body_len, const char *content_type, size_t content_type_len, uint32_t flags, const httpx_client_builder *b, httpx_response **out, httpx_error **err);
httpx_code httpx_response_next(const httpx_response *r, httpx_client *c, uint32_t flags, httpx_response **out, httpx_error **err);
httpx_code httpx_transport_new(const httpx_client_builder *b, httpx_transport **out, httpx_error **err);
httpx_transport *httpx_transport_clone(httpx_transport *t);
void httpx_transport_free(httpx_transport *t);
httpx_code httpx_client_transport_for_url(const httpx_client *c, const httpx_url *u, httpx_transport **out, httpx_error **err);
int32_t httpx_transport_equal(const httpx_transport *t, const httpx_transport *other);
const char *httpx_transport_proxy_url(const httpx_transport *t, size_t *len);
httpx_code httpx_transport_close(httpx_transport *t, double drain_seconds, httpx_error **err);
httpx_code httpx_transport_request_new(httpx_transport *t, const char *method, size_t method_len, const char *url, size_t url_len, httpx_request **out, httpx_error **err);
httpx_code httpx_transport_send(httpx_transport *t, httpx_request *r, httpx_response **out, httpx_error **err);
httpx_code httpx_transport_send_async(httpx_transport *t, httpx_request *r, httpx_queue *q, httpx_response_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_transport_connections(httpx_transport *t, size_t *active, size_t *idle, size_t *waiting, httpx_error **err);
httpx_code httpx_client_builder_transport(httpx_client_builder *b, httpx_transport *t, httpx_error **err);
httpx_code httpx_client_builder_mount(httpx_client_builder *b, const char *pattern, size_t len, httpx_transport *t, httpx_error **err);
#define HTTPX_TRANSPORT_REQUEST_BODY 1
typedef void (*httpx_transport_handle_fn)(void *user_data, httpx_request *request, httpx_reply *reply);
typedef void (*httpx_transport_close_fn)(void *user_data);
typedef struct httpx_transport_vtable {
    size_t size;
    uint32_t flags;
    httpx_transport_handle_fn handle;
    httpx_transport_close_fn close;
    httpx_destroy_fn destroy;
} httpx_transport_vtable;
httpx_code httpx_transport_custom(const httpx_transport_vtable *table, void *user_data, httpx_transport **out, httpx_error **err);
httpx_code httpx_reply_read(httpx_reply *r, const uint8_t **data, size_t *len, httpx_error **err);
httpx_code httpx_reply_read_async(httpx_reply *r, httpx_queue *q, httpx_chunk_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
int32_t httpx_reply_is_wanted(const httpx_reply *r);
httpx_code httpx_reply_header(httpx_reply *r, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_reply_reason_phrase(httpx_reply *r, const char *reason, size_t len, httpx_error **err);
httpx_code httpx_reply_trailer(httpx_reply *r, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_reply_send(httpx_reply *r, int32_t status_code, const uint8_t *content, size_t len, httpx_error **err);
httpx_code httpx_reply_stream(httpx_reply *r, int32_t status_code, int64_t content_length, size_t capacity, httpx_pipe **writer, httpx_error **err);
httpx_code httpx_reply_response(httpx_reply *r, httpx_response *response, httpx_error **err);
httpx_code httpx_reply_fail(httpx_reply *r, httpx_code code, const char *message, size_t len, httpx_error **err);
void httpx_reply_free(httpx_reply *r);
httpx_code httpx_request_new(httpx_client *c, const char *method, size_t method_len, const char *url, size_t url_len, httpx_request **out, httpx_error **err);
httpx_code httpx_request_clone(const httpx_request *r, httpx_request **out, httpx_error **err);
void httpx_request_free(httpx_request *r);
const char *httpx_request_method(const httpx_request *r, size_t *len);
const char *httpx_request_url(const httpx_request *r, size_t *len);
httpx_code httpx_request_set_method(httpx_request *r, const char *method, size_t len, httpx_error **err);
httpx_code httpx_request_set_url(httpx_request *r, const char *url, size_t len, httpx_error **err);
httpx_code httpx_request_param(httpx_request *r, const char *key, size_t key_len, const char *value, size_t value_len, int32_t add, httpx_error **err);
size_t httpx_request_header_count(const httpx_request *r);
httpx_code httpx_request_header_at(const httpx_request *r, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_request_header_set(httpx_request *r, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_request_header_add(httpx_request *r, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_request_header_remove(httpx_request *r, const char *name, size_t name_len, httpx_error **err);
httpx_code httpx_request_keep_headers(httpx_request *r, httpx_error **err);
httpx_code httpx_request_timeout(httpx_request *r, double connect, double read, double write, double pool, httpx_error **err);
httpx_code httpx_request_deadline(httpx_request *r, double total, httpx_error **err);
httpx_code httpx_request_auth_basic(httpx_request *r, const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_error **err);
httpx_code httpx_request_auth_none(httpx_request *r, httpx_error **err);
httpx_code httpx_request_auth_default(httpx_request *r, httpx_error **err);
httpx_code httpx_request_target(httpx_request *r, const char *target, size_t len, httpx_error **err);
httpx_code httpx_request_server_name(httpx_request *r, const char *name, size_t len, httpx_error **err);
httpx_code httpx_request_body_bytes(httpx_request *r, const uint8_t *data, size_t len, httpx_error **err);
httpx_code httpx_request_body_owned(httpx_request *r, const uint8_t *data, size_t len, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_request_body_json(httpx_request *r, const char *json, size_t len, httpx_error **err);
httpx_code httpx_request_body_file(httpx_request *r, const char *file, size_t len, httpx_error **err);
httpx_code httpx_request_body_pipe(httpx_request *r, int64_t content_length, size_t capacity, httpx_pipe **writer, httpx_error **err);
httpx_code httpx_request_cookies(httpx_request *r, const httpx_cookies *cookies, httpx_error **err);
httpx_code httpx_request_header_override(httpx_request *r, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_request_set_user_data(httpx_request *r, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
void *httpx_request_user_data(const httpx_request *r);
httpx_code httpx_request_transport(httpx_request *r, const httpx_transport *t, httpx_error **err);
httpx_code httpx_request_body_fd(httpx_request *r, intptr_t fd, httpx_error **err);
httpx_code httpx_request_body_pull(httpx_request *r, int64_t content_length, httpx_pull_fn fn_, httpx_rewind_fn rewind, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_request_on_upload(httpx_request *r, httpx_upload_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_request_content(const httpx_request *r, const uint8_t **content, size_t *len, httpx_error **err);
httpx_code httpx_request_read(httpx_request *r, const uint8_t **content, size_t *len, httpx_error **err);
#define HTTPX_LOG_DEBUG 10
#define HTTPX_LOG_INFO 20
httpx_code httpx_request_expect_continue(httpx_request *r, double timeout, httpx_error **err);
httpx_code httpx_request_on_informational(httpx_request *r, httpx_informational_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
int32_t httpx_informational_status_code(const httpx_informational *i);
size_t httpx_informational_header_count(const httpx_informational *i);
httpx_code httpx_informational_header_at(const httpx_informational *i, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_request_trace(httpx_request *r, httpx_trace_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_client_builder_trace(httpx_client_builder *b, httpx_trace_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_client_builder_log(httpx_client_builder *b, httpx_log_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_client_log_level(httpx_client *c, int32_t level, httpx_error **err);
httpx_code httpx_transport_log_level(httpx_transport *t, int32_t level, httpx_error **err);
typedef httpx_code (*httpx_request_hook_fn)(void *user_data, httpx_request *request, httpx_error **error);
typedef httpx_code (*httpx_response_hook_fn)(void *user_data, httpx_response *response, httpx_error **error);
httpx_code httpx_client_builder_on_request(httpx_client_builder *b, httpx_request_hook_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_client_builder_on_response(httpx_client_builder *b, httpx_response_hook_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
#define HTTPX_AUTH_REQUEST_BODY 1
#define HTTPX_AUTH_RESPONSE_BODY 2
typedef httpx_code (*httpx_auth_new_flow_fn)(void *user_data, httpx_request *request, void **flow, httpx_error **error);
typedef httpx_code (*httpx_auth_next_fn)(void *user_data, void *flow, httpx_request *request, httpx_response *response, httpx_request **next, httpx_error **error);
typedef void (*httpx_auth_destroy_flow_fn)(void *user_data, void *flow);
typedef struct httpx_auth_vtable {
    size_t size;
    uint32_t flags;
    httpx_auth_new_flow_fn new_flow;
    httpx_auth_next_fn next;
    httpx_auth_destroy_flow_fn destroy_flow;
    httpx_destroy_fn destroy;
} httpx_auth_vtable;
httpx_code httpx_auth_basic(const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_auth **out, httpx_error **err);
httpx_code httpx_auth_digest(const uint8_t *username, size_t username_len, const uint8_t *password, size_t password_len, httpx_auth **out, httpx_error **err);
httpx_code httpx_auth_netrc(const char *file, size_t len, httpx_auth **out, httpx_error **err);
httpx_code httpx_auth_function(httpx_request_hook_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_auth **out, httpx_error **err);
httpx_code httpx_auth_flow(const httpx_auth_vtable *table, void *user_data, httpx_auth **out, httpx_error **err);
httpx_auth *httpx_auth_clone(httpx_auth *a);
void httpx_auth_free(httpx_auth *a);
httpx_code httpx_client_builder_auth(httpx_client_builder *b, const httpx_auth *a, httpx_error **err);
httpx_code httpx_request_auth(httpx_request *r, const httpx_auth *a, httpx_error **err);
typedef httpx_code (*httpx_cnonce_fn)(void *user_data, uint32_t nonce_count, const uint8_t *nonce, size_t nonce_len, uint8_t *cnonce, size_t capacity, size_t *len);
httpx_code httpx_auth_digest_cnonce(httpx_auth *a, httpx_cnonce_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
int32_t httpx_auth_requires_request_body(const httpx_auth *a);
int32_t httpx_auth_requires_response_body(const httpx_auth *a);
httpx_code httpx_auth_start(const httpx_auth *a, const httpx_request *r, httpx_flow **out, httpx_error **err);
httpx_code httpx_flow_next(httpx_flow *f, httpx_response *response, httpx_request **next, httpx_error **err);
void httpx_flow_free(httpx_flow *f);
httpx_code httpx_form_new(httpx_form **out, httpx_error **err);
httpx_code httpx_form_add(httpx_form *form, const char *name, size_t name_len, const char *value, size_t value_len, httpx_error **err);
void httpx_form_free(httpx_form *form);
httpx_code httpx_request_body_form(httpx_request *r, httpx_form *form, httpx_error **err);
httpx_code httpx_multipart_new(httpx_multipart **out, httpx_error **err);
httpx_code httpx_multipart_boundary(httpx_multipart *m, const char *boundary, size_t len, httpx_error **err);
httpx_code httpx_multipart_field(httpx_multipart *m, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_multipart_file_bytes(httpx_multipart *m, const char *name, size_t name_len, const char *filename, size_t filename_len, const char *content_type, size_t content_type_len, const uint8_t *data, size_t len, httpx_error **err);
httpx_code httpx_multipart_file_path(httpx_multipart *m, const char *name, size_t name_len, const char *filename, size_t filename_len, const char *content_type, size_t content_type_len, const char *file, size_t file_len, httpx_error **err);
void httpx_multipart_free(httpx_multipart *m);
httpx_code httpx_request_body_multipart(httpx_request *r, httpx_multipart *m, httpx_error **err);
httpx_code httpx_multipart_header(httpx_multipart *m, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_multipart_file_fd(httpx_multipart *m, const char *name, size_t name_len, const char *filename, size_t filename_len, const char *content_type, size_t content_type_len, intptr_t fd, httpx_error **err);
httpx_code httpx_multipart_file_pull(httpx_multipart *m, const char *name, size_t name_len, const char *filename, size_t filename_len, const char *content_type, size_t content_type_len, int64_t content_length, httpx_pull_fn fn_, httpx_rewind_fn rewind, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_pipe_write(httpx_pipe *p, const uint8_t *data, size_t len, size_t *written, httpx_error **err);
httpx_code httpx_pipe_write_all(httpx_pipe *p, const uint8_t *data, size_t len, httpx_error **err);
httpx_code httpx_pipe_writable_async(httpx_pipe *p, httpx_queue *q, httpx_done_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_pipe_finish(httpx_pipe *p, httpx_error **err);
void httpx_pipe_free(httpx_pipe *p);
#define HTTPX_STREAM_RAW 1
#define HTTPX_STREAM_BYTES 2
#define HTTPX_STREAM_TEXT 3
#define HTTPX_STREAM_LINES 4
#define HTTPX_STREAM_NDJSON 5
void httpx_response_free(httpx_response *r);
int32_t httpx_response_status_code(const httpx_response *r);
const char *httpx_response_reason_phrase(const httpx_response *r, size_t *len);
const char *httpx_response_http_version(const httpx_response *r, size_t *len);
const char *httpx_response_url(const httpx_response *r, size_t *len);
size_t httpx_response_header_count(const httpx_response *r);
httpx_code httpx_response_header_at(const httpx_response *r, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_response_header(httpx_response *r, const char *name, size_t name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_response_content(const httpx_response *r, const uint8_t **content, size_t *len, httpx_error **err);
httpx_code httpx_response_text(const httpx_response *r, const char **text, size_t *len, httpx_error **err);
const char *httpx_response_encoding(const httpx_response *r, size_t *len);
httpx_code httpx_response_set_encoding(httpx_response *r, const char *label, size_t len, httpx_error **err);
httpx_code httpx_response_read(httpx_response *r, const uint8_t **content, size_t *len, httpx_error **err);
httpx_code httpx_response_read_async(httpx_response *r, httpx_queue *q, httpx_done_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_response_raise_for_status(httpx_response *r, httpx_error **err);
httpx_code httpx_response_elapsed(const httpx_response *r, double *elapsed, httpx_error **err);
uint64_t httpx_response_num_bytes_downloaded(const httpx_response *r);
int32_t httpx_response_is_closed(const httpx_response *r);
int32_t httpx_response_has_redirect_location(const httpx_response *r);
size_t httpx_response_history_count(const httpx_response *r);
httpx_code httpx_response_history_at(const httpx_response *r, size_t index, httpx_response **out, httpx_error **err);
httpx_code httpx_response_next_request(const httpx_response *r, httpx_request **out, httpx_error **err);
size_t httpx_response_trailer_count(const httpx_response *r);
httpx_code httpx_response_trailer_at(const httpx_response *r, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_response_close(httpx_response *r, httpx_error **err);
httpx_code httpx_response_stream(httpx_response *r, int32_t kind, size_t chunk_size, httpx_stream **out, httpx_error **err);
int32_t httpx_response_is_informational(const httpx_response *r);
int32_t httpx_response_is_success(const httpx_response *r);
int32_t httpx_response_is_redirect(const httpx_response *r);
int32_t httpx_response_is_client_error(const httpx_response *r);
int32_t httpx_response_is_server_error(const httpx_response *r);
int32_t httpx_response_is_error(const httpx_response *r);
int32_t httpx_response_is_stream_consumed(const httpx_response *r);
httpx_code httpx_response_request(const httpx_response *r, httpx_request **out, httpx_error **err);
httpx_code httpx_response_set_headers(httpx_response *r, const httpx_headers *h, httpx_error **err);
httpx_code httpx_response_set_request(httpx_response *r, httpx_request *request, httpx_error **err);
httpx_code httpx_response_set_user_data(httpx_response *r, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
void *httpx_response_user_data(const httpx_response *r);
uint32_t httpx_response_stream_id(const httpx_response *r);
const char *httpx_response_repr(const httpx_response *r, size_t *len);
httpx_code httpx_response_set_history(httpx_response *r, const httpx_response *const *responses, size_t count, httpx_error **err);
const char *httpx_response_charset_encoding(const httpx_response *r, size_t *len);
httpx_code httpx_response_json_text(const httpx_response *r, const char **json, size_t *len, httpx_error **err);
httpx_code httpx_response_set_default_encoding(httpx_response *r, const char *label, size_t len, httpx_error **err);
httpx_code httpx_response_set_default_encoding_fn(httpx_response *r, httpx_encoding_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
size_t httpx_response_link_count(const httpx_response *r);
httpx_code httpx_response_link_at(const httpx_response *r, size_t index, const char **rel, size_t *rel_len, const char **url, size_t *url_len, httpx_error **err);
httpx_code httpx_response_link(const httpx_response *r, const char *rel, size_t rel_len, const char **url, size_t *url_len, httpx_error **err);
size_t httpx_response_link_field_count(const httpx_response *r, size_t index);
httpx_code httpx_response_link_field_at(const httpx_response *r, size_t index, size_t field, const char **name, size_t *name_len, const char **value, size_t *value_len, httpx_error **err);
const char *httpx_response_local_address(const httpx_response *r, size_t *len);
const char *httpx_response_peer_address(const httpx_response *r, size_t *len);
const char *httpx_response_proxy(const httpx_response *r, size_t *len);
const char *httpx_response_tls_version(const httpx_response *r, size_t *len);
const char *httpx_response_tls_cipher(const httpx_response *r, size_t *len);
const char *httpx_response_tls_group(const httpx_response *r, size_t *len);
const char *httpx_response_tls_alpn(const httpx_response *r, size_t *len);
httpx_code httpx_response_socket(const httpx_response *r, intptr_t *fd, httpx_error **err);
int32_t httpx_response_tls_resumed(const httpx_response *r);
httpx_code httpx_response_tls_certificate(const httpx_response *r, size_t index, const uint8_t **der, size_t *len, httpx_error **err);
#define HTTPX_TIMING_QUEUE 1
#define HTTPX_TIMING_DNS 2
#define HTTPX_TIMING_CONNECT 3
#define HTTPX_TIMING_PROXY 4
#define HTTPX_TIMING_TLS 5
#define HTTPX_TIMING_SEND 6
#define HTTPX_TIMING_FIRST_BYTE 7
#define HTTPX_TIMING_BODY 8
#define HTTPX_TIMING_TOTAL 9
httpx_code httpx_response_timing(const httpx_response *r, int32_t what, double *seconds, httpx_error **err);
uint64_t httpx_response_bytes_sent(const httpx_response *r);
int32_t httpx_response_is_reused(const httpx_response *r);
httpx_code httpx_stream_next(httpx_stream *s, const uint8_t **data, size_t *len, httpx_error **err);
httpx_code httpx_stream_next_async(httpx_stream *s, httpx_queue *q, httpx_chunk_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
uint64_t httpx_stream_num_bytes_downloaded(const httpx_stream *s);
httpx_code httpx_stream_close(httpx_stream *s, httpx_error **err);
void httpx_stream_free(httpx_stream *s);
httpx_code httpx_response_serialize(httpx_response *r, const uint8_t **data, size_t *len, httpx_error **err);
httpx_code httpx_response_deserialize(const uint8_t *data, size_t len, httpx_response **out, httpx_error **err);
httpx_code httpx_response_builder_new(int32_t status, httpx_response_builder **out, httpx_error **err);
void httpx_response_builder_free(httpx_response_builder *b);
httpx_code httpx_response_builder_http_version(httpx_response_builder *b, const char *version, size_t len, httpx_error **err);
httpx_code httpx_response_builder_reason_phrase(httpx_response_builder *b, const char *reason, size_t len, httpx_error **err);
httpx_code httpx_response_builder_header(httpx_response_builder *b, const char *name, size_t name_len, const uint8_t *value, size_t value_len, httpx_error **err);
httpx_code httpx_response_builder_headers(httpx_response_builder *b, const httpx_headers *h, httpx_error **err);
httpx_code httpx_response_builder_content(httpx_response_builder *b, const uint8_t *data, size_t len, httpx_error **err);
httpx_code httpx_response_builder_text(httpx_response_builder *b, const char *data, size_t len, httpx_error **err);
httpx_code httpx_response_builder_html(httpx_response_builder *b, const char *html, size_t len, httpx_error **err);
httpx_code httpx_response_builder_json(httpx_response_builder *b, const char *json, size_t len, httpx_error **err);
httpx_code httpx_response_builder_body_pull(httpx_response_builder *b, int64_t content_length, httpx_pull_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_response_builder_request(httpx_response_builder *b, httpx_request *request, httpx_error **err);
httpx_code httpx_response_builder_build(httpx_response_builder *b, httpx_response **out, httpx_error **err);
#define HTTPX_STATUS_CONTINUE 100
#define HTTPX_STATUS_SWITCHING_PROTOCOLS 101
#define HTTPX_STATUS_PROCESSING 102
#define HTTPX_STATUS_EARLY_HINTS 103
#define HTTPX_STATUS_OK 200
#define HTTPX_STATUS_CREATED 201
#define HTTPX_STATUS_ACCEPTED 202
#define HTTPX_STATUS_NON_AUTHORITATIVE_INFORMATION 203
#define HTTPX_STATUS_NO_CONTENT 204
#define HTTPX_STATUS_RESET_CONTENT 205
#define HTTPX_STATUS_PARTIAL_CONTENT 206
#define HTTPX_STATUS_MULTI_STATUS 207
#define HTTPX_STATUS_ALREADY_REPORTED 208
#define HTTPX_STATUS_IM_USED 226
#define HTTPX_STATUS_MULTIPLE_CHOICES 300
#define HTTPX_STATUS_MOVED_PERMANENTLY 301
#define HTTPX_STATUS_FOUND 302
#define HTTPX_STATUS_SEE_OTHER 303
#define HTTPX_STATUS_NOT_MODIFIED 304
#define HTTPX_STATUS_USE_PROXY 305
#define HTTPX_STATUS_TEMPORARY_REDIRECT 307
#define HTTPX_STATUS_PERMANENT_REDIRECT 308
#define HTTPX_STATUS_BAD_REQUEST 400
#define HTTPX_STATUS_UNAUTHORIZED 401
#define HTTPX_STATUS_PAYMENT_REQUIRED 402
#define HTTPX_STATUS_FORBIDDEN 403
#define HTTPX_STATUS_NOT_FOUND 404
#define HTTPX_STATUS_METHOD_NOT_ALLOWED 405
#define HTTPX_STATUS_NOT_ACCEPTABLE 406
#define HTTPX_STATUS_PROXY_AUTHENTICATION_REQUIRED 407
#define HTTPX_STATUS_REQUEST_TIMEOUT 408
#define HTTPX_STATUS_CONFLICT 409
#define HTTPX_STATUS_GONE 410
#define HTTPX_STATUS_LENGTH_REQUIRED 411
#define HTTPX_STATUS_PRECONDITION_FAILED 412
#define HTTPX_STATUS_REQUEST_ENTITY_TOO_LARGE 413
#define HTTPX_STATUS_REQUEST_URI_TOO_LONG 414
#define HTTPX_STATUS_UNSUPPORTED_MEDIA_TYPE 415
#define HTTPX_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE 416
#define HTTPX_STATUS_EXPECTATION_FAILED 417
#define HTTPX_STATUS_IM_A_TEAPOT 418
#define HTTPX_STATUS_MISDIRECTED_REQUEST 421
#define HTTPX_STATUS_UNPROCESSABLE_ENTITY 422
#define HTTPX_STATUS_LOCKED 423
#define HTTPX_STATUS_FAILED_DEPENDENCY 424
#define HTTPX_STATUS_TOO_EARLY 425
#define HTTPX_STATUS_UPGRADE_REQUIRED 426
#define HTTPX_STATUS_PRECONDITION_REQUIRED 428
#define HTTPX_STATUS_TOO_MANY_REQUESTS 429
#define HTTPX_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE 431
#define HTTPX_STATUS_UNAVAILABLE_FOR_LEGAL_REASONS 451
#define HTTPX_STATUS_INTERNAL_SERVER_ERROR 500
#define HTTPX_STATUS_NOT_IMPLEMENTED 501
#define HTTPX_STATUS_BAD_GATEWAY 502
#define HTTPX_STATUS_SERVICE_UNAVAILABLE 503
#define HTTPX_STATUS_GATEWAY_TIMEOUT 504
#define HTTPX_STATUS_HTTP_VERSION_NOT_SUPPORTED 505
#define HTTPX_STATUS_VARIANT_ALSO_NEGOTIATES 506
#define HTTPX_STATUS_INSUFFICIENT_STORAGE 507
#define HTTPX_STATUS_LOOP_DETECTED 508
#define HTTPX_STATUS_NOT_EXTENDED 510
#define HTTPX_STATUS_NETWORK_AUTHENTICATION_REQUIRED 511
const char *httpx_status_reason_phrase(int32_t status);
const char *httpx_status_name(int32_t status);
int32_t httpx_status_by_name(const char *name, size_t len);
int32_t httpx_status_is_informational(int32_t status);
int32_t httpx_status_is_success(int32_t status);
int32_t httpx_status_is_redirect(int32_t status);
int32_t httpx_status_is_client_error(int32_t status);
int32_t httpx_status_is_server_error(int32_t status);
int32_t httpx_status_is_error(int32_t status);
httpx_code httpx_response_network_stream(httpx_response *r, httpx_network_stream **out, httpx_error **err);
httpx_code httpx_network_stream_read(httpx_network_stream *s, size_t max, double timeout, const uint8_t **data, size_t *len, httpx_error **err);
httpx_code httpx_network_stream_read_async(httpx_network_stream *s, size_t max, double timeout, httpx_queue *q, httpx_chunk_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_network_stream_write(httpx_network_stream *s, const uint8_t *data, size_t len, double timeout, httpx_error **err);
httpx_code httpx_network_stream_write_async(httpx_network_stream *s, const uint8_t *data, size_t len, double timeout, httpx_queue *q, httpx_done_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_network_stream_start_tls(httpx_network_stream *s, httpx_client *c, const char *server_name, size_t server_name_len, double timeout, httpx_error **err);
httpx_code httpx_network_stream_start_tls_async(httpx_network_stream *s, httpx_client *c, const char *server_name, size_t server_name_len, double timeout, httpx_queue *q, httpx_done_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_network_stream_start_tls_with(httpx_network_stream *s, const httpx_tls *t, const char *server_name, size_t server_name_len, double timeout, httpx_error **err);
httpx_code httpx_network_stream_start_tls_with_async(httpx_network_stream *s, const httpx_tls *t, const char *server_name, size_t server_name_len, double timeout, httpx_queue *q, httpx_done_fn done, void *user_data, httpx_destroy_fn destroy, httpx_op **op, httpx_error **err);
httpx_code httpx_network_stream_socket(const httpx_network_stream *s, intptr_t *fd, httpx_error **err);
int32_t httpx_network_stream_is_readable(const httpx_network_stream *s);
const char *httpx_network_stream_local_address(const httpx_network_stream *s, size_t *len);
const char *httpx_network_stream_peer_address(const httpx_network_stream *s, size_t *len);
const char *httpx_network_stream_tls_version(const httpx_network_stream *s, size_t *len);
const char *httpx_network_stream_tls_cipher(const httpx_network_stream *s, size_t *len);
const char *httpx_network_stream_tls_alpn(const httpx_network_stream *s, size_t *len);
httpx_code httpx_network_stream_tls_certificate(const httpx_network_stream *s, size_t index, const uint8_t **der, size_t *len, httpx_error **err);
httpx_code httpx_network_stream_close(httpx_network_stream *s, httpx_error **err);
void httpx_network_stream_free(httpx_network_stream *s);
#define HTTPX_CONNECTION_CONNECTING 1
#define HTTPX_CONNECTION_ACTIVE 2
#define HTTPX_CONNECTION_IDLE 3
httpx_code httpx_client_connection_list(httpx_client *c, httpx_connections **out, httpx_error **err);
httpx_code httpx_transport_connection_list(httpx_transport *t, httpx_connections **out, httpx_error **err);
void httpx_connections_free(httpx_connections *list);
size_t httpx_connections_len(const httpx_connections *list);
const char *httpx_connections_origin(const httpx_connections *list, size_t i, size_t *len);
const char *httpx_connections_proxy(const httpx_connections *list, size_t i, size_t *len);
int32_t httpx_connections_state(const httpx_connections *list, size_t i);
int32_t httpx_connections_is_http2(const httpx_connections *list, size_t i);
uint64_t httpx_connections_requests(const httpx_connections *list, size_t i);
double httpx_connections_age(const httpx_connections *list, size_t i);
const char *httpx_connections_repr(const httpx_connections *list, size_t i, size_t *len);
const char *httpx_connections_pool_repr(const httpx_connections *list, size_t *len);
#define HTTPX_SAME_SITE_UNSET 0
#define HTTPX_SAME_SITE_NONE 1
#define HTTPX_SAME_SITE_LAX 2
#define HTTPX_SAME_SITE_STRICT 3
httpx_code httpx_cookies_new(httpx_cookies **out, httpx_error **err);
httpx_code httpx_cookies_copy(httpx_cookies *cookies, httpx_cookies **out, httpx_error **err);
void httpx_cookies_free(httpx_cookies *cookies);
httpx_code httpx_cookies_set(httpx_cookies *cookies, const char *name, size_t name_len, const uint8_t *value, size_t value_len, const char *domain, size_t domain_len, const char *cookie_path, size_t path_len, httpx_error **err);
httpx_code httpx_cookies_add(httpx_cookies *cookies, const char *name, size_t name_len, const uint8_t *value, size_t value_len, const char *domain, size_t domain_len, const char *cookie_path, size_t path_len, int32_t secure, int32_t http_only, int32_t same_site, int64_t expires, httpx_error **err);
httpx_code httpx_cookies_get(httpx_cookies *cookies, const char *name, size_t name_len, const char *domain, size_t domain_len, const char *cookie_path, size_t path_len, const uint8_t **value, size_t *value_len, httpx_error **err);
httpx_code httpx_cookies_delete(httpx_cookies *cookies, const char *name, size_t name_len, const char *domain, size_t domain_len, const char *cookie_path, size_t path_len, httpx_error **err);
httpx_code httpx_cookies_clear(httpx_cookies *cookies, const char *domain, size_t domain_len, const char *cookie_path, size_t path_len, httpx_error **err);
size_t httpx_cookies_count(const httpx_cookies *cookies);
httpx_code httpx_cookies_at(httpx_cookies *cookies, size_t index, const uint8_t **name, size_t *name_len, const uint8_t **value, size_t *value_len, const char **domain, size_t *domain_len, const char **cookie_path, size_t *path_len, httpx_error **err);
httpx_code httpx_cookies_attributes_at(httpx_cookies *cookies, size_t index, int32_t *secure, int32_t *http_only, int32_t *same_site, int64_t *expires, httpx_error **err);
httpx_code httpx_cookies_update(httpx_cookies *cookies, httpx_cookies *other, httpx_error **err);
httpx_code httpx_cookies_extract(httpx_cookies *cookies, const httpx_response *r, httpx_error **err);
httpx_code httpx_cookies_set_header(httpx_cookies *cookies, httpx_request *r, httpx_error **err);
httpx_code httpx_cookies_load(httpx_cookies *cookies, const uint8_t *file, size_t len, httpx_error **err);
httpx_code httpx_cookies_save(httpx_cookies *cookies, const uint8_t **file, size_t *len, httpx_error **err);
httpx_code httpx_cookies_to_json(httpx_cookies *cookies, const uint8_t **json, size_t *len, httpx_error **err);
httpx_code httpx_client_cookies(httpx_client *c, httpx_cookies **out, httpx_error **err);
httpx_code httpx_client_cookie_jar(httpx_client *c, httpx_cookies **out, httpx_error **err);
httpx_code httpx_client_set_cookies(httpx_client *c, httpx_cookies *cookies, httpx_error **err);
httpx_code httpx_response_cookies(const httpx_response *r, httpx_cookies **out, httpx_error **err);
#define HTTPX_EVENT_RESPONSE 1
#define HTTPX_EVENT_CHUNK 2
#define HTTPX_EVENT_DONE 3
typedef struct httpx_event {
    size_t size;
    int32_t kind;
    httpx_code code;
    httpx_op *op;
    void *user_data;
} httpx_event;
httpx_code httpx_queue_new(httpx_queue **out, httpx_error **err);
void httpx_queue_free(httpx_queue *q);
httpx_code httpx_queue_fd(httpx_queue *q, intptr_t *fd, httpx_error **err);
httpx_code httpx_queue_waker(httpx_queue *q, httpx_waker_fn fn_, void *user_data, httpx_destroy_fn destroy, httpx_error **err);
httpx_code httpx_queue_dispatch(httpx_queue *q, int64_t timeout_ms, size_t *ran, httpx_error **err);
httpx_code httpx_queue_poll(httpx_queue *q, httpx_event *ev, size_t cap, size_t *n, int64_t timeout_ms, httpx_error **err);
httpx_code httpx_queue_pending(httpx_queue *q, size_t *in_flight, httpx_error **err);
void httpx_op_cancel(httpx_op *op);
int32_t httpx_op_is_done(const httpx_op *op);
httpx_code httpx_op_take_response(httpx_op *op, httpx_response **out, httpx_error **err);
httpx_code httpx_op_result(httpx_op *op, httpx_error **err);
httpx_code httpx_op_chunk(httpx_op *op, const uint8_t **data, size_t *len, httpx_error **err);
httpx_op *httpx_op_clone(httpx_op *op);
void httpx_op_free(httpx_op *op);

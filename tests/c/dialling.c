/* How connections are made, as far as only C can see it: look-ups that do not end, and the sockets' options. The
 * system's getaddrinfo is replaced for some names. */
#include "support.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/tcp.h>

/* ---- the resolver ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int hanging, released; /* look-ups of hangs.test */

static int look_up(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, found);
}

/* The program's own comes before the C library's, for the library that is tested, too. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    if (name != NULL && strcmp(name, "hangs.test") == 0) {
        pthread_mutex_lock(&lock);
        hanging++;
        pthread_cond_broadcast(&changed);
        while (!released)
            pthread_cond_wait(&changed, &lock);
        hanging--;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        return look_up("127.0.0.1", service, hints, found);
    }
    if (name != NULL && strcmp(name, "two.test") == 0) {
        struct addrinfo *second = NULL;
        int status = look_up("127.0.0.1", service, hints, found);
        if (status != 0)
            return status;
        if ((status = look_up("127.0.0.2", service, hints, &second)) != 0) {
            freeaddrinfo(*found);
            return status;
        }
        (*found)->ai_next = second;
        return 0;
    }
    return look_up(name, service, hints, found);
}

static void hang(void)
{
    pthread_mutex_lock(&lock);
    released = 0;
    pthread_mutex_unlock(&lock);
}

/* Lets all look-ups end, and waits until they have. */
static void release(void)
{
    pthread_mutex_lock(&lock);
    released = 1;
    pthread_cond_broadcast(&changed);
    while (hanging > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void await_look_up(void)
{
    pthread_mutex_lock(&lock);
    while (hanging == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static const char *url_at(const char *name)
{
    static char room[256];
    snprintf(room, sizeof room, "http://%s%s/get", name, strrchr(environment("HTTPX_TEST_HTTP"), ':'));
    return room;
}

static void a_look_up_that_hangs_has_the_connect_timeout(void)
{
    hang();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, 0.05, INFINITY, INFINITY, INFINITY, &err));
    httpx_client *client = build(builder);
    httpx_response *response = NULL;
    GIVES(try_get(client, url_at("hangs.test"), &response), HTTPX_E_CONNECT_TIMEOUT);
    size_t active = 9, idle = 9, waiting = 9;
    MUST(httpx_client_connections(client, &active, &idle, &waiting, &err));
    CHECK_EQ(active + idle + waiting, 0);
    /* The late answer is nobody's. On a slow machine the time is up before the look-up began: then there is none. */
    release();
    httpx_response_free(get(client, HTTP("/get")));
    httpx_client_free(client);
}

static void a_look_up_that_hangs_ends_with_the_deadline(void)
{
    hang();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, INFINITY, INFINITY, INFINITY, INFINITY, &err));
    httpx_client *client = build(builder);
    httpx_request *request = new_request(client, "GET", url_at("hangs.test"));
    httpx_response *response = NULL;
    MUST(httpx_request_deadline(request, 0.05, &err));
    GIVES(httpx_client_send(client, request, 0, &response, &err), HTTPX_E_DEADLINE_EXCEEDED);
    release();
    httpx_request_free(request);
    httpx_client_free(client);
}

static void *get_from_hanging(void *client)
{
    httpx_response *response = NULL;
    const char *url = url_at("hangs.test");
    CHECK_EQ(httpx_client_get(client, url, strlen(url), &response, NULL), HTTPX_OK);
    CHECK_EQ(httpx_response_status_code(response), 200);
    httpx_response_free(response);
    return NULL;
}

static void a_look_up_that_hangs_holds_up_nobody_else(void)
{
    hang();
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_timeout(builder, INFINITY, INFINITY, INFINITY, INFINITY, &err));
    httpx_client *client = build(builder);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, get_from_hanging, client) == 0);
    await_look_up();
    httpx_response *response = get(client, url_at("localhost"));
    double seconds = -1;
    GIVES(httpx_response_timing(response, HTTPX_TIMING_DNS, &seconds, &err), HTTPX_OK);
    CHECK(seconds >= 0);
    httpx_response_free(response);
    release();
    pthread_join(thread, NULL);
    httpx_client_free(client);
}

/* ---- addresses ---- */

static void an_error_names_every_address_that_was_tried(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    char url[64], wanted[2][64];
    /* Bound and not listening: refused, and nobody else's. */
    int closed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(closed, (struct sockaddr *)&address, sizeof address) == 0);
    REQUIRE(getsockname(closed, (struct sockaddr *)&address, &size) == 0);
    snprintf(url, sizeof url, "http://two.test:%u/", ntohs(address.sin_port));
    for (int i = 0; i < 2; i++)
        snprintf(wanted[i], sizeof wanted[i], "127.0.0.%d:%u: [Errno 111]", i + 1, ntohs(address.sin_port));
    httpx_client *client = new_client();
    httpx_response *response = NULL;
    CHECK_EQ(try_get(client, url, &response), HTTPX_E_CONNECTION_REFUSED);
    REQUIRE(err != NULL);
    for (int i = 0; i < 2; i++)
        CHECK(strstr(httpx_error_message(err, NULL), wanted[i]) != NULL);
    CHECK_EQ(httpx_error_os_errno(err), ECONNREFUSED);
    CHECK_EQ(httpx_error_is_retryable(err), 1);
    httpx_error_free(err);
    err = NULL;
    httpx_client_free(client);
    close(closed);
}

/* ---- sockets ---- */

/* This process's socket with that local port, or -1. */
static int socket_of_port(int port)
{
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in address;
        socklen_t size = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.sin_family == AF_INET &&
            ntohs(address.sin_port) == port)
            return fd;
    }
    return -1;
}

static void small_writes_do_not_wait_for_each_other(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/get"));
    const char *local = httpx_response_local_address(response, NULL);
    int fd = socket_of_port(atoi(strrchr(local, ':') + 1)), on = 0;
    socklen_t size = sizeof on;
    REQUIRE(fd >= 0);
    CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on != 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(a_look_up_that_hangs_has_the_connect_timeout), TEST(a_look_up_that_hangs_ends_with_the_deadline),
        TEST(a_look_up_that_hangs_holds_up_nobody_else),    TEST(an_error_names_every_address_that_was_tried),
        TEST(small_writes_do_not_wait_for_each_other),      {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

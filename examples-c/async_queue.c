/* Many requests at once in an event loop of your own: the queue has a file descriptor, epoll (or poll, or kqueue) says
 * when it is readable, and httpx_queue_dispatch runs the callbacks on this thread and on no other.
 *
 *     async_queue BASE_URL [CA_FILE]
 */
#include "example.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { REQUESTS = 100 };

struct tally {
    int answered;
    int failed;
};

/* Runs inside httpx_queue_dispatch. It owns what it is given: a response, or an error. */
static void on_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    struct tally *tally = user_data;
    if (code == HTTPX_OK && httpx_response_status_code(response) == 200) {
        tally->answered++;
    } else {
        tally->failed++;
        fprintf(stderr, "%s: %s\n", httpx_code_name(code), error != NULL ? httpx_error_message(error, NULL) : "status");
    }
    httpx_response_free(response);
    httpx_error_free(error);
}

static void submit(httpx_client *client, httpx_queue *queue, const char *url, struct tally *tally)
{
    httpx_error *err = NULL;
    httpx_request *request = NULL;
    must("request", httpx_request_new(client, "GET", 3, url, strlen(url), &request, &err), &err);
    must("send", httpx_client_send_async(client, request, 0, queue, on_response, tally, NULL, NULL, &err), &err);
    httpx_request_free(request); /* the operation has all it needs */
}

int main(int argc, char **argv)
{
    char url[1024];
    httpx_error *err = NULL;
    httpx_queue *queue = NULL;
    intptr_t fd = -1;
    struct tally tally = {0, 0};
    httpx_client *client = example_client(argc, argv);
    example_url(url, sizeof url, argc, argv, "/get");

    must("queue", httpx_queue_new(&queue, &err), &err);
    must("fd", httpx_queue_fd(queue, &fd, &err), &err); /* belongs to the queue: do not close it */

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event interest = {.events = EPOLLIN, .data = {.ptr = queue}};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, (int)fd, &interest) != 0) {
        perror("epoll");
        return EXIT_FAILURE;
    }

    for (int i = 0; i < REQUESTS; i++)
        submit(client, queue, url, &tally);
    printf("%d requests are under way\n", REQUESTS);

    while (tally.answered + tally.failed < REQUESTS) {
        struct epoll_event event;
        int ready = epoll_wait(epoll, &event, 1, 10000);
        if (ready <= 0) {
            fprintf(stderr, "nothing happened for ten seconds\n");
            return EXIT_FAILURE;
        }
        /* 0: do not wait, run what is ready. */
        must("dispatch", httpx_queue_dispatch(event.data.ptr, 0, NULL, &err), &err);
    }
    printf("%d answered, %d failed\n", tally.answered, tally.failed);

    close(epoll);
    httpx_queue_free(queue);
    httpx_client_free(client);
    int end = example_end();
    return tally.failed == 0 ? end : EXIT_FAILURE;
}

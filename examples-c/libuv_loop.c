/* libhttpx inside a libuv loop: a uv_poll_t watches the queue's file descriptor, and a timer of the same loop ticks on
 * while the server takes its time.
 *
 *     libuv_loop BASE_URL [CA_FILE]
 */
#include "example.h"

#include <uv.h>

enum { REQUESTS = 5 };

struct app {
    httpx_client *client;
    httpx_queue *queue;
    uv_poll_t poll;
    uv_timer_t timer;
    int open; /* requests without an answer */
    int ticks;
    int failed;
};

static void must_uv(const char *what, int status)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static void on_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    struct app *app = user_data;
    if (code == HTTPX_OK) {
        printf("%s: %d\n", httpx_response_url(response, NULL), (int)httpx_response_status_code(response));
    } else {
        printf("%s: %s\n", httpx_code_name(code), httpx_error_message(error, NULL));
        app->failed++;
    }
    httpx_response_free(response);
    httpx_error_free(error);

    if (--app->open == 0) { /* nothing left to watch: the loop ends by itself */
        uv_poll_stop(&app->poll);
        uv_close((uv_handle_t *)&app->poll, NULL);
        uv_timer_stop(&app->timer);
        uv_close((uv_handle_t *)&app->timer, NULL);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct app *app = poll->data;
    httpx_error *err = NULL;
    (void)events;
    must_uv("poll", status);
    must("dispatch", httpx_queue_dispatch(app->queue, 0, NULL, &err), &err);
}

static void on_tick(uv_timer_t *timer)
{
    struct app *app = timer->data;
    app->ticks++;
}

static void submit(struct app *app, const char *url)
{
    httpx_error *err = NULL;
    httpx_request *request = NULL;
    must("request", httpx_request_new(app->client, "GET", 3, url, strlen(url), &request, &err), &err);
    must("send", httpx_client_send_async(app->client, request, 0, app->queue, on_response, app, NULL, NULL, &err),
         &err);
    httpx_request_free(request);
    app->open++;
}

int main(int argc, char **argv)
{
    char url[1024];
    httpx_error *err = NULL;
    intptr_t fd = -1;
    struct app app = {0};
    uv_loop_t *loop = uv_default_loop();

    app.client = example_client(argc, argv);
    must("queue", httpx_queue_new(&app.queue, &err), &err);
    must("fd", httpx_queue_fd(app.queue, &fd, &err), &err);

    must_uv("poll", uv_poll_init(loop, &app.poll, (int)fd));
    must_uv("timer", uv_timer_init(loop, &app.timer));
    app.poll.data = app.timer.data = &app;
    must_uv("poll", uv_poll_start(&app.poll, UV_READABLE, on_readable));
    must_uv("timer", uv_timer_start(&app.timer, on_tick, 0, 50));

    submit(&app, example_url(url, sizeof url, argc, argv, "/delay/1"));
    for (int i = 1; i < REQUESTS; i++)
        submit(&app, example_url(url, sizeof url, argc, argv, "/get"));

    must_uv("loop", uv_run(loop, UV_RUN_DEFAULT));
    must_uv("loop", uv_loop_close(loop));
    printf("%d requests, %d failed, and the timer ticked %s\n", REQUESTS, app.failed,
           app.ticks > 1 ? "meanwhile" : "too late");

    httpx_queue_free(app.queue);
    httpx_client_free(app.client);
    int end = example_end();
    return app.failed == 0 && app.ticks > 1 ? end : EXIT_FAILURE;
}

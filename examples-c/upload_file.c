/* Upload: first a file, then a body that is written piece by piece while it is being sent.
 *
 *     upload_file BASE_URL [CA_FILE [FILE]]
 *
 * Without a file it makes a temporary one. The server answers with the number of bytes and their SHA-256.
 */
#include "example.h"

/* Creates a file of 300,000 bytes and returns its name. */
static const char *make_file(char *room, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(room, size, "%s/httpx-example-upload.txt", folder != NULL ? folder : "/tmp");
    FILE *file = fopen(room, "wb");
    if (file == NULL) {
        perror(room);
        exit(EXIT_FAILURE);
    }
    for (int line = 0; line < 30000; line++)
        fputs("ten bytes\n", file);
    if (fclose(file) != 0) {
        perror(room);
        exit(EXIT_FAILURE);
    }
    return room;
}

static httpx_request *new_upload(httpx_client *client, const char *url)
{
    httpx_error *err = NULL;
    httpx_request *request = NULL;
    must("request", httpx_request_new(client, "POST", 4, url, strlen(url), &request, &err), &err);
    return request;
}

static void show(const char *what, httpx_response *response)
{
    httpx_error *err = NULL;
    const uint8_t *body;
    size_t body_len;
    must("status", httpx_response_raise_for_status(response, &err), &err);
    must("content", httpx_response_content(response, &body, &body_len, &err), &err);
    printf("%s: %.*s\n", what, (int)body_len, (const char *)body);
}

/* The file is opened now, its size becomes Content-Length, and it is read while it is sent. */
static void upload_file(httpx_client *client, const char *url, const char *path)
{
    httpx_error *err = NULL;
    httpx_response *response = NULL;
    httpx_request *request = new_upload(client, url);
    must("file", httpx_request_body_file(request, path, strlen(path), &err), &err);
    must("POST", httpx_client_send(client, request, 0, &response, &err), &err);
    show("file", response);
    httpx_response_free(response);
    httpx_request_free(request);
}

struct upload {
    int finished;
    httpx_response *response;
};

static void on_response(void *user_data, httpx_code code, httpx_response *response, httpx_error *error)
{
    struct upload *upload = user_data;
    must("POST", code, &error);
    upload->response = response;
    upload->finished = 1;
}

/* A pipe takes what you write and hands it to the connection. It holds at most its capacity: a full pipe answers
 * HTTPX_AGAIN, and dispatching the queue makes room. (With a thread of your own, httpx_pipe_write_all blocks instead.)
 */
static void upload_pipe(httpx_client *client, const char *url)
{
    static const char line[] = "one line of a body that nobody knew in advance\n";
    httpx_error *err = NULL;
    httpx_queue *queue = NULL;
    httpx_pipe *pipe = NULL;
    struct upload upload = {0, NULL};
    httpx_request *request = new_upload(client, url);
    must("queue", httpx_queue_new(&queue, &err), &err);
    must("pipe", httpx_request_body_pipe(request, -1, 4096, &pipe, &err), &err); /* -1: the length is unknown */
    must("POST", httpx_client_send_async(client, request, 0, queue, on_response, &upload, NULL, NULL, &err), &err);

    for (int sent = 0; sent < 1000; sent++) {
        const char *rest = line;
        size_t left = sizeof line - 1;
        while (left > 0) {
            size_t written = 0;
            must("write", httpx_pipe_write(pipe, (const uint8_t *)rest, left, &written, &err), &err);
            rest += written;
            left -= written;
            if (left > 0)
                must("dispatch", httpx_queue_dispatch(queue, 100, NULL, &err), &err);
        }
    }
    must("finish", httpx_pipe_finish(pipe, &err), &err);
    while (!upload.finished)
        must("dispatch", httpx_queue_dispatch(queue, -1, NULL, &err), &err);
    show("pipe", upload.response);

    httpx_response_free(upload.response);
    httpx_pipe_free(pipe);
    httpx_request_free(request);
    httpx_queue_free(queue);
}

int main(int argc, char **argv)
{
    char url[1024], room[1024];
    httpx_client *client = example_client(argc, argv);
    example_url(url, sizeof url, argc, argv, "/upload");

    if (argc > 3) {
        upload_file(client, url, argv[3]);
    } else {
        upload_file(client, url, make_file(room, sizeof room));
        remove(room);
    }
    upload_pipe(client, url);

    httpx_client_free(client);
    return example_end();
}

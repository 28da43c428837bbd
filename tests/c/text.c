/* Text: streams of text and of lines, what text is in, JSON in any Unicode encoding, and links. */
#include "queue.h"

/* ---- helpers ---- */

/* A server whose answer is its argument. */
static void answer(raw_server *server, int fd)
{
    char head[HEAD_SIZE];
    while (raw_read_head(fd, head, sizeof head))
        raw_say(fd, server->argument);
}

static httpx_stream *stream_of(httpx_response *response, int32_t kind, size_t chunk_size)
{
    httpx_stream *stream = NULL;
    MUST(httpx_response_stream(response, kind, chunk_size, &stream, &err));
    return stream;
}

static void gives(httpx_stream *stream, const char *wanted)
{
    const uint8_t *piece = NULL;
    size_t len = 0;
    MUST(httpx_stream_next(stream, &piece, &len, &err));
    CHECK_TEXT(piece, len, wanted);
    CHECK_EQ(strlen((const char *)piece), strlen(wanted)); /* a NUL lies behind it */
}

static void ends(httpx_stream *stream)
{
    const uint8_t *piece = NULL;
    size_t len = 1;
    GIVES(httpx_stream_next(stream, &piece, &len, &err), HTTPX_DONE);
    CHECK(piece == NULL && len == 0);
    httpx_stream_free(stream);
}

/* ---- streams ---- */

/* The body comes in chunks that cut characters and line ends. */
static const char cut_up[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "4\r\none\r\r\n2\r\n\n\xe2\r\n2\r\n\x82\xac\r\n4\r\n\n\n\xc3\xa4\r\n0\r\n\r\n";

static void lines_are_put_together_from_what_arrives(void)
{
    static raw_server server;
    raw_listen(&server, answer, (void *)(uintptr_t)cut_up);
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    httpx_stream *lines = stream_of(response, HTTPX_STREAM_LINES, 0);
    CHECK_EQ(httpx_response_is_stream_consumed(response), 1);
    gives(lines, "one");
    gives(lines, "€");
    gives(lines, "");
    gives(lines, "ä");
    ends(lines);
    httpx_stream *again = NULL;
    FAILS(httpx_response_stream(response, HTTPX_STREAM_LINES, 0, &again, &err), HTTPX_E_STREAM_CONSUMED);
    CHECK_EQ(httpx_response_num_bytes_downloaded(response), 12);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

static void text_comes_in_chunks_of_characters(void)
{
    static raw_server server;
    raw_listen(&server, answer, (void *)(uintptr_t)cut_up);
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    httpx_stream *text = stream_of(response, HTTPX_STREAM_TEXT, 3);
    gives(text, "one");
    gives(text, "\r\n€");
    gives(text, "\n\nä");
    ends(text);
    httpx_response_free(response);

    response = get_streamed(client, HTTP("/encoding/shift_jis?text=%%E6%%97%%A5%%E6%%9C%%AC"));
    text = stream_of(response, HTTPX_STREAM_TEXT, 0);
    gives(text, "日本");
    ends(text);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

static void a_response_that_was_read_is_streamed_as_often_as_wanted(void)
{
    static raw_server server;
    raw_listen(&server, answer, (void *)(uintptr_t)cut_up);
    httpx_client *client = new_client();
    httpx_response *response = get(client, raw_url(&server, "/"));
    CHECK_EQ(httpx_response_is_stream_consumed(response), 1);
    for (int round = 0; round < 2; round++) {
        httpx_stream *lines = stream_of(response, HTTPX_STREAM_LINES, 0);
        gives(lines, "one");
        gives(lines, "€");
        gives(lines, "");
        gives(lines, "ä");
        ends(lines);
        httpx_stream *text = stream_of(response, HTTPX_STREAM_TEXT, 100);
        gives(text, "one\r\n€\n\nä");
        ends(text);
    }
    httpx_stream *raw = NULL;
    FAILS(httpx_response_stream(response, HTTPX_STREAM_RAW, 0, &raw, &err), HTTPX_E_STREAM_CONSUMED);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

/* What came of an asynchronous stream of lines, with a bar behind each. */
typedef struct lines {
    tally tally;
    httpx_stream *stream;
    char text[256];
} lines;

static void on_line(void *user_data, httpx_code code, const uint8_t *line, size_t len, httpx_error *error)
{
    lines *l = user_data;
    CHECK(error == NULL);
    if (code == HTTPX_DONE) {
        CHECK(line == NULL);
        atomic_fetch_add(&l->tally.completed, 1);
        return;
    }
    CHECK(line != NULL && line[len] == '\0'); /* also where it is empty */
    snprintf(l->text + strlen(l->text), sizeof l->text - strlen(l->text), "%s|", (const char *)line);
    GIVES(httpx_stream_next_async(l->stream, l->tally.queue, on_line, l, NULL, NULL, &err), HTTPX_OK);
}

static void lines_come_on_a_queue(void)
{
    static raw_server server;
    raw_listen(&server, answer, (void *)(uintptr_t)cut_up);
    httpx_client *client = new_client();
    lines l = {.tally = {.queue = new_queue()}};
    httpx_response *response = get_streamed(client, raw_url(&server, "/"));
    l.stream = stream_of(response, HTTPX_STREAM_LINES, 0);
    MUST(httpx_stream_next_async(l.stream, l.tally.queue, on_line, &l, NULL, NULL, &err));
    dispatch_until(l.tally.queue, &l.tally, 1);
    SAYS(l.text, "one|€||ä|");
    httpx_stream_free(l.stream);
    httpx_response_free(response);
    httpx_queue_free(l.tally.queue);
    httpx_client_free(client);
    raw_stop(&server);
}

static void lines_of_json_are_whole(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/ndjson/3"));
    httpx_stream *lines = stream_of(response, HTTPX_STREAM_NDJSON, 0);
    const uint8_t *line;
    size_t len;
    for (int i = 0; i < 3; i++) {
        MUST(httpx_stream_next(lines, &line, &len, &err));
        CHECK(len > 2 && line[0] == '{' && line[len - 1] == '}');
    }
    ends(lines);
    httpx_response_free(response);
    httpx_client_free(client);
}

static void closed_streams_and_wrong_kinds_are_errors(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get_streamed(client, HTTP("/ndjson/3"));
    httpx_stream *lines = NULL;
    FAILS(httpx_response_stream(response, HTTPX_STREAM_LINES, 10, &lines, &err), HTTPX_E_INVALID_ARGUMENT);
    FAILS(httpx_response_stream(response, 6, 0, &lines, &err), HTTPX_E_INVALID_ARGUMENT);
    CHECK_EQ(httpx_response_is_stream_consumed(response), 0);
    lines = stream_of(response, HTTPX_STREAM_LINES, 0);
    const uint8_t *line;
    size_t len;
    MUST(httpx_stream_next(lines, &line, &len, &err));
    MUST(httpx_stream_close(lines, &err)); /* with lines that were not read */
    FAILS(httpx_stream_next(lines, &line, &len, &err), HTTPX_E_STREAM_CLOSED);
    httpx_stream_free(lines);
    httpx_response_free(response);

    response = get_streamed(client, HTTP("/ndjson/3"));
    MUST(httpx_response_close(response, &err));
    CHECK_EQ(httpx_response_is_stream_consumed(response), 0);
    FAILS(httpx_response_stream(response, HTTPX_STREAM_TEXT, 0, &lines, &err), HTTPX_E_STREAM_CLOSED);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* Says a line that never ends. */
static void endless_line(raw_server *server, int fd)
{
    char head[HEAD_SIZE], block[4096];
    (void)server;
    memset(block, 'a', sizeof block);
    if (!raw_read_head(fd, head, sizeof head))
        return;
    raw_say(fd, "HTTP/1.1 200 OK\r\n\r\nshort\n");
    while (send(fd, block, sizeof block, MSG_NOSIGNAL) > 0)
        continue;
}

static void an_endless_line_is_an_error(void)
{
    static raw_server server;
    raw_listen(&server, endless_line, NULL);
    httpx_client_builder *builder = new_builder();
    FAILS(httpx_client_builder_max_line(builder, 0, &err), HTTPX_E_INVALID_ARGUMENT);
    MUST(httpx_client_builder_max_line(builder, 100000, &err));
    httpx_client *client = build(builder);
    for (int32_t kind = HTTPX_STREAM_LINES; kind <= HTTPX_STREAM_NDJSON; kind++) {
        httpx_response *response = get_streamed(client, raw_url(&server, "/"));
        httpx_stream *lines = stream_of(response, kind, 0);
        gives(lines, "short");
        const uint8_t *line;
        size_t len;
        FAILS(httpx_stream_next(lines, &line, &len, &err), HTTPX_E_LINE_TOO_LONG);
        FAILS(httpx_stream_next(lines, &line, &len, &err), HTTPX_E_STREAM_CLOSED);
        httpx_stream_free(lines);
        httpx_response_free(response);
    }
    httpx_client_free(client);
    raw_stop(&server);
}

/* ---- what text is in ---- */

static httpx_client *client_with_default(const char *label)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_default_encoding(builder, label, strlen(label), &err));
    return build(builder);
}

static void has_text(httpx_response *response, const char *encoding, const char *wanted)
{
    const char *text = NULL;
    size_t len = 0;
    SAYS(httpx_response_encoding(response, NULL), encoding);
    MUST(httpx_response_text(response, &text, &len, &err));
    CHECK_TEXT(text, len, wanted);
    httpx_response_free(response);
}

static void the_clients_default_is_for_text_that_says_nothing(void)
{
    httpx_client *client = client_with_default("latin-1");
    has_text(get(client, HTTP("/encoding/latin-1?text=%%C3%%A9&declare=")), "windows-1252", "é");
    has_text(get(client, HTTP("/encoding/latin-1?text=%%C3%%A9&declare=bogus")), "windows-1252", "é");
    has_text(get(client, HTTP("/encoding/utf-8?text=%%C3%%A9")), "UTF-8", "é");

    httpx_response *response = get_streamed(client, HTTP("/encoding/latin-1?text=%%C3%%A9&declare="));
    httpx_stream *text = stream_of(response, HTTPX_STREAM_TEXT, 0);
    gives(text, "é");
    ends(text);
    httpx_response_free(response);

    /* What the program says of one response comes first. */
    response = get(client, HTTP("/encoding/utf-8?text=%%C3%%A9&declare="));
    MUST(httpx_response_set_encoding(response, "utf-8", 5, &err));
    has_text(response, "UTF-8", "é");
    httpx_client_free(client);

    httpx_client_builder *builder = new_builder();
    FAILS(httpx_client_builder_default_encoding(builder, "bogus", 5, &err), HTTPX_E_INVALID_ARGUMENT);
    httpx_client_builder_free(builder);
}

static void the_detector_looks_at_what_was_read(void)
{
    const char *url = HTTP("/encoding/shift_jis?declare=");
    httpx_client *client = client_with_default("detect");
    has_text(get(client, url), "Shift_JIS", "こんにちは、世界\n");
    has_text(get(client, HTTP("/encoding/latin-1?text=%%C3%%A9&declare=latin-1")), "windows-1252", "é");
    httpx_response *response = get_streamed(client, url);
    SAYS(httpx_response_encoding(response, NULL), "UTF-8"); /* nothing can be known yet */
    MUST(httpx_response_read(response, NULL, NULL, &err));
    has_text(response, "Shift_JIS", "こんにちは、世界\n");
    httpx_client_free(client);
}

static struct {
    int calls;
    const char *label;
    size_t claimed; /* the length that is returned, if not the label's */
    pthread_t thread;
    atomic_int destroyed;
} asked;

static size_t ask(void *user_data, const uint8_t *content, size_t len, char *label, size_t capacity)
{
    CHECK(user_data == &asked.destroyed);
    CHECK(capacity >= 64);
    CHECK(len > 0 && content[0] != 0);
    asked.calls++;
    asked.thread = pthread_self();
    memcpy(label, asked.label, strlen(asked.label));
    return asked.claimed ? asked.claimed : strlen(asked.label);
}

static httpx_client *asking_client(void)
{
    httpx_client_builder *builder = new_builder();
    MUST(httpx_client_builder_default_encoding_fn(builder, ask, &asked.destroyed, count_destroy, &err));
    return build(builder);
}

static void a_function_says_what_text_is_in(void)
{
    memset(&asked, 0, sizeof asked);
    asked.label = "koi8_r";
    httpx_client *client = asking_client();
    httpx_response *response = get(client, HTTP("/encoding/koi8-r?declare="));
    CHECK_EQ(asked.calls, 0);
    httpx_stream *lines = stream_of(response, HTTPX_STREAM_LINES, 0);
    gives(lines, "Привет, мир");
    ends(lines);
    has_text(response, "KOI8-R", "Привет, мир\n");
    CHECK_EQ(asked.calls, 1); /* once for a response */
    CHECK(pthread_equal(asked.thread, pthread_self()));

    has_text(get(client, HTTP("/encoding/utf-8?text=%%C3%%A9")), "UTF-8", "é");
    CHECK_EQ(asked.calls, 1); /* not if the response says it */

    response = get_streamed(client, HTTP("/encoding/utf-8?text=%%C3%%A9&declare="));
    httpx_stream *text = stream_of(response, HTTPX_STREAM_TEXT, 0);
    gives(text, "é"); /* nor where there is no body to show */
    ends(text);
    httpx_response_free(response);
    CHECK_EQ(asked.calls, 1);
    CHECK_EQ(atomic_load(&asked.destroyed), 0);

    response = get(client, HTTP("/encoding/koi8-r?declare="));
    httpx_client_free(client);
    has_text(response, "KOI8-R", "Привет, мир\n"); /* the response keeps the function */
    CHECK_EQ(asked.calls, 2);
    CHECK_EQ(atomic_load(&asked.destroyed), 1);
}

static void an_answer_that_is_no_encoding_is_utf_8(void)
{
    static const struct {
        const char *label;
        size_t claimed;
    } answers[] = {{"", 0}, {"bogus", 0}, {"latin-1", 65}, {"latin-1", SIZE_MAX}, {"\xff\xfe", 0}};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        memset(&asked, 0, sizeof asked);
        asked.label = answers[i].label;
        asked.claimed = answers[i].claimed;
        httpx_client *client = asking_client();
        has_text(get(client, HTTP("/encoding/utf-8?text=%%C3%%A9&declare=")), "UTF-8", "é");
        CHECK_EQ(asked.calls, 1);
        httpx_client_free(client);
        CHECK_EQ(atomic_load(&asked.destroyed), 1);
    }
}

static void the_charset_is_told_as_the_server_names_it(void)
{
    httpx_client *client = new_client();
    httpx_response *response = get(client, HTTP("/encoding/utf-8?declare=%%22X-Own%%22"));
    size_t len = 1;
    SAYS(httpx_response_charset_encoding(response, NULL), "x-own");
    SAYS(httpx_response_encoding(response, NULL), "UTF-8");
    httpx_response_free(response);
    response = get(client, HTTP("/encoding/utf-8?declare="));
    CHECK(httpx_response_charset_encoding(response, &len) == NULL && len == 0);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* ---- JSON ---- */

static void json_is_text_in_whichever_encoding_it_came(void)
{
    static const char *const charsets[] = {"utf-8", "utf-16", "utf-16le", "utf-16be"};
    httpx_client *client = new_client();
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
        /* The Content-Type is wrong about it, and not asked. */
        httpx_response *response = get(client, HTTP("/encoding/%s?text=[%%22%%C3%%A4%%22]&declare=ascii", charsets[i]));
        const char *json = NULL;
        size_t len = 0;
        for (int round = 0; round < 2; round++) {
            MUST(httpx_response_json_text(response, &json, &len, &err));
            CHECK_TEXT(json, len, "[\"ä\"]");
            CHECK_EQ(json[len], '\0');
        }
        httpx_response_free(response);
    }
    const char *json = NULL;
    size_t len = 0;
    httpx_response *response = get(client, HTTP("/html"));
    FAILS(httpx_response_json_text(response, &json, &len, &err), HTTPX_E_INVALID_JSON);
    httpx_response_free(response);
    response = get(client, HTTP("/status/204"));
    FAILS(httpx_response_json_text(response, &json, &len, &err), HTTPX_E_INVALID_JSON);
    httpx_response_free(response);
    response = get_streamed(client, HTTP("/json"));
    FAILS(httpx_response_json_text(response, &json, &len, &err), HTTPX_E_RESPONSE_NOT_READ);
    httpx_response_free(response);
    httpx_client_free(client);
}

/* ---- links ---- */

static void links_are_found_by_their_relation(void)
{
    static raw_server server;
    raw_listen(&server, answer,
               (void *)(uintptr_t) "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                   "Link: </2>; rel=\"next\"; title=\"Two\", </9>; rel=last\r\nLink: </own>\r\n\r\n");
    httpx_client *client = new_client();
    httpx_response *response = get(client, raw_url(&server, "/"));
    const char *rel, *url, *name, *value;
    size_t rel_len, url_len, name_len, value_len;
    CHECK_EQ(httpx_response_link_count(response), 3);
    MUST(httpx_response_link_at(response, 1, &rel, &rel_len, &url, &url_len, &err));
    CHECK_TEXT(rel, rel_len, "last");
    CHECK_TEXT(url, url_len, "/9");
    MUST(httpx_response_link_at(response, 2, &rel, &rel_len, NULL, NULL, &err));
    CHECK_TEXT(rel, rel_len, "/own");
    FAILS(httpx_response_link_at(response, 3, &rel, &rel_len, &url, &url_len, &err), HTTPX_E_NOT_FOUND);

    MUST(httpx_response_link(response, "next", 4, &url, &url_len, &err));
    CHECK_TEXT(url, url_len, "/2");
    GIVES(httpx_response_link(response, "prev", 4, &url, &url_len, &err), HTTPX_DONE);
    CHECK(url == NULL && url_len == 0);

    CHECK_EQ(httpx_response_link_field_count(response, 0), 3);
    MUST(httpx_response_link_field_at(response, 0, 2, &name, &name_len, &value, &value_len, &err));
    CHECK_TEXT(name, name_len, "title");
    CHECK_TEXT(value, value_len, "Two");
    CHECK_EQ(httpx_response_link_field_count(response, 3), 0);
    FAILS(httpx_response_link_field_at(response, 0, 3, &name, &name_len, &value, &value_len, &err), HTTPX_E_NOT_FOUND);
    FAILS(httpx_response_link_field_at(response, 3, 0, &name, &name_len, &value, &value_len, &err), HTTPX_E_NOT_FOUND);
    httpx_response_free(response);
    httpx_client_free(client);
    raw_stop(&server);
}

int main(int argc, char **argv)
{
    static const test_case tests[] = {
        TEST(lines_are_put_together_from_what_arrives),
        TEST(text_comes_in_chunks_of_characters),
        TEST(a_response_that_was_read_is_streamed_as_often_as_wanted),
        TEST(lines_come_on_a_queue),
        TEST(lines_of_json_are_whole),
        TEST(closed_streams_and_wrong_kinds_are_errors),
        TEST(an_endless_line_is_an_error),
        TEST(the_clients_default_is_for_text_that_says_nothing),
        TEST(the_detector_looks_at_what_was_read),
        TEST(a_function_says_what_text_is_in),
        TEST(an_answer_that_is_no_encoding_is_utf_8),
        TEST(the_charset_is_told_as_the_server_names_it),
        TEST(json_is_text_in_whichever_encoding_it_came),
        TEST(links_are_found_by_their_relation),
        {NULL, NULL},
    };
    return run_tests(argc, argv, tests);
}

/*
 * Runs the cases that all bindings share (../README.md says what they mean) over the C ABI:
 *
 *   runner CASES_FOLDER DATA_FOLDER SCRIPTS_FILE blocking|queue [AREA/CASE...]
 *
 * CONFORMANCE_PLACES is the line that the origin server has printed. A line for each case, and "N passed, N failed" at
 * the end. What the runner does not know fails the case.
 */
#include "conformance.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf case_end;
static char complaint[8192];

_Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    longjmp(case_end, 1);
}

void must(run *r, httpx_code code)
{
    if (code != HTTPX_OK)
        fail("%s: %s", httpx_code_name(code), r->error == NULL ? "" : httpx_error_message(r->error, NULL));
}

/* ---- JSON ---- */

const json_t *only_member(const json_t *object, const char **name)
{
    if (json_object_size(object) != 1)
        fail("an object with one member is needed");
    void *member = json_object_iter((json_t *)object);
    *name = json_object_iter_key(member);
    return json_object_iter_value(member);
}

json_t *text_or_null(const void *text, size_t len)
{
    json_t *value = text == NULL ? NULL : json_stringn(text, len);
    return value == NULL ? json_null() : value;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

json_t *base64_of(const uint8_t *data, size_t len)
{
    char *text = malloc((len + 2) / 3 * 4 + 1), *end = text;
    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = (unsigned)data[i] << 16;
        bits |= i + 1 < len ? (unsigned)data[i + 1] << 8 : 0;
        bits |= i + 2 < len ? data[i + 2] : 0;
        *end++ = BASE64[bits >> 18];
        *end++ = BASE64[bits >> 12 & 63];
        *end++ = i + 1 < len ? BASE64[bits >> 6 & 63] : '=';
        *end++ = i + 2 < len ? BASE64[bits & 63] : '=';
    }
    json_t *value = json_stringn(text, (size_t)(end - text));
    free(text);
    return value;
}

static uint8_t *bytes_of_base64(const char *text, size_t *len)
{
    uint8_t *data = malloc(strlen(text) + 1);
    unsigned bits = 0, count = 0;
    *len = 0;
    for (; *text != '\0' && *text != '='; text++) {
        bits = bits << 6 | (unsigned)(strchr(BASE64, *text) - BASE64);
        count += 6;
        if (count >= 8) {
            count -= 8;
            data[(*len)++] = (uint8_t)(bits >> count);
        }
    }
    return data;
}

static uint8_t *copy_of(const char *text, size_t len)
{
    uint8_t *data = malloc(len + 1);
    memcpy(data, text, len);
    return data;
}

uint8_t *data_of(const json_t *object, size_t *len)
{
    const json_t *value = json_object_get(object, "text");
    *len = json_string_length(value);
    if (value != NULL)
        return copy_of(json_string_value(value), *len);
    value = json_object_get(object, "base64");
    if (value != NULL)
        return bytes_of_base64(json_string_value(value), len);
    value = json_object_get(object, "json");
    if (value == NULL)
        return NULL;
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    *len = strlen(text);
    return (uint8_t *)text;
}

static json_t *load(const char *folder, const char *name)
{
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s%s%s", folder, *name == '\0' ? "" : "/", name);
    json_t *value = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (value == NULL) {
        fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
        exit(EXIT_FAILURE);
    }
    return value;
}

/* ---- the names of the places ---- */

/* "{http}" and so on, by the line that the server has printed. */
static json_t *names_of(const char *line, const char *data)
{
    json_t *places = json_loads(line, 0, NULL), *names = json_object(), *value;
    const char *name;
    char text[64];
    json_object_foreach(places, name, value)
    {
        if (json_is_string(value))
            json_object_set(names, name, value);
        if (!json_is_integer(value))
            continue;
        int socks = strncmp(name, "socks", 5) == 0, tls = strstr(name, "tls") != NULL || strstr(name, "https") != NULL;
        int port = (int)json_integer_value(value);
        snprintf(text, sizeof text, "%s://127.0.0.1:%d", socks ? "socks5" : tls ? "https" : "http", port);
        json_object_set_new(names, name, json_string(text));
        char port_name[64];
        snprintf(port_name, sizeof port_name, "%s_port", name);
        json_object_set_new(names, port_name, json_sprintf("%d", port));
    }
    json_object_set_new(names, "data", json_string(data));
    json_decref(places);
    return names;
}

/* A text in which each {name} of a place stands for what it is. */
static json_t *expand_text(const json_t *names, const json_t *value)
{
    const char *text = json_string_value(value), *end = text + json_string_length(value);
    char *out = malloc(json_string_length(value) + 4096), *to = out;
    while (text < end) {
        const char *close = *text == '{' ? memchr(text, '}', (size_t)(end - text)) : NULL;
        const json_t *place = close == NULL ? NULL : json_object_getn(names, text + 1, (size_t)(close - text - 1));
        if (place == NULL) {
            *to++ = *text++;
            continue;
        }
        memcpy(to, json_string_value(place), json_string_length(place));
        to += json_string_length(place);
        text = close + 1;
    }
    json_t *expanded = json_stringn(out, (size_t)(to - out));
    free(out);
    return expanded;
}

static json_t *expand(const json_t *names, json_t *value)
{
    json_t *copy, *each;
    const char *key;
    size_t i;
    if (json_is_string(value))
        return expand_text(names, value);
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, each) json_array_append_new(copy, expand(names, each));
        return copy;
    }
    if (!json_is_object(value))
        return json_incref(value);
    copy = json_object();
    json_object_foreach(value, key, each) json_object_set_new(copy, key, expand(names, each));
    return copy;
}

/* ---- comparing ---- */

/* Objects may have more members than wanted, null is also what is not there, and "{any}" is anything else. */
static int matches(const json_t *wanted, const json_t *found)
{
    const char *key;
    size_t i;
    json_t *each;
    if (json_is_string(wanted) && strcmp(json_string_value(wanted), "{any}") == 0)
        return found != NULL && !json_is_null(found);
    if (json_is_null(wanted))
        return found == NULL || json_is_null(found);
    if (json_is_object(wanted)) {
        json_object_foreach((json_t *)wanted, key, each)
        {
            if (!matches(each, json_object_get(found, key)))
                return 0;
        }
        return json_is_object(found);
    }
    if (!json_is_array(wanted))
        return json_equal(wanted, found);
    if (!json_is_array(found) || json_array_size(wanted) != json_array_size(found))
        return 0;
    json_array_foreach(wanted, i, each)
    {
        if (!matches(each, json_array_get(found, i)))
            return 0;
    }
    return 1;
}

void same(const char *what, const json_t *wanted, json_t *found)
{
    if (!matches(wanted, found)) {
        char *expected = json_dumps(wanted, JSON_COMPACT | JSON_ENCODE_ANY);
        char *got = found == NULL ? NULL : json_dumps(found, JSON_COMPACT | JSON_ENCODE_ANY);
        snprintf(complaint, sizeof complaint, "%s: wanted %s, got %s", what, expected, got == NULL ? "nothing" : got);
        free(expected);
        free(got);
        json_decref(found);
        longjmp(case_end, 1);
    }
    json_decref(found);
}

static void check_ancestors(httpx_code code, const json_t *wanted)
{
    size_t i;
    json_t *name;
    json_array_foreach(wanted, i, name)
    {
        httpx_code each = code;
        while (httpx_code_is_error(each) && strcmp(httpx_code_name(each), json_string_value(name)) != 0)
            each = httpx_code_parent(each);
        if (!httpx_code_is_error(each) || !httpx_code_is_a(code, each))
            fail("%s is not below %s", httpx_code_name(code), json_string_value(name));
    }
}

static int32_t status_of(const httpx_error *error)
{
    httpx_response *response = NULL;
    httpx_error_response(error, &response, NULL);
    int32_t status = httpx_response_status_code(response);
    httpx_response_free(response);
    return status;
}

static void check_error(run *r, const json_t *wanted, httpx_code code)
{
    const char *key, *message = httpx_error_message(r->error, NULL);
    json_t *value;
    if (code == HTTPX_OK)
        fail("no error");
    if (r->error == NULL)
        fail("%s, and no error's handle", httpx_code_name(code));
    json_object_foreach((json_t *)wanted, key, value)
    {
        if (strcmp(key, "raised") == 0) {
            if (code != RAISED)
                fail("wanted what was raised, got %s: %s", httpx_code_name(code), message);
            if (!r->body_has_raised)
                same("message", value, json_string(message));
        } else if (strcmp(key, "code") == 0 && strcmp(httpx_code_name(code), json_string_value(value)) != 0) {
            fail("wanted %s, got %s: %s", json_string_value(value), httpx_code_name(code), message);
        } else if (strcmp(key, "is_a") == 0) {
            check_ancestors(code, value);
        } else if (strcmp(key, "message") == 0) {
            same(key, value, json_string(message));
        } else if (strcmp(key, "message_contains") == 0 && strstr(message, json_string_value(value)) == NULL) {
            fail("\"%s\" is not in \"%s\"", json_string_value(value), message);
        } else if (strcmp(key, "method") == 0) {
            same(key, value, json_string(httpx_error_request_method(r->error, NULL)));
        } else if (strcmp(key, "url") == 0) {
            same(key, value, json_string(httpx_error_request_url(r->error, NULL)));
        } else if (strcmp(key, "status") == 0) {
            same(key, value, json_integer(status_of(r->error)));
        } else if (strcmp(key, "code") != 0 && strcmp(key, "message_contains") != 0) {
            fail("unknown expectation of an error: %s", key);
        }
    }
}

/* ---- steps ---- */

static httpx_code read_response(run *r)
{
    if (r->queue == NULL)
        return httpx_response_read(r->response, NULL, NULL, &r->error);
    httpx_op *op = NULL;
    httpx_event event = {.size = sizeof event};
    size_t n = 0;
    TRY(httpx_response_read_async(r->response, r->queue, NULL, NULL, NULL, &op, &r->error));
    while (n == 0)
        TRY(httpx_queue_poll(r->queue, &event, 1, &n, -1, &r->error));
    httpx_op_free(event.op);
    httpx_code code = httpx_op_result(op, &r->error);
    httpx_op_free(op);
    return code;
}

static httpx_code follow(run *r)
{
    httpx_response *next = NULL;
    httpx_code code = httpx_response_next(r->response, r->client, 0, &next, &r->error);
    if (code == HTTPX_DONE)
        fail("there is nothing to follow to");
    httpx_response_free(r->response);
    r->response = next;
    return code;
}

static httpx_code set_cookie(run *r, const json_t *step)
{
    httpx_cookies *jar = NULL;
    TRY(httpx_client_cookie_jar(r->client, &jar, &r->error));
    httpx_code code =
        httpx_cookies_set(jar, TEXT(json_object_get(step, "name")), BYTES(json_object_get(step, "value")),
                          TEXT(json_object_get(step, "domain")), TEXT(json_object_get(step, "path")), &r->error);
    httpx_cookies_free(jar);
    return code;
}

static httpx_code content_step(run *r, json_t **found)
{
    const uint8_t *content = NULL;
    size_t len = 0;
    TRY(httpx_response_content(r->response, &content, &len, &r->error));
    *found = json_pack("{si}", "size", (int)len);
    return HTTPX_OK;
}

static httpx_code text_step(run *r, json_t **found)
{
    const char *text = NULL;
    size_t len = 0;
    TRY(httpx_response_text(r->response, &text, &len, &r->error));
    *found = json_pack("{so}", "text", text_or_null(text, len));
    return HTTPX_OK;
}

static httpx_code json_step(run *r, json_t **found)
{
    const char *text = NULL;
    size_t len = 0;
    TRY(httpx_response_json_text(r->response, &text, &len, &r->error));
    *found = json_pack("{so}", "json", json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
    return HTTPX_OK;
}

static httpx_code elapsed_step(run *r, json_t **found)
{
    double elapsed = -1;
    TRY(httpx_response_elapsed(r->response, &elapsed, &r->error));
    *found = json_pack("{ss}", "elapsed", elapsed >= 0 ? ">= 0" : "< 0");
    return HTTPX_OK;
}

/* Steps whose expectation is one of a response. */
static httpx_code response_step(run *r, const char *what, const json_t *step, int *known)
{
    *known = 1;
    if (strcmp(what, "request") == 0)
        return send_request(r, step);
    if (strcmp(what, "read") == 0)
        return read_response(r);
    if (strcmp(what, "close") == 0)
        return httpx_response_close(r->response, &r->error);
    if (strcmp(what, "next") == 0)
        return follow(r);
    if (strcmp(what, "raise_for_status") == 0)
        return httpx_response_raise_for_status(r->response, &r->error);
    if (strcmp(what, "set_encoding") == 0)
        return httpx_response_set_encoding(r->response, TEXT(json_object_get(step, "label")), &r->error);
    if (strcmp(what, "make_response") == 0)
        return make_response(r, step);
    *known = 0;
    return HTTPX_OK;
}

/* Steps that find something of their own, or nothing. */
static httpx_code other_step(run *r, const char *what, const json_t *step, json_t **found)
{
    if (strcmp(what, "content") == 0)
        return content_step(r, found);
    if (strcmp(what, "text") == 0)
        return text_step(r, found);
    if (strcmp(what, "json") == 0)
        return json_step(r, found);
    if (strcmp(what, "elapsed") == 0)
        return elapsed_step(r, found);
    if (strcmp(what, "iterate") == 0)
        return iterate(r, step, found);
    if (strcmp(what, "open_client") == 0)
        return httpx_client_open(r->client, &r->error);
    if (strcmp(what, "close_client") == 0)
        return httpx_client_close(r->client, 0, &r->error);
    if (strcmp(what, "configure") == 0)
        return configure(r, json_object_get(step, "options"));
    if (strcmp(what, "set_cookie") == 0)
        return set_cookie(r, step);
    if (strcmp(what, "client") == 0)
        return client_step(r, found);
    if (strcmp(what, "url") == 0)
        return url_step(r, step, found);
    if (strcmp(what, "query") == 0)
        return query_step(r, step, found);
    if (strcmp(what, "header_list") == 0)
        return headers_step(r, step, found);
    if (strcmp(what, "jar") == 0)
        return jar_step(r, step, found);
    if (strcmp(what, "status") != 0)
        fail("unknown step: %s", what);
    *found = status_step(step);
    return HTTPX_OK;
}

static void run_step(run *r, const json_t *step)
{
    const char *key, *what = json_string_value(json_object_get(step, "do"));
    const json_t *expect = json_object_get(step, "expect"), *error = json_object_get(expect, "error");
    json_t *wanted, *found = NULL;
    int of_response;
    httpx_error_free(r->error);
    r->error = NULL;
    httpx_code code = response_step(r, what, step, &of_response);
    if (!of_response)
        code = other_step(r, what, step, &found);
    if (error != NULL) {
        json_decref(found);
        check_error(r, error, code);
        if (json_object_get(expect, "hooks") != NULL)
            same("hooks", json_object_get(expect, "hooks"), json_incref(r->events));
        return;
    }
    must(r, code);
    if (of_response) {
        check_response(r, expect);
        return;
    }
    json_object_foreach((json_t *)expect, key, wanted)
    {
        if (json_object_get(found, key) == NULL)
            fail("unknown expectation: %s", key);
        same(key, wanted, json_incref(json_object_get(found, key)));
    }
    json_decref(found);
}

/* ---- cases ---- */

static void run_steps(run *r, const json_t *this)
{
    const char *key;
    size_t i;
    json_t *value;
    json_object_foreach((json_t *)this, key, value)
    {
        static const char *const known[] = {"name", "lines", "differs", "env", "client", "client_error", "steps"};
        int found = 0;
        for (i = 0; i < sizeof known / sizeof known[0]; i++)
            found |= strcmp(known[i], key) == 0;
        if (!found)
            fail("unknown member of a case: %s", key);
    }
    httpx_code code = new_client(r, json_object_get(this, "client"), &r->client);
    if (json_object_get(this, "client_error") != NULL) {
        check_error(r, json_object_get(this, "client_error"), code);
        return;
    }
    must(r, code);
    json_array_foreach(json_object_get(this, "steps"), i, value) run_step(r, value);
}

static void set_environment(const json_t *this, int on)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(this, "env"), name, value)
    {
        if (on)
            setenv(name, json_string_value(value), 1);
        else
            unsetenv(name);
    }
}

/* 1 if the case passed. What a case leaves when it has failed is of no interest. */
static int run_case(const json_t *this, const char *ca, int in_queue)
{
    static run state;
    int64_t live = httpx_live_handles(HTTPX_KIND_ALL);
    memset(&state, 0, sizeof state);
    state.ca = ca;
    state.events = json_array();
    if (in_queue)
        httpx_queue_new(&state.queue, NULL);
    set_environment(this, 1);
    int passed = setjmp(case_end) == 0;
    if (passed)
        run_steps(&state, this);
    set_environment(this, 0);
    httpx_error_free(state.error);
    httpx_response_free(state.response);
    httpx_response_free(state.kept);
    httpx_client_free(state.client);
    httpx_queue_free(state.queue);
    json_decref(state.events);
    int64_t left = httpx_live_handles(HTTPX_KIND_ALL) - live;
    if (passed && left != 0)
        snprintf(complaint, sizeof complaint, "%lld handles were not freed", (long long)left);
    return passed && left == 0;
}

static int is_wanted(const char *name, char **only)
{
    if (*only == NULL)
        return 1;
    for (; *only != NULL; only++)
        if (strcmp(name, *only) == 0)
            return 1;
    return 0;
}

/* Tells the byte server the scripts that cases name. */
static void register_scripts(const json_t *names, const char *file)
{
    run r = {.ca = json_string_value(json_object_get(names, "ca"))};
    json_t *step =
        json_pack("{ss ss s{so}}", "method", "POST", "url", "{http}/register", "body", "json", load(file, ""));
    json_t *expanded = expand(names, step);
    if (setjmp(case_end) != 0) {
        fprintf(stderr, "the scripts could not be registered: %s\n", complaint);
        exit(EXIT_FAILURE);
    }
    must(&r, new_client(&r, NULL, &r.client));
    must(&r, send_request(&r, expanded));
    must(&r, httpx_response_raise_for_status(r.response, &r.error));
    httpx_response_free(r.response);
    httpx_client_free(r.client);
    json_decref(expanded);
    json_decref(step);
}

static int is_json(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end != NULL && strcmp(end, ".json") == 0;
}

int main(int argc, char **argv)
{
    const char *line = getenv("CONFORMANCE_PLACES");
    if (argc < 5 || line == NULL) {
        fprintf(stderr, "usage: runner CASES_FOLDER DATA_FOLDER SCRIPTS_FILE blocking|queue [AREA/CASE...]\n");
        return EXIT_FAILURE;
    }
    json_t *names = names_of(line, argv[2]);
    register_scripts(names, argv[3]);
    struct dirent **files = NULL;
    int count = scandir(argv[1], &files, is_json, alphasort), passed = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        json_t *area = load(argv[1], files[i]->d_name), *one;
        int stem = (int)(strrchr(files[i]->d_name, '.') - files[i]->d_name);
        size_t j;
        json_array_foreach(json_object_get(area, "cases"), j, one)
        {
            char name[512];
            snprintf(name, sizeof name, "%.*s/%s", stem, files[i]->d_name,
                     json_string_value(json_object_get(one, "name")));
            if (!is_wanted(name, argv + 5))
                continue;
            json_t *expanded = expand(names, one);
            int good = run_case(expanded, json_string_value(json_object_get(names, "ca")), *argv[4] == 'q');
            printf(good ? "ok    %s\n" : "FAIL  %s: %s\n", name, complaint);
            fflush(stdout);
            passed += good;
            failed += !good;
            json_decref(expanded);
        }
        json_decref(area);
        free(files[i]);
    }
    free(files);
    json_decref(names);
    httpx_quiesce(5, NULL);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

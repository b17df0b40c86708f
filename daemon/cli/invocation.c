#include "daemon/cli/invocation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/client.h"
#include "daemon/cli/terminal.h"
#include "protocol/text.h"

#define BODY_BYTES_MAX (64u * 1024 * 1024)

/* A body or a line as it grows. */
struct text {
    char *bytes;
    size_t length, size;
};

static bool complains_in_json; /* what main learned from --json */

void complain_in_json(void)
{
    complains_in_json = true;
}

/* An error as the gateway sends them over a WebSocket; over HTTP they may have no type. */
static void print_error(const json_t *fields)
{
    json_t *error = json_pack("{s:s}", "type", "error");
    json_object_update(error, (json_t *)fields);
    json_dumpf(error, stderr, JSON_COMPACT | JSON_ENSURE_ASCII);
    fputc('\n', stderr);
    json_decref(error);
}

static const char *code_word(enum exit_code code)
{
    return code == EXIT_WRONG_USE ? "wrong_use" : code == EXIT_NO_DAEMON ? "no_daemon" : "failed";
}

enum exit_code complain(enum exit_code code, const char *format, ...)
{
    char raw[1024], sentence[TEXT_CLEAN_MAX(sizeof raw)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_clean(raw, TEXT_LINE, sentence, sizeof sentence);
    if (complains_in_json) {
        json_t *error = json_pack("{s:s, s:s}", "error_code", code_word(code), "message", sentence);
        print_error(error);
        json_decref(error);
        return code;
    }
    fputs("hearthctl: ", stderr);
    terminal_print(stderr, sentence, 0);
    fputc('\n', stderr);
    return code;
}

static enum exit_code no_daemon(const struct invocation *invocation, int why)
{
    const char *socket_path = invocation->socket;
    if (why == EAGAIN || why == ETIMEDOUT)
        return complain(EXIT_NO_DAEMON,
                        "the gateway at %s said nothing for %d s; --timeout waits longer.",
                        socket_path, (invocation->timeout_ms + 999) / 1000);
    if (why == EACCES || why == EPERM)
        return complain(EXIT_REFUSED, "you may not open %s; try as root.", socket_path);
    return complain(EXIT_NO_DAEMON, "no gateway answers at %s (%s); --socket names another.",
                    socket_path, strerror(why));
}

static bool text_append(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > BODY_BYTES_MAX)
        return false;
    if (text->length + length + 1 > text->size) {
        size_t size = (text->length + length + 1) * 2;
        char *grown = realloc(text->bytes, size);
        if (!grown)
            return false;
        text->bytes = grown;
        text->size = size;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return true;
}

static json_t *read_body(struct client *client)
{
    struct text body = {0};
    json_t *reply = NULL;
    char piece[8192];
    ssize_t got;
    while ((got = client_read(client, piece, sizeof piece)) > 0)
        if (!text_append(&body, piece, (size_t)got))
            goto out;
    if (got == 0 && body.bytes)
        reply = json_loadb(body.bytes, body.length, JSON_REJECT_DUPLICATES, NULL);
out:
    free(body.bytes);
    return reply;
}

/* Says what the daemon refused, and gives the exit code for it. */
static enum exit_code refused(int status, const json_t *reply)
{
    const char *code = json_string_value(json_object_get(reply, "error_code"));
    const char *message = json_string_value(json_object_get(reply, "message"));
    if (code && message && complains_in_json) {
        print_error(reply);
        return EXIT_REFUSED;
    }
    if (code && message)
        return complain(EXIT_REFUSED, "%s (%s)", message, code);
    return complain(EXIT_REFUSED, "the gateway refused: HTTP status %d.", status);
}

static enum exit_code open_request(const struct invocation *invocation, struct client *client,
                                   const char *method, const char *path, const char *body)
{
    if (!client_open(client, invocation->socket, invocation->timeout_ms))
        return no_daemon(invocation, errno);
    if (client_request(client, method, path, body))
        return EXIT_DONE;
    client_close(client);
    if (client->has_timed_out)
        return no_daemon(invocation, ETIMEDOUT);
    return complain(EXIT_NO_DAEMON, "the gateway at %s broke the connection off.",
                    invocation->socket);
}

/* What came back: its body, or why there is none. Closes the client. */
static enum exit_code take_reply(const struct invocation *invocation, struct client *client,
                                 json_t **reply)
{
    *reply = read_body(client);
    client_close(client);
    if (!*reply && client->has_timed_out)
        return no_daemon(invocation, ETIMEDOUT);
    if (!*reply && client->status < 400)
        return complain(EXIT_NO_DAEMON, "the gateway's answer broke off.");
    if (client->status < 400)
        return EXIT_DONE;
    enum exit_code code = refused(client->status, *reply);
    json_decref(*reply);
    *reply = NULL;
    return code;
}

enum exit_code invocation_ask(const struct invocation *invocation, json_t *request, json_t **reply)
{
    struct client client;
    *reply = NULL;
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body)
        return complain(EXIT_WRONG_USE, "the arguments are not UTF-8 text, or memory is short.");
    enum exit_code code = open_request(invocation, &client, "POST", "/admin/v1/do", body);
    free(body);
    return code == EXIT_DONE ? take_reply(invocation, &client, reply) : code;
}

enum exit_code invocation_ask_as(const struct invocation *invocation, int port, const char *key,
                                 json_t *request, json_t **reply)
{
    struct client client;
    *reply = NULL;
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body)
        return complain(EXIT_WRONG_USE, "the arguments are not UTF-8 text, or memory is short.");
    bool is_open = client_open_port(&client, port, invocation->timeout_ms);
    client.key = key;
    bool is_asked = is_open && client_request(&client, "POST", "/api/v1/do", body);
    free(body);
    if (is_asked)
        return take_reply(invocation, &client, reply);
    client_close(&client);
    return complain(EXIT_NO_DAEMON, "the gateway does not answer on port %d.", port);
}

enum exit_code invocation_ask_long(const struct invocation *invocation, json_t *request,
                                   json_t **reply)
{
    struct invocation patient = *invocation;
    *reply = NULL;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "ping"), reply);
    json_decref(*reply);
    if (code != EXIT_DONE) {
        json_decref(request);
        return code;
    }
    if (!invocation_has(invocation, OPTION_timeout))
        patient.timeout_ms = 0;
    return invocation_ask(&patient, request, reply);
}

/* --- bodies that are streams --- */

static enum exit_code broke_off(const struct invocation *invocation, const struct client *client)
{
    if (client->has_timed_out)
        return no_daemon(invocation, ETIMEDOUT);
    return complain(EXIT_NO_DAEMON, "the gateway at %s broke the connection off.",
                    invocation->socket);
}

/* Alive it is; what it is asked for may take long. */
static enum exit_code open_patiently(const struct invocation *invocation, struct client *client)
{
    json_t *pong;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "ping"), &pong);
    json_decref(pong);
    int timeout_ms = invocation_has(invocation, OPTION_timeout) ? invocation->timeout_ms : 0;
    if (code == EXIT_DONE && !client_open(client, invocation->socket, timeout_ms))
        code = no_daemon(invocation, errno);
    return code;
}

/* What the head of an answer says: EXIT_DONE below 400. */
static enum exit_code judge_head(const struct invocation *invocation, struct client *client,
                                 bool has_head)
{
    enum exit_code code = EXIT_DONE;
    if (!has_head) {
        code = broke_off(invocation, client);
    } else if (client->status >= 400) {
        json_t *reply = read_body(client);
        code = refused(client->status, reply);
        json_decref(reply);
    }
    if (code != EXIT_DONE)
        client_close(client);
    return code;
}

enum exit_code invocation_open_body(const struct invocation *invocation, const char *path,
                                    struct client *client)
{
    enum exit_code code = open_patiently(invocation, client);
    return code != EXIT_DONE
               ? code
               : judge_head(invocation, client, client_request(client, "GET", path, NULL));
}

enum exit_code invocation_offer_body(const struct invocation *invocation, const char *path,
                                     int64_t length, struct client *client)
{
    enum exit_code code = open_patiently(invocation, client);
    return code != EXIT_DONE ? code
                             : judge_head(invocation, client, client_offer(client, path, length));
}

enum exit_code invocation_finish_body(const struct invocation *invocation, struct client *client,
                                      json_t **reply)
{
    *reply = NULL;
    enum exit_code code = judge_head(invocation, client, client_finish(client));
    if (code != EXIT_DONE)
        return code;
    *reply = read_body(client);
    if (!*reply)
        code = broke_off(invocation, client);
    client_close(client);
    return code;
}

enum exit_code invocation_show(const struct invocation *invocation, json_t *request,
                               void (*print)(const json_t *reply))
{
    json_t *reply;
    enum exit_code code = invocation_ask(invocation, request, &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json))
        invocation_print_json(reply);
    else
        print(reply);
    json_decref(reply);
    return EXIT_DONE;
}

enum exit_code invocation_list(const struct invocation *invocation, json_t *request,
                               const char *name, void (*print)(const json_t *line))
{
    size_t i;
    json_t *reply, *line;
    enum exit_code code = invocation_ask(invocation, request, &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        json_array_foreach(json_object_get(reply, name), i, line) print(line);
    }
    json_decref(reply);
    return EXIT_DONE;
}

static void print_nothing(const json_t *reply)
{
    (void)reply;
}

enum exit_code invocation_do(const struct invocation *invocation, json_t *request)
{
    return invocation_show(invocation, request, print_nothing);
}

const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Takes whole lines out of text. False once told wants no more. */
static bool tell_lines(const struct invocation *invocation, struct text *text,
                       bool (*told)(const struct invocation *invocation, json_t *line))
{
    size_t start = 0;
    bool goes_on = true;
    for (char *end; goes_on && start < text->length &&
                    (end = memchr(text->bytes + start, '\n', text->length - start));) {
        json_t *line =
            json_loadb(text->bytes + start, (size_t)(end - text->bytes) - start, 0, NULL);
        start = (size_t)(end - text->bytes) + 1;
        goes_on = !line || told(invocation, line);
        json_decref(line);
    }
    if (start > 0)
        memmove(text->bytes, text->bytes + start, text->length - start);
    text->length -= start;
    return goes_on;
}

enum exit_code invocation_stream(const struct invocation *invocation, const char *path,
                                 bool (*told)(const struct invocation *invocation, json_t *line))
{
    struct client client;
    struct text text = {0};
    char piece[8192];
    ssize_t got;
    enum exit_code code = open_request(invocation, &client, "GET", path, NULL);
    if (code != EXIT_DONE)
        return code;
    if (client.status >= 400) {
        json_t *reply = read_body(&client);
        code = refused(client.status, reply);
        json_decref(reply);
        goto out;
    }
    client_follow(&client, STDOUT_FILENO);
    while ((got = client_read(&client, piece, sizeof piece)) > 0)
        if (!text_append(&text, piece, (size_t)got) || !tell_lines(invocation, &text, told))
            goto out;
    if (client.has_lost_reader)
        goto out;
    code = complain(EXIT_NO_DAEMON, "the gateway ended the stream.");
out:
    free(text.bytes);
    client_close(&client);
    return code;
}

void invocation_print_json(const json_t *reply)
{
    /* A terminal gets escapes instead of characters that could fool it. */
    size_t flags = JSON_COMPACT | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
    json_dumpf(reply, stdout, flags);
    putchar('\n');
    fflush(stdout);
}

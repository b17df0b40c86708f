#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

#define TEXT_BYTES_MAX   65536
#define PAGE_ENTRIES     200
#define TAIL_ENTRIES     20
#define TAIL_ENTRIES_MAX 100000
#define INDENT           4

/* Standard input as one text, without the line break at its end. NULL if it is too long. */
static char *read_input(void)
{
    char *text = malloc(TEXT_BYTES_MAX + 1);
    if (!text)
        return NULL;
    size_t length = fread(text, 1, TEXT_BYTES_MAX + 1, stdin);
    if (length > TEXT_BYTES_MAX || ferror(stdin)) {
        free(text);
        return NULL;
    }
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    text[length] = '\0';
    return text;
}

static bool make_nonce(char out[33])
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        sprintf(out + 2 * i, "%02x", bytes[i]);
    return true;
}

/* What an operand says, or standard input for "-": owned by whoever asks. NULL: complained already. */
static char *take_text(const char *operand)
{
    char *text = strcmp(operand, "-") == 0 ? read_input() : strdup(operand);
    if (!text)
        (void)complain(EXIT_REFUSED, "standard input is no text of at most %d bytes.",
                       TEXT_BYTES_MAX);
    return text;
}

static enum exit_code send_text(const struct invocation *invocation, const char *text, const char *file_id)
{
    char nonce[33];
    if (!make_nonce(nonce))
        return complain(EXIT_REFUSED, "there is no randomness here: %s.", strerror(errno));
    json_t *request = json_pack("{s:s, s:s, s:s, s:s}", "type", "send", "room",
                                invocation->operands[0], "text", text, "nonce", nonce);
    if (file_id[0] != '\0')
        json_object_set_new(request, "files", json_pack("[s]", file_id));
    return invocation_do(invocation, request);
}

/* With a file there need not be a text. */
enum exit_code command_send(const struct invocation *invocation)
{
    char file_id[33] = "";
    const char *operand = invocation->operands[1];
    if (!operand && !invocation_has(invocation, OPTION_file))
        return complain(EXIT_WRONG_USE, "say what to send: a text, or --file.");
    char *text = take_text(operand ? operand : "");
    if (!text)
        return EXIT_REFUSED;
    enum exit_code code =
        invocation_has(invocation, OPTION_file) ? file_upload(invocation, file_id) : EXIT_DONE;
    if (code == EXIT_DONE)
        code = send_text(invocation, text, file_id);
    free(text);
    return code;
}

/* A seq as tail prints it, with or without #; -1 when it is none. */
static json_int_t read_seq(const char *text)
{
    char *end;
    errno = 0;
    long long seq = strtoll(text + (*text == '#'), &end, 10);
    return *end || errno || seq < 1 ? -1 : (json_int_t)seq;
}

static enum exit_code no_seq(const char *text)
{
    return complain(EXIT_WRONG_USE, "%s is no SEQ; tail prints them, such as #42.", text);
}

enum exit_code command_edit(const struct invocation *invocation)
{
    json_int_t seq = read_seq(invocation->operands[1]);
    if (seq < 0)
        return no_seq(invocation->operands[1]);
    char *text = take_text(invocation->operands[2]);
    if (!text)
        return EXIT_REFUSED;
    json_t *request = json_pack("{s:s, s:s, s:I, s:s}", "type", "edit", "room",
                                invocation->operands[0], "target", seq, "text", text);
    free(text);
    return invocation_do(invocation, request);
}

enum exit_code command_delete(const struct invocation *invocation)
{
    json_int_t seq = read_seq(invocation->operands[1]);
    if (seq < 0)
        return no_seq(invocation->operands[1]);
    return invocation_do(invocation, json_pack("{s:s, s:s, s:I}", "type", "delete", "room",
                                               invocation->operands[0], "target", seq));
}

enum exit_code command_notice(const struct invocation *invocation)
{
    return invocation_do(invocation, json_pack("{s:s, s:s}", "type", "notice", "text",
                                               invocation->operands[0]));
}

/* NULL when there is none. */
static const char *string_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* What an entry or a message of a history page says, after time and name. */
static void print_saying(const json_t *entry)
{
    const char *type = string_of(entry, "type");
    const char *text = string_of(entry, "text");
    json_int_t target = number_of(entry, "target");
    if (strcmp(type, "topic") == 0)
        fputs("set the topic: ", stdout);
    else if (strcmp(type, "edit") == 0)
        printf("changed %" JSON_INTEGER_FORMAT ": ", target);
    else if (strcmp(type, "delete") == 0)
        printf("deleted %" JSON_INTEGER_FORMAT, target);
    else if (strcmp(type, "reaction") == 0)
        printf("%s %" JSON_INTEGER_FORMAT ": ",
               json_is_true(json_object_get(entry, "on")) ? "reacted to" : "took back from",
               target);
    if (string_of(entry, "emoji"))
        terminal_print(stdout, string_of(entry, "emoji"), 0);
    if (json_is_true(json_object_get(entry, "deleted")))
        fputs("(deleted)", stdout);
    else if (text)
        terminal_print(stdout, text, INDENT);
    if (json_object_get(entry, "edited"))
        fputs(" (edited)", stdout);
}

static bool is_entry(const json_t *line)
{
    static const char *const types[] = {"message", "edit", "delete", "reaction", "topic"};
    const char *type = string_of(line, "type");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static bool print_entry(const struct invocation *invocation, json_t *line)
{
    if (!is_entry(line))
        return true;
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(line);
        return true;
    }
    if (json_object_get(line, "clock"))
        fputs("(no date)       ", stdout); /* the board did not know the time */
    else
        terminal_print_time(stdout, number_of(line, "ts"));
    printf("  #%" JSON_INTEGER_FORMAT "  ", number_of(line, "seq"));
    terminal_print(stdout, string_of(line, "from") ? string_of(line, "from") : "?", 0);
    fputs(": ", stdout);
    print_saying(line);
    putchar('\n');
    fflush(stdout);
    return !ferror(stdout);
}

/* Messages of a room, the newest first, gathered page by page. */
struct gathered {
    json_t *messages;
    json_int_t before; /* the oldest of them; in: only those before it, 0: from the newest on */
    bool more;         /* there are older ones */
};

static enum exit_code gather(const struct invocation *invocation, json_int_t count,
                             struct gathered *gathered)
{
    gathered->more = true;
    while (gathered->more && count > 0) {
        json_t *reply;
        json_t *request =
            json_pack("{s:s, s:s, s:I}", "type", "history", "room", invocation->operands[0],
                      "limit", count < PAGE_ENTRIES ? count : (json_int_t)PAGE_ENTRIES);
        if (request && gathered->before > 0)
            json_object_set_new(request, "before", json_integer(gathered->before));
        enum exit_code code = invocation_ask(invocation, request, &reply);
        if (code != EXIT_DONE)
            return code;
        json_t *page = json_object_get(reply, "messages");
        size_t size = json_array_size(page);
        gathered->before = json_integer_value(json_object_get(json_array_get(page, 0), "seq"));
        for (size_t i = size; i > 0 && count > 0; i--, count--)
            json_array_append(gathered->messages, json_array_get(page, i - 1));
        gathered->more = size > 0 && json_is_true(json_object_get(reply, "more"));
        json_decref(reply);
    }
    return EXIT_DONE;
}

/* Oldest first; and on a terminal, how those before them are got at. */
static enum exit_code print_newest(const struct invocation *invocation, json_int_t count,
                                   json_int_t before)
{
    struct gathered gathered = {.messages = json_array(), .before = before};
    enum exit_code code = gather(invocation, count, &gathered);
    if (code == EXIT_DONE && gathered.more && gathered.before > 0 && isatty(STDOUT_FILENO) &&
        !invocation_has(invocation, OPTION_json))
        printf("(older: hearthctl tail %s --before %" JSON_INTEGER_FORMAT ")\n",
               invocation->operands[0], gathered.before);
    for (size_t i = json_array_size(gathered.messages); code == EXIT_DONE && i > 0; i--)
        print_entry(invocation, json_array_get(gathered.messages, i - 1));
    json_decref(gathered.messages);
    return code;
}

/* Percent-encodes what is not unreserved (RFC 3986). */
bool encode_path(const char *text, char *out, size_t size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t length = 0;
    for (; *text; text++) {
        if (length + 4 > size)
            return false;
        if (strchr(plain, *text))
            out[length++] = *text;
        else
            length += (size_t)sprintf(out + length, "%%%02X", (unsigned char)*text);
    }
    out[length] = '\0';
    return true;
}

/* What -n says; -1 when it will not do. */
static long read_count(const struct invocation *invocation, long most)
{
    char *end;
    const char *text = invocation->options[OPTION_lines];
    long count = text ? strtol(text, &end, 10) : TAIL_ENTRIES;
    return text && (end == text || *end || count < 0 || count > most) ? -1 : count;
}

enum exit_code command_tail(const struct invocation *invocation)
{
    char room[1600], path[1700];
    const char *before = invocation->options[OPTION_before];
    json_int_t before_seq = before ? read_seq(before) : 0;
    long count = read_count(invocation, TAIL_ENTRIES_MAX);
    if (count < 0)
        return complain(EXIT_WRONG_USE, "-n takes a number up to %d.", TAIL_ENTRIES_MAX);
    if (before_seq < 0)
        return no_seq(before);
    if (before && invocation_has(invocation, OPTION_follow))
        return complain(EXIT_WRONG_USE, "--before goes back in time, and --follow waits for what comes.");
    if (!invocation_has(invocation, OPTION_follow))
        return print_newest(invocation, count, before_seq);
    if (!encode_path(invocation->operands[0], room, sizeof room))
        return complain(EXIT_WRONG_USE, "no room has so long a name.");
    snprintf(path, sizeof path, "/admin/v1/rooms/%s/stream?history=%ld", room,
             count > 1000 ? 1000 : count);
    return invocation_stream(invocation, path, print_entry);
}

/* --- search ----------------------------------------------------------------------------------- */

static void print_found(const struct invocation *invocation, json_t *line)
{
    if (!invocation_has(invocation, OPTION_json)) {
        terminal_print(stdout, string_of(line, "room") ? string_of(line, "room") : "?", 0);
        fputs("  ", stdout);
    }
    (void)print_entry(invocation, line);
}

static json_t *search_request(const struct invocation *invocation, json_int_t count,
                              const char *next)
{
    return json_pack("{s:s, s:s, s:I, s:s*, s:s*, s:s*}", "type", "search", "query",
                     invocation->operands[0], "limit",
                     count < PAGE_ENTRIES ? count : (json_int_t)PAGE_ENTRIES, "room",
                     invocation->options[OPTION_room], "from", invocation->options[OPTION_from],
                     "next", next);
}

enum exit_code command_search(const struct invocation *invocation)
{
    json_int_t count = read_count(invocation, TAIL_ENTRIES_MAX);
    json_t *reply = NULL;
    enum exit_code code = EXIT_DONE;
    if (count < 1)
        return complain(EXIT_WRONG_USE, "-n takes a number from 1 to %d.", TAIL_ENTRIES_MAX);
    for (const char *next = NULL; code == EXIT_DONE && count > 0;) {
        json_t *request = search_request(invocation, count, next), *before = reply, *line;
        size_t i;
        code = invocation_ask(invocation, request, &reply);
        json_decref(before); /* next lay in it */
        if (code != EXIT_DONE)
            return code;
        json_array_foreach(json_object_get(reply, "results"), i, line)
            print_found(invocation, line);
        count -= (json_int_t)json_array_size(json_object_get(reply, "results"));
        if (!(next = string_of(reply, "next")))
            break;
    }
    json_decref(reply);
    return code;
}

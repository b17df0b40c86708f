/* command_file.c - the files of messages: listing them, removing their bytes, sending one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli/client.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

#define PIECE_BYTES 65536

static void print_file(const json_t *line)
{
    const json_t *file = json_object_get(line, "file");
    printf("%s\t", text_of(file, "id"));
    terminal_print(stdout, text_of(line, "room"), 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "user")[0] ? text_of(line, "user") : "-", 0);
    putchar('\t');
    if (json_is_true(json_object_get(file, "gone")))
        fputs("gone", stdout);
    else
        terminal_print_bytes(stdout, number_of(file, "size"));
    printf("\t%s\t", text_of(file, "type"));
    terminal_print(stdout, text_of(file, "name"), 0);
    putchar('\n');
}

enum exit_code command_file_list(const struct invocation *invocation)
{
    const char *lines = invocation->options[OPTION_lines];
    long limit = lines ? strtol(lines, NULL, 10) : 100;
    if (limit < 1 || limit > 200)
        return complain(EXIT_WRONG_USE, "--lines is 1 to 200.");
    return invocation_list(invocation,
                           json_pack("{s:s, s:s*, s:I}", "type", "files", "room",
                                     invocation->options[OPTION_room], "limit", (json_int_t)limit),
                           "files", print_file);
}

static void print_whole(const json_t *line)
{
    const json_t *file = json_object_get(line, "file");
    print_file(line);
    if (number_of(file, "width"))
        printf("%" JSON_INTEGER_FORMAT " x %" JSON_INTEGER_FORMAT "\n", number_of(file, "width"),
               number_of(file, "height"));
    if (number_of(line, "seq"))
        printf("of message #%" JSON_INTEGER_FORMAT "\n", number_of(line, "seq"));
    else
        puts("of no message yet");
    if (text_of(file, "alt")[0]) {
        terminal_print(stdout, text_of(file, "alt"), 0);
        putchar('\n');
    }
}

enum exit_code command_file_show(const struct invocation *invocation)
{
    json_t *reply;
    enum exit_code code = invocation_ask(
        invocation, json_pack("{s:s, s:s}", "type", "files", "id", invocation->operands[0]), &reply);
    if (code != EXIT_DONE)
        return code;
    const json_t *line = json_array_get(json_object_get(reply, "files"), 0);
    if (!line)
        code = complain(EXIT_REFUSED, "there is no such file; file list names them.");
    else if (invocation_has(invocation, OPTION_json))
        invocation_print_json(line);
    else
        print_whole(line);
    json_decref(reply);
    return code;
}

enum exit_code command_file_delete(const struct invocation *invocation)
{
    return invocation_do(invocation, json_pack("{s:s, s:s}", "type", "file_remove", "id",
                                               invocation->operands[0]));
}

/* --- sending ------------------------------------------------------------------------------------ */

/* A gateway that wants no more says why. */
static void send_pieces(struct client *client, FILE *in, int64_t length)
{
    char piece[PIECE_BYTES];
    int64_t sent = 0;
    size_t got;
    struct progress progress;
    progress_init(&progress, "sending");
    while (sent < length && (got = fread(piece, 1, sizeof piece, in)) > 0 && client_send(client, piece, got)) {
        sent += (int64_t)got;
        progress_show(&progress, sent, length);
    }
    progress_finish(&progress);
}

static enum exit_code send_file(const struct invocation *invocation, FILE *in, int64_t length,
                                const char *path, char *id)
{
    struct client client;
    json_t *reply;
    enum exit_code code = invocation_offer_body(invocation, path, length, &client);
    if (code != EXIT_DONE)
        return code;
    send_pieces(&client, in, length);
    code = invocation_finish_body(invocation, &client, &reply);
    if (code == EXIT_DONE)
        snprintf(id, 33, "%s", text_of(json_object_get(reply, "file"), "id"));
    json_decref(reply);
    return code;
}

enum exit_code file_upload(const struct invocation *invocation, char *id)
{
    const char *name = invocation->options[OPTION_file], *base = strrchr(name, '/');
    char room[1024], encoded[1024], path[2200];
    struct stat status;
    FILE *in = fopen(name, "rbe");
    if (!in || fstat(fileno(in), &status) != 0 || !S_ISREG(status.st_mode)) {
        enum exit_code code = complain(EXIT_REFUSED, "%s cannot be read: %s.", name,
                                       in ? "it is no plain file" : strerror(errno));
        if (in)
            fclose(in);
        return code;
    }
    bool fits = encode_path(invocation->operands[0], room, sizeof room) &&
                encode_path(base ? base + 1 : name, encoded, sizeof encoded);
    snprintf(path, sizeof path, "/admin/v1/rooms/%s/files?name=%s", room, encoded);
    enum exit_code code = !fits ? complain(EXIT_REFUSED, "the name of the room or the file is too long.")
                          : status.st_size == 0
                              ? complain(EXIT_REFUSED, "%s is empty.", name)
                              : send_file(invocation, in, (int64_t)status.st_size, path, id);
    fclose(in);
    return code;
}

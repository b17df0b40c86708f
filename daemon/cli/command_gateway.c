#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

/* How a figure of the status reply is shown. */
enum figure_kind {
    FIGURE_TEXT,
    FIGURE_COUNT,
    FIGURE_BYTES,
    FIGURE_TIME,
    FIGURE_SECONDS,
    FIGURE_FLAG
};

static const struct figure {
    const char *label, *key;
    enum figure_kind kind;
    const char *none; /* what zero means; NULL prints 0 */
} figures[] = {
    {"up", "uptime_ms", FIGURE_SECONDS, NULL},
    {"clock set", "clock_set", FIGURE_FLAG, NULL},
    {"clock", "clock", FIGURE_TEXT, NULL},
    {"connections", "connections", FIGURE_COUNT, NULL},
    {"connections at most", "connections_max", FIGURE_COUNT, NULL},
    {"users here", "users_here", FIGURE_COUNT, NULL},
    {"users known", "users", FIGURE_COUNT, NULL},
    {"rooms", "rooms", FIGURE_COUNT, NULL},
    {"entries kept", "entries", FIGURE_COUNT, NULL},
    {"logs in memory", "memory_bytes", FIGURE_BYTES, NULL},
    {"journal", "journal_mode", FIGURE_TEXT, NULL},
    {"durability", "durability", FIGURE_TEXT, NULL},
    {"database", "file_bytes", FIGURE_BYTES, NULL},
    {"database at most", "max_bytes", FIGURE_BYTES, "no ceiling"},
    {"written since start", "written_bytes", FIGURE_BYTES, NULL},
    {"commits since start", "commits", FIGURE_COUNT, NULL},
    {"waiting for disk", "pending", FIGURE_COUNT, NULL},
    {"waiting at most", "pending_max", FIGURE_COUNT, NULL},
    {"not indexed yet", "unindexed", FIGURE_COUNT, NULL},
    {"kept for days", "retention_age_days", FIGURE_COUNT, "for ever"},
    {"kept per room", "retention_room_entries", FIGURE_COUNT, "all"},
    {"last backup", "last_backup", FIGURE_TIME, "never"},
    {"storage failing", "failing", FIGURE_FLAG, NULL},
    {"failure", "failure", FIGURE_TEXT, NULL},
};

static void print_figure(const struct figure *figure, const json_t *value)
{
    json_int_t number = json_integer_value(value);
    printf("%-21s", figure->label);
    if (figure->kind == FIGURE_TEXT)
        terminal_print(stdout, json_is_string(value) ? json_string_value(value) : "", 0);
    else if (figure->kind == FIGURE_FLAG)
        fputs(json_is_true(value) ? "yes" : "no", stdout);
    else if (number == 0 && figure->none)
        fputs(figure->none, stdout);
    else if (figure->kind == FIGURE_BYTES)
        terminal_print_bytes(stdout, number);
    else if (figure->kind == FIGURE_TIME)
        terminal_print_time(stdout, number);
    else if (figure->kind == FIGURE_SECONDS)
        printf("%" JSON_INTEGER_FORMAT " s", number / 1000);
    else
        printf("%" JSON_INTEGER_FORMAT, number);
    putchar('\n');
}

enum exit_code command_status(const struct invocation *invocation)
{
    json_t *reply;
    enum exit_code code = invocation_ask(invocation, json_pack("{s:s}", "type", "status"), &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
        goto out;
    }
    const char *name = NULL, *version = NULL;
    json_unpack(reply, "{s:{s:s, s:s}}", "server", "name", &name, "version", &version);
    printf("%-21s", "server");
    terminal_print(stdout, name ? name : "?", 0);
    printf(", hearthd %s\n", version ? version : "?");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_t *value = json_object_get(reply, figures[i].key);
        if (value)
            print_figure(&figures[i], value);
    }
    if (!json_is_true(json_object_get(reply, "time_proven")))
        puts("retention by age waits: time not proven");
out:
    json_decref(reply);
    return EXIT_DONE;
}

/* The daemon has another working directory, so it is told absolute paths. */
static bool make_absolute(const char *path, char out[PATH_MAX])
{
    char here[PATH_MAX];
    int length;
    if (path[0] == '/')
        length = snprintf(out, PATH_MAX, "%s", path);
    else if (getcwd(here, sizeof here))
        length = snprintf(out, PATH_MAX, "%s/%s", here, path);
    else
        return false;
    return length > 0 && length < PATH_MAX;
}

static enum exit_code run_with_file(const struct invocation *invocation, const char *type,
                                    const char *sentence)
{
    char path[PATH_MAX];
    json_t *reply;
    if (!make_absolute(invocation->operands[0], path))
        return complain(EXIT_WRONG_USE, "%s is no usable path: %s.", invocation->operands[0],
                        strerror(errno));
    json_t *request = json_pack("{s:s, s:s}", "type", type, "path", path);
    if (request && invocation_has(invocation, OPTION_force))
        json_object_set_new(request, "overwrite", json_true());
    enum exit_code code = invocation_ask_long(invocation, request, &reply);
    if (code != EXIT_DONE)
        return code;
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        printf("%s ", sentence);
        terminal_print(stdout, path, 0);
        fputs(", ", stdout);
        terminal_print_bytes(stdout, json_integer_value(json_object_get(reply, "bytes")));
        putchar('\n');
    }
    json_decref(reply);
    return EXIT_DONE;
}

enum exit_code command_backup(const struct invocation *invocation)
{
    return run_with_file(invocation, "backup", "copied to");
}

enum exit_code command_restore(const struct invocation *invocation)
{
    return run_with_file(invocation, "restore", "restored from");
}

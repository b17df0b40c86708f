#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/advice.h"
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
    {"passwords", "passwords", FIGURE_TEXT, NULL},
    {"database", "file_bytes", FIGURE_BYTES, NULL},
    {"free on its disk", "free_bytes", FIGURE_BYTES, NULL},
    {"database at most", "max_bytes", FIGURE_BYTES, "no ceiling"},
    {"files", "files", FIGURE_COUNT, NULL},
    {"files take", "files_bytes", FIGURE_BYTES, NULL},
    {"files at most", "files_max_bytes", FIGURE_BYTES, NULL},
    {"written since start", "written_bytes", FIGURE_BYTES, NULL},
    {"commits since start", "commits", FIGURE_COUNT, NULL},
    {"waiting for disk", "pending", FIGURE_COUNT, NULL},
    {"waiting at most", "pending_max", FIGURE_COUNT, NULL},
    {"not indexed yet", "unindexed", FIGURE_COUNT, NULL},
    {"kept for days", "retention_age_days", FIGURE_COUNT, "for ever"},
    {"kept per room", "retention_room_entries", FIGURE_COUNT, "all"},
    {"last backup", "last_backup", FIGURE_TIME, "never"},
    {"tls", "tls", FIGURE_TEXT, NULL},
    {"https port", "tls_port", FIGURE_COUNT, "none"},
    {"certificate until", "tls_expires", FIGURE_TIME, "none"},
    {"certificate for", "tls_names", FIGURE_TEXT, NULL},
    {"tls warning", "tls_warning", FIGURE_TEXT, NULL},
    {"storage failing", "failing", FIGURE_FLAG, NULL},
    {"failure", "failure", FIGURE_TEXT, NULL},
    {"recovering", "recovering", FIGURE_FLAG, NULL},
    {"recovered", "recovery", FIGURE_TEXT, NULL},
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

/* Whose files take most: a line each. */
static void print_usage(const char *label, const json_t *lines)
{
    const json_t *line;
    size_t i;
    json_array_foreach(lines, i, line)
    {
        printf("%-21s", i == 0 ? label : "");
        terminal_print_bytes(stdout, number_of(line, "bytes"));
        printf(" in %" JSON_INTEGER_FORMAT ": ", number_of(line, "files"));
        terminal_print(stdout, text_of(line, "name"), 0);
        putchar('\n');
    }
}

/* --- status --watch --------------------------------------------------------------------------- */

#define HEAD_EVERY 20 /* lines */

/* What changed from one status to the next, a second of the gateway's time. */
static double rate_of(const json_t *before, const json_t *now, const char *key)
{
    json_int_t ms = number_of(now, "uptime_ms") - number_of(before, "uptime_ms");
    json_int_t change = number_of(now, key) - number_of(before, key);
    return ms > 0 && change > 0 ? (double)change * 1000 / (double)ms : 0;
}

static void print_rates(const json_t *before, const json_t *now)
{
    printf("%8" JSON_INTEGER_FORMAT "%8" JSON_INTEGER_FORMAT
           "%10.0f%10.0f%10.0f%10.1f%9" JSON_INTEGER_FORMAT "%s\n",
           number_of(now, "users_here"), number_of(now, "connections"),
           rate_of(before, now, "requests"), rate_of(before, now, "told"),
           rate_of(before, now, "commits"), rate_of(before, now, "written_bytes") / 1024,
           number_of(now, "pending"),
           json_is_true(json_object_get(now, "failing")) ? "  STORAGE FAILS" : "");
    fflush(stdout);
}

static void print_watched(const struct invocation *invocation, const json_t *before,
                          const json_t *now, int line)
{
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(now);
        return;
    }
    if (line % HEAD_EVERY == 0)
        puts("  people   conns     req/s entries/s commits/s     KiB/s  waiting");
    print_rates(before, now);
}

static enum exit_code watch(const struct invocation *invocation)
{
    json_t *before = NULL, *now;
    for (int line = 0;; line++) {
        enum exit_code code =
            invocation_ask(invocation, json_pack("{s:s}", "type", "status"), &now);
        if (code != EXIT_DONE || ferror(stdout)) {
            json_decref(before);
            json_decref(now);
            return code;
        }
        print_watched(invocation, before ? before : now, now, line);
        json_decref(before);
        before = now;
        sleep(1);
    }
}

enum exit_code command_status(const struct invocation *invocation)
{
    json_t *reply;
    if (invocation_has(invocation, OPTION_watch))
        return watch(invocation);
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
    print_usage("files by room", json_object_get(reply, "file_rooms"));
    print_usage("files by user", json_object_get(reply, "file_users"));
    if (!json_is_true(json_object_get(reply, "time_proven")) && number_of(reply, "retention_age_days") > 0)
        puts("retention by age waits: time not proven");
    advice_print(reply);
out:
    json_decref(reply);
    return EXIT_DONE;
}

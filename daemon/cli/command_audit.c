#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

#define LINES_DEFAULT 20
#define LINES_MAX     200
#define LOOK_MS       1000 /* how often --follow looks for more */

static void print_line(const struct invocation *invocation, json_t *line)
{
    time_t seconds = (time_t)(number_of(line, "ts") / 1000);
    struct tm when;
    char date[32] = "?";
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(line);
        return;
    }
    if (localtime_r(&seconds, &when))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &when);
    printf("%s\t", date);
    terminal_print(stdout, text_of(line, "by"), 0);
    printf("\t%s\t", text_of(line, "act"));
    terminal_print(stdout, text_of(line, "user"), 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "room"), 0);
    putchar('\t');
    terminal_print(stdout, text_of(line, "reason"), 0);
    putchar('\n');
}

/* Prints the newest lines after one, the oldest first; newest becomes the last one's id. */
static enum exit_code print_after(const struct invocation *invocation, json_int_t limit,
                                  json_int_t *newest)
{
    json_t *reply;
    enum exit_code code = invocation_ask(
        invocation, json_pack("{s:s, s:I}", "type", "audit", "limit", limit), &reply);
    if (code != EXIT_DONE)
        return code;
    json_t *lines = json_object_get(reply, "lines");
    for (size_t i = json_array_size(lines); i-- > 0;) {
        json_t *line = json_array_get(lines, i);
        if (number_of(line, "id") > *newest) {
            print_line(invocation, line);
            *newest = number_of(line, "id");
        }
    }
    fflush(stdout);
    json_decref(reply);
    return EXIT_DONE;
}

static enum exit_code follow(const struct invocation *invocation, json_int_t newest)
{
    const struct timespec pause = {.tv_sec = LOOK_MS / 1000};
    enum exit_code code = EXIT_DONE;
    while (code == EXIT_DONE && !ferror(stdout)) {
        nanosleep(&pause, NULL);
        code = print_after(invocation, LINES_MAX, &newest);
    }
    return code;
}

enum exit_code command_audit(const struct invocation *invocation)
{
    const char *text = invocation->options[OPTION_lines];
    char *end = NULL;
    long count = text ? strtol(text, &end, 10) : LINES_DEFAULT;
    json_int_t newest = 0;
    if (text && (end == text || *end || count < 1 || count > LINES_MAX))
        return complain(EXIT_WRONG_USE, "-n takes a number up to %d.", LINES_MAX);
    enum exit_code code = print_after(invocation, count, &newest);
    bool follows = code == EXIT_DONE && invocation_has(invocation, OPTION_follow);
    return follows ? follow(invocation, newest) : code;
}

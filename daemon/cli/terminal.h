/* terminal.h - texts of strangers on somebody's terminal. */
#ifndef HEARTH_CLI_TERMINAL_H
#define HEARTH_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Prints UTF-8 text with every control and direction character made visible, so that nothing that
 * is said in a chat can move a cursor or repaint a line. A line break becomes one, indented by
 * indent spaces; with indent 0 it is made visible too. */
void terminal_print(FILE *out, const char *text, int indent);

/* Asks on standard error for what is not to be seen, twice; where standard input is no terminal, takes its
 * first line. Without the line's end. False: nothing came, it is longer than size, or the two differ. */
bool terminal_read_secret(const char *prompt, char *out, size_t size);

/* "2026-11-22 23:13" in local time. */
void terminal_print_time(FILE *out, int64_t wall_ms);

/* "2h 5m" and the like: the two largest units. */
void terminal_print_period(FILE *out, int64_t ms);

/* "12.3 MiB" */
void terminal_print_bytes(FILE *out, int64_t bytes);

/* A bar on standard error, if that is a terminal; drawn again when it has moved. */
struct progress {
    const char *what;
    bool is_shown;
    int percent;
};
void progress_init(struct progress *progress, const char *what);
void progress_show(struct progress *progress, int64_t done, int64_t all);
void progress_finish(struct progress *progress);

#endif

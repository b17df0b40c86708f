/* log.h - the daemon's log: one event, one line, a fixed phrase, then key=value. Loop thread only.
 * error = somebody must act; warn = we coped; info = life of the daemon; debug = life of a session.
 * Never message text, names, tokens or passwords. At most 20 lines a second and 200 a minute below
 * error are written; what was left out is counted and said. */
#ifndef HEARTH_DAEMON_LOG_H
#define HEARTH_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* level, target and format as in config.h. */
void log_open(int level, int target, int format);

/* Why the process ends: written always, to standard error too. */
void log_fatal(const char *sentence);

/* The level alone, until the next log_open. */
void log_set_level(int level);
int log_level(void);

/* How often something may be told that anybody can bring about: once a minute. All zero: never yet. */
struct log_pace {
    int64_t told_ms; /* monotonic */
    int64_t untold;
};

/* True when it may be told now; times is how often it has happened since it was told last. */
bool log_is_due(struct log_pace *pace, int64_t now_ms, int64_t *times);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

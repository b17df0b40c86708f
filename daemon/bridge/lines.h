/* lines.h - what has come of a stream and is not taken yet, line by line. All zero is empty. */
#ifndef HEARTH_BRIDGE_LINES_H
#define HEARTH_BRIDGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES_MAX ((size_t)512 * 1024)

struct lines {
    char *bytes; /* owned */
    size_t length, capacity;
};

/* False, and nothing is kept, without memory or when they are longer than LINE_BYTES_MAX in all. */
bool lines_keep(struct lines *lines, const char *bytes, size_t length);

bool lines_are_there(const struct lines *lines); /* a whole one */

/* The next one without its end, owned by the caller. NULL: there is none yet, or no memory, which loses none. */
char *lines_take(struct lines *lines);

void lines_forget(struct lines *lines); /* all of them */

#endif

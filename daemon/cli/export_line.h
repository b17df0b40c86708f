/* export_line.h - the lines of an export, and what tells a damaged or broken one: behind each file stands
 * {"kind":"check","crc32"} over its bytes, and at the end one with "end":true over all lines before it, without line
 * ends and check lines. Rows may be edited by hand, which only that last one tells; files may not. */
#ifndef HEARTH_CLI_EXPORT_LINE_H
#define HEARTH_CLI_EXPORT_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* An export as it is written; sum is zero at first. */
struct export_out {
    FILE *stream; /* borrowed */
    uint32_t sum;
};

/* line is borrowed. */
void export_line(struct export_out *out, const json_t *line);

/* Behind a file, of whose bytes sum is; and behind all lines. */
void export_check(struct export_out *out, uint32_t sum);
void export_end(struct export_out *out);

/* Of a line that was read: whether it is a check, the one at the end, and right. */
bool export_is_check(const json_t *line);
bool export_is_end(const json_t *line);
bool export_is_right(const json_t *check, uint32_t sum);

#endif

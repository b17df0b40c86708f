/* export_line.h - the lines of an export, summed up as they are written and as they are read: after each file and at
 * the end stands {"kind":"check","crc32"} over everything before it, without line ends and check lines, so that a
 * damaged or broken export is noticed. The last one has "end":true. */
#ifndef HEARTH_CLI_EXPORT_LINE_H
#define HEARTH_CLI_EXPORT_LINE_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* An export as it is written; sum is zero at first. */
struct export_out {
    FILE *stream; /* borrowed */
    uint32_t sum;
};

/* CRC-32 (ISO 3309) of what was summed up and a line more, without its end. */
uint32_t export_sum(uint32_t sum, const char *line, size_t length);

/* line is borrowed. */
void export_line(struct export_out *out, const json_t *line);

enum export_check { EXPORT_CHECK, EXPORT_END };
void export_check(struct export_out *out, enum export_check which);

/* Of a line that was read: none of these, right or wrong. */
enum export_verdict { EXPORT_NO_CHECK, EXPORT_RIGHT, EXPORT_WRONG };
enum export_verdict export_verdict(const json_t *line, uint32_t sum);

#endif

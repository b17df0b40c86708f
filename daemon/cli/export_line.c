#include "daemon/cli/export_line.h"

#include <stdlib.h>
#include <string.h>

#define POLYNOMIAL UINT32_C(0xedb88320)

static uint32_t shift(uint32_t sum)
{
    for (int bit = 0; bit < 8; bit++)
        sum = sum & 1 ? sum >> 1 ^ POLYNOMIAL : sum >> 1;
    return sum;
}

uint32_t export_sum(uint32_t sum, const char *line, size_t length)
{
    static uint32_t table[256];
    for (uint32_t i = 0; table[255] == 0 && i < 256; i++)
        table[i] = shift(i);
    sum = ~sum;
    for (size_t i = 0; i < length; i++)
        sum = table[(sum ^ (unsigned char)line[i]) & 0xff] ^ sum >> 8;
    return ~sum;
}

void export_line(struct export_out *out, const json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    if (!text)
        return; /* the sum at the end tells */
    out->sum = export_sum(out->sum, text, strlen(text));
    fputs(text, out->stream);
    fputc('\n', out->stream);
    free(text);
}

void export_check(struct export_out *out, enum export_check which)
{
    fprintf(out->stream, "{\"kind\":\"check\",\"crc32\":\"%08lx\"%s}\n", (unsigned long)out->sum,
            which == EXPORT_END ? ",\"end\":true" : "");
}

enum export_verdict export_verdict(const json_t *line, uint32_t sum)
{
    const char *kind = json_string_value(json_object_get(line, "kind"));
    const char *said = json_string_value(json_object_get(line, "crc32"));
    char own[16];
    if (!kind || strcmp(kind, "check") != 0)
        return EXPORT_NO_CHECK;
    snprintf(own, sizeof own, "%08lx", (unsigned long)sum);
    return said && strcmp(said, own) == 0 ? EXPORT_RIGHT : EXPORT_WRONG;
}

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

uint32_t export_sum(uint32_t sum, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    static uint32_t table[256];
    for (uint32_t i = 0; table[255] == 0 && i < 256; i++)
        table[i] = shift(i);
    sum = ~sum;
    for (size_t i = 0; i < length; i++)
        sum = table[(sum ^ at[i]) & 0xff] ^ sum >> 8;
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

void export_check(struct export_out *out, uint32_t sum)
{
    fprintf(out->stream, "{\"kind\":\"check\",\"crc32\":\"%08lx\"}\n", (unsigned long)sum);
}

void export_end(struct export_out *out)
{
    fprintf(out->stream, "{\"kind\":\"check\",\"crc32\":\"%08lx\",\"end\":true}\n", (unsigned long)out->sum);
}

bool export_is_check(const json_t *line)
{
    const char *kind = json_string_value(json_object_get(line, "kind"));
    return kind && strcmp(kind, "check") == 0;
}

bool export_is_end(const json_t *line)
{
    return export_is_check(line) && json_is_true(json_object_get(line, "end"));
}

bool export_is_right(const json_t *check, uint32_t sum)
{
    const char *said = json_string_value(json_object_get(check, "crc32"));
    char own[16];
    snprintf(own, sizeof own, "%08lx", (unsigned long)sum);
    return said && strcmp(said, own) == 0;
}

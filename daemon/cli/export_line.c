#include "daemon/cli/export_line.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/crc32.h"

void export_line(struct export_out *out, const json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    if (!text)
        return; /* the sum at the end tells */
    out->sum = crc32_add(out->sum, text, strlen(text));
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

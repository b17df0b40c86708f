#include "daemon/net/file_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "protocol/text.h"

#define FIELD_BYTES_MAX 2048

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* The parameter's value: where it begins in field, with its quotes if it has them. NULL: there is none. */
static const char *find_parameter(const char *field, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = field; (at = strchr(at, ';'));) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, name, length) == 0 && at[length + strspn(at + length, " \t")] == '=')
            return strchr(at, '=') + 1 + strspn(strchr(at, '=') + 1, " \t");
    }
    return NULL;
}

/* UTF-8''with%20escapes */
static size_t read_extended(const char *value, char *out, size_t size)
{
    size_t used = 0;
    if (strncasecmp(value, "UTF-8'", 6) != 0 || !(value = strchr(value + 6, '\'')))
        return 0;
    for (value++; *value && !strchr("; \t", *value) && used < size; value++) {
        int high = *value == '%' ? digit_of(value[1]) : -1;
        int low = high >= 0 ? digit_of(value[2]) : -1;
        out[used++] = (char)(low >= 0 ? high << 4 | low : *value);
        value += low >= 0 ? 2 : 0;
    }
    return used;
}

static size_t read_plain(const char *value, char *out, size_t size)
{
    bool is_quoted = *value == '"';
    size_t used = 0;
    for (value += is_quoted; *value && used < size && *value != (is_quoted ? '"' : ';'); value++) {
        if (is_quoted && *value == '\\' && value[1])
            value++;
        out[used++] = *value;
    }
    while (!is_quoted && used > 0 && (out[used - 1] == ' ' || out[used - 1] == '\t'))
        used--;
    return used;
}

void file_name_clean(char *raw, size_t length, char out[FILE_NAME_BYTES_MAX + 1])
{
    raw[length] = '\0';
    for (char *slash; (slash = strpbrk(raw, "/\\"));)
        raw = slash + 1;
    text_clean(raw, TEXT_LINE, out, FILE_NAME_BYTES_MAX + 1);
    if (out[0] == '\0' || strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
        snprintf(out, FILE_NAME_BYTES_MAX + 1, "file");
}

void file_name_parse(const char *field, char out[FILE_NAME_BYTES_MAX + 1])
{
    char raw[FIELD_BYTES_MAX + 1];
    const char *extended = find_parameter(field, "filename*"), *plain = find_parameter(field, "filename");
    size_t length = extended ? read_extended(extended, raw, FIELD_BYTES_MAX) : 0;
    if (length == 0 && plain)
        length = read_plain(plain, raw, FIELD_BYTES_MAX);
    file_name_clean(raw, length, out);
}

void file_name_read(struct lws *wsi, char out[FILE_NAME_BYTES_MAX + 1])
{
    char field[FIELD_BYTES_MAX] = "";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_DISPOSITION) > 0 &&
        lws_hdr_copy(wsi, field, sizeof field, WSI_TOKEN_HTTP_CONTENT_DISPOSITION) < 0)
        field[0] = '\0';
    file_name_parse(field, out);
}

void file_name_write(const char *name, char out[FILE_NAME_FIELD_BYTES])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t used = (size_t)snprintf(out, FILE_NAME_FIELD_BYTES, "filename=\"");
    for (const char *at = name; *at; at++)
        out[used++] = strchr(plain, *at) || *at == ' ' ? *at : '_';
    used += (size_t)snprintf(out + used, FILE_NAME_FIELD_BYTES - used, "\"; filename*=UTF-8''");
    for (const char *at = name; *at && used + 4 < FILE_NAME_FIELD_BYTES; at++)
        used += (size_t)snprintf(out + used, FILE_NAME_FIELD_BYTES - used, strchr(plain, *at) ? "%c" : "%%%02X",
                                 (unsigned char)*at);
    out[used] = '\0';
}

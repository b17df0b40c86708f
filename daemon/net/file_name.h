/* file_name.h - what a file is called, in the field Content-Disposition (RFC 6266, RFC 8187). No state. */
#ifndef HEARTH_NET_FILE_NAME_H
#define HEARTH_NET_FILE_NAME_H

#include <stddef.h>

#include <libwebsockets.h>

#include "storage/store.h"

/* name*=UTF-8''..., with every byte escaped, and a plain name for old readers. */
#define FILE_NAME_FIELD_BYTES (4 * FILE_NAME_BYTES_MAX + 64)

/* Of a request: filename*, or filename; "file" when there is neither. Without folders before it, and without
 * control characters. */
void file_name_read(struct lws *wsi, char out[FILE_NAME_BYTES_MAX + 1]);

/* The same of the field's value. */
void file_name_parse(const char *field, char out[FILE_NAME_BYTES_MAX + 1]);

/* The same of length bytes of a name, which is changed: what is behind its last folder, cut at a character. */
void file_name_clean(char *raw, size_t length, char out[FILE_NAME_BYTES_MAX + 1]);

/* filename="..."; filename*=UTF-8''... */
void file_name_write(const char *name, char out[FILE_NAME_FIELD_BYTES]);

#endif

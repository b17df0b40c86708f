/* field.h - reading the values of HTTP header fields and queries. No state; any text may come. */
#ifndef HEARTH_NET_FIELD_H
#define HEARTH_NET_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "a, b" has the token b; compared without case. */
bool field_has_token(const char *field, const char *token);

/* If-None-Match (RFC 9110, 13.1.2): etag, with its quotes, is in the list, or the list is "*". */
bool field_matches_etag(const char *field, const char *etag);

/* Accept-Encoding (RFC 9110, 12.5.3): gzip may be sent. field is NULL when there was none. */
bool field_accepts_gzip(const char *field);

/* Accept names this media type, with a weight above zero. */
bool field_accepts(const char *field, const char *type);

/* A plain number: digits only, at most max. */
bool field_number(const char *field, int64_t max, int64_t *number);

/* Range (RFC 9110, 14.2): one range of a body of so many bytes, as its first and last; first is beyond last when
 * the body has none of them. False: it is none, or several, and the whole is to be sent. */
bool field_range(const char *field, int64_t size, int64_t *first, int64_t *last);

/* "Bearer KEY": the key, within field; NULL if it is something else. */
const char *field_bearer(const char *field);

/* Base64 (RFC 4648, either alphabet, with padding or without) as a text. False: it is none, or holds a
 * NUL, or does not fit. */
bool field_base64(const char *coded, char *out, size_t size);

#endif

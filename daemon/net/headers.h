/* headers.h - header lines that many answers share. */
#ifndef HEARTH_NET_HEADERS_H
#define HEARTH_NET_HEADERS_H

#include "config/config.h"
#include "protocol/buffer.h"

/* "404 Not Found". */
const char *headers_status(int status);

/* What every answer carries. */
extern const char headers_everywhere[];

/* Of JSON: no page may make anything else of it, no cache keep it. */
extern const char headers_json[];

/* The Content-Security-Policy of the page, a whole line. The names that the page may open WebSockets
 * to come from the configuration, never from a header. */
bool headers_page_policy(const struct config *config, struct buffer *out);

/* Of /trust.html alone, which tries this gateway's other port; under which name is not known beforehand. */
bool headers_trust_policy(struct buffer *out);

/* Of /install.html alone, which registers the page's worker: its address would be a Trusted Type. */
bool headers_install_policy(struct buffer *out);

/* "Date: ..." (RFC 9110, 5.6.7). */
bool headers_date(struct buffer *out);

#endif

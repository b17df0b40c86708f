/* body.h - the body of an answer that does not lie in the request's own memory, shared by all who are
 * sent it: a file of http.page_dir, opened once and read piece by piece, or a file of the built-in page
 * for those who do not take gzip, unpacked once. Freed with the last of them. Loop thread. */
#ifndef HEARTH_NET_BODY_H
#define HEARTH_NET_BODY_H

#include <stddef.h>
#include <sys/stat.h>

#include "daemon/net/net.h"

#define BODY_PIECE_BYTES 16384
#define BODY_FILES_MAX   32 /* open at a time; descriptors are kept for them */

struct body;
struct page_file;

/* Takes fd over, whatever comes of it. NULL: BODY_FILES_MAX others are being sent, or no memory. */
struct body *body_of_file(struct server *server, int fd, const struct stat *status);

/* NULL without memory. */
struct body *body_of_page(struct server *server, const struct page_file *file);

size_t body_length(const struct body *body);

/* What lies at offset, at most BODY_PIECE_BYTES, and how much it is; borrowed until the next call. NULL
 * when the file has become shorter or cannot be read: then the answer cannot be ended as it began. */
const unsigned char *body_read(const struct body *body, size_t offset, size_t *length);

/* One of those who are sent it has got it, or has gone. NULL is fine. */
void body_release(struct server *server, struct body *body);

#endif

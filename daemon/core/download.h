/* download.h - a file on its way out, in pieces that storage's thread of files reads when there is place for
 * one in the connection: so many readers cost what is written to them, not what they read. A door of
 * daemon/core for what is no message. Loop thread. */
#ifndef HEARTH_CORE_DOWNLOAD_H
#define HEARTH_CORE_DOWNLOAD_H

#include "daemon/core/file_turn.h"
#include "storage/crypto.h"

#include <stddef.h>

/* length bytes, good until the function returns; NULL: the file cannot be read any more. */
typedef void download_listener(void *owner, const unsigned char *piece, size_t length);

struct download {
    struct file_turn turn;
    uint8_t hash[HASH_BYTES];
    int64_t at;
    size_t length; /* of the piece that is read */
    void *owner;   /* borrowed */
    download_listener *listener;
};

/* In the owner's memory; hash is the file's. */
void download_init(struct download *download, const uint8_t hash[HASH_BYTES], download_listener *listener,
                   void *owner);

/* The next piece, from at on; one at a time. */
void download_read(struct gateway *gateway, struct download *download, int64_t at, size_t length);

void download_finish(struct gateway *gateway, struct download *download);

#endif

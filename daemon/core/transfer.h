/* transfer.h - a backup on its way out of the gateway, or one on its way in, as a stream: pieces of a
 * file that storage's threads read and write. For administrators; one at a time. The second door of
 * daemon/core for what is no message. Loop thread. */
#ifndef HEARTH_CORE_TRANSFER_H
#define HEARTH_CORE_TRANSFER_H

#include "protocol/message.h"

#include <stddef.h>
#include <stdint.h>

#define TRANSFER_PIECE_BYTES 65536

struct gateway;

/* What is told of a transfer. One thing at a time: nothing is asked for before the last was told. */
struct transfer_news {
    enum {
        TRANSFER_BEGUN,   /* out: so many bytes are there to be read; in: the first piece may come */
        TRANSFER_PIECE,   /* out: length bytes of piece, good until the function returns */
        TRANSFER_WRITTEN, /* in: the next piece may come */
        TRANSFER_TAKEN,   /* in: it is a backup; once the transfer ends, everything is built from it */
        TRANSFER_REFUSED  /* refusal says why; the transfer is over, but for transfer_end */
    } kind;
    int64_t bytes;
    const unsigned char *piece;
    size_t length;
    struct refusal refusal;
};
typedef void transfer_listener(void *owner, const struct transfer_news *news);

/* Begins one; owner is borrowed until transfer_end. False: refusal says why, and there is none. */
bool transfer_begin_backup(struct gateway *gateway, transfer_listener *listener, void *owner,
                           struct refusal *refusal);
/* overwrite: though the database has messages. bytes: how long the backup is. */
bool transfer_begin_restore(struct gateway *gateway, transfer_listener *listener, void *owner,
                            int64_t bytes, bool overwrite, struct refusal *refusal);

/* Asks for the next piece of at most TRANSFER_PIECE_BYTES; gives one, copied; says that it was the
 * last. Whether storage takes it is told, too. */
void transfer_read(struct gateway *gateway);
void transfer_write(struct gateway *gateway, const unsigned char *bytes, size_t length);
void transfer_take(struct gateway *gateway);

/* The owner's transfer, if it has one, is over, or broken off: nothing more is told. */
void transfer_end(struct gateway *gateway, const void *owner);

#endif

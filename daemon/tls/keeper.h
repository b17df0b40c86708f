/* keeper.h - which certificate is shown to those who connect: it looks after the files, or after the board's
 * own authority, and changes what is shown when there is something better. A bad file is a sentence, and what
 * was shown goes on. The TLS thread's alone. */
#ifndef HEARTH_TLS_KEEPER_H
#define HEARTH_TLS_KEEPER_H

#include <sys/types.h>
#include <time.h>

#include "daemon/tls/authority.h"
#include "daemon/tls/board.h"
#include "daemon/tls/channel.h"
#include "daemon/tls/tls.h"

/* By which a file is known to be another one. */
struct file_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct keeper {
    struct tls_options options;
    struct identity *shown; /* NULL: nothing that can be */
    bool is_doubtful;       /* not timely, or for another name: anything else is better */
    int64_t begins_ms, expires_ms;
    char names[CERTIFICATE_NAMES_BYTES];
    char trouble[TLS_WHY_BYTES]; /* empty when all is well */
    unsigned changes;            /* of what is shown, or of the trouble */
    struct file_stamp chain_stamp, key_stamp; /* that have been looked at */
    int64_t read_begins_ms, read_expires_ms;  /* of what was read there, and */
    int read_when;                            /* how that was to the time then: see when() */
    struct board board, vouched;              /* vouched: what the certificate shown was made for */
    struct authority authority;
    bool is_new; /* options have not been looked at */
};

/* What is wrong with a certificate that can be shown; empty when it is good. Whether it is worse than one that was good:
 * what is not valid yet is not, since it is the board's clock that is wrong, nearly always. Any thread. */
bool keeper_doubt(const struct tls_options *options, const struct certificate *certificate, char *why, size_t why_size);

/* Never fails: what cannot be shown is a trouble. */
void keeper_open(struct keeper *keeper, const struct tls_options *options);
void keeper_close(struct keeper *keeper);

/* Other files, or other names, from now on. */
void keeper_configure(struct keeper *keeper, const struct tls_options *options);

/* Looks whether anything has changed; called every few seconds. */
void keeper_look(struct keeper *keeper);

#endif

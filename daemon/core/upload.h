/* upload.h - a file on its way in, in pieces: begun by the request upload, fed by HTTP. It outlives the
 * connection that feeds it, so that a phone goes on where the link broke; whoever says nothing for an hour
 * begins anew, and where places are short, for a minute. A door of daemon/core for what is no message. Loop thread. */
#ifndef HEARTH_CORE_UPLOAD_H
#define HEARTH_CORE_UPLOAD_H

#include "daemon/core/file_turn.h"
#include "protocol/message.h"
#include "storage/model.h"

#define UPLOAD_PIECE_BYTES 20480 /* at a time: what libwebsockets reads at once */

struct gateway;
struct session;

/* What is told to whoever feeds it. */
struct upload_news {
    enum {
        UPLOAD_WRITTEN, /* the next piece may come */
        UPLOAD_ADDED,   /* it is a file, and on the disk */
        UPLOAD_REFUSED, /* refusal says why; there is no upload any more */
        UPLOAD_TAKEN    /* another connection goes on with it */
    } kind;
    const struct file_row *file; /* of UPLOAD_ADDED */
    struct refusal refusal;
};
typedef void upload_listener(void *owner, const struct upload_news *news);

enum upload_phase {
    UPLOAD_COMING,
    UPLOAD_FINISHING, /* all is here, and is summed up */
    UPLOAD_ADDING,    /* it is about to be a file */
    UPLOAD_FILE,      /* it is one: for who has not heard */
    UPLOAD_LEAVING    /* storage has to forget it: nobody finds it any more */
};

struct upload {
    struct upload *prev, *next; /* gateway->files.uploads; the one heard of last is last */
    struct file_turn turn;
    uint32_t number;
    enum upload_phase phase;
    int64_t offset, size;       /* so many of so many bytes are here */
    int64_t heard_ms;           /* monotonic */
    const void *piece;          /* borrowed from the owner, while it is written */
    size_t length;
    void *owner;                /* borrowed; NULL: nobody feeds it */
    upload_listener *listener;
    bool is_brief;              /* it goes with its owner: nobody else knows it */
    char name[FILE_NAME_BYTES_MAX + 1];
    struct file_row file;       /* id: the upload's, until it is a file */
};

/* NULL without memory. */
struct upload *upload_create(struct gateway *gateway, const struct file_row *file);

/* The upload of this id, if it is this user's. */
struct upload *upload_find(const struct gateway *gateway, const char *id, int64_t user_id);

/* Whether one more may be on its way, of files.uploads; one that nobody has fed for a minute gives way to it. */
bool upload_make_place(struct gateway *gateway);

/* Whoever feeds it does so no more, and is told. A piece may still be under way: see JOB_FILE_STEP's
 * FILE_STEP_NONE, behind which it is not. */
void upload_take(struct gateway *gateway, struct upload *upload);

/* Whether storage has a piece of it under way. */
bool upload_is_written(const struct upload *upload);

/* Nobody feeds it, and no piece is under way: from now on owner is told. Then pieces come, each when the one
 * before is written, and borrowed until then. */
void upload_feed(struct gateway *gateway, struct upload *upload, upload_listener *listener, void *owner);
void upload_write(struct gateway *gateway, struct upload *upload, const void *bytes, size_t length);

/* The owner feeds no more. A piece that it has lent is written no more, or was. */
void upload_let_go(struct gateway *gateway, const void *owner);

/* Not while storage is making it a file. Its owner, if any, is not told. */
void upload_destroy(struct gateway *gateway, struct upload *upload);

/* Ends those that nobody has fed for an hour. Gives the ms until that is due; INT64_MAX: it is not. */
int64_t uploads_expire(struct gateway *gateway);
void uploads_finish(struct gateway *gateway);

#endif

/* repeat.h - an append whose sender says since when it may have been said before: since and log of
 * send, edit, delete, react and direct. Where many entries lie between, the log is read first, step by
 * step on a reader's thread, and the session's next request waits, so that the order holds. Loop thread. */
#ifndef HEARTH_CORE_REPEAT_H
#define HEARTH_CORE_REPEAT_H

#include "daemon/core/ask.h"

/* The two fields as decoded: NUMBER_ABSENT and NULL where they are not there. */
struct repeat {
    int64_t since;
    const char *log;
};

/* Submits the append, which becomes the request's: answer goes on with it. Without since it is
 * submitted as it is. Refused are a log that is not the room's (field log), one field without the
 * other, since without a nonce, and since that retention has passed (field since). While the log is
 * read the job is put away, and the request is run again afterwards: see ask.checked. */
enum outcome repeat_submit(struct ask *ask, struct room *room, struct repeat repeat, struct job *job,
                           answer_handler *answer);

#endif

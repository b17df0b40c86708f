/* carrier.h - what the core asks of whoever carries a session: lws in the daemon, a plain array in
 * tests. Loop thread. connection is the carrier's own pointer for one session, given to session_open
 * with the carrier, and good until session_closed. None of these calls back into the core. */
#ifndef HEARTH_CORE_CARRIER_H
#define HEARTH_CORE_CARRIER_H

#include "protocol/message.h"

#include <stddef.h>
#include <stdint.h>

enum carrier_result {
    CARRIER_SENT,   /* taken by the kernel */
    CARRIER_BEHIND, /* taken, but some of it waits: write no more until session_writeable */
    CARRIER_GONE    /* the connection is dying; session_closed will come */
};

/* What one request is answered. All of it is borrowed. */
struct reply {
    enum message_type type;
    const void *fields;            /* its struct: see protocol/message.h */
    const struct refusal *refusal; /* NULL unless type is REPLY_error */
    const unsigned char *json;     /* {"type":...} without a frame */
    size_t length;
};

struct carrier {
    /* Takes the one reply of a session that is opened for one request. NULL: replies are written like
     * everything else. A join's entries are written from then on. */
    void (*reply)(void *connection, const struct reply *reply);
    /* Sends bytes as they are (they are framed already). Takes all of them or the connection dies. */
    enum carrier_result (*write)(void *connection, const unsigned char *bytes, size_t length);
    /* Calls session_writeable once the connection can take more. */
    void (*want_writeable)(void *connection);
    /* Stops or resumes session_receive: nothing is lost meanwhile, it waits in the kernel. */
    void (*pause)(void *connection);
    void (*resume)(void *connection);
    /* Closes once what was written is out (within a deadline). session_closed follows, never from
     * within this call. reason is a short sentence, copied. */
    void (*close)(void *connection, uint16_t code, const char *reason);
};

#endif

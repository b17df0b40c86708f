/* share.h - how large a list or page may become while all replies together are bounded by
 * limits.replies_bytes. Each takes a share of what is left of that, so that whoever comes late still
 * gets something; what is left out is told by `more` and asked for again. Bytes are counted as they go
 * out, escapes and all. Loop thread. */
#ifndef HEARTH_CORE_SHARE_H
#define HEARTH_CORE_SHARE_H

#include "protocol/message.h"

#define SHARE_LEAST 3072 /* of everybody, when nothing is left */

struct session;

/* Bytes that the records of one reply to this session may take now: at most a quarter of
 * limits.reply_bytes, so that it always fits. */
size_t share_bytes(const struct session *session);

/* Which records are kept when not all fit. */
enum share_end { SHARE_FIRST, SHARE_LAST };

/* Cuts a list of records to the session's share, and sets *more if any had to go. One that alone is
 * larger than the share is kept while there is place for it. False: there is not, and refusal says to
 * ask again later. */
bool share_cut(const struct session *session, enum message_type record, enum share_end end,
               struct message_list *list, bool *more, struct refusal *refusal);

#endif

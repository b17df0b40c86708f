/* rates.h - how often a user and an address may do a thing: buckets of both, with what the
 * configuration says. Addresses of limits.exempt and the administrator have no rate. Loop thread. */
#ifndef HEARTH_CORE_RATES_H
#define HEARTH_CORE_RATES_H

#include "daemon/core/limit.h"
#include "protocol/message.h"

struct ask;
struct room;
struct session;

/* Takes one of this kind, if the session's user and its address both may. False, with nothing taken,
 * when they may not: rate_limited with the wait, and a sentence. */
bool rates_take(struct session *session, enum limit_kind kind, struct refusal *refusal);

/* The same for the bytes of an entry with this text; once a request, however often its repeats are looked
 * for. Tokens have no such rate: theirs is of messages. */
bool rates_take_stored(struct ask *ask, const char *text, struct refusal *refusal);

/* The same for a hello: coming back with a key costs little, and nothing on an HTTP request, which
 * says a hello of its own. */
bool rates_take_hello(struct session *session, struct refusal *refusal);

/* The same for a new guest, who costs a name and a row: beyond the burst each is told a turn of their
 * own, in the order in which they came, so that all get in who come when they were told. */
bool rates_take_guest(struct session *session, struct refusal *refusal);

/* Before a password of this name, folded, is tried: so many from an address, and of one name from it with
 * waits that grow, whoever else tries elsewhere. A right one forgets what was tried before it. */
bool rates_take_password(struct session *session, const char *folded, struct refusal *refusal);
void rates_forget_tries(struct session *session, const char *folded);

/* Whether the address may try one more code. Takes nothing: a wrong one takes LIMIT_CODES. */
bool rates_may_try(struct session *session, struct refusal *refusal);

/* In a room in slow mode: how long until the session's user may say the next thing; 0 is now. The plain
 * clients of an address are one user. A moderator need not wait. Takes nothing. */
int64_t rates_slow_wait_ms(struct session *session, const struct room *room, enum role role);

/* The same before something is said, and notes that it was: rate_limited with the wait. */
bool rates_take_slow(struct session *session, const struct room *room, enum role role,
                     struct refusal *refusal);

#endif

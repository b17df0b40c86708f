/* tokens.h - tokens of bridges and bots as they are kept: by the hash of their text, each with a user
 * of its own. The row of a revoked one stays without a hash, so that the same name given a token again
 * is the same user, whose origins and cursors go on. */
#ifndef HEARTH_STORAGE_TOKENS_H
#define HEARTH_STORAGE_TOKENS_H

#include "storage/database.h"
#include "storage/job.h"

struct store_start;

/* Writer: JOB_TOKEN_CREATE, JOB_TOKEN_REVOKE, JOB_TOKEN_PAUSE (of user_id, as is_paused says). False on a failure of the database. */
bool tokens_create(struct database *database, struct job *job);
bool tokens_revoke(struct database *database, struct job *job);
bool tokens_pause(struct database *database, struct job *job);

/* Puts all that open something into start. False on a failure of the database. */
bool tokens_load(struct database *database, struct store_start *start);

#endif

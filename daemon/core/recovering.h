/* recovering.h - rooms that come back from a damaged database (storage/recovery.h): closed until their
 * logs are here. Loop thread. */
#ifndef HEARTH_CORE_RECOVERING_H
#define HEARTH_CORE_RECOVERING_H

#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct room;

/* "1200 of 5000 entries of 3 rooms, 1 page unreadable", and what goes on. */
#define RECOVERING_SENTENCE_BYTES 512
void recovering_describe(const struct recovery_figures *figures,
                         char sentence[RECOVERING_SENTENCE_BYTES]);

/* False, with the refusal, while the room is closed: to everybody, administrators too. */
bool recovering_allows(const struct room *room, struct refusal *refusal);

/* JOB_RECOVERED: a room is open again, or all of it is done. */
void recovering_finish(struct gateway *gateway, const struct job_recovered *recovered);

#endif

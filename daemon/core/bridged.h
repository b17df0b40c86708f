/* bridged.h - what a bridge says, besides, of an entry that it brings: who said it, what it came through,
 * and what it and its target are called where they come from. Loop thread. */
#ifndef HEARTH_CORE_BRIDGED_H
#define HEARTH_CORE_BRIDGED_H

#include "protocol/message.h"

#include <stdbool.h>
#include <stdint.h>

struct ask;
struct job;

/* Of a request; borrowed, NULL where absent. */
struct bridged {
    const char *as, *via, *origin, *target_origin;
};

#define BRIDGED(request) {(request)->as, (request)->via, (request)->origin, (request)->target_origin}

/* May it be said? Only by a bridge: else forbidden; via is a-z, 0-9 and -: else bad_request. */
bool bridged_check(const struct ask *ask, const struct bridged *bridged, struct refusal *refusal);

/* Puts it into a JOB_APPEND that the session's user has signed. */
void bridged_sign(const struct ask *ask, const struct bridged *bridged, struct job *job);

#endif

/* bridged.h - what a bridge says, besides, of an entry that it brings: who said it, what it came through,
 * and what it and its target are called where they come from. Loop thread. */
#ifndef HEARTH_CORE_BRIDGED_H
#define HEARTH_CORE_BRIDGED_H

#include "protocol/message.h"

#include <stdbool.h>
#include <stdint.h>

struct ask;
struct gateway;
struct job;

/* Of a request; borrowed, NULL where absent. */
struct bridged {
    const char *as, *via, *origin, *target_origin;
};

#define BRIDGED(request) {(request)->as, (request)->via, (request)->origin, (request)->target_origin}

/* May it be said? Only by a bridge: else forbidden; via is a-z, 0-9 and -: else bad_request; and of nobody who is
 * muted or banned there: muted, banned. */
bool bridged_check(const struct ask *ask, const struct bridged *bridged, struct refusal *refusal);

/* What a sanction knows one of those by whom a bridge shows, from the name it says or that is shown; 0: nobody can be
 * called so. */
int64_t bridged_person(const struct gateway *gateway, const char *from);

/* Puts it into a JOB_APPEND that the session's user has signed. */
void bridged_sign(const struct ask *ask, const struct bridged *bridged, struct job *job);

#endif

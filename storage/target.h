/* target.h - whom something is done to, and whether whoever does it is above them: in a room by what the
 * room gives both of them, else by their roles in the gateway. Writer thread. */
#ifndef HEARTH_STORAGE_TARGET_H
#define HEARTH_STORAGE_TARGET_H

#include "storage/database.h"
#include "storage/job.h"

struct target {
    int64_t user_id; /* 0: a plain client */
    char name[NAME_BYTES_MAX + 1];
    enum role role; /* in the gateway */
    bool account;
};

/* The user of this folded name; with "" the plain client of that number. False: job->result says why, or,
 * where it is JOB_DONE, storage failed. */
bool target_find(struct database *database, struct job *job, const char *folded, int64_t client_id,
                 struct target *target);

/* What both are in the room; with room_id 0, in the gateway. False as in target_find. */
bool target_roles(struct database *database, struct job *job, const struct actor *actor,
                  int64_t room_id, const struct target *target, enum role *of_actor,
                  enum role *of_target);

/* Whether the target is below the actor; the board's own admin socket is above all. False as in target_find. */
bool target_is_below(struct database *database, struct job *job, const struct actor *actor,
                     int64_t room_id, const struct target *target, bool *is_below);

#endif

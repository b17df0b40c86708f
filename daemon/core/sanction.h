/* sanction.h - the bans and mutes that no room's grant tells of: of the gateway, of plain clients, and
 * those that mean devices or addresses besides. All of them are in memory; they are few, and looked
 * through one by one. Loop thread. */
#ifndef HEARTH_CORE_SANCTION_H
#define HEARTH_CORE_SANCTION_H

#include <stddef.h>

#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct store_start;

#define SANCTIONS_MAX 512

struct sanctions {
    struct sanction *items; /* owned; capacity of them */
    size_t count, capacity;
};

/* Takes what the store found at the start. False without memory. */
bool sanctions_init(struct sanctions *sanctions, const struct store_start *start);
void sanctions_finish(struct sanctions *sanctions);

/* Is there room for one more? What is over gives way. */
bool sanctions_have_room(struct gateway *gateway);

/* One that was stored takes the place of the one of its kind, place and target. It is kept only if no
 * grant tells of it. */
void sanctions_add(struct gateway *gateway, const struct sanction *sanction);
void sanctions_remove(struct gateway *gateway, int64_t id);
void sanctions_forget_room(struct gateway *gateway, int64_t room_id);

/* Who might be hit: a session, as far as sanctions go by it. */
struct subject {
    int64_t user_id;  /* 0: none */
    enum role role;   /* in the gateway; an administrator is never hit */
    bool is_client;   /* a plain client */
    int64_t client_id;
    struct marks marks;
};

/* Until when, in elapsed time, one of these hits the subject in the room, or with room_id 0 in the gateway;
 * 0: none does. */
int64_t sanction_until(const struct gateway *gateway, const struct subject *subject,
                       int64_t room_id, enum sanction_kind kind);

/* The same of one of those whom a bridge shows: see bridged_person. */
int64_t sanction_until_behind(const struct gateway *gateway, int64_t user_id, int64_t person, int64_t room_id,
                              enum sanction_kind kind);

/* Banned from where: "this gateway". */
void sanction_refuse(const struct gateway *gateway, const char *where, int64_t until,
                     struct refusal *refusal);

/* How long that is from now, for a message: NUMBER_ABSENT when it has no end. */
int64_t sanction_left_ms(const struct gateway *gateway, int64_t until);

/* For people: "2 hours", and " for 2 hours more"; empty when it has no end. */
#define PERIOD_BYTES 48
const char *sanction_length(int64_t left_ms, char out[PERIOD_BYTES]);
const char *sanction_period(int64_t left_ms, char out[PERIOD_BYTES]);

#endif

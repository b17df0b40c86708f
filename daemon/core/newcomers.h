/* newcomers.h - whom nobody here knows yet, and what becomes of them: they come in (open), they read the
 * first room and wait until a moderator lets them in (ask), or they are refused (invite, closed).
 *
 * Those who wait knock: in memory, a few an address and some in all. A new one of them is no user in storage
 * and so holds no name once it has gone. Loop thread. */
#ifndef HEARTH_CORE_NEWCOMERS_H
#define HEARTH_CORE_NEWCOMERS_H

#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct store_start;
struct user;

#define KNOCKS_MAX 50
#define KNOCKS_PER_ADDRESS 3
#define KNOCK_TEXT_BYTES 256

struct knock {
    struct knock *prev, *next;
    uint64_t session;         /* of whoever waits */
    int64_t user_id;
    uint64_t address_key;     /* 0: no bound of one address applies */
    bool is_told;             /* to the moderators */
    bool is_new;              /* no user in storage: row, device and marks are for when it is let in */
    struct user_row row;
    struct device_row device;
    struct marks marks;
    char text[KNOCK_TEXT_BYTES + 1];
};

struct newcomers {
    enum newcomers_mode mode;
    int64_t spoke_before_ms; /* who said something before then is known */
    int64_t until;           /* elapsed time; FOREVER */
    enum newcomers_mode afterwards; /* the mode from then on */
    struct knock *knocks;    /* owned; the one that has waited for longest is first */
    size_t count;
    int64_t told_ms;         /* when a moderator was told last; monotonic */
};

/* What a moderator said last counts over restarts, until the configuration says otherwise than then. */
void newcomers_init(struct gateway *gateway, const struct store_start *start);
void newcomers_finish(struct newcomers *newcomers);

/* Nobody has to wait for this user: known by what was said, by being let in, by a role, or a token. */
bool newcomers_know(const struct gateway *gateway, const struct user *user);

/* False with rate_limited: as many wait as may. like is copied. */
bool newcomers_add(struct gateway *gateway, const struct knock *like, struct refusal *refusal);
struct knock *newcomers_find(const struct gateway *gateway, int64_t user_id);
void newcomers_remove(struct gateway *gateway, struct knock *knock);

/* A new user who is to wait, by a login that found nobody: not stored, and knocks. NULL: refusal says why
 * nobody waits here. In handle_newcomers.c. */
struct session;
struct user *newcomers_receive(struct session *session, const struct job_login *login,
                               int64_t *device_id, struct refusal *refusal);

/* A user who is stored is known from now on; all sessions but by, which may be NULL, are told. */
void newcomers_let_in(struct gateway *gateway, struct user *user, const struct session *by);

/* Ends what was said for a time only. Gives the ms until then; INT64_MAX: it has no end. */
int64_t newcomers_expire(struct gateway *gateway);

/* The session has ended. */
void newcomers_forget(struct gateway *gateway, uint64_t session);

#endif

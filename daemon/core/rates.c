#include "daemon/core/rates.h"

#include <string.h>

#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"

#define PLAIN_USERS 4  /* the plain clients of one address may say what so many users may */
#define TOKEN_BURSTS 10 /* a tenth of what a token may say in a minute, it may at once */
#define WRONG_CODES 10 /* an hour, from an address */
#define PASSWORDS_PER_MINUTE 60 /* of an address: a class that signs in */
#define PASSWORDS_BURST 40
#define TRIES_FREE 3              /* of a name, from an address: then the wait doubles */
#define TRIES_WAIT_MS INT64_C(1000)
#define TRIES_DOUBLINGS 10        /* to 17 minutes */
#define TRIES_FORGET_MS INT64_C(3600000)
#define KIB 1024
#define ENTRY_BYTES 256 /* what an entry takes beside its text: name, ids, nonce, indexes */
#define QUEUE_MS 60000 /* turns are told so far ahead; who comes later is told that much, too */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What one user may, or one address: that is for several users, but for what only addresses have. */
static struct rate rate_of(const struct config *config, enum limit_kind kind, int64_t factor)
{
    const struct config_limits *limits = &config->limits;
    switch (kind) {
    case LIMIT_MESSAGES:
        return rate_per_minute(limits->messages_per_minute * factor,
                               limits->messages_burst * factor);
    case LIMIT_TOKEN:
        return rate_per_minute(limits->bridge_messages_per_minute,
                               larger(limits->bridge_messages_per_minute / TOKEN_BURSTS,
                                      limits->messages_burst));
    case LIMIT_PLAIN:
        return rate_per_minute(limits->messages_per_minute * PLAIN_USERS,
                               limits->messages_burst * PLAIN_USERS);
    case LIMIT_STORED:
        return rate_per_hour(limits->stored_kib_per_hour * KIB * factor,
                             limits->stored_kib_per_hour * KIB * factor);
    case LIMIT_UPLOADS:
        return rate_per_hour(config->files.per_hour * factor, config->files.per_hour * factor);
    case LIMIT_JOINS:
    case LIMIT_RETURNS:
        return rate_per_minute(limits->joins_per_minute * factor, limits->joins_burst * factor);
    case LIMIT_READS:
        return rate_per_minute(limits->reads_per_minute * factor, limits->reads_burst * factor);
    case LIMIT_GUESTS:
    case LIMIT_GUEST_QUEUE:
        return rate_per_minute(limits->hellos_per_minute, limits->hellos_burst);
    case LIMIT_ROOMS:
        return rate_per_hour(limits->rooms_per_hour, limits->rooms_per_hour);
    case LIMIT_DIRECT_ROOMS:
        return rate_per_hour(limits->direct_rooms_per_hour, limits->direct_rooms_per_hour);
    case LIMIT_INVITATIONS:
        return rate_per_hour(limits->invitations_per_hour, limits->invitations_per_hour);
    case LIMIT_CODES:
        return rate_per_hour(WRONG_CODES, WRONG_CODES);
    case LIMIT_PASSWORDS:
        return rate_per_minute(PASSWORDS_PER_MINUTE, PASSWORDS_BURST);
    case LIMIT_TRIES: /* see rates_take_password */
    case LIMIT_SLOW:  /* each room's own: see rates_take_slow */
    case LIMIT_RENAMES:
        return rate_per_hour(limits->renames_per_hour * factor, limits->renames_per_hour * factor);
    case LIMIT_KIND_COUNT:
        break;
    }
    return (struct rate){1, 1, 1};
}

static const char *sentence_of(enum limit_kind kind)
{
    switch (kind) {
    case LIMIT_RETURNS:
    case LIMIT_GUESTS:
        return "Many come in from your address at once; wait a moment for your turn.";
    case LIMIT_ROOMS:
        return "From your address as many rooms were made as may be in an hour.";
    case LIMIT_DIRECT_ROOMS:
        return "From your address as many conversations were begun as may be in an hour.";
    case LIMIT_INVITATIONS:
        return "You have sent as many invitations as may be sent in an hour.";
    case LIMIT_STORED:
        return "You, or all at your address, have written as much as is kept of one hour; wait a little.";
    case LIMIT_UPLOADS:
        return "You, or all at your address, have sent as many files as may be sent in an hour; wait a little.";
    case LIMIT_CODES:
        return "From your address too many wrong codes came; wait before the next.";
    case LIMIT_PASSWORDS:
        return "From your address many passwords were tried; wait a moment.";
    case LIMIT_TRIES:
        return "From your address wrong passwords of this name came; wait before the next.";
    default:
        return NULL;
    }
}

static uint64_t user_key(const struct session *session)
{
    return table_hash_number((uint64_t)session_presence_id(session) ^ session->gateway->seed);
}

static bool has_own_rate(const struct session *session, enum limit_kind kind)
{
    return session->user && (kind == LIMIT_MESSAGES || kind == LIMIT_TOKEN || kind == LIMIT_STORED || kind == LIMIT_UPLOADS ||
                             kind == LIMIT_JOINS || kind == LIMIT_READS || kind == LIMIT_RENAMES);
}

static struct bucket *address_bucket(struct session *session, enum limit_kind kind)
{
    struct bucket *buckets =
        limit_table_find(session->gateway->limits, session->arrival.address_key);
    return buckets ? &buckets[kind] : NULL;
}

/* 0, or how long to wait. */
static int64_t take_several(struct session *session, enum limit_kind kind, int64_t amount)
{
    struct gateway *gateway = session->gateway;
    int64_t now_ms = gateway->now.monotonic_ms;
    struct rate own = rate_of(gateway->config, kind, 1);
    struct rate shared = rate_of(gateway->config, kind, gateway->config->limits.address_factor);
    bool is_token = token_of(session) != NULL; /* whatever else comes from its address */
    struct bucket *bucket = is_token ? NULL : address_bucket(session, kind);
    int64_t wait_ms = bucket ? bucket_wait_several_ms(bucket, &shared, amount, now_ms) : 0;
    if (wait_ms > 0)
        return wait_ms;
    struct bucket *buckets =
        has_own_rate(session, kind) ? limit_table_find(gateway->limits, user_key(session)) : NULL;
    if (buckets)
        wait_ms = bucket_take_several(&buckets[kind], &own, amount, now_ms);
    if (wait_ms == 0 && !is_token && (bucket = address_bucket(session, kind)))
        (void)bucket_take_several(bucket, &shared, amount, now_ms);
    return wait_ms;
}

static int64_t take(struct session *session, enum limit_kind kind)
{
    return take_several(session, kind, 1);
}

static bool is_free(const struct session *session)
{
    return session->arrival.exempt || session->arrival.administrator;
}

static bool refuse_rate(struct refusal *refusal, enum limit_kind kind, int64_t wait_ms)
{
    refuse(refusal, ERROR_rate_limited, NULL, sentence_of(kind) ? "%s" : NULL, sentence_of(kind));
    refusal->retry_after_ms = wait_ms;
    return false;
}

bool rates_take(struct session *session, enum limit_kind kind, struct refusal *refusal)
{
    /* Another connection is another plain client: with rates of their own one address had any. */
    if (session->arrival.kind == SESSION_PLAIN && kind == LIMIT_MESSAGES)
        kind = LIMIT_PLAIN;
    if (token_of(session) && kind == LIMIT_MESSAGES)
        kind = LIMIT_TOKEN;
    int64_t wait_ms = is_free(session) ? 0 : take(session, kind);
    return wait_ms == 0 || refuse_rate(refusal, kind, wait_ms);
}

bool rates_take_stored(struct ask *ask, const char *text, struct refusal *refusal)
{
    struct session *session = ask->session;
    if (ask->checked > 0 || is_free(session) || token_of(session))
        return true;
    int64_t wait_ms = take_several(session, LIMIT_STORED, (int64_t)strlen(text) + ENTRY_BYTES);
    return wait_ms == 0 || refuse_rate(refusal, LIMIT_STORED, wait_ms);
}

bool rates_take_hello(struct session *session, struct refusal *refusal)
{
    bool is_http =
        session->arrival.kind == SESSION_LINES || session->arrival.kind == SESSION_EVENTS;
    return is_http || rates_take(session, LIMIT_RETURNS, refusal);
}

bool rates_may_try(struct session *session, struct refusal *refusal)
{
    const struct rate rate = rate_of(session->gateway->config, LIMIT_CODES, 1);
    struct bucket *bucket = is_free(session) ? NULL : address_bucket(session, LIMIT_CODES);
    int64_t wait_ms =
        bucket ? bucket_wait_ms(bucket, &rate, session->gateway->now.monotonic_ms) : 0;
    return wait_ms == 0 || refuse_rate(refusal, LIMIT_CODES, wait_ms);
}

bool rates_take_guest(struct session *session, struct refusal *refusal)
{
    const struct gateway *gateway = session->gateway;
    int64_t now_ms = gateway->now.monotonic_ms;
    int64_t wait_ms = is_free(session) ? 0 : take(session, LIMIT_GUESTS);
    if (wait_ms == 0)
        return true;
    if (session->turn_ms <= now_ms) { /* none was told yet, or it was missed */
        struct bucket *queue = address_bucket(session, LIMIT_GUEST_QUEUE);
        const struct rate rate = rate_of(gateway->config, LIMIT_GUEST_QUEUE, 1);
        session->turn_ms = now_ms + (queue ? bucket_queue(queue, &rate, now_ms, wait_ms, QUEUE_MS)
                                           : wait_ms);
    }
    return refuse_rate(refusal, LIMIT_GUESTS, session->turn_ms - now_ms);
}

/* --- passwords ---------------------------------------------------------------------------------- */

/* Of a name from an address, so that nobody elsewhere is kept out: used counts the tries, at_ms is the
 * newest one's. NULL without memory. */
static struct bucket *tries_of(struct session *session, const char *folded)
{
    uint64_t name = table_hash_text(folded, session->gateway->seed);
    struct bucket *buckets = limit_table_find(
        session->gateway->limits, session->arrival.address_key ^ table_hash_number(name));
    return buckets ? &buckets[LIMIT_TRIES] : NULL;
}

static int64_t tries_wait_ms(const struct bucket *tries, int64_t now_ms)
{
    int64_t over = tries->used - TRIES_FREE;
    if (over < 0)
        return 0;
    int64_t due_ms =
        tries->at_ms + (TRIES_WAIT_MS << (over < TRIES_DOUBLINGS ? over : TRIES_DOUBLINGS));
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

/* A try counts before it is known to be wrong: several at once are no way around. */
bool rates_take_password(struct session *session, const char *folded, struct refusal *refusal)
{
    int64_t now_ms = session->gateway->now.monotonic_ms;
    if (is_free(session))
        return true;
    struct bucket *tries = tries_of(session, folded);
    if (tries && now_ms - tries->at_ms > TRIES_FORGET_MS)
        *tries = (struct bucket){0};
    int64_t wait_ms = tries ? tries_wait_ms(tries, now_ms) : 0;
    if (wait_ms > 0)
        return refuse_rate(refusal, LIMIT_TRIES, wait_ms);
    if (!rates_take(session, LIMIT_PASSWORDS, refusal))
        return false;
    if ((tries = tries_of(session, folded)))
        *tries = (struct bucket){.used = tries->used + 1, .at_ms = now_ms};
    return true;
}

void rates_forget_tries(struct session *session, const char *folded)
{
    struct bucket *tries = tries_of(session, folded);
    if (tries)
        *tries = (struct bucket){0};
}

/* --- slow mode --------------------------------------------------------------------------------- */

/* When this user said something in this room last, while used. The time a room asks for may change, so
 * it is not a rate's bucket. */
static struct bucket *slow_bucket(struct session *session, const struct room *room)
{
    bool is_plain = session->arrival.kind == SESSION_PLAIN;
    uint64_t key = is_plain ? session->arrival.address_key : user_key(session);
    struct bucket *buckets = limit_table_find(session->gateway->limits,
                                              key ^ table_hash_number((uint64_t)room->id));
    return buckets ? &buckets[LIMIT_SLOW] : NULL;
}

/* Bridges are many people, and have a rate of their own. */
static bool is_slowed(const struct session *session, const struct room *room, enum role role)
{
    return room->slow_seconds && role < ROLE_MODERATOR && !token_of(session);
}

int64_t rates_slow_wait_ms(struct session *session, const struct room *room, enum role role)
{
    if (!is_slowed(session, room, role))
        return 0;
    const struct bucket *bucket = slow_bucket(session, room);
    if (!bucket || !bucket->used)
        return 0;
    int64_t due_ms = bucket->at_ms + room->slow_seconds * INT64_C(1000);
    int64_t now_ms = session->gateway->now.monotonic_ms;
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

bool rates_take_slow(struct session *session, const struct room *room, enum role role,
                     struct refusal *refusal)
{
    if (!is_slowed(session, room, role))
        return true;
    int64_t wait_ms = rates_slow_wait_ms(session, room, role);
    struct bucket *bucket = slow_bucket(session, room);
    if (wait_ms > 0) {
        refuse(refusal, ERROR_rate_limited, "room",
               "This room is in slow mode: one message every %d seconds.", room->slow_seconds);
        refusal->retry_after_ms = wait_ms;
        return false;
    }
    if (bucket)
        *bucket = (struct bucket){.used = 1, .at_ms = session->gateway->now.monotonic_ms};
    return true;
}

#include "daemon/core/gateway.h"

#include "daemon/core/announce.h"
#include "daemon/core/direct.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/limit.h"
#include "daemon/core/pairing.h"
#include "daemon/core/recovering.h"
#include "daemon/core/roles.h"
#include "daemon/core/room.h"
#include "daemon/core/room_make.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"
#include "daemon/core/token.h"
#include "daemon/core/token_cursor.h"
#include "daemon/core/upload.h"
#include "daemon/core/user.h"
#include "daemon/log.h"
#include "storage/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATIONS_BYTES ((KNOCKS_MAX + 2 * PAIRINGS_MAX) * 16) /* what the allocator adds */
#define CHECK_MS 1000 /* how often storage's health is looked at */
#define RETRY_MS 250  /* until a page that was refused is asked for again */
#define TOUCH_MS INT64_C(43200000) /* half a day */

_Static_assert(KNOCKS_MAX * sizeof(struct knock) + SANCTIONS_MAX * sizeof(struct sanction) * 3 / 2 +
                       INVITE_LINKS_MAX * sizeof(struct invite_link) +
                       2 * PAIRINGS_MAX * sizeof(struct pairing) + ALLOCATIONS_BYTES <= CONFIG_DOOR_BYTES,
               "--check-config counts what waits at the door; the array of sanctions grows by copying");

/* --- what comes from storage ------------------------------------------------------------------ */

/* Retention has removed something. */
static void note_pruned(struct gateway *gateway, const struct job_pruned *pruned)
{
    struct room *room = room_find_id(gateway, pruned->room_id);
    if (!room)
        return;
    if (pruned->room_removed) {
        room_remove(gateway, room);
        return;
    }
    room_note_pruned(room, pruned->first, pruned->pruned);
}

/* Told by storage itself, or the answer to a job of ours. */
static void finish(struct gateway *gateway, struct job *job)
{
    const struct job_context *context = job->context;
    if (job->kind == JOB_PRUNED) {
        note_pruned(gateway, &job->pruned);
        return;
    }
    if (job->kind == JOB_HANDED_ON) {
        roles_fall(gateway, &job->handed_on);
        return;
    }
    if (job->kind == JOB_RECOVERED) {
        recovering_finish(gateway, &job->recovered);
        return;
    }
    gateway->storage.job_count--;
    if (!job_is_write(job->kind))
        gateway->figures.mended += job->mended;
    if (context)
        context->finish(gateway, job);
}

/* While what was told is not out yet, nothing more is told: it would push it out of memory. */
void gateway_collect(struct gateway *gateway)
{
    struct job *job = NULL;
    struct turn *turn = &gateway->turn;
    turn->spent = turn->fan_out = 0;
    turn->has_collected = true;
    turn->has_jobs_left = true;
    while (!turn->has_rooms_left && !turn_is_spent(turn) && !turn_has_told_enough(turn)) {
        if (!(job = store_collect(gateway->storage.store))) {
            turn->has_jobs_left = false;
            return;
        }
        turn_spend(turn, TURN_NS_JOB);
        finish(gateway, job);
        job_destroy(job);
    }
}

/* --- the end of a turn ------------------------------------------------------------------------ */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Gives the ms until the first of those that rest is due; 0 when this turn has no time for all. */
static int64_t flush_rooms(struct gateway *gateway)
{
    int64_t next_ms = INT64_MAX;
    for (struct room *room = gateway->turn.changed, *next; room; room = next) {
        int64_t rests_ms = room_rests_ms(gateway, room);
        next = room->changed_next;
        if (rests_ms > 0) {
            next_ms = sooner(next_ms, rests_ms);
            continue;
        }
        if (!room_flush_some(gateway, room))
            return 0;
        turn_remove_room(gateway, room);
    }
    return next_ms;
}

static bool flush_sessions(struct gateway *gateway)
{
    while (gateway->turn.dirty) {
        struct session *session = gateway->turn.dirty;
        if (turn_is_spent(&gateway->turn))
            return false;
        turn_remove_session(session);
        session_flush(session);
        session_continue(session);
    }
    return true;
}

int64_t gateway_flush(struct gateway *gateway)
{
    gateway->turn.spent = 0;
    bool are_told = room_events_go_on(gateway);
    int64_t next_ms = flush_rooms(gateway);
    gateway->turn.has_rooms_left = next_ms == 0;
    return flush_sessions(gateway) && are_told ? next_ms : 0;
}

/* --- time ------------------------------------------------------------------------------------- */

void gateway_set_now(struct gateway *gateway, const struct moment *now)
{
    gateway->now = *now;
    gateway->turn.spent = 0;
    gateway->turn.has_collected = false;
}

/* Those who have not said hello in time. Gives the ms until the next is due. */
static int64_t close_unauthenticated(struct gateway *gateway)
{
    int64_t patience_ms = gateway->config->limits.hello_ms;
    while (gateway->sessions.unauthenticated) {
        struct session *session = gateway->sessions.unauthenticated;
        int64_t left_ms = session->hello_from_ms + patience_ms - gateway->now.monotonic_ms;
        if (left_ms > 0)
            return left_ms;
        session_close(session, 4001, "No hello came in time");
    }
    return INT64_MAX;
}

static void tell_health(struct gateway *gateway, bool is_failing)
{
    struct event_notice event = {
        .text = is_failing ? "Messages cannot be stored just now. What you send is refused until "
                             "they can."
                           : "Messages are stored again."};
    gateway->storage.is_failing = is_failing;
    announce(gateway, EVENT_notice, &event);
}

static int64_t check_health(struct gateway *gateway)
{
    char why[256];
    int64_t next_ms = gateway->storage.checked_ms + CHECK_MS;
    bool may_change = gateway->storage.job_count > 0 || gateway->storage.is_failing ||
                      gateway->rooms.unstored_count > 0;
    /* Storage wakes the loop when it begins to fail. */
    if (gateway->now.monotonic_ms >= next_ms) {
        gateway->storage.checked_ms = gateway->now.monotonic_ms;
        room_make_retry(gateway);
        next_ms = gateway->storage.checked_ms + CHECK_MS;
        bool is_failing = !store_is_healthy(gateway->storage.store, why, sizeof why);
        gateway->drain.wants_restart |= store_is_damaged(gateway->storage.store);
        if (is_failing && !gateway->storage.is_failing)
            log_error("gateway: storage fails why=\"%s\"", why);
        else if (!is_failing && gateway->storage.is_failing)
            log_info("gateway: storage works again");
        if (is_failing != gateway->storage.is_failing)
            tell_health(gateway, is_failing);
    }
    return may_change ? next_ms - gateway->now.monotonic_ms : INT64_MAX;
}

static int64_t retry_pages(struct gateway *gateway)
{
    struct table_link *link = NULL;
    if (gateway->sessions.retry_count == 0)
        return INT64_MAX;
    int64_t left_ms = gateway->sessions.retried_ms + RETRY_MS - gateway->now.monotonic_ms;
    if (left_ms > 0)
        return left_ms;
    gateway->sessions.retried_ms = gateway->now.monotonic_ms;
    while ((link = table_step(&gateway->sessions.by_id, link)))
        session_retry(TABLE_ITEM(link, struct session, by_id));
    return INT64_MAX;
}

/* True when some of them could go on, in the next turn. */
static bool wake_blocked(struct gateway *gateway)
{
    while (gateway->sessions.blocked && !gateway_waits_for_storage(gateway)) {
        struct session *session = gateway->sessions.blocked;
        if (turn_is_spent(&gateway->turn))
            return true;
        turn_spend(&gateway->turn, TURN_NS_JOB);
        session_unblock(session);
        session_continue(session);
    }
    return false;
}

/* Guests who stay for weeks are not to be forgotten. */
static void touch_users(struct gateway *gateway)
{
    if (gateway->now.monotonic_ms - gateway->users.touched_ms < TOUCH_MS)
        return;
    gateway->users.touched_ms = gateway->now.monotonic_ms;
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        const struct session *session = TABLE_ITEM(link, struct session, by_id);
        const struct user *user = session->user;
        if (user && !user_has_device(user, session->device_id, session))
            user_touch(session, NULL);
    }
}

int64_t gateway_tick(struct gateway *gateway)
{
    touch_users(gateway);
    if (gateway->turn.has_jobs_left && !gateway->turn.has_collected)
        gateway_collect(gateway);
    int64_t next_ms = close_unauthenticated(gateway);
    next_ms = sooner(next_ms, pairing_expire(gateway));
    next_ms = sooner(next_ms, room_tell_presence(gateway));
    next_ms = sooner(next_ms, check_health(gateway));
    next_ms = sooner(next_ms, retry_pages(gateway));
    next_ms = sooner(next_ms, newcomers_expire(gateway));
    next_ms = sooner(next_ms, gateway_tell_knocks(gateway));
    next_ms = sooner(next_ms, token_cursors_write(gateway, false));
    next_ms = sooner(next_ms, file_turns_retry(gateway));
    next_ms = sooner(next_ms, uploads_expire(gateway));
    return wake_blocked(gateway) || gateway->turn.has_jobs_left ? 0 : next_ms;
}

bool gateway_is_healthy(struct gateway *gateway, char *why, size_t why_size)
{
    char sentence[RECOVERING_SENTENCE_BYTES];
    struct recovery_figures figures;
    if (!store_is_healthy(gateway->storage.store, why, why_size))
        return false;
    store_recovery(gateway->storage.store, &figures);
    if (!figures.is_running)
        return true;
    recovering_describe(&figures, sentence);
    snprintf(why, why_size, "A damaged database is being recovered: %s.", sentence);
    return false;
}

/* --- building and taking down ----------------------------------------------------------------- */

/* Those of tokens that were revoked stay where they are kept. */
static void adopt_cursors(struct gateway *gateway, const struct store_start *start)
{
    for (size_t i = 0; i < start->cursor_count; i++) {
        struct token *token = token_find_user(gateway, start->cursors[i].user_id);
        if (token)
            (void)token_cursor_load(token, &start->cursors[i]);
    }
}

static bool adopt_rooms(struct gateway *gateway, const struct store_start *start)
{
    gateway->rooms.id_last = start->room_id_max;
    gateway->users.id_last = start->user_id_max;
    gateway->users.device_id_last = start->device_id_max;
    for (size_t i = 0; i < start->room_count; i++)
        if (!room_create(gateway, &start->rooms[i]))
            return false;
    for (size_t i = 0; i < start->hold_count; i++)
        direct_hold_name(gateway, &start->holds[i]);
    for (size_t i = 0; i < start->token_count; i++)
        if (!token_add(gateway, &start->tokens[i]))
            return false;
    adopt_cursors(gateway, start);
    return room_make_named(gateway);
}

void gateway_reconfigured(struct gateway *gateway)
{
    room_make_named_again(gateway);
}

const char *gateway_first_room(struct gateway *gateway)
{
    const char *name = gateway->config->rooms.first;
    const struct room *room = room_find(gateway, name);
    return room ? room->name : name;
}

uint64_t gateway_mark(const struct gateway *gateway, bool is_device, const void *bytes,
                      size_t length)
{
    char text[40] = {is_device ? 'd' : 'a'};
    if (length > sizeof text - 1)
        length = sizeof text - 1;
    memcpy(text + 1, bytes, length);
    return hash_with(gateway->secret, text, length + 1);
}

static size_t limit_entries(const struct config *config)
{
    return (size_t)config->limits.connections * 4 + 1024;
}

struct gateway *gateway_create(const struct config *config, struct store *store,
                               const struct moment *now)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return NULL;
    gateway->config = config;
    gateway->storage.store = store;
    gateway->now = *now;
    gateway->turn.budget = TURN_NS_MOST;
    gateway->started_ms = gateway->users.touched_ms = now->monotonic_ms;
    gateway->limits = limit_table_create(limit_entries(config));
    newcomers_init(gateway, store_start(store));
    memcpy(gateway->secret, store_start(store)->secret, sizeof gateway->secret);
    if (!gateway->limits || !random_fill(&gateway->seed, sizeof gateway->seed) ||
        !drafts_init(&gateway->drafts) ||
        !invite_links_init(&gateway->invite_links, store_start(store)) ||
        !sanctions_init(&gateway->sanctions, store_start(store)) ||
        !adopt_rooms(gateway, store_start(store))) {
        gateway_destroy(gateway);
        return NULL;
    }
    store_forget_start(store);
    return gateway;
}

void gateway_destroy(struct gateway *gateway)
{
    if (!gateway)
        return;
    while (gateway->rooms.newest)
        room_destroy(gateway, gateway->rooms.newest);
    while (gateway->tokens.first)
        token_remove(gateway, gateway->tokens.first);
    for (size_t i = 0; i < gateway->users.by_id.slot_count; i++)
        for (struct table_link *link = gateway->users.by_id.slots[i], *next; link; link = next) {
            next = link->next;
            user_destroy(TABLE_ITEM(link, struct user, by_id));
        }
    uploads_finish(gateway);
    direct_finish(gateway);
    pairing_finish(gateway);
    table_finish(&gateway->sessions.by_id);
    table_finish(&gateway->rooms.by_id);
    table_finish(&gateway->rooms.by_name);
    table_finish(&gateway->rooms.by_was);
    table_finish(&gateway->users.by_id);
    table_finish(&gateway->users.by_name);
    drafts_finish(&gateway->drafts);
    newcomers_finish(&gateway->newcomers);
    invite_links_finish(&gateway->invite_links);
    sanctions_finish(&gateway->sanctions);
    limit_table_destroy(gateway->limits);
    buffer_finish(&gateway->scratch);
    buffer_finish(&gateway->encoded);
    free(gateway);
}

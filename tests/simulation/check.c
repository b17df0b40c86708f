/* check.c - what must hold after every turn, and at the end. */
#include "tests/simulation/moderation.h"

#include "daemon/core/access.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- bounds
 * ---------------------------------------------------------------------------------------- */

static void check_session(const struct client *client)
{
    const struct session *session = client->session;
    const struct config *config = &client->world->config;
    size_t backlog_max = 2 * (size_t)config->limits.frame_bytes;
    /* beyond the bound by what was under way when it was reached */
    size_t replies_max = 2 * (size_t)config->limits.reply_bytes + 300000;
    if (session->backlog.length > backlog_max)
        wrong(client->world, "client %d: a backlog of %zu bytes", client->number,
              session->backlog.length);
    if (session->replies.length > replies_max)
        wrong(client->world, "client %d: replies of %zu bytes", client->number,
              session->replies.length);
    if (session->member_count > config->limits.rooms_per_session)
        wrong(client->world, "client %d: in %d rooms", client->number, session->member_count);
    if (client->is_paused != (session->backlog.length > 0) && !client->is_closing)
        wrong(client->world, "client %d: paused=%d with a backlog of %zu bytes", client->number,
              client->is_paused, session->backlog.length);
    if (client->wrote_late)
        wrong(client->world, "client %d: written to although it was behind", client->number);
}

static void check_logs(const struct world *world)
{
    const struct gateway *gateway = world->gateway;
    const struct config_limits *limits = &world->config.limits;
    size_t total = 0;
    for (const struct room *room = gateway->rooms.newest; room; room = room->older) {
        size_t bytes = roomlog_bytes(&room->log) + (room->plain ? roomlog_bytes(room->plain) : 0);
        total += bytes;
        if (room->log.length > (size_t)limits->room_log_bytes)
            wrong(world, "%s: a log of %zu bytes in memory", room->name, room->log.length);
    }
    if (total != gateway->rooms.log_bytes)
        wrong(world, "logs take %zu bytes and %zu are accounted for", total, gateway->rooms.log_bytes);
    if (total > (size_t)config_memory(&world->config).logs)
        wrong(world, "logs take %zu bytes, %" PRId64 " were promised", total,
              config_memory(&world->config).logs);
}

static void check_replies(const struct world *world)
{
    size_t total = 0;
    for (int i = 0; i < world->client_count; i++)
        if (world->clients[i].session)
            total += world->clients[i].session->replies.capacity;
    const struct memory_bounds memory = config_memory(&world->config);
    if ((int64_t)total > memory.replies)
        wrong(world, "replies take %zu bytes, %" PRId64 " were promised", total, memory.replies);
    if (total != world->gateway->sessions.replies_bytes)
        wrong(world, "replies take %zu bytes and %zu are accounted for", total,
              world->gateway->sessions.replies_bytes);
}

static void check_budgets(const struct world *world)
{
    const struct gateway *gateway = world->gateway;
    size_t received = 0, unsent = 0, members = 0;
    for (int i = 0; i < world->client_count; i++) {
        const struct session *session = world->clients[i].session;
        if (!session)
            continue;
        received += session->received.capacity + session->backlog.capacity;
        unsent += session->unsent_bytes;
        members += session->member_count;
    }
    if (received != gateway->sessions.received_bytes || unsent != gateway->sessions.unsent_bytes ||
        members != gateway->rooms.member_count)
        wrong(world, "%zu %zu %zu are kept and %zu %zu %zu accounted for", received, unsent,
              members, gateway->sessions.received_bytes, gateway->sessions.unsent_bytes, gateway->rooms.member_count);
}

void check_turn(struct world *world)
{
    check_budgets(world);
    for (int i = 0; i < world->client_count; i++)
        if (world->clients[i].session)
            check_session(&world->clients[i]);
    check_logs(world);
    check_replies(world);
    size_t direct_count = world->gateway->rooms.direct_count;
    size_t room_count = world->gateway->rooms.by_id.count - direct_count;
    if (room_count > (size_t)world->config.limits.rooms ||
        direct_count > (size_t)world->config.limits.direct_rooms)
        wrong(world, "%zu rooms, %zu direct ones", room_count, direct_count);
    if (world->gateway->storage.job_count < 0)
        wrong(world, "%" PRId64 " jobs", world->gateway->storage.job_count);
}

/* --- the end
 * --------------------------------------------------------------------------------------- */

struct grant stored_grant(const struct world *world, int64_t room_id, int64_t user_id)
{
    struct job *job = job_create(JOB_GRANT_FIND);
    if (!job)
        wrong(world, "no memory");
    job->grant_find.room_id = room_id;
    job->grant_find.user_id = user_id;
    fake_store_read(world->store, job);
    struct grant grant = job->grant_find.grant;
    job_destroy(job);
    return grant;
}

/* What members hold of their grants is what is stored, and nobody is in who may not be. */
static void check_members(const struct world *world, const struct room *room)
{
    size_t users = 0;
    for (size_t i = 0; i < room->member_count; i++) {
        const struct member *member = room->members[i];
        int64_t user_id = session_user_id(member->session);
        struct refusal refusal;
        struct grant kept = stored_grant(world, room->id, user_id);
        if (user_id &&
            (member->grant.role != kept.role || member->grant.invited != kept.invited ||
             member->grant.banned_until != kept.banned_until ||
             member->grant.muted_until != kept.muted_until || member->grant.read > kept.read))
            wrong(world,
                  "%s: user %" PRId64 " holds another grant than is stored: role %d %d, invited"
                  " %d %d, read %" PRId64 " %" PRId64,
                  room->name, user_id, member->grant.role, kept.role, member->grant.invited,
                  kept.invited, member->grant.read, kept.read);
        if (member->session->arrival.kind != SESSION_PLAIN &&
            !access_read(member->session, room, &member->grant, &refusal))
            wrong(world, "%s: user %" PRId64 " is in and may not be", room->name, user_id);
        bool is_first = session_presence_id(member->session) != 0;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = session_presence_id(room->members[j]->session) !=
                       session_presence_id(member->session);
        users += is_first;
    }
    if (users != room->presence.members)
        wrong(world, "%s: %zu users are here, presence says %zu", room->name, users,
              room->presence.members);
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return a->seq == b->seq && a->ts == b->ts && a->kind == b->kind && a->target == b->target &&
           a->user_id == b->user_id && same(a->from, b->from) && same(a->text, b->text) &&
           same(a->nonce, b->nonce) && same(a->emoji, b->emoji);
}

/* The log that can be read is what was committed, without what was pruned or deleted since. */
static void check_log(const struct world *world, const struct ledger_room *kept)
{
    struct job *job = job_create(JOB_PAGE);
    if (!job)
        wrong(world, "no memory");
    job->page.room_id = kept->row.id;
    job->page.up_to = SEQ_MAX;
    job->page.limit = (int)kept->count + 1; /* more than were committed, if there are */
    job->page.bytes_max = SIZE_MAX / 2;
    fake_store_read(world->store, job);
    if (job->result != JOB_DONE || job->page.count != kept->count - kept->pruned)
        wrong(world, "%s: %zu entries can be read, %zu were committed and %zu pruned",
              kept->row.name, job->page.count, kept->count, kept->pruned);
    for (size_t i = 0; i < job->page.count; i++) {
        const struct entry *committed = &kept->entries[kept->pruned + i].entry;
        if (!same_entry(committed, &job->page.entries[i]))
            wrong(world, "%s: %" PRId64 " reads otherwise than it was committed", kept->row.name,
                  committed->seq);
    }
    job_destroy(job);
}

static void check_room(const struct world *world, const struct room *room)
{
    const struct ledger_room *kept = ledger_room(fake_store_ledger(world->store), room->id);
    if (!kept)
        wrong(world, "%s is here and not stored", room->name);
    if (room->stage == ROOM_CREATING)
        wrong(world, "%s is pending for ever", room->name);
    if (kept->row.last != room->last || kept->row.first != room->first)
        wrong(world, "%s: received %" PRId64 "..%" PRId64 ", stored %" PRId64 "..%" PRId64,
              room->name, room->first, room->last, kept->row.first, kept->row.last);
    if (kept->row.visibility != room->visibility ||
        strcmp(kept->row.topic, room->topic ? room->topic : "") != 0)
        wrong(world, "%s: its topic or visibility is not what is stored", room->name);
    check_log(world, kept);
    check_members(world, room);
}

/* Nothing is there twice: one nonce of one user, one entry of one room. (A nonce is forgotten with
 * its entry.) */
static void check_nonces(const struct world *world)
{
    const struct ledger *ledger = fake_store_ledger(world->store);
    for (size_t r = 0; r < ledger->room_count; r++) {
        const struct ledger_room *room = &ledger->rooms[r];
        int64_t ts = 0, seq = 0;
        for (size_t i = 0; i < room->count; i++) {
            const struct entry *entry = &room->entries[i].entry;
            if (entry->seq <= seq || entry->ts < ts)
                wrong(world, "%s: seq or ts ran backwards", room->row.name);
            seq = entry->seq;
            ts = entry->ts;
            for (size_t j = room->pruned; entry->nonce && j < i; j++)
                if (room->entries[j].entry.nonce &&
                    room->entries[j].entry.user_id == entry->user_id &&
                    strcmp(room->entries[j].entry.nonce, entry->nonce) == 0 && i < 2000)
                    wrong(world, "%s: %s is stored twice", room->row.name, entry->nonce);
        }
    }
}

void check_end(struct world *world)
{
    if (world->gateway->storage.job_count != 0)
        wrong(world, "%" PRId64 " jobs are under way for ever", world->gateway->storage.job_count);
    for (int i = 0; i < world->client_count; i++)
        client_check_end(&world->clients[i]);
    for (const struct room *room = world->gateway->rooms.newest; room; room = room->older)
        check_room(world, room);
    check_nonces(world);
    moderation_check_end(world);
}

#include "tests/simulation/moderation.h"

#include "daemon/core/session_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_TURNS 60 /* an answer may be under way for so long */
#define SLACK_MS    30000

/* Turns in which the gateway heard of something; before and after: not yet. */
#define NOT_YET INT64_MAX

struct kept {
    struct sanction sanction;
    int64_t committed, known, ended; /* turns; ended: heard of its end */
};

struct held_role { int64_t room_id, user_id; enum role role; };

struct moderation {
    struct world *world;
    struct kept *kept;
    size_t count, capacity;
    struct held_role *roles;
    size_t role_count, role_capacity;
    int64_t shut_since; /* turn in which the gateway heard that nobody comes in by themselves; NOT_YET */
};

static void *grown(const struct world *world, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 16;
    if (!(items = realloc(items, *capacity * size)))
        wrong(world, "no memory");
    return items;
}

/* --- what is committed --------------------------------------------------------------------------- */

static bool is_same_target(const struct sanction *a, const struct sanction *b)
{
    return a->kind == b->kind && a->room_id == b->room_id && a->user_id == b->user_id &&
           a->is_client == b->is_client && a->client_id == b->client_id;
}

static void keep_sanction(struct moderation *moderation, const struct sanction *sanction, int64_t turn)
{
    moderation->kept = grown(moderation->world, moderation->kept, moderation->count,
                             &moderation->capacity, sizeof *moderation->kept);
    moderation->kept[moderation->count++] = (struct kept){
        .sanction = *sanction, .committed = turn, .known = NOT_YET, .ended = NOT_YET};
}

static struct held_role *role_of(struct moderation *moderation, int64_t room_id, int64_t user_id)
{
    for (size_t i = 0; i < moderation->role_count; i++)
        if (moderation->roles[i].room_id == room_id && moderation->roles[i].user_id == user_id)
            return &moderation->roles[i];
    moderation->roles = grown(moderation->world, moderation->roles, moderation->role_count,
                              &moderation->role_capacity, sizeof *moderation->roles);
    moderation->roles[moderation->role_count] =
        (struct held_role){.room_id = room_id, .user_id = user_id, .role = ROLE_NONE};
    return &moderation->roles[moderation->role_count++];
}

static bool is_in_force(const struct kept *kept, int64_t turn, int64_t elapsed_ms)
{
    return kept->known < turn && turn < kept->ended && kept->sanction.until > elapsed_ms;
}

static bool is_by(const struct sanction *sanction, const struct entry *entry)
{
    if (!sanction->is_client)
        return sanction->user_id && sanction->user_id == entry->user_id;
    char name[32];
    snprintf(name, sizeof name, "client-%" PRId64, sanction->client_id);
    return !entry->user_id && strcmp(name, entry->from) == 0;
}

/* It was asked to be stored in that turn: nobody may then have been known to be kept from it. */
static void check_word(const struct moderation *moderation, const struct job_append *append,
                       int64_t asked)
{
    const struct world *world = moderation->world;
    for (size_t i = 0; i < moderation->count; i++) {
        const struct kept *kept = &moderation->kept[i];
        bool is_here = !kept->sanction.room_id || kept->sanction.room_id == append->room_id;
        if (is_here && is_by(&kept->sanction, &append->entry) &&
            is_in_force(kept, asked, world->now.elapsed_ms))
            wrong(world, "%s got a word in, asked in turn %" PRId64 ": sanction %" PRId64 " of turn %" PRId64,
                  append->entry.from, asked, kept->sanction.id, kept->known);
    }
}

static void check_newcomer(const struct moderation *moderation, const struct job_user *user, int64_t asked)
{
    if (!user->user.admitted && moderation->shut_since < asked)
        wrong(moderation->world, "%s came in by a door that is shut", user->user.name);
}

static void take_role(struct moderation *moderation, const struct job *job)
{
    if (job->kind == JOB_ROOM_CREATE && job->room.owner_id)
        role_of(moderation, job->room.room.id, job->room.owner_id)->role = ROLE_OWNER;
    if (job->kind == JOB_GRANT && job->grant.change == GRANT_ROLE)
        role_of(moderation, job->grant.room_id, job->grant.user_id)->role = job->grant.grant.role;
    for (size_t i = 0; job->kind == JOB_ROOM_REMOVE && i < moderation->role_count; i++)
        if (moderation->roles[i].room_id == job->room.room.id)
            moderation->roles[i].role = ROLE_NONE;
}

static void note_commit(void *of, const struct job *job, int64_t turn)
{
    struct moderation *moderation = of;
    if (job->result != JOB_DONE)
        return;
    take_role(moderation, job);
    if (job->kind == JOB_APPEND && job->append.entry.kind != ENTRY_KIND_DELETE)
        check_word(moderation, &job->append, job->submitted_ms);
    if (job->kind == JOB_USER_CREATE)
        check_newcomer(moderation, &job->user, job->submitted_ms);
    if (job->kind == JOB_SANCTION)
        keep_sanction(moderation, &job->sanction.sanction, turn);
}

/* --- what the gateway hears ---------------------------------------------------------------------- */

/* One that there was gives way to a new one of the same place and target. */
static void hear_sanction(struct moderation *moderation, const struct sanction *sanction, int64_t turn)
{
    for (size_t i = 0; i < moderation->count; i++) {
        struct kept *kept = &moderation->kept[i];
        if (kept->sanction.id == sanction->id)
            kept->known = turn;
        else if (kept->ended == NOT_YET && kept->sanction.id < sanction->id &&
                 is_same_target(&kept->sanction, sanction))
            kept->ended = turn;
    }
}

static void hear_end(struct moderation *moderation, int64_t id, int64_t room_id, int64_t turn)
{
    for (size_t i = 0; i < moderation->count; i++) {
        struct kept *kept = &moderation->kept[i];
        if (kept->ended == NOT_YET &&
            ((id && kept->sanction.id == id) || (room_id && kept->sanction.room_id == room_id)))
            kept->ended = turn;
    }
}

static void note_heard(void *of, const struct job *job, int64_t turn)
{
    struct moderation *moderation = of;
    if (job->result != JOB_DONE)
        return;
    if (job->kind == JOB_SANCTION)
        hear_sanction(moderation, &job->sanction.sanction, turn);
    if (job->kind == JOB_LIFT && job->lift.found)
        hear_end(moderation, job->lift.sanction.id, 0, turn);
    if (job->kind == JOB_ROOM_REMOVE)
        hear_end(moderation, 0, job->room.room.id, turn);
    if (job->kind == JOB_NEWCOMERS)
        moderation->shut_since = job->newcomers.mode == NEWCOMERS_OPEN ? NOT_YET : turn;
}

/* --- whoever is refused, or welcome -------------------------------------------------------------- */

static bool has_mark(const struct sanction *sanction, const struct marks *marks)
{
    for (size_t i = 0; i < sanction->mark_count; i++)
        if (sanction->marks[i] == marks->device || sanction->marks[i] == marks->address)
            return true;
    return false;
}

void moderation_check_refusal(const struct client *client, const char *code, const struct pending *asked)
{
    int64_t user_id = asked->user_id ? asked->user_id : client->user_id;
    const struct moderation *moderation = client->world->moderation;
    enum sanction_kind kind = strcmp(code, "banned") == 0 ? SANCTION_BAN : SANCTION_MUTE;
    struct marks marks = client_marks(client);
    for (size_t i = 0; i < moderation->count; i++) {
        const struct sanction *sanction = &moderation->kept[i].sanction;
        bool hits = sanction->is_client ? client->kind == SESSION_PLAIN && sanction->client_id == client->number
                                        : user_id && sanction->user_id == user_id;
        if (sanction->kind == kind && (hits || has_mark(sanction, &marks)) &&
            moderation->kept[i].ended >= asked->turn - SLACK_TURNS &&
            (sanction->until == FOREVER || sanction->until > client->world->now.elapsed_ms - SLACK_MS))
            return;
    }
    wrong(client->world, "client %d, user %" PRId64 ": %s, and nobody said so", client->number,
          user_id, code);
}

void moderation_check_welcome(const struct client *client, int64_t asked_turn)
{
    const struct moderation *moderation = client->world->moderation;
    const struct marks marks = client_marks(client);
    const struct subject subject = session_subject(client->session);
    for (size_t i = 0; i < moderation->count && subject.role < ROLE_MODERATOR; i++) {
        const struct kept *kept = &moderation->kept[i];
        const struct sanction *sanction = &kept->sanction;
        bool hits = (sanction->user_id && sanction->user_id == client->user_id) ||
                    has_mark(sanction, &marks);
        if (sanction->kind == SANCTION_BAN && !sanction->room_id && hits && kept->ended == NOT_YET &&
            is_in_force(kept, asked_turn, client->world->now.elapsed_ms))
            wrong(client->world, "client %d, user %" PRId64 ": welcome, and banned by %" PRId64,
                  client->number, client->user_id, sanction->id);
    }
}

static int64_t some_id(struct world *world)
{
    return 1 + chance_below(&world->chance, (int64_t)world->moderation->count + 1);
}

/* --- what is tried -------------------------------------------------------------------------------- */

/* What the gateway's moderators may, and everybody tries. */
void moderation_act(struct client *client, const char *user)
{
    struct world *world = client->world;
    static const char *const modes[] = {"open", "ask", "invite", "closed"};
    static const char *const roles[] = {"guest", "member", "moderator"};
    char plain[32];
    if (happens(world, 15)) {
        snprintf(plain, sizeof plain, "client-%" PRId64, chance_below(&world->chance, world->client_count));
        user = plain;
    }
    switch (chance_below(&world->chance, 6)) {
    case 0:
        client_ask(client, REQUEST_user, "\"user\":\"%s\",\"role\":\"%s\"", user,
            roles[chance_below(&world->chance, 3)]);
        break;
    case 1:
        client_ask(client, REQUEST_newcomers, "\"mode\":\"%s\"", modes[chance_below(&world->chance, 4)]);
        break;
    case 2:
        client_ask(client, REQUEST_admit, "\"user\":\"%s\",\"accept\":%s", user, happens(world, 70) ? "true" : "false");
        break;
    case 3:
        client_ask(client, REQUEST_lift, "\"id\":%" PRId64, some_id(world));
        break;
    default:
        client_ask(client, happens(world, 50) ? REQUEST_ban : REQUEST_mute,
            "\"scope\":\"gateway\",\"user\":\"%s\",\"reach\":\"%s\",\"seconds\":%" PRId64, user,
            happens(world, 40) ? "device" : "user", 1 + chance_below(&world->chance, 20));
        break;
    }
}

/* --- the end ------------------------------------------------------------------------------------- */

void moderation_check_end(const struct world *world)
{
    const struct ledger *ledger = fake_store_ledger(world->store);
    for (size_t r = 0; r < ledger->room_count; r++)
        for (int i = 0; i < world->client_count; i++) {
            int64_t room_id = ledger->rooms[r].row.id, user_id = world->clients[i].user_id;
            if (ledger->rooms[r].removed || !user_id)
                continue;
            enum role held = role_of(world->moderation, room_id, user_id)->role;
            enum role role = stored_grant(world, room_id, user_id).role;
            if (role != held)
                wrong(world, "%s: user %" PRId64 " was given role %d and has %d", ledger->rooms[r].row.name,
                      user_id, held, role);
        }
}

struct moderation *moderation_begin(struct world *world)
{
    struct moderation *moderation = calloc(1, sizeof *moderation);
    if (!moderation)
        wrong(world, "no memory");
    moderation->world = world;
    moderation->shut_since = NOT_YET;
    const struct fake_store_observer observer = {
        .of = moderation, .committed = note_commit, .heard = note_heard};
    fake_store_observe(world->store, &observer);
    return moderation;
}

void moderation_finish(struct moderation *moderation)
{
    free(moderation->kept);
    free(moderation->roles);
    free(moderation);
}

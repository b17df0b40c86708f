#include "daemon/core/room_make.h"

#include "daemon/core/announce.h"
#include "daemon/core/direct.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/sanction.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"
#include "daemon/core/token_cursor.h"
#include "daemon/core/user.h"
#include "daemon/log.h"
#include "storage/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_ID_RANDOM (LOG_ID_BYTES / 2)

/* --- the row ------------------------------------------------------------------------------------ */

/* Folded name and log id; the name is there. */
static bool complete(struct gateway *gateway, struct room_row *row, struct refusal *refusal)
{
    char log_id[LOG_ID_BYTES + 1];
    row->id = gateway->rooms.id_last + 1;
    if (!room_fold(row->name, row->folded) || !random_hex(log_id, LOG_ID_RANDOM)) {
        refuse(refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    memcpy(row->log_id, log_id, sizeof log_id);
    return true;
}

bool room_make_visibility(const char *word, enum visibility *visibility, struct refusal *refusal)
{
    *visibility = word ? (enum visibility)word_find(WORDS_visibility, word) : VISIBILITY_PUBLIC;
    if (*visibility != VISIBILITY_DIRECT)
        return true;
    refuse(refusal, ERROR_bad_request, "visibility", "visibility must be public or private.");
    return false;
}

bool room_make_row(struct gateway *gateway, const char *name, struct room_row *row,
                   struct refusal *refusal)
{
    size_t most = (size_t)gateway->config->limits.name_characters;
    *row = (struct room_row){.visibility = VISIBILITY_PUBLIC};
    enum name_result result = name_normalise(name, most, row->name);
    if (result == NAME_OK)
        return complete(gateway, row, refusal);
    refuse(refusal, ERROR_name_invalid, "room", "%s", name_result_sentence(result));
    return false;
}

bool room_make_direct_row(struct gateway *gateway, const struct user *user, int64_t peer_id,
                          const char *peer_name, struct room_row *row, struct refusal *refusal)
{
    *row = (struct room_row){
        .visibility = VISIBILITY_DIRECT, .user_a = user->id, .user_b = peer_id};
    if (direct_name(user->name, peer_name, row))
        return complete(gateway, row, refusal);
    refuse(refusal, ERROR_internal, NULL, NULL);
    return false;
}

/* --- one that is found once it is stored ---------------------------------------------------------- */

struct job *room_make_begin(struct gateway *gateway, const struct room_row *row, int64_t owner_id)
{
    const struct user *owner = user_find_id(gateway, owner_id);
    struct job *job = job_create(JOB_ROOM_CREATE);
    struct room *room = job ? room_create(gateway, row) : NULL;
    if (!room) {
        job_destroy(job);
        return NULL;
    }
    gateway->rooms.id_last = row->id;
    room->stage = ROOM_CREATING;
    room->owner_id = owner_id;
    job->room = (struct job_room){
        .room = *row,
        .owner_id = owner_id,
        .rooms_max = (int)gateway->config->limits.rooms_per_user,
        .is_of_guest = owner && !owner->account && !owner->token && owner->role == ROLE_GUEST,
    };
    return job;
}

void room_make_undo(struct gateway *gateway, int64_t room_id)
{
    struct room *room = room_find_id(gateway, room_id);
    if (!room)
        return;
    token_cursors_forget(gateway, room->id);
    sanctions_forget_room(gateway, room->id);
    room_destroy(gateway, room);
}

void room_made(struct gateway *gateway, struct job *job)
{
    struct room *room = room_find_id(gateway, job->room.room.id);
    if (!room)
        return;
    if (job->result != JOB_DONE) {
        room_make_undo(gateway, room->id); /* nobody has seen it */
        return;
    }
    room->stage = ROOM_STORED;
    if (room->visibility != VISIBILITY_DIRECT) {
        announce_room(gateway, room, "created");
        return;
    }
    direct_tell(gateway, room, room->user_a);
    direct_tell(gateway, room, room->user_b);
}

struct room *room_make(struct gateway *gateway, const struct room_row *row)
{
    struct job *job = room_make_begin(gateway, row, 0);
    bool is_begun = job != NULL;
    if (gateway_submit(gateway, job, room_made))
        return room_find_id(gateway, row->id);
    if (is_begun)
        room_make_undo(gateway, row->id);
    return NULL;
}

/* --- one that is found before ---------------------------------------------------------------------- */

static void set_stage(struct gateway *gateway, struct room *room, enum room_stage stage)
{
    gateway->rooms.unstored_count -= room->stage == ROOM_UNSTORED;
    gateway->rooms.unstored_count += stage == ROOM_UNSTORED;
    room->stage = stage;
}

static void finish_first(struct gateway *gateway, struct job *job)
{
    struct room *room = room_find_id(gateway, job->room.room.id);
    if (!room)
        return;
    if (job->result != JOB_DONE)
        log_error("gateway: a first room could not be stored result=%d", (int)job->result);
    set_stage(gateway, room, job->result == JOB_DONE ? ROOM_STORED : ROOM_UNSTORED);
}

static void submit_first(struct gateway *gateway, struct room *room)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    if (job) {
        struct room_row *row = &job->room.room;
        row->id = room->id;
        snprintf(row->name, sizeof row->name, "%s", room->name);
        snprintf(row->folded, sizeof row->folded, "%s", room->folded);
        memcpy(row->log_id, room->log_id, sizeof row->log_id);
    }
    bool is_taken = gateway_submit(gateway, job, finish_first);
    set_stage(gateway, room, is_taken ? ROOM_STORING : ROOM_UNSTORED);
}

struct room *room_make_first(struct gateway *gateway, const char *name)
{
    struct room_row row;
    struct refusal refusal;
    struct room *room = room_find(gateway, name);
    if (room)
        return room;
    if (!room_make_row(gateway, name, &row, &refusal) || !(room = room_create(gateway, &row)))
        return NULL;
    gateway->rooms.id_last = row.id;
    submit_first(gateway, room);
    return room;
}

/* The room that plain clients are in has a log of its own for them. */
static bool make_plain(struct gateway *gateway)
{
    struct room *room = room_make_first(gateway, gateway->config->plain.room);
    if (!room || room->plain)
        return room != NULL;
    room->plain = calloc(1, sizeof *room->plain);
    if (!room->plain)
        return false;
    room->plain->floor = room->last;
    gateway->rooms.plain = room;
    return true;
}

bool room_make_named(struct gateway *gateway)
{
    return room_make_first(gateway, gateway->config->rooms.first) &&
           (!gateway->config->plain.enabled || make_plain(gateway));
}

void room_make_retry(struct gateway *gateway)
{
    struct room *room = gateway->rooms.unstored_count ? gateway->rooms.newest : NULL;
    for (; room; room = room->older)
        if (room->stage == ROOM_UNSTORED)
            submit_first(gateway, room);
}

/* --- the end ------------------------------------------------------------------------------------- */

/* Newcomers and plain clients always find a room. */
void room_make_named_again(struct gateway *gateway)
{
    int64_t before = gateway->rooms.id_last;
    if (!room_make_named(gateway))
        log_error("gateway: no memory for a room that the configuration names");
    for (int64_t id = before + 1; id <= gateway->rooms.id_last; id++)
        announce_room(gateway, room_find_id(gateway, id), "created");
}

void room_remove(struct gateway *gateway, struct room *room)
{
    announce_room(gateway, room, "removed");
    room_destroy(gateway, room);
    room_make_named_again(gateway);
}

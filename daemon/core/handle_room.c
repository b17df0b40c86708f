/* handle_room.c - entering and leaving, making, changing and removing rooms. */
#include "daemon/core/state.h"

#include <string.h>

#define HISTORY_DEFAULT 50
#define PAGE_ENTRIES    200

/* job->asker.detail of a join. */
enum { JOIN_HOW, JOIN_AFTER };
/* Above the bits of JOIN_HOW: how many grants of the room had changed when it was asked. */
#define JOIN_GRANTS_SHIFT 8
/* Where the entries come from: the ring from a cursor on, a page from a cursor on, the newest page. */
enum { FROM_RING = 0, FROM_CURSOR = 1, FROM_NEWEST = 2, IS_RESET = 4 };

/* --- join ------------------------------------------------------------------------------------- */

static bool may_enter(struct session *session, const struct request *request,
                      const struct room *room)
{
    const struct config *config = session->gateway->config;
    if (session_member(session, room))
        return true;
    if (session->member_count >= config->limits.rooms_per_session) {
        session_fail(session, &request->ref, ERROR_too_many_rooms, NULL,
                     "This connection is in as many rooms as it may be.");
        return false;
    }
    /* Everybody may be in one room. */
    if (session->member_count > 0 &&
        session->gateway->members >= (size_t)config->limits.members) {
        session_fail(session, &request->ref, ERROR_too_many_rooms, NULL,
                     "All connections together are in as many rooms as they may be.");
        return false;
    }
    if ((int64_t)room->member_count >= config->limits.members_per_room) {
        session_fail(session, &request->ref, ERROR_room_full, NULL, NULL);
        return false;
    }
    return true;
}

/* Starts afresh with the newest entries, from memory where they all are. */
static void ask_for_newest(const struct room *room, int64_t count, struct job *job)
{
    int64_t after;
    bool is_all = room->last == 0 || count == 0;
    if (is_all)
        after = room->last;
    if (is_all || roomlog_newest(&room->log, (size_t)count, &after)) {
        job->asker.detail[JOIN_HOW] = FROM_RING;
        job->asker.detail[JOIN_AFTER] = after;
        return;
    }
    job->asker.detail[JOIN_HOW] = FROM_NEWEST;
    job->page.newest = true;
    job->page.limit = (int)count;
}

static void ask_from_cursor(const struct room *room, int64_t after, struct job *job)
{
    bool is_here = after >= room->log.floor;
    job->asker.detail[JOIN_HOW] = is_here ? FROM_RING : FROM_CURSOR;
    job->asker.detail[JOIN_AFTER] = after;
    job->page.after = after;
    job->page.limit = is_here ? 0 : PAGE_ENTRIES;
}

static struct job *create_join(struct session *session, const struct room *room,
                               const struct request_join *join)
{
    struct gateway *gateway = session->gateway;
    struct job *job = job_create(JOB_JOIN);
    if (!job)
        return NULL;
    bool has_cursor = join->after != NUMBER_ABSENT;
    bool is_usable = join->after <= room->last && (!join->log || !strcmp(join->log, room->log_id));
    int64_t count = join->history == NUMBER_ABSENT ? HISTORY_DEFAULT : join->history;
    job->page.room_id = room->id;
    job->page.user_id = session_user_id(session);
    job->page.up_to = room->last;
    job->page.bytes_max = (size_t)gateway->config->limits.reply_bytes / 4;
    job->page.first = room->first;
    job->page.pruned = room->pruned;
    if (has_cursor && is_usable)
        ask_from_cursor(room, join->after, job);
    else
        ask_for_newest(room, count, job);
    if (has_cursor && !is_usable)
        job->asker.detail[JOIN_HOW] |= IS_RESET;
    job->asker.detail[JOIN_HOW] |= (int64_t)room->grants_changed << JOIN_GRANTS_SHIFT;
    return job;
}

/* A ban or a role that was told after the grant was read must not be undone by it. */
static bool is_stale(const struct room *room, const struct job *job)
{
    return (uint32_t)(job->asker.detail[JOIN_HOW] >> JOIN_GRANTS_SHIFT) != room->grants_changed;
}

static struct job *create_again(const struct room *room, const struct job *stale)
{
    struct job *job = job_create(JOB_JOIN);
    if (!job)
        return NULL;
    int64_t how = stale->asker.detail[JOIN_HOW] & ((1 << JOIN_GRANTS_SHIFT) - 1);
    job->asker.detail[JOIN_HOW] = how | (int64_t)room->grants_changed << JOIN_GRANTS_SHIFT;
    job->asker.detail[JOIN_AFTER] = stale->asker.detail[JOIN_AFTER];
    job->page.room_id = room->id;
    job->page.user_id = stale->page.user_id;
    job->page.after = stale->page.after;
    job->page.up_to = stale->page.up_to;
    job->page.newest = stale->page.newest;
    job->page.limit = stale->page.limit;
    job->page.bytes_max = stale->page.bytes_max;
    job->page.first = room->first;
    job->page.pruned = room->pruned;
    return job;
}

void handle_join(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct room *room = access_room(session, request, request->as_join.room);
    if (!room || !may_enter(session, request, room))
        return;
    (void)gateway_submit(gateway, session, request,
                         create_join(session, room, &request->as_join));
}

static void reply_joined(struct session *session, const struct job *job, const struct room *room)
{
    const struct job_page *page = &job->page;
    bool is_reset = job->asker.detail[JOIN_HOW] & IS_RESET;
    bool is_from_cursor = !is_reset && !page->newest;
    struct reply_joined reply = {
        .room = room->name,
        .topic = room->topic ? room->topic : "",
        .role = role_name(access_role(session, room, &page->grant)),
        .log = room->log_id,
        .first = room->first,
        .last = room->last,
        .read = page->grant.read,
        .members = (int64_t)room->presence.members,
        .reset = is_reset,
        .pruned = is_from_cursor && job->asker.detail[JOIN_AFTER] < room->pruned,
    };
    session_reply(session, &job->asker.ref, REPLY_joined, &reply);
}

/* The entries of the page go out behind `joined`; the cursor follows them. */
static void tell_page(struct member *member, const struct job_page *page)
{
    struct session *session = member->session;
    size_t before = session->replies.length;
    for (size_t i = 0; i < page->count; i++) {
        if (!room_encode(member->room, session->arrival.kind, &page->entries[i],
                         &session->replies))
            break; /* the rest is read from storage, from the cursor on */
        member->seq = page->entries[i].seq;
    }
    if (page->complete && (page->count == 0 || member->seq == page->entries[page->count - 1].seq))
        member->seq = page->up_to;
    session->gateway->replies_bytes += session->replies.length - before;
}

/* The cursor before the page: entries older than it are not wanted. */
static int64_t cursor_before(const struct job *job)
{
    const struct job_page *page = &job->page;
    if (!page->newest)
        return job->asker.detail[JOIN_AFTER];
    return page->count ? page->entries[0].seq - 1 : page->up_to;
}

/* A marker that moved while the grant was being read is known to the user's other connections, or to
 * this one, if it is in the room already. */
static void catch_up_marker(const struct session *session, const struct room *room,
                            struct grant *grant)
{
    const struct session *own = session->user ? session->user->sessions : NULL;
    for (; own; own = own->next) {
        const struct member *member = session_member(own, room);
        if (member && member->grant.read > grant->read)
            grant->read = member->grant.read;
    }
}

static void enter(struct gateway *gateway, struct session *session, struct job *job,
                  struct room *room)
{
    struct job_page *page = &job->page;
    catch_up_marker(session, room, &page->grant);
    if (page->pruned > room->pruned) { /* what was read may be older than what was told since */
        room->pruned = page->pruned;
        room->first = page->first;
    }
    struct member *member =
        room_enter(room, session, cursor_before(job), room->last, &page->grant);
    if (!member) {
        session_fail(session, &job->asker.ref, ERROR_room_full, NULL,
                     "The gateway has no memory for one more member.");
        return;
    }
    reply_joined(session, job, room);
    if (page->limit > 0)
        tell_page(member, page);
    (void)gateway;
}

void answer_join(struct gateway *gateway, struct session *session, struct job *job)
{
    struct refusal refusal;
    if (!session || session->is_closing)
        return;
    struct room *room = room_find_id(gateway, job->page.room_id);
    if (job->result == JOB_DONE && !room)
        job->result = JOB_ROOM_MISSING;
    bool is_too_early = job->result == JOB_ROOM_MISSING && room;
    if (is_too_early && room->is_storing) {
        job->result = JOB_DONE; /* nobody has said or been granted anything there */
        is_too_early = false;
    }
    if (job->result != JOB_DONE && !is_too_early)
        session_fail_job(session, job);
    else if (is_too_early || is_stale(room, job))
        (void)gateway_submit_next(gateway, session, &job->asker, create_again(room, job));
    else if (!access_allows(session, room, &job->page.grant, OPERATION_join, &refusal))
        session_refuse(session, &job->asker.ref, &refusal);
    else
        enter(gateway, session, job, room);
}

void handle_leave(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct room *room = access_room(session, request, request->as_leave.room);
    struct member *member = room ? session_member(session, room) : NULL;
    (void)gateway;
    if (!room)
        return;
    if (!member) {
        access_refuse_stranger(session, request, room);
        return;
    }
    struct reply_left reply = {.room = room->name};
    session_reply(session, &request->ref, REPLY_left, &reply);
    room_leave(member);
}

/* --- create ----------------------------------------------------------------------------------- */

static bool may_create(struct gateway *gateway, struct session *session, struct refusal *refusal)
{
    const struct config *config = gateway->config;
    if (!session->arrival.keeper && config->rooms.create == CREATE_KEEPER) {
        refuse(refusal, ERROR_forbidden, NULL, "Only the keeper makes rooms here.");
        return false;
    }
    bool has_many =
        session->user && session->user->owned_count >= config->limits.rooms_per_user;
    if (has_many || (int64_t)gateway->rooms.count >= config->limits.rooms) {
        refuse(refusal, ERROR_too_many_rooms, NULL,
               has_many ? "You own as many rooms as you may." : "There are as many rooms as may be.");
        return false;
    }
    return true;
}

static bool read_visibility(const char *word, enum visibility *visibility,
                            struct refusal *refusal)
{
    *visibility = word && strcmp(word, "private") == 0 ? VISIBILITY_PRIVATE : VISIBILITY_PUBLIC;
    if (!word || strcmp(word, visibility_name(*visibility)) == 0)
        return true;
    refuse(refusal, ERROR_bad_request, "visibility", "visibility must be public or private.");
    return false;
}

static bool fill_row(struct gateway *gateway, const struct request_create *create,
                     struct room_row *row, struct refusal *refusal)
{
    char kept[NAME_BYTES_MAX + 1];
    enum visibility visibility;
    if (!read_visibility(create->visibility, &visibility, refusal))
        return false;
    enum name_result result =
        name_normalise(create->room, (size_t)gateway->config->limits.name_characters, kept);
    if (result != NAME_OK) {
        refuse(refusal, ERROR_name_invalid, "room", "%s", name_result_sentence(result));
        return false;
    }
    if (!gateway_fill_room(gateway, create->room, row)) {
        refuse(refusal, ERROR_internal, NULL, NULL);
        return false;
    }
    row->visibility = visibility;
    if (create->topic)
        memcpy(row->topic, create->topic, strlen(create->topic) + 1);
    if (!room_find_folded(gateway, row->folded))
        return true;
    refuse(refusal, ERROR_room_exists, "room", "A room of this name exists.");
    return false;
}

/* The name is taken at once; the room is found once it is stored. */
static bool begin_room(struct gateway *gateway, struct session *session,
                       const struct request *request, const struct room_row *row)
{
    struct room *room = room_create(gateway, row);
    struct job *job = room ? job_create(JOB_ROOM_CREATE) : NULL;
    if (job) {
        job->room.room = *row;
        job->room.owner_id = session_user_id(session);
    }
    if (room)
        room->is_pending = true;
    if (gateway_submit(gateway, session, request, job))
        return true;
    if (room)
        room_destroy(gateway, room);
    return false;
}

void handle_create(struct gateway *gateway, struct session *session,
                   const struct request *request)
{
    struct room_row row;
    struct refusal refusal;
    if (!may_create(gateway, session, &refusal) ||
        !fill_row(gateway, &request->as_create, &row, &refusal)) {
        session_refuse(session, &request->ref, &refusal);
        return;
    }
    if (!begin_room(gateway, session, request, &row))
        return;
    gateway->room_id_last = row.id;
    if (session->user)
        session->user->owned_count++;
}

void answer_create(struct gateway *gateway, struct session *session, struct job *job)
{
    struct room *room = room_find_id(gateway, job->room.room.id);
    if (room && job->result == JOB_DONE) {
        room->is_pending = false;
        room->owner_id = job->room.owner_id;
        if (session)
            session_ok(session, &job->asker.ref);
        room_announce(gateway, room, "created");
        return;
    }
    if (room)
        room_destroy(gateway, room);
    struct user *owner = user_find_id(gateway, job->room.owner_id);
    if (owner && owner->owned_count)
        owner->owned_count--;
    if (session)
        session_fail_job(session, job);
}

/* --- set -------------------------------------------------------------------------------------- */

static bool read_keep(const char *word, int *keep, struct refusal *refusal)
{
    *keep = !word ? -1 : strcmp(word, "true") == 0;
    if (!word || *keep || strcmp(word, "false") == 0)
        return true;
    refuse(refusal, ERROR_bad_request, "keep", "keep must be true or false.");
    return false;
}

static bool may_set(const struct session *session, const struct room *room,
                    const struct grant *grant, const struct request_set *set,
                    struct refusal *refusal)
{
    if (!set->topic && !set->visibility && !set->keep) {
        refuse(refusal, ERROR_bad_request, "topic", "One of topic, visibility, keep is needed.");
        return false;
    }
    return (!set->topic || access_allows(session, room, grant, OPERATION_topic, refusal)) &&
           (!set->visibility ||
            access_allows(session, room, grant, OPERATION_visibility, refusal)) &&
           (!set->keep || access_allows(session, room, grant, OPERATION_keep, refusal));
}

static struct job *create_set(struct session *session, const struct room *room,
                              const struct request_set *set)
{
    char name[NAME_BYTES_MAX + 1];
    struct job *job = job_create(JOB_ROOM_SET);
    if (!job)
        return NULL;
    job->room_set.room_id = room->id;
    job->room_set.topic = job_text(job, set->topic);
    job->room_set.entry.kind = ENTRY_KIND_TOPIC;
    job->room_set.entry.user_id = session_user_id(session);
    job->room_set.entry.from = job_text(job, session_name(session, name));
    job->room_set.entry.text = job->room_set.topic;
    job->room_set.wall_ms = session->gateway->now.wall_ms;
    job->room_set.monotonic_ms = session->gateway->now.monotonic_ms;
    return job;
}

void handle_set(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_set *set = &request->as_set;
    struct refusal refusal;
    struct member *member;
    enum visibility visibility;
    int keep;
    struct room *room = access_member(session, request, set->room, OPERATION_join, &member);
    if (!room)
        return;
    if (!may_set(session, room, member ? &member->grant : NULL, set, &refusal) ||
        !read_visibility(set->visibility, &visibility, &refusal) ||
        !read_keep(set->keep, &keep, &refusal)) {
        session_refuse(session, &request->ref, &refusal);
        return;
    }
    struct job *job = create_set(session, room, set);
    if (job) {
        job->room_set.visibility = set->visibility ? (int)visibility : -1;
        job->room_set.keep = keep;
    }
    (void)gateway_submit(gateway, session, request, job);
}

static void apply_set(struct gateway *gateway, struct room *room, const struct job_room_set *set)
{
    bool was_public = room->visibility == VISIBILITY_PUBLIC;
    if (set->topic) {
        (void)room_set_topic(room, set->topic);
        room_tell(gateway, room, &set->entry, 0);
    }
    if (set->keep >= 0)
        room->keep = set->keep;
    if (set->visibility >= 0)
        room->visibility = (enum visibility)set->visibility;
    /* Who is put out hears why first; then all who may not see it any more, that it is gone. */
    if (was_public && room->visibility != VISIBILITY_PUBLIC) {
        struct event_room event = {.change = "removed", .name = room->name};
        access_put_strangers_out(room);
        gateway_tell_strangers(gateway, room, EVENT_room, &event);
    }
    room_announce(gateway, room, "changed");
}

void answer_set(struct gateway *gateway, struct session *session, struct job *job)
{
    if (visit_answer(gateway, session, job))
        return;
    struct room *room = room_find_id(gateway, job->room_set.room_id);
    if (job->result == JOB_DONE && room)
        apply_set(gateway, room, &job->room_set);
    session_answer(session, job);
}

/* --- remove ----------------------------------------------------------------------------------- */

void handle_remove(struct gateway *gateway, struct session *session,
                   const struct request *request)
{
    struct member *member;
    struct room *room =
        access_member(session, request, request->as_remove.room, OPERATION_remove, &member);
    if (!room)
        return;
    struct job *job = job_create(JOB_ROOM_REMOVE);
    if (job)
        job->room.room.id = room->id;
    (void)gateway_submit(gateway, session, request, job);
}

void answer_remove(struct gateway *gateway, struct session *session, struct job *job)
{
    if (visit_answer(gateway, session, job))
        return;
    struct room *room = room_find_id(gateway, job->room.room.id);
    if (job->result == JOB_DONE && room) {
        struct user *owner = user_find_id(gateway, room->owner_id);
        if (owner && owner->owned_count)
            owner->owned_count--;
        room_remove(gateway, room);
    }
    session_answer(session, job);
}

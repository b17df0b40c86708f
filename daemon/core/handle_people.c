/* handle_people.c - who is in a room, who is writing there, who has read how far. */
#include "daemon/core/state.h"

#include <string.h>

#define PEOPLE_MAX 1000 /* listed in one reply */
#define LINE_BYTES 96   /* of a member in JSON, besides the name */

void handle_typing(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct member *member = NULL;
    struct room *room =
        access_member(session, request, request->as_typing.room, OPERATION_typing, &member);
    (void)gateway;
    if (!room)
        return;
    if (member)
        room_note_typing(room, session, request->as_typing.on);
    if (request->ref.kind != REF_NONE)
        session_ok(session, &request->ref);
}

/* --- read markers ------------------------------------------------------------------------------
 */

void handle_read(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct member *member = NULL;
    const struct room *room =
        access_member(session, request, request->as_read.room, OPERATION_read, &member);
    if (!room)
        return;
    int64_t seq = request->as_read.seq < room->last ? request->as_read.seq : room->last;
    if (!session->user || !member || seq <= member->grant.read) {
        session_ok(session, &request->ref);
        return;
    }
    struct job *job = job_create(JOB_READ);
    if (job)
        job->read = (struct job_read){room->id, session->user->id, seq};
    gateway_submit(gateway, session, request, job);
}

/* The user's other connections move their markers too. */
static void spread(const struct room *room, const struct user *user, int64_t seq,
                   const struct session *asker)
{
    const struct event_read event = {.room = room->name, .seq = seq};
    for (struct session *session = user->sessions; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member && member->grant.read < seq)
            member->grant.read = seq;
        if (session != asker)
            (void)session_tell(session, EVENT_read, &event);
    }
}

void answer_read(struct gateway *gateway, struct session *session, struct job *job)
{
    if (visit_answer(gateway, session, job))
        return;
    const struct room *room = room_find_id(gateway, job->read.room_id);
    const struct user *user = user_find_id(gateway, job->read.user_id);
    if (job->result == JOB_DONE && room && user)
        spread(room, user, job->read.seq, session);
    session_answer(session, job);
}

/* --- who ---------------------------------------------------------------------------------------
 */

static struct job *people_job(const struct room *room)
{
    struct job *job = job_create(JOB_PEOPLE);
    if (job) {
        job->people.room_id = room->id;
        job->people.limit = PEOPLE_MAX;
    }
    return job;
}

/* Whether somebody who is not in the room may read it is known by what the room remembers. */
static struct job *grant_job(const struct room *room, const struct session *session)
{
    struct job *job = job_create(JOB_JOIN);
    if (job) {
        job->page.room_id = room->id;
        job->page.user_id = session_user_id(session);
        job->page.up_to = room->last;
        job->page.newest = true;
    }
    return job;
}

void handle_who(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct room *room = access_room(session, request, request->as_who.room);
    if (!room)
        return;
    bool is_known = session_member(session, room) || session->arrival.keeper;
    gateway_submit(gateway, session, request,
                   is_known ? people_job(room) : grant_job(room, session));
}

/* The lines of a reply as they gather, as long as they fit. */
struct roll {
    struct record_member_line *lines;
    size_t count, bytes, bytes_max;
};

static void add_line(struct roll *roll, const char *name, enum role role, bool account, bool away)
{
    size_t bytes = strlen(name) + LINE_BYTES;
    if (roll->count == PEOPLE_MAX || roll->bytes + bytes > roll->bytes_max)
        return;
    roll->bytes += bytes;
    roll->lines[roll->count++] = (struct record_member_line){
        .name = name, .role = role_name(role), .account = account, .away = away};
}

static const struct member *find_member(const struct gateway *gateway, const struct room *room,
                                        int64_t presence_id)
{
    if (presence_id < 0) {
        const struct session *plain = gateway_session(gateway, (uint64_t)-presence_id);
        return plain ? session_member(plain, room) : NULL;
    }
    const struct user *user = user_find_id(gateway, presence_id);
    const struct member *member = NULL;
    for (struct session *session = user ? user->sessions : NULL; session && !member;
         session = session->next)
        member = session_member(session, room);
    return member;
}

static void add_those_here(const struct gateway *gateway, const struct room *room,
                           struct roll *roll)
{
    const struct presence_user *person = NULL;
    while ((person = presence_next(&room->presence, person)) && roll->count < PEOPLE_MAX) {
        const struct member *member = find_member(gateway, room, presence_user_id(person));
        if (!member)
            continue;
        const struct session *session = member->session;
        add_line(roll, presence_user_name(person), access_role(session, room, &member->grant),
                 session->user && session->user->account, false);
    }
}

/* Those with a role who are not here; bans and mutes are nobody's business. */
static void add_those_away(const struct room *room, const struct job_people *people,
                           struct roll *roll)
{
    for (size_t i = 0; i < people->count; i++) {
        const struct grant *grant = &people->people[i].grant;
        bool is_here = presence_is_here(&room->presence, people->people[i].user_id);
        if (grant->role > ROLE_GUEST && !is_here)
            add_line(roll, people->people[i].name, grant->role, people->people[i].account, true);
    }
}

static void reply_members(struct gateway *gateway, struct session *session, struct job *job,
                          const struct room *room)
{
    struct roll roll = {.lines = job_memory(job, PEOPLE_MAX * sizeof *roll.lines),
                        .bytes_max = (size_t)gateway->config->limits.reply_bytes / 2};
    if (!roll.lines) {
        session_fail(session, &job->asker.ref, ERROR_internal, NULL, NULL);
        return;
    }
    add_those_here(gateway, room, &roll);
    add_those_away(room, &job->people, &roll);
    const struct reply_members members = {.room = room->name, .members = {roll.lines, roll.count}};
    session_reply(session, &job->asker.ref, REPLY_members, &members);
}

void answer_who(struct gateway *gateway, struct session *session, struct job *job)
{
    struct refusal refusal;
    if (!session)
        return;
    if (job->result != JOB_DONE) {
        session_fail_job(session, job);
        return;
    }
    bool is_grant = job->kind == JOB_JOIN;
    const struct room *room =
        room_find_id(gateway, is_grant ? job->page.room_id : job->people.room_id);
    if (!room)
        session_fail(session, &job->asker.ref, ERROR_room_not_found, "room", NULL);
    else if (!is_grant)
        reply_members(gateway, session, job, room);
    else if (access_allows(session, room, &job->page.grant, OPERATION_who, &refusal))
        gateway_submit_next(gateway, session, &job->asker, people_job(room));
    else
        session_refuse(session, &job->asker.ref, &refusal);
}

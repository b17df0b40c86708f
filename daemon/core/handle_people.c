/* handle_people.c - who is in a room, who is writing there, who has read how far. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#define PEOPLE_MAX 1000 /* listed in one reply */

enum outcome handle_typing(struct ask *ask)
{
    if (ask->member)
        room_note_typing(ask->room, ask->session, ask->request.as_typing.on);
    bool is_awaited = ask->request.ref.kind != REF_NONE || session_is_single(ask->session);
    return is_awaited ? ask_ok(ask) : ANSWERED;
}

/* --- read markers ------------------------------------------------------------------------------
 */

/* The user's other connections move their markers too. */
static void spread(const struct room *room, const struct user *user, int64_t seq,
                   const struct session *but)
{
    const struct event_read event = {.room = room->name, .seq = seq};
    for (struct session *session = user->sessions; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member && member->grant.read < seq)
            member->grant.read = seq;
        if (session != but)
            (void)session_tell(session, EVENT_read, &event);
    }
}

static enum outcome answer_read(struct ask *ask, struct job *job)
{
    const struct room *room = room_find_id(ask->gateway, job->read.room_id);
    const struct user *user = user_find_id(ask->gateway, job->read.user_id);
    if (job->result == JOB_DONE && room && user)
        spread(room, user, job->read.seq, ask->session);
    return ask_answer(ask, job);
}

enum outcome handle_read(struct ask *ask)
{
    int64_t seq = ask->request.as_read.seq;
    seq = seq < ask->room->last ? seq : ask->room->last;
    if (!ask->session->user || seq <= ask->grant->read)
        return ask_ok(ask);
    struct job *job = job_create(JOB_READ);
    if (job)
        job->read = (struct job_read){
            .room_id = ask->room->id, .user_id = ask->session->user->id, .seq = seq};
    return ask_submit(ask, job, answer_read);
}

/* --- who ---------------------------------------------------------------------------------------
 */

/* The lines of a reply as they gather. */
struct member_list {
    struct record_member_line *lines;
    size_t count;
    bool is_cut; /* there would have been more */
};

static void add_line(struct member_list *list, const struct record_member_line *line)
{
    list->is_cut = list->count == PEOPLE_MAX;
    if (!list->is_cut)
        list->lines[list->count++] = *line;
}

static const struct member *find_member(const struct gateway *gateway, const struct room *room,
                                        int64_t presence_id)
{
    if (presence_id < 0) {
        const struct session *plain = session_find(gateway, (uint64_t)-presence_id);
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
                           struct member_list *list)
{
    const struct presence_user *person = NULL;
    while ((person = presence_next(&room->presence, person)) && !list->is_cut) {
        const struct member *member = find_member(gateway, room, presence_user_id(person));
        if (!member)
            continue;
        const struct session *session = member->session;
        const struct record_member_line line = {
            .name = session->user ? session->user->name : presence_user_name(person),
            .uid = session_user_id(session),
            .role = role_name(access_role(session, room, &member->grant)),
            .account = session->user && session->user->account,
            .kind = token_kind(token_of(session))};
        add_line(list, &line);
    }
}

/* Those with a role who are not here; bans and mutes are nobody's business. */
static void add_those_away(const struct gateway *gateway, const struct room *room, const struct job_people *people,
                           struct member_list *list)
{
    for (size_t i = 0; i < people->count; i++) {
        const struct person *person = &people->people[i];
        if (person->grant.role <= ROLE_GUEST || presence_is_here(&room->presence, person->user_id))
            continue;
        const struct record_member_line line = {
            .name = person->name,
            .uid = person->user_id,
            .role = role_name(person->grant.role),
            .account = person->account,
            .away = true,
            .kind = token_kind(token_find_user(gateway, person->user_id))};
        add_line(list, &line);
    }
}

static enum outcome answer_who(struct ask *ask, struct job *job)
{
    struct gateway *gateway = ask->gateway;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    const struct room *room = room_find_id(gateway, job->people.room_id);
    if (!room)
        return ask_fail(ask, ERROR_room_not_found, "room", NULL);
    struct member_list list = {.lines = job_memory(job, PEOPLE_MAX * sizeof *list.lines)};
    if (!list.lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    add_those_here(gateway, room, &list);
    add_those_away(gateway, room, &job->people, &list);
    struct reply_members reply = {.room = room->name, .members = {list.lines, list.count}};
    struct refusal refusal;
    reply.more = list.is_cut;
    if (ask->session && !share_cut(ask->session, RECORD_member_line, SHARE_FIRST, &reply.members,
                                   &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_members, &reply);
}

enum outcome handle_who(struct ask *ask)
{
    struct job *job = job_create(JOB_PEOPLE);
    if (job) {
        job->people.room_id = ask->room->id;
        job->people.limit = PEOPLE_MAX;
    }
    return ask_submit(ask, job, answer_who);
}

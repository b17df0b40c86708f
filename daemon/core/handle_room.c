/* handle_room.c - entering and leaving, and making rooms. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/leaving.h"
#include "daemon/core/cursors.h"
#include "daemon/core/draft.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/invite_link.h"
#include "daemon/core/rates.h"
#include "daemon/core/room.h"
#include "daemon/core/room_budget.h"
#include "daemon/core/room_make.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/user.h"

#include <string.h>

#define HISTORY_DEFAULT 50
#define PAGE_ENTRIES    200

/* Where the entries come from. */
enum join_source {
    FROM_RING,   /* from a cursor on, or none */
    FROM_CURSOR, /* a page from a cursor on */
    FROM_NEWEST  /* the newest page */
};

struct join_context {
    struct request_context request;
    enum join_source source;
    bool is_reset;           /* the client's cursor could not be used */
    int64_t after;           /* the cursor; but FROM_NEWEST */
    uint32_t grants_changed; /* of the room, when it was asked */
};

/* --- join ------------------------------------------------------------------------------------- */

static bool may_enter(const struct ask *ask, struct refusal *refusal)
{
    const struct config *config = ask->gateway->config;
    const struct session *session = ask->session;
    if (ask->member)
        return true;
    if (session->member_count >= config->limits.rooms_per_session) {
        refuse(refusal, ERROR_too_many_rooms, NULL,
               "This connection is in as many rooms as it may be.");
        return false;
    }
    /* Everybody may be in one room. */
    if (session->member_count > 0 &&
        ask->gateway->rooms.member_count >= (size_t)config->limits.members) {
        refuse(refusal, ERROR_too_many_rooms, NULL,
               "All connections together are in as many rooms as they may be.");
        return false;
    }
    if ((int64_t)ask->room->member_count >= config->limits.members_per_room) {
        refuse(refusal, ERROR_room_full, NULL, NULL);
        return false;
    }
    return true;
}

/* Starts afresh with the newest entries, from memory where they all are. */
static void ask_for_newest(const struct room *room, int64_t count, struct job_page *page,
                           struct join_context *context)
{
    context->after = room->last;
    if (room->last == 0 || count == 0 ||
        roomlog_newest(&room->log, (size_t)count, &context->after))
        return;
    context->source = FROM_NEWEST;
    page->newest = true;
    page->limit = (int)count;
}

static void ask_from_cursor(const struct room *room, int64_t after, struct job_page *page,
                            struct join_context *context)
{
    bool is_here = after >= room->log.floor;
    context->source = is_here ? FROM_RING : FROM_CURSOR;
    context->after = after;
    page->after = after;
    page->limit = is_here ? 0 : PAGE_ENTRIES;
}

/* Where the client has got to; is_usable tells whether that is a place in this log. */
struct join_cursor {
    bool is_given, is_usable;
    int64_t after;
};

/* A stream that comes back asks as it did the first time: what it has been told since counts more. */
static struct join_cursor cursor_of(const struct ask *ask)
{
    const struct request_join *join = &ask->request.as_join;
    const struct room *room = ask->room;
    const char *cursors = ask->session->arrival.cursors;
    struct join_cursor cursor = {.is_given = cursors || join->after != NUMBER_ABSENT,
                                 .after = join->after};
    if (cursors)
        cursor.is_usable = cursors_find(cursors, room->log_id, &cursor.after);
    else
        cursor.is_usable = !join->log || strcmp(join->log, room->log_id) == 0;
    cursor.is_usable = cursor.is_given && cursor.is_usable && cursor.after <= room->last;
    return cursor;
}

static void fill_join(const struct ask *ask, struct job_page *page, struct join_context *context)
{
    const struct request_join *join = &ask->request.as_join;
    const struct room *room = ask->room;
    struct join_cursor cursor = cursor_of(ask);
    page->room_id = room->id;
    page->user_id = session_user_id(ask->session);
    page->up_to = room->last;
    page->bytes_max = share_bytes(ask->session);
    page->first = room->first;
    page->pruned = room->pruned;
    context->is_reset = cursor.is_given && !cursor.is_usable;
    context->grants_changed = room->grants_changed;
    if (cursor.is_usable)
        ask_from_cursor(room, cursor.after, page, context);
    else
        ask_for_newest(room, join->history == NUMBER_ABSENT ? HISTORY_DEFAULT : join->history, page,
                       context);
}

static answer_handler answer_join;

/* With a code its answer has to know what was asked. */
static enum outcome submit_join(struct ask *ask, struct job *job)
{
    bool has_code = ask->request.type == REQUEST_join && ask->request.as_join.invite;
    return has_code ? ask_submit_whole(ask, job, answer_join) : ask_submit(ask, job, answer_join);
}

enum outcome handle_join(struct ask *ask)
{
    struct refusal refusal;
    if (!may_enter(ask, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_JOIN);
    struct join_context *context = submit_context(job, sizeof *context);
    if (context)
        fill_join(ask, &job->page, context);
    return submit_join(ask, job);
}

static void reply_joined(struct ask *ask, const struct job *job, const struct room *room)
{
    const struct join_context *context = job->context;
    const struct job_page *page = &job->page;
    bool is_from_cursor = !context->is_reset && context->source != FROM_NEWEST;
    enum role role = access_role(ask->session, room, &page->grant);
    int64_t muted = access_muted_until(ask->session, room, &page->grant);
    int64_t slow_ms = rates_slow_wait_ms(ask->session, room, role);
    const struct reply_joined reply = {
        .room = room->name,
        .topic = room->topic ? room->topic : "",
        .role = role_name(role),
        .log = room->log_id,
        .first = room->first,
        .last = room->last,
        .read = page->grant.read,
        .members = (int64_t)room->presence.members,
        .reset = context->is_reset,
        .pruned = is_from_cursor && context->after < room->pruned,
        .slow_seconds = room->slow_seconds ? room->slow_seconds : NUMBER_ABSENT,
        .slow_ms = slow_ms ? slow_ms : NUMBER_ABSENT,
        .muted = muted != 0,
        .muted_ms = muted ? sanction_left_ms(ask->gateway, muted) : NUMBER_ABSENT,
        .speak = room->speak > ROLE_GUEST ? role_name(room->speak) : NULL,
        .archived = room->archived,
    };
    (void)ask_reply(ask, REPLY_joined, &reply);
}

/* The entries of the page go out behind `joined`, as far as they may; the rest is read from storage,
 * from the cursor on. So are all of an event stream: each names the cursors of all its rooms, and not
 * all of them need be joined yet. */
static void tell_page(struct member *member, const struct job_page *page)
{
    struct session *session = member->session;
    if (session->arrival.kind == SESSION_EVENTS)
        return;
    struct buffer *replies = &session->replies;
    member->seq = room_encode_page(member, page, 0, replies, replies->length + share_bytes(session));
    session_count_replies(session);
}

/* The cursor before the page: entries older than it are not wanted. */
static int64_t cursor_before(const struct job *job)
{
    const struct join_context *context = job->context;
    const struct job_page *page = &job->page;
    if (context->source != FROM_NEWEST)
        return context->after;
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

/* Kept, so that an empty room is not taken for one where the user has never been. When it cannot be
 * stored now, the next join tries again. */
static void note_entered(struct gateway *gateway, const struct room *room, const struct user *user)
{
    struct job *job = job_create(JOB_READ);
    if (job)
        job->read = (struct job_read){.room_id = room->id, .user_id = user->id};
    (void)gateway_submit(gateway, job, NULL);
}

static enum outcome enter(struct ask *ask, struct job *job, struct room *room)
{
    struct job_page *page = &job->page;
    catch_up_marker(ask->session, room, &page->grant);
    if (page->pruned > room->pruned) { /* what was read may be older than what was told since */
        room->pruned = page->pruned;
        room->first = page->first;
    }
    struct member *member =
        room_enter(room, ask->session, cursor_before(job), room->last, &page->grant);
    if (!member)
        return ask_fail(ask, ERROR_room_full, NULL,
                        "The gateway has no memory for one more member.");
    if (ask->session->user && !ask->session->user->is_new && !page->grant.entered)
        note_entered(ask->gateway, room, ask->session->user);
    ask->gateway->figures.joins[ask->session->arrival.is_secure]++;
    reply_joined(ask, job, room);
    if (page->limit > 0)
        tell_page(member, page);
    draft_tell(ask->gateway, member);
    return ANSWERED;
}

/* The same page once more, with the grant as it is by then. */
static enum outcome join_again(struct ask *ask, const struct room *room, const struct job *stale)
{
    const struct join_context *before = stale->context;
    struct job *job = job_create(JOB_JOIN);
    struct join_context *context = submit_context(job, sizeof *context);
    if (context) {
        context->source = before->source;
        context->is_reset = before->is_reset;
        context->after = before->after;
        context->grants_changed = room->grants_changed;
        job->page.room_id = room->id;
        job->page.user_id = stale->page.user_id;
        job->page.after = stale->page.after;
        job->page.up_to = stale->page.up_to;
        job->page.newest = stale->page.newest;
        job->page.limit = stale->page.limit;
        job->page.bytes_max = stale->page.bytes_max;
        job->page.first = room->first;
        job->page.pruned = room->pruned;
    }
    return submit_join(ask, job);
}

/* --- by an invite link -------------------------------------------------------------------------- */

/* Joins once more, as one who is let in. */
static enum outcome answer_invited(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->invite_use.room_id);
    if (job->result != JOB_DONE || !room) {
        invite_link_give_back(ask->gateway, job->invite_use.link_id);
        return ask_fail_job(ask, job);
    }
    room->grants_changed++;
    if (!ask->session)
        return ANSWERED;
    ask->room = room;
    ask->member = session_member(ask->session, room);
    ask->request.as_join.invite = NULL;
    return handle_join(ask);
}

/* A stranger to a private room, who is known here and whom no ban keeps out, may have a code for it. */
static bool may_show_code(const struct ask *ask, const struct room *room,
                          const struct grant *grant)
{
    const struct user *user = ask->session->user;
    return ask->request.type == REQUEST_join && ask->request.as_join.invite && user &&
           !user->token && !access_banned_until(ask->session, room, grant) &&
           room->visibility == VISIBILITY_PRIVATE && !access_waits(ask->session);
}

static enum outcome join_invited(struct ask *ask, const struct room *room)
{
    struct refusal refusal;
    int64_t link_id =
        invite_link_take(ask->session, ask->request.as_join.invite, room, &refusal);
    if (!link_id)
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_INVITE_USE);
    if (job)
        job->invite_use = (struct job_invite_use){
            .link_id = link_id, .user_id = ask->session->user->id, .room_id = room->id};
    enum outcome outcome = ask_submit_whole(ask, job, answer_invited);
    if (outcome == ANSWERED)
        invite_link_give_back(ask->gateway, link_id);
    return outcome;
}

static enum outcome answer_join(struct ask *ask, struct job *job)
{
    const struct join_context *context = job->context;
    struct room *room = room_find_id(ask->gateway, job->page.room_id);
    struct refusal refusal;
    if (!ask->session)
        return ANSWERED;
    if (job->result == JOB_DONE && !room)
        job->result = JOB_ROOM_MISSING;
    bool is_too_early = job->result == JOB_ROOM_MISSING && room;
    if (is_too_early && room_is_ahead_of_storage(room)) {
        job->result = JOB_DONE; /* nobody has said or been granted anything there */
        is_too_early = false;
    }
    if (job->result != JOB_DONE && !is_too_early)
        return ask_fail_job(ask, job);
    /* A ban or a role that was told after the grant was read must not be undone by it. */
    if (is_too_early || context->grants_changed != room->grants_changed)
        return join_again(ask, room, job);
    if (!access_allows(ask->session, room, &job->page.grant, OPERATION_join, &refusal))
        return may_show_code(ask, room, &job->page.grant) ? join_invited(ask, room)
                                                  : ask_refuse(ask, &refusal);
    return enter(ask, job, room);
}

/* The user's other connections: for them, too, the room is no longer there. */
static void tell_declined(const struct user *user, const struct room *room, const struct session *by)
{
    const struct event_room event = {.change = "removed", .name = room->name};
    for (struct session *session = user->sessions; session; session = session->next)
        if (session != by)
            (void)session_tell(session, EVENT_room, &event);
}

static enum outcome answer_declined(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->grant.room_id);
    if (job->result != JOB_DONE || !room)
        return ask_fail_job(ask, job);
    room->grants_changed++;
    const struct user *user = user_find_id(ask->gateway, job->grant.user_id);
    const struct reply_left reply = {.room = room->name};
    if (user)
        tell_declined(user, room, ask->session);
    return ask_reply(ask, REPLY_left, &reply);
}

/* Of an invitation that was not taken up. */
static enum outcome decline(struct ask *ask)
{
    struct job *job = job_create(JOB_GRANT);
    if (job) {
        job->grant.room_id = ask->room->id;
        job->grant.change = GRANT_DECLINE;
        snprintf(job->grant.folded, sizeof job->grant.folded, "%s", ask->session->user->folded);
    }
    return ask_submit(ask, job, answer_declined);
}

enum outcome handle_leave(struct ask *ask)
{
    if (!ask->member && ask->session->user && grant_is_invitation(ask->grant))
        return decline(ask);
    if (ask->room->visibility == VISIBILITY_DIRECT && ask->session->user)
        return direct_leave(ask);
    if (!ask->member)
        return ask_fail(ask, ERROR_not_joined, "room", NULL);
    const struct reply_left reply = {.room = ask->room->name};
    room_flush_member(ask->member);
    (void)ask_reply(ask, REPLY_left, &reply);
    room_leave(ask->member);
    return ANSWERED;
}

/* --- create ----------------------------------------------------------------------------------- */

static bool may_create(const struct gateway *gateway, const struct session *session,
                       struct refusal *refusal)
{
    if (session->arrival.administrator || gateway->config->rooms.create != CREATE_ADMINISTRATOR)
        return true;
    refuse(refusal, ERROR_forbidden, NULL, "Only the administrator makes rooms here.");
    return false;
}

static bool fill_row(struct gateway *gateway, const struct request_create *create,
                     struct room_row *row, struct refusal *refusal)
{
    enum visibility visibility;
    if (!room_make_visibility(create->visibility, &visibility, refusal) ||
        !room_make_row(gateway, create->room, row, refusal))
        return false;
    row->visibility = visibility;
    if (create->topic)
        memcpy(row->topic, create->topic, strlen(create->topic) + 1);
    if (!room_find_folded(gateway, row->folded))
        return true;
    refuse(refusal, ERROR_room_exists, "room", "A room of this name exists.");
    return false;
}

static enum outcome answer_create(struct ask *ask, struct job *job)
{
    if (job->result == JOB_TOO_MANY_ROOMS)
        (void)ask_fail(ask, ERROR_too_many_rooms, NULL, "You own as many rooms as you may.");
    else
        (void)ask_answer(ask, job);
    room_made(ask->gateway, job);
    return ANSWERED;
}

enum outcome handle_create(struct ask *ask)
{
    struct gateway *gateway = ask->gateway;
    struct room_row row;
    struct refusal refusal;
    if (!may_create(gateway, ask->session, &refusal) ||
        !fill_row(gateway, &ask->request.as_create, &row, &refusal) ||
        !room_budget_take(ask->session, row.visibility, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = room_make_begin(gateway, &row, session_user_id(ask->session));
    bool is_begun = job != NULL;
    enum outcome outcome = ask_submit(ask, job, answer_create);
    if (is_begun && outcome == ANSWERED)
        room_make_undo(gateway, row.id);
    return outcome;
}

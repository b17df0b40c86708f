/* handle_sanction.c - who may not speak or not enter: ban, unban, mute, sanctions, lift. What is imposed
 * is stored first and then applied to whoever is here. */
#include "daemon/core/access.h"
#include "daemon/core/audit.h"
#include "daemon/core/bridged.h"
#include "daemon/core/evict.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/sanction.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE_SECONDS_MAX (INT64_C(30) * 86400) /* a device changes hands, an address sooner */
#define ROWS_MAX 500 /* listed in one reply */

/* What ban and mute have in common. */
struct wish {
    enum sanction_kind kind;
    const char *user, *from, *reason;
    int64_t uid; /* instead of user, NUMBER_ABSENT if none */
    int64_t seconds;
    bool is_of_gateway, reaches_device;
};

/* --- whom ---------------------------------------------------------------------------------------- */

/* One of those whom a bridge or hook shows. */
static bool read_behind(const struct ask *ask, const struct wish *wish, char folded[NAME_BYTES_MAX + 1],
                        struct sanction *sanction)
{
    const struct token *token = wish->uid != NUMBER_ABSENT ? token_find_user(ask->gateway, wish->uid)
                                : wish->user && user_fold(wish->user, folded) ? token_find_folded(ask->gateway, folded)
                                                                : NULL;
    bool brings = token && (token->row.role == TOKEN_ROLE_BRIDGE || token->row.role == TOKEN_ROLE_HOOK);
    if (brings)
        memcpy(folded, token->row.folded, sizeof token->row.folded);
    sanction->is_client = true;
    sanction->client_id = bridged_person(ask->gateway, wish->from);
    return brings && sanction->client_id != 0;
}

/* Folds the name of a user, or reads the number of a plain client. False: nobody can be called so. */
static bool read_target(const struct ask *ask, const struct wish *wish, char folded[NAME_BYTES_MAX + 1],
                        struct sanction *sanction)
{
    if (wish->from)
        return read_behind(ask, wish, folded, sanction);
    if (!user_fold(wish->user, folded))
        return false;
    if (!name_is_plain(folded))
        return true;
    sanction->is_client = true;
    sanction->client_id = strtoll(folded + strlen("client-"), NULL, 10);
    folded[0] = '\0';
    return true;
}

static bool is_self(const struct ask *ask, const char *folded)
{
    const struct user *user = ask->session->user;
    return user && strcmp(user->folded, folded) == 0;
}

/* Where the target's sessions come from. */
static void add_marks(struct job_sanction *wanted, const struct session *session)
{
    if (wanted->here_count < SANCTION_MARKS_MAX)
        wanted->here[wanted->here_count++] = session->arrival.marks;
}

static void gather_marks(const struct gateway *gateway, struct job_sanction *wanted)
{
    const struct user *user = wanted->folded[0] ? user_find(gateway, wanted->folded) : NULL;
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next)
        add_marks(wanted, session);
    if (!wanted->sanction.is_client)
        return;
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        const struct session *session = TABLE_ITEM(link, struct session, by_id);
        if (session->arrival.kind == SESSION_PLAIN &&
            session->arrival.client_id == wanted->sanction.client_id)
            add_marks(wanted, session);
    }
}

/* --- may it be ----------------------------------------------------------------------------------- */

/* The room's own check has been made; a sanction of the gateway or of a device needs a role there. */
static bool is_allowed(struct ask *ask, const struct wish *wish, struct refusal *refusal)
{
    enum operation operation = wish->kind == SANCTION_BAN ? OPERATION_ban : OPERATION_mute;
    if (!wish->user && !(wish->from && wish->uid != NUMBER_ABSENT)) {
        refuse(refusal, ERROR_bad_request, "user", "user is missing; it must be a string.");
        return false;
    }
    if (!ask->room && !wish->is_of_gateway) {
        refuse(refusal, ERROR_bad_request, "room", "room is missing; or scope is gateway.");
        return false;
    }
    if ((wish->is_of_gateway || wish->reaches_device) &&
        !access_allows_here(ask->session, operation, refusal)) {
        refusal->field = wish->is_of_gateway ? "scope" : "reach";
        return false;
    }
    if (wish->reaches_device && wish->seconds > DEVICE_SECONDS_MAX) {
        refuse(refusal, ERROR_bad_request, "seconds", "A device is kept out for at most 30 days.");
        return false;
    }
    return true;
}

/* When so many seconds will have elapsed: no correction of a clock makes an hour longer or shorter. */
static int64_t until(const struct gateway *gateway, const struct wish *wish)
{
    int64_t seconds = wish->seconds;
    if (seconds == NUMBER_ABSENT && !wish->reaches_device)
        return FOREVER;
    if (seconds == NUMBER_ABSENT)
        seconds = DEVICE_SECONDS_MAX;
    return gateway->now.elapsed_ms + seconds * 1000;
}

/* --- imposing ------------------------------------------------------------------------------------ */

static void tell_muted(struct session *session, const struct room *room, int64_t until,
                       const char *reason)
{
    const struct event_muted event = {
        .room = room ? room->name : NULL,
        .on = until != 0,
        .left_ms = until ? sanction_left_ms(session->gateway, until) : NUMBER_ABSENT,
        .reason = reason,
    };
    if (session->arrival.kind != SESSION_PLAIN && session->phase == PHASE_READY)
        (void)session_tell(session, EVENT_muted, &event);
}

/* Everybody whom a new mute hits hears of it: those in the room, or all. */
static void tell_all_muted(struct gateway *gateway, const struct room *room, const char *reason)
{
    struct table_link *link = NULL;
    for (size_t i = 0; room && i < room->member_count; i++) {
        struct member *member = room->members[i];
        int64_t end = access_muted_until(member->session, room, &member->grant);
        if (end)
            tell_muted(member->session, room, end, reason);
    }
    while (!room && (link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        int64_t end = access_muted_until(session, NULL, NULL);
        if (end)
            tell_muted(session, NULL, end, reason);
    }
}

/* What the room remembers about the user, for the user's memberships. */
static void set_grants(const struct gateway *gateway, const struct sanction *sanction,
                       const struct grant *grant, struct room *room)
{
    const struct user *user = user_find_id(gateway, sanction->user_id);
    if (!room || sanction_is_behind(sanction))
        return;
    room->grants_changed++;
    for (struct session *session = user ? user->sessions : NULL; session; session = session->next) {
        struct member *member = session_member(session, room);
        if (member)
            member->grant = *grant;
    }
}

static void apply(struct gateway *gateway, const struct job_sanction *done)
{
    struct room *room = room_find_id(gateway, done->sanction.room_id);
    if (done->sanction.room_id && !room)
        return;
    if (done->sanction.user_id)
        set_grants(gateway, &done->sanction, &done->grant, room);
    sanctions_add(gateway, &done->sanction);
    if (done->sanction.kind == SANCTION_MUTE)
        tell_all_muted(gateway, room, done->reason);
    else if (room)
        evict_banned(room, done->reason);
    else
        close_banned(gateway, done->reason);
}

static size_t words_of_reach(unsigned reach, const char *words[3])
{
    size_t count = 0;
    for (int kind = REACH_KEYS; kind <= REACH_ADDRESS; kind++)
        if (reach & 1u << kind)
            words[count++] = word_of(WORDS_reach, kind);
    return count;
}

static enum outcome answer_sanction(struct ask *ask, struct job *job)
{
    const struct job_sanction *done = &job->sanction;
    const char *reach[3], *shared[3];
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    const struct reply_ok reply = {
        .id = done->sanction.id,
        .reach = {reach, words_of_reach(done->sanction.reach, reach)},
        .shared = {shared, words_of_reach(done->shared, shared)},
    };
    (void)ask_reply(ask, REPLY_ok, &reply);
    apply(ask->gateway, done);
    return ANSWERED;
}

static void fill(struct ask *ask, struct job *job, const struct wish *wish)
{
    struct job_sanction *wanted = &job->sanction;
    char length[PERIOD_BYTES], text[320];
    wanted->actor = audit_actor(ask, job);
    wanted->reason = job_text(job, wish->reason);
    wanted->from = job_clean_text(job, wish->from, TEXT_LINE);
    wanted->reaches_device = wish->reaches_device;
    wanted->shared_max = (int)ask->gateway->config->moderation.shared_address;
    wanted->at = ask->gateway->now;
    wanted->sanction.kind = wish->kind;
    wanted->sanction.room_id = wish->is_of_gateway ? 0 : ask->room->id;
    wanted->sanction.until = until(ask->gateway, wish);
    if (wish->reaches_device)
        gather_marks(ask->gateway, wanted);
    sanction_length(sanction_left_ms(ask->gateway, wanted->sanction.until), length);
    snprintf(text, sizeof text, "%s%s%s%s%s", length[0] ? "for " : "", length,
             wish->reaches_device ? ", the device too" : "", length[0] && wish->reason ? ": " : "",
             wish->reason ? wish->reason : "");
    audit_add(ask, job, wish->kind == SANCTION_BAN ? ACT_BAN : ACT_MUTE,
              wish->is_of_gateway ? NULL : ask->room, wish->from ? wish->from : wish->user, text);
}

static enum outcome impose(struct ask *ask, const struct wish *wish)
{
    struct refusal refusal;
    struct job *job = job_create(JOB_SANCTION);
    if (!job)
        return ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
    struct job_sanction *wanted = &job->sanction;
    bool is_behind = wish->from != NULL;
    bool is_name = (wish->user || is_behind) && read_target(ask, wish, wanted->folded, &wanted->sanction);
    bool is_kept = wish->is_of_gateway || wish->reaches_device || wanted->sanction.is_client;
    bool is_own = is_name && is_self(ask, wanted->folded);
    if (is_allowed(ask, wish, &refusal)) {
        bool is_elsewhere = wanted->sanction.is_client && !is_behind && !wish->is_of_gateway &&
                            ask->room != ask->gateway->rooms.plain;
        if (!is_name || is_elsewhere)
            refuse(&refusal, ERROR_user_not_found, "user", NULL);
        else if (is_own && !is_behind)
            refuse(&refusal, ERROR_forbidden, "user", "You cannot do this to yourself.");
        else if (is_kept && !sanctions_have_room(ask->gateway))
            refuse(&refusal, ERROR_bad_request, NULL,
                   "As many are banned or muted as may be; lift one first.");
        else {
            fill(ask, job, wish);
            return ask_submit(ask, job, answer_sanction);
        }
    }
    job_destroy(job);
    return ask_refuse(ask, &refusal);
}

static bool is_word(const char *word, enum vocabulary_id vocabulary, int constant)
{
    return word && word_find(vocabulary, word) == constant;
}

enum outcome handle_ban(struct ask *ask)
{
    const struct request_ban *ban = &ask->request.as_ban;
    const struct wish wish = {
        .kind = SANCTION_BAN,
        .user = ban->user,
        .uid = ban->uid,
        .from = ban->from,
        .reason = ban->reason,
        .seconds = ban->seconds,
        .is_of_gateway = is_word(ban->scope, WORDS_sanction_scope, SCOPE_OF_GATEWAY),
        .reaches_device = is_word(ban->reach, WORDS_sanction_reach, REACHES_DEVICE)};
    return impose(ask, &wish);
}

/* --- lifting ------------------------------------------------------------------------------------- */

/* Those whom it hit hear that they may speak again, unless another one still says they may not. */
static void tell_unmuted(struct gateway *gateway, const struct sanction *lifted,
                         const struct room *room)
{
    struct table_link *link = NULL;
    while ((link = table_step(&gateway->sessions.by_id, link))) {
        struct session *session = TABLE_ITEM(link, struct session, by_id);
        const struct member *member = room ? session_member(session, room) : NULL;
        bool is_user = lifted->user_id && session_user_id(session) == lifted->user_id && !sanction_is_behind(lifted);
        const struct grant *grant = member ? &member->grant : NULL;
        if ((is_user || lifted->mark_count) && (!room || member) &&
            !access_muted_until(session, room, grant))
            tell_muted(session, room, 0, NULL);
    }
}

static enum outcome answer_lift(struct ask *ask, struct job *job)
{
    const struct job_lift *done = &job->lift;
    struct room *room = room_find_id(ask->gateway, done->sanction.room_id);
    (void)ask_answer(ask, job);
    if (job->result != JOB_DONE)
        return ANSWERED;
    if (done->sanction.user_id)
        set_grants(ask->gateway, &done->sanction, &done->grant, room);
    sanctions_remove(ask->gateway, done->sanction.id);
    if (done->found && done->sanction.kind == SANCTION_MUTE)
        tell_unmuted(ask->gateway, &done->sanction, room);
    return ANSWERED;
}

static enum outcome lift(struct ask *ask, const struct wish *wish)
{
    struct refusal refusal;
    if (!is_allowed(ask, wish, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_LIFT);
    if (!job)
        return ask_fail(ask, ERROR_storage_unavailable, NULL, NULL);
    if (!read_target(ask, wish, job->lift.folded, &job->lift.sanction)) {
        job_destroy(job);
        return ask_fail(ask, ERROR_user_not_found, "user", NULL);
    }
    const struct room *room = wish->is_of_gateway ? NULL : ask->room;
    job->lift.actor = audit_actor(ask, job);
    job->lift.sanction.kind = wish->kind;
    job->lift.sanction.room_id = room ? room->id : 0;
    job->lift.at = ask->gateway->now;
    audit_add(ask, job, ACT_LIFT, room, wish->from ? wish->from : wish->user, word_of(WORDS_sanction_kind, (int)wish->kind));
    return ask_submit(ask, job, answer_lift);
}

enum outcome handle_mute(struct ask *ask)
{
    const struct request_mute *mute = &ask->request.as_mute;
    const struct wish wish = {
        .kind = SANCTION_MUTE,
        .user = mute->user,
        .uid = mute->uid,
        .from = mute->from,
        .reason = mute->reason,
        .seconds = mute->seconds,
        .is_of_gateway = is_word(mute->scope, WORDS_sanction_scope, SCOPE_OF_GATEWAY),
        .reaches_device = is_word(mute->reach, WORDS_sanction_reach, REACHES_DEVICE)};
    return mute->seconds == 0 ? lift(ask, &wish) : impose(ask, &wish);
}

enum outcome handle_unban(struct ask *ask)
{
    const struct request_unban *unban = &ask->request.as_unban;
    const struct wish wish = {.kind = SANCTION_BAN,
                              .user = unban->user,
                              .uid = unban->uid,
                              .from = unban->from,
                              .seconds = NUMBER_ABSENT};
    return lift(ask, &wish);
}

/* Where it is, and so whether it may be lifted, storage finds out. */
enum outcome handle_lift(struct ask *ask)
{
    char text[32];
    struct job *job = job_create(JOB_LIFT);
    if (job) {
        job->lift.actor = audit_actor(ask, job);
        job->lift.id = ask->request.as_lift.id;
        job->lift.at = ask->gateway->now;
        snprintf(text, sizeof text, "number %lld", (long long)job->lift.id);
        audit_add(ask, job, ACT_LIFT, NULL, NULL, text);
    }
    return ask_submit(ask, job, answer_lift);
}

/* --- listing ------------------------------------------------------------------------------------- */

static struct record_sanction_line line_of(const struct gateway *gateway, struct job *job,
                                           const struct sanction_row *row)
{
    const char **words = job_memory(job, 3 * sizeof *words);
    return (struct record_sanction_line){
        .id = row->sanction.id,
        .kind = word_of(WORDS_sanction_kind, (int)row->sanction.kind),
        .user = row->user,
        .from = row->from && row->from[0] ? row->from : NULL,
        .room = row->room,
        .by = row->by && row->by[0] ? row->by : NULL,
        .created = row->created_ms,
        .left_ms = sanction_left_ms(gateway, row->sanction.until),
        .reason = row->reason && row->reason[0] ? row->reason : NULL,
        .reach = {words, words ? words_of_reach(row->sanction.reach, words) : 0},
    };
}

static enum outcome answer_sanctions(struct ask *ask, struct job *job)
{
    const struct job_sanctions *done = &job->sanctions;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    struct record_sanction_line *lines = job_memory(job, (done->count + 1) * sizeof *lines);
    if (!lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    for (size_t i = 0; i < done->count; i++)
        lines[i] = line_of(ask->gateway, job, &done->rows[i]);
    struct reply_sanctions reply = {.sanctions = {lines, done->count},
                                    .more = done->count == ROWS_MAX};
    struct refusal refusal;
    if (ask->session && !share_cut(ask->session, RECORD_sanction_line, SHARE_FIRST,
                                   &reply.sanctions, &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_sanctions, &reply);
}

enum outcome handle_sanctions(struct ask *ask)
{
    struct refusal refusal;
    if (!ask->room && !access_allows_here(ask->session, OPERATION_sanctions, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_SANCTIONS);
    if (job) {
        job->sanctions.room_id = ask->room ? ask->room->id : 0;
        job->sanctions.is_all = access_is_administrator(ask->session);
        job->sanctions.elapsed_ms = ask->gateway->now.elapsed_ms;
        job->sanctions.limit = ROWS_MAX;
    }
    return ask_submit(ask, job, answer_sanctions);
}

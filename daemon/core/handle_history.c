/* handle_history.c - reading what was said: rooms, history, search. */
#include "daemon/core/room_list.h"
#include "daemon/core/state.h"

#include <string.h>

#define PAGE_DEFAULT 50

/* --- rooms ------------------------------------------------------------------------------------ */

static void reply_rooms(struct gateway *gateway, struct session *session, const struct ref *ref,
                        const struct job_own *own)
{
    struct room_list list = {0};
    if (room_list_fill(&list, gateway, session, own)) {
        struct reply_rooms reply = {.rooms = {list.lines, list.count}};
        session_reply(session, ref, REPLY_rooms, &reply);
    } else {
        session_fail(session, ref, ERROR_internal, NULL, "The gateway has no memory for this.");
    }
    room_list_finish(&list);
}

void handle_rooms(struct gateway *gateway, struct session *session, const struct request *request)
{
    static const struct job_own nothing = {0};
    if (!session->user) {
        reply_rooms(gateway, session, &request->ref, &nothing);
        return;
    }
    struct job *job = job_create(JOB_OWN);
    if (job)
        job->own.user_id = session->user->id;
    (void)gateway_submit(gateway, session, request, job);
}

void answer_rooms(struct gateway *gateway, struct session *session, struct job *job)
{
    if (!session)
        return;
    if (job->result == JOB_DONE)
        reply_rooms(gateway, session, &job->asker.ref, &job->own);
    else
        session_fail_job(session, job);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* A page may take a quarter of what may wait for a session, so that it always fits. */
static size_t page_bytes(const struct gateway *gateway)
{
    return (size_t)gateway->config->limits.reply_bytes / 4;
}

/* When everybody reads at once and nobody takes what was read, some must come back later. */
static bool has_place(struct gateway *gateway, struct session *session, const struct ref *ref)
{
    struct refusal refusal;
    if (gateway->replies_bytes + page_bytes(gateway) <=
        (size_t)gateway->config->limits.replies_bytes)
        return true;
    refuse(&refusal, ERROR_rate_limited, NULL, "Too much is waiting to be sent just now.");
    refusal.retry_after_ms = 1000;
    session_refuse(session, ref, &refusal);
    return false;
}

static void fill_line(const struct room *room, const struct history_entry *kept,
                      struct record_history_line *line)
{
    const struct entry *entry = &kept->entry;
    bool is_topic = entry->kind == ENTRY_KIND_TOPIC;
    *line = (struct record_history_line){
        .type = is_topic ? "topic" : "message",
        .room = room->name,
        .seq = entry->seq,
        .ts = entry->ts,
        .from = entry->from,
        .text = entry->deleted ? NULL : entry->text,
        .nonce = entry->nonce,
        .reply_to = entry->target ? entry->target : NUMBER_ABSENT,
        .edited = kept->edited ? kept->edited : NUMBER_ABSENT,
        .deleted = entry->deleted,
        .guest = entry->guest,
        .via = entry->via,
        .clock = entry->clock_unset ? "unset" : NULL,
        .reactions = {kept->reactions, kept->reaction_count},
        .snippet = kept->snippet,
    };
}

/* Lines live as long as the job. */
static bool make_lines(struct gateway *gateway, struct job *job,
                       const struct history_entry *entries, size_t count,
                       struct message_list *list)
{
    struct record_history_line *lines = job_memory(job, (count + 1) * sizeof *lines);
    size_t filled = 0;
    if (!lines)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct room *room = room_find_id(gateway, entries[i].room_id);
        if (room)
            fill_line(room, &entries[i], &lines[filled++]);
    }
    *list = (struct message_list){lines, filled};
    return true;
}

void handle_history(struct gateway *gateway, struct session *session,
                    const struct request *request)
{
    const struct request_history *history = &request->as_history;
    struct room *room = access_room(session, request, history->room);
    if (!room || !has_place(gateway, session, &request->ref))
        return;
    struct job *job = job_create(JOB_HISTORY);
    if (job) {
        job->history.room_id = room->id;
        job->history.user_id = session_user_id(session);
        job->history.before = history->before;
        job->history.after = history->after;
        job->history.up_to = room->last;
        job->history.limit =
            history->limit == NUMBER_ABSENT ? PAGE_DEFAULT : (int)history->limit;
        job->history.bytes_max = page_bytes(gateway);
    }
    (void)gateway_submit(gateway, session, request, job);
}

static void reply_history(struct gateway *gateway, struct session *session, struct job *job,
                          const struct room *room)
{
    struct reply_history reply = {.room = room->name, .more = job->history.more};
    if (make_lines(gateway, job, job->history.entries, job->history.count, &reply.messages))
        session_reply(session, &job->asker.ref, REPLY_history, &reply);
    else
        session_fail(session, &job->asker.ref, ERROR_internal, NULL, NULL);
}

void answer_history(struct gateway *gateway, struct session *session, struct job *job)
{
    struct refusal refusal;
    if (!session)
        return;
    struct room *room = room_find_id(gateway, job->history.room_id);
    if (job->result == JOB_DONE && !room)
        job->result = JOB_ROOM_MISSING;
    if (job->result != JOB_DONE)
        session_fail_job(session, job);
    else if (!access_allows(session, room, &job->history.grant, OPERATION_history, &refusal))
        session_refuse(session, &job->asker.ref, &refusal);
    else
        reply_history(gateway, session, job, room);
}

/* --- search ----------------------------------------------------------------------------------- */

static bool fold_user(const char *name, char out[NAME_BYTES_MAX + 1])
{
    char kept[NAME_BYTES_MAX + 1];
    return name_normalise(name, NAME_BYTES_MAX, kept) == NAME_OK && name_fold(kept, out);
}

static struct job *create_search(struct gateway *gateway, const struct session *session,
                                 const struct request_search *search, const struct room *room)
{
    struct job *job = job_create(JOB_SEARCH);
    if (!job)
        return NULL;
    job->search.user_id = session_user_id(session);
    job->search.role = session->arrival.keeper ? ROLE_ADMIN
                       : session->user         ? session->user->role
                                               : ROLE_GUEST;
    job->search.query = job_text(job, search->query);
    job->search.room_id = room ? room->id : 0;
    job->search.before_ts = search->before;
    job->search.wall_ms = gateway->now.wall_ms;
    job->search.limit = search->limit == NUMBER_ABSENT ? PAGE_DEFAULT : (int)search->limit;
    job->search.bytes_max = page_bytes(gateway);
    return job;
}

void handle_search(struct gateway *gateway, struct session *session,
                   const struct request *request)
{
    const struct request_search *search = &request->as_search;
    char from[NAME_BYTES_MAX + 1] = "";
    struct room *room = search->room ? access_room(session, request, search->room) : NULL;
    if (search->room && !room)
        return;
    if (search->from && !fold_user(search->from, from)) {
        session_fail(session, &request->ref, ERROR_user_not_found, "from", NULL);
        return;
    }
    if (!has_place(gateway, session, &request->ref))
        return;
    struct job *job = create_search(gateway, session, search, room);
    if (job)
        memcpy(job->search.from, from, sizeof from);
    (void)gateway_submit(gateway, session, request, job);
}

void answer_search(struct gateway *gateway, struct session *session, struct job *job)
{
    struct reply_results reply = {.more = job->search.more};
    if (!session)
        return;
    if (job->result != JOB_DONE)
        session_fail_job(session, job);
    else if (make_lines(gateway, job, job->search.entries, job->search.count, &reply.results))
        session_reply(session, &job->asker.ref, REPLY_results, &reply);
    else
        session_fail(session, &job->asker.ref, ERROR_internal, NULL, NULL);
}

/* handle_history.c - reading what was said: rooms, history, search. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/file.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/room_list.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE_DEFAULT 50

/* --- rooms ------------------------------------------------------------------------------------ */

/* False: the room behind which the list goes on is not there. */
static bool make_wish(const struct ask *ask, struct room_wish *wish, struct refusal *refusal)
{
    const struct request_rooms *rooms = &ask->request.as_rooms;
    char folded[NAME_BYTES_MAX + 1];
    *wish = (struct room_wish){.after = rooms->after ? room_find(ask->gateway, rooms->after) : NULL};
    if (rooms->after && !wish->after) {
        refuse(refusal, ERROR_room_not_found, "after",
               "The room to go on behind is not there any more; begin anew.");
        return false;
    }
    if (rooms->query && !name_fold(rooms->query, folded)) {
        refuse(refusal, ERROR_bad_request, "query", "No name can have this in it.");
        return false;
    }
    if (rooms->query)
        memcpy(wish->folded, folded, strlen(folded) + 1);
    return true;
}

static enum outcome reply_rooms(struct ask *ask, const struct job_own *own,
                                const struct job_empty_rooms *empty)
{
    struct room_list list = {0};
    struct room_wish wish;
    struct refusal refusal;
    if (!make_wish(ask, &wish, &refusal))
        return ask_refuse(ask, &refusal);
    wish.empty = empty;
    if (room_list_fill(&list, ask->gateway, ask->session, own, &wish)) {
        const struct reply_rooms reply = {.rooms = {list.lines, list.count}, .more = list.more};
        (void)ask_reply(ask, REPLY_rooms, &reply);
    } else {
        (void)ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
    }
    room_list_finish(&list);
    return ANSWERED;
}

static enum outcome answer_rooms(struct ask *ask, struct job *job)
{
    if (!ask->session)
        return ANSWERED;
    return job->result == JOB_DONE ? reply_rooms(ask, &job->own, NULL) : ask_fail_job(ask, job);
}

static const struct job_own nothing = {0};

static enum outcome answer_empty(struct ask *ask, struct job *job)
{
    if (!ask->session)
        return ANSWERED;
    return job->result == JOB_DONE ? reply_rooms(ask, &nothing, &job->empty_rooms)
                                   : ask_fail_job(ask, job);
}

static enum outcome ask_for_empty(struct ask *ask)
{
    const struct config *config = ask->gateway->config;
    if (!access_is_administrator(ask->session))
        return ask_fail(ask, ERROR_forbidden, "empty", "Only an administrator asks for empty rooms.");
    struct job *job = job_create(JOB_EMPTY_ROOMS);
    if (job)
        job->empty_rooms.limit = (int)(config->limits.rooms + config->limits.rooms_reserved);
    return ask_submit_whole(ask, job, answer_empty);
}

enum outcome handle_rooms(struct ask *ask)
{
    if (ask->request.as_rooms.empty)
        return ask_for_empty(ask);
    if (!ask->session->user)
        return reply_rooms(ask, &nothing, NULL);
    struct job *job = job_create(JOB_OWN);
    if (job)
        job->own.user_id = ask->session->user->id;
    return ask_submit_whole(ask, job, answer_rooms);
}

/* --- pages ------------------------------------------------------------------------------------ */

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
        .uid = entry->user_id,
        .text = entry->deleted ? NULL : entry->text,
        .nonce = entry->nonce,
        .reply_to = entry->target ? entry->target : NUMBER_ABSENT,
        .edited = kept->edited ? kept->edited : NUMBER_ABSENT,
        .deleted = entry->deleted,
        .guest = entry->guest,
        .via = entry->via,
        .clock = entry->clock_unset ? "unset" : NULL,
        .snippet = kept->snippet,
    };
}

/* Lines live as long as the job. */
static bool add_reactions(struct job *job, const struct history_entry *kept,
                          struct record_history_line *line)
{
    struct record_reaction_line *lines =
        kept->reaction_count ? job_memory(job, kept->reaction_count * sizeof *lines) : NULL;
    for (size_t i = 0; lines && i < kept->reaction_count; i++) {
        const struct reaction *reaction = &kept->reactions[i];
        lines[i] = (struct record_reaction_line){.emoji = reaction->emoji,
                                                 .names = {reaction->names, reaction->name_count},
                                                 .count = reaction->count};
    }
    line->reactions = (struct message_list){lines, kept->reaction_count};
    return lines || kept->reaction_count == 0;
}

static bool add_files(struct job *job, const struct entry *entry, struct record_history_line *line)
{
    struct record_file_line *lines =
        entry->file_count ? job_memory(job, entry->file_count * sizeof *lines) : NULL;
    if (lines)
        file_lines_fill(entry, lines, &line->files);
    return lines || entry->file_count == 0;
}

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
        if (!room)
            continue;
        fill_line(room, &entries[i], &lines[filled]);
        if (!add_files(job, &entries[i].entry, &lines[filled]) ||
            !add_reactions(job, &entries[i], &lines[filled++]))
            return false;
    }
    *list = (struct message_list){lines, filled};
    return true;
}

/* Of a page that does not fit: what lies nearer to where it was asked from. */
static enum share_end kept_end(const struct job_history *page)
{
    bool goes_forward = page->after != NUMBER_ABSENT && page->before == NUMBER_ABSENT;
    return goes_forward ? SHARE_FIRST : SHARE_LAST;
}

static enum outcome answer_history(struct ask *ask, struct job *job)
{
    const struct room *room = room_find_id(ask->gateway, job->history.room_id);
    if (job->result == JOB_DONE && !room)
        job->result = JOB_ROOM_MISSING;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    const struct job_history *page = &job->history;
    struct reply_history reply = {.room = room->name, .more = page->more};
    struct refusal refusal;
    if (!make_lines(ask->gateway, job, page->entries, page->count, &reply.messages))
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    if (ask->session && !share_cut(ask->session, RECORD_history_line, kept_end(page),
                                   &reply.messages, &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_history, &reply);
}

enum outcome handle_history(struct ask *ask)
{
    const struct request_history *history = &ask->request.as_history;
    struct job *job = job_create(JOB_HISTORY);
    if (job) {
        job->history.room_id = ask->room->id;
        job->history.user_id = session_user_id(ask->session);
        job->history.before = history->before;
        job->history.after = history->after;
        job->history.up_to = ask->room->last;
        job->history.limit =
            history->limit == NUMBER_ABSENT ? PAGE_DEFAULT : (int)history->limit;
        job->history.bytes_max = share_bytes(ask->session);
    }
    return ask_submit(ask, job, answer_history);
}

/* --- search ----------------------------------------------------------------------------------- */

/* A place in a search as a client carries it: three numbers in hexadecimal. */
#define NEXT_BYTES 56

static void write_next(struct place place, char out[NEXT_BYTES])
{
    snprintf(out, NEXT_BYTES, "%" PRIx64 "-%" PRIx64 "-%" PRIx64, (uint64_t)place.ts,
             (uint64_t)place.room_id, (uint64_t)place.seq);
}

static bool read_next(const char *text, struct place *place)
{
    uint64_t ts, room_id, seq;
    int length = 0;
    if (!text)
        return true;
    if (sscanf(text, "%16" SCNx64 "-%16" SCNx64 "-%16" SCNx64 "%n", &ts, &room_id, &seq,
               &length) != 3 ||
        text[length] != '\0' || ts > SEQ_MAX || room_id > SEQ_MAX || seq == 0 || seq > SEQ_MAX)
        return false;
    *place = (struct place){(int64_t)ts, (int64_t)room_id, (int64_t)seq};
    return true;
}

/* Of the last of so many lines that make_lines has made. */
static struct place place_of(struct gateway *gateway, const struct job_search *search,
                             size_t line_count)
{
    size_t i = 0;
    for (; i < search->count && line_count > 0; i++)
        line_count -= room_find_id(gateway, search->entries[i].room_id) != NULL;
    const struct history_entry *last = &search->entries[i - 1];
    return (struct place){last->entry.ts, last->room_id, last->entry.seq};
}

static struct job *create_search(const struct ask *ask, const char *from, struct place after)
{
    const struct request_search *search = &ask->request.as_search;
    struct job *job = job_create(JOB_SEARCH);
    if (!job)
        return NULL;
    job->search.user_id = session_user_id(ask->session);
    job->search.role = access_gateway_role(ask->session);
    job->search.query = job_text(job, search->query ? search->query : "");
    job->search.room_id = ask->room ? ask->room->id : 0;
    job->search.before_ts = search->before;
    job->search.elapsed_ms = ask->gateway->now.elapsed_ms;
    job->search.after = after;
    job->search.limit = search->limit == NUMBER_ABSENT ? PAGE_DEFAULT : (int)search->limit;
    job->search.bytes_max = share_bytes(ask->session);
    memcpy(job->search.from, from, strlen(from) + 1);
    return job;
}

static enum outcome answer_search(struct ask *ask, struct job *job)
{
    struct reply_results reply = {.more = job->search.more};
    struct refusal refusal;
    char next[NEXT_BYTES];
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!make_lines(ask->gateway, job, job->search.entries, job->search.count, &reply.results))
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    if (ask->session && !share_cut(ask->session, RECORD_history_line, SHARE_FIRST, &reply.results,
                                   &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    if (reply.more && reply.results.count > 0) {
        write_next(place_of(ask->gateway, &job->search, reply.results.count), next);
        reply.next = next;
    }
    return ask_reply(ask, REPLY_results, &reply);
}

enum outcome handle_search(struct ask *ask)
{
    const struct request_search *search = &ask->request.as_search;
    char from[NAME_BYTES_MAX + 1] = "";
    struct place after = {0};
    if (token_of(ask->session) && !search->room)
        return ask_fail(ask, ERROR_bad_request, "room", "With a token, name the room to search.");
    if (access_waits(ask->session) && !search->room)
        return ask_fail(ask, ERROR_forbidden, "room", "While you wait, only the first room is read.");
    if (!search->query && !search->from)
        return ask_fail(ask, ERROR_bad_request, "query", "Say what to find, or who said it.");
    if (!read_next(search->next, &after))
        return ask_fail(ask, ERROR_bad_request, "next", "No reply to a search had this next.");
    if (search->from && !user_fold(search->from, from))
        return ask_fail(ask, ERROR_user_not_found, "from", NULL);
    return ask_submit(ask, create_search(ask, from, after), answer_search);
}

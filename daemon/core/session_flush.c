/* session_flush.c - one write a turn: what waits for a session, gathered from its replies, the rings
 * of its rooms and, where those no longer have it, storage. */
#include "daemon/core/cursors.h"
#include "daemon/core/frame.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"

#define ROUNDS_MAX    16  /* writes of limits.write_bytes before others have their turn */
#define PAGE_ENTRIES  100
#define CROWDED_BYTES 1024 /* or one frame: a write while too much is unsent */

/* So much is unsent that each connection gets no more than it has just said it can take: who reads
 * goes on, and who does not read keeps no more of the memory. */
static bool is_crowded(const struct gateway *gateway)
{
    const struct config_limits *limits = &gateway->config->limits;
    return gateway->sessions.unsent_bytes + (size_t)limits->write_bytes > (size_t)limits->unsent_bytes;
}

/* Of one write. */
static size_t most_bytes(const struct gateway *gateway)
{
    return is_crowded(gateway) ? CROWDED_BYTES : (size_t)gateway->config->limits.write_bytes;
}

void session_note_unsent(struct session *session, size_t bytes)
{
    session->gateway->sessions.unsent_bytes += bytes - session->unsent_bytes;
    session->unsent_bytes = bytes;
}

/* What one write will be: borrowed bytes while they lie together, the gateway's scratch otherwise. */
struct batch {
    struct buffer *scratch;
    const unsigned char *bytes;
    size_t length, most;
    size_t reply_length; /* of it, from the replies */
    bool is_partial;     /* more is to be had at once */
};

static bool copy_what_is_borrowed(struct batch *batch)
{
    if (batch->bytes == batch->scratch->bytes)
        return true;
    batch->scratch->length = 0;
    if (!buffer_append(batch->scratch, batch->bytes, batch->length))
        return false;
    batch->bytes = batch->scratch->bytes;
    return true;
}

/* Begins or goes on with copied bytes; the caller appends to scratch and then calls note. */
static bool begin_copy(struct batch *batch)
{
    if (batch->length)
        return copy_what_is_borrowed(batch);
    batch->scratch->length = 0;
    return true;
}

static void note_copy(struct batch *batch)
{
    batch->bytes = batch->scratch->bytes;
    batch->length = batch->scratch->length;
}

/* False leaves the batch as it was. */
static bool end_copy(struct batch *batch, size_t start, bool is_whole)
{
    if (!is_whole)
        batch->scratch->length = start;
    note_copy(batch);
    return is_whole;
}

static bool add_entries(struct batch *batch, const struct member *member,
                        const struct roomlog_slice *slice)
{
    enum session_kind kind = member->session->arrival.kind;
    bool is_converted = kind == SESSION_LINES || kind == SESSION_EVENTS;
    if (!is_converted && batch->length == 0) {
        batch->bytes = slice->bytes;
        batch->length = slice->length;
        return true;
    }
    if (!begin_copy(batch))
        return false;
    struct buffer *out = batch->scratch;
    size_t start = out->length;
    bool is_whole = is_converted ? cursors_append(out, member, slice->seq) &&
                                       frame_convert(out, kind, slice->bytes, slice->length)
                                 : buffer_append(out, slice->bytes, slice->length);
    return end_copy(batch, start, is_whole);
}

static bool add_event(struct batch *batch, const struct member *member, enum message_type event,
                      const void *fields)
{
    if (!begin_copy(batch))
        return false;
    struct buffer *out = batch->scratch;
    size_t start = out->length;
    return end_copy(batch, start,
                    cursors_append(out, member, member->seq) &&
                        frame_encode(out, member->session->arrival.kind, event, NULL, fields));
}

/* --- a member whose entries have left memory -------------------------------------------------- */

static void set_catch_up(struct session *session, enum catch_up catch_up)
{
    size_t *count = &session->gateway->sessions.retry_count;
    *count -= session->catch_up == CATCH_UP_RETRY;
    *count += catch_up == CATCH_UP_RETRY;
    session->catch_up = catch_up;
}

void session_retry(struct session *session)
{
    if (session->catch_up != CATCH_UP_RETRY)
        return;
    set_catch_up(session, CATCH_UP_NONE);
    turn_add_session(session);
}

void session_stop_catching_up(struct session *session)
{
    set_catch_up(session, CATCH_UP_NONE);
}

struct page_context {
    struct job_context job;
    uint64_t session;
};

static void finish_page(struct gateway *gateway, struct job *job);

static struct job *create_page(const struct member *member)
{
    const struct session *session = member->session;
    struct job *job = job_create(JOB_PAGE);
    struct page_context *context = submit_context(job, sizeof *context);
    if (!context)
        return job;
    context->session = session->id;
    job->page.room_id = member->room->id;
    job->page.user_id = session_user_id(session);
    job->page.after = member->seq;
    job->page.up_to = member->live ? member->room->last : member->live_at; /* the boundary */
    job->page.limit = PAGE_ENTRIES;
    job->page.bytes_max = most_bytes(session->gateway) / 2;
    return job;
}

static void ask_for_page(struct member *member)
{
    struct session *session = member->session;
    struct gateway *gateway = session->gateway;
    if (session->catch_up != CATCH_UP_NONE)
        return;
    bool is_asked = gateway_submit(gateway, create_page(member), finish_page);
    set_catch_up(session, is_asked ? CATCH_UP_PAGING : CATCH_UP_RETRY);
    gateway->figures.pages += is_asked;
}

static void note_lagging(struct batch *batch, struct member *member)
{
    struct event_lagged event = {
        .room = member->room->name, .after = member->seq, .last = member->room->last};
    if (!member->live || member->lagging)
        return;
    member->lagging = true;
    member->session->gateway->figures.lagged++;
    if (member->session->arrival.kind != SESSION_PLAIN)
        (void)add_event(batch, member, EVENT_lagged, &event);
}

/* --- a member served from the ring ------------------------------------------------------------ */

/* The member's place in the ring; false when what it needs next is not there. */
static bool find_place(struct member *member, const struct roomlog *log)
{
    if (member->offset != OFFSET_UNKNOWN && member->offset >= log->start)
        return true;
    return roomlog_find(log, member->seq, &member->offset);
}

/* True once it is live; tells so at the boundary. */
static bool become_live(struct batch *batch, struct member *member)
{
    struct event_live event = {.room = member->room->name, .seq = member->live_at};
    if (member->live)
        return true;
    if (member->seq < member->live_at)
        return false;
    member->live = member->session->arrival.kind == SESSION_PLAIN ||
                   add_event(batch, member, EVENT_live, &event);
    return member->live;
}

/* True when there may be more for this batch. */
static bool gather_slice(struct batch *batch, struct member *member, const struct roomlog *log,
                         size_t most)
{
    struct roomlog_slice slice;
    int64_t through = member->live ? INT64_MAX : member->live_at;
    if (!roomlog_read(log, member->offset, most, through, &slice))
        return false;
    if (slice.length == 0) {
        if (!member->live && member->seq < through)
            member->seq = through; /* the entries before it are no more */
        return false;
    }
    if (!add_entries(batch, member, &slice))
        return false;
    member->offset += slice.length;
    member->seq = slice.seq;
    return member->offset != roomlog_end(log);
}

/* An event stream is told after each entry how far it has come: its entries are taken one by one. */
static void gather_slices(struct batch *batch, struct member *member, const struct roomlog *log)
{
    bool takes_one = member->session->arrival.kind == SESSION_EVENTS, has_more = true;
    while (has_more && batch->length < batch->most) {
        has_more = gather_slice(batch, member, log, takes_one ? 1 : batch->most - batch->length);
        if (!takes_one)
            break;
    }
    batch->is_partial |= has_more;
}

static void gather_member(struct batch *batch, struct member *member)
{
    const struct roomlog *log = room_log_of(member->room, member->session);
    if (member->live && member->offset == roomlog_end(log))
        return;
    bool was_live = become_live(batch, member);
    if (!find_place(member, log)) {
        note_lagging(batch, member);
        ask_for_page(member);
        return;
    }
    member->lagging = false;
    gather_slices(batch, member, log);
    if (!was_live && become_live(batch, member))
        gather_slices(batch, member, log);
}

/* --- the write -------------------------------------------------------------------------------- */

static void gather_replies(struct batch *batch, const struct session *session)
{
    size_t length = session->replies.length;
    if (length == 0)
        return;
    batch->reply_length = length < batch->most ? length : batch->most;
    batch->bytes = session->replies.bytes;
    batch->length = batch->reply_length;
}

static void consume_replies(struct session *session, size_t length)
{
    if (length == 0)
        return;
    if (length == session->replies.length) {
        buffer_finish(&session->replies);
    } else {
        buffer_consume(&session->replies, length);
        buffer_trim(&session->replies);
    }
    session_count_replies(session);
}

static void write_bytes(struct session *session, const unsigned char *bytes, size_t length)
{
    struct gateway *gateway = session->gateway;
    bool waits = is_crowded(gateway);
    enum carrier_result result = session->carrier->write(session->connection, bytes, length);
    turn_spend(&gateway->turn, TURN_NS_WRITE(length));
    gateway->figures.writes++;
    gateway->figures.written_bytes += (int64_t)length;
    if (result == CARRIER_SENT && !waits)
        return;
    session->is_behind = true;
    if (result == CARRIER_BEHIND)
        session_note_unsent(session, length);
    if (result != CARRIER_GONE)
        session->carrier->want_writeable(session->connection);
}

/* One write of what there is; true when there is more. */
static bool write_once(struct session *session)
{
    struct gateway *gateway = session->gateway;
    struct batch batch = {.scratch = &gateway->scratch,
                                  .most = most_bytes(gateway)};
    gather_replies(&batch, session);
    /* Replies may be cut anywhere, entries follow the last of them only. */
    if (batch.reply_length < session->replies.length)
        batch.is_partial = true;
    else
        for (struct member *member = session->members; member; member = member->next)
            gather_member(&batch, member);
    if (batch.length == 0)
        return false;
    write_bytes(session, batch.bytes, batch.length);
    consume_replies(session, batch.reply_length);
    return batch.is_partial;
}

/* Before anything that calls its rooms by their new names. */
static void tell_arrears(struct session *session)
{
    for (struct member *member = session->members; member; member = member->next)
        room_tell_new_name(member);
    session_tell_missed(session);
    session->has_arrears = session->has_missed;
}

void session_flush(struct session *session)
{
    int rounds = 0;
    if (session->has_arrears && !session->is_behind)
        tell_arrears(session);
    while (!session->is_behind && session->phase != PHASE_CLOSING && write_once(session))
        if (++rounds == ROUNDS_MAX && !session->is_behind) {
            session->is_behind = true;
            session->carrier->want_writeable(session->connection);
        }
}

void session_writeable(struct session *session)
{
    session->is_behind = false;
    session_note_unsent(session, 0);
    turn_add_session(session);
}

/* --- a page from storage ---------------------------------------------------------------------- */

static void write_page(struct member *member, const struct job_page *page)
{
    struct session *session = member->session;
    struct buffer *scratch = &session->gateway->scratch;
    room_tell_new_name(member);
    scratch->length = 0;
    if (!buffer_append(scratch, session->replies.bytes, session->replies.length))
        return;
    int64_t seq = room_encode_page(member, page, 1, scratch, most_bytes(session->gateway));
    if (scratch->length)
        write_bytes(session, scratch->bytes, scratch->length);
    consume_replies(session, session->replies.length);
    member->offset = OFFSET_UNKNOWN;
    member->seq = seq;
}

static void finish_page(struct gateway *gateway, struct job *job)
{
    const struct page_context *context = job->context;
    const struct job_page *page = &job->page;
    struct session *session = session_find(gateway, context->session);
    if (!session)
        return;
    struct room *room = room_find_id(gateway, page->room_id);
    struct member *member = room ? session_member(session, room) : NULL;
    set_catch_up(session, CATCH_UP_NONE);
    turn_add_session(session);
    if (!member || member->seq != page->after || session->phase == PHASE_CLOSING)
        return;
    if (job->result != JOB_DONE || (page->count == 0 && !page->complete)) {
        set_catch_up(session, CATCH_UP_RETRY);
        return;
    }
    /* A session that fell behind meanwhile asks again once it is writeable. */
    if (!session->is_behind && session->replies.length <= most_bytes(gateway))
        write_page(member, page);
}

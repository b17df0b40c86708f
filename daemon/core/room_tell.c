/* room_tell.c - showing a room's entries and events to its members. */
#include "daemon/core/cursors.h"
#include "daemon/core/file.h"
#include "daemon/core/frame.h"
#include "daemon/core/room.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "protocol/text.h"

#include <string.h>

#define NS_PER_MS     INT64_C(1000000)
#define REST_NS_LEAST 200000    /* a telling that took less: some 60 members */
#define REST_NS_MOST  20000000

static const char *clock_of(const struct entry *entry)
{
    return entry->clock_unset ? "unset" : NULL;
}

static void fill_message(const char *room, const struct entry *entry, union entry_fields *fields)
{
    fields->message = (struct entry_message){
        .room = room,
        .seq = entry->seq,
        .ts = entry->ts,
        .from = entry->from,
        .uid = entry->user_id,
        .text = entry->deleted ? NULL : entry->text,
        .nonce = entry->nonce,
        .reply_to = entry->target ? entry->target : NUMBER_ABSENT,
        .deleted = entry->deleted,
        .guest = entry->guest,
        .via = entry->via,
        .clock = clock_of(entry),
    };
    file_lines_fill(entry, fields->files, &fields->message.files);
}

enum message_type room_entry_fields(const char *room, const struct entry *entry,
                                    union entry_fields *fields)
{
    const char *clock = clock_of(entry);
    switch (entry->kind) {
    case ENTRY_KIND_EDIT:
        fields->edit = (struct entry_edit){.room = room,
                                           .seq = entry->seq,
                                           .ts = entry->ts,
                                           .from = entry->from,
                                           .uid = entry->user_id,
                                           .target = entry->target,
                                           .text = entry->text,
                                           .nonce = entry->nonce,
                                           .clock = clock};
        return ENTRY_edit;
    case ENTRY_KIND_DELETE:
        fields->deletion = (struct entry_delete){.room = room,
                                                 .seq = entry->seq,
                                                 .ts = entry->ts,
                                                 .from = entry->from,
                                                 .uid = entry->user_id,
                                                 .target = entry->target,
                                                 .nonce = entry->nonce,
                                                 .clock = clock};
        return ENTRY_delete;
    case ENTRY_KIND_REACTION:
        fields->reaction = (struct entry_reaction){.room = room,
                                                   .seq = entry->seq,
                                                   .ts = entry->ts,
                                                   .from = entry->from,
                                                   .uid = entry->user_id,
                                                   .target = entry->target,
                                                   .emoji = entry->emoji,
                                                   .on = entry->on,
                                                   .nonce = entry->nonce,
                                                   .clock = clock};
        return ENTRY_reaction;
    case ENTRY_KIND_TOPIC:
        fields->topic = (struct entry_topic){.room = room,
                                             .seq = entry->seq,
                                             .ts = entry->ts,
                                             .from = entry->from,
                                             .uid = entry->user_id,
                                             .text = entry->text ? entry->text : "",
                                             .clock = clock};
        return ENTRY_topic;
    case ENTRY_KIND_MESSAGE:
        break;
    }
    fill_message(room, entry, fields);
    return ENTRY_message;
}

bool room_encode(const struct room *room, enum session_kind kind, const struct entry *entry,
                 struct buffer *out)
{
    union entry_fields fields;
    if (kind == SESSION_PLAIN)
        return room_encode_plain(entry, out);
    enum message_type type = room_entry_fields(room->name, entry, &fields);
    return frame_encode(out, kind, type, NULL, &fields);
}

/* Whoever spoke on the plain endpoint is "Client 7" there. A user may have taken that for a name
 * before it was reserved; the @, which no name has, keeps the two apart. */
static bool append_speaker(const struct entry *entry, struct buffer *out)
{
    static const char plain[] = "client-";
    char folded[NAME_BYTES_MAX + 1];
    size_t skipped = sizeof plain - 1;
    if (entry->via && strcmp(entry->via, "plain") == 0 &&
        strncmp(entry->from, plain, skipped) == 0)
        return buffer_append_text(out, "Client ") &&
               text_append_line(out, entry->from + skipped);
    bool looks_plain = name_fold(entry->from, folded) && name_is_plain(folded);
    return (!looks_plain || buffer_append_text(out, "@")) && text_append_line(out, entry->from);
}

/* One line, "NAME: text"; a plain client is told of as it would write itself: "Client 7: text". */
bool room_encode_plain(const struct entry *entry, struct buffer *out)
{
    if (entry->kind != ENTRY_KIND_MESSAGE || entry->deleted || !entry->text)
        return true;
    size_t start = frame_begin(out);
    return frame_end(out, start,
                     start != SIZE_MAX && append_speaker(entry, out) &&
                         buffer_append_text(out, ": ") && text_append_line(out, entry->text));
}

int64_t room_encode_page(const struct member *member, const struct job_page *page, size_t least,
                         struct buffer *out, size_t bytes_max)
{
    int64_t seq = member->seq;
    for (size_t i = 0; i < page->count; i++) {
        size_t before = out->length;
        const struct entry *entry = &page->entries[i];
        bool is_whole = cursors_append(out, member, entry->seq) &&
                        room_encode(member->room, member->session->arrival.kind, entry, out);
        if (!is_whole || (i >= least && out->length > bytes_max)) {
            out->length = before;
            return seq;
        }
        seq = entry->seq;
    }
    return page->complete ? page->up_to : seq;
}

struct roomlog *room_log_of(struct room *room, const struct session *session)
{
    return session->arrival.kind == SESSION_PLAIN && room->plain ? room->plain : &room->log;
}

void room_give_ring_up(struct gateway *gateway, struct room *room)
{
    if (room->changed_prev)
        room_flush(room);
    gateway->rooms.log_bytes -= roomlog_bytes(&room->log);
    roomlog_drop(&room->log, room->last);
    if (!room->plain)
        return;
    gateway->rooms.log_bytes -= roomlog_bytes(room->plain);
    roomlog_drop(room->plain, room->last);
}

/* The room quiet for longest gives its ring up until all rooms fit their budget. Rooms older than
 * oldest_ringed have none, so that this never walks over them again. */
static void keep_within_budget(struct gateway *gateway, const struct room *speaking)
{
    size_t most = (size_t)gateway->config->limits.log_bytes;
    if (gateway->rooms.log_bytes <= most)
        return;
    struct room *room = gateway->rooms.oldest_ringed ? gateway->rooms.oldest_ringed : gateway->rooms.oldest;
    while (gateway->rooms.log_bytes > most && room && room != speaking) {
        room_give_ring_up(gateway, room);
        room = room->newer;
    }
    gateway->rooms.oldest_ringed = room;
}

static void append(struct gateway *gateway, struct roomlog *log, int64_t seq,
                   const struct buffer *frame, bool is_whole)
{
    size_t most = (size_t)gateway->config->limits.room_log_bytes;
    size_t budget = (size_t)gateway->config->limits.log_bytes / 2;
    gateway->rooms.log_bytes -= roomlog_bytes(log);
    /* What could not be encoded is as lost as what does not fit: storage has it. */
    (void)roomlog_append(log, seq, frame->bytes, is_whole ? frame->length : SIZE_MAX,
                         most < budget ? most : budget);
    gateway->rooms.log_bytes += roomlog_bytes(log);
}

/* For its ring, which keeps its newer half: there is time to write it in several turns. */
static bool has_gathered_enough(const struct gateway *gateway, const struct room *room)
{
    return room->unflushed_bytes > (size_t)gateway->config->limits.room_log_bytes / 4;
}

/* One job may bring more than that: what the members have not got yet must not fall out. */
static void make_room(struct gateway *gateway, struct room *room, size_t length)
{
    size_t most = (size_t)gateway->config->limits.room_log_bytes * 3 / 8;
    room->unflushed_bytes += length;
    if (has_gathered_enough(gateway, room))
        turn_tell_no_more(&gateway->turn);
    if (room->unflushed_bytes <= most)
        return;
    room_flush(room);
    room->unflushed_bytes = length;
}

static void tell_plain(struct gateway *gateway, struct room *room, const struct entry *entry)
{
    struct buffer *encoded = &gateway->encoded;
    encoded->length = 0;
    bool is_whole = room_encode_plain(entry, encoded);
    if (!is_whole || encoded->length)
        append(gateway, room->plain, entry->seq, encoded, is_whole);
}

void room_tell(struct gateway *gateway, struct room *room, const struct entry *entry,
               int64_t forget_through)
{
    if (forget_through) {
        roomlog_forget(&room->log, forget_through);
        if (room->plain)
            roomlog_forget(room->plain, forget_through);
    }
    struct buffer *encoded = &gateway->encoded;
    encoded->length = 0;
    bool is_whole = room_encode(room, SESSION_WEBSOCKET, entry, encoded);
    make_room(gateway, room, encoded->length);
    turn_spend(&gateway->turn, TURN_NS_ENCODE(encoded->length));
    gateway->turn.fan_out += TURN_NS_FAN_OUT(encoded->length, room->member_count);
    append(gateway, &room->log, entry->seq, encoded, is_whole);
    if (room->plain)
        tell_plain(gateway, room, entry);
    room->last = entry->seq;
    if (room->first == 0)
        room->first = entry->seq;
    room_put_newest(gateway, room);
    turn_add_room(gateway, room);
    keep_within_budget(gateway, room);
    gateway->figures.entries++;
}

void room_tell_plain(struct gateway *gateway, struct room *room, const char *text)
{
    struct buffer *encoded = &gateway->encoded;
    if (!room->plain)
        return;
    encoded->length = 0;
    if (!frame_append(encoded, SESSION_PLAIN, text, strlen(text)))
        return;
    append(gateway, room->plain, room->last, encoded, true);
    turn_add_room(gateway, room);
}

void room_flush(struct room *room)
{
    room->unflushed_bytes = 0;
    for (size_t i = 0; i < room->member_count; i++)
        session_flush(room->members[i]->session);
}

void room_flush_member(const struct member *member)
{
    if (member->room->changed_prev || member->was)
        session_flush(member->session);
}

int64_t room_rests_ms(const struct gateway *gateway, const struct room *room)
{
    int64_t left_ms = room->rest_until_ms - gateway->now.monotonic_ms;
    bool may_rest = gateway->drain.phase == DRAIN_NONE && !has_gathered_enough(gateway, room);
    return left_ms > 0 && may_rest ? left_ms : 0;
}

/* The telling itself comes first, then as long a rest: it takes at most half of the time. */
static void rest(const struct gateway *gateway, struct room *room)
{
    int64_t told_ns = room->telling_ns < REST_NS_MOST ? room->telling_ns : REST_NS_MOST;
    room->telling_ns = 0;
    if (told_ns >= REST_NS_LEAST)
        room->rest_until_ms = gateway->now.monotonic_ms + (2 * told_ns + NS_PER_MS - 1) / NS_PER_MS;
}

static bool flush_members(struct turn *turn, struct room *room)
{
    while (room->flushed_count < room->member_count) {
        if (turn_is_spent(turn))
            return false;
        session_flush(room->members[room->flushed_count++]->session);
    }
    return true;
}

bool room_flush_some(struct gateway *gateway, struct room *room)
{
    int64_t spent_ns = gateway->turn.spent;
    bool is_whole = flush_members(&gateway->turn, room);
    room->telling_ns += gateway->turn.spent - spent_ns;
    if (!is_whole)
        return false;
    room->flushed_count = 0;
    room->unflushed_bytes = 0;
    rest(gateway, room);
    return true;
}

void room_note_presence(struct gateway *gateway, struct room *room)
{
    if (room->is_due)
        return;
    room->is_due = true;
    room->next_due = gateway->rooms.presence_due;
    gateway->rooms.presence_due = room;
}

void room_note_typing(struct room *room, const struct session *session, bool on)
{
    struct gateway *gateway = session->gateway;
    int64_t id = session_presence_id(session);
    if (id == 0 || (!on && !room->presence.typing))
        return;
    presence_type(&room->presence, id, on, gateway->now.monotonic_ms);
    room_note_presence(gateway, room);
}

static struct message_list names(const char *const *items, size_t count)
{
    return (struct message_list){items, items ? count : 0};
}

static void tell_news(struct gateway *gateway, struct room *room, struct presence_news *news)
{
    if (news->presence_changed) {
        struct event_presence event = {
            .room = room->name,
            .joined = names(news->joined, news->joined_count),
            .left = names(news->left, news->left_count),
            .members = (int64_t)news->members,
        };
        room_broadcast(gateway, room, EVENT_presence, &event);
    }
    if (news->typing_changed) {
        struct event_typing event = {.room = room->name,
                                     .names = names(news->typing, news->typing_count)};
        room_broadcast(gateway, room, EVENT_typing, &event);
    }
    gateway->figures.events += news->presence_changed + news->typing_changed;
}

int64_t room_tell_presence(struct gateway *gateway)
{
    int64_t now_ms = gateway->now.monotonic_ms, next_ms = INT64_MAX;
    size_t most = (size_t)gateway->config->limits.presence_members;
    struct room **at = &gateway->rooms.presence_due;
    while (*at) {
        struct room *room = *at;
        struct presence_news news;
        if (gateway->rooms.events) /* are told first */
            return 1;
        if (presence_due_ms(&room->presence) <= now_ms &&
            presence_take(&room->presence, most, now_ms, &news)) {
            tell_news(gateway, room, &news);
            presence_news_finish(&news);
        }
        int64_t due_ms = presence_due_ms(&room->presence);
        if (due_ms == INT64_MAX) {
            room->is_due = false;
            *at = room->next_due;
            continue;
        }
        int64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 1;
        next_ms = wait_ms < next_ms ? wait_ms : next_ms;
        at = &room->next_due;
    }
    return next_ms;
}

#include "daemon/core/room.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MIN 4

const char *visibility_name(enum visibility visibility)
{
    return word_of(WORDS_visibility, (int)visibility);
}

static bool fold_one(const char *name, char out[NAME_BYTES_MAX + 1])
{
    char kept[NAME_BYTES_MAX + 1];
    return name_normalise(name, NAME_BYTES_MAX, kept) == NAME_OK && name_fold(kept, out);
}

bool room_fold(const char *name, char out[ROOM_NAME_BYTES_MAX + 1])
{
    char a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1];
    char folded_a[NAME_BYTES_MAX + 1], folded_b[NAME_BYTES_MAX + 1];
    if (name[0] != '@')
        return fold_one(name, out);
    return name_split_direct(name, a, b) && fold_one(a, folded_a) && fold_one(b, folded_b) &&
           name_of_direct_room(folded_a, folded_b, out);
}

struct room *room_find_folded(struct gateway *gateway, const char *folded)
{
    uint64_t hash = table_hash_text(folded, gateway->seed);
    struct table_link *link = table_first(&gateway->rooms.by_name, hash);
    for (; link; link = table_next(link)) {
        struct room *room = TABLE_ITEM(link, struct room, by_name);
        if (strcmp(room->folded, folded) == 0)
            return room;
    }
    return NULL;
}

static struct room *find_former(struct gateway *gateway, const char *folded)
{
    uint64_t hash = table_hash_text(folded, gateway->seed);
    struct table_link *link = table_first(&gateway->rooms.by_was, hash);
    for (; link; link = table_next(link)) {
        struct room *room = TABLE_ITEM(link, struct room, by_was);
        if (strcmp(room->was, folded) == 0)
            return room;
    }
    return NULL;
}

/* Most names are folded as they are, and folding costs more than looking up. */
struct room *room_find(struct gateway *gateway, const char *name)
{
    char folded[ROOM_NAME_BYTES_MAX + 1];
    struct room *room = room_find_folded(gateway, name);
    if (!room && room_fold(name, folded)) {
        room = room_find_folded(gateway, folded);
        room = room ? room : find_former(gateway, folded);
    }
    return room && room->stage != ROOM_CREATING ? room : NULL;
}

bool room_is_ahead_of_storage(const struct room *room)
{
    return room->stage == ROOM_STORING || room->stage == ROOM_UNSTORED;
}

struct room *room_find_id(struct gateway *gateway, int64_t id)
{
    struct table_link *link = table_first(&gateway->rooms.by_id, table_hash_number((uint64_t)id));
    for (; link; link = table_next(link)) {
        struct room *room = TABLE_ITEM(link, struct room, by_id);
        if (room->id == id)
            return room;
    }
    return NULL;
}

/* The gateway's list of rooms by newest entry. */
static void put_newest(struct gateway *gateway, struct room *room)
{
    room->newer = NULL;
    room->older = gateway->rooms.newest;
    if (gateway->rooms.newest)
        gateway->rooms.newest->newer = room;
    else
        gateway->rooms.oldest = room;
    gateway->rooms.newest = room;
}

static void take_out(struct gateway *gateway, struct room *room)
{
    if (gateway->rooms.oldest_ringed == room)
        gateway->rooms.oldest_ringed = room->newer;
    if (room->newer)
        room->newer->older = room->older;
    else
        gateway->rooms.newest = room->older;
    if (room->older)
        room->older->newer = room->newer;
    else
        gateway->rooms.oldest = room->newer;
}

void room_put_newest(struct gateway *gateway, struct room *room)
{
    if (gateway->rooms.newest == room)
        return;
    take_out(gateway, room);
    put_newest(gateway, room);
}

bool room_set_topic(struct room *room, const char *topic)
{
    char *copy = topic && topic[0] ? strdup(topic) : NULL;
    if (topic && topic[0] && !copy)
        return false;
    free(room->topic);
    room->topic = copy;
    return true;
}

/* One block: name, folded name, former name, and of "@A,B" once more A and B. */
static bool set_names(struct room *room, const struct room_row *row)
{
    char a[NAME_BYTES_MAX + 1] = "", b[NAME_BYTES_MAX + 1] = "";
    bool is_direct = row->visibility == VISIBILITY_DIRECT && name_split_direct(row->name, a, b);
    size_t name_size = strlen(row->name) + 1, folded_size = strlen(row->folded) + 1;
    size_t was_size = row->was[0] ? strlen(row->was) + 1 : 0;
    size_t a_size = strlen(a) + 1, b_size = strlen(b) + 1;
    char *names = malloc(name_size + folded_size + (is_direct ? a_size + b_size : was_size));
    if (!names)
        return false;
    room->name = memcpy(names, row->name, name_size);
    room->folded = memcpy(names + name_size, row->folded, folded_size);
    room->was = !is_direct && was_size ? memcpy(names + name_size + folded_size, row->was, was_size) : NULL;
    if (!is_direct)
        return true;
    const char *first = memcpy(room->folded + folded_size, a, a_size);
    const char *second = memcpy(room->folded + folded_size + a_size, b, b_size);
    room->peer_a = row->is_turned ? second : first;
    room->peer_b = row->is_turned ? first : second;
    return true;
}

static struct room *allocate(const struct room_row *row)
{
    struct room *room = calloc(1, sizeof *room);
    if (!room || !set_names(room, row) || !room_set_topic(room, row->topic)) {
        free(room ? room->name : NULL);
        free(room);
        return NULL;
    }
    room->id = row->id;
    memcpy(room->log_id, row->log_id, sizeof room->log_id);
    room->visibility = row->visibility;
    room->keep = row->keep;
    room->is_closed = row->is_closed;
    room->slow_seconds = row->slow_seconds;
    room->speak = row->speak == ROLE_NONE ? ROLE_GUEST : row->speak;
    room->archived = row->archived;
    room->orphaned = row->orphaned;
    room->user_a = row->user_a;
    room->user_b = row->user_b;
    room->first = row->first;
    room->last = row->last;
    room->pruned = row->pruned;
    room->log.floor = row->last;
    return room;
}

static void free_room(struct room *room)
{
    roomlog_drop(&room->log, 0);
    if (room->plain)
        roomlog_drop(room->plain, 0);
    free(room->plain);
    presence_finish(&room->presence);
    free(room->members);
    free(room->topic);
    free(room->name);
    free(room);
}

static bool keep_names(struct gateway *gateway, struct room *room)
{
    if (!table_insert(&gateway->rooms.by_name, &room->by_name,
                      table_hash_text(room->folded, gateway->seed)))
        return false;
    if (!room->was || table_insert(&gateway->rooms.by_was, &room->by_was,
                                   table_hash_text(room->was, gateway->seed)))
        return true;
    table_remove(&gateway->rooms.by_name, &room->by_name);
    return false;
}

static void drop_names(struct gateway *gateway, struct room *room)
{
    table_remove(&gateway->rooms.by_name, &room->by_name);
    if (room->was)
        table_remove(&gateway->rooms.by_was, &room->by_was);
}

static bool keep(struct gateway *gateway, struct room *room)
{
    if (!table_insert(&gateway->rooms.by_id, &room->by_id, table_hash_number((uint64_t)room->id)))
        return false;
    if (keep_names(gateway, room))
        return true;
    table_remove(&gateway->rooms.by_id, &room->by_id);
    return false;
}

struct room *room_create(struct gateway *gateway, const struct room_row *row)
{
    struct room *room = allocate(row);
    if (!room)
        return NULL;
    if (!keep(gateway, room)) {
        free_room(room);
        return NULL;
    }
    put_newest(gateway, room);
    if (room->visibility == VISIBILITY_DIRECT) {
        room->next_direct = gateway->rooms.directs;
        gateway->rooms.directs = room;
        gateway->rooms.direct_count++;
    }
    return room;
}

/* Takes the room out of a singly linked list of the gateway's, if it is there. */
#define UNLINK(head, room, field)                                                                  \
    for (struct room **at = &(head); *at; at = &(*at)->field)                                      \
        if (*at == (room)) {                                                                       \
            *at = (room)->field;                                                                   \
            break;                                                                                 \
        }

void room_destroy(struct gateway *gateway, struct room *room)
{
    room_events_finish(gateway, room);
    while (room->member_count)
        room_leave(room->members[room->member_count - 1]);
    turn_remove_room(gateway, room);
    UNLINK(gateway->rooms.directs, room, next_direct)
    gateway->rooms.direct_count -= room->visibility == VISIBILITY_DIRECT;
    UNLINK(gateway->rooms.presence_due, room, next_due)
    take_out(gateway, room);
    gateway->rooms.unstored_count -= room->stage == ROOM_UNSTORED;
    table_remove(&gateway->rooms.by_id, &room->by_id);
    drop_names(gateway, room);
    gateway->rooms.log_bytes -= roomlog_bytes(&room->log);
    gateway->rooms.log_bytes -= room->plain ? roomlog_bytes(room->plain) : 0;
    if (gateway->rooms.plain == room)
        gateway->rooms.plain = NULL;
    free_room(room);
}

/* Who has not been told of one name yet is told of the next one only. */
static void note_was(struct member *member, const char *name)
{
    member->session->has_arrears = true;
    turn_add_session(member->session);
    if (member->was || member->session->arrival.kind == SESSION_PLAIN)
        return;
    member->was = strdup(name);
    if (!member->was)
        session_close(member->session, 1013, "The gateway is short of memory; come back soon");
}

bool room_call(struct gateway *gateway, struct room *room, const struct room_row *row)
{
    struct room names = {0};
    if (!set_names(&names, row))
        return false;
    room_give_ring_up(gateway, room); /* its frames have the old name in them */
    for (size_t i = 0; i < room->member_count; i++)
        note_was(room->members[i], room->name);
    drop_names(gateway, room);
    free(room->name);
    room->name = names.name;
    room->folded = names.folded;
    room->was = names.was;
    room->peer_a = names.peer_a;
    room->peer_b = names.peer_b;
    return keep_names(gateway, room);
}

bool room_rename(struct gateway *gateway, struct room *room, const char *name, const char *folded)
{
    struct room_row row = {.visibility = room->visibility};
    bool is_other = strcmp(folded, room->folded) != 0;
    snprintf(row.name, sizeof row.name, "%s", name);
    snprintf(row.folded, sizeof row.folded, "%s", folded);
    snprintf(row.was, sizeof row.was, "%s", is_other ? room->folded : room->was ? room->was : "");
    return room_call(gateway, room, &row);
}

void room_note_pruned(struct room *room, int64_t first, int64_t pruned)
{
    room->first = first;
    room->pruned = pruned;
    roomlog_forget(&room->log, pruned);
    if (room->plain)
        roomlog_forget(room->plain, pruned);
}

static bool reserve_member(struct room *room)
{
    if (room->member_count < room->member_capacity)
        return true;
    size_t capacity = room->member_capacity ? room->member_capacity * 2 : MEMBERS_MIN;
    struct member **members = realloc(room->members, capacity * sizeof(struct member *));
    if (!members)
        return false;
    room->members = members;
    room->member_capacity = capacity;
    return true;
}

static bool enter_presence(struct room *room, struct session *session)
{
    int64_t id = session_presence_id(session);
    char name[NAME_BYTES_MAX + 1];
    if (id == 0)
        return true;
    if (!presence_enter(&room->presence, id, session_name(session, name),
                        session->gateway->now.monotonic_ms))
        return false;
    room_note_presence(session->gateway, room);
    return true;
}

static struct member *add_member(struct room *room, struct session *session)
{
    struct member *member = calloc(1, sizeof *member);
    if (!member || !reserve_member(room) || !enter_presence(room, session)) {
        free(member);
        return NULL;
    }
    member->session = session;
    member->room = room;
    member->place = (uint32_t)room->member_count;
    room->members[room->member_count++] = member;
    member->next = session->members;
    session->members = member;
    session->member_count++;
    session->gateway->rooms.member_count++;
    return member;
}

void room_tell_new_name(struct member *member)
{
    if (!member->was)
        return;
    struct event_room event = room_event(member->room, member->session, "changed", member->was);
    session_reply(member->session, NULL, EVENT_room, &event);
    free(member->was);
    member->was = NULL;
}

struct member *room_enter(struct room *room, struct session *session, int64_t after,
                          int64_t live_at, const struct grant *grant)
{
    struct member *member = session_member(session, room);
    if (!member)
        member = add_member(room, session);
    if (!member)
        return NULL;
    room_tell_new_name(member);
    member->seq = after;
    member->offset = OFFSET_UNKNOWN;
    member->live_at = live_at;
    member->grant = *grant;
    member->live = false;
    member->lagging = false;
    turn_add_session(session);
    return member;
}

void room_leave(struct member *member)
{
    struct room *room = member->room;
    struct session *session = member->session;
    struct member *last = room->members[--room->member_count];
    room->members[member->place] = last;
    room_events_move(last, member->place);
    if (member->place < room->flushed_count) /* it moves to where flushing has been already */
        turn_add_session(last->session);
    last->place = member->place;
    for (struct member **at = &session->members; *at; at = &(*at)->next)
        if (*at == member) {
            *at = member->next;
            break;
        }
    session->member_count--;
    session->gateway->rooms.member_count--;
    int64_t id = session_presence_id(session);
    if (id != 0) {
        presence_leave(&room->presence, id, session->gateway->now.monotonic_ms);
        room_note_presence(session->gateway, room);
    }
    if (room->member_count == 0) {
        free(room->members);
        room->members = NULL;
        room->member_capacity = 0;
    }
    free(member->was);
    free(member);
}

bool room_is_listed(const struct room *room)
{
    return room->visibility == VISIBILITY_PUBLIC && !room->archived;
}

const char *room_peer(const struct room *room, const struct session *session)
{
    if (room->visibility != VISIBILITY_DIRECT || !session->user || !room->peer_a)
        return NULL;
    return session->user->id == room->user_a ? room->peer_b : room->peer_a;
}

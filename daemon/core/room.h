/* room.h - one room: what it is called, who is in it, its newest entries. Loop thread.
 *
 * A member is a session in a room: a cursor into the room's log.
 *
 *    join            the cursor reaches            a write is late,
 *   ------> catching up ------ live_at -----> live ---- the ring turns ----> lagging
 *             ^  |  ring or storage             ^                              |
 *             +--+                              +------- from storage ---------+
 */
#ifndef HEARTH_CORE_ROOM_H
#define HEARTH_CORE_ROOM_H

#include "daemon/core/permission.h"
#include "daemon/core/presence.h"
#include "daemon/core/roomlog.h"
#include "daemon/core/session.h"
#include "daemon/core/table.h"
#include "storage/job.h"

#define OFFSET_UNKNOWN UINT64_MAX

struct member {
    struct session *session;
    struct room *room;
    struct member *next;  /* of the session */
    int64_t seq;          /* the cursor: everything up to here has been written */
    uint64_t offset;      /* the same in the ring, or OFFSET_UNKNOWN */
    int64_t live_at;      /* the join's last: `live` is told once the cursor is there */
    struct grant grant;   /* what the room remembers about the user; kept by JOB_JOIN and JOB_GRANT */
    uint32_t place;       /* in room->members */
    char *was;            /* owned; what the room was called when it was told last; NULL: as it is now */
    bool live;
    bool lagging;         /* `lagged` was told and the ring has not been reached since */
};

/* How far it has come: see room_make.h. */
enum room_stage {
    ROOM_STORED,
    ROOM_CREATING, /* its name is taken, and nobody finds it yet */
    ROOM_STORING,  /* a first room: found already, while storage may not know it yet */
    ROOM_UNSTORED  /* a first room that storage would not take: to be asked again */
};

struct room {
    struct table_link by_id, by_name, by_was;
    struct room *older, *newer; /* gateway's list by newest entry */
    struct room *changed_prev, *changed_next; /* on the turn's list while changed_prev is set */
    struct room *next_direct;   /* gateway's list of direct rooms */
    struct room *next_due;      /* gateway's list of presence turns; on it while is_due */
    int64_t id;
    char *name;                 /* owned; the next four lie in the same block */
    char *folded;
    const char *was;            /* folded: what it was called before; or NULL */
    const char *peer_a, *peer_b; /* of a direct room: what user_a and user_b are called */
    char *topic;                /* owned, NULL is "" */
    char log_id[LOG_ID_BYTES + 1];
    enum visibility visibility;
    bool keep, is_due;
    bool is_closed;             /* see recovering.h */
    enum role speak;            /* the least that may speak */
    int slow_seconds;           /* between two messages of a user; 0 none */
    bool archived;              /* can be read only, and is not listed */
    bool orphaned;              /* its owner has gone: the gateway's moderators have the say of one */
    enum room_stage stage;
    int64_t user_a, user_b;     /* of a direct room, else 0 */
    bool left_a, left_b;        /* not listed to them until something is said: see direct_leave */
    int64_t owner_id;           /* who owns it, as far as that was seen since the start; 0 unknown */
    int64_t first, last;        /* oldest and newest seq told; 0 when empty */
    int64_t pruned;
    uint32_t grants_changed;    /* roles, bans ... since the start: a join that was asked before one
                                   of them is asked again */
    struct member **members;    /* owned; in no order */
    size_t member_count, member_capacity;
    struct roomlog log;         /* hearth.v1 behind WebSocket headers */
    struct roomlog *plain;      /* "NAME: text"; of the plain room only */
    size_t unflushed_bytes;     /* appended to the log since the last flush */
    size_t flushed_count;       /* members that had their write, when a flush takes several turns */
    int64_t telling_ns;         /* what the flush under way has cost so far */
    int64_t rest_until_ms;      /* what is said before is told then, all at once */
    struct presence presence;   /* users here; plain clients count too, as -(session id) */
};

/* What rooms are found by: the folded name; of "@A,B" the folded names in their order. False when it
 * cannot be a room's name. */
bool room_fold(const char *name, char out[ROOM_NAME_BYTES_MAX + 1]);

/* Finding. name is as a client wrote it; one that a room had before finds it until another room has
 * it. Rooms that are being made are not found. */
struct room *room_find(struct gateway *gateway, const char *name);
struct room *room_find_folded(struct gateway *gateway, const char *folded); /* those too */
struct room *room_find_id(struct gateway *gateway, int64_t id);

/* A room in memory, from what is stored; of what is not, see room_make.h. NULL without memory. */
struct room *room_create(struct gateway *gateway, const struct room_row *row);

/* Found, but storage may not know it yet: nobody has said or been granted anything there. */
bool room_is_ahead_of_storage(const struct room *room);

/* Puts everybody out and forgets the room, without telling anybody. */
void room_destroy(struct gateway *gateway, struct room *room);
bool room_set_topic(struct room *room, const char *topic);

/* The room is called so from now on, and what it was called before finds it, too. Its members are told by their
 * next write, before anything that names it so. False without memory: nothing has changed. */
bool room_rename(struct gateway *gateway, struct room *room, const char *name, const char *folded);

/* To a member that has not heard it yet: before a write, or a reply, that calls the room by the name it has now. */
void room_tell_new_name(struct member *member);

/* As room_rename, by whatever names the row has: of a direct room, too. */
bool room_call(struct gateway *gateway, struct room *room, const struct room_row *row);

/* What is in memory of its log goes, after everybody had their write: readers go to storage. */
void room_give_ring_up(struct gateway *gateway, struct room *room);

/* Entries up to pruned are gone, first is the oldest left: nobody reads them from memory either. */
void room_note_pruned(struct room *room, int64_t first, int64_t pruned);

/* Makes the session a member with its cursor at after; tells presence. NULL without memory. The caller
 * has checked everything else. A member already there is given back with its cursor set anew. */
struct member *room_enter(struct room *room, struct session *session, int64_t after,
                          int64_t live_at, const struct grant *grant);

/* Ends a membership; tells presence. */
void room_leave(struct member *member);

/* Shows one committed entry to everybody: appends it to the room's log, once. Of a delete,
 * forget_through is the newest seq whose text is gone, else 0. */
void room_tell(struct gateway *gateway, struct room *room, const struct entry *entry,
               int64_t forget_through);

/* Appends an entry as it reads for a kind of session; nothing when a plain one does not show it. */
bool room_encode(const struct room *room, enum session_kind kind, const struct entry *entry,
                 struct buffer *out);
bool room_encode_plain(const struct entry *entry, struct buffer *out);

/* Appends the entries of a page that was read for the member, the first least of them in any case and
 * as many more as fit into out up to bytes_max. Gives the cursor behind them; the rest is read again. */
int64_t room_encode_page(const struct member *member, const struct job_page *page, size_t least,
                         struct buffer *out, size_t bytes_max);

/* Says something to plain members only; it is not kept. */
void room_tell_plain(struct gateway *gateway, struct room *room, const char *text);

/* The event `room` as the session is told it. */
struct event_room room_event(const struct room *room, const struct session *session, const char *change, const char *was);

/* Tells every hearth.v1 member an event that is not kept; encoded once. Where they are many, the others hear
 * it in the next turns: room_events_go_on is true once nothing is left to be told. At most ROOM_EVENTS_MAX wait
 * so; then the oldest is told to all who have not heard it. */
#define ROOM_EVENTS_MAX 64
void room_broadcast(struct gateway *gateway, const struct room *room,
                    enum message_type event, const void *fields);
bool room_events_go_on(struct gateway *gateway);

/* last, who may not have been told yet, takes the place of a member who leaves. */
void room_events_move(const struct member *last, size_t place);

/* The room goes: whoever is still in it is told at once. */
void room_events_finish(struct gateway *gateway, const struct room *room);

/* Puts the room on the list of rooms whose presence or typing has changed. */
void room_note_presence(struct gateway *gateway, struct room *room);

/* The session's user has begun to write, or has ended: by saying so or by saying it. */
void room_note_typing(struct room *room, const struct session *session, bool on);

/* Moves it to the front of the gateway's list by newest entry. */
void room_put_newest(struct gateway *gateway, struct room *room);

/* Writes what has gathered to every member that is not behind. */
void room_flush(struct room *room);
/* The same, as far as this turn may bear. True once every member had its write. */
bool room_flush_some(struct gateway *gateway, struct room *room);

/* How long the room rests before it is told again: as long as its last telling took, so that what many
 * are told gathers by itself as it becomes much. 0 where the last is longer ago or took next to nothing, and
 * while the gateway stops. */
int64_t room_rests_ms(const struct gateway *gateway, const struct room *room);

/* Writes to a member who is about to leave what was said until now. */
void room_flush_member(const struct member *member);

/* What a member of this session reads: the plain log of plain sessions. */
struct roomlog *room_log_of(struct room *room, const struct session *session);

/* Presence turns that are due. Gives the ms until the next; INT64_MAX if none. */
int64_t room_tell_presence(struct gateway *gateway);

/* To everybody, whoever that is. */
bool room_is_listed(const struct room *room);

/* The other one of a direct room, seen from this session; else NULL. */
const char *room_peer(const struct room *room, const struct session *session);

const char *visibility_name(enum visibility visibility); /* "public" */

/* Every hearth.v1 message of a log entry; fills what type says. */
union entry_fields {
    struct {
        struct entry_message message;
        struct record_file_line files[FILES_MAX]; /* the message's */
    };
    struct entry_edit edit;
    struct entry_delete deletion;
    struct entry_reaction reaction;
    struct entry_topic topic;
};
enum message_type room_entry_fields(const char *room, const struct entry *entry,
                                    union entry_fields *fields);

#endif

/* job.h - one request to the store and its answer. A job carries values and ids, never pointers to
 * sessions or rooms. It belongs to the loop until store_submit takes it, and again after
 * store_collect gave it back; in between only the store touches it. */
#ifndef HEARTH_STORAGE_JOB_H
#define HEARTH_STORAGE_JOB_H

#include "protocol/message.h"
#include "protocol/name.h"
#include "protocol/text.h"
#include "storage/clock.h"
#include "storage/file_job.h"
#include "storage/moderation.h"
#include "storage/model.h"
#include "storage/people.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum job_kind {
    /* writes: done by the writer in the order submitted, committed before they are given back */
    JOB_APPEND,      /* one entry */
    JOB_USER_CREATE, /* a guest with a first device; the loop has chosen ids and key */
    JOB_RENAME,      /* a user is called otherwise from now on */
    JOB_DEVICE_CREATE, /* one more device of a user; the one seen least gives way to it */
    JOB_RECOVERY,      /* the recovery code of a user, in place of one before */
    JOB_PASSWORD_SET,  /* what is kept of a user's password */
    JOB_BLOCK,         /* a user hears no more of another, or does again */
    JOB_BLOCKS,        /* whom a user has blocked, as they are then */
    JOB_USERS,         /* a page of the users, for administrators, as they are then */
    JOB_USER_CHANGE,   /* what an administrator does to a user, but renaming */
    JOB_DEVICE_TOUCH,  /* seen now, and so its user: not forgotten yet */
    JOB_DEVICE_FORGET, /* its key opens nothing any more; the user's name stays until retention frees it */
    JOB_DEVICES,       /* a user's devices, behind what was submitted before: as they are then */
    JOB_ROOM_CREATE, /* the loop has chosen id and name */
    JOB_ROOM_SET,    /* name, topic (also an entry), visibility and so on */
    JOB_ROOM_REMOVE, /* the room, its log and its grants; deleting the rows goes on in small steps */
    JOB_ROOM_PURGE,  /* the oldest entries of a room, some of them: until none is left, again */
    JOB_GRANT,       /* role, invite: what a room remembers about a user */
    JOB_SANCTION,    /* a ban or a mute */
    JOB_LIFT,        /* the end of one */
    JOB_ERASE,       /* what somebody said, some of it: until there is no more, again */
    JOB_NEWCOMERS,   /* what becomes of them */
    JOB_ADMIT,       /* a user is known from now on; or only the audit says that it is not */
    JOB_INVITE_LINK,   /* a code that lets in */
    JOB_INVITE_REVOKE, /* one that lets in nobody any more */
    JOB_INVITE_USE,    /* a user has come in by one */
    JOB_AUDIT,       /* nothing but its line of the audit */
    JOB_FILE_ADD,    /* what was uploaded becomes a file */
    JOB_FILE_REMOVE, /* the bytes of a file go; an administrator says so */
    JOB_READ,        /* a read marker */
    JOB_TOKEN_CREATE, /* and its user, unless that is one whose token was revoked */
    JOB_CURSORS,      /* where bridges and bots have got to */
    JOB_TOKEN_REVOKE, /* it opens nothing any more; the user stays */
    JOB_TOKEN_PAUSE,  /* nothing is carried until it is resumed */
    JOB_IMPORT,      /* entries into a room, kept as they are */
    JOB_CLOCK,       /* an administrator gives the time: see clock_give */
    /* reads: done by any worker, in any order, from what is committed */
    JOB_LOGIN,  /* who has this key; or is this name free */
    JOB_USER_FIND,  /* who has this name */
    JOB_PASSWORD_FIND, /* whose name it is, and what is kept of the password */
    JOB_PASSWORD_HASH, /* compares one, or makes it: a queue and a thread of its own */
    JOB_GRANT_FIND, /* what a room remembers about a user */
    JOB_REPEAT, /* whether something was said before */
    JOB_JOIN,   /* the grant of a user in a room, and a page of its log */
    JOB_PAGE,   /* a page of a room's log */
    JOB_HISTORY, /* a page with edits, deletions and reactions applied */
    JOB_SEARCH,
    JOB_FILE_FIND, /* a file, and whether somebody may read it */
    JOB_FILE_ROOM, /* whether one more finds a place */
    JOB_FILE_LIST, /* a page of them, for administrators */
    JOB_FILE_STEP, /* bytes into the folder of files, or out of it */
    JOB_PEOPLE,  /* users with a role, a ban or a mute in a room */
    JOB_OWN,     /* the grants of one user in all rooms */
    JOB_SANCTIONS, /* those that are in force */
    JOB_AUDIT_PAGE, /* a page of the audit */
    JOB_STATUS,  /* figures for administrators */
    JOB_BACKUP,  /* the whole database to a file */
    JOB_RESTORE, /* check a backup and put it where the next store_open takes it from */
    JOB_ORIGINS, /* what a bridge's entries are called where they come from */
    JOB_EMPTY_ROOMS, /* rooms that nobody has used */
    JOB_LAG,     /* how far bridges and bots are behind */
    JOB_REWIND,  /* where their cursors stood at a time */
    JOB_TRANSFER, /* a step of a backup, or of its way back, as a stream */
    JOB_EXPORT,  /* a page of a room as rows for JSON lines */
    /* told by the store itself, never submitted: comes out of store_collect among the answers */
    JOB_PRUNED,  /* retention has removed the oldest entries of a room, or the room */
    JOB_HANDED_ON, /* a room is somebody else's, since its owner stays away */
    JOB_RECOVERED, /* a room is open again; without one, everything is recovered */
    JOB_KIND_COUNT
};

enum job_result {
    JOB_DONE,
    JOB_REPEATED,         /* append, repeat: this nonce is known; seq and ts are the first one's */
    JOB_SINCE_PRUNED,     /* the same: it cannot be known, retention has passed since */
    JOB_FILE_MISSING,     /* there is none, or not one that this message may have */
    JOB_FILES_FULL,       /* no file finds a place: job_file says by which setting; of a step: the disk */
    JOB_MESSAGE_MISSING,  /* the target is no message, was deleted, or was pruned */
    JOB_NOT_OWN,          /* the target is somebody else's and there is no moderator */
    JOB_NAME_TAKEN,
    JOB_USER_MISSING,
    JOB_DEVICE_MISSING,
    JOB_BLOCKED,          /* the other user has blocked this one */
    JOB_OUTRANKED,        /* the target user's role is not below the actor's */
    JOB_ROOM_MISSING,     /* removed meanwhile */
    JOB_IN_USE,           /* there is something in the room */
    JOB_LAST_OWNER,       /* nobody else owns the room */
    JOB_TOO_MANY_ROOMS,   /* the target owns as many as a user may */
    JOB_SANCTION_MISSING, /* lifted or over already */
    JOB_PASSWORD_CHANGED, /* there was one, or another one than was said */
    JOB_REFUSED,          /* why says what: backup file exists, and the like */
    JOB_UNAVAILABLE       /* storage failed for longer than storage.retry; nothing was stored */
};

/* What the sender knew when it first said something: the newest seq. No entry after since up to
 * checked has its nonce. */
struct first_said { int64_t since, checked; };

struct job_append {
    int64_t room_id;
    int64_t peer_id;       /* of a direct room: the other user, who may have blocked this one; else 0 */
    struct entry entry;    /* seq and ts are filled in */
    const struct first_said *first_said; /* the job's; NULL: the nonce is looked for in the window only */
    const struct actor *moderator; /* owned; who edits or deletes by role what others said; else NULL */
    const char *target_origin; /* NULL, or instead of entry.target what that is called where it comes from */
    const char *alias;         /* NULL, or what entry.from becomes when a user is called so: */
    const char *folded;        /* by this name */
    struct moment at;      /* when it was asked */
    bool has_spoken;       /* the user is known to have said something before */
    int64_t forget_through; /* answer of a delete: the newest seq whose text is gone (the target or its last edit) */
};

/* A message that JOB_ERASE deleted: the deletion's entry, and as in job_append. */
struct erased {
    bool is_gone; /* else somebody was faster */
    struct entry entry;
    int64_t forget_through;
};

struct job_room {
    struct room_row room;
    int64_t owner_id;   /* gets ROLE_OWNER; 0 none */
    int rooms_max;      /* so many rooms the owner owns, this one included; else JOB_TOO_MANY_ROOMS */
    bool is_of_guest;   /* a guest makes it: see lapse.h */
    bool is_only_empty; /* of JOB_ROOM_REMOVE: JOB_IN_USE when there is anything in it */
};

/* Rooms without a word, a topic or anything granted, ascending. */
struct job_empty_rooms {
    int limit;
    int64_t *ids; /* answer */
    size_t count;
};

/* Fields that are negative or NULL stay as they are. A topic also becomes an entry, by from. */
struct job_room_set {
    int64_t room_id;
    const char *name, *folded; /* both or none; JOB_NAME_TAKEN when another room has it */
    const char *topic;
    int visibility, keep, archived, slow_seconds, speak;
    struct entry entry; /* the topic entry: user_id and from in, seq and ts out */
    struct moment at;
};

/* Entries up to and including up_to go for good. */
struct job_purge {
    int64_t room_id, up_to;
    int64_t removed;       /* answer: entries */
    int64_t first, pruned; /* answer: as in room_row, now; pruned 0: nothing was there */
    bool more;             /* answer: there are others up to up_to */
};

/* Which of a user's entries is called what where it comes from. Those whose origin is NULL are asked
 * for by seq, the others by origin. */
#define ORIGINS_MAX 200
struct origin { int64_t seq; const char *origin; };
struct job_origins {
    int64_t room_id, user_id;
    const struct origin *wanted;
    size_t wanted_count;
    struct origin *origins; /* answer: ascending */
    size_t count;
};

/* A named cursor of a bridge or bot: so far a room need not be told again. */
#define CURSOR_NAME_BYTES_MAX 64
struct cursor_row {
    int64_t user_id, room_id, seq;
    char name[CURSOR_NAME_BYTES_MAX + 1];
    char log_id[LOG_ID_BYTES + 1];
};
struct job_cursors { const struct cursor_row *cursors; size_t count; };

/* How many entries there are beyond a cursor, counted to LAG_MAX, and how old the first of them is. */
#define LAG_MAX 100000
struct lag { int64_t user_id, room_id, seq; int64_t count, oldest_ts; };
struct job_lag { struct lag *lags; size_t count; };

/* Where cursors stand when what was said since a time is to be told again: seq, no further than it is. */
struct job_rewind { struct cursor_row *cursors; size_t count; int64_t since_ts; };

enum grant_change { GRANT_ROLE, GRANT_INVITE, GRANT_DECLINE };
struct job_grant {
    int64_t room_id;
    enum grant_change change;
    char folded[NAME_BYTES_MAX + 1]; /* whom, by folded name */
    struct actor actor;              /* the target's role must be below the actor's; see judge_role */
    enum role role;                  /* of GRANT_ROLE */
    int rooms_max;                   /* of GRANT_ROLE: so many rooms one user owns */
    int invitations_max;             /* of GRANT_INVITE: so many wait for one user */
    int64_t wall_ms;                 /* the same: when */
    int64_t user_id;                 /* answer: who that is */
    char name[NAME_BYTES_MAX + 1];   /* answer: the name as written */
    enum role before;                /* answer: the role until now */
    struct grant grant;              /* answer: as it is now */
};

struct job_token {
    struct token_row token; /* user_id: for a new user; answer: whose it is */
    struct moment at;
};

/* Entering is a marker, too: of 0. leaves: a direct room, until something is said behind it. */
struct job_read { int64_t room_id, user_id, seq; bool leaves; };
/* What time it is, and what the monotonic clock says to that. */
struct job_clock { int64_t wall_ms, monotonic_ms; };


struct job_grant_find {
    int64_t room_id, user_id;
    struct grant grant;   /* answer */
};

/* Looks on from first_said.checked for user_id's nonce, through at most limit entries. JOB_DONE: it is
 * not there; then checked is how far that is known, and complete when nothing is left behind it. */
struct job_repeat {
    int64_t room_id, user_id;
    const char *from, *nonce;
    struct first_said first_said;
    int limit;
    bool complete;   /* answer */
    int64_t seq, ts; /* answer: of what was found */
};

/* A page of log entries: seq > after and <= up_to, ascending, at most limit entries (0: none, only
 * the grant) and bytes_max bytes of text; or, with newest, the newest limit entries <= up_to, ascending too. At least one
 * entry if there is any. */
struct job_page {
    int64_t room_id, user_id;
    int64_t after, up_to;
    bool newest;
    int limit;
    size_t bytes_max;
    struct entry *entries; /* answer; owned by the job, as are the texts */
    size_t count;
    bool complete;      /* answer: nothing is left between the last entry and up_to */
    int64_t first, pruned; /* in: what the loop knows; answer of JOB_JOIN: as in room_row, now */
    struct grant grant; /* answer of JOB_JOIN: what the room remembers about user_id */
};

/* One emoji under a message. Not all who reacted so are named. */
struct reaction {
    const char *emoji;
    const char **names;
    size_t name_count;
    int64_t count;
};

/* A message with everything applied. */
struct history_entry {
    int64_t room_id, reader_id; /* reader_id: who reads; 0: nobody known */
    struct entry entry;
    int64_t edited; /* seq of the newest edit; 0 none */
    struct reaction *reactions;
    size_t reaction_count;
    const char *snippet; /* of a search result */
};

/* before or after is NUMBER_ABSENT or both are: the newest. Ascending. Deleted messages are there,
 * without text. Kinds: messages and topics. */
struct job_history {
    int64_t room_id, user_id; /* user_id: who reads; 0: nobody known */
    int64_t before, after, up_to;
    int limit;
    size_t bytes_max;
    struct history_entry *entries; /* answer */
    size_t count;
    bool more;
};

/* The place of a message in a search of all rooms: by time, and where that is the same by room and
 * seq. */
struct place { int64_t ts, room_id, seq; };

/* Newest first. Rooms that may be read: public ones where the user is not banned, private ones with
 * a role or an invitation, direct ones of the user; ROLE_ADMIN reads all but direct ones. */
struct job_search {
    int64_t user_id;
    enum role role;                /* in the gateway */
    const char *query;             /* "": all that from said */
    int64_t room_id;               /* 0: all */
    char from[NAME_BYTES_MAX + 1]; /* folded; empty: anybody */
    int64_t before_ts;             /* NUMBER_ABSENT: now */
    struct place after;            /* where the page before ended; seq 0: the first page */
    int64_t elapsed_ms;            /* now: which bans have ended */
    int limit;
    size_t bytes_max;
    struct history_entry *entries; /* answer */
    size_t count;
    bool more;
};

struct person { int64_t user_id; char name[NAME_BYTES_MAX + 1]; bool account; struct grant grant; };
struct job_people { int64_t room_id; int limit; struct person *people; size_t count; };

struct own_grant { int64_t room_id; struct grant grant; };
/* Into a room, not taken up. by is NULL where an older version did not keep it. */
struct invitation { int64_t room_id, ts; const char *by; };
struct job_own {
    int64_t user_id;
    int invitations_max;
    int64_t device_count;             /* answer */
    bool has_password, has_recovery;  /* the same */
    struct own_grant *grants; /* answer */
    size_t count;
    struct invitation *invitations; /* answer: the newest first */
    size_t invitation_count;
};

/* What has been recovered from a damaged database: see recovery.h. */
struct recovery_figures {
    bool is_known;       /* there was one, and this database is what has become of it */
    bool is_running;
    bool is_waiting;        /* for space, most likely: the newest step failed, and is tried again */
    int64_t entries, found; /* here, of those that the damaged file has */
    int64_t rooms, closed;  /* of them */
    int64_t unreadable;     /* pages of the damaged file */
    char file[256];         /* its name, beside the database; of several the newest */
};

struct store_status {
    int64_t users, rooms, entries;
    int64_t file_bytes, written_bytes; /* the database with its WAL; handed to the disk since start */
    int64_t commits, failures;
    int64_t pending;                   /* jobs waiting now */
    int64_t unindexed;                 /* messages the search index does not have yet */
    int64_t last_backup_ts;
    bool failing;
    enum clock_state clock;
    bool is_time_proven;               /* by it retention removes what is old */
    char journal_mode[16];
    char durability[16];
    char passwords[64];                /* how they are kept, in words */
    char failure[128];                 /* the newest failure in words */
    struct recovery_figures recovery;
    int64_t files, files_bytes;
    struct file_usage file_rooms[FILE_USAGE_MAX], file_users[FILE_USAGE_MAX]; /* those that take most */
    size_t file_room_count, file_user_count;
};

struct job_backup { const char *path; bool overwrite; int64_t bytes, files; /* answers; files that it does not hold */ };

enum transfer_step {
    TRANSFER_STEP_COPY,   /* a copy of the database, to be read; answer: bytes */
    TRANSFER_STEP_READ,   /* length bytes at at: answer in piece */
    TRANSFER_STEP_UPLOAD, /* a backup of bytes is to come; overwrite: though the database has messages */
    TRANSFER_STEP_WRITE,  /* the piece at at */
    TRANSFER_STEP_TAKE,   /* all of it is there: checked, and put where the next store_open takes it */
    TRANSFER_STEP_END     /* the file is not needed any more */
};

struct job_transfer {
    enum transfer_step step;
    bool overwrite;
    int64_t bytes, at;
    unsigned char *piece; /* of length bytes, in the job's memory */
    size_t length;
};

struct job_pruned {
    int64_t room_id;
    int64_t first;  /* oldest seq kept; 0 when none is */
    int64_t pruned; /* newest seq that was removed */
    bool room_removed; /* a direct room of a guest who was forgotten */
};

struct job_handed_on {
    int64_t room_id;
    int64_t owner_id; /* whose it is; 0: the gateway's moderators have an owner's say */
};

struct job_recovered { struct room_row room; /* its id is 0 when everything is recovered */ };

struct job_import {
    int64_t room_id;
    struct entry *entries; /* owned by the job */
    size_t count;
    int64_t imported;
};

struct job {
    struct job *next; /* link of whatever list holds the job */
    enum job_kind kind;
    enum job_result result;
    struct audit_line *audit; /* of a write: kept with it when it is done; in the job's memory; or NULL. Of an edit or
                                 a deletion: only when the message is somebody else's, whose name the writer adds */
    void *context;       /* the submitter's own, in the job's memory; the store never looks at it */
    char why[128];      /* of JOB_REFUSED and JOB_UNAVAILABLE */
    struct arena *arena; /* owned: texts and arrays of request and answer */
    bool starved;        /* memory was refused; see job_failed */
    int mended;          /* texts of the answer that had to be cleaned: see job_clean_text */
    int64_t submitted_ms; /* monotonic; set by store_submit */
    size_t bytes;         /* the same: its memory at that time */
    union {
        struct job_append append;
        struct job_user user;
        struct job_rename rename;
        struct job_block block;
        struct job_blocks blocks;
        struct job_users users;
        struct job_user_change user_change;
        struct job_device device;
        struct job_device_create device_create;
        struct job_recovery recovery;
        struct job_password_set password_set;
        struct job_password_find password_find;
        struct job_password_hash password_hash;
        struct job_devices devices;
        struct job_room room;
        struct job_room_set room_set;
        struct job_purge purge;
        struct job_grant grant;
        struct job_token token;
        struct job_cursors cursors;
        struct job_origins origins;
        struct job_lag lag;
        struct job_empty_rooms empty_rooms;
        struct job_sanction sanction;
        struct job_lift lift;
        struct newcomers_row newcomers;
        struct job_admit admit;
        struct job_invite_link invite_link;
        struct job_invite_use invite_use;
        struct job_erase erase;
        struct job_sanctions sanctions;
        struct job_audit_page audit_page;
        struct job_read read;
        struct job_clock clock;
        struct job_login login;
        struct job_user_find user_find;
        struct job_grant_find grant_find;
        struct job_repeat repeat;
        struct job_page page; /* JOB_JOIN, JOB_PAGE, JOB_EXPORT */
        struct job_history history;
        struct job_search search;
        struct job_file file;
        struct job_file_list file_list;
        struct job_file_step file_step;
        struct job_people people;
        struct job_own own;
        struct store_status status;
        struct job_backup backup; /* JOB_BACKUP, JOB_RESTORE */
        struct job_transfer transfer;
        struct job_import import;
        struct job_rewind rewind;
        struct job_pruned pruned;
        struct job_handed_on handed_on;
        struct job_recovered recovered;
    };
};

/* A zeroed job, or NULL without memory. */
struct job *job_create(enum job_kind kind);

/* A copy of text that lives as long as the job. NULL for NULL, and without memory (then the job's
 * arena is marked failed: see job_failed). */
const char *job_text(struct job *job, const char *text);

/* The same of a text from the database, whatever is in it: see text_clean. */
const char *job_clean_text(struct job *job, const char *text, enum text_rule rule);

/* size zeroed bytes that live as long as the job, aligned for anything; NULL without memory. */
void *job_memory(struct job *job, size_t size);

/* True once memory for the job was refused: then it must not be submitted. */
bool job_failed(const struct job *job);

/* The memory that the job takes. */
size_t job_bytes(const struct job *job);

bool job_is_write(enum job_kind kind);

/* Told by the store itself. */
bool job_is_notice(enum job_kind kind);

/* Frees the job and everything it carries. NULL is fine. */
void job_destroy(struct job *job);

#endif

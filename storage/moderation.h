/* moderation.h - what keeps people out or quiet, as it is kept and asked for: a part of job.h. Plain data. */
#ifndef HEARTH_STORAGE_MODERATION_H
#define HEARTH_STORAGE_MODERATION_H

#include "protocol/message.h"
#include "protocol/name.h"
#include "storage/clock.h"
#include "storage/crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a room remembers about a user. All zero: nothing. A ban and a mute end when so much time has
 * elapsed (clock.h); FOREVER is no end. */
#define FOREVER INT64_MAX
struct grant {
    enum role role; /* ROLE_NONE: the room's ordinary role for this kind of user */
    bool invited;
    int64_t banned_until, muted_until;
    int64_t read; /* read marker */
    bool entered; /* has been in the room: a marker of 0 is then one of an empty room */
    bool left;    /* a direct room: not listed as long as nothing is said behind the marker */
    int unread, mentioned; /* answer of JOB_OWN only: messages behind the marker, see unread.h */
};

/* Let into a room, and has not come yet. */
static inline bool grant_is_invitation(const struct grant *grant)
{
    return grant && grant->invited && grant->role == ROLE_NONE && !grant->entered;
}

/* Who does something to somebody. */
struct actor {
    int64_t user_id;        /* 0: an administrator on the admin socket */
    enum role role;         /* in the gateway */
    bool account;
    const char *name;
};

/* The role in a room of somebody with this role in the gateway: administrators have their own in all
 * rooms but direct ones, moderators theirs in public ones and where they are invited; in one whose owner has
 * gone they have the owner's. */
static inline enum role role_in_room(enum role gateway, bool account, enum visibility visibility,
                                     bool is_orphaned, const struct grant *grant)
{
    enum role say = is_orphaned ? ROLE_OWNER : ROLE_MODERATOR;
    bool is_let_in = grant && (grant->role != ROLE_NONE || grant->invited);
    enum role role = grant && grant->role != ROLE_NONE ? grant->role
                     : account                         ? ROLE_MEMBER
                                                       : ROLE_GUEST;
    if (gateway == ROLE_ADMIN && visibility != VISIBILITY_DIRECT)
        return ROLE_ADMIN;
    bool has_a_say = visibility == VISIBILITY_PUBLIC ||
                     (visibility == VISIBILITY_PRIVATE && is_let_in);
    return gateway == ROLE_MODERATOR && has_a_say && role < say ? say : role;
}

/* Where a session comes from, as keyed hashes: nobody reads from them which device or address it was. */
struct marks {
    uint64_t device;  /* by its link-layer address; 0 when it is not on the link */
    uint64_t address; /* IPv6 beyond the link: its /64; 0 none */
};

#define SANCTION_MARKS_MAX 8

/* What keeps somebody from speaking or from entering, in a room or everywhere. */
struct sanction {
    int64_t id;
    enum sanction_kind kind;
    int64_t room_id;       /* 0: the gateway */
    int64_t user_id;       /* 0: a plain client, or nobody any more */
    int64_t client_id;     /* while is_client: of a plain client; with user_id, of one of those whom a bridge shows */
    bool is_client;
    enum role rank;        /* of whoever imposed it: only as high a one lifts it, and it hits nobody as high */
    int64_t until;         /* elapsed time; FOREVER */
    uint64_t marks[SANCTION_MARKS_MAX]; /* devices and addresses that are meant besides */
    size_t mark_count;
    unsigned reach;        /* 1 << enum reach: what is meant by it */
};

/* Of one person behind a bridge, and not of the bridge. */
static inline bool sanction_is_behind(const struct sanction *sanction)
{
    return sanction->is_client && sanction->user_id != 0;
}

/* --- jobs ---------------------------------------------------------------------------------------- */

/* A ban or a mute. One of the same kind, place and target that there is gives way. */
struct job_sanction {
    struct actor actor;
    char folded[NAME_BYTES_MAX + 1]; /* whom, by folded name; empty: the plain client */
    const char *reason;              /* NULL if none */
    const char *from;                /* what the person behind a bridge is called; else NULL */
    bool reaches_device;             /* the devices and addresses that the user had in the last day, too */
    int shared_max;                  /* those that more others had are left out */
    struct marks here[SANCTION_MARKS_MAX]; /* of the target's sessions */
    size_t here_count;
    struct moment at;
    struct sanction sanction;        /* in: kind, room_id, client_id, is_client, until; answer: the rest */
    unsigned shared;                 /* answer: 1 << enum reach of what was left out */
    struct grant grant;              /* answer, of a user in a room: as it is now */
};

/* The end of the sanction with this id; or, with id 0, of those of this kind, place and target. None is
 * JOB_SANCTION_MISSING with an id, else done all the same. */
struct job_lift {
    struct actor actor;
    int64_t id;
    char folded[NAME_BYTES_MAX + 1]; /* empty: the plain client */
    struct sanction sanction;        /* in, with id 0: kind, room_id, client_id; answer: what was lifted */
    struct moment at;
    bool found;                      /* answer */
    struct grant grant;              /* answer, of a user in a room: as it is now */
};

/* What somebody said in a room, some of it, is deleted: from the newest down. */
#define ERASE_STEP_MAX 50
struct job_erase {
    struct actor actor;
    int64_t room_id;
    char folded[NAME_BYTES_MAX + 1]; /* whose, by folded name; empty: the plain client's */
    int64_t client_id;
    int64_t last_ms;  /* said in so long; NUMBER_ABSENT: ever */
    int64_t before;   /* seqs below it; answer: where the next step goes on */
    struct moment at;
    struct erased *erased; /* ERASE_STEP_MAX of them, in the job's memory; answer: what has gone */
    size_t count;
    bool more;        /* answer */
};

/* What becomes of those whom nobody knows, as a moderator said. */
struct newcomers_row {
    bool is_set;
    int mode, configured; /* enum newcomers_mode; what the configuration said at that time */
    int64_t spoke_before_ms;
    int64_t until;  /* elapsed time; FOREVER */
    int afterwards; /* the mode from then on */
};

struct job_admit { int64_t user_id; bool accept; };

/* Lets in whoever has its code: into a room, or into the gateway where newcomers would be kept out. One that
 * is used up or over stays until another needs its place, so that whoever comes with it is told so. */
#define INVITE_LINKS_MAX 100
#define INVITE_USES_MAX  1000
struct invite_link {
    int64_t id;
    int64_t room_id;           /* 0: the gateway */
    uint8_t hash[HASH_BYTES];  /* of the code, which nobody keeps */
    int64_t uses;              /* so many are left */
    int64_t until;             /* elapsed time; FOREVER */
    int64_t created_ms;
    char by[NAME_BYTES_MAX + 1]; /* who made it; empty: an administrator */
};

/* A new link, in the place of another; or with JOB_INVITE_REVOKE the end of one, by its id. */
struct job_invite_link {
    struct invite_link link;
    int64_t gives_way; /* id of the other; 0 none */
};

/* A user comes in by a link: into its room, or is known in the gateway from now on. */
struct job_invite_use {
    int64_t link_id, user_id;
    int64_t room_id; /* 0: the gateway */
};

/* One that is in force, for people. */
struct sanction_row {
    struct sanction sanction;
    const char *user, *room, *by, *reason; /* room NULL: the gateway; reason NULL: none */
    const char *from;                      /* the person behind the bridge; else NULL */
    int64_t created_ms;
};

struct job_sanctions {
    int64_t room_id;  /* 0: those of the gateway and of all public rooms */
    bool is_all;      /* of private rooms, too */
    int64_t elapsed_ms;
    int limit;
    struct sanction_row *rows; /* answer: the newest first */
    size_t count;
};

/* Who did what to whom, where, and why. Written in the transaction of what it tells. */
struct audit_line {
    enum act act;
    const char *by, *user, *room, *reason; /* user, room and reason may be NULL */
    bool is_private; /* of a room that is not open to all: for administrators */
    int64_t room_id; /* 0: the gateway */
};

struct audit_row {
    int64_t id, ts;
    struct audit_line line;
};

struct job_audit_page {
    int64_t room_id;  /* 0: of all */
    bool is_all;      /* of private rooms, too */
    int64_t before;   /* ids below it */
    int limit;
    struct audit_row *rows; /* answer: the newest first */
    size_t count;
    bool more;
};

#endif

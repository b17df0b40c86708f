/* people.h - what is asked of storage about people: users, their devices and names. A part of job.h.
 * Plain data. */
#ifndef HEARTH_STORAGE_PEOPLE_H
#define HEARTH_STORAGE_PEOPLE_H

#include "protocol/message.h"
#include "protocol/name.h"
#include "storage/clock.h"
#include "storage/crypto.h"
#include "storage/model.h"
#include "storage/moderation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job_user {
    struct user_row user;
    struct device_row device;
    struct moment at;
    struct marks marks;
    int64_t invite_link_id; /* comes in by this one; 0 none */
};
/* A name that a user gave up and that is theirs until so much time has elapsed. */
struct held_name { int64_t user_id, until; char folded[NAME_BYTES_MAX + 1]; };

/* The name given up is held for the user for hold_ms of elapsed time, in place of one held before. */
struct job_rename {
    int64_t user_id;
    char name[NAME_BYTES_MAX + 1], folded[NAME_BYTES_MAX + 1];
    int64_t hold_ms;
    struct moment at;
    char was[NAME_BYTES_MAX + 1];         /* answer: the name until now */
    char held_folded[NAME_BYTES_MAX + 1]; /* answer: that folded, when it is held; empty: as before */
    int64_t held_until;                   /* answer: elapsed */
};
struct job_device { struct device_row device; struct moment at; struct marks marks; };
/* The user is named, or is the one who has this recovery code. */
struct job_device_create {
    struct device_row device; /* user_id 0: by recovery; answer: whose it is */
    uint8_t recovery_hash[HASH_BYTES];
    struct moment at;
    int64_t dropped_id;       /* answer: the device that gave way; 0 none */
};
struct job_recovery { int64_t user_id; uint8_t hash[HASH_BYTES]; };

/* --- passwords: see password.h for what is kept of one --- */

#define PASSWORD_BYTES_MAX 255
#define PASSWORD_KEPT_BYTES 128

/* A user, who is named or called so now, and what is kept of the password. */
struct job_password_find {
    int64_t user_id;                 /* 0: by name; answer: whose it is, 0 nobody's */
    char folded[NAME_BYTES_MAX + 1];
    char kept[PASSWORD_KEPT_BYTES];  /* answer; empty: none */
};
/* What is typed is compared, what is wanted is made: each takes as long as a guess. */
struct job_password_hash {
    char typed[PASSWORD_BYTES_MAX + 1];  /* empty: nothing is compared. Wiped when it is done */
    char kept[PASSWORD_KEPT_BYTES];      /* with this; empty: nobody's, which takes as long */
    char wanted[PASSWORD_BYTES_MAX + 1]; /* to be made, if typed is right. Wiped, too */
    bool is_right;                       /* answer */
    char made[PASSWORD_KEPT_BYTES];      /* answer: of wanted; or of typed, when kept was made as is no
                                            longer done. Empty: nothing */
};
enum password_change {
    PASSWORD_REGISTER, /* the first one */
    PASSWORD_CHANGE,   /* from was, and the user's other devices are forgotten */
    PASSWORD_REMAKE,   /* the same password, made anew */
    PASSWORD_GIVE      /* by an administrator, whatever it was; if there was one, no device stays */
};
struct job_password_set {
    int64_t user_id, device_id; /* device_id stays */
    enum password_change change;
    char kept[PASSWORD_KEPT_BYTES], was[PASSWORD_KEPT_BYTES];
    bool had_one; /* answer */
};
struct job_devices {
    int64_t user_id;
    struct device_row *devices; /* answer: the one seen last is first; owned by the job */
    size_t count;
};

struct job_login {
    bool by_key;
    struct device_row device;        /* its key_hash is made by the worker; answer: its id, if known */
    char key[KEY_TEXT_BYTES + 1];    /* by_key: in; else out, random */
    char folded[NAME_BYTES_MAX + 1]; /* the name wanted, folded; empty when only the key counts */
    bool known;                      /* answer: user and device belong to the key */
    bool taken;                      /* answer: the name is somebody's (not the key's own user) */
    int64_t elapsed_ms;              /* now: which names are held */
    struct user_row user;            /* in: the name wanted; answer: whose the key is */
};

struct job_user_find {
    char folded[NAME_BYTES_MAX + 1]; /* a name in use, or one that is held */
    int64_t asker_id;     /* 0, or who would write to the user */
    bool is_blocked;      /* answer: the user has blocked the asker */
    bool found;           /* answer */
    struct user_row user; /* the same */
};

/* Whom a user hears no more of. */
#define BLOCKS_MAX 200
struct block_row { int64_t user_id; char name[NAME_BYTES_MAX + 1]; };
struct job_block {
    int64_t user_id, blocked_id; /* blocked_id 0: by name */
    char folded[NAME_BYTES_MAX + 1];
    bool on;
};
struct job_blocks {
    int64_t user_id;
    struct block_row *blocks; /* answer */
    size_t count;
};

/* As administrators see users. */
struct user_figures {
    struct user_row user;
    int64_t device_count, seen_ms;
    char held[NAME_BYTES_MAX + 1]; /* a name that is held; empty if none is */
    bool has_password, has_recovery;
};
struct job_users {
    char query[NAME_BYTES_MAX + 1]; /* folded; a part of the name */
    char after[NAME_BYTES_MAX + 1]; /* folded */
    char only[NAME_BYTES_MAX + 1];  /* folded: this one alone; empty: all */
    int64_t elapsed_ms;
    int limit;
    struct user_figures *users; /* answer, by folded name */
    size_t count;
    bool more;
};

enum user_change { USER_ROLE, USER_FREE_NAME, USER_SIGN_OUT, USER_FORGET };
struct job_user_change { int64_t user_id; enum user_change change; enum role role; };

#endif

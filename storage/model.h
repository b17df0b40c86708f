/* model.h - what the store keeps, as it goes through jobs: entries of a log, rooms, users and their
 * devices, tokens, and what a room remembers about a user. Plain data; texts are owned by whatever
 * holds them. */
#ifndef HEARTH_STORAGE_MODEL_H
#define HEARTH_STORAGE_MODEL_H

#include "protocol/message.h"
#include "protocol/name.h"
#include "protocol/text.h"
#include "storage/crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BYTES 32     /* of a guest's key, before it is written as text */
#define KEY_TEXT_BYTES 64 /* the same in hexadecimal */

#define LOG_ID_BYTES 16  /* hexadecimal digits of a log id */
#define TOPIC_BYTES_MAX 1024
#define CLIENT_BYTES_MAX 128
#define DEVICES_MAX 20 /* of one user */

#define FILE_ID_BYTES 32 /* hexadecimal digits: random, so that nobody guesses one */
#define FILE_NAME_BYTES_MAX 255
#define FILE_ALT_BYTES_MAX 1000
#define FILES_MAX 8 /* of a message */

/* A file as it is kept: the row; its bytes lie in the folder of files. Texts are owned by whatever holds the
 * row. */
struct file_row {
    char id[FILE_ID_BYTES + 1];
    char preview[FILE_ID_BYTES + 1]; /* the id of a small picture of it; empty: none */
    uint8_t hash[HASH_BYTES];        /* SHA-256 of its bytes; they are called so in the folder */
    int64_t room_id, user_id;        /* where and by whom it was uploaded; 0: by no user */
    int64_t size, width, height;     /* as it is shown; 0: not known */
    int64_t created_ms;
    int64_t seq;                     /* of the message that has it; 0: none yet */
    const char *name, *type, *alt;   /* alt: NULL if none */
    bool gone;                       /* its bytes are no longer kept */
};

/* One entry of a room's log. Texts are owned by whatever holds the entry. */
struct entry {
    int64_t seq;
    int64_t ts;
    enum entry_kind kind;
    int64_t user_id;      /* 0: no user (plain, webhook, an administrator) */
    const char *from;     /* the name at that time */
    const char *text;     /* of message, edit, topic; NULL when deleted */
    const char *nonce;    /* NULL if none */
    const char *via;      /* the bridge it came through; NULL if none */
    const char *origin;   /* what it is called where it comes from; NULL if it comes from here */
    const char *emoji;    /* of a reaction */
    int64_t target;       /* of edit, delete, reaction; reply_to of a message; 0 if none */
    bool on;              /* of a reaction */
    bool guest;
    bool deleted;
    bool clock_unset;
    const struct file_row *files; /* of a message, in the order said */
    size_t file_count;
};

/* A room as it is kept. */
struct room_row {
    int64_t id;
    char name[ROOM_NAME_BYTES_MAX + 1];
    char folded[ROOM_NAME_BYTES_MAX + 1];
    char topic[TOPIC_BYTES_MAX + 1];
    char was[ROOM_NAME_BYTES_MAX + 1]; /* folded, what it was called before; empty: nothing else */
    char log_id[LOG_ID_BYTES + 1];
    enum visibility visibility;
    bool keep;
    int slow_seconds;       /* between two messages of a user; 0 none */
    enum role speak;        /* the least role that may speak; ROLE_NONE: everybody */
    bool archived;
    bool orphaned;          /* its owner has gone: the gateway's moderators have the say of one */
    int64_t user_a, user_b; /* of a direct room, else 0: the name is then made of theirs */
    bool is_turned;         /* the name of user_b stands first in it */
    int64_t first;          /* oldest seq kept; 0 when none is */
    int64_t last;           /* newest seq, also when retention has removed it; 0: there was none */
    int64_t pruned;         /* newest seq that retention removed; 0 if none */
    bool is_closed;         /* its log is being recovered: see recovery.h */
};

/* A user as it is kept. */
struct user_row {
    int64_t id;
    char name[NAME_BYTES_MAX + 1];
    char folded[NAME_BYTES_MAX + 1];
    bool account;
    enum role role; /* in the gateway: ROLE_GUEST, ROLE_MEMBER or ROLE_ADMIN */
    bool admitted;    /* a moderator let the user in */
    int64_t spoke_ms; /* the time of the first message; 0: none */
};

/* A device of a user as it is kept: a key, and what one remembers it by. */
struct device_row {
    int64_t id, user_id;
    uint8_t key_hash[HASH_BYTES];
    char client[CLIENT_BYTES_MAX + 1]; /* which program it said it is; may be empty */
    int64_t created_ms, seen_ms;       /* times of day */
};

/* A token as it is kept: a user of kind bridge or bot, and what that one may do where. */
#define TOKEN_ROOMS_MAX 64
#define SECRET_BYTES_MAX 128
struct token_row {
    int64_t user_id;
    char name[NAME_BYTES_MAX + 1];
    char folded[NAME_BYTES_MAX + 1];
    enum token_role role;
    uint8_t hash[HASH_BYTES];
    char secret[SECRET_BYTES_MAX + 1]; /* a hook's senders sign with it; empty: they need not */
    bool is_everywhere;                /* in all public rooms, else in these */
    bool is_paused;                    /* by an administrator: nothing is carried */
    int64_t rooms[TOKEN_ROOMS_MAX];
    size_t room_count;
    int64_t created_ms;
};

#endif

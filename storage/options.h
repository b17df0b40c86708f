/* options.h - what a store is opened with, and what it finds when it starts. */
#ifndef HEARTH_STORAGE_OPTIONS_H
#define HEARTH_STORAGE_OPTIONS_H

#include "storage/clock.h"
#include "storage/job.h"

/* Everything the store needs of the configuration. */
struct store_options {
    const char *path;          /* of the database file */
    bool power_loss;           /* synchronous=FULL, else NORMAL */
    int64_t commit_interval_ms;
    int pending_max;           /* writes, and as many reads, waiting or in work */
    int64_t pending_bytes;     /* memory of those writes; of the reads half of it, and half of their
                                  answers until they are collected */
    int readers;
    int64_t cache_bytes;
    int64_t reserve_bytes;
    int64_t max_bytes;         /* of all files; 0: what store_start.max_bytes says */
    int64_t retention_age_ms;  /* 0: for ever */
    int64_t retention_entries; /* 0: all */
    int64_t guest_age_ms;
    int64_t empty_age_ms;      /* of rooms that a guest made and nobody used: see lapse.h; 0: they stay */
    int64_t owner_age_ms;      /* before another owns the room of one who stays away; 0: never */
    const char *gateway_name;  /* what it is called in the audit where it does something by itself */
    int64_t files_age_ms;      /* 0: as long as their messages */
    int64_t retry_ms;          /* a write that has failed for so long is refused with JOB_UNAVAILABLE */
    int nonce_window;
    int password_kib;       /* memory for one password: see password.h */
    size_t nonce_bytes;    /* of all rooms' nonces in memory; 0: of one room */
    bool search;
    clock_reader *read_clock;  /* NULL: the system's */
    void (*on_progress)(void); /* called now and then while store_open takes long; NULL: not */
};

/* What became of the copy that is kept before a database is brought to a newer version: old_copy.h. */
enum old_copy_result {
    OLD_COPY_NOT_NEEDED,
    OLD_COPY_KEPT,
    OLD_COPY_TOO_LARGE,
    OLD_COPY_NO_SPACE,
    OLD_COPY_FAILED
};

/* What was found at start, for the gateway and its log. */
struct store_start {
    struct room_row *rooms; /* every room; owned by the store until store_forget_start */
    size_t room_count;
    struct token_row *tokens; /* every one that opens something; the same */
    size_t token_count;
    struct cursor_row *cursors; /* of those tokens; the same */
    size_t cursor_count;
    struct held_name *holds; /* of users of direct rooms; the same */
    size_t hold_count;
    struct sanction *sanctions; /* those that no grant tells of: see sanctions_load; the same */
    size_t sanction_count;
    struct invite_link *invite_links; /* the oldest first; the same */
    size_t invite_link_count;
    struct newcomers_row newcomers;
    uint8_t secret[HASH_BYTES]; /* of this gateway, for keyed hashes */
    int64_t room_id_max, user_id_max; /* highest ever used */
    int64_t device_id_max;            /* highest in use */
    int64_t password_rounds; /* measured once for this database, where there is no argon2; else 0 */
    int64_t max_bytes;      /* chosen once for this database, see ceiling.h; 0: no ceiling */
    bool created;           /* a new database */
    bool clean;             /* the last stop was clean */
    char damaged[1100];     /* where a damaged database was set aside; empty if none */
    enum old_copy_result old_copy;
    char journal_mode[16];  /* wal, delete or delete+dotfile */
};

#endif

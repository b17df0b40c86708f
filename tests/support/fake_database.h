/* fake_database.h - what the fake store remembers: the contract of storage/job.h in plain arrays,
 * without a thread or a disk. Everything it gives out is owned by it. */
#ifndef HEARTH_TESTS_SUPPORT_FAKE_DATABASE_H
#define HEARTH_TESTS_SUPPORT_FAKE_DATABASE_H

#include "storage/job.h"

/* An entry as it is kept, and what it said first: a deletion takes entry.text only. */
struct fake_entry {
    struct entry entry;
    char *original;
};

struct fake_room {
    struct room_row row;
    bool removed;
    struct fake_entry *entries; /* ascending by seq */
    size_t count, capacity;
    size_t pruned; /* so many of the oldest cannot be read any more; kept for checking */
};

struct fake_grant {
    int64_t room_id, user_id;
    struct grant grant;
};

struct fake_database {
    struct fake_room *rooms;
    size_t room_count, room_capacity;
    struct user_row *users;
    size_t user_count, user_capacity;
    struct fake_grant *grants;
    size_t grant_count, grant_capacity;
    int64_t last_ts;
    int64_t commits, failures, written_bytes;
    int nonce_window;
};

void fake_database_finish(struct fake_database *database);

/* Does one job, and fills its answer. Writes change the database at once. */
void fake_database_do(struct fake_database *database, struct job *job);

/* What retention does: the oldest count entries of the room cannot be read any more. */
void fake_room_prune(struct fake_room *room, size_t count);

/* NULL if there is none, or it was removed. */
struct fake_room *fake_database_room(struct fake_database *database, int64_t room_id);
const struct fake_entry *fake_room_entry(const struct fake_room *room, int64_t seq);
struct grant fake_database_grant(const struct fake_database *database, int64_t room_id,
                                 int64_t user_id);

#endif

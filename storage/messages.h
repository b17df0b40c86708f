/* messages.h - the log entries of all rooms: one table, one integer key that holds room and seq
 * together, so that a page of a log is one range scan and nothing else grows with each message. */
#ifndef HEARTH_STORAGE_MESSAGES_H
#define HEARTH_STORAGE_MESSAGES_H

#include "storage/database.h"
#include "storage/job.h"

#define SEQ_BITS     40 /* of a row's id; the room has those above */
#define SEQ_KEPT_MAX ((INT64_C(1) << SEQ_BITS) - 1)
#define TS_MAX INT64_C(7258118400000) /* the year 2200: what is later is no time */

static inline int64_t row_id(int64_t room_id, int64_t seq)
{
    return room_id << SEQ_BITS | (seq > SEQ_KEPT_MAX ? SEQ_KEPT_MAX : seq);
}
static inline int64_t row_room(int64_t id)
{
    return id >> SEQ_BITS;
}
static inline int64_t row_seq(int64_t id)
{
    return id & SEQ_KEPT_MAX;
}

/* The column flags of a row. via is the number of its word; one that the vocabulary lacks is in the
 * column of that name. */
enum {
    FLAG_ON = 1,
    FLAG_GUEST = 2,
    FLAG_DELETED = 4,
    FLAG_CLOCK_UNSET = 8,
    FLAG_VIA_SHIFT = 4 /* three bits */
};

/* Every column of an entry, in the order that messages_read and messages_insert know. */
#define OLD_ENTRY_COLUMNS "id, ts, kind, flags, user_id, name, text, nonce, target, emoji"
#define ENTRY_COLUMNS OLD_ENTRY_COLUMNS ", origin, via"
enum { OLD_ENTRY_COLUMN_COUNT = 10, ENTRY_COLUMN_COUNT = 12 };

/* SQL: of several edits the newest counts. Its row's id, or NULL, of the message that id names; and
 * the text of messages m as it is now. */
#define NEWEST_EDIT(id) "(SELECT max(edit) FROM edits WHERE target=" id ")"
#define TEXT_NOW                                                                                   \
    "coalesce((SELECT e.text FROM messages e WHERE e.id=" NEWEST_EDIT("m.id") "), m.text)"

/* Fills entry from a row of ENTRY_COLUMNS; texts are copied into the job. False without memory
 * (the job is then job_failed). */
bool messages_read(struct job *job, sqlite3_stmt *row, struct entry *entry);

/* Stores entry as it is, seq and ts included. */
bool messages_insert(struct database *database, int64_t room_id, const struct entry *entry);

/* Remembers what edits, deletions and reactions change besides the log: their side tables. Called
 * after messages_insert of an entry that is kept as it is (import, recovery) or made (append). */
bool messages_apply(struct database *database, int64_t room_id, const struct entry *entry);

/* About what the entry takes as it goes out, in JSON; pages are bounded by it. Whoever encodes it
 * knows exactly. */
#define ENTRY_BYTES 96 /* its keys and numbers */
size_t messages_bytes(const struct entry *entry);

/* The reads: JOB_PAGE, JOB_JOIN, JOB_EXPORT. False on a failure of the database. */
bool messages_page(struct database *database, struct job *job);

#endif

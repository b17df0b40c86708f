/* row.h - how an entry of a log is kept as a row: its id, its flags, its columns. */
#ifndef HEARTH_STORAGE_ROW_H
#define HEARTH_STORAGE_ROW_H

#include <stdint.h>

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
    FLAG_VIA_SHIFT = 4, /* three bits */
    FLAG_FILES = 128    /* it has some, or had: see files/files.h */
};

/* Every column of an entry, in the order that messages_read and messages_insert know. */
#define ENTRY_COLUMNS                                                                              \
    "id, ts, kind, flags, user_id, name, text, nonce, target, emoji, origin, via"
enum { ENTRY_COLUMN_COUNT = 12 };

/* SQL: the id of a row, as row_id makes it. */
#define ROW_ID(room, seq) "((" room "<<40)+" seq ")"

/* SQL: of several edits the newest counts. Its row's id, or NULL, of the message that id names; and
 * the text of messages m as it is now. */
#define NEWEST_EDIT(id) "(SELECT max(edit) FROM edits WHERE target=" id ")"
#define TEXT_NOW                                                                                   \
    "coalesce((SELECT e.text FROM messages e WHERE e.id=" NEWEST_EDIT("m.id") "), m.text)"

#endif

/* draft.h - what users are writing, kept for their other devices. In memory only: a flash card is not worn by
 * words that may never be said, and the device that they are written on has them anyway. Of one user and room
 * there is one; version names it, and another is taken only from whoever knows the one that it replaces, so that
 * no device takes away words that it has not seen. One that was said or deleted is kept as an empty one, so that
 * a device that slept knows. At most limits.drafts_bytes and DRAFTS_MAX in all, a quarter of the bytes for one
 * user; the oldest gives way. Loop thread. */
#ifndef HEARTH_CORE_DRAFT_H
#define HEARTH_CORE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRAFTS_MAX 512

struct gateway;
struct member;
struct reply_draft;
struct request_draft;
struct room;

struct draft {
    struct draft *next; /* the one before, by version */
    int64_t user_id, room_id;
    int64_t version;
    int64_t reply_to; /* NUMBER_ABSENT: it answers nothing */
    size_t bytes;     /* taken by all of it */
    char text[];
};

/* Of one gateway. All zero but for version: nobody writes. */
struct drafts {
    struct draft *newest; /* owned */
    int64_t version;      /* of the newest; begins at random, so that one from before a restart is none of ours */
};

bool drafts_init(struct drafts *drafts); /* false without randomness */
void drafts_finish(struct drafts *drafts);

/* NULL: nothing is known. */
const struct draft *draft_find(const struct gateway *gateway, int64_t user_id, int64_t room_id);

/* Takes what the user writes now and gives its version; 0: another one stands that was not known. Without
 * memory, or where it is too large, it has a version all the same and is not kept. */
int64_t draft_take(struct gateway *gateway, int64_t user_id, int64_t room_id, const struct request_draft *request);

/* Of somebody who is forgotten. */
void drafts_drop_user(struct drafts *drafts, int64_t user_id);

/* What is kept, as it is told. Borrows from both. */
struct reply_draft draft_reply(const struct room *room, const struct draft *draft);

/* Tells the member what is kept; nothing where nothing is. */
void draft_tell(const struct gateway *gateway, const struct member *member);

#endif

/* presence.h - who is in a room and who is writing there: state, told in turns, not events queued.
 * A change costs the same in a room of ten and of ten thousand; who comes and goes between two turns
 * is not told at all. Told the time. Loop thread. */
#ifndef HEARTH_CORE_PRESENCE_H
#define HEARTH_CORE_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/table.h"

#define PRESENCE_TURN_MS 1000  /* at most one telling a room in this time */
#define TYPING_LAPSES_MS 6000
#define TYPING_NAMES_MAX 5

struct presence_user;

/* Of one room. All zero is nobody here. */
struct presence {
    struct table people;           /* by user: those here, and those whose leaving is not told yet */
    struct presence_user *changed; /* whose coming or going is not told yet */
    struct presence_user *typing;  /* whoever started first is first */
    size_t members;         /* users here now, each counted once */
    size_t members_told;
    bool typing_changed;
    int64_t told_ms;        /* when the last turn was; 0 never */
    int64_t changed_ms;     /* when the first change since then was */
};

/* user is the user's id, or any number of the caller's for those without. name is copied; the first
 * one counts, until presence_rename. Every enter wants its leave. False without memory, and nobody has entered. */
bool presence_enter(struct presence *presence, int64_t user, const char *name, int64_t now_ms);
void presence_leave(struct presence *presence, int64_t user, int64_t now_ms);

/* A user who is or was here is told by this name from now on; without memory by the one before. */
void presence_rename(struct presence *presence, int64_t user, const char *name);

/* On is good for TYPING_LAPSES_MS. Ignored for those who are not here. */
void presence_type(struct presence *presence, int64_t user, bool on, int64_t now_ms);

bool presence_is_here(const struct presence *presence, int64_t user);

/* Users here, one after another, starting from NULL; NULL after the last. */
const struct presence_user *presence_next(const struct presence *presence, const struct presence_user *person);
int64_t presence_user_id(const struct presence_user *person);
const char *presence_user_name(const struct presence_user *person);

/* When presence_take has something to tell; INT64_MAX if nothing has changed. */
int64_t presence_due_ms(const struct presence *presence);

/* What to tell. Names are borrowed until the news are finished. */
struct presence_news {
    bool presence_changed, typing_changed;
    const char **joined, **left; /* NULL in rooms that are told the number only */
    size_t joined_count, left_count;
    size_t members;
    const char *typing[TYPING_NAMES_MAX];
    size_t typing_count;
    struct presence_user *gone; /* owned: whom left names */
};

/* Fills news and forgets the changes. Names are told while there are at most names_max members. False
 * without memory: nothing is forgotten, the next turn tries again. presence_news_finish after true. */
bool presence_take(struct presence *presence, size_t names_max, int64_t now_ms,
                   struct presence_news *news);
void presence_news_finish(struct presence_news *news);

void presence_finish(struct presence *presence);

#endif

/* days.h - when what is stored was stored, in days that the gateway has been running: what decides
 * whether it is old. No time of day is believed for that unless it is proven (proof.h).
 *
 * A day is a day of elapsed time (clock.h). The table room_days says with which seq each such day
 * of a room began; days says what time of day it was, once in a day, where that was proven. What
 * version 1 stored is of day -1: it also has its own time, which counts while the time is proven.
 */
#ifndef HEARTH_STORAGE_DAYS_H
#define HEARTH_STORAGE_DAYS_H

#include "storage/clock.h"
#include "storage/database.h"

#define DAY_MS INT64_C(86400000)

/* 2020: what is of day -1 and older was stamped while the clock was unset. */
#define AGE_KNOWN_MS INT64_C(1577836800000)

/* What is older than some age. */
struct cutoff {
    int64_t day; /* stored before this day; 0 or less: nothing */
    int64_t ts;  /* and, of day -1, stamped before this time; 0: nothing */
};

int64_t day_of(const struct moment *now);

/* What is older than age_ms: by elapsed time alone, or by the time of day where is_proven. */
bool days_cutoff(struct database *database, const struct moment *now, bool is_proven,
                 int64_t age_ms, struct cutoff *cutoff);

/* Notes what time of day it is today, once. Writer, in a transaction. */
bool days_note(struct database *database, const struct moment *now);

/* Notes that entries of the room from seq on are of this day. Writer, in a transaction. */
bool days_begin(struct database *database, int64_t room_id, int64_t day, int64_t seq);

/* The newest seq of the room stored before the day: SEQ_KEPT_MAX when all of it was, 0 when nothing
 * or when that is not known. */
bool days_end(struct database *database, int64_t room_id, int64_t day, int64_t *seq);

/* The newest seq of the room that is of day -1; SEQ_KEPT_MAX when all is, 0 none. */
bool days_end_unknown(struct database *database, int64_t room_id, int64_t *seq);

/* Retention has removed the room's entries up to seq. Writer, in a transaction. */
bool days_forget(struct database *database, int64_t room_id, int64_t seq);

#endif

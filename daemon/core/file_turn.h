/* file_turn.h - whose bytes storage's thread of files reads or writes next: uploads and downloads take turns,
 * a few steps at a time are under way, so that however many there are neither memory nor other reads feel it.
 * Loop thread. */
#ifndef HEARTH_CORE_FILE_TURN_H
#define HEARTH_CORE_FILE_TURN_H

#include "storage/job.h"

#include <stdbool.h>
#include <stdint.h>

#define FILE_TURNS_MAX 4 /* under way */

struct gateway;
struct file_turn;

/* The next step, as a JOB_FILE_STEP; NULL without memory. Then what became of it; the job is destroyed
 * afterwards. */
typedef struct job *make_file_step(struct file_turn *turn);
typedef void take_file_step(struct gateway *gateway, struct file_turn *turn, struct job *job);

/* Within whatever has one; all zero but for make and take. */
struct file_turn {
    struct file_turn *prev, *next;
    make_file_step *make;
    take_file_step *take;
    uint32_t number; /* of the newest step, never used twice */
    enum { TURN_IDLE, TURN_WAITS, TURN_UNDER_WAY } phase;
};

/* In the gateway; all zero. */
struct file_turns {
    struct file_turn *waiting, *under_way;
    uint32_t number_last;
    int steps;     /* in storage, also of those that have gone */
    bool is_stuck; /* storage did not take one: tried again by gateway_tick */
};

/* Of one that is idle: make is called when it is its turn, which may be at once. */
void file_turn_ask(struct gateway *gateway, struct file_turn *turn);

/* Whatever comes of it is not told. */
void file_turn_drop(struct gateway *gateway, struct file_turn *turn);

/* Tries again. Gives the ms until that is due once more; INT64_MAX: it is not. */
int64_t file_turns_retry(struct gateway *gateway);

#endif

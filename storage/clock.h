/* clock.h - what time it is, and who vouches for it. The only place that reads the system's clocks.
 *
 * A time of day is a claim: a board may have no clock, a wrong one, or one that jumps. So what
 * lasts (a ban, a mute) and what grows old is counted in elapsed time, which only this gateway's
 * own running adds to. */
#ifndef HEARTH_STORAGE_CLOCK_H
#define HEARTH_STORAGE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "protocol/message.h"

/* Who vouches for a time of day, enum clock_state of protocol/messages.def:
 *   CLOCK_CLAIMED       nobody but the system's clock itself
 *   CLOCK_UNSET         nobody: it is before the day that this program was built
 *   CLOCK_GIVEN         an administrator who gave it: it corrects, and proves nothing
 *   CLOCK_SYNCHRONISED  the kernel: a time service keeps it, see adjtimex(2) */

/* What the system's clocks say. */
struct clock_reading {
    int64_t wall_ms;      /* CLOCK_REALTIME: Unix time */
    int64_t monotonic_ms; /* CLOCK_MONOTONIC: never jumps, starts anew with the machine */
    bool is_synchronised; /* adjtimex(2) answered, and without STA_UNSYNC */
};

/* Reads them. Any thread. */
typedef void clock_reader(struct clock_reading *reading);
clock_reader clock_read_system;

int64_t clock_monotonic_us(void);
int64_t clock_monotonic_ms(void);

/* CLOCK_MONOTONIC as the machine has it, which no test advances: for how long the machine takes. */
int64_t clock_machine_ms(void);

/* The same moment as pthread_cond_timedwait takes it. */
struct timespec clock_deadline(int64_t monotonic_ms);

#ifdef HEARTH_TEST_ENDPOINTS
/* So much passes at once: for tests of what lapses. The time of day stays. */
void clock_advance(int64_t us);
#endif

/* What the system believes the time of day to be, for names of files and lines of a log. */
int64_t clock_system_ms(void);

/* The same in UTC for a file's name, as 20260102-030405. */
#define CLOCK_DATE_BYTES 32
void clock_date(char out[CLOCK_DATE_BYTES]);

/* The day that this program was built. A time of day before it is plainly wrong. */
int64_t clock_built_ms(void);

/* What time it is for a gateway. Plain data, copied. */
struct moment {
    int64_t wall_ms;      /* Unix time, as the gateway believes it; never negative */
    int64_t monotonic_ms; /* CLOCK_MONOTONIC */
    int64_t elapsed_ms;   /* that this gateway has been running, over all its restarts */
    enum clock_state clock;
};

/* A gateway's clock. */
struct clock {
    clock_reader *read;
    int64_t base_ms;          /* elapsed time of earlier runs */
    int64_t started_ms;       /* monotonic: when this run began */
    _Atomic int64_t given_ms; /* what was given, less the monotonic clock then; 0: nothing */
};

/* base_ms: elapsed time that earlier runs have noted. reader: NULL is the system's. */
void clock_init(struct clock *clock, clock_reader *reader, int64_t base_ms);

/* Any thread. */
struct moment clock_now(struct clock *clock);

/* An administrator says what time it is: wall_ms when the monotonic clock says monotonic_ms. It is
 * believed until the kernel is synchronised, and then forgotten. Any thread. */
void clock_give(struct clock *clock, int64_t wall_ms, int64_t monotonic_ms);

/* What clock_give has left, to be handed to clock_give_again in the next run of the program; 0 when
 * nothing is in force. */
int64_t clock_given_ms(const struct clock *clock);

/* The same in the next run, if the machine has not started anew since: its monotonic clock then goes
 * on from monotonic_ms, when that was noted. */
void clock_give_again(struct clock *clock, int64_t given_ms, int64_t monotonic_ms);

#endif

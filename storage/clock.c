#include "storage/clock.h"

#include <stdatomic.h>
#include <sys/timex.h>
#include <time.h>

#ifndef HEARTH_BUILT_SECONDS
#define HEARTH_BUILT_SECONDS 1735689600 /* 2025-01-01, where the build does not say */
#endif

enum { ASK_US = 250000, JUMP_US = 100000 };

static int64_t read_us(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        return 0;
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

#ifdef HEARTH_TEST_ENDPOINTS
static _Atomic int64_t ahead_us;

void clock_advance(int64_t us)
{
    ahead_us += us;
}
#else
enum { ahead_us = 0 };
#endif

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC) + ahead_us;
}

/* Reading only: no mode is set, so no privilege is needed. Where a sandbox forbids even that,
 * nobody vouches for the time. */
static bool ask_synchronised(void)
{
    struct timex state = {.modes = 0};
    int answer = adjtimex(&state);
    return answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

static bool has_jumped(int64_t lead_us, int64_t old_lead_us)
{
    int64_t by_us = lead_us - old_lead_us;
    return by_us > JUMP_US || by_us < -JUMP_US;
}

/* The kernel is asked once in ASK_US, since the time is read for every message, and whenever the time of
 * day has jumped. Two threads that ask at once learn the same. */
static bool is_synchronised(int64_t wall_us, int64_t monotonic_us)
{
    static _Atomic int64_t asked_us, asked_lead_us; /* how far the time of day is before the other */
    static atomic_bool answer;
    int64_t then_us = atomic_load(&asked_us), lead_us = wall_us - monotonic_us;
    if (then_us == 0 || monotonic_us - then_us >= ASK_US ||
        has_jumped(lead_us, atomic_load(&asked_lead_us))) {
        atomic_store(&answer, ask_synchronised());
        atomic_store(&asked_lead_us, lead_us);
        atomic_store(&asked_us, monotonic_us);
    }
    return atomic_load(&answer);
}

struct timespec clock_deadline(int64_t monotonic_ms)
{
    int64_t us = monotonic_ms * 1000 - ahead_us;
    return (struct timespec){.tv_sec = (time_t)(us / 1000000), .tv_nsec = us % 1000000 * 1000};
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_machine_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_system_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

void clock_date(char out[CLOCK_DATE_BYTES])
{
    time_t now = (time_t)(clock_system_ms() / 1000);
    struct tm parts;
    out[0] = '\0';
    if (gmtime_r(&now, &parts))
        strftime(out, CLOCK_DATE_BYTES, "%Y%m%d-%H%M%S", &parts);
}

int64_t clock_built_ms(void)
{
    return INT64_C(1000) * HEARTH_BUILT_SECONDS;
}

void clock_read_system(struct clock_reading *reading)
{
    int64_t wall_us = read_us(CLOCK_REALTIME), monotonic_us = clock_monotonic_us();
    *reading = (struct clock_reading){.wall_ms = wall_us / 1000,
                                      .monotonic_ms = monotonic_us / 1000,
                                      .is_synchronised = is_synchronised(wall_us, monotonic_us)};
}

void clock_init(struct clock *clock, clock_reader *reader, int64_t base_ms)
{
    struct clock_reading now;
    clock->read = reader ? reader : clock_read_system;
    clock->read(&now);
    clock->base_ms = base_ms;
    clock->started_ms = now.monotonic_ms;
    clock->given_ms = 0;
}

void clock_give(struct clock *clock, int64_t wall_ms, int64_t monotonic_ms)
{
    clock->given_ms = wall_ms - monotonic_ms;
}

int64_t clock_given_ms(const struct clock *clock)
{
    return clock->given_ms;
}

void clock_give_again(struct clock *clock, int64_t given_ms, int64_t monotonic_ms)
{
    if (clock->started_ms >= monotonic_ms)
        clock->given_ms = given_ms;
}

static enum clock_state state_of(const struct clock_reading *reading)
{
    if (reading->wall_ms < clock_built_ms())
        return CLOCK_UNSET;
    return reading->is_synchronised ? CLOCK_SYNCHRONISED : CLOCK_CLAIMED;
}

struct moment clock_now(struct clock *clock)
{
    struct clock_reading reading;
    clock->read(&reading);
    int64_t passed_ms = reading.monotonic_ms - clock->started_ms;
    struct moment now = {
        .wall_ms = reading.wall_ms > 0 ? reading.wall_ms : 0,
        .monotonic_ms = reading.monotonic_ms,
        .elapsed_ms = clock->base_ms + (passed_ms > 0 ? passed_ms : 0),
        .clock = state_of(&reading),
    };
    int64_t given_ms = clock->given_ms;
    if (now.clock == CLOCK_SYNCHRONISED) {
        if (given_ms)
            clock->given_ms = 0;
    } else if (given_ms) {
        now.wall_ms = reading.monotonic_ms + given_ms;
        now.clock = CLOCK_GIVEN;
    }
    return now;
}

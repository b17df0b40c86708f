#include "storage/clock.h"

#include <sys/timex.h>
#include <time.h>

#ifndef HEARTH_BUILT_SECONDS
#define HEARTH_BUILT_SECONDS 1735689600 /* 2025-01-01, where the build does not say */
#endif

static int64_t read_us(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        return 0;
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Reading only: no mode is set, so no privilege is needed. Where a sandbox forbids even that,
 * nobody vouches for the time. */
static bool is_synchronised(void)
{
    struct timex state = {.modes = 0};
    int answer = adjtimex(&state);
    return answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
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
    *reading = (struct clock_reading){.wall_ms = clock_system_ms(),
                                      .monotonic_ms = clock_monotonic_ms(),
                                      .is_synchronised = is_synchronised()};
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

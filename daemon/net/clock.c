#include "daemon/net/clock.h"

#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        return 0;
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

#ifdef HEARTH_TEST_ENDPOINTS

static int64_t ahead_us;

int64_t clock_us(void)
{
    return read_us(CLOCK_MONOTONIC) + ahead_us;
}

void clock_advance(int64_t us)
{
    ahead_us += us;
}

#else

int64_t clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

#endif

struct moment moment_now(void)
{
    struct moment now = {.wall_ms = read_us(CLOCK_REALTIME) / 1000,
                         .monotonic_ms = clock_us() / 1000};
    if (now.wall_ms < 0)
        now.wall_ms = 0;
    return now;
}

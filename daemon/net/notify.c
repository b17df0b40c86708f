#include "daemon/net/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "storage/clock.h"

static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof to.sun_path)
        return;
    size_t length = strlen(path);
    memcpy(to.sun_path, path, length);
    if (to.sun_path[0] == '@') /* an abstract name: no path, so no NUL that ends it */
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, size);
    (void)sent; /* nobody to tell if systemd does not listen */
    close(fd);
}

void notify_ready(void)
{
    notify("READY=1\nSTATUS=Serving");
}

void notify_starting(void)
{
    notify("EXTEND_TIMEOUT_USEC=60000000\nWATCHDOG=1\nSTATUS=Recovering a damaged database");
}

void notify_reloading(void)
{
    char state[96];
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_us());
    notify(state);
}

void notify_stopping(void)
{
    notify("STOPPING=1\nSTATUS=Saying goodbye to everybody");
}

void notify_watchdog(void)
{
    notify("WATCHDOG=1");
}

static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    if (!text || !*text)
        return 0;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && value > 0 ? (int64_t)value : 0;
}

int64_t notify_watchdog_interval_us(void)
{
    int64_t pid = number_of("WATCHDOG_PID");
    if (pid != 0 && pid != (int64_t)getpid())
        return 0;
    return number_of("WATCHDOG_USEC") / 2;
}

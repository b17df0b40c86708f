#include "daemon/net/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

bool signals_block(void)
{
    sigset_t set;
    fill(&set);
    return pthread_sigmask(SIG_BLOCK, &set, NULL) == 0;
}

int signals_open(void)
{
    sigset_t set;
    fill(&set);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

enum signal_meaning signals_read(int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return SIGNAL_NONE;
    return info.ssi_signo == SIGHUP ? SIGNAL_RELOAD : SIGNAL_STOP;
}

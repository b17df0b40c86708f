#include "daemon/net/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXIT_STOPPED 0

static volatile sig_atomic_t stop_asked;

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

/* Handlers call only what signal-safety(7) allows. */
static void on_stop(int number)
{
    (void)number;
    if (stop_asked)
        return; /* a second stop must not give the first one more time */
    stop_asked = 1;
    (void)alarm(SIGNALS_STOP_SECONDS);
}

static void on_overdue(int number)
{
    static const char line[] = "hearthd: stopped; storage did not finish in time\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written;
    _exit(EXIT_STOPPED);
}

static bool handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

bool signals_to_handler(void)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    /* SIGHUP waits for the next loop. */
    return signals_to_loop() && handle(SIGTERM, on_stop) && handle(SIGINT, on_stop) &&
           handle(SIGALRM, on_overdue) && pthread_sigmask(SIG_UNBLOCK, &stops, NULL) == 0;
}

bool signals_to_loop(void)
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
    if (info.ssi_signo == SIGHUP)
        return SIGNAL_RELOAD;
    on_stop((int)info.ssi_signo);
    return SIGNAL_STOP;
}

bool signals_stop_asked(void)
{
    return stop_asked != 0;
}

/* signals.h - SIGTERM, SIGINT and SIGHUP. While the loop runs it reads them from a descriptor. Before
 * and after, when storage may repair a database or finish its last write for minutes, a handler takes
 * the stops. However a stop is taken, the process ends within SIGNALS_STOP_SECONDS: what is
 * acknowledged is on disk, so storage that hangs is not waited for. Main thread. */
#ifndef HEARTH_NET_SIGNALS_H
#define HEARTH_NET_SIGNALS_H

#include <stdbool.h>

#define SIGNALS_STOP_SECONDS 9 /* from the first stop to _exit */

enum signal_meaning { SIGNAL_NONE, SIGNAL_STOP, SIGNAL_RELOAD };

/* Before any thread starts, so that none of them is interrupted, and whenever no loop is there: stops
 * are taken by the handler. libuv replaces handlers, so it is called again after a loop has ended. */
bool signals_to_handler(void);

/* Before a loop is made: from here on the signals wait for signals_read. */
bool signals_to_loop(void);

/* A descriptor to watch, or -1. */
int signals_open(void);

/* The next signal that has come. */
enum signal_meaning signals_read(int fd);

/* Whether a stop was asked for since the process began, whoever took it. */
bool signals_stop_asked(void);

#endif

/* signals.h - the signals that the loop takes, as a file that becomes readable. */
#ifndef HEARTH_NET_SIGNALS_H
#define HEARTH_NET_SIGNALS_H

#include <stdbool.h>

enum signal_meaning { SIGNAL_NONE, SIGNAL_STOP, SIGNAL_RELOAD };

/* Before any thread starts, so that none of them is interrupted. */
bool signals_block(void);

/* A descriptor to watch, or -1. */
int signals_open(void);

/* The next signal that has come. */
enum signal_meaning signals_read(int fd);

#endif

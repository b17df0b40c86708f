/* notify.h - tells systemd how the daemon is, over the socket named by NOTIFY_SOCKET; does nothing
 * where there is none. No library. */
#ifndef HEARTH_NET_NOTIFY_H
#define HEARTH_NET_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
/* The start takes longer, and goes on: systemd waits for another minute. */
void notify_starting(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_watchdog(void);

/* How often systemd wants to hear from us, in microseconds; 0 is never. */
int64_t notify_watchdog_interval_us(void);

#endif

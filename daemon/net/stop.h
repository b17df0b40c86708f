/* stop.h - how a server ends: nobody new, what was taken is answered, everybody is told to go, and who does
 * not go is cut off. Loop thread. */
#ifndef HEARTH_NET_STOP_H
#define HEARTH_NET_STOP_H

#include "daemon/net/net.h"

/* Begins, unless it has begun. With stop.wants_restart, main builds the stack again after it. */
void stop_begin(struct server *server);

/* The same for good: takes the place of a restart that is under way. */
void stop_for_good(struct server *server);

/* Once a turn, and whenever a connection has gone. Ends the loop when nothing is left to do. */
void stop_go_on(struct server *server);

#endif

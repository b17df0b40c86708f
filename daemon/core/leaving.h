/* leaving.h - a conversation of two that one of them leaves. Loop thread. */
#ifndef HEARTH_CORE_LEAVING_H
#define HEARTH_CORE_LEAVING_H

#include "daemon/core/ask.h"

/* handle_direct.c: answers a leave of a direct room, which ends on all connections of the user; it is not
 * listed until something is said in it. */
enum outcome direct_leave(struct ask *ask);

#endif

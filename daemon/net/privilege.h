/* privilege.h - what a process may do beyond its user: needed to listen on a port below 1024, and for
 * nothing after. Main thread, before any other is started. */
#ifndef HEARTH_NET_PRIVILEGE_H
#define HEARTH_NET_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

/* Becomes this user, whose the admin socket at path becomes. Only root can, and the user alone need not.
 * False: why holds one sentence. */
bool privilege_become(const char *name, const char *path, char *why, size_t why_size);

/* Gives up every capability, of this process and of what it could start. Root keeps its own: it reads
 * files by them. Nothing that is executed gets more. */
void privilege_drop(void);

#endif

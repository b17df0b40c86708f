/* privilege.h - what a process may do beyond its user: needed to listen on a port below 1024, and for
 * nothing after. Main thread, before any other is started. */
#ifndef HEARTH_NET_PRIVILEGE_H
#define HEARTH_NET_PRIVILEGE_H

/* Gives up every capability, of this process and of what it could start. Root keeps its own: it reads
 * files by them. */
void privilege_drop(void);

#endif

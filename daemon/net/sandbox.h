/* sandbox.h - what the process can do to files, whoever it runs as: Landlock, where the kernel has it.
 * Main thread, before any other is started. */
#ifndef HEARTH_NET_SANDBOX_H
#define HEARTH_NET_SANDBOX_H

#include "config/config.h"

/* From here on nothing is written but in the folders of the database and of the admin socket, and
 * nothing is executed. Where the kernel knows no Landlock, nothing changes. Needs no_new_privs. */
void sandbox_enter(const struct config *config);

#endif

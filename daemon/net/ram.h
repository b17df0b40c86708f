/* ram.h - how much memory there is for this process. */
#ifndef HEARTH_NET_RAM_H
#define HEARTH_NET_RAM_H

#include <stdint.h>

/* Of the machine, or of the control group if that may have less; 0 when it cannot be found out. */
int64_t ram_bytes(void);

#endif

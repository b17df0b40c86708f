/* reserve.h - a file beside the database that keeps some space back, so that a full disk still lets
 * the gateway start and commit. Start, then writer thread. */
#ifndef HEARTH_STORAGE_RESERVE_H
#define HEARTH_STORAGE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the file when there is none and twice its size is free. 0 bytes: removes it. */
void reserve_make(const char *path, int64_t bytes);

/* Removes it. True when there was one, so that trying again may help. */
bool reserve_give_up(const char *path);

#endif

/* reserve.h - a file beside the database that keeps some space back, so that a full disk still lets
 * the gateway start, forget and stop cleanly. Messages never use it. Start, then writer thread. */
#ifndef HEARTH_STORAGE_RESERVE_H
#define HEARTH_STORAGE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the file when it is not there in full and twice its size is free. 0 bytes: removes it. */
void reserve_make(const char *path, int64_t bytes);

/* Removes it. True when there was one, so that trying again may help. */
bool reserve_give_up(const char *path);

/* The same, if there is hardly any space: before a start. */
bool reserve_give_up_if_full(const char *path);

/* After a start that needed it: keeps back as much of bytes as is still free. */
void reserve_keep_rest(const char *path, int64_t bytes);

/* Bytes free for ordinary users where path lies; INT64_MAX when that cannot be told. */
int64_t reserve_free_bytes(const char *path);

#endif

/* shadow.h - what a disk has of the files written to it, and what it may have: each write that no
 * sync has followed is kept aside, so that a power cut can be played. One set of files at a time.
 */
#ifndef HEARTH_TESTS_STORAGE_SHADOW_H
#define HEARTH_TESTS_STORAGE_SHADOW_H

#include <stddef.h>
#include <stdint.h>

struct shadow;

/* The file of that name, as it is now if it was not known. */
struct shadow *shadow_take(const char *path);

/* It was just made: an older one of that name that was deleted cannot come back any more. */
void shadow_begin(struct shadow *shadow);

/* A write; with bytes NULL a truncation to offset. */
void shadow_note(struct shadow *shadow, int64_t offset, const void *bytes, size_t size);

/* All that was noted is on the disk, and every file that was deleted has gone; or is lost for good.
 */
void shadow_sync(struct shadow *shadow);
void shadow_lose(struct shadow *shadow);

/* Deleted, but until a sync follows the name may come back. */
void shadow_delete(struct shadow *shadow);

/* The files become what the disk has: of what was not synced all, nothing, or some sectors. */
void shadow_cut(uint32_t seed);
void shadow_forget_all(void);

#endif

/* simulated_disk.h - what a disk has of the files written to it, and what it may have: each write
 * that no sync has followed is kept aside, so that a power cut can be played. One set of files at a
 * time.
 */
#ifndef HEARTH_TESTS_STORAGE_SIMULATED_DISK_H
#define HEARTH_TESTS_STORAGE_SIMULATED_DISK_H

#include <stddef.h>
#include <stdint.h>

struct disk_file;

/* The file of that name, as it is now if it was not known. */
struct disk_file *disk_file_get(const char *path);

/* It was just made: an older one of that name that was deleted cannot come back any more. */
void disk_file_created(struct disk_file *file);

/* A write; with bytes NULL a truncation to offset. */
void disk_file_write(struct disk_file *file, int64_t offset, const void *bytes, size_t size);

/* All that was noted is on the disk, and every file that was deleted has gone; or is lost for good.
 */
void disk_file_sync(struct disk_file *file);
void disk_file_lose(struct disk_file *file);

/* Deleted, but until a sync follows the name may come back. */
void disk_file_delete(struct disk_file *file);

/* The files become what the disk has: of what was not synced all, nothing, or some sectors. */
void disk_cut_power(uint32_t seed);
void disk_reset(void);

#endif

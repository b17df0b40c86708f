/* simulated_disk.h - what a disk has of the files written to it, and what it may have: each write
 * that no sync has followed is kept aside, so that a power cut can be played. One set of files at a
 * time.
 */
#ifndef HEARTH_TESTS_STORAGE_SIMULATED_DISK_H
#define HEARTH_TESTS_STORAGE_SIMULATED_DISK_H

#include <stdbool.h>
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

/* Names that plain calls have just given, changed or taken away, of files and folders: on the disk once the folder
 * that they lie in is synced. Until then it has none of them, or some from the first on. A sync of the file
 * itself does not keep such a name. */
void disk_name_made(const char *path, bool is_folder);
void disk_name_moved(const char *from, const char *to);
void disk_name_removed(const char *path);
void disk_folder_sync(const char *folder);

/* What lies in a folder is as it is on the disk, unless it is known already. */
void disk_folder_get(const char *folder);

/* The files become what the disk has: of what was not synced all, nothing, or some sectors. */
void disk_cut_power(uint32_t seed);
void disk_reset(void);

#endif

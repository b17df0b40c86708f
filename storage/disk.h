/* disk.h - SQLite's way to the disk, counted: a VFS in front of another that adds up what is handed
 * over (database, WAL and journal). One per open store; its connections name it. Any thread. */
#ifndef HEARTH_STORAGE_DISK_H
#define HEARTH_STORAGE_DISK_H

#include <stdint.h>

struct disk;

/* below names the VFS that does the work; NULL is SQLite's default. NULL when there is none of that
 * name, or without memory. */
struct disk *disk_open(const char *below);

/* What connections are opened with. */
const char *disk_vfs(const struct disk *disk);

int64_t disk_written_bytes(const struct disk *disk);

/* Every connection must be closed. NULL is fine. */
void disk_close(struct disk *disk);

#endif

/* disk.h - SQLite's way to the disk, counted: a VFS in front of another that adds up what is handed
 * over (database, WAL and journal), and knows how the files were left. One per open store, whose
 * connections all name it and open one database. Any thread. */
#ifndef HEARTH_STORAGE_DISK_H
#define HEARTH_STORAGE_DISK_H

#include <stddef.h>
#include <stdint.h>

struct disk;

/* below names the VFS that does the work; NULL is SQLite's default. NULL when there is none of that
 * name, or without memory. */
struct disk *disk_open(const char *below);

/* What connections are opened with. */
const char *disk_vfs(const struct disk *disk);

enum disk_files {
    DISK_FILES_PRESENT,
    DISK_WAL_LOST,     /* the database is there: what is in the WAL can still be brought into it */
    DISK_DATABASE_LOST
};

/* Looks whether the database and its WAL are still the files at their paths, and as long as they
 * were left: two calls of stat(2). If not, somebody has deleted, replaced or changed them, what is
 * written now would be gone with the process, and why holds one sentence. The thread that writes. */
enum disk_files disk_look(struct disk *disk, char *why, size_t why_size);

int64_t disk_written_bytes(const struct disk *disk);

/* Every connection must be closed. NULL is fine. */
void disk_close(struct disk *disk);

#endif

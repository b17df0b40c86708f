#include "storage/disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FRAME_HEADER_BYTES = 24, FRAME_BYTES = FRAME_HEADER_BYTES + 4096, HELD_BYTES = 4 * FRAME_BYTES };

/* A frame of the WAL (sqlite.org/fileformat2.html, "WAL Frame Format") is a header and a page, and a
 * transaction is several frames, all of which SQLite writes one after the other; here they become one write.
 * They are held until the frame comes that commits, or more than is held. Who writes anything else, reads,
 * or syncs, finds them written. The connection that writes. */
struct held_frames {
    _Atomic(sqlite3_file *) held_of; /* NULL: none is held. Readers look whether it is theirs */
    sqlite3_int64 offset;  /* where they begin; of none, where the next would, as far as they are in order */
    int length;            /* of those that are whole */
    bool has_header;       /* behind them, of the one whose page is to come */
    unsigned char bytes[HELD_BYTES];
};

/* A file as it was opened, and how long it has been left. */
struct known_file {
    char path[1100];
    dev_t device;
    ino_t inode;
    atomic_bool is_open;
    _Atomic int64_t bytes;
};

struct disk {
    struct known_file database, wal;
    struct held_frames held;
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    _Atomic int64_t written_bytes;
    char name[40];
};

/* The file of the VFS below lies behind it in memory. */
struct disk_file {
    sqlite3_file base;
    struct disk *disk;
    struct known_file *known; /* of a database and its WAL; else NULL */
};

static sqlite3_file *below(sqlite3_file *file)
{
    return (sqlite3_file *)((struct disk_file *)(void *)file + 1);
}


/* A write or a truncation that failed may have come halfway. */
static void note_size(sqlite3_file *file)
{
    struct known_file *known = ((struct disk_file *)(void *)file)->known;
    sqlite3_int64 size;
    if (known && below(file)->pMethods->xFileSize(below(file), &size) == SQLITE_OK)
        atomic_store(&known->bytes, size);
}

static int write_counted(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    struct disk_file *ours = (struct disk_file *)(void *)file;
    int code = below(file)->pMethods->xWrite(below(file), bytes, size, offset);
    if (code != SQLITE_OK) {
        note_size(file);
        return code;
    }
    atomic_fetch_add_explicit(&ours->disk->written_bytes, size, memory_order_relaxed);
    if (ours->known && atomic_load(&ours->known->bytes) < offset + size)
        atomic_store(&ours->known->bytes, offset + size);
    return SQLITE_OK;
}

static struct held_frames *held_frames_of(sqlite3_file *file)
{
    return &((struct disk_file *)(void *)file)->disk->held;
}

static int write_held(sqlite3_file *file)
{
    struct held_frames *held = held_frames_of(file);
    if (held->held_of != file)
        return SQLITE_OK;
    int length = held->length, size = length + (held->has_header ? FRAME_HEADER_BYTES : 0);
    held->held_of = NULL;
    held->length = 0;
    held->has_header = false;
    int code = write_counted(file, held->bytes, size, held->offset);
    if (code == SQLITE_OK)
        held->offset += length;
    return code;
}

/* Headers that are written again, of frames that are there, go to the disk at once: no page follows. */
static bool is_next_header(sqlite3_file *file, int size, sqlite3_int64 offset)
{
    const struct disk_file *ours = (const struct disk_file *)(const void *)file;
    const struct held_frames *held = &ours->disk->held;
    bool is_awaited = !held->held_of || (held->held_of == file && !held->has_header);
    return ours->known == &ours->disk->wal && size == FRAME_HEADER_BYTES && is_awaited &&
           offset == held->offset + held->length;
}

static bool is_its_page(sqlite3_file *file, int size, sqlite3_int64 offset)
{
    const struct held_frames *held = held_frames_of(file);
    return held->held_of == file && held->has_header && size <= FRAME_BYTES - FRAME_HEADER_BYTES &&
           offset == held->offset + held->length + FRAME_HEADER_BYTES;
}

static void hold_header(sqlite3_file *file, const void *header)
{
    struct held_frames *held = held_frames_of(file);
    memcpy(held->bytes + held->length, header, FRAME_HEADER_BYTES);
    held->has_header = true;
    held->held_of = file;
}

/* A frame that commits says how many pages the database has then; the others say 0. */
static bool commits(const unsigned char *frame)
{
    return frame[4] || frame[5] || frame[6] || frame[7];
}

static int hold_page(sqlite3_file *file, const void *page, int size)
{
    struct held_frames *held = held_frames_of(file);
    unsigned char *frame = held->bytes + held->length;
    memcpy(frame + FRAME_HEADER_BYTES, page, (size_t)size);
    held->length += FRAME_HEADER_BYTES + size;
    held->has_header = false;
    return commits(frame) || held->length + FRAME_BYTES > HELD_BYTES ? write_held(file) : SQLITE_OK;
}

static int disk_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    struct disk_file *ours = (struct disk_file *)(void *)file;
    struct held_frames *held = held_frames_of(file);
    if (is_next_header(file, size, offset)) {
        hold_header(file, bytes);
        return SQLITE_OK;
    }
    if (is_its_page(file, size, offset))
        return hold_page(file, bytes, size);
    int code = write_held(file);
    bool is_start = offset == 0; /* the header of the WAL itself: its frames begin anew */
    if (ours->known == &ours->disk->wal && (is_start || held->offset < offset + size))
        held->offset = offset + size;
    return code != SQLITE_OK ? code : write_counted(file, bytes, size, offset);
}

static int disk_file_close(sqlite3_file *file)
{
    int held = write_held(file), code = below(file)->pMethods->xClose(below(file));
    return held != SQLITE_OK ? held : code;
}

static int disk_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    int code = write_held(file);
    return code != SQLITE_OK ? code
                             : below(file)->pMethods->xRead(below(file), bytes, size, offset);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = write_held(file);
    if (code == SQLITE_OK)
        code = below(file)->pMethods->xTruncate(below(file), size);
    note_size(file);
    return code;
}

static int disk_sync(sqlite3_file *file, int flags)
{
    int code = write_held(file);
    return code != SQLITE_OK ? code : below(file)->pMethods->xSync(below(file), flags);
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = write_held(file);
    return code != SQLITE_OK ? code : below(file)->pMethods->xFileSize(below(file), size);
}

static int disk_lock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xLock(below(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xUnlock(below(file), level);
}

static int disk_check_lock(sqlite3_file *file, int *reserved)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), reserved);
}

static int disk_control(sqlite3_file *file, int operation, void *argument)
{
    return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

static int disk_sector(sqlite3_file *file)
{
    return below(file)->pMethods->xSectorSize(below(file));
}

static int disk_traits(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int disk_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, memory);
}

static int disk_map_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}

static void disk_map_barrier(sqlite3_file *file)
{
    below(file)->pMethods->xShmBarrier(below(file));
}

static int disk_unmap(sqlite3_file *file, int remove)
{
    return below(file)->pMethods->xShmUnmap(below(file), remove);
}

static const sqlite3_io_methods counted = {
    .iVersion = 2,
    .xClose = disk_file_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_map,
    .xShmLock = disk_map_lock,
    .xShmBarrier = disk_map_barrier,
    .xShmUnmap = disk_unmap,
};

/* The same without shared memory, for a VFS below that has none (unix-dotfile): then no WAL. */
static const sqlite3_io_methods counted_without_map = {
    .iVersion = 1,
    .xClose = disk_file_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
};

/* The first connection to open a file says which it is. */
static void know(struct known_file *known, const char *name, sqlite3_file *file)
{
    struct stat status;
    sqlite3_int64 size;
    if (atomic_load(&known->is_open) || strlen(name) >= sizeof known->path ||
        stat(name, &status) != 0 ||
        below(file)->pMethods->xFileSize(below(file), &size) != SQLITE_OK)
        return;
    snprintf(known->path, sizeof known->path, "%s", name);
    known->device = status.st_dev;
    known->inode = status.st_ino;
    atomic_store(&known->bytes, size);
    atomic_store(&known->is_open, true);
}

static int disk_file_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                          int *flags_out)
{
    struct disk *disk = vfs->pAppData;
    file->pMethods = NULL;
    below(file)->pMethods = NULL;
    int code = disk->below->xOpen(disk->below, name, below(file), flags, flags_out);
    const sqlite3_io_methods *methods = below(file)->pMethods;
    if (!methods)
        return code;
    struct disk_file *ours = (struct disk_file *)(void *)file;
    ours->disk = disk;
    ours->known = flags & SQLITE_OPEN_MAIN_DB ? &disk->database
                  : flags & SQLITE_OPEN_WAL   ? &disk->wal
                                              : NULL;
    if (ours->known)
        know(ours->known, name, file);
    file->pMethods = methods->iVersion >= 2 && methods->xShmMap ? &counted : &counted_without_map;
    return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct disk *disk = vfs->pAppData;
    if (strcmp(name, disk->wal.path) == 0)
        atomic_store(&disk->wal.is_open, false);
    return disk->below->xDelete(disk->below, name, sync_folder);
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    sqlite3_vfs *next = ((struct disk *)vfs->pAppData)->below;
    return next->xAccess(next, name, flags, result);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int size, char *path)
{
    sqlite3_vfs *next = ((struct disk *)vfs->pAppData)->below;
    return next->xFullPathname(next, name, size, path);
}

static int disk_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
    sqlite3_vfs *next = ((struct disk *)vfs->pAppData)->below;
    return next->xRandomness(next, size, bytes);
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds)
{
    sqlite3_vfs *next = ((struct disk *)vfs->pAppData)->below;
    return next->xSleep(next, microseconds);
}

static int disk_time(sqlite3_vfs *vfs, double *days)
{
    sqlite3_vfs *next = ((struct disk *)vfs->pAppData)->below;
    return next->xCurrentTime(next, days);
}

static int disk_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    sqlite3_vfs *next = ((struct disk *)vfs->pAppData)->below;
    return next->xGetLastError ? next->xGetLastError(next, size, text) : 0;
}

struct disk *disk_open(const char *below_name)
{
    /* Nobody asks SQLite how much it has, and counting costs a mutex for every piece of memory. Once SQLite
     * runs this is refused: then it has been said before. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    sqlite3_vfs *next = sqlite3_vfs_find(below_name);
    struct disk *disk = next ? calloc(1, sizeof *disk) : NULL;
    if (!disk)
        return NULL;
    snprintf(disk->name, sizeof disk->name, "hearth-%p", (void *)disk);
    disk->below = next;
    disk->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct disk_file) + next->szOsFile,
        .mxPathname = next->mxPathname,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = disk_file_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_full_path,
        .xRandomness = disk_randomness,
        .xSleep = disk_sleep,
        .xCurrentTime = disk_time,
        .xGetLastError = disk_last_error,
    };
    if (sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK)
        return disk;
    free(disk);
    return NULL;
}

const char *disk_vfs(const struct disk *disk)
{
    return disk->name;
}

/* NULL: the file is as it was left. Else what has happened to it. */
static const char *change_of(struct known_file *known)
{
    struct stat status;
    if (!atomic_load(&known->is_open))
        return NULL;
    int64_t bytes = atomic_load(&known->bytes);
    if (stat(known->path, &status) != 0)
        return errno == ENOENT ? "deleted" : NULL; /* what else fails, the next write will tell */
    if (status.st_dev != known->device || status.st_ino != known->inode)
        return "replaced";
    if (status.st_size == bytes || atomic_load(&known->bytes) != bytes)
        return NULL;
    return status.st_size < bytes ? "shortened" : "changed";
}

static enum disk_files tell_change(const struct known_file *known, const char *change,
                                   enum disk_files lost, char *why, size_t why_size)
{
    const char *slash = strrchr(known->path, '/');
    snprintf(why, why_size, "%.60s was %s by somebody else; restart hearthd",
             slash ? slash + 1 : known->path, change);
    return lost;
}

enum disk_files disk_look(struct disk *disk, char *why, size_t why_size)
{
    const char *change = change_of(&disk->database);
    if (change)
        return tell_change(&disk->database, change, DISK_DATABASE_LOST, why, why_size);
    change = change_of(&disk->wal);
    if (change)
        return tell_change(&disk->wal, change, DISK_WAL_LOST, why, why_size);
    return DISK_FILES_PRESENT;
}

int64_t disk_written_bytes(const struct disk *disk)
{
    return atomic_load_explicit(&disk->written_bytes, memory_order_relaxed);
}

void disk_close(struct disk *disk)
{
    if (!disk)
        return;
    sqlite3_vfs_unregister(&disk->vfs);
    free(disk);
}

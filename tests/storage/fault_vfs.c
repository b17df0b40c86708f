#include "tests/storage/fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include "tests/storage/simulated_disk.h"

#define SECTOR_BYTES 512

struct fault_file {
    sqlite3_file base;
    struct disk_file *file; /* NULL: not one of those that matter */
};

static struct {
    pthread_mutex_t mutex;
    sqlite3_vfs vfs, excl, dotfile;
    sqlite3_vfs *below, *below_excl, *below_dotfile;
    struct fault_plan plan;
    int64_t operations, failed;
    bool healed;
} state = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool can_fail(enum fault_operation operation)
{
    switch (state.plan.fault) {
    case FAULT_FULL:
    case FAULT_SHORT:
        return operation == FAULT_WRITE;
    case FAULT_SYNC_LOST:
        return operation == FAULT_SYNC;
    case FAULT_IO:
    case FAULT_POWER:
        return true;
    case FAULT_NONE:
        break;
    }
    return false;
}

/* Counts one operation. What happens to it. */
static enum fault next_fault(enum fault_operation operation)
{
    int64_t number = ++state.operations;
    if (state.healed || state.plan.fault == FAULT_NONE || number < state.plan.at ||
        !can_fail(operation))
        return FAULT_NONE;
    if (state.plan.fault != FAULT_POWER && state.failed >= state.plan.count)
        return FAULT_NONE;
    state.failed++;
    return state.plan.fault;
}

static sqlite3_file *below(sqlite3_file *file)
{
    return (sqlite3_file *)((struct fault_file *)(void *)file + 1);
}

static struct disk_file *disk_file_of(sqlite3_file *file)
{
    return ((struct fault_file *)(void *)file)->file;
}

enum fault fault_count(enum fault_operation operation)
{
    pthread_mutex_lock(&state.mutex);
    enum fault fault = next_fault(operation);
    pthread_mutex_unlock(&state.mutex);
    return fault;
}

static int count(enum fault_operation operation, int code)
{
    return fault_count(operation) == FAULT_NONE ? SQLITE_OK : code;
}

static int fault_close(sqlite3_file *file)
{
    return below(file)->pMethods->xClose(below(file));
}

static int fault_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    int code = count(FAULT_READ, SQLITE_IOERR_READ);
    return code ? code : below(file)->pMethods->xRead(below(file), bytes, size, offset);
}

static int fault_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    pthread_mutex_lock(&state.mutex);
    enum fault fault = next_fault(FAULT_WRITE);
    int code = SQLITE_OK, written = fault == FAULT_SHORT ? size / 2 : fault ? 0 : size;
    if (written > 0) {
        code = below(file)->pMethods->xWrite(below(file), bytes, written, offset);
        if (disk_file_of(file))
            disk_file_write(disk_file_of(file), offset, bytes, (size_t)written);
    }
    pthread_mutex_unlock(&state.mutex);
    if (fault == FAULT_FULL)
        return SQLITE_FULL;
    return fault ? SQLITE_IOERR_WRITE : code;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    pthread_mutex_lock(&state.mutex);
    int code = next_fault(FAULT_TRUNCATE) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
    if (code == SQLITE_OK) {
        code = below(file)->pMethods->xTruncate(below(file), size);
        if (disk_file_of(file))
            disk_file_write(disk_file_of(file), size, NULL, 0);
    }
    pthread_mutex_unlock(&state.mutex);
    return code;
}

/* The folder is synced with it, as ext4 does with what it needs and SQLite asks for journals. */
static int fault_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    pthread_mutex_lock(&state.mutex);
    enum fault fault = next_fault(FAULT_SYNC);
    struct disk_file *kept = disk_file_of(file);
    if (fault == FAULT_SYNC_LOST && kept)
        disk_file_lose(kept);
    if (fault == FAULT_NONE && kept)
        disk_file_sync(kept);
    pthread_mutex_unlock(&state.mutex);
    return fault ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = count(FAULT_SIZE, SQLITE_IOERR_FSTAT);
    return code ? code : below(file)->pMethods->xFileSize(below(file), size);
}

static int fault_lock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xLock(below(file), level);
}

static int fault_unlock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xUnlock(below(file), level);
}

static int fault_check_lock(sqlite3_file *file, int *reserved)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), reserved);
}

static int fault_control(sqlite3_file *file, int operation, void *argument)
{
    return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

static int fault_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR_BYTES;
}

static int fault_traits(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int fault_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, memory);
}

static int fault_map_lock(sqlite3_file *file, int offset, int number, int flags)
{
    return below(file)->pMethods->xShmLock(below(file), offset, number, flags);
}

static void fault_barrier(sqlite3_file *file)
{
    below(file)->pMethods->xShmBarrier(below(file));
}

static int fault_unmap(sqlite3_file *file, int remove)
{
    return below(file)->pMethods->xShmUnmap(below(file), remove);
}

#define METHODS                                                                                    \
    .xClose = fault_close, .xRead = fault_read, .xWrite = fault_write,                             \
    .xTruncate = fault_truncate, .xSync = fault_sync, .xFileSize = fault_size,                     \
    .xLock = fault_lock, .xUnlock = fault_unlock, .xCheckReservedLock = fault_check_lock,          \
    .xFileControl = fault_control, .xSectorSize = fault_sector,                                    \
    .xDeviceCharacteristics = fault_traits

static const sqlite3_io_methods with_wal = {.iVersion = 2,
                                            METHODS,
                                            .xShmMap = fault_map,
                                            .xShmLock = fault_map_lock,
                                            .xShmBarrier = fault_barrier,
                                            .xShmUnmap = fault_unmap};
static const sqlite3_io_methods without_wal = {.iVersion = 1, METHODS};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *flags_out)
{
    sqlite3_vfs *next = vfs->pAppData;
    struct fault_file *ours = (struct fault_file *)(void *)file;
    file->pMethods = NULL;
    below(file)->pMethods = NULL;
    if (count(FAULT_OPEN, SQLITE_CANTOPEN))
        return SQLITE_CANTOPEN;
    pthread_mutex_lock(&state.mutex);
    ours->file = name ? disk_file_get(name) : NULL;
    if (name && access(name, F_OK) != 0)
        disk_file_created(ours->file);
    int code = next->xOpen(next, name, below(file), flags, flags_out);
    pthread_mutex_unlock(&state.mutex);
    if (below(file)->pMethods)
        file->pMethods =
            state.plan.no_wal || next == state.below_dotfile ? &without_wal : &with_wal;
    return code;
}

/* Without sync_folder the name may come back, with what the disk had of the file. */
static int fault_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    sqlite3_vfs *next = vfs->pAppData;
    if (count(FAULT_DELETE, SQLITE_IOERR_DELETE))
        return SQLITE_IOERR_DELETE;
    pthread_mutex_lock(&state.mutex);
    struct disk_file *file = disk_file_get(name);
    disk_file_delete(file);
    if (sync_folder)
        disk_file_created(file);
    int code = next->xDelete(next, name, sync_folder);
    pthread_mutex_unlock(&state.mutex);
    return code;
}

static int fault_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    sqlite3_vfs *next = vfs->pAppData;
    return next->xAccess(next, name, flags, result);
}

static int fault_full_path(sqlite3_vfs *vfs, const char *name, int size, char *path)
{
    sqlite3_vfs *next = vfs->pAppData;
    return next->xFullPathname(next, name, size, path);
}

static int fault_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
    sqlite3_vfs *next = vfs->pAppData;
    return next->xRandomness(next, size, bytes);
}

static int fault_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    (void)microseconds; /* whoever waits for a lock here waits for itself */
    return 0;
}

static int fault_time(sqlite3_vfs *vfs, double *days)
{
    sqlite3_vfs *next = vfs->pAppData;
    return next->xCurrentTime(next, days);
}

static int fault_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs;
    (void)size;
    (void)text;
    return 0;
}

static void install(sqlite3_vfs *vfs, sqlite3_vfs *next, const char *name, int is_default)
{
    *vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct fault_file) + next->szOsFile,
        .mxPathname = next->mxPathname,
        .zName = name,
        .pAppData = next,
        .xOpen = fault_open,
        .xDelete = fault_delete,
        .xAccess = fault_access,
        .xFullPathname = fault_full_path,
        .xRandomness = fault_randomness,
        .xSleep = fault_sleep,
        .xCurrentTime = fault_time,
        .xGetLastError = fault_last_error,
    };
    sqlite3_vfs_register(vfs, is_default);
}

/* Registered later, the last two are found before SQLite's own of those names. */
void fault_install(void)
{
    sqlite3_initialize();
    state.below = sqlite3_vfs_find(NULL);
    state.below_excl = sqlite3_vfs_find("unix-excl");
    state.below_dotfile = sqlite3_vfs_find("unix-dotfile");
    install(&state.vfs, state.below, "hearth-fault", 1);
    install(&state.excl, state.below_excl, "unix-excl", 0);
    install(&state.dotfile, state.below_dotfile, "unix-dotfile", 0);
}

void fault_remove(void)
{
    sqlite3_vfs_unregister(&state.vfs);
    sqlite3_vfs_unregister(&state.excl);
    sqlite3_vfs_unregister(&state.dotfile);
    disk_reset();
}

void fault_begin(const struct fault_plan *plan)
{
    disk_reset();
    state.plan = *plan;
    state.operations = state.failed = 0;
    state.healed = false;
}

int64_t fault_operations(void)
{
    return state.operations;
}

void fault_heal(void)
{
    state.healed = true;
}

void fault_cut(uint32_t seed)
{
    disk_cut_power(seed);
}

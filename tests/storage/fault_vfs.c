#include "tests/storage/fault_vfs.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHADOWS_MAX  32
#define SECTOR_BYTES 512

/* A write or, with bytes NULL, a truncation that no sync has followed. */
struct change {
    struct change *next;
    int64_t offset; /* of a truncation: the new size */
    size_t size;
    unsigned char *bytes;
};

/* What the disk has of one file, and what it may or may not have. */
struct shadow {
    char path[512];
    unsigned char *kept;
    size_t kept_size;
    bool is_kept;    /* its name is */
    bool is_deleted; /* but no sync has followed: the name may come back */
    struct change *changes, **end;
};

struct fault_file {
    sqlite3_file base;
    struct shadow *shadow; /* NULL: not one of those that matter */
};

static struct {
    pthread_mutex_t mutex;
    sqlite3_vfs vfs, dotfile;
    sqlite3_vfs *below, *below_dotfile;
    struct fault_plan plan;
    int64_t operations, failed;
    bool healed;
    struct shadow shadows[SHADOWS_MAX];
    size_t shadow_count;
} state = {.mutex = PTHREAD_MUTEX_INITIALIZER};

enum operation { OPEN, READ, WRITE, TRUNCATE, SYNC, DELETE, SIZE };

static void refuse_to_go_on(const char *what)
{
    fprintf(stderr, "fault_vfs: %s\n", what);
    abort();
}

static bool can_fail(enum operation operation)
{
    switch (state.plan.fault) {
    case FAULT_FULL:
    case FAULT_SHORT:
        return operation == WRITE;
    case FAULT_SYNC_LOST:
        return operation == SYNC;
    case FAULT_IO:
    case FAULT_POWER:
        return true;
    case FAULT_NONE:
        break;
    }
    return false;
}

/* Counts one operation. What happens to it. */
static enum fault next_fault(enum operation operation)
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

static struct shadow *shadow_of(sqlite3_file *file)
{
    return ((struct fault_file *)(void *)file)->shadow;
}

static void forget_changes(struct shadow *shadow)
{
    while (shadow->changes) {
        struct change *next = shadow->changes->next;
        free(shadow->changes->bytes);
        free(shadow->changes);
        shadow->changes = next;
    }
    shadow->end = &shadow->changes;
}

static void resize(struct shadow *shadow, size_t size)
{
    unsigned char *kept = realloc(shadow->kept, size + 1);
    if (!kept)
        refuse_to_go_on("no memory");
    if (size > shadow->kept_size)
        memset(kept + shadow->kept_size, 0, size - shadow->kept_size);
    shadow->kept = kept;
    shadow->kept_size = size;
}

static void put(struct shadow *shadow, int64_t offset, const unsigned char *bytes, size_t size)
{
    if ((size_t)offset + size > shadow->kept_size)
        resize(shadow, (size_t)offset + size);
    memcpy(shadow->kept + offset, bytes, size);
}

static void keep_change(struct shadow *shadow, const struct change *change)
{
    if (change->bytes)
        put(shadow, change->offset, change->bytes, change->size);
    else
        resize(shadow, (size_t)change->offset);
}

static void keep_all(struct shadow *shadow)
{
    for (const struct change *change = shadow->changes; change; change = change->next)
        keep_change(shadow, change);
    forget_changes(shadow);
}

static void note_change(struct shadow *shadow, int64_t offset, const void *bytes, size_t size)
{
    struct change *change = shadow ? calloc(1, sizeof *change) : NULL;
    if (!shadow)
        return;
    if (!change || (bytes && !(change->bytes = malloc(size + 1))))
        refuse_to_go_on("no memory");
    if (bytes)
        memcpy(change->bytes, bytes, size);
    change->offset = offset;
    change->size = size;
    *shadow->end = change;
    shadow->end = &change->next;
}

static struct shadow *find_shadow(const char *path)
{
    for (size_t i = 0; i < state.shadow_count; i++)
        if (strcmp(state.shadows[i].path, path) == 0)
            return &state.shadows[i];
    return NULL;
}

static void load(struct shadow *shadow)
{
    FILE *file = fopen(shadow->path, "rb");
    if (!file)
        return;
    fseek(file, 0, SEEK_END);
    resize(shadow, (size_t)ftell(file));
    rewind(file);
    if (fread(shadow->kept, 1, shadow->kept_size, file) != shadow->kept_size)
        refuse_to_go_on("a file cannot be read");
    fclose(file);
    shadow->is_kept = true;
}

/* Taken before the file is opened, so that a new one is known as new. */
static struct shadow *take_shadow(const char *path)
{
    struct shadow *shadow = find_shadow(path);
    if (shadow)
        return shadow;
    if (state.shadow_count == SHADOWS_MAX)
        refuse_to_go_on("too many files");
    shadow = &state.shadows[state.shadow_count++];
    memset(shadow, 0, sizeof *shadow);
    shadow->end = &shadow->changes;
    snprintf(shadow->path, sizeof shadow->path, "%s", path);
    load(shadow);
    return shadow;
}

/* A file of that name is made: an older one that was deleted cannot come back any more. */
static void become_new(struct shadow *shadow)
{
    forget_changes(shadow);
    resize(shadow, 0);
    shadow->is_kept = shadow->is_deleted = false;
}

static int count(enum operation operation, int code)
{
    pthread_mutex_lock(&state.mutex);
    enum fault fault = next_fault(operation);
    pthread_mutex_unlock(&state.mutex);
    return fault == FAULT_NONE ? SQLITE_OK : code;
}

static int fault_close(sqlite3_file *file)
{
    return below(file)->pMethods->xClose(below(file));
}

static int fault_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    int code = count(READ, SQLITE_IOERR_READ);
    return code ? code : below(file)->pMethods->xRead(below(file), bytes, size, offset);
}

static int fault_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    pthread_mutex_lock(&state.mutex);
    enum fault fault = next_fault(WRITE);
    int code = SQLITE_OK, written = fault == FAULT_SHORT ? size / 2 : fault ? 0 : size;
    if (written > 0) {
        code = below(file)->pMethods->xWrite(below(file), bytes, written, offset);
        note_change(shadow_of(file), offset, bytes, (size_t)written);
    }
    pthread_mutex_unlock(&state.mutex);
    if (fault == FAULT_FULL)
        return SQLITE_FULL;
    return fault ? SQLITE_IOERR_WRITE : code;
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    pthread_mutex_lock(&state.mutex);
    int code = next_fault(TRUNCATE) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
    if (code == SQLITE_OK) {
        code = below(file)->pMethods->xTruncate(below(file), size);
        note_change(shadow_of(file), size, NULL, 0);
    }
    pthread_mutex_unlock(&state.mutex);
    return code;
}

static void keep_deletions(void)
{
    for (size_t i = 0; i < state.shadow_count; i++)
        if (state.shadows[i].is_deleted)
            become_new(&state.shadows[i]);
}

/* The folder is synced with it, as ext4 does with what it needs and SQLite asks for journals. */
static int fault_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    pthread_mutex_lock(&state.mutex);
    enum fault fault = next_fault(SYNC);
    struct shadow *shadow = shadow_of(file);
    if (fault == FAULT_SYNC_LOST && shadow)
        forget_changes(shadow);
    if (fault == FAULT_NONE && shadow) {
        keep_all(shadow);
        shadow->is_kept = true;
        keep_deletions();
    }
    pthread_mutex_unlock(&state.mutex);
    return fault ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = count(SIZE, SQLITE_IOERR_FSTAT);
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

static const sqlite3_io_methods with_wal = {
    .iVersion = 2, METHODS, .xShmMap = fault_map, .xShmLock = fault_map_lock,
    .xShmBarrier = fault_barrier, .xShmUnmap = fault_unmap};
static const sqlite3_io_methods without_wal = {.iVersion = 1, METHODS};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *flags_out)
{
    sqlite3_vfs *next = vfs->pAppData;
    struct fault_file *ours = (struct fault_file *)(void *)file;
    file->pMethods = NULL;
    below(file)->pMethods = NULL;
    if (count(OPEN, SQLITE_CANTOPEN))
        return SQLITE_CANTOPEN;
    pthread_mutex_lock(&state.mutex);
    ours->shadow = name ? take_shadow(name) : NULL;
    if (name && access(name, F_OK) != 0)
        become_new(ours->shadow);
    int code = next->xOpen(next, name, below(file), flags, flags_out);
    pthread_mutex_unlock(&state.mutex);
    if (below(file)->pMethods)
        file->pMethods = state.plan.no_wal || next == state.below_dotfile ? &without_wal : &with_wal;
    return code;
}

/* Without sync_folder the name may come back, with what the disk had of the file. */
static int fault_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    sqlite3_vfs *next = vfs->pAppData;
    if (count(DELETE, SQLITE_IOERR_DELETE))
        return SQLITE_IOERR_DELETE;
    pthread_mutex_lock(&state.mutex);
    struct shadow *shadow = take_shadow(name);
    forget_changes(shadow);
    shadow->is_deleted = true;
    if (sync_folder)
        keep_deletions();
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

/* Registered later, the second one is found before SQLite's own of that name. */
void fault_install(void)
{
    sqlite3_initialize();
    state.below = sqlite3_vfs_find(NULL);
    state.below_dotfile = sqlite3_vfs_find("unix-dotfile");
    install(&state.vfs, state.below, "hearth-fault", 1);
    install(&state.dotfile, state.below_dotfile, "unix-dotfile", 0);
}

static void forget_shadows(void)
{
    for (size_t i = 0; i < state.shadow_count; i++) {
        forget_changes(&state.shadows[i]);
        free(state.shadows[i].kept);
    }
    state.shadow_count = 0;
}

void fault_remove(void)
{
    sqlite3_vfs_unregister(&state.vfs);
    sqlite3_vfs_unregister(&state.dotfile);
    forget_shadows();
}

void fault_begin(const struct fault_plan *plan)
{
    forget_shadows();
    state.plan = *plan;
    state.operations = state.failed = 0;
    state.healed = false;
}

int64_t fault_operations(void)
{
    return state.operations;
}

bool fault_happened(void)
{
    return state.failed > 0;
}

void fault_heal(void)
{
    state.healed = true;
}

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* All, nothing, or sector by sector. */
static void cut_change(struct shadow *shadow, const struct change *change, uint32_t *seed)
{
    uint32_t lot = draw(seed) % 3;
    if (lot == 0)
        return;
    if (lot == 1 || !change->bytes) {
        keep_change(shadow, change);
        return;
    }
    for (size_t at = 0; at < change->size;) {
        int64_t offset = change->offset + (int64_t)at;
        size_t part = SECTOR_BYTES - (size_t)(offset % SECTOR_BYTES);
        if (part > change->size - at)
            part = change->size - at;
        if (draw(seed) % 2)
            put(shadow, offset, change->bytes + at, part);
        at += part;
    }
}

static void write_back(const struct shadow *shadow)
{
    FILE *file = fopen(shadow->path, "wb");
    if (!file || (shadow->kept_size > 0 &&
                  fwrite(shadow->kept, 1, shadow->kept_size, file) != shadow->kept_size))
        refuse_to_go_on("a file cannot be written");
    fclose(file);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

void fault_cut(uint32_t seed)
{
    for (size_t i = 0; i < state.shadow_count; i++) {
        struct shadow *shadow = &state.shadows[i];
        bool may_be_there = shadow->changes && draw(&seed) % 2;
        for (const struct change *change = shadow->changes; change; change = change->next)
            cut_change(shadow, change, &seed);
        if ((shadow->is_kept || may_be_there) && !ends_with(shadow->path, "-shm"))
            write_back(shadow);
        else
            unlink(shadow->path);
    }
    forget_shadows();
}

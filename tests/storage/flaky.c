#include "tests/storage/flaky.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    struct kind { /* of file: the VFS below has a few tables of methods */
        const sqlite3_io_methods *real;
        sqlite3_io_methods ours;
    } kinds[8];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int write_code;
    bool holds, refuses_memory, refuses_locks;
    int held;
    int writes;
} flaky = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int write_code(void)
{
    pthread_mutex_lock(&flaky.mutex);
    int code = flaky.write_code;
    flaky.writes++;
    pthread_mutex_unlock(&flaky.mutex);
    return code;
}

int flaky_writes(void)
{
    pthread_mutex_lock(&flaky.mutex);
    int writes = flaky.writes;
    pthread_mutex_unlock(&flaky.mutex);
    return writes;
}

static const sqlite3_io_methods *real(const sqlite3_file *file)
{
    for (int i = 0; i < 8; i++)
        if (file->pMethods == &flaky.kinds[i].ours)
            return flaky.kinds[i].real;
    abort();
}

static int flaky_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    int code = write_code();
    return code != SQLITE_OK ? code : real(file)->xWrite(file, bytes, size, offset);
}

static int flaky_sync(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&flaky.mutex);
    flaky.held++;
    pthread_cond_broadcast(&flaky.changed);
    while (flaky.holds)
        pthread_cond_wait(&flaky.changed, &flaky.mutex);
    flaky.held--;
    pthread_mutex_unlock(&flaky.mutex);
    return real(file)->xSync(file, flags);
}

static int flaky_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    if (flaky.refuses_memory)
        return SQLITE_IOERR_SHMMAP;
    return real(file)->xShmMap(file, page, size, extend, memory);
}

static int flaky_lock(sqlite3_file *file, int level)
{
    if (flaky.refuses_locks)
        return SQLITE_IOERR_LOCK;
    return real(file)->xLock(file, level);
}

/* The real methods with a few of ours: files stay those of the VFS below. */
static int flaky_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *flags_out)
{
    (void)vfs;
    int code = flaky.below->xOpen(flaky.below, name, file, flags, flags_out);
    if (code != SQLITE_OK || !file->pMethods)
        return code;
    pthread_mutex_lock(&flaky.mutex);
    struct kind *kind = flaky.kinds;
    while (kind->real && kind->real != file->pMethods)
        kind++;
    if (!kind->real) {
        kind->real = file->pMethods;
        kind->ours = *file->pMethods;
        kind->ours.xWrite = flaky_write;
        kind->ours.xSync = flaky_sync;
        kind->ours.xShmMap = flaky_map;
        kind->ours.xLock = flaky_lock;
    }
    file->pMethods = &kind->ours;
    pthread_mutex_unlock(&flaky.mutex);
    return code;
}

/* Registered later, it is found before SQLite's own of that name. */
void flaky_install(void)
{
    sqlite3_initialize();
    flaky.below = sqlite3_vfs_find("unix-excl");
    flaky.vfs = *flaky.below;
    flaky.vfs.pNext = NULL;
    flaky.vfs.xOpen = flaky_open;
    assert_int_equal(sqlite3_vfs_register(&flaky.vfs, 0), SQLITE_OK);
}

void flaky_remove(void)
{
    flaky_release_syncs();
    flaky_fail_writes(SQLITE_OK);
    flaky_refuse_shared_memory(false);
    flaky_refuse_locks(false);
    sqlite3_vfs_unregister(&flaky.vfs);
}

void flaky_fail_writes(int code)
{
    pthread_mutex_lock(&flaky.mutex);
    flaky.write_code = code;
    pthread_mutex_unlock(&flaky.mutex);
}

void flaky_hold_syncs(void)
{
    pthread_mutex_lock(&flaky.mutex);
    flaky.holds = true;
    pthread_mutex_unlock(&flaky.mutex);
}

void flaky_wait_for_sync(void)
{
    pthread_mutex_lock(&flaky.mutex);
    while (flaky.held == 0)
        pthread_cond_wait(&flaky.changed, &flaky.mutex);
    pthread_mutex_unlock(&flaky.mutex);
}

void flaky_release_syncs(void)
{
    pthread_mutex_lock(&flaky.mutex);
    flaky.holds = false;
    pthread_cond_broadcast(&flaky.changed);
    pthread_mutex_unlock(&flaky.mutex);
}

void flaky_refuse_shared_memory(bool refuse)
{
    flaky.refuses_memory = refuse;
}

void flaky_refuse_locks(bool refuse)
{
    flaky.refuses_locks = refuse;
}

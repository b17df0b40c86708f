#include "storage/old_copy.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/reserve.h"
#include "storage/schema.h"

#define COPY_BYTES_MAX (64 * 1024 * 1024) /* a start must not take minutes */
#define AGE_MS_MAX     (30 * INT64_C(86400000))

enum { NAME_BYTES = 1100 };

static void name_of(const char *path, int version, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%.1000s.version-%d", path, version);
}

enum old_copy_result old_copy_keep(struct database *database, const char *path, int version)
{
    char name[NAME_BYTES], unfinished[NAME_BYTES + 8], why[256];
    struct stat status;
    if (stat(path, &status) != 0)
        return OLD_COPY_FAILED;
    if (status.st_size > COPY_BYTES_MAX)
        return OLD_COPY_TOO_LARGE;
    if (reserve_free_bytes(path) < 3 * (int64_t)status.st_size)
        return OLD_COPY_NO_SPACE;
    name_of(path, version, name);
    snprintf(unfinished, sizeof unfinished, "%s.part", name);
    bool is_kept = backup_copy(database, unfinished, why, sizeof why) &&
                   backup_place(unfinished, name, why, sizeof why);
    return is_kept ? OLD_COPY_KEPT : OLD_COPY_FAILED;
}

int64_t old_copy_bytes(const char *path)
{
    char name[NAME_BYTES];
    struct stat status;
    int64_t bytes = 0;
    for (int version = 1; version < schema_version(); version++) {
        name_of(path, version, name);
        bytes += stat(name, &status) == 0 ? (int64_t)status.st_size : 0;
    }
    return bytes;
}

static void remove_all(const char *path)
{
    char name[NAME_BYTES];
    for (int version = 1; version < schema_version(); version++) {
        name_of(path, version, name);
        unlink(name);
    }
}

/* Counted from when it is first seen: that no clock has to be asked. A negative time: there is none. */
bool old_copy_age(struct database *database, const char *path, int64_t elapsed_ms)
{
    int64_t seen_ms;
    if (!database_meta(database, "old_copy_seen_ms", -1, &seen_ms))
        return false;
    bool is_there = old_copy_bytes(path) > 0;
    if (is_there && seen_ms >= 0 && elapsed_ms - seen_ms > AGE_MS_MAX) {
        remove_all(path);
        is_there = false;
    }
    if (is_there == (seen_ms >= 0))
        return true;
    if (!database_begin(database))
        return false;
    if (database_set_meta(database, "old_copy_seen_ms", is_there ? elapsed_ms : -1) &&
        database_commit(database))
        return true;
    database_rollback(database);
    return false;
}

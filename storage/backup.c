#include "storage/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/files/folder.h"

#define PATH_BYTES   1200
#define STEP_PAGES   256 /* 1 MiB: what a step holds a lock for where there is no WAL */
#define RESTARTS_MAX 20  /* where there is no WAL, writes make the copy begin again */
#define PAUSE_MS     2
#define BUSY_MAX     500 /* steps in a row that found the database locked, each after busy_ms */

static bool say(char *why, size_t why_size, const char *what, const char *reason)
{
    snprintf(why, why_size, "%s: %.80s.", what, reason);
    return false;
}

static bool make_empty_file(const char *path, char *why, size_t why_size)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return say(why, why_size, "The file cannot be replaced", strerror(errno));
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return say(why, why_size, "The file cannot be made", strerror(errno));
    close(fd);
    return true;
}

/* With a WAL one snapshot serves all steps. Without, locks are let go between them, and a write
 * makes the copy begin again; after too many of those the rest is copied in one go. */
static int copy_pages(struct database *source, sqlite3 *target)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", source->handle, "main");
    if (!backup)
        return sqlite3_extended_errcode(target);
    int restarts = 0, left = 0, busy = 0, code;
    do {
        if (source->is_stopping && atomic_load(source->is_stopping)) {
            code = SQLITE_INTERRUPT;
            break;
        }
        code = sqlite3_backup_step(backup, restarts < RESTARTS_MAX ? STEP_PAGES : -1);
        restarts += left != 0 && sqlite3_backup_remaining(backup) >= left;
        left = sqlite3_backup_remaining(backup);
        busy = code == SQLITE_OK ? 0 : busy + 1;
        if (busy || restarts)
            sqlite3_sleep(PAUSE_MS);
    } while (code == SQLITE_OK ||
             ((code == SQLITE_BUSY || code == SQLITE_LOCKED) && busy < BUSY_MAX));
    sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static bool is_wal(struct database *database)
{
    char mode[16] = "";
    sqlite3_stmt *statement = database_prepare(database, "PRAGMA journal_mode");
    if (database_step(database, statement) == STEP_ROW)
        snprintf(mode, sizeof mode, "%s", column_text(statement, 0));
    database_reset(statement);
    return strcmp(mode, "wal") == 0;
}

static int copy_snapshot(struct database *source, sqlite3 *target)
{
    bool holds = is_wal(source) && database_execute(source, "BEGIN") &&
                 database_ask(source, "SELECT count(*) FROM sqlite_schema", -1) >= 0;
    int code = copy_pages(source, target);
    if (holds)
        database_rollback(source); /* nothing was written: this only ends the snapshot */
    return code;
}

bool backup_is_whole(struct database *copy)
{
    char answer[64] = "";
    sqlite3_stmt *check = database_prepare(copy, "PRAGMA quick_check(1)");
    if (database_step(copy, check) == STEP_ROW)
        snprintf(answer, sizeof answer, "%s", column_text(check, 0));
    database_reset(check);
    return strcmp(answer, "ok") == 0 ||
           (copy->code ? false : database_failed(copy, SQLITE_CORRUPT));
}

bool backup_copy(struct database *source, const char *path, char *why, size_t why_size)
{
    struct database copy = {.handle = NULL};
    if (!make_empty_file(path, why, why_size))
        return false;
    struct database_options options = {.path = path, .cache_bytes = 1 << 20, .busy_ms = 1000};
    bool ok = database_open(&copy, &options) &&
              database_execute(&copy, "PRAGMA synchronous=OFF"); /* synced once, at the end */
    if (ok) {
        int code = copy_snapshot(source, copy.handle);
        ok = code == SQLITE_OK || database_failed(&copy, code);
    }
    ok = ok && database_execute(&copy, "PRAGMA journal_mode=DELETE") && backup_is_whole(&copy);
    if (!ok) {
        say(why, why_size, "The copy failed", copy.why);
        unlink(path);
    }
    database_close(&copy);
    return ok;
}

int backup_copy_nameless(struct database *source, const char *path, char *why, size_t why_size)
{
    if (!backup_copy(source, path, why, why_size))
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        say(why, why_size, "The copy cannot be read", strerror(errno));
    unlink(path);
    return fd;
}

static bool sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_synced;
}

/* A name that is not on the disk is taken back: it was not put in place. */
bool backup_place(const char *from, const char *to, char *why, size_t why_size)
{
    if (sync_file(from) && rename(from, to) == 0) {
        if (folder_sync_around(to))
            return true;
        int error = errno;
        (void)rename(to, from);
        errno = error;
    }
    return say(why, why_size, "The file cannot be put in place", strerror(errno));
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

bool backup_is_own(struct database *database, const char *path)
{
    static const char *const ends[] = {"", "-wal", "-journal", "-lock", "-reserve"};
    const char *own = sqlite3_db_filename(database->handle, "main");
    bool is_own = false;
    for (size_t i = 0; own && i < sizeof ends / sizeof *ends; i++) {
        char name[PATH_BYTES];
        snprintf(name, sizeof name, "%s%s", own, ends[i]);
        is_own = is_own || is_same_file(path, name);
    }
    return is_own;
}

static bool may_write(struct database *database, struct job *job)
{
    const char *path = job->backup.path;
    struct stat status;
    if (!path || path[0] != '/' || strlen(path) > PATH_BYTES - 20)
        return say(job->why, sizeof job->why, "The path is refused", "it must be absolute");
    if (backup_is_own(database, path))
        return say(job->why, sizeof job->why, "The path is refused", "it is the database itself");
    if (stat(path, &status) != 0)
        return true;
    if (!S_ISREG(status.st_mode))
        return say(job->why, sizeof job->why, "The path is refused", "it is no plain file");
    return job->backup.overwrite ||
           say(job->why, sizeof job->why, "The path is refused", "there is a file already");
}

void backup_run(struct database *database, struct job *job)
{
    struct job_backup *backup = &job->backup;
    char partial[PATH_BYTES];
    struct stat status;
    job->result = JOB_REFUSED;
    if (!may_write(database, job))
        return;
    snprintf(partial, sizeof partial, "%s.partial", backup->path);
    if (!backup_copy(database, partial, job->why, sizeof job->why))
        return;
    if (!backup_place(partial, backup->path, job->why, sizeof job->why)) {
        unlink(partial);
        return;
    }
    sqlite3_stmt *files = database_prepare(database, "SELECT count(DISTINCT hash) FROM files");
    if (!database_number(database, files, 0, &backup->files))
        backup->files = 0;
    job->result = JOB_DONE;
    backup->bytes = stat(backup->path, &status) == 0 ? (int64_t)status.st_size : 0;
}

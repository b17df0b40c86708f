/* A restore is done in two halves: while the gateway runs the backup is checked and laid beside the
 * database; the next start puts it in place before anything is open. */
#include "storage/backup.h"
#include "storage/clock.h"
#include "storage/damage.h"
#include "storage/files/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/schema.h"

#define PATH_BYTES 1200

static bool say(char *why, size_t why_size, const char *what, const char *reason)
{
    snprintf(why, why_size, "%s: %.80s.", what, reason);
    return false;
}

static bool refuse_in(char *why, size_t why_size, const char *reason)
{
    return say(why, why_size, "The backup is refused", reason);
}

static bool refuse_backup(struct job *job, const char *reason)
{
    return refuse_in(job->why, sizeof job->why, reason);
}

static bool is_ours(struct database *backup, char *why, size_t why_size)
{
    enum schema_origin origin = schema_origin(backup);
    if (origin == SCHEMA_OURS)
        return true;
    return refuse_in(why, why_size, origin == SCHEMA_OURS_NEWER ? "a newer hearth made it"
                                                                : "it is no database of hearth");
}

bool restore_may_replace(struct database *database, bool overwrite, char *why, size_t why_size)
{
    return overwrite || database_ask(database, "SELECT EXISTS(SELECT 1 FROM messages)", 1) == 0 ||
           refuse_in(why, why_size, "the database has messages already; --force (overwrite) replaces them");
}

static bool may_replace(struct database *database, struct job *job)
{
    struct stat status;
    const char *path = job->backup.path;
    if (!path || path[0] != '/' || strlen(path) > PATH_BYTES - 20)
        return refuse_backup(job, "its path must be absolute");
    if (stat(path, &status) != 0)
        return refuse_backup(job, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse_backup(job, "it is no plain file");
    if (backup_is_own(database, path))
        return refuse_backup(job, "it is the database itself");
    if (bundle_has_files(path))
        return refuse_backup(job, "it holds files, which would stay behind; hearthctl restore brings them along");
    return restore_may_replace(database, job->backup.overwrite, job->why, sizeof job->why);
}

/* What was said since the backup is gone, and its seqs will be given again: with new log ids,
 * clients that remember it start afresh. The ceiling was chosen for the disk of whichever board made it: it is
 * chosen anew for this one. */
static bool make_ours(const char *path, char *why, size_t why_size)
{
    struct database copy = {.handle = NULL};
    struct database_options options = {.path = path, .full = true, .cache_bytes = 1 << 20};
    bool ok = database_open(&copy, &options) && database_begin(&copy) &&
              database_execute(&copy, "UPDATE rooms SET log_id=lower(hex(randomblob(8)));"
                                      "DELETE FROM meta WHERE name='max_bytes'") &&
              database_commit(&copy);
    if (!ok)
        refuse_in(why, why_size, copy.why);
    database_close(&copy);
    return ok;
}

/* As a copy that backup_copy makes is: whole, and without a WAL. */
static bool check_upload(const char *upload, char *why, size_t why_size)
{
    struct database backup = {.handle = NULL};
    struct database_options options = {.path = upload, .cache_bytes = 1 << 20, .busy_ms = 1000};
    bool ok = database_open(&backup, &options);
    if (!ok)
        refuse_in(why, why_size, (backup.code & 0xff) == SQLITE_NOTADB
                                     ? "it is no database of hearth" : backup.why);
    ok = ok && is_ours(&backup, why, why_size);
    if (ok && !backup_is_whole(&backup))
        ok = refuse_in(why, why_size, backup.why);
    if (ok && !database_execute(&backup, "PRAGMA journal_mode=DELETE"))
        ok = refuse_in(why, why_size, backup.why);
    database_close(&backup);
    return ok;
}

bool restore_stage_upload(const char *upload, const char *path, char *why, size_t why_size)
{
    char staged[PATH_BYTES];
    snprintf(staged, sizeof staged, "%.1100s.restore", path);
    if (check_upload(upload, why, why_size) && make_ours(upload, why, why_size) &&
        backup_place(upload, staged, why, why_size))
        return true;
    unlink(upload);
    return false;
}

static bool stage(struct database *backup, const char *path, struct job *job)
{
    char partial[PATH_BYTES], staged[PATH_BYTES];
    snprintf(partial, sizeof partial, "%s.restore.partial", path);
    snprintf(staged, sizeof staged, "%s.restore", path);
    if (!backup_copy(backup, partial, job->why, sizeof job->why))
        return false;
    if (make_ours(partial, job->why, sizeof job->why) &&
        backup_place(partial, staged, job->why, sizeof job->why))
        return true;
    unlink(partial);
    return false;
}

/* Read-write, because what is a raw copy of a database may come with a WAL to be looked through;
 * query_only keeps it as it is. */
void restore_run(struct database *database, const char *path, struct job *job)
{
    struct database backup = {.handle = NULL};
    struct stat status;
    job->result = JOB_REFUSED;
    if (!may_replace(database, job))
        return;
    struct database_options options = {
        .path = job->backup.path, .read_only = true, .cache_bytes = 1 << 20, .busy_ms = 1000};
    if (!database_open(&backup, &options))
        refuse_backup(job, backup.why);
    else if (is_ours(&backup, job->why, sizeof job->why) && stage(&backup, path, job))
        job->result = JOB_DONE;
    database_close(&backup);
    if (job->result == JOB_DONE && stat(job->backup.path, &status) == 0)
        job->backup.bytes = (int64_t)status.st_size;
}

static bool move_part(const char *path, const char *aside, const char *end)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    snprintf(from, sizeof from, "%s%s", path, end);
    snprintf(to, sizeof to, "%s%s", aside, end);
    return rename(from, to) == 0 || errno == ENOENT;
}

/* The WAL goes first: left behind, it would be taken for that of the new file. */
static bool set_aside(const char *path)
{
    char aside[PATH_BYTES], date[CLOCK_DATE_BYTES];
    clock_date(date);
    snprintf(aside, sizeof aside, "%.1100s.replaced-%s", path, date);
    for (int i = 2; access(aside, F_OK) == 0 && i < 100; i++)
        snprintf(aside, sizeof aside, "%.1100s.replaced-%s-%d", path, date, i);
    return move_part(path, aside, "-wal") && move_part(path, aside, "-journal") &&
           move_part(path, aside, "-shm") && move_part(path, aside, "");
}

/* What a crash left of a stream in either direction. */
static void remove_partial(const char *path)
{
    static const char *const ends[] = {".backup.partial", ".backup.partial-journal",
                                       ".restore.partial", ".restore.partial-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[PATH_BYTES];
        snprintf(name, sizeof name, "%.1100s%s", path, ends[i]);
        (void)unlink(name);
    }
}

bool restore_take(const char *path, char *why, size_t why_size)
{
    char staged[PATH_BYTES], date[CLOCK_DATE_BYTES];
    snprintf(staged, sizeof staged, "%.1100s.restore", path);
    remove_partial(path);
    bool is_restored = access(staged, F_OK) == 0;
    clock_date(date);
    if (!bundle_adopt(path, is_restored, date))
        return say(why, why_size, "The files of the backup cannot be put in place", strerror(errno));
    if (!is_restored)
        return true;
    if (!set_aside(path))
        return say(why, why_size, "The database cannot be set aside for the backup",
                   strerror(errno));
    if (!backup_place(staged, path, why, why_size))
        return false;
    damage_forget(path); /* of what has just been set aside */
    return true;
}

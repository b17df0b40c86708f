#include "storage/start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/ceiling.h"
#include "storage/check.h"
#include "storage/cursors.h"
#include "storage/damage.h"
#include "storage/invite_links.h"
#include "storage/old_copy.h"
#include "storage/pages.h"
#include "storage/password.h"
#include "storage/recovery.h"
#include "storage/reserve.h"
#include "storage/rooms.h"
#include "storage/schema.h"
#include "storage/search/search.h"
#include "storage/tokens.h"

/* The ways to write, the best first. unix-excl keeps a WAL's index in memory of the process: no
 * file system has to share any. */
struct way {
    const char *name;
    const char *vfs;
    const char *mode; /* of the journal */
};
static const struct way ways[] = {
    {"wal", "unix-excl", "wal"},
    {"delete", "unix-excl", "delete"},
    {"delete+dotfile", "unix-dotfile", "delete"},
};
enum { WAY_DOTFILE = 2, WAY_COUNT = sizeof ways / sizeof *ways };

/* How an attempt to open ended. */
enum attempt {
    ATTEMPT_OPEN,
    ATTEMPT_UNUSABLE, /* this way does not work here: try the next */
    ATTEMPT_FULL,     /* no space: give up the reserve, try again */
    ATTEMPT_IN_USE,   /* somebody else has the database */
    ATTEMPT_DAMAGED,
    ATTEMPT_NEWER,
    ATTEMPT_FOREIGN /* a database of another program */
};

static bool say(char *why, size_t why_size, const char *format, const char *path, const char *what)
{
    snprintf(why, why_size, format, path, what);
    return false;
}

static bool make_folder(const char *path, char *why, size_t why_size)
{
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", path);
    const char *folder = dirname(copy);
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return true;
    return say(why, why_size, "The folder of the database, %s, cannot be made: %s.", folder,
               strerror(errno));
}

static enum attempt judge(const struct database *database)
{
    switch (database->code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ATTEMPT_DAMAGED;
    case SQLITE_FULL:
        return ATTEMPT_FULL;
    case SQLITE_BUSY:
        return ATTEMPT_IN_USE;
    default:
        return ATTEMPT_UNUSABLE;
    }
}

/* A file in WAL mode can be opened where shared memory does not work only with exclusive locking
 * (database_options), and has to be before it can change to another mode. */
static bool set_journal(struct database *database, const struct way *way)
{
    char sql[64], mode[16] = "";
    sqlite3_stmt *statement = NULL;
    bool is_wal = strcmp(way->mode, "wal") == 0;
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", way->mode);
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        snprintf(mode, sizeof mode, "%s", column_text(statement, 0));
    sqlite3_finalize(statement);
    if (strcmp(mode, way->mode) != 0)
        return database_failed(database, code == SQLITE_ROW ? SQLITE_PROTOCOL : code);
    return is_wal || (database_execute(database, "PRAGMA locking_mode=NORMAL") &&
                      database_ask(database, "SELECT count(*) FROM sqlite_schema", -1) >= 0);
}

/* Some flash file systems take the mode and fail at the first write or lock: so a real write, and a
 * second connection that reads. The write changes nothing. */
static bool try_write(struct database *database, const struct database_options *options)
{
    char sql[64];
    int64_t version = database_ask(database, "PRAGMA user_version", -1);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%" PRId64, version);
    if (version < 0 || !database_begin(database))
        return false;
    if (!database_execute(database, sql)) {
        database_rollback(database);
        return false;
    }
    if (!database_commit(database))
        return false;
    struct database second;
    struct database_options how = *options;
    how.exclusive = false;
    bool ok = database_open(&second, &how) &&
              (database_ask(&second, "SELECT count(*) FROM sqlite_schema", -1) >= 0);
    if (!ok)
        database_failed(database, second.code ? second.code : SQLITE_PROTOCOL);
    database_close(&second);
    return ok;
}

static enum attempt try_way(struct start *start, const struct store_options *options,
                            const struct way *way)
{
    struct database *database = &start->database;
    start->disk = disk_open(way->vfs);
    if (!start->disk)
        return ATTEMPT_UNUSABLE;
    struct database_options how = {.path = options->path,
                                   .vfs = disk_vfs(start->disk),
                                   .exclusive = strcmp(way->mode, "wal") != 0,
                                   .full = true,
                                   .cache_bytes = options->cache_bytes,
                                   .busy_ms = START_BUSY_MS};
    char layout[80];
    snprintf(layout, sizeof layout, "PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL",
             DATABASE_PAGE_BYTES);
    bool ok = database_open(database, &how);
    enum schema_origin origin = ok ? schema_origin(database) : SCHEMA_UNKNOWN;
    ok = ok && (origin == SCHEMA_EMPTY || origin == SCHEMA_OURS) &&
         database_execute(database, layout) && set_journal(database, way) &&
         try_write(database, &how);
    if (ok)
        return ATTEMPT_OPEN;
    enum attempt attempt = origin == SCHEMA_OURS_NEWER ? ATTEMPT_NEWER
                           : origin == SCHEMA_FOREIGN  ? ATTEMPT_FOREIGN
                           : origin == SCHEMA_DAMAGED  ? ATTEMPT_DAMAGED
                                                       : judge(database);
    database_close(database);
    disk_close(start->disk);
    start->disk = NULL;
    return attempt;
}

static bool give_up_reserve(struct start *start, const struct store_options *options)
{
    bool there_was = reserve_give_up(options->path);
    start->used_reserve = start->used_reserve || there_was;
    return there_was;
}

static enum attempt try_ways(struct start *start, const struct store_options *options)
{
    enum attempt attempt = ATTEMPT_UNUSABLE;
    for (int i = start->lock.is_missing ? WAY_DOTFILE : 0;
         i < WAY_COUNT && attempt == ATTEMPT_UNUSABLE; i++) {
        attempt = try_way(start, options, &ways[i]);
        if (attempt == ATTEMPT_FULL && give_up_reserve(start, options))
            attempt = try_way(start, options, &ways[i]);
        if (attempt == ATTEMPT_OPEN) {
            start->is_wal = i == 0;
            snprintf(start->found.journal_mode, sizeof start->found.journal_mode, "%s",
                     ways[i].name);
        }
    }
    return attempt;
}

/* Measured at the first start, and the same from then on. */
static bool take_rounds(struct database *database, int64_t *rounds)
{
    *rounds = 0;
    if (password_has_argon2())
        return true;
    if (!database_meta(database, "password_rounds", 0, rounds))
        return false;
    if (*rounds)
        return true;
    *rounds = password_calibrate();
    return database_set_meta(database, "password_rounds", *rounds);
}

/* The schema, the mark of a stop that has not been clean, and what the loop needs to know. */
static enum attempt begin_service(struct start *start, const char *path, char *why, size_t why_size)
{
    struct database *database = &start->database;
    int64_t clean = 1;
    int version = (int)database_ask(database, "PRAGMA user_version", 0);
    if (version > 0 && version < schema_version() && !start->found.damaged[0])
        start->found.old_copy = old_copy_keep(database, path, version);
    enum schema_result schema = schema_migrate(database);
    if (schema == SCHEMA_NEWER)
        return ATTEMPT_NEWER;
    if (schema == SCHEMA_READY && !schema_is_whole(database))
        return ATTEMPT_DAMAGED;
    if (schema == SCHEMA_READY && database_meta(database, "clean", 1, &clean) &&
        database_begin(database)) {
        start->found.clean = clean != 0 && !start->found.damaged[0];
        if ((clean || rooms_skip_ahead(database)) && database_set_meta(database, "clean", 0) &&
            ceiling_take(database, path, &start->found.max_bytes) &&
            take_rounds(database, &start->found.password_rounds) && database_commit(database) &&
            rooms_load(database, &start->found) &&
            recovery_mark_rooms(database, &start->found) &&
            tokens_load(database, &start->found) && cursors_load(database, &start->found) &&
            invite_links_load(database, &start->found))
            return ATTEMPT_OPEN;
        database_rollback(database);
    }
    snprintf(why, why_size, "The database cannot be written: %s.", database->why);
    /* A step that does not fit what is there: the version is wrong, or the tables are. */
    return schema == SCHEMA_FAILED && database->failure == FAILURE_OTHER ? ATTEMPT_DAMAGED
                                                                         : judge(database);
}

static bool is_unclean(struct database *database)
{
    return database_ask(database, "SELECT value FROM meta WHERE name='clean'", 1) == 0;
}

/* After a clean stop too, what lies there may have been damaged: but that can wait until the gateway
 * serves. */
static bool is_damaged(struct start *start)
{
    if (start->found.created)
        return false;
    start->check_goes_on = true;
    if (!is_unclean(&start->database))
        return false;
    enum check_result result = check_run(&start->database, START_CHECK_MS);
    start->check_goes_on = result == CHECK_UNFINISHED;
    if (result == CHECK_INDEX_DAMAGED)
        return !search_rebuild(&start->database);
    return result == CHECK_DAMAGED;
}

/* Of a file that SQLite has not opened yet. A journal may be about to restore it. */
static bool is_header_damaged(const struct lock *lock, const char *path)
{
    uint8_t header[DAMAGE_HEADER_BYTES];
    char journal[1100];
    snprintf(journal, sizeof journal, "%s-journal", path);
    return lock->database_fd >= 0 && access(journal, F_OK) != 0 &&
           pread(lock->database_fd, header, sizeof header, 0) == (ssize_t)sizeof header &&
           damage_in_header(header);
}

/* Everybody else is kept out before SQLite opens the file, and until it has closed it. */
static enum attempt lock_file(struct start *start, const struct store_options *options, char *why,
                              size_t why_size)
{
    enum lock_result result =
        lock_database(&start->lock, options->path, START_BUSY_MS, why, why_size);
    if (result == LOCK_NO_SPACE && give_up_reserve(start, options))
        result = lock_database(&start->lock, options->path, START_BUSY_MS, why, why_size);
    return result == LOCK_TAKEN ? ATTEMPT_OPEN : ATTEMPT_IN_USE;
}

static bool take_lock(struct start *start, const struct store_options *options, char *why,
                      size_t why_size)
{
    enum lock_result result = lock_take(&start->lock, options->path, why, why_size);
    if (result == LOCK_NO_SPACE && give_up_reserve(start, options))
        result = lock_take(&start->lock, options->path, why, why_size);
    return result == LOCK_TAKEN;
}

/* What another program, or an older hearth, has left: nobody can be using it. */
static void forget_shared_memory(const char *path)
{
    char name[1100];
    snprintf(name, sizeof name, "%s-shm", path);
    unlink(name);
}

/* What was set aside comes before everything else that is written. */
static enum attempt put_into_service(struct start *start, const struct store_options *options,
                                     char *why, size_t why_size)
{
    const char *damaged = start->found.damaged;
    if (!damaged[0] || recovery_begin(&start->database, damaged, options->on_progress))
        return begin_service(start, options->path, why, why_size);
    snprintf(why, why_size, "What was damaged and is in %.150s cannot be recovered yet: %s.", damaged,
             start->database.why);
    return judge(&start->database);
}

/* One go from the closed file to a database in service. */
static enum attempt bring_up(struct start *start, const struct store_options *options, char *why,
                             size_t why_size)
{
    start->used_reserve = reserve_give_up_if_full(options->path) || start->used_reserve;
    enum attempt attempt = lock_file(start, options, why, why_size);
    if (attempt != ATTEMPT_OPEN)
        return attempt;
    attempt = is_header_damaged(&start->lock, options->path) ? ATTEMPT_DAMAGED : try_ways(start, options);
    if (attempt == ATTEMPT_IN_USE) {
        lock_tell_holder(&start->lock, options->path, why, why_size);
    } else if (attempt != ATTEMPT_OPEN) {
        snprintf(why, why_size, "The database %s cannot be opened: %s.", options->path,
                 start->database.why);
    }
    if (attempt != ATTEMPT_OPEN) {
        lock_release_database(&start->lock);
        return attempt;
    }
    forget_shared_memory(options->path);
    start->found.created = database_ask(&start->database, "PRAGMA user_version", 0) == 0;
    if (!start->found.damaged[0] && is_damaged(start))
        attempt = ATTEMPT_DAMAGED;
    else
        attempt = put_into_service(start, options, why, why_size);
    if (attempt == ATTEMPT_FULL && give_up_reserve(start, options)) {
        start_forget(&start->found);
        attempt = put_into_service(start, options, why, why_size);
    }
    if (attempt != ATTEMPT_OPEN) {
        start_forget(&start->found);
        database_close(&start->database);
        disk_close(start->disk);
        start->disk = NULL;
        lock_release_database(&start->lock);
    }
    return attempt;
}

void start_forget(struct store_start *found)
{
    free(found->rooms);
    free(found->holds);
    free(found->tokens);
    free(found->cursors);
    free(found->sanctions);
    free(found->invite_links);
    found->rooms = NULL;
    found->holds = NULL;
    found->tokens = NULL;
    found->cursors = NULL;
    found->sanctions = NULL;
    found->invite_links = NULL;
    found->room_count = found->hold_count = found->token_count = found->cursor_count = 0;
    found->sanction_count = found->invite_link_count = 0;
}

/* Each transaction is on the disk before the next is written: so of those behind a torn frame a power cut
 * explains one, that of the frame itself; two say that the frame was damaged later, and SQLite would
 * drop them all. No SQLite has the file open: closing it here takes no lock away. */
static bool is_wal_damaged(const struct store_options *options)
{
    struct pages pages;
    if (!options->power_loss || !pages_open(&pages, options->path))
        return false;
    bool is_damaged = pages.cut_off >= 2;
    pages_close(&pages);
    return is_damaged;
}

static bool recall(const struct store_options *options, struct damage *damage)
{
    const char *path = options->path;
    return damage_recall(path, damage) ||
           ((damage_is_orphan(path) || is_wal_damaged(options)) && damage_remember(path) &&
            damage_recall(path, damage));
}

/* A chat that refuses to start is worse than one without its past: what is damaged is set aside,
 * and what can be read of it goes into a new database. */
static enum attempt start_anew(struct start *start, const struct store_options *options, char *why,
                               size_t why_size)
{
    struct damage damage;
    bool is_known = damage_remember(options->path) && damage_recall(options->path, &damage);
    if (!is_known || !damage_set_aside(options->path, &damage)) {
        snprintf(why, why_size, "The damaged database %s cannot be set aside: %s.", options->path,
                 strerror(errno));
        return ATTEMPT_UNUSABLE;
    }
    snprintf(start->found.damaged, sizeof start->found.damaged, "%s", damage.aside);
    enum attempt attempt = bring_up(start, options, why, why_size);
    if (attempt == ATTEMPT_OPEN)
        damage_forget(options->path);
    return attempt;
}

bool start_open(struct start *start, const struct store_options *options, char *why,
                size_t why_size)
{
    *start = (struct start){.is_wal = false};
    lock_init(&start->lock);
    if (!make_folder(options->path, why, why_size) || !take_lock(start, options, why, why_size))
        return false;
    enum attempt attempt = ATTEMPT_UNUSABLE;
    struct damage damage;
    if (restore_take(options->path, why, why_size)) {
        attempt = recall(options, &damage) ? ATTEMPT_DAMAGED
                                                 : bring_up(start, options, why, why_size);
        if (attempt == ATTEMPT_DAMAGED)
            attempt = start_anew(start, options, why, why_size);
    }
    if (attempt == ATTEMPT_NEWER)
        say(why, why_size, "The database %s was made by a newer hearth; it has not been touched%s.",
            options->path, "");
    if (attempt == ATTEMPT_FOREIGN)
        say(why, why_size, "%s is a database of another program; storage.path must name"
            " another file%s.", options->path, "");
    if (attempt == ATTEMPT_OPEN) {
        if (start->used_reserve)
            reserve_keep_rest(options->path, options->reserve_bytes);
        else
            reserve_make(options->path, options->reserve_bytes);
        return true;
    }
    start_close(start);
    return false;
}

void start_close(struct start *start)
{
    database_close(&start->database);
    disk_close(start->disk);
    start->disk = NULL;
    start_forget(&start->found);
    lock_release(&start->lock);
}

bool start_mark_clean(struct database *database)
{
    return database_execute(database, "PRAGMA synchronous=EXTRA") && database_begin(database) &&
           database_set_meta(database, "clean", 1) && database_commit(database);
}

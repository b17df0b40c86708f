#include "storage/database.h"

#include <stdio.h>
#include <string.h>

static enum failure failure_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return FAILURE_STORAGE;
    default:
        return FAILURE_OTHER;
    }
}

bool database_failed(struct database *database, int code)
{
    database->failure = failure_of(code);
    database->code = code;
    const char *sentence = database->handle && sqlite3_extended_errcode(database->handle) == code
                               ? sqlite3_errmsg(database->handle)
                               : sqlite3_errstr(code);
    snprintf(database->why, sizeof database->why, "%s (SQLite %d)", sentence, code);
    return false;
}

void database_forget_failure(struct database *database)
{
    database->failure = FAILURE_NONE;
    database->code = SQLITE_OK;
    database->why[0] = '\0';
}

bool database_is_corrupt(const struct database *database)
{
    int code = database->code & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static bool set_pragmas(struct database *database, const struct database_options *options)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "%sPRAGMA synchronous=%s; PRAGMA cache_size=-%lld; PRAGMA mmap_size=0;"
             "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;"
             "PRAGMA cell_size_check=ON; PRAGMA secure_delete=ON; PRAGMA query_only=%s",
             options->exclusive ? "PRAGMA locking_mode=EXCLUSIVE;" : "",
             options->full ? "EXTRA" : "NORMAL", (long long)(options->cache_bytes / 1024),
             options->read_only ? "ON" : "OFF");
    return database_execute(database, sql);
}

bool database_open(struct database *database, const struct database_options *options)
{
    memset(database, 0, sizeof *database);
    /* A reader opens for writing too: a WAL's index may need recovery; query_only keeps it honest.
     */
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(options->path, &database->handle, flags, options->vfs);
    if (code == SQLITE_OK) {
        sqlite3_extended_result_codes(database->handle, 1);
        sqlite3_busy_timeout(database->handle, options->busy_ms);
        if (set_pragmas(database, options))
            return true;
    } else {
        database_failed(database, code);
    }
    sqlite3_close(database->handle);
    database->handle = NULL;
    return false;
}

void database_close(struct database *database)
{
    for (size_t i = 0; i < DATABASE_STATEMENTS_MAX; i++) {
        sqlite3_finalize(database->statements[i].handle);
        database->statements[i] = (struct database_statement){NULL, NULL};
    }
    sqlite3_close(database->handle);
    database->handle = NULL;
}

/* Constants are told apart by address: cheaper than comparing SQL, and two places that happen to
 * share one text may share one statement. */
static struct database_statement *slot_of(struct database *database, const char *sql)
{
    size_t mask = DATABASE_STATEMENTS_MAX - 1;
    size_t at = ((uintptr_t)sql >> 3) * (size_t)2654435761u & mask;
    for (size_t i = 0; i <= mask; i++, at = (at + 1) & mask)
        if (!database->statements[at].sql || database->statements[at].sql == sql)
            return &database->statements[at];
    return NULL;
}

sqlite3_stmt *database_prepare(struct database *database, const char *sql)
{
    struct database_statement *slot = slot_of(database, sql);
    if (!slot) {
        database_failed(database, SQLITE_MISUSE);
        return NULL;
    }
    if (slot->handle) {
        sqlite3_reset(slot->handle);
        sqlite3_clear_bindings(slot->handle);
        return slot->handle;
    }
    int code = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &slot->handle, NULL);
    if (code != SQLITE_OK) {
        database_failed(database, code);
        return NULL;
    }
    slot->sql = sql;
    return slot->handle;
}

enum step database_step(struct database *database, sqlite3_stmt *statement)
{
    if (!statement)
        return STEP_FAILED; /* database_prepare has said why */
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return STEP_ROW;
    if (code != SQLITE_DONE)
        database_failed(database, code);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? STEP_DONE : STEP_FAILED;
}

void database_reset(sqlite3_stmt *statement)
{
    if (statement)
        sqlite3_reset(statement);
}

bool database_run(struct database *database, sqlite3_stmt *statement)
{
    enum step step;
    do {
        step = database_step(database, statement);
    } while (step == STEP_ROW);
    return step == STEP_DONE;
}

bool database_execute(struct database *database, const char *sql)
{
    int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || database_failed(database, code);
}

bool database_number(struct database *database, sqlite3_stmt *statement, int64_t absent,
                     int64_t *number)
{
    *number = absent;
    enum step step = database_step(database, statement);
    if (step == STEP_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *number = sqlite3_column_int64(statement, 0);
    if (step == STEP_ROW)
        sqlite3_reset(statement);
    return step != STEP_FAILED;
}

int64_t database_ask(struct database *database, const char *sql, int64_t absent)
{
    int64_t number = absent;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        database_failed(database, code);
    else
        database_number(database, statement, absent, &number);
    sqlite3_finalize(statement);
    return number;
}

bool database_begin(struct database *database)
{
    return database_run(database, database_prepare(database, "BEGIN IMMEDIATE"));
}

bool database_commit(struct database *database)
{
    if (database_run(database, database_prepare(database, "COMMIT")))
        return true;
    database_rollback(database);
    return false;
}

/* A statement that is still open would keep the connection in its failed state. */
void database_rollback(struct database *database)
{
    for (size_t i = 0; i < DATABASE_STATEMENTS_MAX; i++)
        database_reset(database->statements[i].handle);
    if (!sqlite3_get_autocommit(database->handle))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool database_meta(struct database *database, const char *name, int64_t absent, int64_t *number)
{
    sqlite3_stmt *statement = database_prepare(database, "SELECT value FROM meta WHERE name=?1");
    bind_text(statement, 1, name);
    return database_number(database, statement, absent, number);
}

bool database_set_meta(struct database *database, const char *name, int64_t number)
{
    sqlite3_stmt *statement =
        database_prepare(database, "INSERT INTO meta(name,value) VALUES(?1,?2)"
                                   " ON CONFLICT(name) DO UPDATE SET value=excluded.value");
    bind_text(statement, 1, name);
    sqlite3_bind_int64(statement, 2, number);
    return database_run(database, statement);
}

void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

const char *column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}

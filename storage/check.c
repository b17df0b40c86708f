#include "storage/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/clock.h"

enum { STEPS = 1000 /* of SQLite's machine between two looks at the clock */ };

struct deadline {
    int64_t ends_ms;
};

static int is_overdue(void *argument)
{
    const struct deadline *deadline = argument;
    return clock_monotonic_ms() > deadline->ends_ms;
}

static bool is_corrupt(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* A disk that fails proves nothing about what is on it. */
static enum check_result judge(const char *answer)
{
    const char *code = strstr(answer, "error code=");
    if (strcmp(answer, "ok") == 0)
        return CHECK_WHOLE;
    return !code || is_corrupt(atoi(code + strlen("error code="))) ? CHECK_DAMAGED
                                                                    : CHECK_UNFINISHED;
}

/* One check that answers "ok", or what is wrong. */
static enum check_result ask(struct database *database, const char *sql)
{
    char answer[200] = "";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        snprintf(answer, sizeof answer, "%s", column_text(statement, 0));
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        return judge(answer);
    return is_corrupt(code) ? CHECK_DAMAGED : CHECK_UNFINISHED;
}

/* Something is damaged: whether that is in any table besides those of the search index. */
static enum check_result check_tables(struct database *database)
{
    enum check_result result = CHECK_WHOLE;
    sqlite3_stmt *tables = NULL;
    int code = sqlite3_prepare_v2(database->handle,
                                  "SELECT name FROM sqlite_schema WHERE type='table'"
                                  " AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%'",
                                  -1, &tables, NULL);
    while (code == SQLITE_OK && result == CHECK_WHOLE &&
           (code = sqlite3_step(tables)) == SQLITE_ROW) {
        char sql[120];
        snprintf(sql, sizeof sql, "PRAGMA quick_check('%.60s')", column_text(tables, 0));
        result = ask(database, sql);
        code = SQLITE_OK;
    }
    sqlite3_finalize(tables);
    if (result == CHECK_WHOLE && code == SQLITE_DONE)
        return CHECK_INDEX_DAMAGED;
    return result == CHECK_UNFINISHED ? CHECK_UNFINISHED : CHECK_DAMAGED;
}

enum check_result check_run(struct database *database, int64_t limit_ms)
{
    struct deadline deadline = {clock_monotonic_ms() + limit_ms};
    if (limit_ms)
        sqlite3_progress_handler(database->handle, STEPS, is_overdue, &deadline);
    enum check_result result = ask(database, "PRAGMA quick_check(1)");
    if (result == CHECK_DAMAGED)
        result = check_tables(database);
    sqlite3_progress_handler(database->handle, 0, NULL, NULL);
    return result;
}

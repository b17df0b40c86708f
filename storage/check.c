#include "storage/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

enum check_result check_run(struct database *database, int64_t limit_ms)
{
    struct deadline deadline = {clock_monotonic_ms() + limit_ms};
    char answer[32] = "";
    sqlite3_stmt *statement = NULL;
    if (limit_ms)
        sqlite3_progress_handler(database->handle, STEPS, is_overdue, &deadline);
    int code = sqlite3_prepare_v2(database->handle, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        snprintf(answer, sizeof answer, "%s", column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_progress_handler(database->handle, 0, NULL, NULL);
    if (code == SQLITE_ROW)
        return strcmp(answer, "ok") == 0 ? CHECK_WHOLE : CHECK_DAMAGED;
    bool is_damaged = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
    return is_damaged ? CHECK_DAMAGED : CHECK_UNFINISHED;
}

static void mark_path(const char *path, char *out, size_t out_size)
{
    snprintf(out, out_size, "%s-damaged", path);
}

void check_remember_damage(const char *path)
{
    char name[1100];
    mark_path(path, name, sizeof name);
    int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}

bool check_recalls_damage(const char *path)
{
    char name[1100];
    mark_path(path, name, sizeof name);
    return access(name, F_OK) == 0;
}

void check_forget_damage(const char *path)
{
    char name[1100];
    mark_path(path, name, sizeof name);
    unlink(name);
}

#include "storage/names.h"

#include <stdio.h>
#include <string.h>

static bool ask(struct database *database, sqlite3_stmt *statement, bool *is_found)
{
    enum step step = database_step(database, statement);
    *is_found = step == STEP_ROW;
    if (step == STEP_ROW)
        database_reset(statement);
    return step != STEP_FAILED;
}

static bool is_called_so(struct database *database, const char *folded, int64_t user_id,
                         int64_t elapsed_ms, bool *is_taken)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT 1 FROM users WHERE folded=?1 AND id<>?2 UNION ALL"
                  " SELECT 1 FROM users WHERE held_folded=?1 AND held_until>?3 AND id<>?2");
    bind_text(statement, 1, folded);
    sqlite3_bind_int64(statement, 2, user_id);
    sqlite3_bind_int64(statement, 3, elapsed_ms);
    return ask(database, statement, is_taken);
}

static bool looks_so(struct database *database, const char *name, int64_t user_id, bool *is_taken)
{
    char skeleton[NAME_BYTES_MAX + 1];
    *is_taken = false;
    if (!name_skeleton(name, skeleton))
        return true;
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT 1 FROM users WHERE skeleton=?1 AND id<>?2");
    bind_text(statement, 1, skeleton);
    sqlite3_bind_int64(statement, 2, user_id);
    return ask(database, statement, is_taken);
}

bool names_taken(struct database *database, const char *name, const char *folded, int64_t user_id,
                 int64_t elapsed_ms, bool *is_taken)
{
    return is_called_so(database, folded, user_id, elapsed_ms, is_taken) &&
           (*is_taken || looks_so(database, name, user_id, is_taken));
}

bool names_release(struct database *database, const char *folded)
{
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET held_name=NULL, held_folded=NULL, held_until=0"
                                   " WHERE held_folded=?1");
    bind_text(statement, 1, folded);
    return database_run(database, statement);
}

bool names_note_skeleton(struct database *database, int64_t user_id, const char *name)
{
    char skeleton[NAME_BYTES_MAX + 1];
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET skeleton=?2 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    bind_text(statement, 2, name_skeleton(name, skeleton) ? skeleton : "");
    return database_run(database, statement);
}

/* --- renaming ----------------------------------------------------------------------------------- */

static enum step find_user(struct database *database, int64_t user_id, struct job_rename *rename,
                           char folded[NAME_BYTES_MAX + 1])
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT name, folded FROM users WHERE id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        text_clean(column_text(statement, 0), TEXT_LINE, rename->was, sizeof rename->was);
        snprintf(folded, NAME_BYTES_MAX + 1, "%s", column_text(statement, 1));
        database_reset(statement);
    }
    return step;
}

static bool change_name(struct database *database, const struct job_rename *rename)
{
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET name=?2, folded=?3 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, rename->user_id);
    bind_text(statement, 2, rename->name);
    bind_text(statement, 3, rename->folded);
    return database_run(database, statement) &&
           names_note_skeleton(database, rename->user_id, rename->name);
}

/* A name is held from when it is another's no more: it was nobody else's before. */
static bool hold(struct database *database, const struct job_rename *rename)
{
    sqlite3_stmt *statement = database_prepare(
        database, "UPDATE users SET held_name=?2, held_folded=?3, held_until=?4 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, rename->user_id);
    bind_text(statement, 2, rename->was);
    bind_text(statement, 3, rename->held_folded);
    sqlite3_bind_int64(statement, 4, rename->held_until);
    return database_run(database, statement);
}

static bool rename_to_free(struct database *database, struct job_rename *rename, const char *folded)
{
    bool is_other = strcmp(folded, rename->folded) != 0; /* not the same in other letters */
    if (!names_release(database, rename->folded) || !change_name(database, rename))
        return false;
    if (!is_other)
        return true;
    snprintf(rename->held_folded, sizeof rename->held_folded, "%s", folded);
    rename->held_until = rename->at.elapsed_ms + rename->hold_ms;
    return hold(database, rename);
}

bool names_rename(struct database *database, struct job *job)
{
    struct job_rename *rename = &job->rename;
    char folded[NAME_BYTES_MAX + 1];
    bool is_taken;
    rename->held_folded[0] = '\0';
    enum step step = find_user(database, rename->user_id, rename, folded);
    if (step == STEP_FAILED || !names_taken(database, rename->name, rename->folded, rename->user_id,
                                            rename->at.elapsed_ms, &is_taken))
        return false;
    if (step == STEP_DONE || is_taken) {
        job->result = is_taken ? JOB_NAME_TAKEN : JOB_USER_MISSING;
        return true;
    }
    return rename_to_free(database, rename, folded);
}

/* --- what names look like ----------------------------------------------------------------------- */

static enum step find_incomplete(struct database *database, int64_t *user_id,
                                 char name[NAME_BYTES_MAX + 1])
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id, name FROM users WHERE skeleton IS NULL LIMIT 1");
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        *user_id = sqlite3_column_int64(statement, 0);
        text_clean(column_text(statement, 1), TEXT_LINE, name, NAME_BYTES_MAX + 1);
        database_reset(statement);
    }
    return step;
}

void names_complete(struct database *database)
{
    int64_t user_id;
    char name[NAME_BYTES_MAX + 1];
    enum step step = find_incomplete(database, &user_id, name);
    if (step != STEP_ROW || !database_begin(database))
        return;
    while (step == STEP_ROW && names_note_skeleton(database, user_id, name))
        step = find_incomplete(database, &user_id, name);
    if (step != STEP_DONE || !database_commit(database))
        database_rollback(database);
}

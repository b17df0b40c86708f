#include "storage/users.h"

#include <stdio.h>
#include <string.h>

#include "storage/crypto.h"
#include "storage/blocks.h"
#include "storage/devices.h"
#include "storage/invite_links.h"
#include "storage/names.h"
#include "storage/lapse.h"
#include "storage/writer.h"
#include "storage/sanctions.h"

#define USER_COLUMNS "id, name, folded, account, role, admitted, spoke_ms"

static void copy_user(sqlite3_stmt *row, struct user_row *user)
{
    user->id = sqlite3_column_int64(row, 0);
    text_clean(column_text(row, 1), TEXT_LINE, user->name, sizeof user->name);
    snprintf(user->folded, sizeof user->folded, "%s", column_text(row, 2));
    user->account = sqlite3_column_int(row, 3) != 0;
    user->role = (enum role)sqlite3_column_int(row, 4);
    user->admitted = sqlite3_column_int(row, 5) != 0;
    user->spoke_ms = sqlite3_column_int64(row, 6);
}

static enum step read_user(struct database *database, sqlite3_stmt *statement,
                           struct user_row *user)
{
    enum step step = database_step(database, statement);
    if (step != STEP_ROW)
        return step;
    copy_user(statement, user);
    database_reset(statement);
    return STEP_ROW;
}

static enum step find_by_id(struct database *database, int64_t id, struct user_row *user)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT " USER_COLUMNS " FROM users WHERE id=?1");
    sqlite3_bind_int64(statement, 1, id);
    return read_user(database, statement, user);
}

bool users_read(struct database *database, int64_t id, struct user_row *user)
{
    *user = (struct user_row){.id = 0};
    return find_by_id(database, id, user) != STEP_FAILED;
}

static enum step find_by_key(struct database *database, struct job_login *login)
{
    int64_t user_id;
    enum step step = devices_find(database, login->device.key_hash, &login->device.id, &user_id);
    return step == STEP_ROW ? find_by_id(database, user_id, &login->user) : step;
}

static enum step find_by_name(struct database *database, const char *folded,
                              struct user_row *user)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT " USER_COLUMNS " FROM users WHERE folded=?1");
    bind_text(statement, 1, folded);
    return read_user(database, statement, user);
}

bool users_find(struct database *database, struct job *job)
{
    struct job_user_find *find = &job->user_find;
    enum step step = find_by_name(database, find->folded, &find->user);
    find->found = step == STEP_ROW;
    return step != STEP_FAILED &&
           (!find->found || !find->asker_id ||
            blocks_find(database, find->user.id, find->asker_id, &find->is_blocked));
}

/* The key's own user may have it. */
static bool check_name(struct database *database, struct job_login *login, const char *name)
{
    return names_taken(database, name, login->folded, login->known ? login->user.id : 0,
                       login->elapsed_ms, &login->taken);
}

bool users_login(struct database *database, struct job *job)
{
    struct job_login *login = &job->login;
    char name[NAME_BYTES_MAX + 1];
    memcpy(name, login->user.name, sizeof name);
    if (login->by_key) {
        if (!hash_text(login->key, login->device.key_hash))
            return database_failed(database, SQLITE_INTERNAL);
        enum step step = find_by_key(database, login);
        if (step == STEP_FAILED)
            return false;
        login->known = step == STEP_ROW;
    }
    if (login->folded[0] && !check_name(database, login, name))
        return false;
    if (login->known)
        return true;
    if (!random_hex(login->key, KEY_BYTES) || !hash_text(login->key, login->device.key_hash))
        return database_failed(database, SQLITE_INTERNAL);
    return true;
}

static bool insert_user(struct database *database, const struct user_row *user,
                        const struct moment *at)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO users(id, name, folded, account, role, seen_ms, seen_elapsed_ms,"
                  " admitted) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");
    sqlite3_bind_int64(statement, 1, user->id);
    bind_text(statement, 2, user->name);
    bind_text(statement, 3, user->folded);
    sqlite3_bind_int(statement, 4, user->account);
    sqlite3_bind_int(statement, 5, (int)user->role);
    sqlite3_bind_int64(statement, 6, at->wall_ms);
    sqlite3_bind_int64(statement, 7, at->elapsed_ms);
    sqlite3_bind_int(statement, 8, user->admitted);
    return database_run(database, statement) && names_note_skeleton(database, user->id, user->name);
}

bool users_insert(struct database *database, const struct user_row *user, const struct moment *at,
                  bool *is_taken)
{
    if (!names_taken(database, user->name, user->folded, user->id, at->elapsed_ms, is_taken))
        return false;
    return *is_taken ||
           (names_release(database, user->folded) && insert_user(database, user, at));
}

bool users_create(struct database *database, struct job *job)
{
    bool is_taken;
    if (!users_insert(database, &job->user.user, &job->user.at, &is_taken))
        return false;
    if (!is_taken)
        return devices_insert(database, &job->user.device, &job->user.at) &&
               invite_links_take(database, job->user.invite_link_id) &&
               sightings_note(database, job->user.user.id, &job->user.marks, &job->user.at);
    job->result = JOB_NAME_TAKEN;
    return true;
}

/* --- passwords ---------------------------------------------------------------------------------- */

static void copy_password(sqlite3_stmt *row, int column, char out[PASSWORD_KEPT_BYTES])
{
    const char *kept = (const char *)sqlite3_column_text(row, column);
    snprintf(out, PASSWORD_KEPT_BYTES, "%s", kept ? kept : "");
}

/* The same query whether there is such a user or not. */
bool users_find_password(struct database *database, struct job *job)
{
    struct job_password_find *find = &job->password_find;
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, password FROM users WHERE id=?1 OR folded=?2");
    sqlite3_bind_int64(statement, 1, find->user_id);
    bind_text(statement, 2, find->folded);
    enum step step = database_step(database, statement);
    find->user_id = step == STEP_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (step == STEP_ROW)
        copy_password(statement, 1, find->kept);
    database_reset(statement);
    return step != STEP_FAILED;
}

/* Whether what there is lets it be changed so. */
static bool judge_password(struct database *database, struct job *job)
{
    struct job_password_set *set = &job->password_set;
    struct job_password_find now = {.user_id = set->user_id};
    struct job find = {.kind = JOB_PASSWORD_FIND, .password_find = now};
    if (!users_find_password(database, &find))
        return false;
    set->had_one = find.password_find.kept[0] != '\0';
    if (!find.password_find.user_id)
        job->result = JOB_USER_MISSING;
    else if (set->change != PASSWORD_GIVE && strcmp(find.password_find.kept, set->was) != 0)
        job->result = JOB_PASSWORD_CHANGED;
    return true;
}

static bool forget_devices(struct database *database, const struct job_password_set *set)
{
    sqlite3_stmt *statement =
        database_prepare(database, "DELETE FROM devices WHERE user_id=?1 AND id<>?2");
    sqlite3_bind_int64(statement, 1, set->user_id);
    sqlite3_bind_int64(statement, 2, set->device_id);
    return database_run(database, statement);
}

bool users_set_password(struct database *database, struct job *job)
{
    const struct job_password_set *set = &job->password_set;
    if (!judge_password(database, job))
        return false;
    if (job->result != JOB_DONE)
        return true;
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET password=?2, account=1 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, set->user_id);
    bind_text(statement, 2, set->kept);
    bool signs_out = set->had_one && set->change != PASSWORD_REMAKE;
    return database_run(database, statement) && (!signs_out || forget_devices(database, set));
}

/* --- for administrators ------------------------------------------------------------------------- */

static sqlite3_stmt *list_statement(struct database *database, const struct job_users *list)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT " USER_COLUMNS ", seen_ms,"
                  " CASE WHEN held_until>?1 THEN held_name ELSE '' END, password IS NOT NULL,"
                  " recovery_hash IS NOT NULL,"
                  " (SELECT count(*) FROM devices WHERE user_id=users.id) FROM users"
                  " WHERE folded>?2 AND instr(folded,?3) AND (?4='' OR folded=?4 OR"
                  " (held_folded=?4 AND held_until>?1))"
                  " ORDER BY folded LIMIT ?5");
    sqlite3_bind_int64(statement, 1, list->elapsed_ms);
    bind_text(statement, 2, list->after);
    bind_text(statement, 3, list->query);
    bind_text(statement, 4, list->only);
    sqlite3_bind_int(statement, 5, list->limit + 1);
    return statement;
}

static void read_figures(sqlite3_stmt *row, struct user_figures *figures)
{
    copy_user(row, &figures->user);
    figures->seen_ms = sqlite3_column_int64(row, 7);
    text_clean(column_text(row, 8), TEXT_LINE, figures->held, sizeof figures->held);
    figures->has_password = sqlite3_column_int(row, 9) != 0;
    figures->has_recovery = sqlite3_column_int(row, 10) != 0;
    figures->device_count = sqlite3_column_int64(row, 11);
}

bool users_list(struct database *database, struct job *job)
{
    struct job_users *list = &job->users;
    list->count = 0;
    list->users = job_memory(job, (size_t)list->limit * sizeof *list->users);
    if (!list->users)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = list_statement(database, list);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        list->more = list->count == (size_t)list->limit;
        if (list->more)
            break;
        read_figures(statement, &list->users[list->count++]);
    }
    database_reset(statement);
    return step != STEP_FAILED;
}

static bool run_of_user(struct database *database, const char *sql, int64_t user_id, int64_t value)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, user_id);
    sqlite3_bind_int64(statement, 2, value);
    return database_run(database, statement);
}

bool users_change(struct writer *writer, struct job *job)
{
    const struct job_user_change *wanted = &job->user_change;
    struct database *database = &writer->database;
    struct user_row user;
    enum step step = find_by_id(database, wanted->user_id, &user);
    if (step == STEP_DONE)
        job->result = JOB_USER_MISSING;
    if (step != STEP_ROW)
        return step == STEP_DONE;
    switch (wanted->change) {
    case USER_ROLE:
        return run_of_user(database, "UPDATE users SET role=?2 WHERE id=?1", user.id,
                           (int64_t)wanted->role);
    case USER_FREE_NAME:
        return run_of_user(database, "UPDATE users SET held_name=NULL, held_folded=NULL,"
                                     " held_until=?2 WHERE id=?1", user.id, 0);
    case USER_SIGN_OUT:
        return run_of_user(database, "DELETE FROM devices WHERE user_id=?1 AND ?2=0", user.id, 0);
    case USER_FORGET:
        return lapse_forget_user(writer, user.id);
    }
    return true;
}

/* --- newcomers ----------------------------------------------------------------------------------- */

bool users_set_newcomers(struct database *database, const struct newcomers_row *newcomers)
{
    return database_set_meta(database, "newcomers", newcomers->mode) &&
           database_set_meta(database, "newcomers_configured", newcomers->configured) &&
           database_set_meta(database, "newcomers_before", newcomers->spoke_before_ms) &&
           database_set_meta(database, "newcomers_until", newcomers->until) &&
           database_set_meta(database, "newcomers_afterwards", newcomers->afterwards);
}

bool users_load_newcomers(struct database *database, struct newcomers_row *newcomers)
{
    int64_t mode, configured, afterwards;
    if (!database_meta(database, "newcomers", -1, &mode) ||
        !database_meta(database, "newcomers_configured", 0, &configured) ||
        !database_meta(database, "newcomers_before", 0, &newcomers->spoke_before_ms) ||
        !database_meta(database, "newcomers_until", FOREVER, &newcomers->until) ||
        !database_meta(database, "newcomers_afterwards", 0, &afterwards))
        return false;
    newcomers->is_set = mode >= 0;
    newcomers->mode = (int)mode;
    newcomers->configured = (int)configured;
    newcomers->afterwards = (int)afterwards;
    return true;
}

bool users_admit(struct database *database, struct job *job)
{
    if (!job->admit.accept)
        return true;
    sqlite3_stmt *statement = database_prepare(database, "UPDATE users SET admitted=1 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, job->admit.user_id);
    return database_run(database, statement);
}

bool users_note_spoken(struct database *database, int64_t user_id, int64_t ts)
{
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET spoke_ms=?2 WHERE id=?1 AND spoke_ms=0");
    sqlite3_bind_int64(statement, 1, user_id);
    sqlite3_bind_int64(statement, 2, ts);
    return database_run(database, statement);
}

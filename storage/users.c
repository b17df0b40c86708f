#include "storage/users.h"

#include <stdio.h>
#include <string.h>

#include "storage/crypto.h"
#include "storage/devices.h"
#include "storage/names.h"
#include "storage/sanctions.h"

#define USER_COLUMNS "id, name, folded, account, role"

static enum step read_user(struct database *database, sqlite3_stmt *statement,
                           struct user_row *user)
{
    enum step step = database_step(database, statement);
    if (step != STEP_ROW)
        return step;
    user->id = sqlite3_column_int64(statement, 0);
    text_clean(column_text(statement, 1), TEXT_LINE, user->name, sizeof user->name);
    snprintf(user->folded, sizeof user->folded, "%s", column_text(statement, 2));
    user->account = sqlite3_column_int(statement, 3) != 0;
    user->role = (enum role)sqlite3_column_int(statement, 4);
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
    enum step step = find_by_name(database, job->user_find.folded, &job->user_find.user);
    job->user_find.found = step == STEP_ROW;
    return step != STEP_FAILED;
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
        database, "INSERT INTO users(id, name, folded, account, role, seen_ms, seen_elapsed_ms)"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7)");
    sqlite3_bind_int64(statement, 1, user->id);
    bind_text(statement, 2, user->name);
    bind_text(statement, 3, user->folded);
    sqlite3_bind_int(statement, 4, user->account);
    sqlite3_bind_int(statement, 5, (int)user->role);
    sqlite3_bind_int64(statement, 6, at->wall_ms);
    sqlite3_bind_int64(statement, 7, at->elapsed_ms);
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
               sightings_note(database, job->user.user.id, &job->user.marks, &job->user.at);
    job->result = JOB_NAME_TAKEN;
    return true;
}

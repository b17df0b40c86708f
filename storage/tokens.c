#include "storage/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/crypto.h"
#include "storage/options.h"
#include "storage/users.h"

/* --- making one ------------------------------------------------------------------------------- */

/* The user of this name whose token was revoked; 0 none. */
static bool find_revoked(struct database *database, const char *folded, int64_t *user_id)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id FROM users, tokens WHERE folded=?1 AND user_id=id AND"
                                   " hash IS NULL");
    bind_text(statement, 1, folded);
    return database_number(database, statement, 0, user_id);
}

/* No key opens this user. */
static bool create_user(struct database *database, const struct job_token *token, bool *is_taken)
{
    struct user_row user = {.id = token->token.user_id, .role = ROLE_GUEST};
    memcpy(user.name, token->token.name, sizeof user.name);
    memcpy(user.folded, token->token.folded, sizeof user.folded);
    return users_insert(database, &user, &token->at, is_taken);
}

static bool forget_rooms(struct database *database, int64_t user_id)
{
    sqlite3_stmt *statement =
        database_prepare(database, "DELETE FROM token_rooms WHERE user_id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    return database_run(database, statement);
}

static bool insert_rooms(struct database *database, const struct token_row *token)
{
    bool ok = forget_rooms(database, token->user_id);
    for (size_t i = 0; ok && i < token->room_count; i++) {
        sqlite3_stmt *statement = database_prepare(
            database, "INSERT OR IGNORE INTO token_rooms(user_id, room_id) VALUES(?1,?2)");
        sqlite3_bind_int64(statement, 1, token->user_id);
        sqlite3_bind_int64(statement, 2, token->rooms[i]);
        ok = database_run(database, statement);
    }
    return ok;
}

static bool insert_token(struct database *database, const struct token_row *token)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT OR REPLACE INTO tokens(user_id, role, hash, secret, everywhere,"
                  " created_ms) VALUES(?1,?2,?3,?4,?5,?6)");
    sqlite3_bind_int64(statement, 1, token->user_id);
    sqlite3_bind_int(statement, 2, (int)token->role);
    sqlite3_bind_blob(statement, 3, token->hash, HASH_BYTES, SQLITE_STATIC);
    if (token->secret[0])
        bind_text(statement, 4, token->secret);
    sqlite3_bind_int(statement, 5, token->is_everywhere);
    sqlite3_bind_int64(statement, 6, token->created_ms);
    return database_run(database, statement) && insert_rooms(database, token);
}

bool tokens_create(struct database *database, struct job *job)
{
    struct token_row *token = &job->token.token;
    int64_t revoked = 0;
    bool is_taken = false;
    if (!find_revoked(database, token->folded, &revoked))
        return false;
    if (revoked)
        token->user_id = revoked;
    else if (!create_user(database, &job->token, &is_taken))
        return false;
    if (!is_taken)
        return insert_token(database, token);
    job->result = JOB_NAME_TAKEN;
    return true;
}

bool tokens_revoke(struct database *database, struct job *job)
{
    int64_t user_id = job->token.token.user_id;
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE tokens SET hash=NULL, secret=NULL WHERE user_id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    return database_run(database, statement) && forget_rooms(database, user_id);
}

/* Kept in meta: few are paused, and not for long. */
#define PAUSED "'paused.'||?1"

bool tokens_pause(struct database *database, struct job *job)
{
    const struct token_row *token = &job->token.token;
    sqlite3_stmt *statement = database_prepare(
        database, token->is_paused ? "INSERT OR REPLACE INTO meta(name, value) VALUES(" PAUSED ",1)"
                                   : "DELETE FROM meta WHERE name=" PAUSED);
    sqlite3_bind_int64(statement, 1, token->user_id);
    return database_run(database, statement);
}

/* --- the start ---------------------------------------------------------------------------------- */

static bool read_rooms(struct database *database, struct token_row *token)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT room_id FROM token_rooms WHERE user_id=?1");
    sqlite3_bind_int64(statement, 1, token->user_id);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW &&
           token->room_count < TOKEN_ROOMS_MAX)
        token->rooms[token->room_count++] = sqlite3_column_int64(statement, 0);
    database_reset(statement);
    return step != STEP_FAILED;
}

static void read_token(sqlite3_stmt *row, struct token_row *token)
{
    *token = (struct token_row){.user_id = sqlite3_column_int64(row, 0),
                                .role = (enum token_role)sqlite3_column_int(row, 3),
                                .is_everywhere = sqlite3_column_int(row, 6) != 0,
                                .created_ms = sqlite3_column_int64(row, 7),
                                .is_paused = sqlite3_column_int(row, 8) != 0};
    text_clean(column_text(row, 1), TEXT_LINE, token->name, sizeof token->name);
    snprintf(token->folded, sizeof token->folded, "%s", column_text(row, 2));
    snprintf(token->secret, sizeof token->secret, "%s", column_text(row, 5));
    if (sqlite3_column_bytes(row, 4) == HASH_BYTES)
        memcpy(token->hash, sqlite3_column_blob(row, 4), HASH_BYTES);
}

bool tokens_load(struct database *database, struct store_start *start)
{
    int64_t count;
    if (!database_number(database, database_prepare(database, "SELECT count(*) FROM tokens"), 0,
                         &count))
        return false;
    start->tokens = calloc((size_t)count + 1, sizeof *start->tokens);
    if (!start->tokens)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT user_id, name, folded, tokens.role, hash, secret, everywhere, created_ms"
                  ", EXISTS(SELECT 1 FROM meta WHERE name='paused.'||user_id)"
                  " FROM tokens, users WHERE id=user_id AND hash IS NOT NULL ORDER BY user_id");
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW &&
           start->token_count < (size_t)count)
        read_token(statement, &start->tokens[start->token_count++]);
    database_reset(statement);
    bool ok = step != STEP_FAILED;
    for (size_t i = 0; ok && i < start->token_count; i++)
        ok = read_rooms(database, &start->tokens[i]);
    return ok;
}

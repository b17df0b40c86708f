#include "storage/blocks.h"

#include <stdio.h>

bool blocks_find(struct database *database, int64_t user_id, int64_t other_id, bool *is_blocked)
{
    int64_t found;
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT 1 FROM blocks WHERE user_id=?1 AND blocked_id=?2");
    sqlite3_bind_int64(statement, 1, user_id);
    sqlite3_bind_int64(statement, 2, other_id);
    if (!database_number(database, statement, 0, &found))
        return false;
    *is_blocked = found != 0;
    return true;
}

static bool find_other(struct database *database, const struct job_block *block, int64_t *other_id)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id FROM users WHERE CASE ?1 WHEN 0 THEN folded=?2 ELSE id=?1 END");
    sqlite3_bind_int64(statement, 1, block->blocked_id);
    bind_text(statement, 2, block->folded);
    return database_number(database, statement, 0, other_id);
}

static bool count(struct database *database, int64_t user_id, int64_t *number)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT count(*) FROM blocks WHERE user_id=?1");
    sqlite3_bind_int64(statement, 1, user_id);
    return database_number(database, statement, 0, number);
}

static bool write_block(struct database *database, const struct job_block *block, int64_t other_id)
{
    sqlite3_stmt *statement =
        block->on ? database_prepare(database, "INSERT OR IGNORE INTO blocks(user_id, blocked_id)"
                                               " VALUES(?1,?2)")
                  : database_prepare(database,
                                     "DELETE FROM blocks WHERE user_id=?1 AND blocked_id=?2");
    sqlite3_bind_int64(statement, 1, block->user_id);
    sqlite3_bind_int64(statement, 2, other_id);
    return database_run(database, statement);
}

bool blocks_set(struct database *database, struct job *job)
{
    const struct job_block *block = &job->block;
    int64_t other_id, number;
    if (!find_other(database, block, &other_id) || !count(database, block->user_id, &number))
        return false;
    if (!other_id || other_id == block->user_id) {
        job->result = JOB_USER_MISSING;
        return true;
    }
    if (block->on && number >= BLOCKS_MAX) {
        job->result = JOB_REFUSED;
        snprintf(job->why, sizeof job->why, "At most %d users can be blocked.", BLOCKS_MAX);
        return true;
    }
    return write_block(database, block, other_id);
}

bool blocks_list(struct database *database, struct job *job)
{
    struct job_blocks *list = &job->blocks;
    list->count = 0;
    list->blocks = job_memory(job, BLOCKS_MAX * sizeof *list->blocks);
    if (!list->blocks)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, name FROM blocks b JOIN users ON id=blocked_id WHERE b.user_id=?1"
                  " ORDER BY folded LIMIT ?2");
    sqlite3_bind_int64(statement, 1, list->user_id);
    sqlite3_bind_int(statement, 2, BLOCKS_MAX);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        struct block_row *row = &list->blocks[list->count++];
        row->user_id = sqlite3_column_int64(statement, 0);
        text_clean(column_text(statement, 1), TEXT_LINE, row->name, sizeof row->name);
    }
    return step == STEP_DONE;
}

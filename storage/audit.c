#include "storage/audit.h"

static bool forget_before(struct database *database, int64_t id)
{
    sqlite3_stmt *statement = database_prepare(database, "DELETE FROM audit WHERE id<=?1");
    sqlite3_bind_int64(statement, 1, id);
    return database_run(database, statement);
}

bool audit_write(struct writer *writer, const struct audit_line *line)
{
    struct database *database = &writer->database;
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO audit(ts, act, by_name, user, room, reason, room_id, is_private)"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");
    sqlite3_bind_int64(statement, 1, writer->now.wall_ms);
    sqlite3_bind_int(statement, 2, (int)line->act);
    bind_text(statement, 3, line->by);
    bind_text(statement, 4, line->user);
    bind_text(statement, 5, line->room);
    bind_text(statement, 6, line->reason);
    sqlite3_bind_int64(statement, 7, line->room_id);
    sqlite3_bind_int(statement, 8, line->is_private);
    return database_run(database, statement) &&
           forget_before(database, sqlite3_last_insert_rowid(database->handle) - AUDIT_LINES_MAX);
}

bool audit_note(struct writer *writer, const struct job *job)
{
    return !job->audit || job->result != JOB_DONE || audit_write(writer, job->audit);
}

static const char *copy_text(struct job *job, sqlite3_stmt *row, int column, enum text_rule rule)
{
    return job_clean_text(job, (const char *)sqlite3_column_text(row, column), rule);
}

static void read_row(struct job *job, sqlite3_stmt *statement, struct audit_row *row)
{
    row->id = sqlite3_column_int64(statement, 0);
    row->ts = sqlite3_column_int64(statement, 1);
    row->line.act = (enum act)sqlite3_column_int(statement, 2);
    row->line.by = copy_text(job, statement, 3, TEXT_LINE);
    row->line.user = copy_text(job, statement, 4, TEXT_LINE);
    row->line.room = copy_text(job, statement, 5, TEXT_LINE);
    row->line.reason = copy_text(job, statement, 6, TEXT_PROSE);
}

bool audit_page(struct database *database, struct job *job)
{
    struct job_audit_page *page = &job->audit_page;
    page->count = 0;
    page->rows = job_memory(job, (size_t)page->limit * sizeof *page->rows);
    if (!page->rows)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, ts, act, by_name, user, room, reason FROM audit WHERE id<?1 AND"
                  " CASE ?2 WHEN 0 THEN ?3 OR NOT is_private ELSE room_id=?2 END"
                  " ORDER BY id DESC LIMIT ?4");
    sqlite3_bind_int64(statement, 1, page->before);
    sqlite3_bind_int64(statement, 2, page->room_id);
    sqlite3_bind_int(statement, 3, page->is_all);
    sqlite3_bind_int(statement, 4, page->limit + 1); /* one more tells whether any are left */
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        page->more = page->count == (size_t)page->limit;
        if (page->more)
            break;
        read_row(job, statement, &page->rows[page->count++]);
    }
    database_reset(statement);
    return step != STEP_FAILED && (!job_failed(job) || database_failed(database, SQLITE_NOMEM));
}

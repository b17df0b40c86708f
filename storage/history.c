#include "storage/history.h"

#include <string.h>

#include "protocol/emoji.h"
#include "storage/messages.h"
#include "storage/reactions.h"

enum { REACTION_BYTES = 48 }; /* a line's keys and numbers */

static bool apply_edit(struct database *database, struct job *job, struct history_entry *history)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, text FROM messages WHERE id=" NEWEST_EDIT("?1"));
    sqlite3_bind_int64(statement, 1, row_id(history->room_id, history->entry.seq));
    enum step step = database_step(database, statement);
    if (step == STEP_ROW) {
        history->edited = row_seq(sqlite3_column_int64(statement, 0));
        history->entry.text = job_clean_text(job, column_text(statement, 1), TEXT_PROSE);
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

bool history_apply(struct database *database, struct job *job, struct history_entry *history)
{
    if (history->entry.kind != ENTRY_KIND_MESSAGE || history->entry.deleted)
        return true;
    return apply_edit(database, job, history) && reactions_read(database, job, history) &&
           (!job_failed(job) || database_failed(database, SQLITE_NOMEM));
}

size_t history_bytes(const struct history_entry *history)
{
    size_t bytes = messages_bytes(&history->entry) +
                   (history->snippet ? json_string_bytes(history->snippet) : 0);
    for (size_t i = 0; i < history->reaction_count; i++) {
        const struct reaction *reaction = &history->reactions[i];
        bytes += REACTION_BYTES + json_string_bytes(reaction->emoji);
        for (size_t j = 0; j < reaction->name_count; j++)
            bytes += json_string_bytes(reaction->names[j]) + 1;
    }
    return bytes;
}

static bool goes_forward(const struct job_history *history)
{
    return history->after != NUMBER_ABSENT && history->before == NUMBER_ABSENT;
}

static sqlite3_stmt *page_statement(struct database *database, const struct job_history *history)
{
    sqlite3_stmt *statement =
        goes_forward(history)
            ? database_prepare(database, "SELECT " ENTRY_COLUMNS " FROM messages WHERE id>?1 AND"
                                         " id<?2 AND kind IN (0,4) ORDER BY id LIMIT ?3")
            : database_prepare(database, "SELECT " ENTRY_COLUMNS " FROM messages WHERE id>?1 AND"
                                         " id<?2 AND kind IN (0,4) ORDER BY id DESC LIMIT ?3");
    int64_t after = history->after != NUMBER_ABSENT ? history->after : 0;
    int64_t before = history->up_to < SEQ_KEPT_MAX ? history->up_to + 1 : SEQ_KEPT_MAX;
    if (history->before != NUMBER_ABSENT && history->before < before)
        before = history->before;
    sqlite3_bind_int64(statement, 1, row_id(history->room_id, after));
    sqlite3_bind_int64(statement, 2, row_id(history->room_id, before));
    sqlite3_bind_int(statement, 3, history->limit + 1); /* one more tells whether there are more */
    return statement;
}

static bool read_rows(struct database *database, struct job *job, sqlite3_stmt *statement)
{
    struct job_history *history = &job->history;
    size_t bytes = 0;
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        history->more = history->count == (size_t)history->limit ||
                        (history->count > 0 && bytes >= history->bytes_max);
        if (history->more)
            break;
        struct history_entry *entry = &history->entries[history->count++];
        entry->room_id = history->room_id;
        entry->reader_id = history->user_id;
        if (!messages_read(database, job, statement, &entry->entry) || !history_apply(database, job, entry))
            return false;
        bytes += history_bytes(entry);
    }
    return step != STEP_FAILED;
}

static void turn_around(struct history_entry *entries, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct history_entry other = entries[i];
        entries[i] = entries[count - 1 - i];
        entries[count - 1 - i] = other;
    }
}

bool history_page(struct database *database, struct job *job)
{
    struct job_history *history = &job->history;
    history->count = 0;
    history->more = false;
    if (history->limit < 1)
        history->limit = 1;
    history->entries = job_memory(job, (size_t)history->limit * sizeof *history->entries);
    if (!history->entries)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = page_statement(database, history);
    bool ok = read_rows(database, job, statement);
    database_reset(statement);
    if (!goes_forward(history))
        turn_around(history->entries, history->count);
    return ok;
}

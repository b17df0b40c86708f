#include "storage/history.h"

#include <string.h>

#include "protocol/emoji.h"
#include "storage/messages.h"

enum {
    REACTIONS_MAX = 32,          /* emojis shown under one message */
    REACTION_NAMES_MAX = 20,     /* names shown under one emoji */
    REACTION_NAMES_BYTES = 4096, /* names shown under one message, as they go out */
    REACTION_BYTES = 48          /* a line's keys and numbers */
};

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

/* Counted in any case, and named while there is place for names. bytes is what those of the message
 * take until now. */
static bool add_name(struct job *job, struct reaction *line, const char *name, size_t *bytes)
{
    line->count++;
    if (line->name_count == REACTION_NAMES_MAX)
        return true;
    *bytes += json_string_bytes(name);
    if (*bytes <= REACTION_NAMES_BYTES)
        line->names[line->name_count++] = job_clean_text(job, name, TEXT_LINE);
    return !job_failed(job);
}

/* Adds one row of (emoji, name) to the newest line, or begins the next line. */
static bool add_reaction(struct job *job, struct history_entry *history, const char *stored,
                         const char *name, size_t *bytes)
{
    char emoji[TEXT_CLEAN_MAX(EMOJI_BYTES_MAX)];
    if (!emoji_normalise(stored, emoji))
        text_clean(stored, TEXT_LINE, emoji, sizeof emoji);
    struct reaction *line =
        history->reaction_count ? &history->reactions[history->reaction_count - 1] : NULL;
    if (!line || strcmp(line->emoji, emoji) != 0) {
        if (history->reaction_count == REACTIONS_MAX)
            return true;
        line = &history->reactions[history->reaction_count++];
        line->emoji = job_text(job, emoji);
        line->names = job_memory(job, REACTION_NAMES_MAX * sizeof *line->names);
        if (job_failed(job))
            return false;
    }
    return add_name(job, line, name, bytes);
}

static bool apply_reactions(struct database *database, struct job *job,
                            struct history_entry *history)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT emoji, name FROM reactions WHERE target=?1 ORDER BY emoji, user_id, name");
    sqlite3_bind_int64(statement, 1, row_id(history->room_id, history->entry.seq));
    enum step step;
    size_t bytes = 0;
    bool ok = true;
    while (ok && (step = database_step(database, statement)) == STEP_ROW) {
        if (!history->reactions)
            history->reactions = job_memory(job, REACTIONS_MAX * sizeof *history->reactions);
        ok = history->reactions && add_reaction(job, history, column_text(statement, 0),
                                                column_text(statement, 1), &bytes);
    }
    database_reset(statement);
    if (!ok)
        return database_failed(database, SQLITE_NOMEM);
    return step == STEP_DONE;
}

bool history_apply(struct database *database, struct job *job, struct history_entry *history)
{
    if (history->entry.kind != ENTRY_KIND_MESSAGE || history->entry.deleted)
        return true;
    return apply_edit(database, job, history) && apply_reactions(database, job, history) &&
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
        if (!messages_read(job, statement, &entry->entry))
            return database_failed(database, SQLITE_NOMEM);
        if (!history_apply(database, job, entry))
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

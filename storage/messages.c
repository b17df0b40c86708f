#include "storage/messages.h"

#include <string.h>

#include "protocol/emoji.h"
#include "storage/files/files.h"
#include "storage/grants.h"
#include "storage/reactions.h"

static int via_number(const char *via)
{
    int number = word_find(WORDS_via, via);
    return number < 0 ? VIA_NONE : number;
}

static int flags_of(const struct entry *entry)
{
    return (entry->on ? FLAG_ON : 0) | (entry->guest ? FLAG_GUEST : 0) |
           (entry->deleted ? FLAG_DELETED : 0) | (entry->clock_unset ? FLAG_CLOCK_UNSET : 0) |
           (entry->file_count > 0 ? FLAG_FILES : 0) | via_number(entry->via) << FLAG_VIA_SHIFT;
}

/* Rows may be older than the rules for texts, or damaged. */
static const char *copy_column(struct job *job, sqlite3_stmt *row, int column, enum text_rule rule)
{
    return job_clean_text(job, (const char *)sqlite3_column_text(row, column), rule);
}

/* However it was spelled when it was stored, it is told as one. */
static const char *copy_emoji(struct job *job, const char *stored)
{
    char emoji[EMOJI_BYTES_MAX + 1];
    return stored && emoji_normalise(stored, emoji) ? job_text(job, emoji)
                                                    : job_clean_text(job, stored, TEXT_LINE);
}

static const char *copy_via(struct job *job, sqlite3_stmt *row, int flags)
{
    const char *word = word_of(WORDS_via, flags >> FLAG_VIA_SHIFT & 7);
    return word ? word : copy_column(job, row, 11, TEXT_LINE);
}

bool messages_read(struct database *database, struct job *job, sqlite3_stmt *row, struct entry *entry)
{
    int flags = sqlite3_column_int(row, 3);
    *entry = (struct entry){
        .seq = row_seq(sqlite3_column_int64(row, 0)),
        .ts = sqlite3_column_int64(row, 1),
        .kind = (enum entry_kind)sqlite3_column_int(row, 2),
        .user_id = sqlite3_column_int64(row, 4),
        .from = copy_column(job, row, 5, TEXT_LINE),
        .text = copy_column(job, row, 6, TEXT_PROSE),
        .nonce = copy_column(job, row, 7, TEXT_LINE),
        .target = sqlite3_column_int64(row, 8),
        .emoji = copy_emoji(job, (const char *)sqlite3_column_text(row, 9)),
        .via = copy_via(job, row, flags),
        .origin = copy_column(job, row, 10, TEXT_LINE),
        .on = flags & FLAG_ON,
        .guest = flags & FLAG_GUEST,
        .deleted = flags & FLAG_DELETED,
        .clock_unset = flags & FLAG_CLOCK_UNSET,
    };
    if ((flags & FLAG_FILES) && !entry->deleted &&
        !files_read(database, job, row_room(sqlite3_column_int64(row, 0)), entry))
        return false;
    return !job_failed(job) || database_failed(database, SQLITE_NOMEM);
}

bool messages_insert(struct database *database, int64_t room_id, const struct entry *entry)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO messages(" ENTRY_COLUMNS ")"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");
    sqlite3_bind_int64(statement, 1, row_id(room_id, entry->seq));
    sqlite3_bind_int64(statement, 2, entry->ts);
    sqlite3_bind_int(statement, 3, (int)entry->kind);
    sqlite3_bind_int(statement, 4, flags_of(entry));
    sqlite3_bind_int64(statement, 5, entry->user_id);
    bind_text(statement, 6, entry->from ? entry->from : "");
    bind_text(statement, 7, entry->deleted ? NULL : entry->text);
    bind_text(statement, 8, entry->nonce);
    if (entry->target)
        sqlite3_bind_int64(statement, 9, entry->target);
    bind_text(statement, 10, entry->emoji);
    bind_text(statement, 11, entry->origin);
    if (via_number(entry->via) == VIA_NONE)
        bind_text(statement, 12, entry->via);
    return database_run(database, statement);
}

static bool apply_edit(struct database *database, int64_t target, int64_t edit)
{
    sqlite3_stmt *statement =
        database_prepare(database, "INSERT OR IGNORE INTO edits(target,edit) VALUES(?1,?2)");
    sqlite3_bind_int64(statement, 1, target);
    sqlite3_bind_int64(statement, 2, edit);
    return database_run(database, statement);
}

static bool run_with_target(struct database *database, const char *sql, int64_t target)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    sqlite3_bind_int64(statement, 1, target);
    return database_run(database, statement);
}

/* The text of the message and of its edits goes; the rows stay, marked. */
static bool apply_delete(struct database *database, int64_t target)
{
    return run_with_target(database,
                           "UPDATE messages SET text=NULL, flags=flags|4"
                           " WHERE id IN (SELECT edit FROM edits WHERE target=?1)",
                           target) &&
           run_with_target(database, "UPDATE messages SET text=NULL, flags=flags|4 WHERE id=?1",
                           target) &&
           run_with_target(database, "DELETE FROM edits WHERE target=?1", target) &&
           run_with_target(database, "DELETE FROM reactions WHERE target=?1", target) &&
           files_go_with(database, target, target);
}

bool messages_apply(struct database *database, int64_t room_id, const struct entry *entry)
{
    int64_t target = row_id(room_id, entry->target);
    switch (entry->kind) {
    case ENTRY_KIND_EDIT:
        return entry->deleted || apply_edit(database, target, row_id(room_id, entry->seq));
    case ENTRY_KIND_DELETE:
        return apply_delete(database, target);
    case ENTRY_KIND_REACTION:
        return reactions_apply(database, target, entry);
    case ENTRY_KIND_MESSAGE:
    case ENTRY_KIND_TOPIC:
        break;
    }
    return true;
}

static size_t text_bytes(const char *text)
{
    return text ? json_string_bytes(text) : 0;
}

size_t messages_bytes(const struct entry *entry)
{
    size_t bytes = ENTRY_BYTES + text_bytes(entry->text) + text_bytes(entry->from) +
                   text_bytes(entry->nonce) + text_bytes(entry->emoji);
    for (size_t i = 0; i < entry->file_count; i++)
        bytes += FILE_BYTES + text_bytes(entry->files[i].name) + text_bytes(entry->files[i].alt);
    return bytes;
}

static sqlite3_stmt *page_statement(struct database *database, const struct job_page *page)
{
    sqlite3_stmt *statement =
        page->newest
            ? database_prepare(database, "SELECT " ENTRY_COLUMNS " FROM messages"
                                         " WHERE id>?1 AND id<=?2 ORDER BY id DESC LIMIT ?3")
            : database_prepare(database, "SELECT " ENTRY_COLUMNS " FROM messages"
                                         " WHERE id>?1 AND id<=?2 ORDER BY id LIMIT ?3");
    sqlite3_bind_int64(statement, 1, row_id(page->room_id, page->newest ? 0 : page->after));
    sqlite3_bind_int64(statement, 2, row_id(page->room_id, page->up_to));
    sqlite3_bind_int(statement, 3, page->limit + 1); /* one more tells whether any are left */
    return statement;
}

static void turn_around(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct entry other = entries[i];
        entries[i] = entries[count - 1 - i];
        entries[count - 1 - i] = other;
    }
}

static bool read_page(struct database *database, struct job *job)
{
    struct job_page *page = &job->page;
    page->entries = job_memory(job, (size_t)page->limit * sizeof *page->entries);
    if (!page->entries)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = page_statement(database, page);
    size_t bytes = 0;
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW) {
        if (page->count == (size_t)page->limit || (page->count > 0 && bytes >= page->bytes_max))
            break;
        struct entry *entry = &page->entries[page->count];
        if (!messages_read(database, job, statement, entry)) {
            database_reset(statement);
            return false;
        }
        bytes += messages_bytes(entry);
        page->count++;
    }
    page->complete = step == STEP_DONE;
    database_reset(statement);
    if (page->newest)
        turn_around(page->entries, page->count);
    return step != STEP_FAILED;
}

/* Whether the room is there, and what retention has left of its log. */
static bool read_bounds(struct database *database, struct job *job, bool *exists)
{
    struct job_page *page = &job->page;
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT pruned, (SELECT min(id) FROM messages WHERE id>?2 AND"
                                   " id<=?3) FROM rooms WHERE id=?1");
    sqlite3_bind_int64(statement, 1, page->room_id);
    sqlite3_bind_int64(statement, 2, row_id(page->room_id, 0));
    sqlite3_bind_int64(statement, 3, row_id(page->room_id, SEQ_KEPT_MAX));
    enum step step = database_step(database, statement);
    *exists = step == STEP_ROW;
    if (step == STEP_ROW) {
        page->pruned = sqlite3_column_int64(statement, 0);
        page->first = row_seq(sqlite3_column_int64(statement, 1));
        database_reset(statement);
    }
    return step != STEP_FAILED;
}

bool messages_page(struct database *database, struct job *job)
{
    struct job_page *page = &job->page;
    bool exists = true;
    page->count = 0;
    if (job->kind != JOB_PAGE && !read_bounds(database, job, &exists))
        return false;
    if (!exists) {
        job->result = JOB_ROOM_MISSING;
        return true;
    }
    if (job->kind == JOB_JOIN && !grants_read(database, page->room_id, page->user_id, &page->grant))
        return false;
    if (page->limit <= 0) {
        page->complete = true;
        return true;
    }
    return read_page(database, job);
}

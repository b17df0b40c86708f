#include "storage/files/files.h"

#include <string.h>

#include "storage/days.h"
#include "storage/files/folder.h"
#include "storage/grants.h"
#include "storage/reserve.h"
#include "storage/row.h"
#include "storage/users.h"
#include "storage/writer.h"

#define FILE_COLUMNS                                                                               \
    "id, code, preview, hash, room_id, user_id, size, width, height, created_ms, message, name, type, alt"

enum {
    EXPIRED_ROWS = 64,       /* in one step */
    PRESSED_ROWS = 8,
    WAITS_MS = 3600000,      /* for a message */
    FREE_BYTES_LEAST = 16 << 20 /* below it no file is taken, and the oldest give way to messages */
};

/* --- rows --------------------------------------------------------------------------------------- */

static void copy_id(sqlite3_stmt *row, int column, char out[FILE_ID_BYTES + 1])
{
    const char *id = column_text(row, column);
    size_t length = strlen(id);
    if (length > FILE_ID_BYTES)
        length = FILE_ID_BYTES;
    memcpy(out, id, length);
    out[length] = '\0';
}

static void read_row(struct job *job, sqlite3_stmt *row, struct file_row *file)
{
    *file = (struct file_row){
        .room_id = sqlite3_column_int64(row, 4),
        .user_id = sqlite3_column_int64(row, 5),
        .size = sqlite3_column_int64(row, 6),
        .width = sqlite3_column_int64(row, 7),
        .height = sqlite3_column_int64(row, 8),
        .created_ms = sqlite3_column_int64(row, 9),
        .seq = row_seq(sqlite3_column_int64(row, 10)),
        .name = job_clean_text(job, column_text(row, 11), TEXT_LINE),
        .type = job_clean_text(job, column_text(row, 12), TEXT_LINE),
        .alt = job_clean_text(job, (const char *)sqlite3_column_text(row, 13), TEXT_PROSE),
        .gone = sqlite3_column_bytes(row, 3) != HASH_BYTES,
    };
    copy_id(row, 1, file->id);
    copy_id(row, 2, file->preview);
    if (!file->gone)
        memcpy(file->hash, sqlite3_column_blob(row, 3), HASH_BYTES);
}

/* The row of this id; *is_there. */
static bool find(struct database *database, struct job *job, const char *id, struct file_row *file,
                 bool *is_there)
{
    sqlite3_stmt *row =
        database_prepare(database, "SELECT " FILE_COLUMNS " FROM files WHERE code=?1");
    bind_text(row, 1, id);
    enum step step = database_step(database, row);
    *is_there = step == STEP_ROW;
    if (*is_there) {
        read_row(job, row, file);
        database_reset(row);
    }
    return step != STEP_FAILED && (!job_failed(job) || database_failed(database, SQLITE_NOMEM));
}

bool files_find(struct database *database, struct job *job)
{
    struct job_file *wanted = &job->file;
    char id[FILE_ID_BYTES + 1];
    bool is_there;
    memcpy(id, wanted->file.id, sizeof id);
    if (!find(database, job, id, &wanted->file, &is_there))
        return false;
    if (!is_there)
        job->result = JOB_FILE_MISSING;
    if (!is_there || !wanted->reader_id)
        return true;
    return users_read(database, wanted->reader_id, &wanted->reader) &&
           grants_read(database, wanted->file.room_id, wanted->reader_id, &wanted->grant);
}

bool files_list(struct database *database, struct job *job)
{
    struct job_file_list *list = &job->file_list;
    sqlite3_stmt *row = database_prepare(
        database, "SELECT " FILE_COLUMNS ", (SELECT name FROM users WHERE users.id=files.user_id) FROM files"
                  " WHERE (?1=0 OR room_id=?1) AND (?2=0 OR id<?2) AND (?4='' OR code=?4)"
                  " ORDER BY id DESC LIMIT ?3");
    bind_text(row, 4, list->id);
    sqlite3_bind_int64(row, 1, list->room_id);
    sqlite3_bind_int64(row, 2, list->before);
    sqlite3_bind_int(row, 3, list->limit + 1);
    list->files = job_memory(job, (size_t)list->limit * sizeof *list->files);
    enum step step = STEP_DONE;
    while (list->files && (step = database_step(database, row)) == STEP_ROW) {
        list->more = list->count == (size_t)list->limit;
        if (list->more)
            break;
        struct file_listed *listed = &list->files[list->count++];
        listed->number = sqlite3_column_int64(row, 0);
        read_row(job, row, &listed->file);
        listed->user = job_clean_text(job, (const char *)sqlite3_column_text(row, 14), TEXT_LINE);
    }
    database_reset(row);
    return step != STEP_FAILED && (!job_failed(job) || database_failed(database, SQLITE_NOMEM));
}

/* Those whose files take most, of rooms or of users. */
static bool read_usage(struct database *database, sqlite3_stmt *row, struct file_usage usage[FILE_USAGE_MAX],
                       size_t *count)
{
    enum step step = STEP_DONE;
    sqlite3_bind_int(row, 1, FILE_USAGE_MAX);
    *count = 0;
    while (*count < FILE_USAGE_MAX && (step = database_step(database, row)) == STEP_ROW) {
        struct file_usage *line = &usage[(*count)++];
        line->id = sqlite3_column_int64(row, 0);
        line->files = sqlite3_column_int64(row, 1);
        line->bytes = sqlite3_column_int64(row, 2);
        text_clean(column_text(row, 3), TEXT_LINE, line->name, sizeof line->name);
    }
    database_reset(row);
    return step != STEP_FAILED;
}

bool files_usage(struct database *database, struct store_status *status)
{
    return database_number(database, database_prepare(database, "SELECT count(*) FROM files WHERE hash IS NOT NULL"),
                           0, &status->files) &&
           database_number(database, database_prepare(database, "SELECT sum(size) FROM files WHERE hash IS NOT NULL"),
                           0, &status->files_bytes) &&
           read_usage(database,
                      database_prepare(database, "SELECT room_id, count(*), sum(size) AS bytes, (SELECT name FROM rooms"
                                                 " WHERE id=room_id) FROM files WHERE hash IS NOT NULL GROUP BY room_id"
                                                 " ORDER BY bytes DESC LIMIT ?1"),
                      status->file_rooms, &status->file_room_count) &&
           read_usage(database,
                      database_prepare(database, "SELECT user_id, count(*), sum(size) AS bytes, (SELECT name FROM users"
                                                 " WHERE users.id=user_id) FROM files WHERE hash IS NOT NULL GROUP BY"
                                                 " user_id ORDER BY bytes DESC LIMIT ?1"),
                      status->file_users, &status->file_user_count);
}

bool files_read(struct database *database, struct job *job, int64_t room_id, struct entry *entry)
{
    struct file_row *files = job_memory(job, FILES_MAX * sizeof *files);
    sqlite3_stmt *row = database_prepare(database, "SELECT " FILE_COLUMNS " FROM files WHERE message=?1 AND"
                                                   " place IS NOT NULL ORDER BY place LIMIT ?2");
    sqlite3_bind_int64(row, 1, row_id(room_id, entry->seq));
    sqlite3_bind_int(row, 2, FILES_MAX);
    enum step step = STEP_DONE;
    entry->files = files;
    entry->file_count = 0;
    while (files && (step = database_step(database, row)) == STEP_ROW)
        read_row(job, row, &files[entry->file_count++]);
    database_reset(row);
    return step != STEP_FAILED && (!job_failed(job) || database_failed(database, SQLITE_NOMEM));
}

/* --- how much there may be ---------------------------------------------------------------------- */

static bool sum(struct database *database, sqlite3_stmt *statement, int64_t of, int64_t *bytes)
{
    sqlite3_bind_int64(statement, 1, of);
    return database_number(database, statement, 0, bytes);
}

/* What is gone takes no place. *quota: the first bound that one more file would pass. */
static bool judge_quotas(struct database *database, const char *path, const struct job_file *wanted,
                         enum file_quota *quota)
{
    const struct file_limits *limits = &wanted->limits;
    int64_t of_user = 0, of_room, all, size = wanted->file.size;
    if (wanted->file.user_id &&
        !sum(database, database_prepare(database, "SELECT sum(size) FROM files WHERE user_id=?1 AND hash"
                                                  " IS NOT NULL"), wanted->file.user_id, &of_user))
        return false;
    if (!sum(database, database_prepare(database, "SELECT sum(size) FROM files WHERE room_id=?1 AND hash IS"
                                                  " NOT NULL"), wanted->file.room_id, &of_room) ||
        !sum(database, database_prepare(database, "SELECT sum(size) FROM files WHERE hash IS NOT NULL AND"
                                                  " ?1=?1"), 0, &all))
        return false;
    bool is_pressed = path && reserve_free_bytes(path) - FREE_BYTES_LEAST < size;
    *quota = wanted->file.user_id && of_user + size > limits->user_bytes ? FILE_QUOTA_USER
             : of_room + size > limits->room_bytes                       ? FILE_QUOTA_ROOM
             : all + size > limits->disk_bytes || is_pressed             ? FILE_QUOTA_DISK
                                                                         : FILE_QUOTA_NONE;
    return true;
}

bool files_room(struct database *database, const char *path, struct job *job)
{
    struct job_file *wanted = &job->file;
    if (!judge_quotas(database, path, wanted, &wanted->quota))
        return false;
    if (wanted->quota)
        job->result = JOB_FILES_FULL;
    return true;
}

/* --- the writer --------------------------------------------------------------------------------- */

static bool insert(struct database *database, const struct job_file *wanted)
{
    const struct file_row *file = &wanted->file;
    sqlite3_stmt *row = database_prepare(
        database, "INSERT INTO files(code, hash, room_id, user_id, size, width, height, created_ms,"
                  " created_elapsed_ms, name, type) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
    bind_text(row, 1, file->id);
    sqlite3_bind_blob(row, 2, file->hash, HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(row, 3, file->room_id);
    sqlite3_bind_int64(row, 4, file->user_id);
    sqlite3_bind_int64(row, 5, file->size);
    sqlite3_bind_int64(row, 6, file->width);
    sqlite3_bind_int64(row, 7, file->height);
    sqlite3_bind_int64(row, 8, wanted->at.wall_ms);
    sqlite3_bind_int64(row, 9, wanted->at.elapsed_ms);
    bind_text(row, 10, file->name);
    bind_text(row, 11, file->type);
    return database_run(database, row);
}

/* The bytes have their name before the row is there. A folder that fails is a matter of files alone: words do not
 * wait for it. */
bool files_add(struct writer *writer, struct job *job)
{
    struct job_file *wanted = &job->file;
    int64_t is_room = 0;
    if (!sum(&writer->database, database_prepare(&writer->database, "SELECT 1 FROM rooms WHERE id=?1"),
             wanted->file.room_id, &is_room) ||
        !judge_quotas(&writer->database, writer->path, wanted, &wanted->quota))
        return false;
    if (!is_room || wanted->quota) {
        job->result = is_room ? JOB_FILES_FULL : JOB_ROOM_MISSING;
        return true;
    }
    if (!folder_take(writer->path, wanted->upload, wanted->file.hash)) {
        job->result = JOB_UNAVAILABLE;
        return true;
    }
    return insert(&writer->database, wanted);
}

bool files_remove(struct writer *writer, struct job *job)
{
    struct job_file *wanted = &job->file;
    bool is_there;
    char id[FILE_ID_BYTES + 1];
    memcpy(id, wanted->file.id, sizeof id);
    if (!find(&writer->database, job, id, &wanted->file, &is_there))
        return false;
    if (!is_there) {
        job->result = JOB_FILE_MISSING;
        return true;
    }
    writer->needs_wal_truncation = true;
    sqlite3_stmt *row = database_prepare(
        &writer->database, "UPDATE files SET hash=NULL WHERE code IN (?1, ?2)");
    bind_text(row, 1, id);
    bind_text(row, 2, wanted->file.preview);
    return database_run(&writer->database, row);
}

/* One that the sender has uploaded there, and that no message has. What was asked for besides stays. */
static bool claim(struct database *database, struct job *job, int64_t room_id, int64_t user_id, struct file_row *file)
{
    struct file_row found;
    bool is_there;
    if (!find(database, job, file->id, &found, &is_there))
        return false;
    if (!is_there || found.gone || found.seq || found.user_id != user_id || found.room_id != room_id) {
        job->result = JOB_FILE_MISSING;
        return true;
    }
    found.alt = file->alt;
    memcpy(found.preview, file->preview, sizeof found.preview);
    *file = found;
    return true;
}

/* A picture that is shown small may be any, but not one twice. */
static bool has_twice(const struct entry *entry)
{
    for (size_t i = 0; i < entry->file_count; i++)
        for (size_t j = 0; j < entry->file_count; j++)
            if ((i != j && (strcmp(entry->files[i].id, entry->files[j].id) == 0 ||
                            (entry->files[i].preview[0] != '\0' &&
                             strcmp(entry->files[i].preview, entry->files[j].preview) == 0))) ||
                strcmp(entry->files[i].id, entry->files[j].preview) == 0)
                return true;
    return false;
}

bool files_judge(struct database *database, struct job *job, int64_t room_id, struct entry *entry)
{
    struct file_row *files = job_memory(job, (entry->file_count + 1) * sizeof *files);
    if (!files)
        return database_failed(database, SQLITE_NOMEM);
    if (has_twice(entry))
        job->result = JOB_FILE_MISSING;
    for (size_t i = 0; i < entry->file_count && job->result == JOB_DONE; i++) {
        struct file_row preview = {.gone = false};
        files[i] = entry->files[i];
        if (files[i].gone)
            continue;
        memcpy(preview.id, files[i].preview, sizeof preview.id);
        if (!claim(database, job, room_id, entry->user_id, &files[i]) ||
            (preview.id[0] != '\0' && job->result == JOB_DONE &&
             !claim(database, job, room_id, entry->user_id, &preview)))
            return false;
    }
    if (job->result == JOB_DONE)
        entry->files = files;
    return true;
}

/* A row of one whose bytes were not kept where it comes from. */
static bool insert_gone(struct database *database, int64_t room_id, int64_t message, const struct file_row *file,
                        size_t place)
{
    char id[FILE_ID_BYTES + 1];
    if (!random_hex(id, FILE_ID_BYTES / 2))
        return database_failed(database, SQLITE_IOERR);
    sqlite3_stmt *row = database_prepare(
        database, "INSERT INTO files(code, room_id, user_id, size, width, height, created_ms, created_elapsed_ms,"
                  " name, type, alt, message, place) VALUES(?1,?2,0,?3,?9,?10,0,0,?4,?5,?6,?7,?8)");
    bind_text(row, 1, id);
    sqlite3_bind_int64(row, 2, room_id);
    sqlite3_bind_int64(row, 3, file->size);
    bind_text(row, 4, file->name);
    bind_text(row, 5, file->type);
    bind_text(row, 6, file->alt);
    sqlite3_bind_int64(row, 7, message);
    sqlite3_bind_int64(row, 8, (int64_t)place);
    sqlite3_bind_int64(row, 9, file->width);
    sqlite3_bind_int64(row, 10, file->height);
    return database_run(database, row);
}

static bool attach(struct database *database, int64_t message, const struct file_row *file, size_t place)
{
    sqlite3_stmt *row = database_prepare(
        database, "UPDATE files SET message=?1, place=?2, preview=?3, alt=?4 WHERE code=?5");
    sqlite3_bind_int64(row, 1, message);
    sqlite3_bind_int64(row, 2, (int64_t)place);
    bind_text(row, 3, file->preview[0] != '\0' ? file->preview : NULL);
    bind_text(row, 4, file->alt);
    bind_text(row, 5, file->id);
    if (!database_run(database, row))
        return false;
    if (file->preview[0] == '\0')
        return true;
    row = database_prepare(database, "UPDATE files SET message=?1 WHERE code=?2");
    sqlite3_bind_int64(row, 1, message);
    bind_text(row, 2, file->preview);
    return database_run(database, row);
}

bool files_attach(struct database *database, int64_t room_id, const struct entry *entry)
{
    bool is_fine = true;
    int64_t message = row_id(room_id, entry->seq);
    for (size_t i = 0; i < entry->file_count && is_fine; i++)
        is_fine = entry->files[i].gone ? insert_gone(database, room_id, message, &entry->files[i], i)
                                       : attach(database, message, &entry->files[i], i);
    return is_fine;
}

bool files_go_with(struct database *database, int64_t first, int64_t last)
{
    sqlite3_stmt *row = database_prepare(database, "DELETE FROM files WHERE message>=?1 AND message<=?2");
    sqlite3_bind_int64(row, 1, first);
    sqlite3_bind_int64(row, 2, last);
    return database_run(database, row);
}

/* --- the end of files --------------------------------------------------------------------------- */

static bool change(struct database *database, sqlite3_stmt *statement, int64_t before, int rows, bool *any)
{
    sqlite3_bind_int64(statement, 1, before);
    sqlite3_bind_int(statement, 2, rows);
    if (!database_run(database, statement))
        return false;
    *any = *any || sqlite3_changes(database->handle) > 0;
    return true;
}

/* No day at which a message was said, but when its file was uploaded; kept rooms keep theirs. */
static bool let_old_go(struct writer *writer, const struct store_options *options, bool *any)
{
    struct database *database = &writer->database;
    struct cutoff cutoff;
    if (!options->files_age_ms)
        return true;
    if (!days_cutoff(database, &writer->now, writer->is_time_proven, options->files_age_ms, &cutoff))
        return false;
    return cutoff.day <= 0 ||
           change(database,
                  database_prepare(database,
                                   "UPDATE files SET hash=NULL WHERE id IN (SELECT id FROM files WHERE hash IS NOT"
                                   " NULL AND message IS NOT NULL AND created_elapsed_ms<?1 AND room_id NOT IN"
                                   " (SELECT id FROM rooms WHERE keep=1) ORDER BY created_elapsed_ms LIMIT ?2)"),
                  cutoff.day * DAY_MS, EXPIRED_ROWS, any);
}

static bool let_oldest_go(struct writer *writer, bool *any)
{
    struct database *database = &writer->database;
    if (!writer->path || reserve_free_bytes(writer->path) >= FREE_BYTES_LEAST)
        return true;
    return change(database,
                  database_prepare(database,
                                   "UPDATE files SET hash=NULL WHERE id IN (SELECT id FROM files WHERE hash IS NOT"
                                   " NULL AND created_elapsed_ms<?1 ORDER BY created_elapsed_ms LIMIT ?2)"),
                  INT64_MAX, PRESSED_ROWS, any);
}

bool files_expire(struct writer *writer, const struct store_options *options, bool *any)
{
    struct database *database = &writer->database;
    *any = false;
    if (!database_begin(database))
        return false;
    sqlite3_stmt *waiting = database_prepare(
        database, "DELETE FROM files WHERE id IN (SELECT id FROM files WHERE message IS NULL AND"
                  " created_elapsed_ms<?1 ORDER BY created_elapsed_ms LIMIT ?2)");
    bool is_fine = change(database, waiting, writer->now.elapsed_ms - WAITS_MS, EXPIRED_ROWS, any) &&
                   let_old_go(writer, options, any) && let_oldest_go(writer, any);
    if (is_fine && *any)
        return database_commit(database);
    database_rollback(database); /* nothing is written where nothing has changed */
    return is_fine;
}

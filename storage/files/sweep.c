#include "storage/files/sweep.h"

#include <string.h>

#include "storage/damage.h"
#include "storage/files/folder.h"
#include "storage/writer.h"

enum { ROWS = 64, SWEEP_MS = 6 * 3600000 };

static bool run_hash(struct database *database, sqlite3_stmt *statement, const uint8_t *hash)
{
    sqlite3_bind_blob(statement, 1, hash, HASH_BYTES, SQLITE_STATIC);
    return database_run(database, statement);
}

/* Some row calls its bytes so. */
static bool is_had(struct database *database, const uint8_t *hash, bool *had)
{
    int64_t found;
    sqlite3_stmt *row = database_prepare(database, "SELECT 1 FROM files WHERE hash=?1 LIMIT 1");
    sqlite3_bind_blob(row, 1, hash, HASH_BYTES, SQLITE_STATIC);
    bool is_fine = database_number(database, row, 0, &found);
    *had = found != 0;
    return is_fine;
}

static bool read_dropped(struct database *database, uint8_t hashes[ROWS][HASH_BYTES], size_t *count)
{
    sqlite3_stmt *row = database_prepare(database, "SELECT hash FROM dropped_files LIMIT ?1");
    sqlite3_bind_int(row, 1, ROWS);
    enum step step;
    *count = 0;
    while ((step = database_step(database, row)) == STEP_ROW && *count < ROWS)
        if (sqlite3_column_bytes(row, 0) == HASH_BYTES)
            memcpy(hashes[(*count)++], sqlite3_column_blob(row, 0), HASH_BYTES);
    database_reset(row);
    return step != STEP_FAILED;
}

/* A row with the same bytes may have come since. */
static bool drop(struct writer *writer, const uint8_t *hash)
{
    bool had;
    if (!is_had(&writer->database, hash, &had))
        return false;
    if (!had)
        folder_drop(writer->path, hash);
    return run_hash(&writer->database,
                    database_prepare(&writer->database, "DELETE FROM dropped_files WHERE hash=?1"), hash);
}

/* Where a commit is not on the disk at once, it is brought there first. */
bool sweep_dropped(struct writer *writer, bool *any)
{
    struct database *database = &writer->database;
    uint8_t hashes[ROWS][HASH_BYTES];
    size_t count;
    *any = false;
    if (!read_dropped(database, hashes, &count))
        return false;
    if (count == 0 || (!writer->power_loss && !writer_truncate_wal(writer)))
        return true;
    if (!database_begin(database))
        return false;
    bool is_fine = true;
    for (size_t i = 0; i < count && is_fine; i++)
        is_fine = drop(writer, hashes[i]);
    *any = count == ROWS;
    if (is_fine)
        return database_commit(database);
    database_rollback(database);
    return false;
}

/* --- everything --------------------------------------------------------------------------------- */

static bool look_at_folder(struct writer *writer, bool *any)
{
    struct sweep *sweep = &writer->sweep;
    uint8_t hash[HASH_BYTES];
    bool had;
    for (int i = 0; i < ROWS; i++) {
        const struct dirent *entry = readdir(sweep->folder);
        if (!entry) {
            sweep_finish(sweep);
            return true;
        }
        if (!hash_read(entry->d_name, hash))
            continue;
        if (!is_had(&writer->database, hash, &had))
            return false;
        if (!had && !sweep->leaves_bytes)
            folder_drop(writer->path, hash);
    }
    *any = true;
    return true;
}

static bool mark_gone(struct database *database, int64_t id)
{
    sqlite3_stmt *row = database_prepare(database, "UPDATE files SET hash=NULL WHERE id=?1");
    sqlite3_bind_int64(row, 1, id);
    return database_run(database, row);
}

/* Those whose bytes are not there are gone. */
static bool look_at_rows(struct writer *writer, bool *any)
{
    struct database *database = &writer->database;
    int64_t missing[ROWS];
    int looked_at = 0, count = 0;
    sqlite3_stmt *row = database_prepare(
        database, "SELECT id, hash FROM files WHERE id>?1 AND hash IS NOT NULL ORDER BY id LIMIT ?2");
    sqlite3_bind_int64(row, 1, writer->sweep.row);
    sqlite3_bind_int(row, 2, ROWS);
    enum step step;
    while ((step = database_step(database, row)) == STEP_ROW && looked_at++ < ROWS) {
        writer->sweep.row = sqlite3_column_int64(row, 0);
        if (sqlite3_column_bytes(row, 1) != HASH_BYTES ||
            !folder_has(writer->path, sqlite3_column_blob(row, 1)))
            missing[count++] = writer->sweep.row;
    }
    database_reset(row);
    bool is_fine = step != STEP_FAILED;
    for (int i = 0; i < count && is_fine; i++)
        is_fine = mark_gone(database, missing[i]);
    *any = looked_at == ROWS;
    return is_fine;
}

bool sweep_step(struct writer *writer, int64_t now_ms, bool *any)
{
    struct sweep *sweep = &writer->sweep;
    char folder[FOLDER_PATH_BYTES];
    *any = false;
    if (!writer->path || (sweep->due_ms > now_ms && !sweep->folder && sweep->row == INT64_MAX))
        return true;
    if (sweep->folder)
        return look_at_folder(writer, any);
    if (sweep->due_ms <= now_ms) { /* the rows first, then the folder */
        sweep->row = folder_is_empty(writer->path) ? INT64_MAX : 0;
        sweep->leaves_bytes = damage_is_kept(writer->path);
        sweep->due_ms = now_ms + SWEEP_MS;
    }
    if (!look_at_rows(writer, any))
        return false;
    if (*any)
        return true;
    sweep->row = INT64_MAX;
    folder_name(writer->path, folder);
    sweep->folder = opendir(folder);
    *any = sweep->folder != NULL;
    return true;
}

void sweep_finish(struct sweep *sweep)
{
    if (sweep->folder)
        closedir(sweep->folder);
    sweep->folder = NULL;
}

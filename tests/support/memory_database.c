#include "tests/support/memory_database.h"

#include "storage/cursors.h"
#include "storage/reader.h"
#include "storage/retention.h"
#include "storage/rooms.h"
#include "storage/schema.h"
#include "storage/start.h"
#include "storage/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool is_done, const struct database *database, const char *what)
{
    if (is_done)
        return;
    fprintf(stderr, "memory database: %s: %s\n", what, database->why);
    abort();
}

/* Of the database closed last, with empty tables: the schema and the prepared statements cost more
 * than a short history. */
static struct database spare;

static void open_new(struct database *database)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(":memory:", &database->handle, flags, NULL);
    must(code == SQLITE_OK, database, "open");
    sqlite3_extended_result_codes(database->handle, 1);
    must(schema_migrate(database) == SCHEMA_READY, database, "schema");
}

static void empty(struct database *database)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT group_concat('DELETE FROM ' || name, ';') FROM sqlite_schema"
                  " WHERE type='table' AND name NOT LIKE 'sqlite_%'");
    must(database_step(database, statement) == STEP_ROW, database, "tables");
    char *sql = strdup(column_text(statement, 0));
    database_reset(statement);
    must(sql && database_execute(database, sql), database, "empty");
    free(sql);
}

void memory_database_open(struct memory_database *memory, int nonce_window)
{
    struct start start = {.database = spare}; /* all of it that the writer takes over */
    struct store_options options = {.nonce_window = nonce_window, .search = true};
    spare.handle = NULL;
    if (!start.database.handle)
        open_new(&start.database);
    must(writer_init(&memory->writer, &start, &options), &memory->writer.database, "writer");
}

void memory_database_close(struct memory_database *memory)
{
    struct database *database = &memory->writer.database;
    if (!spare.handle) {
        empty(database);
        spare = *database;
        *database = (struct database){.handle = NULL};
    }
    writer_finish(&memory->writer);
}

void memory_database_write(struct memory_database *memory, struct job *jobs)
{
    must(writer_commit(&memory->writer, jobs), &memory->writer.database, "commit");
}

void memory_database_read(struct memory_database *memory, struct job *job)
{
    reader_run(&memory->writer.database, "", job);
    must(job->result != JOB_UNAVAILABLE, &memory->writer.database, "read");
}

/* By age, which takes as many of the oldest rows as a step may; rooms that were removed go first.
 */
struct job *memory_database_prune(struct memory_database *memory, int64_t room_id, size_t count)
{
    struct store_options options = {.retention_age_ms = 1};
    struct job *notice = NULL;
    enum retention_result result = RETENTION_STEPPED;
    while (!notice && result == RETENTION_STEPPED) {
        memory->writer.retention_room = room_id;
        memory->writer.now.elapsed_ms = INT64_MAX / 2; /* everything is old */
        result = retention_step(&memory->writer, &options, (int)count, &notice);
    }
    must(result != RETENTION_FAILED, &memory->writer.database, "prune");
    return notice;
}

void memory_database_load(struct memory_database *memory, struct store_start *start)
{
    struct database *database = &memory->writer.database;
    must(rooms_load(database, start) && tokens_load(database, start) &&
             cursors_load(database, start), database, "load");
}

#include "storage/housekeeping.h"

#include "storage/files/files.h"
#include "storage/lapse.h"
#include "storage/old_copy.h"
#include "storage/reserve.h"
#include "storage/search/search.h"

enum {
    ROUND_MS = 60000, /* between two rounds of retention */
    FIRST_ROUND_MS = 1000,
    RECOVERY_WAIT_MS = 5000, /* before a step that failed is tried again */
    BUSY_MS = 200, /* before truncating the WAL is tried again when readers stood in the way */
    LATE_MS = 500, /* a step that is overdue so long goes before the next messages */
    LOOK_PAGES = 64, /* written before the ceiling is looked at again */
    ROWS_MAX = 200 /* removed in one step; more when more are being added */
};

void housekeeping_init(struct housekeeping *housekeeping, int64_t now_ms)
{
    *housekeeping = (struct housekeeping){.due_ms = now_ms + FIRST_ROUND_MS,
                                          .round_ms = now_ms + FIRST_ROUND_MS};
}

/* While entries come over, they come in no order: the index would miss some. */
static bool index_is_due(const struct writer *writer)
{
    return writer->search && !writer->recovery.work && writer->unindexed >= SEARCH_BLOCK_MESSAGES;
}

void housekeeping_look(struct housekeeping *housekeeping, int64_t now_ms)
{
    housekeeping->has_round = true;
    housekeeping->due_ms = now_ms;
}

/* Asking SQLite costs as much as a message does. The database grows by no more than what is written; the
 * WAL also gets shorter, and without one nothing is known. */
static bool ceiling_is_due(struct housekeeping *housekeeping, const struct writer *writer)
{
    int pages = writer->wal_pages - housekeeping->wal_pages;
    if (pages >= 0 && pages < LOOK_PAGES && writer->wal_pages > 0 && !housekeeping->is_over)
        return false;
    housekeeping->wal_pages = writer->wal_pages;
    return true;
}

void housekeeping_wake(struct housekeeping *housekeeping, struct writer *writer,
                       const struct store_options *options, int64_t now_ms)
{
    if (ceiling_is_due(housekeeping, writer))
        housekeeping->is_over = retention_is_over(writer, options);
    if (housekeeping->is_over || writer->has_removed)
        housekeeping->has_round = true;
    writer->has_removed = false;
    if ((housekeeping->has_round || writer->needs_wal_truncation || index_is_due(writer)) &&
        housekeeping->due_ms > now_ms)
        housekeeping->due_ms = now_ms;
}

bool housekeeping_is_urgent(const struct housekeeping *housekeeping, const struct writer *writer,
                            int64_t now_ms)
{
    return housekeeping->is_over || now_ms - housekeeping->due_ms > LATE_MS ||
           writer->unindexed >= SEARCH_WAITING_MAX;
}

static bool index_block(struct writer *writer)
{
    struct database *database = &writer->database;
    int64_t waiting = writer->unindexed;
    if (!database_begin(database))
        return false;
    if (!search_index(database, &waiting)) {
        database_rollback(database);
        return false;
    }
    if (!database_commit(database))
        return false;
    writer->unindexed = waiting;
    return true;
}

/* One step of a round: files, before any words; entries, then what lapses, then space. */
static enum retention_result step_round(struct housekeeping *housekeeping, struct writer *writer,
                                        const struct store_options *options, struct job **notices)
{
    writer->now = clock_now(&writer->clock);
    writer->is_time_proven = proof_look(&housekeeping->proof, &writer->now);
    int rows_max = writer->appended > ROWS_MAX ? (int)(2 * writer->appended) : ROWS_MAX;
    bool any_files;
    if (!files_expire(writer, options, &any_files))
        return RETENTION_FAILED;
    enum retention_result result =
        any_files ? RETENTION_STEPPED : retention_step(writer, options, rows_max, notices);
    if (result == RETENTION_DONE)
        result = lapse_step(writer, options, notices);
    if (result == RETENTION_DONE)
        result = retention_shrink(writer);
    return result;
}

static int64_t next_due_ms(const struct housekeeping *housekeeping, const struct writer *writer,
                           int64_t now_ms)
{
    if (housekeeping->has_round || index_is_due(writer))
        return now_ms;
    return writer->needs_wal_truncation ? now_ms + BUSY_MS : housekeeping->round_ms;
}

/* One step of the round that is under way or due. */
static bool go_round(struct housekeeping *housekeeping, struct writer *writer,
                     const struct store_options *options, int64_t now_ms, struct job **notices)
{
    enum retention_result result = step_round(housekeeping, writer, options, notices);
    housekeeping->has_round = result == RETENTION_STEPPED;
    housekeeping->is_over = housekeeping->has_round && retention_is_over(writer, options);
    if (result == RETENTION_DONE) {
        housekeeping->round_ms = now_ms + ROUND_MS;
        reserve_make(options->path, options->reserve_bytes);
        writer->old_copy_bytes = old_copy_bytes(options->path);
        return old_copy_age(&writer->database, options->path, writer->now.elapsed_ms);
    }
    return result != RETENTION_FAILED;
}

/* While this goes on nothing is removed: what is to be removed may not be here yet. It needs space where
 * messages need little: that it has to wait says nothing about them. */
static bool recover(struct housekeeping *housekeeping, struct writer *writer, int64_t now_ms,
                    struct job **notices)
{
    enum recovery_result result = recovery_step(writer->recovery.work, &writer->database,
                                                &writer->recovery.figures, notices);
    bool is_waiting = result == RECOVERY_FAILED;
    housekeeping->due_ms = is_waiting ? now_ms + RECOVERY_WAIT_MS : now_ms;
    writer->recovery.figures.is_waiting = is_waiting;
    if (result != RECOVERY_DONE)
        return !is_waiting || !database_is_corrupt(&writer->database);
    recovery_close(writer->recovery.work);
    writer->recovery.work = NULL;
    writer->unindexed = 0;
    if (writer->search)
        (void)search_waiting(&writer->database, &writer->unindexed);
    return true;
}

/* A block for the index and a step of forgetting: neither keeps the other waiting for ever. */
bool housekeeping_step(struct housekeeping *housekeeping, struct writer *writer,
                       const struct store_options *options, int64_t now_ms, struct job **notices)
{
    *notices = NULL;
    if (writer->needs_wal_truncation)
        writer_truncate_wal(writer); /* readers in the way: again in BUSY_MS */
    if (writer->recovery.work)
        return recover(housekeeping, writer, now_ms, notices);
    bool ok = !index_is_due(writer) || index_block(writer);
    bool any_dropped = false, any_swept = false;
    ok = ok && sweep_dropped(writer, &any_dropped) && sweep_step(writer, now_ms, &any_swept);
    if (ok && (housekeeping->has_round || housekeeping->round_ms <= now_ms))
        ok = go_round(housekeeping, writer, options, now_ms, notices);
    housekeeping->due_ms =
        any_dropped || any_swept ? now_ms : next_due_ms(housekeeping, writer, now_ms);
    return ok;
}

/* admin.c - what only administrators ask for: figures, backup and restore, a room's log as rows. */
#include "daemon/core/announce.h"
#include "daemon/core/ask.h"
#include "daemon/core/file.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/recovering.h"
#include "daemon/core/room.h"
#include "daemon/core/room_budget.h"
#include "daemon/core/room_make.h"
#include "daemon/core/share.h"
#include "daemon/log.h"

#include <string.h>

#define EXPORT_ROWS 500 /* when the request names no limit */
#define ROWS_MAX    1000

/* Leaves a log half of the seqs that storage can number (2^40), whatever somebody imports. */
#define SEQ_IMPORTED_MAX (INT64_C(1) << 39)

/* --- status ------------------------------------------------------------------------------------
 */

static void fill_store(const struct store_status *store, struct reply_status *reply)
{
    reply->clock_set = store->clock != CLOCK_UNSET;
    reply->clock = word_of(WORDS_clock_state, (int)store->clock);
    reply->time_proven = store->is_time_proven;
    reply->users = store->users;
    reply->entries = store->entries;
    reply->journal_mode = store->journal_mode;
    reply->durability = store->durability;
    reply->passwords = store->passwords;
    reply->file_bytes = store->file_bytes;
    reply->written_bytes = store->written_bytes;
    reply->commits = store->commits;
    reply->pending = store->pending;
    reply->unindexed = store->unindexed;
    reply->last_backup = store->last_backup_ts;
    reply->failing = store->failing;
    reply->failure = store->failure[0] ? store->failure : NULL;
}

/* The texts stay in tls. */
static void fill_tls(const struct gateway *gateway, struct host_tls *tls, struct reply_status *reply)
{
    if (!gateway->host)
        return;
    gateway->host->describe_tls(gateway->host->of, tls);
    reply->tls = tls->mode;
    reply->tls_port = tls->port;
    reply->tls_expires = tls->expires_ms;
    reply->tls_names = tls->names[0] ? tls->names : NULL;
    reply->tls_warning = tls->warning[0] ? tls->warning : NULL;
}

static void fill_gateway(const struct gateway *gateway, struct reply_status *reply)
{
    const struct config *config = gateway->config;
    reply->server.name = config->server.name;
    reply->server.version = HEARTH_VERSION;
    reply->uptime_ms = gateway->now.monotonic_ms - gateway->started_ms;
    reply->time = gateway->now.wall_ms;
    reply->connections = (int64_t)gateway->sessions.by_id.count;
    reply->connections_max = config->limits.connections;
    reply->users_here = (int64_t)gateway->users.here_count;
    reply->rooms = (int64_t)gateway->rooms.by_id.count;
    reply->memory_bytes = (int64_t)gateway->rooms.log_bytes;
    reply->requests = gateway->figures.requests;
    reply->told = gateway->figures.entries;
    int64_t free_bytes = store_figures(gateway->storage.store).free_bytes;
    reply->free_bytes = free_bytes < SEQ_MAX ? free_bytes : SEQ_MAX;
    reply->max_bytes = config->storage.max_bytes;
    reply->pending_max = config->storage.pending_max;
    reply->retention_age_days = config->retention.age_days;
    reply->retention_room_entries = config->retention.room_entries;
}

/* A direct room has a name of its own in storage; what the two are called, the core knows. */
static void fill_usage(struct gateway *gateway, const struct store_status *store,
                       struct record_file_usage lines[2 * FILE_USAGE_MAX], struct reply_status *reply)
{
    struct record_file_usage *users = lines + store->file_room_count;
    for (size_t i = 0; i < store->file_room_count; i++) {
        const struct file_usage *usage = &store->file_rooms[i];
        const struct room *room = room_find_id(gateway, usage->id);
        lines[i] = (struct record_file_usage){room ? room->name : "(removed)", usage->files, usage->bytes, 0};
    }
    for (size_t i = 0; i < store->file_user_count; i++) {
        const struct file_usage *usage = &store->file_users[i];
        users[i] = (struct record_file_usage){usage->name[0] ? usage->name : "(nobody)", usage->files, usage->bytes, 0};
    }
    reply->files = store->files;
    reply->files_bytes = store->files_bytes;
    reply->files_max_bytes = gateway->config->files.disk_bytes;
    reply->file_rooms = (struct message_list){lines, store->file_room_count};
    reply->file_users = (struct message_list){users, store->file_user_count};
}

static enum outcome answer_status(struct ask *ask, struct job *job)
{
    struct record_file_usage usage[2 * FILE_USAGE_MAX];
    struct host_tls tls = {0};
    struct reply_status reply = {.tls = "off"};
    char recovery[RECOVERING_SENTENCE_BYTES];
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    fill_store(&job->status, &reply);
    fill_gateway(ask->gateway, &reply);
    fill_tls(ask->gateway, &tls, &reply);
    fill_usage(ask->gateway, &job->status, usage, &reply);
    reply.recovering = job->status.recovery.is_running;
    if (job->status.recovery.is_known) {
        recovering_describe(&job->status.recovery, recovery);
        reply.recovery = recovery;
    }
    return ask_reply(ask, REPLY_status, &reply);
}

enum outcome handle_status(struct ask *ask)
{
    return ask_submit(ask, job_create(JOB_STATUS), answer_status);
}

/* --- notice ------------------------------------------------------------------------------------
 */

enum outcome handle_notice(struct ask *ask)
{
    const struct event_notice event = {.text = ask->request.as_notice.text};
    announce(ask->gateway, EVENT_notice, &event);
    log_info("gateway: an administrator told everybody something");
    return ask_ok(ask);
}

/* --- backup and restore ------------------------------------------------------------------------
 */

static enum outcome answer_backup(struct ask *ask, struct job *job)
{
    const struct reply_done done = {.bytes = job->backup.bytes,
                                    .without_files = job->backup.files > 0 ? job->backup.files : NUMBER_ABSENT};
    if (job->result == JOB_REFUSED)
        return ask_fail(ask, ERROR_bad_request, "path", "%s", job->why);
    return job->result == JOB_DONE ? ask_reply(ask, REPLY_done, &done) : ask_fail_job(ask, job);
}

/* The file lies ready; whoever opens the store next takes it. */
static enum outcome answer_restore(struct ask *ask, struct job *job)
{
    ask->gateway->drain.wants_restart |= job->result == JOB_DONE;
    return answer_backup(ask, job);
}

static enum outcome submit_file(struct ask *ask, enum job_kind kind, const char *path,
                                bool overwrite, answer_handler *answer)
{
    if (path[0] != '/')
        return ask_fail(ask, ERROR_bad_request, "path",
                        "The path must be absolute; it is on the gateway's machine.");
    struct job *job = job_create(kind);
    if (job) {
        job->backup.path = job_text(job, path);
        job->backup.overwrite = overwrite;
    }
    return ask_submit(ask, job, answer);
}

enum outcome handle_backup(struct ask *ask)
{
    const struct request_backup *backup = &ask->request.as_backup;
    return submit_file(ask, JOB_BACKUP, backup->path, backup->overwrite, answer_backup);
}

enum outcome handle_restore(struct ask *ask)
{
    const struct request_restore *restore = &ask->request.as_restore;
    return submit_file(ask, JOB_RESTORE, restore->path, restore->overwrite, answer_restore);
}

bool gateway_wants_restart(const struct gateway *gateway)
{
    return gateway->drain.wants_restart;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static int64_t or_absent(int64_t number)
{
    return number ? number : NUMBER_ABSENT;
}

static struct record_row row_of(const struct entry *entry)
{
    return (struct record_row){
        .kind = word_of(WORDS_entry_kind, (int)entry->kind),
        .seq = entry->seq,
        .ts = entry->ts,
        .from = entry->from,
        .text = entry->deleted ? NULL : entry->text,
        .nonce = entry->nonce,
        .target = or_absent(entry->target),
        .emoji = entry->emoji,
        .on = entry->on,
        .guest = entry->guest,
        .deleted = entry->deleted,
        .via = entry->via,
        .origin = entry->origin,
        .clock = entry->clock_unset ? "unset" : NULL,
    };
}

static bool fill_files(struct job *job, const struct entry *entry, struct message_list *list)
{
    struct record_file_line *lines = entry->file_count > 0 ? job_memory(job, FILES_MAX * sizeof *lines) : NULL;
    if (lines)
        file_lines_fill(entry, lines, list);
    return lines || entry->file_count == 0;
}

static enum outcome answer_export(struct ask *ask, struct job *job)
{
    const struct job_page *page = &job->page;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    const struct room *room = room_find_id(ask->gateway, page->room_id);
    struct record_row *rows = job_memory(job, (page->count + 1) * sizeof *rows);
    if (!rows)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = row_of(&page->entries[i]);
        if (!fill_files(job, &page->entries[i], &rows[i].files))
            return ask_fail(ask, ERROR_internal, NULL, NULL);
    }
    struct reply_exported reply = {.rows = {rows, page->count},
                                   .more = !page->complete,
                                   .last = room ? room->last : page->up_to};
    struct refusal refusal;
    if (ask->session && !share_cut(ask->session, RECORD_row, SHARE_FIRST, &reply.rows, &reply.more,
                                   &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_exported, &reply);
}

enum outcome handle_export(struct ask *ask)
{
    const struct request_export *export = &ask->request.as_export;
    struct job *job = job_create(JOB_EXPORT);
    if (job) {
        job->page.room_id = ask->room->id;
        job->page.after = export->after == NUMBER_ABSENT ? 0 : export->after;
        job->page.up_to = ask->room->last;
        job->page.limit = export->limit == NUMBER_ABSENT ? EXPORT_ROWS : (int)export->limit;
        job->page.bytes_max = share_bytes(ask->session);
    }
    return ask_submit(ask, job, answer_export);
}

/* --- import ------------------------------------------------------------------------------------
 */

/* What every row of its kind has. A deleted message and its edits have no text. */
static bool is_complete(const struct record_row *row, enum entry_kind kind)
{
    bool has_target = row->target != NUMBER_ABSENT && row->target < row->seq;
    switch (kind) {
    case ENTRY_KIND_MESSAGE:
        return (row->text || row->deleted) && row->files.count <= FILES_MAX;
    case ENTRY_KIND_EDIT: /* without text when the message was deleted later */
    case ENTRY_KIND_DELETE:
        return has_target;
    case ENTRY_KIND_REACTION:
        return has_target && row->emoji;
    case ENTRY_KIND_TOPIC:
        return row->text != NULL;
    }
    return false;
}

static void fill_entry(struct job *job, const struct record_row *row, struct entry *entry)
{
    entry->seq = row->seq;
    entry->ts = row->ts;
    /* An export of an older version may hold what is refused today. */
    entry->from = job_clean_text(job, row->from, TEXT_LINE);
    entry->text = row->deleted ? NULL : job_clean_text(job, row->text, TEXT_PROSE);
    entry->nonce = job_clean_text(job, row->nonce, TEXT_LINE);
    entry->emoji = job_clean_text(job, row->emoji, TEXT_LINE);
    entry->via = job_clean_text(job, row->via, TEXT_LINE);
    entry->origin = job_clean_text(job, row->origin, TEXT_LINE);
    entry->target = row->target == NUMBER_ABSENT ? 0 : row->target;
    entry->on = row->on;
    entry->guest = row->guest;
    entry->deleted = row->deleted;
    entry->clock_unset = row->clock != NULL;
    if (entry->kind == ENTRY_KIND_MESSAGE && !row->deleted)
        file_take_lines(&row->files, job, entry);
}

/* The index of the first row that will not do; count if all will. */
static size_t copy_rows(struct job *job, const struct record_row *rows, size_t count, int64_t last)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &job->import.entries[i];
        entry->kind = (enum entry_kind)word_find(WORDS_entry_kind, rows[i].kind);
        if (rows[i].seq <= last || rows[i].seq > SEQ_IMPORTED_MAX ||
            !is_complete(&rows[i], entry->kind))
            return i;
        fill_entry(job, &rows[i], entry);
        last = rows[i].seq;
    }
    return count;
}

/* A room that is not there yet: its job goes to storage before the rows. */
static struct room *make_imported(struct ask *ask, const char *name, struct refusal *refusal)
{
    struct gateway *gateway = ask->gateway;
    struct room_row row;
    if (!room_make_row(gateway, name, &row, refusal) ||
        !room_budget_take(ask->session, row.visibility, refusal))
        return NULL;
    struct room *room = room_make(gateway, &row);
    if (!room)
        refuse(refusal, ERROR_storage_unavailable, NULL, NULL);
    return room;
}

/* A room that is being made is found by the next page of rows, too. */
static struct room *find_room(struct gateway *gateway, const char *name)
{
    char folded[ROOM_NAME_BYTES_MAX + 1];
    return room_fold(name, folded) ? room_find_folded(gateway, folded) : NULL;
}

static struct job *create_import(const struct request_import *import, int64_t last, size_t *bad)
{
    struct job *job = job_create(JOB_IMPORT);
    size_t count = import->rows.count;
    *bad = count;
    if (!job)
        return NULL;
    job->import.entries = job_memory(job, (count + 1) * sizeof *job->import.entries);
    job->import.count = count;
    if (!job_failed(job))
        *bad = copy_rows(job, import->rows.items, count, last);
    return job;
}

static enum outcome answer_import(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->import.room_id);
    for (size_t i = 0; job->result == JOB_DONE && room && i < job->import.count; i++)
        room_tell(ask->gateway, room, &job->import.entries[i], 0);
    const struct reply_imported reply = {.rows = job->import.imported};
    return job->result == JOB_DONE ? ask_reply(ask, REPLY_imported, &reply)
                                   : ask_fail_job(ask, job);
}

enum outcome handle_import(struct ask *ask)
{
    const struct request_import *import = &ask->request.as_import;
    struct room *room = find_room(ask->gateway, import->room);
    struct refusal refusal;
    size_t bad;
    if (import->rows.count > ROWS_MAX)
        return ask_fail(ask, ERROR_bad_request, "rows", "At most %d rows at once.", ROWS_MAX);
    if (room && !recovering_allows(room, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = create_import(import, room ? room->last : 0, &bad);
    if (bad < import->rows.count) {
        job_destroy(job);
        return ask_fail(ask, ERROR_bad_request, "rows",
                        "Row %zu is incomplete, or its seq does not follow.", bad);
    }
    if (!room)
        room = make_imported(ask, import->room, &refusal);
    if (!room) {
        job_destroy(job);
        return ask_refuse(ask, &refusal);
    }
    if (job)
        job->import.room_id = room->id;
    return ask_submit(ask, job, answer_import);
}

/* admin.c - what only the keeper asks for: figures, backup and restore, a room's log as rows. */
#include "daemon/core/state.h"

#include <string.h>

#define EXPORT_ROWS 500 /* when the request names no limit */
#define ROWS_MAX    1000

/* Leaves a log half of the seqs that storage can number (2^40), whatever somebody imports. */
#define SEQ_IMPORTED_MAX (INT64_C(1) << 39)

/* --- status ------------------------------------------------------------------------------------
 */

void handle_status(struct gateway *gateway, struct session *session, const struct request *request)
{
    (void)gateway_submit(gateway, session, request, job_create(JOB_STATUS));
}

static void fill_store(const struct store_status *store, struct reply_status *reply)
{
    reply->clock_set = !store->clock_unset;
    reply->users = store->users;
    reply->entries = store->entries;
    reply->journal_mode = store->journal_mode;
    reply->durability = store->durability;
    reply->file_bytes = store->file_bytes;
    reply->written_bytes = store->written_bytes;
    reply->commits = store->commits;
    reply->pending = store->pending;
    reply->unindexed = store->unindexed;
    reply->last_backup = store->last_backup_ts;
    reply->failing = store->failing;
    reply->failure = store->failure[0] ? store->failure : NULL;
}

static void fill_gateway(const struct gateway *gateway, struct reply_status *reply)
{
    const struct config *config = gateway->config;
    reply->server.name = config->server.name;
    reply->server.version = HEARTH_VERSION;
    reply->uptime_ms = gateway->now.monotonic_ms - gateway->started_ms;
    reply->time = gateway->now.wall_ms;
    reply->connections = (int64_t)gateway->sessions.count;
    reply->connections_max = config->limits.connections;
    reply->users_here = (int64_t)gateway->users_here;
    reply->rooms = (int64_t)gateway->rooms.count;
    reply->memory_bytes = (int64_t)gateway->log_bytes;
    reply->max_bytes = config->storage.max_bytes;
    reply->pending_max = config->storage.pending_max;
    reply->retention_age_days = config->retention.age_days;
    reply->retention_room_entries = config->retention.room_entries;
}

void answer_status(struct gateway *gateway, struct session *session, struct job *job)
{
    struct reply_status reply = {0};
    if (!session)
        return;
    if (job->result != JOB_DONE) {
        session_fail_job(session, job);
        return;
    }
    fill_store(&job->status, &reply);
    fill_gateway(gateway, &reply);
    session_reply(session, &job->asker.ref, REPLY_status, &reply);
}

/* --- backup and restore ------------------------------------------------------------------------
 */

static void submit_file(struct gateway *gateway, struct session *session,
                        const struct request *request, struct job *job, const char *path)
{
    if (path[0] != '/') {
        job_destroy(job);
        session_fail(session, &request->ref, ERROR_bad_request, "path",
                     "The path must be absolute; it is on the gateway's machine.");
        return;
    }
    if (job)
        job->backup.path = job_text(job, path);
    (void)gateway_submit(gateway, session, request, job);
}

void handle_backup(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct job *job = job_create(JOB_BACKUP);
    if (job)
        job->backup.overwrite = request->as_backup.overwrite;
    submit_file(gateway, session, request, job, request->as_backup.path);
}

void handle_restore(struct gateway *gateway, struct session *session, const struct request *request)
{
    struct job *job = job_create(JOB_RESTORE);
    if (job)
        job->backup.overwrite = request->as_restore.overwrite;
    submit_file(gateway, session, request, job, request->as_restore.path);
}

static void reply_done(struct session *session, const struct job *job)
{
    const struct reply_done done = {.bytes = job->backup.bytes};
    if (!session)
        return;
    if (job->result == JOB_REFUSED)
        session_fail(session, &job->asker.ref, ERROR_bad_request, "path", "%s", job->why);
    else if (job->result != JOB_DONE)
        session_fail_job(session, job);
    else
        session_reply(session, &job->asker.ref, REPLY_done, &done);
}

void answer_backup(struct gateway *gateway, struct session *session, struct job *job)
{
    (void)gateway;
    reply_done(session, job);
}

/* The file lies ready; whoever opens the store next takes it. */
void answer_restore(struct gateway *gateway, struct session *session, struct job *job)
{
    reply_done(session, job);
    gateway->wants_restart |= job->result == JOB_DONE;
}

bool gateway_wants_restart(const struct gateway *gateway)
{
    return gateway->wants_restart;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static const char *const kinds[] = {"message", "edit", "delete", "reaction", "topic"};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static int64_t or_absent(int64_t number)
{
    return number ? number : NUMBER_ABSENT;
}

static struct record_row row_of(const struct entry *entry)
{
    return (struct record_row){
        .kind = kinds[entry->kind],
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
        .clock = entry->clock_unset ? "unset" : NULL,
    };
}

void handle_export(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_export *export = &request->as_export;
    const struct room *room = access_room(session, request, export->room);
    if (!room)
        return;
    struct job *job = job_create(JOB_EXPORT);
    if (job) {
        job->page.room_id = room->id;
        job->page.after = export->after == NUMBER_ABSENT ? 0 : export->after;
        job->page.up_to = room->last;
        job->page.limit = export->limit == NUMBER_ABSENT ? EXPORT_ROWS : (int)export->limit;
        job->page.bytes_max = (size_t)gateway->config->limits.reply_bytes / 4;
    }
    (void)gateway_submit(gateway, session, request, job);
}

void answer_export(struct gateway *gateway, struct session *session, struct job *job)
{
    const struct job_page *page = &job->page;
    if (!session)
        return;
    if (job->result != JOB_DONE) {
        session_fail_job(session, job);
        return;
    }
    const struct room *room = room_find_id(gateway, page->room_id);
    struct record_row *rows = job_memory(job, (page->count + 1) * sizeof *rows);
    if (!rows) {
        session_fail(session, &job->asker.ref, ERROR_internal, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < page->count; i++)
        rows[i] = row_of(&page->entries[i]);
    const struct reply_exported reply = {.rows = {rows, page->count},
                                         .more = !page->complete,
                                         .last = room ? room->last : page->up_to};
    session_reply(session, &job->asker.ref, REPLY_exported, &reply);
}

/* --- import ------------------------------------------------------------------------------------
 */

/* via is a constant wherever an entry is kept. */
static const char *known_via(const char *via)
{
    static const char *const vias[] = {"plain", "webhook", "irc", "mqtt"};
    for (size_t i = 0; via && i < sizeof vias / sizeof vias[0]; i++)
        if (strcmp(via, vias[i]) == 0)
            return vias[i];
    return NULL;
}

static bool find_kind(const char *name, enum entry_kind *kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(name, kinds[i]) == 0) {
            *kind = (enum entry_kind)i;
            return true;
        }
    return false;
}

/* What every row of its kind has. A deleted message and its edits have no text. */
static bool is_complete(const struct record_row *row, enum entry_kind kind)
{
    bool has_target = row->target != NUMBER_ABSENT && row->target < row->seq;
    switch (kind) {
    case ENTRY_KIND_MESSAGE:
        return row->text || row->deleted;
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
    entry->via = known_via(row->via);
    entry->target = row->target == NUMBER_ABSENT ? 0 : row->target;
    entry->on = row->on;
    entry->guest = row->guest;
    entry->deleted = row->deleted;
    entry->clock_unset = row->clock != NULL;
}

/* The index of the first row that will not do; count if all will. */
static size_t copy_rows(struct job *job, const struct record_row *rows, size_t count, int64_t last)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &job->import.entries[i];
        if (rows[i].seq <= last || rows[i].seq > SEQ_IMPORTED_MAX ||
            !find_kind(rows[i].kind, &entry->kind) || !is_complete(&rows[i], entry->kind))
            return i;
        fill_entry(job, &rows[i], entry);
        last = rows[i].seq;
    }
    return count;
}

/* A room that is not there yet: its job goes to storage before the rows. */
static struct room *make_imported(struct gateway *gateway, struct session *session,
                                  const struct request *request)
{
    struct room_row row;
    const char *name = request->as_import.room;
    if (!gateway_fill_room(gateway, name, &row)) {
        session_fail(session, &request->ref, ERROR_name_invalid, "room", NULL);
        return NULL;
    }
    if (gateway->rooms.count >= (size_t)gateway->config->limits.rooms) {
        session_fail(session, &request->ref, ERROR_too_many_rooms, NULL, NULL);
        return NULL;
    }
    struct room *room = room_create(gateway, &row);
    struct job *job = job_create(JOB_ROOM_CREATE);
    if (job) {
        job->room.room = row;
        job->asker.request = REQUEST_import;
    }
    if (room && gateway_submit_alone(gateway, job)) {
        gateway->room_id_last = row.id;
        room->is_pending = true;
        return room;
    }
    if (room)
        room_destroy(gateway, room);
    else
        job_destroy(job);
    session_fail(session, &request->ref, ERROR_storage_unavailable, NULL, NULL);
    return NULL;
}

/* A room that is being made is found by the next page of rows, too. */
static struct room *find_room(struct gateway *gateway, const char *name)
{
    char folded[ROOM_NAME_BYTES_MAX + 1];
    return room_fold(name, folded) ? room_find_folded(gateway, folded) : NULL;
}

static struct job *rows_job(const struct request_import *import, int64_t last, size_t *bad)
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

void handle_import(struct gateway *gateway, struct session *session, const struct request *request)
{
    const struct request_import *import = &request->as_import;
    struct room *room = find_room(gateway, import->room);
    size_t bad;
    if (import->rows.count > ROWS_MAX) {
        session_fail(session, &request->ref, ERROR_bad_request, "rows", "At most %d rows at once.",
                     ROWS_MAX);
        return;
    }
    struct job *job = rows_job(import, room ? room->last : 0, &bad);
    if (bad < import->rows.count) {
        job_destroy(job);
        session_fail(session, &request->ref, ERROR_bad_request, "rows",
                     "Row %zu is incomplete, or its seq does not follow.", bad);
        return;
    }
    if (!room)
        room = make_imported(gateway, session, request);
    if (!room) {
        job_destroy(job);
        return;
    }
    if (job)
        job->import.room_id = room->id;
    (void)gateway_submit(gateway, session, request, job);
}

static void answer_made(struct gateway *gateway, const struct job *job)
{
    struct room *room = room_find_id(gateway, job->room.room.id);
    if (!room)
        return;
    if (job->result != JOB_DONE) {
        room_destroy(gateway, room);
        return;
    }
    room->is_pending = false;
    room_announce(gateway, room, "created");
}

void answer_import(struct gateway *gateway, struct session *session, struct job *job)
{
    if (job->kind == JOB_ROOM_CREATE) {
        answer_made(gateway, job);
        return;
    }
    struct room *room = room_find_id(gateway, job->import.room_id);
    for (size_t i = 0; job->result == JOB_DONE && room && i < job->import.count; i++)
        room_tell(gateway, room, &job->import.entries[i], 0);
    const struct reply_imported reply = {.rows = job->import.imported};
    if (!session)
        return;
    if (job->result != JOB_DONE)
        session_fail_job(session, job);
    else
        session_reply(session, &job->asker.ref, REPLY_imported, &reply);
}

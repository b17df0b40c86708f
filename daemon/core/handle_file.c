/* handle_file.c - files: to begin an upload, to go on with one, and to be let read one. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/file.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/share.h"
#include "daemon/core/upload.h"
#include "daemon/core/user.h"

#include <stdio.h>
#include <string.h>

#define RETRY_MS 1000

/* --- uploads ------------------------------------------------------------------------------------ */

static enum outcome reply_upload(struct ask *ask, struct upload *upload)
{
    const struct reply_upload reply = {
        .id = upload->file.id, .size = upload->size, .offset = upload->offset};
    ask->gateway->files.upload_told = upload;
    (void)ask_reply(ask, REPLY_upload, &reply);
    ask->gateway->files.upload_told = NULL;
    return ANSWERED;
}

static bool make_place(struct gateway *gateway, struct refusal *refusal)
{
    if (upload_make_place(gateway))
        return true;
    refuse(refusal, ERROR_rate_limited, "files.uploads", "As many files are on their way as may be; wait a moment.");
    refusal->retry_after_ms = RETRY_MS;
    return false;
}

static enum outcome answer_upload(struct ask *ask, struct job *job)
{
    struct refusal refusal;
    if (job->result == JOB_FILES_FULL) {
        file_refuse_quota(ask->gateway, job->file.quota, &refusal);
        return ask_refuse(ask, &refusal);
    }
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    if (!ask->session)
        return ANSWERED;
    if (!make_place(ask->gateway, &refusal))
        return ask_refuse(ask, &refusal);
    struct upload *upload = upload_create(ask->gateway, &job->file.file);
    return upload ? reply_upload(ask, upload)
                  : ask_fail(ask, ERROR_internal, NULL, "The gateway has no memory for this.");
}

enum outcome handle_upload(struct ask *ask)
{
    const struct request_upload *wanted = &ask->request.as_upload;
    struct refusal refusal;
    if (!file_is_allowed(ask->gateway, wanted->size, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = job_create(JOB_FILE_ROOM);
    if (job) {
        job->file.file.room_id = ask->room->id;
        job->file.file.user_id = session_user_id(ask->session);
        job->file.file.size = wanted->size;
        job->file.file.name = job_text(job, wanted->name ? wanted->name : "file");
        job->file.limits = file_limits(ask->gateway);
    }
    return ask_submit(ask, job, answer_upload);
}

struct upload_context {
    struct request_context request;
    char id[FILE_ID_BYTES + 1];
    int64_t resume; /* NUMBER_ABSENT, or whoever feeds it does so no more if it stands there */
    bool forgets;   /* whoever feeds it does so no more; and it goes */
};

static enum outcome refuse_upload(struct ask *ask)
{
    return ask_fail(ask, ERROR_message_not_found, "id", "There is no such upload any more; begin anew.");
}

static enum outcome ask_upload_state(struct ask *ask, const char *id, int64_t resume, bool forgets);

/* Whether somebody was faster, and what is under way has to be waited for once more. */
static bool is_still_fed(struct ask *ask, const struct upload_context *context, struct upload *upload)
{
    if (!upload->owner)
        return false;
    if (context->forgets)
        return true;
    if (context->resume != upload->offset) /* nobody is disturbed: it stands elsewhere */
        return false;
    if (upload_is_written(upload))
        return true;
    upload_take(ask->gateway, upload);
    return false;
}

/* What was under way when it was asked is not any more. */
static enum outcome answer_upload_state(struct ask *ask, struct job *job)
{
    const struct upload_context *context = job->context;
    if (!ask->session)
        return ANSWERED;
    struct upload *upload = upload_find(ask->gateway, context->id, session_user_id(ask->session));
    if (!upload)
        return refuse_upload(ask);
    if (is_still_fed(ask, context, upload))
        return ask_upload_state(ask, context->id, context->resume, context->forgets);
    (void)reply_upload(ask, upload);
    if (context->forgets && (upload = upload_find(ask->gateway, context->id, session_user_id(ask->session))) &&
        upload->phase != UPLOAD_ADDING)
        upload_destroy(ask->gateway, upload);
    return ANSWERED;
}

static enum outcome ask_upload_state(struct ask *ask, const char *id, int64_t resume, bool forgets)
{
    struct upload *upload = upload_find(ask->gateway, id, session_user_id(ask->session));
    if (!upload)
        return refuse_upload(ask);
    if (forgets)
        upload_take(ask->gateway, upload);
    struct job *job = job_create(JOB_FILE_STEP); /* storage does nothing, behind all that it does */
    struct upload_context *context = submit_context(job, sizeof *context);
    if (context) {
        job->file_step.step = FILE_STEP_NONE;
        snprintf(context->id, sizeof context->id, "%s", id);
        context->resume = resume;
        context->forgets = forgets;
    }
    return ask_submit(ask, job, answer_upload_state);
}

enum outcome handle_upload_state(struct ask *ask)
{
    const struct request_upload_state *wanted = &ask->request.as_upload_state;
    return ask_upload_state(ask, wanted->id, wanted->resume, wanted->forget);
}

/* --- reading ------------------------------------------------------------------------------------ */

/* Of whoever the file was looked up for: of a key that may be somebody who is not here. */
static bool may_read(const struct ask *ask, const struct job_file *found, const struct room *room,
                     struct refusal *refusal)
{
    struct session as = *ask->session;
    struct user away = {.id = found->reader.id,
                        .account = found->reader.account,
                        .role = found->reader.role,
                        .admitted = found->reader.admitted,
                        .spoke_ms = found->reader.spoke_ms};
    struct user *here = user_find_id(ask->gateway, found->reader_id);
    if (found->reader_id)
        as.user = here ? here : &away;
    bool is_known = !found->reader_id || here || found->reader.id;
    if (!is_known)
        refuse(refusal, ERROR_unauthorized, NULL, "This key is not known here.");
    return is_known && access_enter(&as, refusal) && access_read(&as, room, &found->grant, refusal);
}

/* Nobody reads what its uploader has not said yet. False: answered. */
static bool check_found(struct ask *ask, const struct job *job, const struct room **room)
{
    const struct file_row *file = &job->file.file;
    struct refusal refusal;
    *room = job->result == JOB_DONE ? room_find_id(ask->gateway, file->room_id) : NULL;
    if (job->result != JOB_DONE)
        (void)ask_fail_job(ask, job);
    else if (!*room || (!file->seq && file->user_id != job->file.reader_id))
        (void)ask_fail(ask, ERROR_message_not_found, "id", "There is no such file.");
    else if (!may_read(ask, &job->file, *room, &refusal))
        (void)ask_refuse(ask, &refusal);
    else if (file->gone)
        (void)ask_fail(ask, ERROR_gone, "id", NULL);
    else
        return true;
    return false;
}

static enum outcome answer_file(struct ask *ask, struct job *job)
{
    const struct room *room;
    struct reply_file reply = {0};
    if (!ask->session || !check_found(ask, job, &room))
        return ANSWERED;
    file_line_fill(&job->file.file, &reply.file);
    ask->gateway->files.file_told = &job->file.file;
    (void)ask_reply(ask, REPLY_file, &reply);
    ask->gateway->files.file_told = NULL;
    return ANSWERED;
}

/* Percent-encoded as RFC 3986 has it, a slash as a line: names are one segment. */
static void write_path(const struct file_row *file, const char *key, char *out, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t used = (size_t)snprintf(out, size, "/files/%s/", file->id);
    for (const char *at = file->name; *at; at++) {
        char byte = *at == '/' ? '_' : *at;
        const char *format = strchr(plain, byte) ? "%c" : "%%%02X";
        used += (size_t)snprintf(out + used, size - used, format, (unsigned char)byte);
    }
    snprintf(out + used, size - used, "?key=%s", key);
}

static enum outcome answer_file_url(struct ask *ask, struct job *job)
{
    const struct room *room;
    char key[FILE_KEY_BYTES_MAX], path[16 + FILE_ID_BYTES + 3 * FILE_NAME_BYTES_MAX + FILE_KEY_BYTES_MAX];
    if (!ask->session || !check_found(ask, job, &room))
        return ANSWERED;
    file_key_write(ask->gateway, session_user_id(ask->session), room->id, key);
    write_path(&job->file.file, key, path, sizeof path);
    const struct reply_file_url reply = {
        .id = job->file.file.id, .path = path, .expires_ms = FILE_KEY_MS};
    return ask_reply(ask, REPLY_file_url, &reply);
}

static struct job *create_find(const char *id, int64_t reader_id)
{
    struct job *job = job_create(JOB_FILE_FIND);
    if (job) {
        snprintf(job->file.file.id, sizeof job->file.file.id, "%s", id);
        job->file.reader_id = reader_id;
    }
    return job;
}

enum outcome handle_file_url(struct ask *ask)
{
    return ask_submit(ask, create_find(ask->request.as_file_url.id, session_user_id(ask->session)),
                      answer_file_url);
}

struct key_context {
    struct request_context request;
    int64_t room_id;
};

static enum outcome answer_file_by_key(struct ask *ask, struct job *job)
{
    const struct key_context *context = job->context;
    if (job->result == JOB_DONE && job->file.file.room_id != context->room_id)
        return ask_fail(ask, ERROR_forbidden, NULL, "This key is for the files of another room.");
    return answer_file(ask, job);
}

enum outcome handle_file(struct ask *ask)
{
    const struct request_file *wanted = &ask->request.as_file;
    const struct session *session = ask->session;
    int64_t user_id, room_id;
    if (!wanted->key && session->phase != PHASE_READY && !session->arrival.anonymous)
        return ask_fail(ask, ERROR_unauthorized, NULL, "Say who you are, or ask for a path with file_url.");
    if (!wanted->key)
        return ask_submit(ask, create_find(wanted->id, session_user_id(session)), answer_file);
    if (!file_key_read(ask->gateway, wanted->key, &user_id, &room_id))
        return ask_fail(ask, ERROR_unauthorized, NULL, "This path was good for an hour; ask for another.");
    struct job *job = create_find(wanted->id, user_id);
    struct key_context *context = submit_context(job, sizeof *context);
    if (context)
        context->room_id = room_id;
    return ask_submit(ask, job, answer_file_by_key);
}

/* --- for administrators ------------------------------------------------------------------------- */

#define LIST_DEFAULT 100

static enum outcome answer_files(struct ask *ask, struct job *job)
{
    const struct job_file_list *list = &job->file_list;
    struct refusal refusal;
    if (job->result != JOB_DONE)
        return ask_fail_job(ask, job);
    struct record_kept_file *lines = job_memory(job, (list->count + 1) * sizeof *lines);
    struct reply_files reply = {.files = {lines, list->count}, .more = list->more};
    for (size_t i = 0; lines && i < list->count; i++) {
        const struct file_listed *listed = &list->files[i];
        const struct room *room = room_find_id(ask->gateway, listed->file.room_id);
        lines[i] = (struct record_kept_file){.number = listed->number,
                                             .room = room ? room->name : NULL,
                                             .user = listed->user,
                                             .seq = listed->file.seq,
                                             .created = listed->file.created_ms};
        file_line_fill(&listed->file, &lines[i].file);
    }
    if (!lines)
        return ask_fail(ask, ERROR_internal, NULL, NULL);
    if (ask->session && !share_cut(ask->session, RECORD_kept_file, SHARE_FIRST, &reply.files, &reply.more, &refusal))
        return ask_refuse(ask, &refusal);
    return ask_reply(ask, REPLY_files, &reply);
}

enum outcome handle_files(struct ask *ask)
{
    const struct request_files *wanted = &ask->request.as_files;
    struct job *job = job_create(JOB_FILE_LIST);
    if (job) {
        job->file_list.room_id = ask->room ? ask->room->id : 0;
        job->file_list.before = wanted->before == NUMBER_ABSENT ? 0 : wanted->before;
        job->file_list.limit = wanted->limit == NUMBER_ABSENT ? LIST_DEFAULT : (int)wanted->limit;
        snprintf(job->file_list.id, sizeof job->file_list.id, "%s", wanted->id ? wanted->id : "");
    }
    return ask_submit(ask, job, answer_files);
}

static enum outcome answer_file_remove(struct ask *ask, struct job *job)
{
    return ask_answer(ask, job);
}

enum outcome handle_file_remove(struct ask *ask)
{
    struct job *job = create_find(ask->request.as_file_remove.id, 0);
    if (job)
        job->kind = JOB_FILE_REMOVE;
    return ask_submit(ask, job, answer_file_remove);
}

#include "daemon/core/upload.h"

#include "daemon/core/file.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/submit.h"
#include "storage/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define SILENT_MS 3600000
#define IDLE_MS 60000       /* and when others need its place */
#define FILES_REMEMBERED 64 /* uploads that are files already */

static void tell(struct upload *upload, const struct upload_news *news)
{
    if (upload->owner)
        upload->listener(upload->owner, news);
}

static void leave(struct gateway *gateway, struct upload *upload)
{
    DL_DELETE(gateway->files.uploads, upload);
    free(upload);
}

static void touch(struct gateway *gateway, struct upload *upload)
{
    upload->heard_ms = gateway->now.monotonic_ms;
    DL_DELETE(gateway->files.uploads, upload);
    DL_APPEND(gateway->files.uploads, upload);
}

struct upload *upload_find(const struct gateway *gateway, const char *id, int64_t user_id)
{
    struct upload *upload;
    DL_FOREACH(gateway->files.uploads, upload)
        if (upload->phase != UPLOAD_LEAVING && strcmp(upload->file.id, id) == 0)
            return upload->file.user_id == user_id ? upload : NULL;
    return NULL;
}

/* --- steps -------------------------------------------------------------------------------------- */

static struct upload *upload_of(struct file_turn *turn)
{
    return (struct upload *)(void *)((char *)turn - offsetof(struct upload, turn));
}

static struct job *make_step(struct file_turn *turn)
{
    static const enum file_step steps[] = {[UPLOAD_COMING] = FILE_STEP_WRITE,
                                           [UPLOAD_FINISHING] = FILE_STEP_FINISH,
                                           [UPLOAD_LEAVING] = FILE_STEP_FORGET};
    struct upload *upload = upload_of(turn);
    struct job *job = job_create(JOB_FILE_STEP);
    if (!job)
        return NULL;
    struct job_file_step *step = &job->file_step;
    step->step = steps[upload->phase];
    step->upload = upload->number;
    step->at = upload->offset;
    step->length = upload->length;
    step->piece = upload->length > 0 ? job_memory(job, upload->length) : NULL;
    if (step->piece)
        memcpy(step->piece, upload->piece, upload->length);
    return job;
}

/* The file is at fault, or what is left of it cannot be used. */
static void end_refused(struct gateway *gateway, struct upload *upload, const struct refusal *refusal)
{
    const struct upload_news news = {.kind = UPLOAD_REFUSED, .refusal = *refusal};
    void *owner = upload->owner;
    upload_listener *listener = upload->listener;
    upload->owner = NULL;
    upload_destroy(gateway, upload);
    if (owner)
        listener(owner, &news);
}

static void refuse_step(const struct gateway *gateway, const struct job *job, struct refusal *refusal)
{
    if (job->result == JOB_REFUSED)
        refuse(refusal, ERROR_bad_request, job->file_step.field, "%s", job->why);
    else if (job->result == JOB_FILES_FULL)
        file_refuse_quota(gateway, FILE_QUOTA_DISK, refusal);
    else
        refuse(refusal, ERROR_storage_unavailable, NULL, NULL);
}

/* --- the row ------------------------------------------------------------------------------------ */

struct add_context {
    struct job_context job;
    uint32_t number;
};

static void finish_add(struct gateway *gateway, struct job *job)
{
    const struct add_context *context = job->context;
    struct upload *upload;
    struct refusal refusal = {0};
    DL_SEARCH_SCALAR(gateway->files.uploads, upload, number, context->number);
    if (!upload)
        return;
    if (job->result == JOB_DONE) {
        const struct upload_news news = {.kind = UPLOAD_ADDED, .file = &upload->file};
        upload->phase = UPLOAD_FILE;
        touch(gateway, upload);
        tell(upload, &news);
        return;
    }
    if (job->result == JOB_FILES_FULL)
        file_refuse_quota(gateway, job->file.quota, &refusal);
    else if (job->result == JOB_ROOM_MISSING)
        refuse(&refusal, ERROR_room_not_found, "room", NULL);
    else
        refuse(&refusal, ERROR_storage_unavailable, NULL, NULL);
    end_refused(gateway, upload, &refusal);
}

static void add(struct gateway *gateway, struct upload *upload, const struct job_file_step *step)
{
    struct refusal refusal;
    struct job *job = job_create(JOB_FILE_ADD);
    struct add_context *context = submit_context(job, sizeof *context);
    struct file_row *file = &upload->file;
    memcpy(file->hash, step->hash, sizeof file->hash);
    file->size = step->size;
    file->width = step->width;
    file->height = step->height;
    file->type = step->type;
    upload->phase = UPLOAD_ADDING;
    if (context) {
        context->number = upload->number;
        job->file.file = *file;
        job->file.file.name = job_text(job, upload->name);
        job->file.upload = upload->number;
        job->file.limits = file_limits(gateway);
        job->file.at = gateway->now;
    }
    if (gateway_submit(gateway, job, finish_add))
        return;
    refuse(&refusal, ERROR_storage_unavailable, NULL, NULL);
    end_refused(gateway, upload, &refusal);
}

/* A piece is written, or all is summed up, or forgotten. */
static void take_step(struct gateway *gateway, struct file_turn *turn, struct job *job)
{
    static const struct upload_news written = {.kind = UPLOAD_WRITTEN};
    struct upload *upload = upload_of(turn);
    struct refusal refusal;
    if (upload->phase == UPLOAD_LEAVING) {
        leave(gateway, upload);
        return;
    }
    if (job->result != JOB_DONE) {
        refuse_step(gateway, job, &refusal);
        end_refused(gateway, upload, &refusal);
        return;
    }
    touch(gateway, upload);
    if (upload->phase == UPLOAD_FINISHING) {
        add(gateway, upload, &job->file_step);
        return;
    }
    upload->offset += (int64_t)upload->length;
    upload->length = 0;
    if (upload->offset < upload->size) {
        tell(upload, &written);
        return;
    }
    upload->phase = UPLOAD_FINISHING;
    file_turn_ask(gateway, &upload->turn);
}

/* --- the door ----------------------------------------------------------------------------------- */

/* The oldest that are files already give way. */
static void forget_files(struct gateway *gateway)
{
    struct upload *upload, *next;
    int count = 0;
    DL_FOREACH(gateway->files.uploads, upload)
        count += upload->phase == UPLOAD_FILE && !upload->owner;
    DL_FOREACH_SAFE(gateway->files.uploads, upload, next)
        if (count > FILES_REMEMBERED && upload->phase == UPLOAD_FILE && !upload->owner) {
            upload_destroy(gateway, upload);
            count--;
        }
}

struct upload *upload_create(struct gateway *gateway, const struct file_row *file)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload || !random_hex(upload->file.id, FILE_ID_BYTES / 2)) {
        free(upload);
        return NULL;
    }
    forget_files(gateway);
    upload->number = ++gateway->files.upload_last;
    upload->turn.make = make_step;
    upload->turn.take = take_step;
    upload->size = file->size;
    upload->file.room_id = file->room_id;
    upload->file.user_id = file->user_id;
    upload->heard_ms = gateway->now.monotonic_ms;
    size_t length = strlen(file->name);
    memcpy(upload->name, file->name, length < sizeof upload->name ? length + 1 : 0);
    upload->file.name = upload->name;
    DL_APPEND(gateway->files.uploads, upload);
    return upload;
}

/* A piece that waits is the owner's; of one that is under way storage has its own copy. */
static void detach(struct gateway *gateway, struct upload *upload)
{
    upload->owner = NULL;
    if (upload->phase != UPLOAD_COMING || upload->turn.phase != TURN_WAITS)
        return;
    file_turn_drop(gateway, &upload->turn);
    upload->length = 0;
}

void upload_take(struct gateway *gateway, struct upload *upload)
{
    static const struct upload_news taken = {.kind = UPLOAD_TAKEN};
    void *owner = upload->owner;
    detach(gateway, upload);
    if (owner)
        upload->listener(owner, &taken);
}

bool upload_is_written(const struct upload *upload)
{
    return upload->turn.phase == TURN_UNDER_WAY;
}

void upload_feed(struct gateway *gateway, struct upload *upload, upload_listener *listener, void *owner)
{
    upload->owner = owner;
    upload->listener = listener;
    touch(gateway, upload);
}

void upload_write(struct gateway *gateway, struct upload *upload, const void *bytes, size_t length)
{
    upload->piece = bytes;
    upload->length = length;
    file_turn_ask(gateway, &upload->turn);
}

void upload_let_go(struct gateway *gateway, const void *owner)
{
    struct upload *upload;
    DL_SEARCH_SCALAR(gateway->files.uploads, upload, owner, owner);
    if (!upload)
        return;
    detach(gateway, upload);
    if (upload->is_brief && upload->phase != UPLOAD_ADDING)
        upload_destroy(gateway, upload);
}

/* What storage has of it is forgotten there first, however long that takes. */
void upload_destroy(struct gateway *gateway, struct upload *upload)
{
    file_turn_drop(gateway, &upload->turn);
    if (upload->phase == UPLOAD_FILE) {
        leave(gateway, upload);
        return;
    }
    upload->phase = UPLOAD_LEAVING;
    upload->owner = NULL;
    upload->length = 0;
    file_turn_ask(gateway, &upload->turn);
}

bool upload_make_place(struct gateway *gateway)
{
    const int64_t most = gateway->config->files.uploads, before_ms = gateway->now.monotonic_ms - IDLE_MS;
    struct upload *upload, *idle = NULL;
    int64_t coming = 0, leaving = 0;
    DL_FOREACH(gateway->files.uploads, upload)
    {
        coming += upload->phase != UPLOAD_FILE && upload->phase != UPLOAD_LEAVING;
        leaving += upload->phase == UPLOAD_LEAVING;
        if (!idle && upload->phase == UPLOAD_COMING && !upload->owner && upload->heard_ms <= before_ms)
            idle = upload;
    }
    if (coming < most || !idle || leaving >= most)
        return coming < most && leaving < most;
    upload_destroy(gateway, idle);
    return coming == most;
}

int64_t uploads_expire(struct gateway *gateway)
{
    int64_t before_ms = gateway->now.monotonic_ms - SILENT_MS;
    struct upload *upload, *next;
    DL_FOREACH_SAFE(gateway->files.uploads, upload, next)
        if (!upload->owner && upload->phase != UPLOAD_ADDING && upload->phase != UPLOAD_LEAVING &&
            upload->heard_ms <= before_ms)
            upload_destroy(gateway, upload);
    upload = gateway->files.uploads;
    if (!upload)
        return INT64_MAX;
    return upload->heard_ms > before_ms ? upload->heard_ms - before_ms : SILENT_MS;
}

void uploads_finish(struct gateway *gateway)
{
    struct upload *upload, *next;
    DL_FOREACH_SAFE(gateway->files.uploads, upload, next)
        leave(gateway, upload);
}

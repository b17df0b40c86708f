#include "storage/job.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* A job's memory: chunks, the newest first, freed all at once. */
struct arena {
    struct arena *older;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

enum { CHUNK_BYTES_MIN = 256, CHUNK_BYTES_MAX = 65536 };

/* Thousands of jobs wait at once, so each takes only what its kind needs. */
static size_t size_of(enum job_kind kind)
{
    static const size_t sizes[JOB_KIND_COUNT] = {
        [JOB_APPEND] = sizeof(struct job_append),     [JOB_USER_CREATE] = sizeof(struct job_user),
        [JOB_RENAME] = sizeof(struct job_rename),
        [JOB_DEVICE_CREATE] = sizeof(struct job_device_create),
        [JOB_RECOVERY] = sizeof(struct job_recovery),
        [JOB_PASSWORD_SET] = sizeof(struct job_password_set),
        [JOB_PASSWORD_FIND] = sizeof(struct job_password_find),
        [JOB_PASSWORD_HASH] = sizeof(struct job_password_hash),
        [JOB_BLOCK] = sizeof(struct job_block),
        [JOB_BLOCKS] = sizeof(struct job_blocks),
        [JOB_USERS] = sizeof(struct job_users),
        [JOB_USER_CHANGE] = sizeof(struct job_user_change),
        [JOB_DEVICE_TOUCH] = sizeof(struct job_device),
        [JOB_DEVICE_FORGET] = sizeof(struct job_device),
        [JOB_DEVICES] = sizeof(struct job_devices),
        [JOB_ROOM_CREATE] = sizeof(struct job_room),
        [JOB_ROOM_SET] = sizeof(struct job_room_set), [JOB_ROOM_REMOVE] = sizeof(struct job_room),
        [JOB_ROOM_PURGE] = sizeof(struct job_purge),
        [JOB_GRANT] = sizeof(struct job_grant),       [JOB_READ] = sizeof(struct job_read),
        [JOB_CURSORS] = sizeof(struct job_cursors),
        [JOB_ORIGINS] = sizeof(struct job_origins),   [JOB_LAG] = sizeof(struct job_lag),
        [JOB_EMPTY_ROOMS] = sizeof(struct job_empty_rooms),
        [JOB_TOKEN_CREATE] = sizeof(struct job_token), [JOB_TOKEN_REVOKE] = sizeof(struct job_token),
        [JOB_SANCTION] = sizeof(struct job_sanction), [JOB_LIFT] = sizeof(struct job_lift),
        [JOB_ERASE] = sizeof(struct job_erase),
        [JOB_NEWCOMERS] = sizeof(struct newcomers_row), [JOB_ADMIT] = sizeof(struct job_admit),
        [JOB_INVITE_LINK] = sizeof(struct job_invite_link),
        [JOB_INVITE_REVOKE] = sizeof(struct job_invite_link),
        [JOB_INVITE_USE] = sizeof(struct job_invite_use),
        [JOB_SANCTIONS] = sizeof(struct job_sanctions),
        [JOB_AUDIT_PAGE] = sizeof(struct job_audit_page),
        [JOB_REWIND] = sizeof(struct job_rewind),     [JOB_TOKEN_PAUSE] = sizeof(struct job_token),
        [JOB_CLOCK] = sizeof(struct job_clock),
        [JOB_IMPORT] = sizeof(struct job_import),     [JOB_LOGIN] = sizeof(struct job_login),
        [JOB_USER_FIND] = sizeof(struct job_user_find),
        [JOB_GRANT_FIND] = sizeof(struct job_grant_find),
        [JOB_REPEAT] = sizeof(struct job_repeat),
        [JOB_JOIN] = sizeof(struct job_page),         [JOB_PAGE] = sizeof(struct job_page),
        [JOB_HISTORY] = sizeof(struct job_history),   [JOB_SEARCH] = sizeof(struct job_search),
        [JOB_PEOPLE] = sizeof(struct job_people),     [JOB_OWN] = sizeof(struct job_own),
        [JOB_STATUS] = sizeof(struct store_status),   [JOB_BACKUP] = sizeof(struct job_backup),
        [JOB_RESTORE] = sizeof(struct job_backup),    [JOB_EXPORT] = sizeof(struct job_page),
        [JOB_TRANSFER] = sizeof(struct job_transfer),
        [JOB_FILE_ADD] = sizeof(struct job_file), [JOB_FILE_REMOVE] = sizeof(struct job_file),
        [JOB_FILE_FIND] = sizeof(struct job_file), [JOB_FILE_ROOM] = sizeof(struct job_file),
        [JOB_FILE_LIST] = sizeof(struct job_file_list), [JOB_FILE_STEP] = sizeof(struct job_file_step),
        [JOB_PRUNED] = sizeof(struct job_pruned),
        [JOB_HANDED_ON] = sizeof(struct job_handed_on),
        [JOB_RECOVERED] = sizeof(struct job_recovered),
    };
    return offsetof(struct job, append) + sizes[kind];
}

struct job *job_create(enum job_kind kind)
{
    struct job *job = calloc(1, size_of(kind));
    if (job)
        job->kind = kind;
    return job;
}

static struct arena *add_chunk(struct job *job, size_t needed)
{
    size_t size = job->arena ? job->arena->size * 2 : CHUNK_BYTES_MIN;
    if (size > CHUNK_BYTES_MAX)
        size = CHUNK_BYTES_MAX;
    if (size < needed)
        size = needed;
    struct arena *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        return NULL;
    chunk->older = job->arena;
    chunk->used = 0;
    chunk->size = size;
    return job->arena = chunk;
}

/* size bytes, not zeroed. Texts need no alignment and so waste none. */
static void *take(struct job *job, size_t size, size_t alignment)
{
    struct arena *chunk = job->arena;
    size_t start = chunk ? (chunk->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!chunk || start > chunk->size || chunk->size - start < size) {
        start = 0;
        if (size > SIZE_MAX / 2 || !(chunk = add_chunk(job, size))) {
            job->starved = true;
            return NULL;
        }
    }
    chunk->used = start + size;
    return chunk->bytes + start;
}

const char *job_text(struct job *job, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = take(job, size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

const char *job_clean_text(struct job *job, const char *text, enum text_rule rule)
{
    if (!text || text_is_clean(text, rule))
        return job_text(job, text);
    size_t size = TEXT_CLEAN_MAX(strlen(text));
    char *clean = take(job, size, 1);
    if (clean)
        text_clean(text, rule, clean, size);
    job->mended++;
    return clean;
}

void *job_memory(struct job *job, size_t size)
{
    void *memory = take(job, size ? size : 1, alignof(max_align_t));
    if (memory)
        memset(memory, 0, size ? size : 1);
    return memory;
}

bool job_failed(const struct job *job)
{
    return job->starved;
}

size_t job_bytes(const struct job *job)
{
    size_t bytes = size_of(job->kind);
    for (const struct arena *chunk = job->arena; chunk; chunk = chunk->older)
        bytes += sizeof *chunk + chunk->size;
    return bytes;
}

bool job_is_notice(enum job_kind kind)
{
    return kind == JOB_PRUNED || kind == JOB_HANDED_ON || kind == JOB_RECOVERED;
}

bool job_is_write(enum job_kind kind)
{
    return kind <= JOB_CLOCK;
}

/* Those hold passwords, or contexts that do. */
static bool holds_password(enum job_kind kind)
{
    return kind == JOB_PASSWORD_FIND || kind == JOB_PASSWORD_HASH || kind == JOB_PASSWORD_SET;
}

/* What is freed stays in memory until something else is written there. */
static void wipe(struct job *job)
{
    for (struct arena *chunk = job->arena; chunk; chunk = chunk->older)
        explicit_bzero(chunk->bytes, chunk->used);
    explicit_bzero(&job->append, size_of(job->kind) - offsetof(struct job, append));
}

void job_destroy(struct job *job)
{
    if (!job)
        return;
    if (holds_password(job->kind))
        wipe(job);
    while (job->arena) {
        struct arena *older = job->arena->older;
        free(job->arena);
        job->arena = older;
    }
    free(job);
}

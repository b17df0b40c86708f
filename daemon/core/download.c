#include "daemon/core/download.h"

#include <string.h>

static struct download *download_of(struct file_turn *turn)
{
    return (struct download *)(void *)((char *)turn - offsetof(struct download, turn));
}

static struct job *make_step(struct file_turn *turn)
{
    const struct download *download = download_of(turn);
    struct job *job = job_create(JOB_FILE_STEP);
    if (!job)
        return NULL;
    struct job_file_step *step = &job->file_step;
    step->step = FILE_STEP_READ;
    step->at = download->at;
    step->length = download->length;
    step->piece = job_memory(job, download->length);
    memcpy(step->hash, download->hash, sizeof step->hash);
    return job;
}

static void take_step(struct gateway *gateway, struct file_turn *turn, struct job *job)
{
    (void)gateway;
    struct download *download = download_of(turn);
    download->listener(download->owner, job->result == JOB_DONE ? job->file_step.piece : NULL,
                       job->file_step.length);
}

void download_init(struct download *download, const uint8_t hash[HASH_BYTES], download_listener *listener,
                   void *owner)
{
    *download = (struct download){
        .turn = {.make = make_step, .take = take_step}, .listener = listener, .owner = owner};
    memcpy(download->hash, hash, sizeof download->hash);
}

void download_read(struct gateway *gateway, struct download *download, int64_t at, size_t length)
{
    download->at = at;
    download->length = length;
    file_turn_ask(gateway, &download->turn);
}

void download_finish(struct gateway *gateway, struct download *download)
{
    file_turn_drop(gateway, &download->turn);
}

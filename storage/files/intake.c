#include "storage/files/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "protocol/media/media.h"
#include "storage/files/folder.h"
#include "storage/files/sum.h"

enum { GATHERED_BYTES = 16384 }; /* for one write */

struct intake {
    struct intake *prev, *next;
    uint32_t upload;
    int fd; /* owned */
    int64_t bytes; /* kept so far */
    struct media media;
    mbedtls_sha256_context hash;
    struct gathered *gathered; /* while a piece is taken; the thread's */
};

_Static_assert(sizeof(struct intake) <= INTAKE_BYTES, "an upload takes what is counted for it");

/* What of a piece is kept, until it is written. */
struct gathered {
    unsigned char bytes[GATHERED_BYTES];
    size_t length;
};

static void fail(struct job *job, const char *what)
{
    job->result = errno == ENOSPC || errno == EDQUOT ? JOB_FILES_FULL : JOB_UNAVAILABLE;
    snprintf(job->why, sizeof job->why, "%s: %.80s.", what, strerror(errno));
}

static bool write_out(struct intake *intake)
{
    struct gathered *gathered = intake->gathered;
    size_t done = 0;
    while (done < gathered->length) {
        ssize_t put = write(intake->fd, gathered->bytes + done, gathered->length - done);
        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (size_t)put : 0;
    }
    intake->bytes += (int64_t)gathered->length;
    bool is_summed = sum_add(&intake->hash, gathered->bytes, gathered->length);
    gathered->length = 0;
    return is_summed;
}

static bool take_kept(void *of, const void *bytes, size_t length)
{
    struct intake *intake = of;
    const unsigned char *from = bytes;
    while (length > 0) {
        struct gathered *gathered = intake->gathered;
        size_t taken = sizeof gathered->bytes - gathered->length;
        if (taken > length)
            taken = length;
        memcpy(gathered->bytes + gathered->length, from, taken);
        gathered->length += taken;
        from += taken;
        length -= taken;
        if (gathered->length == sizeof gathered->bytes && !write_out(intake))
            return false;
    }
    return true;
}

static struct intake *find(const struct intakes *intakes, uint32_t upload)
{
    struct intake *intake;
    DL_SEARCH_SCALAR(intakes->first, intake, upload, upload);
    return intake;
}

static void end(struct intakes *intakes, struct intake *intake, const char *path, bool is_removed)
{
    char name[FOLDER_PATH_BYTES];
    DL_DELETE(intakes->first, intake);
    close(intake->fd);
    mbedtls_sha256_free(&intake->hash);
    folder_part_name(path, intake->upload, name);
    if (is_removed)
        (void)unlink(name);
    free(intake);
}

static struct intake *begin(struct intakes *intakes, const char *path, struct job *job)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (!intake) {
        fail(job, "There is no memory for the file");
        return NULL;
    }
    intake->upload = job->file_step.upload;
    intake->fd = folder_make_part(path, intake->upload, &intakes->is_folder_kept);
    if (intake->fd < 0) {
        fail(job, "The file finds no place beside the database");
        free(intake);
        return NULL;
    }
    mbedtls_sha256_init(&intake->hash);
    (void)sum_begin(&intake->hash);
    media_begin(&intake->media, take_kept, intake);
    DL_APPEND(intakes->first, intake);
    return intake;
}

/* Why the file is refused; or storage failed. It is gone. */
static void give_up(struct intakes *intakes, struct intake *intake, const char *path, struct job *job)
{
    const struct media *media = &intake->media;
    if (media->refusal) {
        job->result = JOB_REFUSED;
        job->file_step.field = media->field;
        snprintf(job->why, sizeof job->why, "%s", media->refusal);
    } else {
        fail(job, "The file cannot be written");
    }
    end(intakes, intake, path, true);
}

static void write_piece(struct intakes *intakes, const char *path, struct job *job)
{
    const struct job_file_step *step = &job->file_step;
    struct gathered gathered = {.length = 0};
    struct intake *intake = step->at == 0 ? begin(intakes, path, job) : find(intakes, step->upload);
    if (!intake) {
        job->result = job->result == JOB_DONE ? JOB_FILE_MISSING : job->result;
        return;
    }
    intake->gathered = &gathered;
    bool is_fine = media_feed(&intake->media, step->piece, step->length) && write_out(intake);
    intake->gathered = NULL;
    if (!is_fine)
        give_up(intakes, intake, path, job);
}

static bool finish_media(struct intake *intake)
{
    struct gathered gathered = {.length = 0};
    intake->gathered = &gathered;
    bool is_fine = media_finish(&intake->media) && write_out(intake);
    intake->gathered = NULL;
    return is_fine;
}

/* On the disk, but for its name. */
static void finish(struct intakes *intakes, const char *path, struct job *job)
{
    struct job_file_step *step = &job->file_step;
    struct intake *intake = find(intakes, step->upload);
    if (!intake) {
        job->result = JOB_FILE_MISSING;
        return;
    }
    if (!finish_media(intake) || !sum_end(&intake->hash, step->hash) ||
        fsync(intake->fd) != 0) {
        give_up(intakes, intake, path, job);
        return;
    }
    step->type = media_type_name(intake->media.type);
    step->size = intake->bytes;
    step->width = intake->media.width;
    step->height = intake->media.height;
    end(intakes, intake, path, false);
}

static void forget(struct intakes *intakes, const char *path, uint32_t upload)
{
    char name[FOLDER_PATH_BYTES];
    struct intake *intake = find(intakes, upload);
    if (intake) {
        end(intakes, intake, path, true);
        return;
    }
    folder_part_name(path, upload, name); /* it was whole, and found no place */
    (void)unlink(name);
}

static void read_piece(const char *path, struct job *job)
{
    struct job_file_step *step = &job->file_step;
    char name[FOLDER_PATH_BYTES];
    size_t have = 0;
    folder_file_name(path, step->hash, name);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd < 0 ? -1 : 1;
    while (fd >= 0 && have < step->length && got > 0) {
        got = pread(fd, step->piece + have, step->length - have, (off_t)step->at + (off_t)have);
        if (got < 0 && errno == EINTR)
            got = 1;
        else
            have += got > 0 ? (size_t)got : 0;
    }
    if (have < step->length)
        fail(job, "The file cannot be read");
    if (fd >= 0)
        close(fd);
}

void intakes_run(struct intakes *intakes, const char *path, struct job *job)
{
    job->result = JOB_DONE;
    switch (job->file_step.step) {
    case FILE_STEP_WRITE:
        write_piece(intakes, path, job);
        break;
    case FILE_STEP_FINISH:
        finish(intakes, path, job);
        break;
    case FILE_STEP_FORGET:
        forget(intakes, path, job->file_step.upload);
        break;
    case FILE_STEP_NONE:
        break;
    case FILE_STEP_READ:
        read_piece(path, job);
        break;
    }
}

void intakes_end(struct intakes *intakes, const char *path)
{
    while (intakes->first)
        end(intakes, intakes->first, path, true);
}

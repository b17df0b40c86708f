#include "storage/transfer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup.h"
#include "storage/reserve.h"

#define PATH_BYTES 1200
#define MARGIN     (INT64_C(1) << 20) /* that a copy leaves free */

static void refuse_job(struct job *job, const char *what, const char *reason)
{
    job->result = JOB_REFUSED;
    snprintf(job->why, sizeof job->why, "%s: %.80s.", what, reason);
}

/* Beside the database, where a backup has to lie for a while. */
static bool fits(const char *path, int64_t bytes, struct job *job)
{
    int64_t free_bytes = reserve_free_bytes(path);
    if (free_bytes - MARGIN >= bytes)
        return true;
    job->result = JOB_REFUSED;
    snprintf(job->why, sizeof job->why,
             "There is no room: it needs %" PRId64 " KiB beside the database, and %" PRId64
             " KiB are free.", bytes / 1024, free_bytes / 1024);
    return false;
}

/* --- out ---------------------------------------------------------------------------------------- */

/* The copy has no name any more when it is begun to be read: whatever happens, nothing is left. */
static void copy(struct transfer_file *transfer, struct database *database, const char *path,
                 struct job *job)
{
    char name[PATH_BYTES];
    struct stat status;
    snprintf(name, sizeof name, "%.1100s.backup.partial", path);
    int64_t bytes = database_ask(database, "PRAGMA page_count", 0) *
                    database_ask(database, "PRAGMA page_size", 0);
    if (!fits(path, bytes, job))
        return;
    int fd = backup_copy_nameless(database, name, job->why, sizeof job->why);
    if (fd < 0 || fstat(fd, &status) != 0) {
        if (fd >= 0)
            close(fd);
        job->result = JOB_REFUSED;
        return;
    }
    *transfer = (struct transfer_file){.is_open = true, .fd = fd, .database_bytes = (int64_t)status.st_size};
    if (!bundle_begin(&transfer->bundle, database, path)) {
        refuse_job(job, "The files cannot be listed", strerror(errno));
        return;
    }
    transfer->bytes = job->transfer.bytes = transfer->database_bytes + transfer->bundle.bytes;
}

/* First of the database, then of its files. */
static void read_piece(struct transfer_file *transfer, const char *path, struct job *job)
{
    struct job_transfer *piece = &job->transfer;
    int64_t left = transfer->database_bytes - piece->at;
    size_t have = 0, length = left <= 0 ? 0 : left < (int64_t)piece->length ? (size_t)left : piece->length;
    while (have < length) {
        ssize_t got = pread(transfer->fd, piece->piece + have, length - have,
                            (off_t)piece->at + (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            refuse_job(job, "The copy cannot be read", got < 0 ? strerror(errno) : "it is too short");
            return;
        }
        have += (size_t)got;
    }
    if (!bundle_read(&transfer->bundle, path, piece->piece + length, piece->length - length))
        refuse_job(job, "A file of a message cannot be read", strerror(errno));
}

/* --- in ----------------------------------------------------------------------------------------- */

static void name_upload(const char *path, char name[PATH_BYTES])
{
    snprintf(name, PATH_BYTES, "%.1100s.restore.partial", path);
}

static void begin_upload(struct transfer_file *transfer, struct database *database, const char *path,
                         struct job *job)
{
    char name[PATH_BYTES];
    name_upload(path, name);
    if (!restore_may_replace(database, job->transfer.overwrite, job->why, sizeof job->why)) {
        job->result = JOB_REFUSED;
        return;
    }
    (void)unlink(name);
    if (!fits(path, job->transfer.bytes, job))
        return;
    int fd = open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        refuse_job(job, "The backup finds no place beside the database", strerror(errno));
    else
        *transfer = (struct transfer_file){
            .is_open = true, .is_upload = true, .fd = fd, .bytes = job->transfer.bytes};
}

static void write_piece(const struct transfer_file *transfer, struct job *job)
{
    const struct job_transfer *piece = &job->transfer;
    size_t done = 0;
    while (done < piece->length) {
        ssize_t put = pwrite(transfer->fd, piece->piece + done, piece->length - done,
                             (off_t)piece->at + (off_t)done);
        if (put < 0 && errno != EINTR) {
            refuse_job(job, "The backup cannot be laid beside the database", strerror(errno));
            return;
        }
        done += put > 0 ? (size_t)put : 0;
    }
}

/* What has been unpacked stands behind the database no more. */
static bool cut_files(const struct transfer_file *transfer)
{
    int64_t bytes = bundle_database_bytes(transfer->fd);
    return bytes == 0 || bytes >= transfer->bytes || (bytes > 0 && ftruncate(transfer->fd, (off_t)bytes) == 0);
}

/* The file becomes what the next start takes. */
static void take_upload(struct transfer_file *transfer, const char *path, struct job *job)
{
    char name[PATH_BYTES];
    struct stat status;
    name_upload(path, name);
    if (fstat(transfer->fd, &status) != 0 || status.st_size != transfer->bytes)
        refuse_job(job, "The backup is refused", "it came in part only");
    else if (!bundle_unpack(transfer->fd, path, job->why, sizeof job->why))
        job->result = JOB_REFUSED;
    else if (!cut_files(transfer)) {
        refuse_job(job, "The files of the backup cannot be taken off it", strerror(errno));
        bundle_forget(path);
    } else if (!restore_stage_upload(name, path, job->why, sizeof job->why)) {
        job->result = JOB_REFUSED;
        bundle_forget(path);
    } else
        job->transfer.bytes = transfer->bytes;
    transfer_file_end(transfer, path); /* in its place it has another name */
}

/* --- both --------------------------------------------------------------------------------------- */

static bool is_under_way(const struct transfer_file *transfer, enum transfer_step step)
{
    bool is_in = step == TRANSFER_STEP_WRITE || step == TRANSFER_STEP_TAKE;
    return transfer->is_open && transfer->is_upload == is_in;
}

void transfer_file_run(struct transfer_file *transfer, struct database *database, const char *path,
                  struct job *job)
{
    enum transfer_step step = job->transfer.step;
    bool begins = step == TRANSFER_STEP_COPY || step == TRANSFER_STEP_UPLOAD;
    job->result = JOB_DONE;
    if (begins || step == TRANSFER_STEP_END)
        transfer_file_end(transfer, path);
    else if (!is_under_way(transfer, step)) {
        refuse_job(job, "The transfer is refused", "it has ended");
        return;
    }
    switch (step) {
    case TRANSFER_STEP_COPY:
        copy(transfer, database, path, job);
        break;
    case TRANSFER_STEP_READ:
        read_piece(transfer, path, job);
        break;
    case TRANSFER_STEP_UPLOAD:
        begin_upload(transfer, database, path, job);
        break;
    case TRANSFER_STEP_WRITE:
        write_piece(transfer, job);
        break;
    case TRANSFER_STEP_TAKE:
        take_upload(transfer, path, job);
        break;
    case TRANSFER_STEP_END:
        break;
    }
}

void transfer_file_end(struct transfer_file *transfer, const char *path)
{
    char name[PATH_BYTES];
    if (!transfer->is_open)
        return;
    close(transfer->fd);
    if (!transfer->is_upload)
        bundle_end(&transfer->bundle);
    name_upload(path, name);
    if (transfer->is_upload)
        (void)unlink(name);
    *transfer = (struct transfer_file){0};
}

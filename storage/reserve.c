#include "storage/reserve.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    FREE_TIMES = 2,           /* so that making the file does not itself fill a nearly full disk */
    START_BYTES = 256 * 1024, /* what a start may need: shared memory, a WAL, a few pages */
    STEP_BYTES = 64 * 1024
};

static void reserve_path(const char *path, char *out, size_t out_size)
{
    snprintf(out, out_size, "%s-reserve", path);
}

int64_t reserve_free_bytes(const char *path)
{
    char folder[1100];
    struct statvfs space;
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/'); /* the folder: the file need not be there */
    if (slash)
        slash[slash == folder] = '\0';
    if (statvfs(slash ? folder : ".", &space) != 0)
        return INT64_MAX;
    return (int64_t)((uint64_t)space.f_bavail * space.f_frsize);
}

/* Brings the file to that size, or leaves it as it was. */
static bool allocate(const char *name, int64_t bytes, int64_t bytes_before)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool ok = posix_fallocate(fd, 0, (off_t)bytes) == 0 && ftruncate(fd, (off_t)bytes) == 0;
    if (!ok && bytes_before > 0 && ftruncate(fd, (off_t)bytes_before) != 0)
        bytes_before = 0;
    close(fd);
    if (!ok && bytes_before == 0)
        unlink(name);
    return ok;
}

void reserve_make(const char *path, int64_t bytes)
{
    char name[1100];
    struct stat status = {.st_size = 0};
    reserve_path(path, name, sizeof name);
    if (bytes == 0) {
        unlink(name);
        return;
    }
    int64_t before = stat(name, &status) == 0 ? (int64_t)status.st_size : 0;
    int64_t spare = (reserve_free_bytes(path) - 1) / FREE_TIMES;
    if (before == 0 && spare < bytes) /* a small disk: as much as it can spare */
        bytes = spare < START_BYTES ? 0 : spare - spare % STEP_BYTES;
    if (before != bytes && bytes <= spare)
        allocate(name, bytes, before);
}

bool reserve_give_up(const char *path)
{
    char name[1100];
    reserve_path(path, name, sizeof name);
    return unlink(name) == 0;
}

bool reserve_give_up_if_full(const char *path)
{
    return reserve_free_bytes(path) < START_BYTES && reserve_give_up(path);
}

void reserve_keep_rest(const char *path, int64_t bytes)
{
    char name[1100];
    reserve_path(path, name, sizeof name);
    while (bytes >= START_BYTES && !allocate(name, bytes, 0))
        bytes -= STEP_BYTES;
}

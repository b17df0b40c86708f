#include "storage/reserve.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* So that making it does not itself fill a nearly full disk. */
enum { FREE_TIMES = 2 };

static void reserve_path(const char *path, char *out, size_t out_size)
{
    snprintf(out, out_size, "%s-reserve", path);
}

static bool has_space(const char *path, int64_t bytes)
{
    struct statvfs space;
    return statvfs(path, &space) == 0 &&
           (uint64_t)space.f_bavail * space.f_frsize > (uint64_t)bytes * FREE_TIMES;
}

void reserve_make(const char *path, int64_t bytes)
{
    char name[1100];
    struct stat status;
    reserve_path(path, name, sizeof name);
    if (bytes == 0) {
        unlink(name);
        return;
    }
    if ((stat(name, &status) == 0 && status.st_size == bytes) || !has_space(path, bytes))
        return;
    int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    bool ok = posix_fallocate(fd, 0, (off_t)bytes) == 0 && ftruncate(fd, (off_t)bytes) == 0;
    close(fd);
    if (!ok)
        unlink(name);
}

bool reserve_give_up(const char *path)
{
    char name[1100];
    reserve_path(path, name, sizeof name);
    return unlink(name) == 0;
}

#include "tests/storage/fault_files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/storage/fault_vfs.h"
#include "tests/storage/simulated_disk.h"

static bool is_ours(const char *path)
{
    return strstr(path, ".files") || strstr(path, ".restore") || strstr(path, ".replaced");
}

/* What an open file is called; one without a name is not ours. */
static bool name_of(int fd, char path[PATH_MAX])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    return is_ours(path) && !strstr(path, " (deleted)");
}

/* Counts an operation. False with errno: it fails. */
static bool works(enum fault_operation operation)
{
    enum fault fault = fault_count(operation);
    errno = fault == FAULT_FULL ? ENOSPC : EIO;
    return fault == FAULT_NONE;
}

/* What lies in the folder of path is known before anything changes there. */
static void look_around(const char *path)
{
    char around[PATH_MAX];
    snprintf(around, sizeof around, "%s", path);
    if (is_ours(dirname(around)))
        disk_folder_get(around);
}

int __wrap_open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!is_ours(path))
        return __real_open64(path, flags, mode);
    if (!works(FAULT_OPEN))
        return -1;
    look_around(path);
    bool is_new = flags & O_CREAT && access(path, F_OK) != 0;
    int fd = __real_open64(path, flags, mode);
    if (fd >= 0 && is_new)
        disk_name_made(path, false);
    return fd;
}

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    char path[PATH_MAX];
    return name_of(fd, path) && !works(FAULT_READ) ? -1 : __real_read(fd, bytes, length);
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t length, off_t at)
{
    char path[PATH_MAX];
    return name_of(fd, path) && !works(FAULT_READ) ? -1 : __real_pread64(fd, bytes, length, at);
}

/* Of a write that is cut short the caller hears with the next one. */
static ssize_t put(const char *path, int fd, const void *bytes, size_t length, off_t at)
{
    enum fault fault = fault_count(FAULT_WRITE);
    size_t written = fault == FAULT_SHORT ? length / 2 : fault ? 0 : length;
    errno = fault == FAULT_FULL ? ENOSPC : EIO;
    if (written == 0)
        return -1;
    ssize_t put = __real_pwrite64(fd, bytes, written, at);
    disk_file_write(disk_file_get(path), at, bytes, written);
    return put;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
    char path[PATH_MAX];
    if (!name_of(fd, path))
        return __real_write(fd, bytes, length);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = put(path, fd, bytes, length, at);
    if (done > 0)
        lseek(fd, at + done, SEEK_SET);
    return done;
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
    char path[PATH_MAX];
    return name_of(fd, path) ? put(path, fd, bytes, length, at) : __real_pwrite64(fd, bytes, length, at);
}

int __wrap_ftruncate64(int fd, off_t size)
{
    char path[PATH_MAX];
    bool is = name_of(fd, path);
    if (is && !works(FAULT_TRUNCATE))
        return -1;
    if (is)
        disk_file_write(disk_file_get(path), size, NULL, 0);
    return __real_ftruncate64(fd, size);
}

int __wrap_fsync(int fd)
{
    struct stat status;
    char path[PATH_MAX];
    bool is = name_of(fd, path), is_folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    if (!is && !is_folder)
        return __real_fsync(fd);
    enum fault fault = fault_count(FAULT_SYNC);
    if (fault == FAULT_SYNC_LOST && !is_folder)
        disk_file_lose(disk_file_get(path));
    errno = EIO;
    if (fault)
        return -1;
    if (is_folder)
        disk_folder_sync(path);
    else
        disk_file_sync(disk_file_get(path));
    return 0;
}

int __wrap_rename(const char *from, const char *to)
{
    if (!is_ours(from) && !is_ours(to))
        return __real_rename(from, to);
    if (!works(FAULT_RENAME))
        return -1;
    struct stat status;
    bool is_folder = stat(from, &status) == 0 && S_ISDIR(status.st_mode);
    if (is_folder)
        disk_folder_get(from);
    else if (access(from, F_OK) == 0) {
        look_around(from);
        (void)disk_file_get(from); /* as it is, before it has another name */
    }
    int failed = __real_rename(from, to);
    if (!failed)
        disk_name_moved(from, to);
    return failed;
}

int __wrap_unlink(const char *path)
{
    if (!is_ours(path))
        return __real_unlink(path);
    if (!works(FAULT_DELETE))
        return -1;
    look_around(path);
    if (access(path, F_OK) == 0)
        disk_name_removed(path);
    return __real_unlink(path);
}

int __wrap_unlinkat(int folder, const char *name, int flags)
{
    char path[PATH_MAX];
    if (!name_of(folder, path))
        return __real_unlinkat(folder, name, flags);
    strncat(path, "/", sizeof path - strlen(path) - 1);
    strncat(path, name, sizeof path - strlen(path) - 1);
    return __wrap_unlink(path);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (!is_ours(path))
        return __real_mkdir(path, mode);
    if (!works(FAULT_OPEN))
        return -1;
    int failed = __real_mkdir(path, mode);
    if (!failed)
        disk_name_made(path, true);
    return failed;
}

int __wrap_rmdir(const char *path)
{
    if (!is_ours(path))
        return __real_rmdir(path);
    if (!works(FAULT_DELETE))
        return -1;
    disk_folder_get(path);
    int failed = __real_rmdir(path);
    if (!failed)
        disk_name_removed(path);
    return failed;
}

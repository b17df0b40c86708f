#include "storage/lock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* PENDING_BYTE of SQLite; behind it the RESERVED byte and the SHARED range of 510 bytes. */
#define PENDING_BYTE 0x40000000
#define LOCK_BYTES   512

enum { PAUSE_MS = 10, PATH_BYTES = 1100 };

void lock_init(struct lock *lock)
{
    *lock = (struct lock){.file_fd = -1, .database_fd = -1};
}

/* What is wrong with a path, by the error that opening it gave. */
static const char *trouble_of(int error)
{
    switch (error) {
    case EROFS:
        return "its file system is mounted read-only";
    case EACCES:
    case EPERM:
        return "hearthd's user may not write there";
    case EISDIR:
        return "it is a folder";
    case EEXIST:
    case ELOOP:
        return "it is a symbolic link that leads to no file";
    default:
        return strerror(error);
    }
}

static enum lock_result refuse(char *why, size_t why_size, const char *path, int error)
{
    snprintf(why, why_size, "The database %s cannot be opened: %s.", path, trouble_of(error));
    return error == ENOSPC || error == EDQUOT ? LOCK_NO_SPACE : LOCK_REFUSED;
}

/* When the process was started, in ticks since the boot: with the boot it tells two processes of
 * one pid apart. 0: there is none. */
static unsigned long long start_of(long pid)
{
    char path[64], text[512];
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *after_name = strrchr(text, ')'); /* proc(5): field 2, then 3 to 21, then 22 */
    if (after_name)
        sscanf(after_name + 1, " %*c%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s %llu",
               &ticks);
    return ticks;
}

static void read_boot(char boot[40])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, boot, 36) : 0;
    if (fd >= 0)
        close(fd);
    snprintf(boot + (length > 0 ? length : 0), 2, "%s", length > 0 ? "" : "-");
}

/* The file says who holds it: for the sentence, and in place of a lock where there are none. */
static void write_owner(int fd)
{
    char text[128], boot[40];
    read_boot(boot);
    int length = snprintf(text, sizeof text, "%ld %llu %s\n", (long)getpid(), start_of(getpid()),
                          boot);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        errno = 0; /* a full disk: then the file says nothing */
}

/* The pid of the process that wrote the file, if it still runs; else 0. */
static long find_owner(int fd)
{
    char text[128], boot[40], now[40];
    long pid = 0;
    unsigned long long ticks = 0;
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    read_boot(now);
    if (sscanf(text, "%ld %llu %39s", &pid, &ticks, boot) != 3 || pid <= 0 || ticks == 0)
        return 0;
    return strcmp(boot, now) == 0 && start_of(pid) == ticks ? pid : 0;
}

/* SQLite makes its WAL or journal in the folder. */
static bool may_make_files(const char *path)
{
    char copy[PATH_BYTES];
    snprintf(copy, sizeof copy, "%s", path);
    return access(dirname(copy), W_OK | X_OK) == 0;
}

/* The lock of SQLite's VFS "unix-dotfile" is a folder, which a killed hearthd has left. */
static void forget_dot_file(const char *path)
{
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%s.lock", path);
    rmdir(name);
}

static enum lock_result take_lock(struct lock *lock, const char *path, char *why, size_t why_size)
{
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%s-lock", path);
    lock->file_fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->file_fd < 0 || !may_make_files(path))
        return refuse(why, why_size, path, errno);
    bool is_taken = flock(lock->file_fd, LOCK_EX | LOCK_NB) != 0;
    lock->is_missing = is_taken && errno != EWOULDBLOCK;
    long pid = is_taken ? find_owner(lock->file_fd) : 0;
    if (!is_taken || (lock->is_missing && (pid == 0 || pid == getpid()))) {
        write_owner(lock->file_fd);
        forget_dot_file(path);
        return LOCK_TAKEN;
    }
    snprintf(why, why_size, pid ? "The database %s is in use by another hearthd (pid %ld)."
                                : "The database %s is in use by another hearthd.", path, pid);
    return LOCK_REFUSED;
}

enum lock_result lock_take(struct lock *lock, const char *path, char *why, size_t why_size)
{
    enum lock_result result = take_lock(lock, path, why, why_size);
    if (result != LOCK_TAKEN)
        lock_release(lock);
    return result;
}

static bool sync_folder(const char *path)
{
    char copy[PATH_BYTES];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* SQLite would make the file readable by everybody; its WAL and journal inherit the mode. */
static int make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        sync_folder(path); /* some file systems cannot */
    return fd;
}

/* A write lock, on the open file description or to be asked about. */
static struct flock lock_of(off_t bytes)
{
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = PENDING_BYTE, .l_len = bytes};
}

/* False: somebody has it, for longer than wait_ms. A kernel or file system that knows no such locks
 * has none to give. */
static bool take_pending(struct lock *lock, int wait_ms)
{
    for (int waited_ms = 0;; waited_ms += PAUSE_MS) {
        struct flock pending = lock_of(1);
        if (fcntl(lock->database_fd, F_OFD_SETLK, &pending) == 0)
            return true;
        lock->is_missing = errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP;
        if (errno != EAGAIN && errno != EACCES)
            return true;
        if (waited_ms >= wait_ms)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000}, NULL);
    }
}

enum lock_result lock_database(struct lock *lock, const char *path, int wait_ms, char *why,
                               size_t why_size)
{
    struct stat status;
    lock->database_fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (lock->database_fd < 0 && errno == ENOENT)
        lock->database_fd = make_file(path);
    if (lock->database_fd < 0)
        return refuse(why, why_size, path, errno);
    if (fstat(lock->database_fd, &status) == 0 && !S_ISREG(status.st_mode)) {
        snprintf(why, why_size, "The database %s cannot be opened: it is no plain file.", path);
    } else {
        if (lock->is_missing || take_pending(lock, wait_ms))
            return LOCK_TAKEN;
        lock_tell_holder(lock, path, why, why_size);
    }
    lock_release_database(lock);
    return LOCK_REFUSED;
}

static bool has_open(const char *process, const struct stat *file)
{
    char folder[64], name[330];
    struct stat status;
    bool found = false;
    snprintf(folder, sizeof folder, "/proc/%.20s/fd", process);
    DIR *descriptors = opendir(folder);
    for (struct dirent *each; descriptors && !found && (each = readdir(descriptors));) {
        snprintf(name, sizeof name, "%s/%s", folder, each->d_name);
        found = stat(name, &status) == 0 && status.st_dev == file->st_dev &&
                status.st_ino == file->st_ino;
    }
    if (descriptors)
        closedir(descriptors);
    return found;
}

/* Some process that has the file open, as far as we may see; 0 if none is known. */
static long find_opener(int fd)
{
    struct stat file;
    long found = 0;
    DIR *processes = fstat(fd, &file) == 0 ? opendir("/proc") : NULL;
    for (struct dirent *each; processes && found == 0 && (each = readdir(processes));)
        if (isdigit((unsigned char)each->d_name[0]) && atol(each->d_name) != getpid() &&
            has_open(each->d_name, &file))
            found = atol(each->d_name);
    if (processes)
        closedir(processes);
    return found;
}

/* ", sqlite3" of a process that we may see, else nothing. */
static void name_process(long pid, char name[64])
{
    char path[64];
    name[0] = '\0';
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, name + 2, 61) : 0;
    if (fd >= 0)
        close(fd);
    if (length <= 1)
        return;
    memcpy(name, ", ", 2);
    name[2 + length - 1] = '\0'; /* over the end of line */
}

void lock_tell_holder(const struct lock *lock, const char *path, char *why, size_t why_size)
{
    char name[64];
    struct flock held = lock_of(LOCK_BYTES);
    long pid = 0;
    if (fcntl(lock->database_fd, F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK)
        pid = (long)held.l_pid; /* -1: an open file description has it, no process */
    if (pid <= 0)
        pid = find_opener(lock->database_fd);
    if (pid <= 0) {
        snprintf(why, why_size, "The database %s is locked by another program.", path);
        return;
    }
    name_process(pid, name);
    snprintf(why, why_size, "The database %s is in use by another program (pid %ld%s).", path, pid,
             name);
}

void lock_release_database(struct lock *lock)
{
    if (lock->database_fd >= 0)
        close(lock->database_fd);
    lock->database_fd = -1;
}

void lock_release(struct lock *lock)
{
    lock_release_database(lock);
    if (lock->file_fd >= 0)
        close(lock->file_fd);
    lock->file_fd = -1;
}

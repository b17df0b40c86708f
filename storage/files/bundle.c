#include "storage/files/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mbedtls/sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/files/folder.h"
#include "storage/files/sum.h"

enum { HEAD_BYTES = HASH_TEXT_BYTES + 16, PIECE_BYTES = 16384 };

struct listed {
    uint8_t hash[HASH_BYTES];
    int64_t size;
};

static bool read_all(int fd, void *bytes, size_t length, int64_t at)
{
    size_t have = 0;
    ssize_t got = 1;
    while (have < length && got > 0) {
        got = pread(fd, (char *)bytes + have, length - have, (off_t)at + (off_t)have);
        if (got < 0 && errno == EINTR)
            got = 1;
        else
            have += got > 0 ? (size_t)got : 0;
    }
    return have == length;
}

/* --- out ---------------------------------------------------------------------------------------- */

static int make_list(const char *path)
{
    char name[FOLDER_PATH_BYTES];
    snprintf(name, sizeof name, "%.1100s.backup.list", path);
    (void)unlink(name);
    int fd = open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    (void)unlink(name);
    return fd;
}

/* A full disk may take a part first, and says so with the rest. */
static bool write_all(int fd, const void *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fd, (const char *)bytes + done, length - done);
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    return true;
}

bool bundle_begin(struct bundle *bundle, struct database *source, const char *path)
{
    *bundle = (struct bundle){.list = make_list(path), .file = -1};
    sqlite3_stmt *row = database_prepare(
        source, "SELECT hash, max(size) FROM files WHERE length(hash)=32 GROUP BY hash");
    bool is_fine = bundle->list >= 0;
    enum step step = STEP_DONE;
    while (is_fine && (step = database_step(source, row)) == STEP_ROW) {
        struct listed listed = {.size = sqlite3_column_int64(row, 1)};
        memcpy(listed.hash, sqlite3_column_blob(row, 0), HASH_BYTES);
        is_fine = write_all(bundle->list, &listed, sizeof listed);
        bundle->count++;
        bundle->bytes += HEAD_BYTES + listed.size;
    }
    database_reset(row);
    is_fine = is_fine && step == STEP_DONE;
    if (!is_fine)
        bundle_end(bundle);
    return is_fine;
}

/* One that has gone has no descriptor. False: there is one that cannot be read. */
static bool begin_next(struct bundle *bundle, const char *path)
{
    struct listed listed = {.size = 0};
    char name[FOLDER_PATH_BYTES], digits[32];
    if (bundle->file >= 0)
        close(bundle->file);
    bundle->file = -1;
    if (!read_all(bundle->list, &listed, sizeof listed, bundle->next * (int64_t)sizeof listed))
        return false;
    bundle->next++;
    folder_file_name(path, listed.hash, name);
    bundle->file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_fine = bundle->file >= 0 || errno == ENOENT;
    hash_write(listed.hash, bundle->head);
    snprintf(digits, sizeof digits, "%016" PRIx64, (uint64_t)listed.size);
    memcpy(bundle->head + HASH_TEXT_BYTES, digits, 16);
    bundle->head_left = HEAD_BYTES;
    bundle->left = listed.size;
    return is_fine;
}

/* Of the one that is being read: its head, then its bytes. 0: it cannot be read. */
static size_t read_some(struct bundle *bundle, unsigned char *bytes, size_t length)
{
    if (bundle->head_left > 0) {
        if (length > (size_t)bundle->head_left)
            length = (size_t)bundle->head_left;
        memcpy(bytes, bundle->head + HEAD_BYTES - bundle->head_left, length);
        bundle->head_left -= (int64_t)length;
        return length;
    }
    if (length > (size_t)bundle->left)
        length = (size_t)bundle->left;
    ssize_t got = bundle->file >= 0 ? read(bundle->file, bytes, length) : 0;
    if (got < 0)
        return 0;
    if (got == 0) { /* it has gone, or is shorter: its sum tells */
        memset(bytes, 0, length);
        got = (ssize_t)length;
    }
    bundle->left -= got;
    return (size_t)got;
}

bool bundle_read(struct bundle *bundle, const char *path, unsigned char *bytes, size_t length)
{
    while (length > 0) {
        if (bundle->head_left == 0 && bundle->left == 0 && !begin_next(bundle, path))
            return false;
        size_t got = read_some(bundle, bytes, length);
        if (got == 0)
            return false;
        bytes += got;
        length -= got;
    }
    return true;
}

void bundle_end(struct bundle *bundle)
{
    if (bundle->list >= 0)
        close(bundle->list);
    if (bundle->file >= 0)
        close(bundle->file);
    *bundle = (struct bundle){.list = -1, .file = -1};
}

/* --- in ----------------------------------------------------------------------------------------- */

int64_t bundle_database_bytes(int fd)
{
    uint8_t head[100];
    errno = 0;
    if (!read_all(fd, head, sizeof head, 0))
        return errno ? -1 : 0;
    if (memcmp(head, "SQLite format 3", 16) != 0)
        return 0;
    int64_t page = (int64_t)head[16] << 8 | head[17];
    int64_t pages = (int64_t)head[28] << 24 | (int64_t)head[29] << 16 | (int64_t)head[30] << 8 | head[31];
    return (page == 1 ? 65536 : page) * pages;
}

bool bundle_has_files(const char *path)
{
    char head[HEAD_BYTES + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int64_t at = fd < 0 ? 0 : bundle_database_bytes(fd);
    bool has_head = at > 0 && read_all(fd, head, HEAD_BYTES, at);
    if (fd >= 0)
        close(fd);
    return has_head && strspn(head, "0123456789abcdef") == HEAD_BYTES;
}

static void name_unpacked(const char *path, const char *end, char out[FOLDER_PATH_BYTES])
{
    folder_name(path, out);
    size_t length = strlen(out);
    snprintf(out + length, FOLDER_PATH_BYTES - length, ".%s", end);
}

void bundle_forget(const char *path)
{
    char folder[FOLDER_PATH_BYTES];
    const struct dirent *entry;
    name_unpacked(path, "restore", folder);
    DIR *all = opendir(folder);
    while (all && (entry = readdir(all)))
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(all), entry->d_name, 0);
    if (all)
        closedir(all);
    (void)rmdir(folder);
}

/* Copies a file and sums it up. Gives its sum; false when it cannot be written. */
static bool copy_file(int from, int64_t at, int64_t size, int to, uint8_t hash[HASH_BYTES])
{
    unsigned char piece[PIECE_BYTES];
    mbedtls_sha256_context sum;
    bool is_fine = true;
    mbedtls_sha256_init(&sum);
    (void)sum_begin(&sum);
    while (is_fine && size > 0) {
        size_t length = size < PIECE_BYTES ? (size_t)size : PIECE_BYTES;
        is_fine = read_all(from, piece, length, at) && sum_add(&sum, piece, length) &&
                  write_all(to, piece, length);
        at += (int64_t)length;
        size -= (int64_t)length;
    }
    (void)sum_end(&sum, hash);
    mbedtls_sha256_free(&sum);
    return is_fine && fsync(to) == 0;
}

static bool unpack_one(int fd, int64_t at, int64_t size, const char *folder, const char *name)
{
    char to[FOLDER_PATH_BYTES + HASH_TEXT_BYTES + 2], summed[HASH_TEXT_BYTES + 1];
    uint8_t hash[HASH_BYTES];
    snprintf(to, sizeof to, "%s/%s", folder, name);
    int out = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0)
        return false;
    bool is_fine = copy_file(fd, at, size, out, hash);
    close(out);
    hash_write(hash, summed);
    if (is_fine && strcmp(summed, name) != 0)
        (void)unlink(to); /* it had gone, or is damaged: its message will say so */
    return is_fine;
}

static bool unpack_all(int fd, int64_t at, int64_t end, const char *folder, const char **why)
{
    char head[HEAD_BYTES + 1] = "", name[HASH_TEXT_BYTES + 1] = "";
    uint8_t hash[HASH_BYTES];
    while (at < end) {
        int64_t size = -1;
        *why = "it is damaged";
        if (!read_all(fd, head, HEAD_BYTES, at))
            return false;
        memcpy(name, head, HASH_TEXT_BYTES);
        if (!hash_read(name, hash) || sscanf(head + HASH_TEXT_BYTES, "%16" SCNx64, (uint64_t *)&size) != 1 ||
            size < 0 || size > end - at - HEAD_BYTES)
            return false;
        *why = NULL; /* errno says it */
        if (!unpack_one(fd, at + HEAD_BYTES, size, folder, name))
            return false;
        at += HEAD_BYTES + size;
    }
    return folder_sync(folder);
}

bool bundle_unpack(int fd, const char *path, char *why, size_t why_size)
{
    char folder[FOLDER_PATH_BYTES];
    struct stat status;
    const char *reason = NULL;
    int64_t at = bundle_database_bytes(fd);
    bool is_read = at >= 0 && fstat(fd, &status) == 0;
    int code = errno;
    bundle_forget(path);
    if (is_read && (at == 0 || status.st_size <= at))
        return true; /* of an earlier version, or without files; or no database, which is said elsewhere */
    name_unpacked(path, "restore", folder);
    errno = code;
    if (is_read && mkdir(folder, 0700) == 0 && unpack_all(fd, at, status.st_size, folder, &reason))
        return true;
    snprintf(why, why_size, "The files of the backup cannot be unpacked: %.60s.", reason ? reason : strerror(errno));
    bundle_forget(path);
    return false;
}

/* A name that nothing has yet. */
static void name_aside(const char *path, const char *date, char out[FOLDER_PATH_BYTES])
{
    char end[64];
    snprintf(end, sizeof end, "replaced-%s", date);
    name_unpacked(path, end, out);
    for (int i = 2; access(out, F_OK) == 0 && i < 100; i++) {
        snprintf(end, sizeof end, "replaced-%s-%d", date, i);
        name_unpacked(path, end, out);
    }
}

/* Before the database follows, both names are on the disk: else a start between would take what is unpacked for a rest. */
bool bundle_adopt(const char *path, bool is_restored, const char *date)
{
    char folder[FOLDER_PATH_BYTES], unpacked[FOLDER_PATH_BYTES], aside[FOLDER_PATH_BYTES];
    if (!is_restored) {
        bundle_forget(path);
        return true;
    }
    folder_name(path, folder);
    name_unpacked(path, "restore", unpacked);
    name_aside(path, date, aside);
    if (access(unpacked, F_OK) != 0)
        return true; /* it was adopted before power was cut, or there are none */
    return (rename(folder, aside) == 0 || errno == ENOENT) && rename(unpacked, folder) == 0 &&
           folder_sync_around(folder);
}

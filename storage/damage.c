#include "storage/damage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/clock.h"

/* The WAL goes first: were it left behind, it would be taken for that of the new database. */
static const char *const ends[] = {"-wal", "-journal", ""};
enum { END_COUNT = sizeof ends / sizeof *ends, NAMES_MAX = 1000, WAL_HEADER_BYTES = 32 };

static const char set_aside_mark[] = "set aside\n";

static void join(char *out, size_t out_size, const char *path, const char *end)
{
    snprintf(out, out_size, "%s%s", path, end);
}

static bool exists(const char *path, const char *end)
{
    char name[DAMAGE_PATH_BYTES + 16];
    join(name, sizeof name, path, end);
    return access(name, F_OK) == 0;
}

static void sync_folder(const char *path)
{
    char folder[DAMAGE_PATH_BYTES + 32];
    snprintf(folder, sizeof folder, "%s", path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd); /* some file systems cannot */
    close(fd);
}

/* --- what is remembered ------------------------------------------------------------------------- */

static bool write_whole(const char *name, const char *text)
{
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    size_t length = strlen(text);
    bool ok = write(fd, text, length) == (ssize_t)length && fsync(fd) == 0;
    int why = ok ? 0 : errno ? errno : ENOSPC;
    close(fd);
    errno = why;
    return ok;
}

static bool write_memory(const char *path, const struct damage *damage)
{
    char name[DAMAGE_PATH_BYTES + 16], partial[DAMAGE_PATH_BYTES + 32],
        text[DAMAGE_PATH_BYTES + 16];
    join(name, sizeof name, path, "-damaged");
    join(partial, sizeof partial, name, ".partial");
    snprintf(text, sizeof text, "%s\n%s", damage->aside, damage->is_set_aside ? set_aside_mark : "");
    if (!write_whole(partial, text) || rename(partial, name) != 0) {
        int why = errno;
        unlink(partial);
        errno = why;
        return false;
    }
    sync_folder(path);
    return true;
}

static bool is_taken(const char *aside)
{
    for (int i = 0; i < END_COUNT; i++)
        if (exists(aside, ends[i]))
            return true;
    return false;
}

static void choose_name(const char *path, struct damage *damage)
{
    char date[CLOCK_DATE_BYTES];
    clock_date(date);
    snprintf(damage->aside, sizeof damage->aside, "%.1000s.damaged-%s", path, date);
    for (int i = 2; is_taken(damage->aside) && i < NAMES_MAX; i++)
        snprintf(damage->aside, sizeof damage->aside, "%.1000s.damaged-%s-%d", path, date, i);
}

bool damage_remember(const char *path)
{
    struct damage damage = {.is_set_aside = false};
    if (damage_recall(path, &damage))
        return true;
    choose_name(path, &damage);
    return write_memory(path, &damage);
}

/* A file without a whole name is none that damage_remember has written: it says nothing. */
bool damage_recall(const char *path, struct damage *damage)
{
    char name[DAMAGE_PATH_BYTES + 16], text[DAMAGE_PATH_BYTES + 32] = "";
    join(name, sizeof name, path, "-damaged");
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    char *end = length > 0 ? strchr(text, '\n') : NULL;
    if (!end || end == text || strlen(text) >= sizeof damage->aside)
        return false;
    *end = '\0';
    memcpy(damage->aside, text, strlen(text) + 1);
    damage->is_set_aside = strcmp(end + 1, set_aside_mark) == 0;
    return true;
}

void damage_forget(const char *path)
{
    char name[DAMAGE_PATH_BYTES + 16];
    join(name, sizeof name, path, "-damaged");
    if (unlink(name) == 0)
        sync_folder(path);
}

bool damage_is_kept(const char *path)
{
    char around[DAMAGE_PATH_BYTES], file[DAMAGE_PATH_BYTES], start[DAMAGE_PATH_BYTES + 16];
    join(around, sizeof around, path, "");
    join(file, sizeof file, path, "");
    join(start, sizeof start, basename(file), ".damaged-");
    DIR *folder = opendir(dirname(around));
    const struct dirent *entry = NULL;
    while (folder && (entry = readdir(folder)) && strncmp(entry->d_name, start, strlen(start)) != 0)
        continue;
    if (folder)
        closedir(folder);
    return entry != NULL;
}

/* --- setting aside ------------------------------------------------------------------------------ */

static bool move(const char *path, const char *aside, const char *end)
{
    char from[DAMAGE_PATH_BYTES + 16], to[DAMAGE_PATH_BYTES + 16];
    join(from, sizeof from, path, end);
    join(to, sizeof to, aside, end);
    if (!exists(path, end) || exists(aside, end))
        return true;
    return rename(from, to) == 0;
}

/* Each move is on the disk before the next: a database must not be found without its WAL. */
bool damage_set_aside(const char *path, struct damage *damage)
{
    if (damage->is_set_aside)
        return true;
    for (int i = 0; i < END_COUNT; i++) {
        if (!move(path, damage->aside, ends[i]))
            return false;
        sync_folder(path);
    }
    damage->is_set_aside = true;
    return write_memory(path, damage);
}

/* --- signs of damage ---------------------------------------------------------------------------- */

static int64_t size_of(const char *path, const char *end)
{
    char name[DAMAGE_PATH_BYTES + 16];
    struct stat status;
    join(name, sizeof name, path, end);
    return stat(name, &status) == 0 ? (int64_t)status.st_size : 0;
}

/* Of a journal that is being written, how many pages the database had; 0 while it is made. See "The
 * Rollback Journal" of the file format. */
static uint32_t pages_before(const char *path)
{
    static const uint8_t magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    char name[DAMAGE_PATH_BYTES + 16];
    uint8_t header[20] = {0};
    join(name, sizeof name, path, "-journal");
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    bool is_whole = read(fd, header, sizeof header) == sizeof header;
    close(fd);
    if (!is_whole || memcmp(header, magic, sizeof magic) != 0)
        return 0;
    return (uint32_t)header[16] << 24 | (uint32_t)header[17] << 16 | (uint32_t)header[18] << 8 |
           header[19];
}

bool damage_is_orphan(const char *path)
{
    return size_of(path, "") == 0 &&
           (size_of(path, "-wal") > WAL_HEADER_BYTES || pages_before(path) > 0);
}

static bool is_page_size(unsigned bytes)
{
    return bytes == 1 || (bytes >= 512 && bytes <= 32768 && (bytes & (bytes - 1)) == 0);
}

bool damage_in_header(const uint8_t header[DAMAGE_HEADER_BYTES])
{
    static const uint8_t magic[16] = "SQLite format 3";
    static const uint8_t fractions[3] = {64, 32, 32};
    static const uint8_t utf8[4] = {0, 0, 0, 1};
    bool is_empty = memcmp(header + 56, "\0\0\0\0", 4) == 0; /* nothing was created in it yet */
    return memcmp(header, magic, sizeof magic) != 0 || !is_page_size((unsigned)header[16] << 8 | header[17]) ||
           header[18] < 1 || header[18] > 2 || header[19] < 1 || header[19] > 2 ||
           memcmp(header + 21, fractions, sizeof fractions) != 0 ||
           (!is_empty && memcmp(header + 56, utf8, sizeof utf8) != 0);
}

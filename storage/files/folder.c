#include "storage/files/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char part[] = "upload-";

void hash_write(const uint8_t hash[HASH_BYTES], char out[HASH_TEXT_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < HASH_BYTES; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[HASH_TEXT_BYTES] = '\0';
}

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

bool hash_read(const char *text, uint8_t hash[HASH_BYTES])
{
    if (strlen(text) != HASH_TEXT_BYTES)
        return false;
    for (int i = 0; i < HASH_BYTES; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void folder_name(const char *path, char out[FOLDER_PATH_BYTES])
{
    static const char end[] = ".db";
    size_t length = strlen(path);
    if (length > sizeof end && strcmp(path + length - (sizeof end - 1), end) == 0)
        length -= sizeof end - 1;
    snprintf(out, FOLDER_PATH_BYTES, "%.*s.files", length < 1050 ? (int)length : 1050, path);
}

static void name_in_folder(const char *path, const char *name, char out[FOLDER_PATH_BYTES])
{
    folder_name(path, out);
    size_t length = strlen(out);
    snprintf(out + length, FOLDER_PATH_BYTES - length, "/%s", name);
}

void folder_file_name(const char *path, const uint8_t hash[HASH_BYTES], char out[FOLDER_PATH_BYTES])
{
    char name[HASH_TEXT_BYTES + 1];
    hash_write(hash, name);
    name_in_folder(path, name, out);
}

void folder_part_name(const char *path, uint32_t upload, char out[FOLDER_PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "%s%u", part, (unsigned)upload);
    name_in_folder(path, name, out);
}

void folder_begin(const char *path)
{
    char folder[FOLDER_PATH_BYTES];
    const struct dirent *entry;
    if (!path)
        return;
    folder_name(path, folder);
    DIR *all = opendir(folder);
    while (all && (entry = readdir(all)))
        if (strncmp(entry->d_name, part, sizeof part - 1) == 0)
            (void)unlinkat(dirfd(all), entry->d_name, 0);
    if (all)
        closedir(all);
}

bool folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* some file systems cannot */
    if (fd >= 0)
        close(fd);
    return is_synced;
}

bool folder_sync_around(const char *name)
{
    char around[FOLDER_PATH_BYTES];
    snprintf(around, sizeof around, "%s", name);
    return folder_sync(dirname(around));
}

int folder_make_part(const char *path, uint32_t upload, bool *is_kept)
{
    static const int flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW;
    char folder[FOLDER_PATH_BYTES], name[FOLDER_PATH_BYTES];
    folder_name(path, folder);
    folder_part_name(path, upload, name);
    int fd = *is_kept ? open(name, flags, 0600) : -1;
    if (fd >= 0 || (*is_kept && errno != ENOENT))
        return fd;
    *is_kept = (mkdir(folder, 0700) == 0 || errno == EEXIST) && folder_sync_around(folder);
    return *is_kept ? open(name, flags, 0600) : -1;
}

bool folder_take(const char *path, uint32_t upload, const uint8_t hash[HASH_BYTES])
{
    char from[FOLDER_PATH_BYTES], to[FOLDER_PATH_BYTES];
    if (!path)
        return true;
    folder_part_name(path, upload, from);
    folder_file_name(path, hash, to);
    bool is_there = rename(from, to) == 0 || (errno == ENOENT && access(to, R_OK) == 0);
    return is_there && folder_sync_around(to);
}

void folder_drop(const char *path, const uint8_t hash[HASH_BYTES])
{
    char name[FOLDER_PATH_BYTES];
    if (!path)
        return;
    folder_file_name(path, hash, name);
    (void)unlink(name);
}

bool folder_is_empty(const char *path)
{
    char folder[FOLDER_PATH_BYTES];
    uint8_t hash[HASH_BYTES];
    const struct dirent *entry = NULL;
    folder_name(path, folder);
    DIR *all = opendir(folder);
    while (all && (entry = readdir(all)) && !hash_read(entry->d_name, hash))
        continue;
    if (all)
        closedir(all);
    return !entry;
}

bool folder_has(const char *path, const uint8_t hash[HASH_BYTES])
{
    char name[FOLDER_PATH_BYTES];
    if (!path)
        return true;
    folder_file_name(path, hash, name);
    return access(name, F_OK) == 0 || errno != ENOENT;
}

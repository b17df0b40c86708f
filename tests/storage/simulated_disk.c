#include "tests/storage/simulated_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX    128
#define FOLDERS_MAX  8
#define NAMINGS_MAX  256
#define PATH_BYTES   512
#define SECTOR_BYTES 512

/* A write or, with bytes NULL, a truncation that no sync has followed. */
struct change {
    struct change *next;
    int64_t offset; /* of a truncation: the new size */
    size_t size;
    unsigned char *bytes;
};

/* What the disk has of one file, and what it may or may not have. */
struct disk_file {
    char path[PATH_BYTES];      /* empty: a plain call took it away */
    char kept_path[PATH_BYTES]; /* what the disk calls it; empty: nothing */
    unsigned char *kept;
    size_t kept_size;
    bool is_plain;   /* its name came by disk_name_made or _moved */
    bool is_deleted; /* but no sync has followed: the name may come back */
    struct change *changes, **end;
};

/* A change of a name that no sync of its folder has followed: file, or a folder, is called to; empty: nothing. */
struct naming {
    char from[PATH_BYTES], to[PATH_BYTES], folder[PATH_BYTES];
    struct disk_file *file;
};

static struct disk_file files[FILES_MAX];
static size_t file_count;
static struct naming namings[NAMINGS_MAX];
static size_t naming_count;
static char folders[FOLDERS_MAX][PATH_BYTES];      /* that there are */
static char kept_folders[FOLDERS_MAX][PATH_BYTES]; /* that the disk has */

static void give_up(const char *what)
{
    fprintf(stderr, "simulated disk: %s\n", what);
    abort();
}

static void forget_changes(struct disk_file *file)
{
    while (file->changes) {
        struct change *next = file->changes->next;
        free(file->changes->bytes);
        free(file->changes);
        file->changes = next;
    }
    file->end = &file->changes;
}

static void resize(struct disk_file *file, size_t size)
{
    unsigned char *kept = realloc(file->kept, size + 1);
    if (!kept)
        give_up("no memory");
    if (size > file->kept_size)
        memset(kept + file->kept_size, 0, size - file->kept_size);
    file->kept = kept;
    file->kept_size = size;
}

static void put(struct disk_file *file, int64_t offset, const unsigned char *bytes, size_t size)
{
    if ((size_t)offset + size > file->kept_size)
        resize(file, (size_t)offset + size);
    memcpy(file->kept + offset, bytes, size);
}

static void keep_change(struct disk_file *file, const struct change *change)
{
    if (change->bytes)
        put(file, change->offset, change->bytes, change->size);
    else
        resize(file, (size_t)change->offset);
}

static void keep_all(struct disk_file *file)
{
    for (const struct change *change = file->changes; change; change = change->next)
        keep_change(file, change);
    forget_changes(file);
}

void disk_file_write(struct disk_file *file, int64_t offset, const void *bytes, size_t size)
{
    struct change *change = file ? calloc(1, sizeof *change) : NULL;
    if (!file)
        return;
    if (!change || (bytes && !(change->bytes = malloc(size + 1))))
        give_up("no memory");
    if (bytes)
        memcpy(change->bytes, bytes, size);
    change->offset = offset;
    change->size = size;
    *file->end = change;
    file->end = &change->next;
}

static void set_path(char out[PATH_BYTES], const char *path)
{
    snprintf(out, PATH_BYTES, "%s", path);
}

static struct disk_file *find_file(const char *path)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

static void load(struct disk_file *file)
{
    FILE *stream = fopen(file->path, "rb");
    if (!stream)
        return;
    fseek(stream, 0, SEEK_END);
    resize(file, (size_t)ftell(stream));
    rewind(stream);
    if (fread(file->kept, 1, file->kept_size, stream) != file->kept_size)
        give_up("a file cannot be read");
    fclose(stream);
    set_path(file->kept_path, file->path);
}

/* Taken before the file is opened, so that a new one is known as new. */
struct disk_file *disk_file_get(const char *path)
{
    struct disk_file *file = find_file(path);
    if (file)
        return file;
    if (file_count == FILES_MAX)
        give_up("too many files");
    file = &files[file_count++];
    memset(file, 0, sizeof *file);
    file->end = &file->changes;
    snprintf(file->path, sizeof file->path, "%s", path);
    load(file);
    return file;
}

void disk_file_created(struct disk_file *file)
{
    forget_changes(file);
    resize(file, 0);
    file->kept_path[0] = '\0';
    file->is_deleted = file->is_plain = false;
}

static void keep_deletions(void)
{
    for (size_t i = 0; i < file_count; i++)
        if (files[i].is_deleted)
            disk_file_created(&files[i]);
}

void disk_file_sync(struct disk_file *file)
{
    keep_all(file);
    if (!file->is_plain)
        set_path(file->kept_path, file->path);
    keep_deletions();
}

void disk_file_lose(struct disk_file *file)
{
    forget_changes(file);
}

void disk_file_delete(struct disk_file *file)
{
    forget_changes(file);
    file->is_deleted = true;
}

void disk_reset(void)
{
    for (size_t i = 0; i < file_count; i++) {
        forget_changes(&files[i]);
        free(files[i].kept);
    }
    file_count = naming_count = 0;
    memset(folders, 0, sizeof folders);
    memset(kept_folders, 0, sizeof kept_folders);
}

/* --- names that plain calls give ------------------------------------------------------------------ */

static char *find_folder(char all[FOLDERS_MAX][PATH_BYTES], const char *path)
{
    for (int i = 0; i < FOLDERS_MAX; i++)
        if (strcmp(all[i], path) == 0)
            return all[i];
    return NULL;
}

static void add_folder(char all[FOLDERS_MAX][PATH_BYTES], const char *path)
{
    char *place = find_folder(all, path) ? NULL : find_folder(all, "");
    if (place)
        set_path(place, path);
    else if (!find_folder(all, path))
        give_up("too many folders");
}

/* path is from, or lies in it. */
static void replace_start(char path[PATH_BYTES], const char *from, const char *to)
{
    char rest[PATH_BYTES];
    size_t length = strlen(from);
    if (strncmp(path, from, length) != 0 || (path[length] != '\0' && path[length] != '/'))
        return;
    set_path(rest, path + length);
    snprintf(path, PATH_BYTES, "%.255s%.255s", to, rest);
}

static void note_naming(struct disk_file *file, const char *from, const char *to)
{
    if (naming_count == NAMINGS_MAX)
        give_up("too many names");
    struct naming *naming = &namings[naming_count++];
    naming->file = file;
    set_path(naming->from, from);
    set_path(naming->to, to);
    set_path(naming->folder, from[0] != '\0' ? from : to);
    (void)dirname(naming->folder); /* shortens it */
}

/* The disk has it. */
static void keep_naming(const struct naming *naming)
{
    char *folder = find_folder(kept_folders, naming->from);
    if (!naming->file && naming->from[0] == '\0')
        add_folder(kept_folders, naming->to);
    else if (!naming->file && folder)
        set_path(folder, naming->to);
    for (size_t i = 0; i < file_count; i++)
        if (!naming->file && naming->from[0] != '\0')
            replace_start(files[i].kept_path, naming->from, naming->to);
        else if (naming->file && strcmp(files[i].kept_path, naming->to) == 0)
            files[i].kept_path[0] = '\0';
    if (naming->file)
        set_path(naming->file->kept_path, naming->to);
}

void disk_folder_sync(const char *folder)
{
    size_t left = 0;
    for (size_t i = 0; i < naming_count; i++)
        if (strcmp(namings[i].folder, folder) == 0)
            keep_naming(&namings[i]);
        else
            namings[left++] = namings[i];
    naming_count = left;
}

void disk_folder_get(const char *folder)
{
    char path[PATH_BYTES];
    const struct dirent *entry;
    DIR *all = find_folder(folders, folder) ? NULL : opendir(folder);
    if (!all)
        return;
    add_folder(folders, folder);
    add_folder(kept_folders, folder);
    while ((entry = readdir(all)))
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%.250s/%.250s", folder, entry->d_name);
            disk_file_get(path)->is_plain = true;
        }
    closedir(all);
}

void disk_name_made(const char *path, bool is_folder)
{
    if (is_folder) {
        add_folder(folders, path);
        note_naming(NULL, "", path);
        return;
    }
    struct disk_file *file = disk_file_get(path);
    disk_file_created(file);
    file->is_plain = true;
    note_naming(file, "", path);
}

void disk_name_moved(const char *from, const char *to)
{
    char *folder = find_folder(folders, from);
    struct disk_file *file = folder ? NULL : disk_file_get(from), *replaced = find_file(to);
    note_naming(file, from, to);
    if (folder) {
        set_path(folder, to);
        for (size_t i = 0; i < file_count; i++)
            replace_start(files[i].path, from, to);
        return;
    }
    if (replaced)
        replaced->path[0] = '\0';
    set_path(file->path, to);
    file->is_plain = true;
}

void disk_name_removed(const char *path)
{
    char *folder = find_folder(folders, path);
    struct disk_file *file = folder ? NULL : disk_file_get(path);
    note_naming(file, path, "");
    (folder ? folder : file->path)[0] = '\0';
}

/* --- a power cut ---------------------------------------------------------------------------------- */

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* All, nothing, or sector by sector. */
static void cut_change(struct disk_file *file, const struct change *change, uint32_t *seed)
{
    uint32_t lot = draw(seed) % 3;
    if (lot == 0)
        return;
    if (lot == 1 || !change->bytes) {
        keep_change(file, change);
        return;
    }
    for (size_t at = 0; at < change->size;) {
        int64_t offset = change->offset + (int64_t)at;
        size_t part = SECTOR_BYTES - (size_t)(offset % SECTOR_BYTES);
        if (part > change->size - at)
            part = change->size - at;
        if (draw(seed) % 2)
            put(file, offset, change->bytes + at, part);
        at += part;
    }
}

static void write_back(const struct disk_file *file)
{
    FILE *stream = fopen(file->kept_path, "wb");
    if (!stream && file->is_plain)
        return; /* the disk has no such folder */
    if (!stream ||
        (file->kept_size > 0 && fwrite(file->kept, 1, file->kept_size, stream) != file->kept_size))
        give_up("a file cannot be written");
    fclose(stream);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

/* Of each folder so many as the lot says, in their order. */
static void cut_namings(uint32_t *seed)
{
    while (naming_count > 0) {
        char folder[PATH_BYTES];
        bool is_kept = true;
        size_t left = 0;
        set_path(folder, namings[0].folder);
        for (size_t i = 0; i < naming_count; i++) {
            if (strcmp(namings[i].folder, folder) != 0) {
                namings[left++] = namings[i];
                continue;
            }
            is_kept = is_kept && draw(seed) % 4 != 0;
            if (is_kept)
                keep_naming(&namings[i]);
        }
        naming_count = left;
    }
}

static void cut_file(struct disk_file *file, uint32_t *seed)
{
    bool may_be_there = file->changes && draw(seed) % 2;
    for (const struct change *change = file->changes; change; change = change->next)
        cut_change(file, change, seed);
    if (may_be_there && !file->is_plain)
        set_path(file->kept_path, file->path);
    if (file->path[0] != '\0')
        remove(file->path); /* unlink and the like are what this is told of */
}

void disk_cut_power(uint32_t seed)
{
    if (naming_count > 0)
        cut_namings(&seed);
    for (size_t i = 0; i < file_count; i++)
        cut_file(&files[i], &seed);
    for (int i = 0; i < FOLDERS_MAX; i++)
        if (folders[i][0] != '\0')
            remove(folders[i]);
    for (int i = 0; i < FOLDERS_MAX; i++)
        if (kept_folders[i][0] != '\0')
            mkdirat(AT_FDCWD, kept_folders[i], 0700);
    for (size_t i = 0; i < file_count; i++)
        if (files[i].kept_path[0] != '\0' && !ends_with(files[i].kept_path, "-shm"))
            write_back(&files[i]);
    disk_reset();
}

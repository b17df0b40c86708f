#include "tests/storage/simulated_disk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX    32
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
    char path[512];
    unsigned char *kept;
    size_t kept_size;
    bool is_kept;    /* its name is */
    bool is_deleted; /* but no sync has followed: the name may come back */
    struct change *changes, **end;
};

static struct disk_file files[FILES_MAX];
static size_t file_count;

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
    file->is_kept = true;
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
    file->is_kept = file->is_deleted = false;
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
    file->is_kept = true;
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
    file_count = 0;
}

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
    FILE *stream = fopen(file->path, "wb");
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

void disk_cut_power(uint32_t seed)
{
    for (size_t i = 0; i < file_count; i++) {
        struct disk_file *file = &files[i];
        bool may_be_there = file->changes && draw(&seed) % 2;
        for (const struct change *change = file->changes; change; change = change->next)
            cut_change(file, change, &seed);
        if ((file->is_kept || may_be_there) && !ends_with(file->path, "-shm"))
            write_back(file);
        else
            unlink(file->path);
    }
    disk_reset();
}

#include "tests/storage/shadow.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHADOWS_MAX  32
#define SECTOR_BYTES 512

/* A write or, with bytes NULL, a truncation that no sync has followed. */
struct change {
    struct change *next;
    int64_t offset; /* of a truncation: the new size */
    size_t size;
    unsigned char *bytes;
};

/* What the disk has of one file, and what it may or may not have. */
struct shadow {
    char path[512];
    unsigned char *kept;
    size_t kept_size;
    bool is_kept;    /* its name is */
    bool is_deleted; /* but no sync has followed: the name may come back */
    struct change *changes, **end;
};

static struct shadow shadows[SHADOWS_MAX];
static size_t shadow_count;

static void give_up(const char *what)
{
    fprintf(stderr, "shadow: %s\n", what);
    abort();
}

static void forget_changes(struct shadow *shadow)
{
    while (shadow->changes) {
        struct change *next = shadow->changes->next;
        free(shadow->changes->bytes);
        free(shadow->changes);
        shadow->changes = next;
    }
    shadow->end = &shadow->changes;
}

static void resize(struct shadow *shadow, size_t size)
{
    unsigned char *kept = realloc(shadow->kept, size + 1);
    if (!kept)
        give_up("no memory");
    if (size > shadow->kept_size)
        memset(kept + shadow->kept_size, 0, size - shadow->kept_size);
    shadow->kept = kept;
    shadow->kept_size = size;
}

static void put(struct shadow *shadow, int64_t offset, const unsigned char *bytes, size_t size)
{
    if ((size_t)offset + size > shadow->kept_size)
        resize(shadow, (size_t)offset + size);
    memcpy(shadow->kept + offset, bytes, size);
}

static void keep_change(struct shadow *shadow, const struct change *change)
{
    if (change->bytes)
        put(shadow, change->offset, change->bytes, change->size);
    else
        resize(shadow, (size_t)change->offset);
}

static void keep_all(struct shadow *shadow)
{
    for (const struct change *change = shadow->changes; change; change = change->next)
        keep_change(shadow, change);
    forget_changes(shadow);
}

void shadow_note(struct shadow *shadow, int64_t offset, const void *bytes, size_t size)
{
    struct change *change = shadow ? calloc(1, sizeof *change) : NULL;
    if (!shadow)
        return;
    if (!change || (bytes && !(change->bytes = malloc(size + 1))))
        give_up("no memory");
    if (bytes)
        memcpy(change->bytes, bytes, size);
    change->offset = offset;
    change->size = size;
    *shadow->end = change;
    shadow->end = &change->next;
}

static struct shadow *find_shadow(const char *path)
{
    for (size_t i = 0; i < shadow_count; i++)
        if (strcmp(shadows[i].path, path) == 0)
            return &shadows[i];
    return NULL;
}

static void load(struct shadow *shadow)
{
    FILE *file = fopen(shadow->path, "rb");
    if (!file)
        return;
    fseek(file, 0, SEEK_END);
    resize(shadow, (size_t)ftell(file));
    rewind(file);
    if (fread(shadow->kept, 1, shadow->kept_size, file) != shadow->kept_size)
        give_up("a file cannot be read");
    fclose(file);
    shadow->is_kept = true;
}

/* Taken before the file is opened, so that a new one is known as new. */
struct shadow *shadow_take(const char *path)
{
    struct shadow *shadow = find_shadow(path);
    if (shadow)
        return shadow;
    if (shadow_count == SHADOWS_MAX)
        give_up("too many files");
    shadow = &shadows[shadow_count++];
    memset(shadow, 0, sizeof *shadow);
    shadow->end = &shadow->changes;
    snprintf(shadow->path, sizeof shadow->path, "%s", path);
    load(shadow);
    return shadow;
}

void shadow_begin(struct shadow *shadow)
{
    forget_changes(shadow);
    resize(shadow, 0);
    shadow->is_kept = shadow->is_deleted = false;
}

static void keep_deletions(void)
{
    for (size_t i = 0; i < shadow_count; i++)
        if (shadows[i].is_deleted)
            shadow_begin(&shadows[i]);
}

void shadow_sync(struct shadow *shadow)
{
    keep_all(shadow);
    shadow->is_kept = true;
    keep_deletions();
}

void shadow_lose(struct shadow *shadow)
{
    forget_changes(shadow);
}

void shadow_delete(struct shadow *shadow)
{
    forget_changes(shadow);
    shadow->is_deleted = true;
}

void shadow_forget_all(void)
{
    for (size_t i = 0; i < shadow_count; i++) {
        forget_changes(&shadows[i]);
        free(shadows[i].kept);
    }
    shadow_count = 0;
}

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* All, nothing, or sector by sector. */
static void cut_change(struct shadow *shadow, const struct change *change, uint32_t *seed)
{
    uint32_t lot = draw(seed) % 3;
    if (lot == 0)
        return;
    if (lot == 1 || !change->bytes) {
        keep_change(shadow, change);
        return;
    }
    for (size_t at = 0; at < change->size;) {
        int64_t offset = change->offset + (int64_t)at;
        size_t part = SECTOR_BYTES - (size_t)(offset % SECTOR_BYTES);
        if (part > change->size - at)
            part = change->size - at;
        if (draw(seed) % 2)
            put(shadow, offset, change->bytes + at, part);
        at += part;
    }
}

static void write_back(const struct shadow *shadow)
{
    FILE *file = fopen(shadow->path, "wb");
    if (!file || (shadow->kept_size > 0 &&
                  fwrite(shadow->kept, 1, shadow->kept_size, file) != shadow->kept_size))
        give_up("a file cannot be written");
    fclose(file);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

void shadow_cut(uint32_t seed)
{
    for (size_t i = 0; i < shadow_count; i++) {
        struct shadow *shadow = &shadows[i];
        bool may_be_there = shadow->changes && draw(&seed) % 2;
        for (const struct change *change = shadow->changes; change; change = change->next)
            cut_change(shadow, change, &seed);
        if ((shadow->is_kept || may_be_there) && !ends_with(shadow->path, "-shm"))
            write_back(shadow);
        else
            unlink(shadow->path);
    }
    shadow_forget_all();
}

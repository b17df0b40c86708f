#include "tests/support/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 8;
    items = realloc(items, *capacity * size);
    assert(items);
    return items;
}

static char *keep(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void entry_finish(struct ledger_entry *kept)
{
    free((char *)kept->entry.from);
    free((char *)kept->entry.text);
    free((char *)kept->entry.nonce);
    free((char *)kept->entry.emoji);
    free(kept->original);
}

void ledger_finish(struct ledger *ledger)
{
    for (size_t r = 0; r < ledger->room_count; r++) {
        for (size_t i = 0; i < ledger->rooms[r].count; i++)
            entry_finish(&ledger->rooms[r].entries[i]);
        free(ledger->rooms[r].entries);
    }
    free(ledger->rooms);
    *ledger = (struct ledger){.rooms = NULL};
}

struct ledger_room *ledger_room(const struct ledger *ledger, int64_t room_id)
{
    for (size_t i = 0; i < ledger->room_count; i++)
        if (ledger->rooms[i].row.id == room_id && !ledger->rooms[i].removed)
            return &ledger->rooms[i];
    return NULL;
}

struct ledger_entry *ledger_entry(const struct ledger_room *room, int64_t seq)
{
    size_t low = 0, high = room->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (room->entries[middle].entry.seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < room->count && room->entries[low].entry.seq == seq ? &room->entries[low] : NULL;
}

static void record_entry(struct ledger_room *room, const struct entry *entry)
{
    room->entries = grow(room->entries, room->count, &room->capacity, sizeof *room->entries);
    struct ledger_entry *kept = &room->entries[room->count++];
    *kept = (struct ledger_entry){.entry = *entry, .original = keep(entry->text)};
    kept->entry.from = keep(entry->from);
    kept->entry.text = keep(entry->text);
    kept->entry.nonce = keep(entry->nonce);
    kept->entry.emoji = keep(entry->emoji);
    room->row.last = entry->seq;
    if (!room->row.first)
        room->row.first = entry->seq;
}

/* The message and its edits lose their texts. */
static void record_deletion(struct ledger_room *room, int64_t target)
{
    for (size_t i = 0; i < room->count; i++) {
        struct entry *entry = &room->entries[i].entry;
        bool is_edit = entry->kind == ENTRY_KIND_EDIT && entry->target == target;
        if (!is_edit && entry->seq != target)
            continue;
        free((char *)entry->text);
        entry->text = NULL;
        entry->deleted = true;
    }
}

static void record_append(struct ledger_room *room, const struct job_append *append)
{
    if (append->entry.kind == ENTRY_KIND_DELETE)
        record_deletion(room, append->entry.target);
    record_entry(room, &append->entry);
}

static void record_room(struct ledger *ledger, const struct room_row *row)
{
    ledger->rooms =
        grow(ledger->rooms, ledger->room_count, &ledger->room_capacity, sizeof *ledger->rooms);
    ledger->rooms[ledger->room_count++] = (struct ledger_room){.row = *row};
}

static void record_set(struct ledger_room *room, const struct job_room_set *set)
{
    if (set->visibility >= 0)
        room->row.visibility = (enum visibility)set->visibility;
    if (set->keep >= 0)
        room->row.keep = set->keep != 0;
    if (set->archived >= 0)
        room->row.archived = set->archived != 0;
    if (set->name) {
        snprintf(room->row.name, sizeof room->row.name, "%s", set->name);
        snprintf(room->row.folded, sizeof room->row.folded, "%s", set->folded);
    }
    if (!set->topic)
        return;
    strncpy(room->row.topic, set->topic, sizeof room->row.topic - 1);
    record_entry(room, &set->entry);
}

static void record_prune(struct ledger_room *room, int64_t first, int64_t pruned)
{
    while (room->pruned < room->count && room->entries[room->pruned].entry.seq <= pruned)
        room->pruned++;
    room->row.pruned = pruned;
    room->row.first = first;
}

static void record_import(struct ledger_room *room, const struct job_import *import)
{
    for (size_t i = 0; i < import->count; i++)
        record_entry(room, &import->entries[i]);
}

static int64_t room_of(const struct job *job)
{
    switch (job->kind) {
    case JOB_APPEND:
        return job->append.room_id;
    case JOB_ROOM_SET:
        return job->room_set.room_id;
    case JOB_ROOM_REMOVE:
        return job->room.room.id;
    case JOB_ROOM_PURGE:
        return job->purge.room_id;
    case JOB_IMPORT:
        return job->import.room_id;
    case JOB_PRUNED:
        return job->pruned.room_id;
    default:
        return 0;
    }
}

void ledger_record(struct ledger *ledger, const struct job *job)
{
    if (job->result != JOB_DONE)
        return;
    if (job->kind == JOB_ROOM_CREATE)
        record_room(ledger, &job->room.room);
    struct ledger_room *room = ledger_room(ledger, room_of(job));
    if (!room)
        return;
    if (job->kind == JOB_APPEND)
        record_append(room, &job->append);
    else if (job->kind == JOB_ROOM_SET)
        record_set(room, &job->room_set);
    else if (job->kind == JOB_ROOM_REMOVE)
        room->removed = true; /* its entries stay, for checking */
    else if (job->kind == JOB_IMPORT)
        record_import(room, &job->import);
    else if (job->kind == JOB_PRUNED)
        record_prune(room, job->pruned.first, job->pruned.pruned);
    else if (job->kind == JOB_ROOM_PURGE && job->purge.pruned > 0)
        record_prune(room, job->purge.first, job->purge.pruned);
}

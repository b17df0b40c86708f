#include "daemon/bridge/mesh/outbox.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

void outbox_init(struct outbox *outbox, const struct outbox_plan *plan)
{
    *outbox = (struct outbox){.plan = *plan};
}

static void drop(struct outbox *outbox, struct outgoing *item)
{
    if (outbox->current == item)
        outbox->current = NULL;
    outbox->rooms[item->room].waiting--;
    DL_DELETE(outbox->items, item);
    free(item);
}

static void give_up(struct outbox *outbox, struct outgoing *item)
{
    outbox->rooms[item->room].given_up++;
    drop(outbox, item);
}

void outbox_finish(struct outbox *outbox)
{
    struct outgoing *item, *after;
    DL_FOREACH_SAFE(outbox->items, item, after)
    {
        drop(outbox, item);
    }
}

/* The oldest of a room of which nothing has gone. */
static struct outgoing *oldest_whole(const struct outbox *outbox, size_t room)
{
    struct outgoing *item;
    DL_FOREACH(outbox->items, item)
    {
        if (item->room == room && item != outbox->current)
            return item;
    }
    return NULL;
}

struct outgoing *outbox_push(struct outbox *outbox, size_t room, int64_t seq, const char *text, int64_t said_ms,
                             int64_t now_ms)
{
    size_t length = strlen(text);
    struct outgoing *item = calloc(1, sizeof *item + length + 1), *oldest;
    if (!item)
        return NULL;
    item->room = room;
    item->seq = seq;
    item->said_ms = said_ms < now_ms ? said_ms : now_ms;
    item->taken_ms = now_ms;
    item->is_late = now_ms - item->said_ms > OUTBOX_LATE_MS;
    memcpy(item->text, text, length + 1);
    while (outbox->rooms[room].waiting >= outbox->plan.waiting_max && (oldest = oldest_whole(outbox, room)))
        give_up(outbox, oldest);
    outbox->rooms[room].waiting++;
    DL_APPEND(outbox->items, item);
    return item;
}

bool outbox_has(const struct outbox *outbox, size_t room, int64_t seq)
{
    const struct outgoing *item;
    DL_FOREACH(outbox->items, item)
    {
        if (item->room == room && item->seq == seq)
            return true;
    }
    return false;
}

void outbox_forget(struct outbox *outbox, size_t room, int64_t seq)
{
    struct outgoing *item, *after;
    DL_FOREACH_SAFE(outbox->items, item, after)
    {
        if (item->room == room && item->seq == seq)
            drop(outbox, item);
    }
}

static void give_up_old(struct outbox *outbox, int64_t now_ms)
{
    struct outgoing *item, *after;
    DL_FOREACH_SAFE(outbox->items, item, after)
    {
        if (item != outbox->current && now_ms - item->said_ms > outbox->plan.age_ms)
            give_up(outbox, item);
    }
}

void outbox_turn(struct outbox *outbox, bool is_ready, int64_t now_ms)
{
    struct outgoing *item;
    give_up_old(outbox, now_ms);
    bool is_back = is_ready && !outbox->is_ready;
    outbox->is_ready = is_ready;
    DL_FOREACH(outbox->items, item)
    {
        if (is_back && now_ms - item->said_ms > OUTBOX_LATE_MS)
            item->is_late = true;
    }
}

/* In a room: what is not late in its order, then what is, the newest first. */
static struct outgoing *first_of(const struct outbox *outbox, size_t room)
{
    struct outgoing *item, *newest_late = NULL;
    DL_FOREACH(outbox->items, item)
    {
        if (item->room == room && !item->is_late)
            return item;
        if (item->room == room)
            newest_late = item;
    }
    return newest_late;
}

/* Of the rooms whose rate allows it the one that has waited longest. wait_ms: until the next room's does. */
static struct outgoing *choose(const struct outbox *outbox, int64_t now_ms, int64_t *wait_ms)
{
    const struct outbox_room *chosen = NULL;
    for (size_t i = 0; i < OUTBOX_ROOMS_MAX; i++) {
        const struct outbox_room *room = &outbox->rooms[i];
        if (room->waiting == 0)
            continue;
        if (room->next_ms > now_ms)
            *wait_ms = room->next_ms - now_ms < *wait_ms ? room->next_ms - now_ms : *wait_ms;
        else if (!chosen || room->sent_ms < chosen->sent_ms)
            chosen = room;
    }
    return chosen ? first_of(outbox, (size_t)(chosen - outbox->rooms)) : NULL;
}

/* The room's rate: next_ms lies behind by what it may say at once. */
static void begin(struct outbox *outbox, struct outgoing *item, int64_t now_ms)
{
    struct outbox_room *room = &outbox->rooms[item->room];
    int64_t least_ms = now_ms - ((int64_t)outbox->plan.burst - 1) * outbox->plan.message_ms;
    room->next_ms = (room->next_ms > least_ms ? room->next_ms : least_ms) + outbox->plan.message_ms;
    outbox->current = item;
    outbox->part = 0;
    outbox->repeat = 0;
    parts_split(item->text, &outbox->parts);
}

bool outbox_next(struct outbox *outbox, int64_t now_ms, struct outbox_part *part, int64_t *wait_ms)
{
    *wait_ms = INT64_MAX;
    if (!outbox->is_ready || !outbox->items)
        return false;
    if (outbox->next_ms > now_ms) {
        *wait_ms = outbox->next_ms - now_ms;
        return false;
    }
    struct outgoing *item = outbox->current ? outbox->current : choose(outbox, now_ms, wait_ms);
    if (!item)
        return false;
    if (item != outbox->current)
        begin(outbox, item, now_ms);
    *part = (struct outbox_part){.item = item, .text = outbox->parts.texts[outbox->part], .number = outbox->part};
    return true;
}

void outbox_pause(struct outbox *outbox, int64_t now_ms)
{
    outbox->next_ms = now_ms + outbox->plan.pace_ms;
}

void outbox_sent(struct outbox *outbox, int64_t now_ms)
{
    outbox_pause(outbox, now_ms);
    if (!outbox->current || outbox->repeat++ < outbox->plan.repeats)
        return;
    outbox->repeat = 0;
    outbox->rooms[outbox->current->room].sent_ms = now_ms;
    if (++outbox->part == outbox->parts.count)
        drop(outbox, outbox->current);
}

int64_t outbox_oldest(const struct outbox *outbox, size_t room)
{
    const struct outgoing *item;
    DL_FOREACH(outbox->items, item)
    {
        if (item->room == room)
            return item->seq;
    }
    return INT64_MAX;
}

int64_t outbox_waiting_ms(const struct outbox *outbox, size_t room, int64_t now_ms)
{
    const struct outgoing *item;
    DL_FOREACH(outbox->items, item)
    {
        if (item->room == room)
            return now_ms - item->taken_ms;
    }
    return 0;
}

#include "daemon/core/sanction.h"

#include "daemon/core/gateway_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/store.h"

#define CAPACITY_MIN 8

/* --- the list ----------------------------------------------------------------------------------- */

static bool grow(struct sanctions *sanctions, size_t needed)
{
    size_t capacity = sanctions->capacity ? sanctions->capacity : CAPACITY_MIN;
    if (needed <= sanctions->capacity)
        return true;
    while (capacity < needed)
        capacity *= 2;
    struct sanction *items = realloc(sanctions->items, capacity * sizeof *items);
    if (!items)
        return false;
    sanctions->items = items;
    sanctions->capacity = capacity;
    return true;
}

bool sanctions_init(struct sanctions *sanctions, const struct store_start *start)
{
    if (start->sanction_count == 0)
        return true;
    if (!grow(sanctions, start->sanction_count))
        return false;
    memcpy(sanctions->items, start->sanctions, start->sanction_count * sizeof *sanctions->items);
    sanctions->count = start->sanction_count;
    return true;
}

void sanctions_finish(struct sanctions *sanctions)
{
    free(sanctions->items);
    *sanctions = (struct sanctions){0};
}

static void take_out(struct sanctions *sanctions, size_t place)
{
    sanctions->items[place] = sanctions->items[--sanctions->count];
}

static void forget_over(struct gateway *gateway)
{
    struct sanctions *sanctions = &gateway->sanctions;
    for (size_t i = sanctions->count; i-- > 0;)
        if (sanctions->items[i].until <= gateway->now.elapsed_ms)
            take_out(sanctions, i);
}

bool sanctions_have_room(struct gateway *gateway)
{
    forget_over(gateway);
    return gateway->sanctions.count < SANCTIONS_MAX;
}

static bool is_in_grant(const struct sanction *sanction)
{
    return sanction->room_id && sanction->user_id && sanction->mark_count == 0 && !sanction_is_behind(sanction);
}

static bool is_same(const struct sanction *a, const struct sanction *b)
{
    return a->kind == b->kind && a->room_id == b->room_id && a->user_id == b->user_id &&
           a->is_client == b->is_client && a->client_id == b->client_id;
}

void sanctions_add(struct gateway *gateway, const struct sanction *sanction)
{
    struct sanctions *sanctions = &gateway->sanctions;
    for (size_t i = sanctions->count; i-- > 0;)
        if (is_same(&sanctions->items[i], sanction))
            take_out(sanctions, i);
    if (!is_in_grant(sanction) && grow(sanctions, sanctions->count + 1))
        sanctions->items[sanctions->count++] = *sanction;
}

void sanctions_remove(struct gateway *gateway, int64_t id)
{
    struct sanctions *sanctions = &gateway->sanctions;
    for (size_t i = sanctions->count; i-- > 0;)
        if (sanctions->items[i].id == id)
            take_out(sanctions, i);
}

void sanctions_forget_room(struct gateway *gateway, int64_t room_id)
{
    struct sanctions *sanctions = &gateway->sanctions;
    for (size_t i = sanctions->count; i-- > 0;)
        if (sanctions->items[i].room_id == room_id)
            take_out(sanctions, i);
}

/* --- whom it hits -------------------------------------------------------------------------------- */

static bool has_mark(const struct sanction *sanction, const struct marks *marks)
{
    for (size_t i = 0; i < sanction->mark_count; i++)
        if (sanction->marks[i] == marks->device || sanction->marks[i] == marks->address)
            return true;
    return false;
}

/* By its device or address: not those whom its author may not act on. */
static bool hits(const struct sanction *sanction, const struct subject *subject)
{
    bool is_user = sanction->user_id && sanction->user_id == subject->user_id;
    if (sanction_is_behind(sanction))
        return false;
    bool is_client = sanction->is_client && subject->is_client &&
                     sanction->client_id == subject->client_id;
    return is_user || is_client ||
           (subject->role < ROLE_MODERATOR && has_mark(sanction, &subject->marks));
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t sanction_until(const struct gateway *gateway, const struct subject *subject,
                       int64_t room_id, enum sanction_kind kind)
{
    const struct sanctions *sanctions = &gateway->sanctions;
    int64_t until = 0;
    for (size_t i = 0; i < sanctions->count && subject->role != ROLE_ADMIN; i++) {
        const struct sanction *sanction = &sanctions->items[i];
        bool is_here = !sanction->room_id || sanction->room_id == room_id;
        if (sanction->kind == kind && is_here && hits(sanction, subject))
            until = later(until, sanction->until);
    }
    return until > gateway->now.elapsed_ms ? until : 0;
}

int64_t sanction_until_behind(const struct gateway *gateway, int64_t user_id, int64_t person, int64_t room_id,
                              enum sanction_kind kind)
{
    const struct sanctions *sanctions = &gateway->sanctions;
    int64_t until = 0;
    for (size_t i = 0; i < sanctions->count; i++) {
        const struct sanction *sanction = &sanctions->items[i];
        bool is_here = !sanction->room_id || sanction->room_id == room_id;
        if (sanction->kind == kind && is_here && sanction_is_behind(sanction) &&
            sanction->user_id == user_id && sanction->client_id == person)
            until = later(until, sanction->until);
    }
    return until > gateway->now.elapsed_ms ? until : 0;
}

void sanction_refuse(const struct gateway *gateway, const char *where, int64_t until,
                     struct refusal *refusal)
{
    char period[PERIOD_BYTES];
    refuse(refusal, ERROR_banned, NULL, "You are banned from %s%s.", where,
           sanction_period(sanction_left_ms(gateway, until), period));
}

/* --- for people ---------------------------------------------------------------------------------- */

int64_t sanction_left_ms(const struct gateway *gateway, int64_t until)
{
    return until == FOREVER ? NUMBER_ABSENT : later(until - gateway->now.elapsed_ms, 1);
}

const char *sanction_length(int64_t left_ms, char out[PERIOD_BYTES])
{
    static const struct {
        int64_t ms;
        const char *one, *many;
    } units[] = {{86400000, "day", "days"},
                 {3600000, "hour", "hours"},
                 {60000, "minute", "minutes"},
                 {1000, "second", "seconds"}};
    size_t i = 0;
    out[0] = '\0';
    if (left_ms == NUMBER_ABSENT)
        return out;
    while (i < 3 && left_ms < 2 * units[i].ms)
        i++;
    int64_t count = (left_ms + units[i].ms - 1) / units[i].ms;
    snprintf(out, PERIOD_BYTES, "%" PRId64 " %s", count, count == 1 ? units[i].one : units[i].many);
    return out;
}

const char *sanction_period(int64_t left_ms, char out[PERIOD_BYTES])
{
    char length[PERIOD_BYTES];
    out[0] = '\0';
    if (left_ms != NUMBER_ABSENT)
        snprintf(out, PERIOD_BYTES, " for %.32s more", sanction_length(left_ms, length));
    return out;
}

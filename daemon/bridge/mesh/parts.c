#include "daemon/bridge/mesh/parts.h"

#include <stdio.h>
#include <string.h>

#include "protocol/text.h"

#define ELLIPSIS "\xE2\x80\xA6"
#define MARK_BYTES 8 /* " (10/32)" */
#define MARK_BYTES_SMALL 6
#define FEW 9 /* parts whose mark has one digit */

/* --- splitting -------------------------------------------------------------------------------------- */

static size_t characters(const char *text, size_t length)
{
    char copy[2 * PART_BYTES_MAX];
    memcpy(copy, text, length);
    copy[length] = '\0';
    return text_count_characters(copy);
}

/* A character ends at offset where both sides together count as many as the whole. */
static bool is_border(const char *text, size_t offset, size_t length)
{
    return characters(text, offset) + characters(text + offset, length - offset) == characters(text, length);
}

/* How much of text fits into most bytes. */
static size_t fitting(const char *text, size_t most)
{
    size_t length = strlen(text), window = length < most + 40 ? length : most + 40;
    while (window < length && ((unsigned char)text[window] & 0xc0) == 0x80)
        window--;
    if (length <= most)
        return length;
    size_t whole = 0;
    for (size_t at = most; at > 0; at--) {
        if (((unsigned char)text[at] & 0xc0) == 0x80)
            continue;
        whole = whole > 0 ? whole : at;
        if (is_border(text, at, window))
            return at;
    }
    return whole;
}

static size_t count_parts(const char *text, size_t most)
{
    size_t count = 0;
    for (; *text; text += fitting(text, most))
        count++;
    return count;
}

static void fill_parts(const char *text, size_t most, struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        bool is_last_of_more = parts->is_cut && i + 1 == parts->count;
        size_t length = fitting(text, is_last_of_more ? most - strlen(ELLIPSIS) : most);
        snprintf(parts->texts[i], sizeof parts->texts[i], "%.*s%s (%zu/%zu)", (int)length, text,
                 is_last_of_more ? ELLIPSIS : "", i + 1, parts->count);
        text += length;
    }
}

void parts_split(const char *text, struct parts *parts)
{
    size_t most = PART_BYTES_MAX - MARK_BYTES_SMALL, count = count_parts(text, most);
    parts->is_cut = false;
    parts->count = 1;
    if (strlen(text) <= PART_BYTES_MAX) {
        snprintf(parts->texts[0], sizeof parts->texts[0], "%s", text);
        return;
    }
    if (count > FEW) {
        most = PART_BYTES_MAX - MARK_BYTES;
        count = count_parts(text, most);
    }
    parts->is_cut = count > PARTS_MAX;
    parts->count = parts->is_cut ? PARTS_MAX : count;
    fill_parts(text, most, parts);
}

/* --- joining ---------------------------------------------------------------------------------------- */

/* One or two digits. NULL: there are none. */
static const char *read_number(const char *at, size_t *number)
{
    size_t digits = strspn(at, "0123456789");
    if (digits < 1 || digits > 2)
        return NULL;
    *number = (size_t)(digits == 1 ? at[0] - '0' : (at[0] - '0') * 10 + at[1] - '0');
    return at + digits;
}

/* Where the mark of a text begins, and its numbers; the first part has number 0. NULL: it has none. */
static const char *find_mark(const char *text, size_t *number, size_t *count)
{
    const char *mark = strrchr(text, '('), *at;
    if (!mark || mark - text < 2 || mark[-1] != ' ' || !(at = read_number(mark + 1, number)) || *at != '/' ||
        !(at = read_number(at + 1, count)) || strcmp(at, ")") != 0)
        return NULL;
    if (*count < 2 || *count > PARTS_MAX || *number < 1 || *number > *count)
        return NULL;
    *number -= 1;
    return mark - 1;
}

/* Whole: without the marks. Else what there is, with them, that a reader sees what is missing. */
static void finish(struct join *join, struct joined *out)
{
    bool is_whole = join->come == join->count;
    size_t used = 0, number, count;
    *out = (struct joined){.from = join->from, .channel = join->channel};
    for (size_t i = 0; i < join->count; i++) {
        if (!join->ids[i])
            continue;
        out->ids[out->count++] = join->ids[i];
        const char *mark = find_mark(join->texts[i], &number, &count);
        size_t length = is_whole && mark ? (size_t)(mark - join->texts[i]) : strlen(join->texts[i]);
        used += (size_t)snprintf(out->text + used, sizeof out->text - used, "%s%.*s",
                                 used > 0 && !is_whole ? " " : "", (int)length, join->texts[i]);
    }
    *join = (struct join){.count = 0};
}

static struct join *oldest(struct joins *joins)
{
    struct join *found = &joins->items[0];
    for (size_t i = 1; i < JOINS_MAX; i++)
        if (joins->items[i].heard_ms < found->heard_ms)
            found = &joins->items[i];
    return found;
}

/* A free place; the oldest has heard_ms 0 when it is one. */
static struct join *find(struct joins *joins, uint32_t from, uint32_t channel, size_t count)
{
    for (size_t i = 0; i < JOINS_MAX; i++) {
        struct join *join = &joins->items[i];
        if (join->count == count && join->from == from && join->channel == channel)
            return join;
    }
    return oldest(joins);
}

static void put(struct join *join, size_t number, uint32_t id, const char *text, int64_t now_ms)
{
    join->ids[number] = id;
    join->come++;
    join->heard_ms = now_ms;
    snprintf(join->texts[number], sizeof join->texts[number], "%s", text);
}

enum join_outcome joins_take(struct joins *joins, uint32_t from, uint32_t channel, uint32_t id, const char *text,
                             int64_t now_ms, struct joined *out)
{
    size_t number, count;
    if (!find_mark(text, &number, &count) || strlen(text) >= sizeof joins->items[0].texts[0])
        return JOIN_NO_PART;
    struct join *join = find(joins, from, channel, count);
    bool is_taken = join->count > 0 && (join->from != from || join->channel != channel || join->count != count);
    bool gives_up = is_taken || join->ids[number] != 0;
    if (gives_up)
        finish(join, out);
    join->from = from;
    join->channel = channel;
    join->count = count;
    put(join, number, id, text, now_ms);
    if (gives_up)
        return JOIN_DONE;
    if (join->come < count)
        return JOIN_WAITS;
    finish(join, out);
    return JOIN_DONE;
}

bool joins_lapse(struct joins *joins, int64_t now_ms, struct joined *out)
{
    for (size_t i = 0; i < JOINS_MAX; i++) {
        struct join *join = &joins->items[i];
        if (join->count > 0 && now_ms - join->heard_ms >= JOIN_QUIET_MS) {
            finish(join, out);
            return true;
        }
    }
    return false;
}

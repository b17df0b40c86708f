#include "daemon/bridge/link.h"

#include "daemon/bridge/bridge.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <utlist.h>

#define LINE_BYTES_MAX (512 * 1024)
#define RETRY_LEAST_MS 1000
#define RETRY_MOST_MS 300000
#define NOTE_MS 1000 /* the cursor is noted so often, or when there is nothing more to deliver */
#define STATE_MS 5000

struct link {
    struct link *next;
    struct bridge *bridge;
    const struct driver *driver;
    void *target; /* the driver's */
    char *name, *room, *kinds, *mention;
    enum link_state state;
    struct web_call *stream, *note;
    char *bytes; /* received, and not handed over yet */
    size_t length, capacity;
    bool is_paused, is_live;
    json_t *json; /* of the entry under way */
    char *line;
    struct entry entry;
    char log[64];
    int64_t done_seq, noted_seq, noting_seq; /* -1: not known yet */
    int64_t noted_ms;
    int64_t due_ms;
    int failures;
    char why[160]; /* the last failure; empty: it is well */
};

/* --- making and ending ---------------------------------------------------------------------------- */

struct link *link_add(struct bridge *bridge, const struct driver *driver, void *target, const char *name,
                      const char *room, const struct filter *filter)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->bridge = bridge;
    link->driver = driver;
    link->target = target;
    link->name = strdup(name);
    link->room = strdup(room);
    link->kinds = strdup(filter->kinds);
    link->mention = strdup(filter->mention);
    link->done_seq = link->noted_seq = -1;
    LL_APPEND(bridge->links, link);
    return link;
}

static void forget_entry(struct link *link)
{
    json_decref(link->json);
    free(link->line);
    link->json = NULL;
    link->line = NULL;
}

static void stop_reading(struct link *link)
{
    web_cancel(link->bridge->web, link->stream);
    link->stream = NULL;
    link->length = 0;
    link->is_paused = false;
}

void links_stop(struct bridge *bridge)
{
    struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        stop_reading(link);
    }
}

void links_destroy(struct bridge *bridge)
{
    struct link *link, *after;
    LL_FOREACH_SAFE(bridge->links, link, after)
    {
        stop_reading(link);
        web_cancel(bridge->web, link->note);
        forget_entry(link);
        free(link->bytes);
        free(link->name);
        free(link->room);
        free(link->kinds);
        free(link->mention);
        free(link);
    }
    bridge->links = NULL;
}

/* --- waiting -------------------------------------------------------------------------------------- */

static void wait_for(struct link *link, int64_t ms, const char *why)
{
    int64_t backoff = RETRY_LEAST_MS;
    for (int i = 0; i < link->failures && backoff < RETRY_MOST_MS; i++)
        backoff *= 2;
    link->failures++;
    backoff = backoff < RETRY_MOST_MS ? backoff : RETRY_MOST_MS;
    link->due_ms = bridge_now_ms() + (ms > 0 ? ms : bridge_jitter(backoff));
    if (why && strcmp(why, link->why) != 0)
        log_warn("link: waits name=%s room=%s why=\"%s\"", link->name, link->room, why);
    snprintf(link->why, sizeof link->why, "%s", why ? why : "");
}

/* --- the cursor ----------------------------------------------------------------------------------- */

static void noted(void *of, const struct web_answer *answer)
{
    struct link *link = of;
    link->note = NULL;
    if (answer->status == 200)
        link->noted_seq = link->noting_seq;
    else if (answer->status == 400) /* the room has another log now */
        link->noted_seq = link->done_seq;
}

static void note(struct link *link)
{
    struct bridge *bridge = link->bridge;
    char url[URL_BYTES_MAX + 32];
    json_t *cursor = json_pack("{s:s, s:s, s:s, s:I}", "name", link->name, "room", link->room, "log",
                               link->log, "seq", (json_int_t)link->done_seq);
    char *body = json_dumps(cursor, JSON_COMPACT);
    json_decref(cursor);
    snprintf(url, sizeof url, "%s/api/v1/cursor", bridge->url);
    const struct web_request request = {.url = url, .body = body, .length = body ? strlen(body) : 0,
                                        .headers = {bridge->authorization, "Content-Type: application/json"},
                                        .timeout_ms = 15000, .may_be_private = true,
                                        .done = noted, .of = link};
    link->noting_seq = link->done_seq;
    link->noted_ms = bridge_now_ms();
    link->note = body ? web_begin(bridge->web, &request) : NULL;
    free(body);
}

static bool has_line(const struct link *link)
{
    return memchr(link->bytes ? link->bytes : "", '\n', link->length) != NULL;
}

static int64_t note_if_due(struct link *link)
{
    bool is_idle = link->state != LINK_DELIVERING && !has_line(link);
    int64_t left_ms = link->noted_ms + NOTE_MS - bridge_now_ms();
    if (link->note || link->done_seq == link->noted_seq || link->bridge->is_dry_run)
        return INT64_MAX;
    if (left_ms > 0 && !(is_idle && link->noted_ms + NOTE_MS / 10 < bridge_now_ms()) &&
        !link->bridge->is_stopping)
        return left_ms < NOTE_MS / 10 ? left_ms : NOTE_MS / 10;
    note(link);
    return INT64_MAX;
}

/* --- what comes ----------------------------------------------------------------------------------- */

static bool is_entry(const char *type)
{
    static const char *const types[] = {"message", "edit", "delete", "reaction", "topic"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

static bool is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return list[0] == '\0';
}

static bool calls(const char *text, const char *name)
{
    char at_name[300];
    snprintf(at_name, sizeof at_name, "@%s", name);
    return name[0] == '\0' || (text && strcasestr(text, at_name));
}

/* Whether the target wants it; what the bridge itself brought is not taken back. */
static bool is_wanted(const struct link *link)
{
    const char *uid = json_string_value(json_object_get(link->json, "uid"));
    const char *text = json_string_value(json_object_get(link->json, "text"));
    if (uid && link->bridge->uid[0] && strcmp(uid, link->bridge->uid) == 0)
        return false;
    return is_listed(link->kinds, link->entry.type) && calls(text, link->mention);
}

static void fill_entry(struct link *link)
{
    struct entry *entry = &link->entry;
    entry->type = json_string_value(json_object_get(link->json, "type"));
    entry->room = link->room;
    entry->seq = json_integer_value(json_object_get(link->json, "seq"));
    entry->ts = json_integer_value(json_object_get(link->json, "ts"));
    entry->json = link->json;
    entry->line = link->line;
    snprintf(entry->id, sizeof entry->id, "%.32s.%" PRId64, link->log, entry->seq);
}

static void print(const struct link *link)
{
    printf("%s %s %s\n", link->name, link->entry.id, link->entry.line);
    fflush(stdout);
}

static void hand_over(struct link *link)
{
    link->state = LINK_DELIVERING;
    if (link->bridge->is_dry_run)
        print(link);
    if (link->bridge->is_dry_run)
        link_delivered(link, DELIVERY_DONE, 0, NULL);
    else
        link->driver->deliver(link->target, link, &link->entry);
}

static void take_line(struct link *link, const char *line, size_t length)
{
    json_t *json = json_loadb(line, length, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    if (type && strcmp(type, "joined") == 0) {
        const char *log = json_string_value(json_object_get(json, "log"));
        snprintf(link->log, sizeof link->log, "%s", log ? log : "");
        link->failures = 0;
        link->why[0] = '\0';
    } else if (type && strcmp(type, "live") == 0) {
        int64_t seq = json_integer_value(json_object_get(json, "seq"));
        link->is_live = true;
        if (seq > link->done_seq) /* there was nothing else up to here */
            link->done_seq = seq;
    } else if (type && is_entry(type)) {
        link->json = json;
        link->line = strndup(line, length);
        fill_entry(link);
        if (link->line && is_wanted(link)) {
            hand_over(link);
            return;
        }
        link->done_seq = link->entry.seq;
        forget_entry(link);
        return;
    }
    json_decref(json);
}

/* Lines until one of them is under way. */
static void take_lines(struct link *link)
{
    while (link->state == LINK_READING && link->length > 0) {
        char *end = memchr(link->bytes, '\n', link->length);
        if (!end)
            return;
        size_t length = (size_t)(end - link->bytes);
        char *line = strndup(link->bytes, length);
        memmove(link->bytes, end + 1, link->length - length - 1);
        link->length -= length + 1;
        if (line)
            take_line(link, line, strlen(line));
        free(line);
    }
}

static bool keep(struct link *link, const char *bytes, size_t length)
{
    if (link->length + length > link->capacity) {
        size_t capacity = (link->length + length) * 2;
        char *longer = capacity <= LINE_BYTES_MAX ? realloc(link->bytes, capacity) : NULL;
        if (!longer)
            return false;
        link->bytes = longer;
        link->capacity = capacity;
    }
    memcpy(link->bytes + link->length, bytes, length);
    link->length += length;
    return true;
}

/* What cannot be kept waits in the kernel until the entry under way is delivered. */
static bool take_stream(void *of, const char *bytes, size_t length)
{
    struct link *link = of;
    if (link->state != LINK_READING || has_line(link)) {
        link->is_paused = true;
        return false;
    }
    (void)keep(link, bytes, length); /* a line that is too long is told by its rest, which is no JSON */
    take_lines(link);
    return true;
}

static void stream_ended(void *of, const struct web_answer *answer)
{
    struct link *link = of;
    char why[160];
    link->stream = NULL;
    link->is_paused = false;
    if (answer->status == 200)
        snprintf(why, sizeof why, "the gateway ended the stream");
    else if (answer->status)
        snprintf(why, sizeof why, "the gateway answers %d: %.100s", answer->status, answer->body);
    else
        snprintf(why, sizeof why, "the gateway is not reached: %.100s", answer->error);
    why[strcspn(why, "\r\n")] = '\0';
    if (link->state == LINK_READING) {
        take_lines(link);
        if (link->state != LINK_READING)
            return;
        link->state = LINK_WAITING;
        link->length = 0;
        wait_for(link, 0, why);
    }
}

/* From what was delivered, not from what was noted: the notes may lag. */
static void read_on(struct link *link)
{
    struct bridge *bridge = link->bridge;
    char url[URL_BYTES_MAX + 2048], *room = curl_easy_escape(NULL, link->room, 0);
    char *name = curl_easy_escape(NULL, link->name, 0);
    if (link->done_seq > 0 && link->log[0])
        snprintf(url, sizeof url, "%s/api/v1/rooms/%s/stream?log=%s&after=%" PRId64, bridge->url,
                 room ? room : "", link->log, link->done_seq);
    else
        snprintf(url, sizeof url, "%s/api/v1/stream?room=%s&cursor=%s&history=0", bridge->url,
                 room ? room : "", name ? name : "");
    curl_free(room);
    curl_free(name);
    const struct web_request request = {.url = url, .headers = {bridge->authorization},
                                        .may_be_private = true, .take = take_stream,
                                        .done = stream_ended, .of = link};
    link->is_live = false;
    link->stream = web_begin(bridge->web, &request);
    if (link->stream)
        link->state = LINK_READING;
    else
        wait_for(link, 0, "there is no memory");
}

/* --- what became of it ---------------------------------------------------------------------------- */

static void go_on(struct link *link)
{
    link->done_seq = link->entry.seq;
    forget_entry(link);
    link->state = LINK_READING;
    take_lines(link);
    if (link->state != LINK_READING)
        return;
    if (!link->stream) {
        link->length = 0; /* a part of a line */
        link->state = LINK_WAITING;
        link->due_ms = bridge_now_ms();
    } else if (link->is_paused) {
        link->is_paused = false;
        web_resume(link->stream);
    }
}

void link_delivered(struct link *link, enum delivery delivery, int64_t retry_after_ms, const char *why)
{
    if (link->state != LINK_DELIVERING || !link->json)
        return;
    switch (delivery) {
    case DELIVERY_DONE:
        link->failures = 0;
        link->why[0] = '\0';
        break;
    case DELIVERY_PASSED:
        log_warn("link: passed over name=%s id=%s why=\"%s\"", link->name, link->entry.id, why ? why : "");
        link->failures = 0;
        snprintf(link->why, sizeof link->why, "passed over %.60s: %.80s", link->entry.id, why ? why : "");
        break;
    case DELIVERY_LATER:
        wait_for(link, retry_after_ms, why);
        return;
    case DELIVERY_GONE:
        log_warn("link: ended name=%s room=%s why=\"%s\"", link->name, link->room, why ? why : "");
        snprintf(link->why, sizeof link->why, "ended: %.100s", why ? why : "");
        link->state = LINK_GONE;
        forget_entry(link);
        return; /* the stream ends with the next tick: this may have come out of it */
    }
    link->due_ms = 0;
    go_on(link);
}

/* --- all of them ---------------------------------------------------------------------------------- */

static int64_t tick(struct link *link, int64_t now_ms)
{
    int64_t next_ms = note_if_due(link);
    if (link->state == LINK_GONE && link->stream)
        stop_reading(link);
    bool waits = link->state == LINK_WAITING || (link->state == LINK_DELIVERING && link->due_ms > 0);
    if (!waits || link->bridge->is_stopping)
        return next_ms;
    if (link->due_ms > now_ms)
        return link->due_ms - now_ms < next_ms ? link->due_ms - now_ms : next_ms;
    link->due_ms = 0;
    if (link->state == LINK_WAITING)
        read_on(link);
    else
        hand_over(link);
    return next_ms;
}

/* "2 of 3 links are well; ci: HTTP 500" */
static void tell_state(struct bridge *bridge, int64_t now_ms)
{
    char state[256];
    size_t well = 0, count = 0;
    const struct link *link, *ill = NULL;
    LL_FOREACH(bridge->links, link)
    {
        count++;
        well += link->why[0] == '\0';
        ill = link->why[0] ? link : ill;
    }
    snprintf(state, sizeof state, "%zu of %zu links are well%s%.60s%s%.120s", well, count, ill ? "; " : "",
             ill ? ill->name : "", ill ? ": " : "", ill ? ill->why : "");
    if (bridge->is_dry_run || now_ms < bridge->state_told_ms + STATE_MS || strcmp(state, bridge->state) == 0)
        return;
    bridge->state_told_ms = now_ms;
    snprintf(bridge->state, sizeof bridge->state, "%s", state);
    json_t *request = json_pack("{s:s, s:s, s:b}", "type", "bridge_state", "text", state, "ok", !ill);
    (void)bridge_ask(bridge, request, NULL, NULL);
    json_decref(request);
}

int64_t links_tick(struct bridge *bridge)
{
    int64_t next_ms = INT64_MAX, now_ms = bridge_now_ms();
    struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        int64_t due_ms = tick(link, now_ms);
        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    tell_state(bridge, now_ms);
    return next_ms;
}

bool links_are_idle(const struct bridge *bridge)
{
    const struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        if (link->state != LINK_GONE && !(link->state == LINK_READING && link->is_live && !has_line(link)))
            return false;
    }
    return true;
}

bool links_are_noted(const struct bridge *bridge)
{
    const struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        if (!bridge->is_dry_run && (link->note || link->noted_seq != link->done_seq))
            return false;
    }
    return true;
}

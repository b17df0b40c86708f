#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link_private.h"
#include "daemon/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <utlist.h>

#define RETRY_LEAST_MS 1000
#define RETRY_MOST_MS 300000
#define READ_AGAIN_MOST_MS 30000 /* of the gateway, which is near */
#define BURST_MS 1000 /* of a rate */

/* --- making and ending ---------------------------------------------------------------------------- */

struct link *link_add(struct bridge *bridge, const struct link_plan *plan)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->bridge = bridge;
    link->plan = *plan;
    link->done_seq = link->noted_seq = LINK_SEQ_UNKNOWN;
    link->held_seq = INT64_MAX;
    LL_APPEND(bridge->links, link);
    return link;
}

static void forget_entry(struct link *link)
{
    json_decref(link->json);
    free(link->line);
    free(link->text);
    link->json = NULL;
    link->line = link->text = NULL;
}

static void stop_reading(struct link *link)
{
    link->is_torn = false;
    web_cancel(link->bridge->web, link->stream);
    link->stream = NULL;
    lines_forget(&link->lines);
    link->is_paused = false;
}

static bool leads_to(const struct link *link, const void *target)
{
    return !target || link->plan.target == target;
}

void links_stop(struct bridge *bridge, const void *target)
{
    struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        if (!leads_to(link, target))
            continue;
        link->is_ending = true;
        stop_reading(link);
    }
}

void links_destroy(struct bridge *bridge, const void *target)
{
    struct link *link, *after;
    LL_FOREACH_SAFE(bridge->links, link, after)
    {
        if (!leads_to(link, target))
            continue;
        LL_DELETE(bridge->links, link);
        web_cancel_of(bridge->web, link);
        forget_entry(link);
        lines_forget(&link->lines);
        free(link);
    }
}

/* --- waiting -------------------------------------------------------------------------------------- */

static void set_why(struct link *link, const char *why)
{
    if (strcmp(why, link->why) != 0)
        log_warn("link: waits name=%s room=%s why=\"%s\"", link->plan.name, link->plan.room, why);
    snprintf(link->why, sizeof link->why, "%s", why);
}

void link_say_why(struct link *link, const struct web_answer *answer)
{
    char why[sizeof link->why];
    web_describe(answer, "the gateway", why, sizeof why);
    set_why(link, why);
}

static void wait_for(struct link *link, int64_t ms, const char *why)
{
    int64_t backoff = RETRY_LEAST_MS, most = link->state == LINK_WAITING ? READ_AGAIN_MOST_MS : RETRY_MOST_MS;
    for (int i = 0; i < link->tries && backoff < most; i++)
        backoff *= 2;
    link->tries++;
    link->failures++;
    link->bridge->has_failed = true;
    backoff = backoff < most ? backoff : most;
    link->due_ms = bridge_now_ms() + (ms > 0 ? ms : bridge_jitter(backoff));
    if (why)
        set_why(link, why);
}

/* --- what comes ----------------------------------------------------------------------------------- */

static void fill_entry(struct link *link, const char *line, size_t length)
{
    struct entry *entry = &link->entry;
    const char *address = bridge_address(link->bridge);
    bool has_files = json_object_get(link->json, "files") != NULL;
    entry_link_files(link->json, address);
    link->line = has_files ? json_dumps(link->json, JSON_COMPACT) : strndup(line, length);
    link->text = entry_text(link->json, address);
    entry->type = json_string_value(json_object_get(link->json, "type"));
    entry->room = link->plan.room;
    entry->seq = json_integer_value(json_object_get(link->json, "seq"));
    entry->ts = json_integer_value(json_object_get(link->json, "ts"));
    entry->is_live = link->is_live;
    entry->json = link->json;
    entry->line = link->line;
    entry->text = link->text;
    snprintf(entry->id, sizeof entry->id, "%.32s.%" PRId64, link->log, entry->seq);
}

static void print(const struct link *link)
{
    printf("%s %s %s\n", link->plan.name, link->entry.id, link->entry.line);
    fflush(stdout);
}

static void hand_over(struct link *link)
{
    link->state = LINK_DELIVERING;
    link->due_ms = 0;
    if (link->bridge->is_dry_run)
        print(link);
    if (link->bridge->is_dry_run)
        link_delivered(link, DELIVERY_DONE, 0, NULL);
    else
        link->plan.driver->deliver(link->plan.target, link, &link->entry);
}

/* At once, or when its rate allows. */
static void hand_over_in_time(struct link *link)
{
    int64_t now_ms = bridge_now_ms();
    bool is_early = link->next_ms > now_ms;
    link->state = LINK_DELIVERING;
    link->due_ms = link->next_ms;
    if (link->plan.rate > 0 && link->next_ms < now_ms - BURST_MS)
        link->next_ms = now_ms - BURST_MS;
    if (link->plan.rate > 0)
        link->next_ms += 1000 / link->plan.rate;
    if (!is_early)
        hand_over(link);
}

static void take_line(struct link *link, const char *line, size_t length)
{
    json_t *json = json_loadb(line, length, 0, NULL);
    link->is_torn = !json && length > 0;
    const char *type = json_string_value(json_object_get(json, "type"));
    if (type && strcmp(type, "joined") == 0) {
        const char *log = json_string_value(json_object_get(json, "log"));
        snprintf(link->log, sizeof link->log, "%s", log ? log : "");
        link->tries = 0;
        link->why[0] = '\0';
    } else if (type && strcmp(type, "live") == 0) {
        int64_t seq = json_integer_value(json_object_get(json, "seq"));
        link->is_live = true;
        if (seq > link->done_seq) /* there was nothing else up to here */
            link->done_seq = seq;
    } else if (type && filter_is_entry(type)) {
        link->json = json;
        fill_entry(link, line, length);
        link->is_torn = !link->line || !link->text;
        if (!link->is_torn && filter_wants(&link->plan.filter, link->json, link->bridge->uid)) {
            hand_over_in_time(link);
            return;
        }
        link->done_seq = link->is_torn ? link->done_seq : link->entry.seq;
        forget_entry(link);
        return;
    }
    json_decref(json);
}

/* Lines until one of them is under way. */
static void take_lines(struct link *link)
{
    char *line;
    while (link->state == LINK_READING && !link->is_torn && (line = lines_take(&link->lines))) {
        take_line(link, line, strlen(line));
        free(line);
    }
}

/* What cannot be kept waits in the kernel until the entry under way is delivered. */
static bool take_stream(void *of, const char *bytes, size_t length)
{
    struct link *link = of;
    if (link->state != LINK_READING || lines_are_there(&link->lines)) {
        link->is_paused = true;
        return false;
    }
    link->is_torn |= !lines_keep(&link->lines, bytes, length);
    take_lines(link);
    return true;
}

static void stream_ended(void *of, const struct web_answer *answer)
{
    struct link *link = of;
    link->stream = NULL;
    link->is_paused = false;
    if (link->state == LINK_READING) {
        take_lines(link);
        if (link->state != LINK_READING)
            return;
        link->state = LINK_WAITING;
        lines_forget(&link->lines);
        link->noted_seq = LINK_SEQ_UNKNOWN; /* see read_on_if_noted */
        link_say_why(link, answer);
        wait_for(link, answer->retry_after_ms, NULL);
    }
}

/* From what was delivered, not from what was noted: the notes may lag. */
static void read_on(struct link *link)
{
    struct bridge *bridge = link->bridge;
    char url[URL_BYTES_MAX + 2048], *room = curl_easy_escape(NULL, link->plan.room, 0);
    char *name = curl_easy_escape(NULL, link->plan.name, 0);
    if (link->done_seq > 0 && link->log[0])
        snprintf(url, sizeof url, "%s/api/v1/rooms/%s/stream?log=%s&after=%" PRId64, bridge->url,
                 room ? room : "", link->log, link->done_seq);
    else
        snprintf(url, sizeof url, "%s/api/v1/stream?room=%s&cursor=%s&history=0", bridge->url,
                 room ? room : "", name ? name : "");
    curl_free(room);
    curl_free(name);
    const struct web_request request = {.url = url, .headers = {bridge->authorization},
                                        .may_be_private = true, .ca = bridge->ca, .take = take_stream,
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
        lines_forget(&link->lines); /* a part of a line */
        link->state = LINK_WAITING;
        link->noted_seq = LINK_SEQ_UNKNOWN;
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
        link->delivered++;
        link->delivered_ts = link->entry.ts;
        link->tries = 0;
        link->why[0] = '\0';
        break;
    case DELIVERY_PASSED:
        log_warn("link: passed over name=%s id=%s why=\"%s\"", link->plan.name, link->entry.id, why ? why : "");
        link->passed++;
        link->tries = 0;
        snprintf(link->why, sizeof link->why, "passed over %.60s: %.80s", link->entry.id, why ? why : "");
        break;
    case DELIVERY_LATER:
        wait_for(link, retry_after_ms, why);
        return;
    case DELIVERY_GONE:
        log_warn("link: ended name=%s room=%s why=\"%s\"", link->plan.name, link->plan.room, why ? why : "");
        snprintf(link->why, sizeof link->why, "ended: %.100s", why ? why : "");
        link->state = LINK_GONE;
        forget_entry(link);
        return; /* the stream ends with the next tick: this may have come out of it */
    }
    link->due_ms = 0;
    go_on(link);
}

/* --- all of them ---------------------------------------------------------------------------------- */

/* Forgets how far it is: the cursor says so. */
static void obey_cursor(struct link *link)
{
    log_info("link: reads on from its cursor name=%s room=%s", link->plan.name, link->plan.room);
    link->is_put_back = false;
    link->done_seq = link->noted_seq = LINK_SEQ_UNKNOWN;
    stop_reading(link);
    link->state = LINK_WAITING;
    link->due_ms = 0;
}

/* What it has delivered is noted before it reads on: if the cursor was put back meanwhile, it hears so. */
static void read_on_if_noted(struct link *link)
{
    if (!link_is_noted(link) || !link->bridge->uid[0])
        return;
    link->due_ms = 0;
    read_on(link);
}

static int64_t tick(struct link *link, int64_t now_ms)
{
    int64_t next_ms = link_note_if_due(link);
    if (link->state == LINK_GONE && link->stream)
        stop_reading(link);
    if (link->is_torn && link->state == LINK_READING) {
        stop_reading(link);
        link->state = LINK_WAITING;
        wait_for(link, 0, "a line of the gateway cannot be kept or read");
    }
    if (link->is_put_back && (link->state == LINK_WAITING || link->state == LINK_READING))
        obey_cursor(link);
    bool waits = link->state == LINK_WAITING || (link->state == LINK_DELIVERING && link->due_ms > 0);
    if (!waits || link->is_ending)
        return next_ms;
    if (link->due_ms > now_ms)
        return link->due_ms - now_ms < next_ms ? link->due_ms - now_ms : next_ms;
    if (link->state == LINK_WAITING)
        read_on_if_noted(link);
    else
        hand_over(link);
    return next_ms;
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
    return next_ms;
}

bool links_are_idle(const struct bridge *bridge)
{
    const struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        bool is_done = link->state == LINK_READING && link->is_live && !lines_are_there(&link->lines);
        bool has_given_up = link->tries > 0 && link->due_ms > 0;
        if (link->state != LINK_GONE && !is_done && !has_given_up)
            return false;
    }
    return true;
}

bool links_are_noted(const struct bridge *bridge, const void *target)
{
    const struct link *link;
    LL_FOREACH(bridge->links, link)
    {
        if (leads_to(link, target) && (link->note || !link_is_noted(link)))
            return false;
    }
    return true;
}

static const char *why_of(const struct link *link)
{
    const struct link_plan *plan = &link->plan;
    return link->why[0] || !plan->driver->trouble ? link->why : plan->driver->trouble(plan->target);
}

const struct link *link_next(const struct bridge *bridge, const struct link *link, struct link_figures *figures)
{
    const struct link *next = link ? link->next : bridge->links;
    if (next)
        *figures = (struct link_figures){.name = next->plan.name, .room = next->plan.room, .why = why_of(next),
                                         .delivered = next->delivered, .passed = next->passed,
                                         .failures = next->failures, .delivered_ts = next->delivered_ts};
    return next;
}

/* link_cursor.c - how far a link has got, noted at the gateway: from there it goes on after a restart. */
#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link_private.h"

#define NOTE_AGAIN_MS 5000
#define NOTE_MS 1000 /* the cursor is noted so often, or when there is nothing more to deliver */

void link_hold(struct link *link, int64_t seq)
{
    link->held_seq = seq;
}

/* How far the cursor may go. */
static int64_t safe_seq(const struct link *link)
{
    return link->done_seq < link->held_seq ? link->done_seq : link->held_seq - 1;
}

static void noted(void *of, const struct web_answer *answer)
{
    struct link *link = of;
    link->note = NULL;
    if (answer->status == 200)
        link->noted_seq = link->noting_seq;
    else if (answer->status == 400) /* it was put back, or the room has another log now */
        link->is_put_back = true;
    else {
        link->noted_ms = bridge_now_ms() + bridge_jitter(NOTE_AGAIN_MS);
        link_say_why(link, answer);
    }
}

static void note(struct link *link)
{
    json_t *cursor = json_pack("{s:s, s:s, s:s, s:I}", "name", link->plan.name, "room", link->plan.room, "log",
                               link->log, "seq", (json_int_t)safe_seq(link));
    link->noting_seq = safe_seq(link);
    link->noted_ms = bridge_now_ms();
    link->note = bridge_post(link->bridge, "/api/v1/cursor", cursor, noted, link);
    json_decref(cursor);
}

bool link_is_noted(const struct link *link)
{
    return safe_seq(link) == link->noted_seq || link->bridge->is_dry_run || link->is_put_back;
}

int64_t link_note_if_due(struct link *link)
{
    bool is_idle = link->state != LINK_DELIVERING && !lines_are_there(&link->lines);
    int64_t wait_ms = is_idle || link->is_ending ? NOTE_MS / 10 : NOTE_MS;
    int64_t left_ms = link->noted_ms + wait_ms - bridge_now_ms();
    if (link->note || link_is_noted(link))
        return INT64_MAX;
    if (left_ms > 0)
        return left_ms < NOTE_MS / 10 ? left_ms : NOTE_MS / 10;
    note(link);
    return INT64_MAX;
}

/* handle_set.c - changing a room: its name, its topic, who may enter and speak. */
#include "daemon/core/access.h"
#include "daemon/core/announce.h"
#include "daemon/core/ask.h"
#include "daemon/core/audit.h"
#include "daemon/core/evict.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/room_make.h"
#include "daemon/core/session_private.h"
#include "daemon/log.h"

#include <stdio.h>
#include <string.h>

/* Each thing that is changed has an operation of its own. An archived room only comes back. */
static bool may_set(const struct ask *ask, struct refusal *refusal)
{
    const struct request_set *set = &ask->request.as_set;
    const struct {
        bool is_wanted;
        enum operation operation;
    } wishes[] = {
        {set->name != NULL, OPERATION_rename},   {set->topic != NULL, OPERATION_topic},
        {set->visibility != NULL, OPERATION_visibility},
        {set->keep != NULL, OPERATION_keep},     {set->archived != NULL, OPERATION_archive},
        {set->slow_seconds != NUMBER_ABSENT || set->speak, OPERATION_pace},
    };
    bool is_something = false;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        is_something |= wishes[i].is_wanted;
        if (wishes[i].is_wanted && !access_allows(ask->session, ask->room, ask->grant,
                                                  wishes[i].operation, refusal))
            return false;
    }
    if (!is_something)
        refuse(refusal, ERROR_bad_request, "topic",
               "One of name, topic, visibility, keep, archived, slow_seconds, speak is needed.");
    return is_something;
}

/* Negative: as before. */
static int speak_of(const char *word)
{
    return word ? ROLE_GUEST + word_find(WORDS_speaker, word) : -1;
}

/* The new name as it is kept. One that only another spelling of the room's own is free. */
static bool read_name(const struct ask *ask, struct room_row *row, struct refusal *refusal)
{
    const char *name = ask->request.as_set.name;
    if (!name)
        return true;
    if (ask->room->visibility == VISIBILITY_DIRECT) {
        refuse(refusal, ERROR_bad_request, "name", "A direct conversation has the names of its two.");
        return false;
    }
    if (!room_make_row(ask->gateway, name, row, refusal)) {
        refusal->field = "name";
        return false;
    }
    const struct room *holder = room_find_folded(ask->gateway, row->folded);
    if (!holder || holder == ask->room)
        return true;
    refuse(refusal, ERROR_room_exists, "name", "A room of this name exists.");
    return false;
}

static struct job *create_set(const struct ask *ask)
{
    char name[NAME_BYTES_MAX + 1];
    struct job *job = job_create(JOB_ROOM_SET);
    if (!job)
        return NULL;
    job->room_set.room_id = ask->room->id;
    job->room_set.topic = job_text(job, ask->request.as_set.topic);
    job->room_set.entry.kind = ENTRY_KIND_TOPIC;
    job->room_set.entry.user_id = session_user_id(ask->session);
    job->room_set.entry.from = job_text(job, session_name(ask->session, name));
    job->room_set.entry.text = job->room_set.topic;
    job->room_set.at = ask->gateway->now;
    return job;
}

/* The old name, for the event; empty when it stays. */
static void apply_name(struct gateway *gateway, struct room *room, const struct job_room_set *set,
                       char was[ROOM_NAME_BYTES_MAX + 1])
{
    was[0] = '\0';
    if (!set->name || strcmp(set->name, room->name) == 0)
        return;
    snprintf(was, ROOM_NAME_BYTES_MAX + 1, "%s", room->name);
    if (!room_rename(gateway, room, set->name, set->folded)) {
        log_error("room: renamed from the next start on, there is no memory for it now");
        was[0] = '\0';
    }
}

static void apply_set(struct gateway *gateway, struct room *room, const struct job_room_set *set)
{
    char was[ROOM_NAME_BYTES_MAX + 1];
    bool was_listed = room_is_listed(room);
    apply_name(gateway, room, set, was);
    if (set->topic) {
        (void)room_set_topic(room, set->topic);
        room_tell(gateway, room, &set->entry, 0);
    }
    if (set->keep >= 0)
        room->keep = set->keep;
    if (set->archived >= 0)
        room->archived = set->archived;
    if (set->visibility >= 0)
        room->visibility = (enum visibility)set->visibility;
    if (set->slow_seconds >= 0)
        room->slow_seconds = set->slow_seconds;
    if (set->speak >= 0)
        room->speak = (enum role)set->speak;
    /* Who is put out hears why first; then all who may not see it any more, that it is gone. */
    if (was_listed && !room_is_listed(room)) {
        struct event_room event = {.change = "removed", .name = was[0] ? was : room->name};
        evict_barred(room);
        announce_to_nonmembers(gateway, room, EVENT_room, &event);
    }
    if (was[0])
        announce_new_name(gateway, room, was);
    else
        announce_room(gateway, room, "changed");
}

static enum outcome answer_set(struct ask *ask, struct job *job)
{
    struct room *room = room_find_id(ask->gateway, job->room_set.room_id);
    if (job->result == JOB_DONE && room)
        apply_set(ask->gateway, room, &job->room_set);
    return ask_answer(ask, job);
}

/* What was asked for, for the audit: "name: hall, topic". The topic itself is in the log. */
static void note_set(const struct ask *ask, struct job *job)
{
    const struct request_set *set = &ask->request.as_set;
    char text[640], slow_seconds[24] = "";
    if (set->slow_seconds != NUMBER_ABSENT)
        snprintf(slow_seconds, sizeof slow_seconds, "%lld", (long long)set->slow_seconds);
    const struct {
        const char *word, *value;
    } changes[] = {
        {"name", job ? job->room_set.name : NULL}, {"visibility", set->visibility}, {"keep", set->keep}, {"archived", set->archived},
        {"slow_seconds", slow_seconds[0] ? slow_seconds : NULL}, {"speak", set->speak},
    };
    int length = snprintf(text, sizeof text, "%s", set->topic ? "topic" : "");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (changes[i].value)
            length += snprintf(text + length, sizeof text - (size_t)length, "%s%s: %s", length ? ", " : "",
                               changes[i].word, changes[i].value);
    audit_add(ask, job, ACT_SET, ask->room, NULL, text);
}

enum outcome handle_set(struct ask *ask)
{
    const struct request_set *set = &ask->request.as_set;
    struct refusal refusal;
    struct room_row row;
    enum visibility visibility;
    if (!may_set(ask, &refusal) || !room_make_visibility(set->visibility, &visibility, &refusal) ||
        !read_name(ask, &row, &refusal))
        return ask_refuse(ask, &refusal);
    struct job *job = create_set(ask);
    if (job) {
        job->room_set.name = set->name ? job_text(job, row.name) : NULL;
        job->room_set.folded = set->name ? job_text(job, row.folded) : NULL;
        job->room_set.archived = word_find(WORDS_yes_no, set->archived);
        job->room_set.visibility = set->visibility ? (int)visibility : -1;
        job->room_set.keep = word_find(WORDS_yes_no, set->keep);
        job->room_set.slow_seconds =
            set->slow_seconds == NUMBER_ABSENT ? -1 : (int)set->slow_seconds;
        job->room_set.speak = speak_of(set->speak);
    }
    note_set(ask, job);
    return ask_submit(ask, job, answer_set);
}

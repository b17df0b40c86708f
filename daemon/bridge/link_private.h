/* link_private.h - what a link holds. For link*.c only. */
#ifndef HEARTH_BRIDGE_LINK_PRIVATE_H
#define HEARTH_BRIDGE_LINK_PRIVATE_H

#include "daemon/bridge/entry.h"
#include "daemon/bridge/lines.h"
#include "daemon/bridge/link.h"

#define LINK_SEQ_UNKNOWN (-1)

struct link {
    struct link *next;
    struct bridge *bridge;
    struct link_plan plan;
    enum link_state state;
    bool is_ending; /* nothing more is read */

    /* reading */
    struct web_call *stream;
    struct lines lines; /* received, and not handed over yet */
    bool is_paused, is_live;
    bool is_torn; /* a line could not be kept or read: from where it is, again */

    /* the entry under way */
    json_t *json;
    char *line, *text;
    struct entry entry;
    int64_t next_ms; /* for its rate: the next entry not before */

    /* its cursor */
    struct web_call *note;
    char log[64];
    int64_t done_seq, noted_seq, noting_seq; /* LINK_SEQ_UNKNOWN: where the cursor stands */
    int64_t held_seq;                        /* not noted at or beyond it */
    bool is_put_back;                        /* the cursor was: read on from there */
    int64_t noted_ms;

    /* trying again */
    int64_t due_ms;
    int tries;
    char why[160]; /* the last failure; empty: it is well */

    int64_t delivered, passed, failures, delivered_ts; /* see struct link_figures */
};

/* What the gateway answers is why it waits: told in the log, and by hearthctl bridge list. */
void link_say_why(struct link *link, const struct web_answer *answer);

/* Whether the gateway knows how far it has got. */
bool link_is_noted(const struct link *link);

/* Gives the ms until it is due. */
int64_t link_note_if_due(struct link *link);

#endif

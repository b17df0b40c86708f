/* invite_link.h - links that let in whoever has their code: into the gateway where newcomers would wait or
 * be refused, or into a private room. All are in memory, at most INVITE_LINKS_MAX, so that a code is judged
 * in the turn in which it comes; a use is taken here at once and in storage with what comes of it, so
 * that no use is given twice. Loop thread. */
#ifndef HEARTH_CORE_INVITE_LINK_H
#define HEARTH_CORE_INVITE_LINK_H

#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct room;
struct session;
struct store_start;

struct invite_links {
    struct invite_link *links; /* owned; the oldest first */
    size_t count;
    int64_t id_last;
};

/* False without memory. */
bool invite_links_init(struct invite_links *links, const struct store_start *start);
void invite_links_finish(struct invite_links *links);

/* Good until one is added or removed; NULL: there is none. */
struct invite_link *invite_link_find(const struct gateway *gateway, int64_t id);
struct invite_link *invite_link_find_code(const struct gateway *gateway, const char *typed);

/* A copy of like with an id of its own; one that is used up or over gives way to it where there are as many
 * as may be, and gives_way is its id, else 0. NULL: forbidden or internal. */
struct invite_link *invite_link_add(struct gateway *gateway, const struct invite_link *like,
                                    int64_t *gives_way, struct refusal *refusal);
void invite_link_remove(struct gateway *gateway, int64_t id);

/* Takes a use of the link with this code into the room, or with NULL into the gateway, and gives its id. 0:
 * forbidden on field invite when the code is wrong, used up or over; rate_limited after too many wrong ones. */
int64_t invite_link_take(struct session *session, const char *typed, const struct room *room,
                         struct refusal *refusal);

/* What was taken came to nothing. Fine when the link has gone. */
void invite_link_give_back(struct gateway *gateway, int64_t id);

#endif

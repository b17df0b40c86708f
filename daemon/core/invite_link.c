#include "daemon/core/invite_link.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/pairing.h"
#include "daemon/core/rates.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "storage/crypto.h"
#include "storage/store.h"

#include <stdlib.h>
#include <string.h>

bool invite_links_init(struct invite_links *links, const struct store_start *start)
{
    size_t count = start->invite_link_count;
    links->links = calloc(count + 1, sizeof *links->links);
    if (!links->links)
        return false;
    if (count)
        memcpy(links->links, start->invite_links, count * sizeof *links->links);
    links->count = count;
    links->id_last = count ? links->links[count - 1].id : 0;
    return true;
}

void invite_links_finish(struct invite_links *links)
{
    free(links->links);
    *links = (struct invite_links){0};
}

struct invite_link *invite_link_find(const struct gateway *gateway, int64_t id)
{
    const struct invite_links *links = &gateway->invite_links;
    for (size_t i = 0; i < links->count; i++)
        if (links->links[i].id == id)
            return &links->links[i];
    return NULL;
}

/* What is compared is the hash of what was typed: how long it takes tells nothing about a code. */
struct invite_link *invite_link_find_code(const struct gateway *gateway, const char *typed)
{
    const struct invite_links *links = &gateway->invite_links;
    char code[SECRET_TEXT_BYTES + 1];
    uint8_t hash[HASH_BYTES];
    if (!code_normalise(typed, code, SECRET_TEXT_BYTES) || !hash_text(code, hash))
        return NULL;
    for (size_t i = 0; i < links->count; i++)
        if (memcmp(links->links[i].hash, hash, HASH_BYTES) == 0)
            return &links->links[i];
    return NULL;
}

/* --- making and removing ------------------------------------------------------------------------- */

static bool is_over(const struct gateway *gateway, const struct invite_link *link)
{
    return link->until <= gateway->now.elapsed_ms;
}

static const struct invite_link *find_spent(struct gateway *gateway)
{
    const struct invite_links *links = &gateway->invite_links;
    for (size_t i = 0; i < links->count; i++) {
        const struct invite_link *link = &links->links[i];
        if (!link->uses || is_over(gateway, link) ||
            (link->room_id && !room_find_id(gateway, link->room_id)))
            return link;
    }
    return NULL;
}

static bool make_place(struct gateway *gateway, int64_t *gives_way, struct refusal *refusal)
{
    *gives_way = 0;
    if (gateway->invite_links.count < INVITE_LINKS_MAX)
        return true;
    const struct invite_link *spent = find_spent(gateway);
    if (!spent) {
        refuse(refusal, ERROR_forbidden, NULL,
               "There are as many invite links as may be; revoke one first.");
        return false;
    }
    *gives_way = spent->id;
    invite_link_remove(gateway, spent->id);
    return true;
}

struct invite_link *invite_link_add(struct gateway *gateway, const struct invite_link *like,
                                    int64_t *gives_way, struct refusal *refusal)
{
    struct invite_links *links = &gateway->invite_links;
    if (!make_place(gateway, gives_way, refusal))
        return NULL;
    struct invite_link *more = realloc(links->links, (links->count + 1) * sizeof *more);
    if (!more) {
        refuse(refusal, ERROR_internal, NULL, "The gateway has no memory for this.");
        return NULL;
    }
    links->links = more;
    struct invite_link *link = &more[links->count++];
    *link = *like;
    link->id = ++links->id_last;
    return link;
}

void invite_link_remove(struct gateway *gateway, int64_t id)
{
    struct invite_links *links = &gateway->invite_links;
    struct invite_link *link = invite_link_find(gateway, id);
    if (!link)
        return;
    size_t behind = links->count - (size_t)(link - links->links) - 1;
    memmove(link, link + 1, behind * sizeof *link);
    links->count--;
}

/* --- coming in ----------------------------------------------------------------------------------- */

static void refuse_wrong(struct session *session, struct refusal *refusal)
{
    if (rates_take(session, LIMIT_CODES, refusal))
        refuse(refusal, ERROR_forbidden, "invite",
               "No invite link has this code; it is wrong, for another place, or was revoked.");
}

int64_t invite_link_take(struct session *session, const char *typed, const struct room *room,
                         struct refusal *refusal)
{
    if (!rates_may_try(session, refusal))
        return 0;
    struct invite_link *link = invite_link_find_code(session->gateway, typed);
    if (!link || link->room_id != (room ? room->id : 0)) {
        refuse_wrong(session, refusal);
        return 0;
    }
    if (is_over(session->gateway, link)) {
        refuse(refusal, ERROR_forbidden, "invite", "The time of this invite link is over.");
        return 0;
    }
    if (!link->uses) {
        refuse(refusal, ERROR_forbidden, "invite",
               "This invite link has been used as often as it may be.");
        return 0;
    }
    link->uses--;
    return link->id;
}

void invite_link_give_back(struct gateway *gateway, int64_t id)
{
    struct invite_link *link = invite_link_find(gateway, id);
    if (link)
        link->uses++;
}

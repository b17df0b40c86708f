#include "daemon/core/draft.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/ask.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

#define VERSION_FIRST_MAX (INT64_C(1) << 52)
#define SHARE_OF_USER     4 /* of limits.drafts_bytes a user has at most one part in so many */

bool drafts_init(struct drafts *drafts)
{
    if (!random_fill(&drafts->version, sizeof drafts->version))
        return false;
    drafts->version &= VERSION_FIRST_MAX - 1;
    return true;
}

static void drop(struct draft **place)
{
    struct draft *draft = *place;
    *place = draft->next;
    free(draft);
}

void drafts_finish(struct drafts *drafts)
{
    while (drafts->newest)
        drop(&drafts->newest);
}

void drafts_drop_user(struct drafts *drafts, int64_t user_id)
{
    for (struct draft **place = &drafts->newest; *place;)
        if ((*place)->user_id == user_id)
            drop(place);
        else
            place = &(*place)->next;
}

static struct draft **find(struct draft **place, int64_t user_id, int64_t room_id)
{
    while (*place && ((*place)->user_id != user_id || (*place)->room_id != room_id))
        place = &(*place)->next;
    return place;
}

const struct draft *draft_find(const struct gateway *gateway, int64_t user_id, int64_t room_id)
{
    struct draft *newest = gateway->drafts.newest;
    return *find(&newest, user_id, room_id);
}

/* From the newest on: what does not fit with those before it goes. */
static void keep_within(struct drafts *drafts, size_t bytes_max, int64_t user_id)
{
    size_t all = 0, own = 0, count = 0;
    for (struct draft **place = &drafts->newest; *place;) {
        bool is_own = (*place)->user_id == user_id;
        all += (*place)->bytes;
        own += is_own ? (*place)->bytes : 0;
        if (all > bytes_max || ++count > DRAFTS_MAX || (is_own && own > bytes_max / SHARE_OF_USER)) {
            all -= (*place)->bytes;
            drop(place);
        } else {
            place = &(*place)->next;
        }
    }
}

static void keep(struct drafts *drafts, int64_t user_id, int64_t room_id, const struct request_draft *request)
{
    size_t text_bytes = strlen(request->text) + 1;
    struct draft *draft = malloc(sizeof *draft + text_bytes);
    if (!draft)
        return;
    *draft = (struct draft){drafts->newest, user_id, room_id, drafts->version, request->reply_to, sizeof *draft + text_bytes};
    memcpy(draft->text, request->text, text_bytes);
    drafts->newest = draft;
}

int64_t draft_take(struct gateway *gateway, int64_t user_id, int64_t room_id, const struct request_draft *request)
{
    struct drafts *drafts = &gateway->drafts;
    struct draft **place = find(&drafts->newest, user_id, room_id);
    if (*place && (*place)->text[0] && (*place)->version != request->version)
        return 0;
    if (*place)
        drop(place);
    drafts->version++;
    keep(drafts, user_id, room_id, request);
    keep_within(drafts, (size_t)gateway->config->limits.drafts_bytes, user_id);
    return drafts->version;
}

struct reply_draft draft_reply(const struct room *room, const struct draft *draft)
{
    return (struct reply_draft){
        .room = room->name, .text = draft->text, .reply_to = draft->reply_to, .version = draft->version};
}

void draft_tell(const struct gateway *gateway, const struct member *member)
{
    const struct draft *draft = draft_find(gateway, session_user_id(member->session), member->room->id);
    if (!draft)
        return;
    const struct reply_draft told = draft_reply(member->room, draft);
    (void)session_tell(member->session, REPLY_draft, &told);
}

/* handle_draft.c - what somebody writes on one device is there on the others. */
#include "daemon/core/access.h"
#include "daemon/core/ask.h"
#include "daemon/core/draft.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"

/* Not from what is kept: what is too large for that goes to those who are here all the same. */
static void spread(const struct ask *ask, int64_t version)
{
    const struct request_draft *draft = &ask->request.as_draft;
    const struct reply_draft told = {.room = ask->room->name, .text = draft->text, .reply_to = draft->reply_to,
                                     .version = version};
    for (struct session *session = ask->session->user->sessions; session; session = session->next)
        if (session != ask->session && session_member(session, ask->room))
            (void)session_tell(session, REPLY_draft, &told);
}

enum outcome handle_draft(struct ask *ask)
{
    const struct request_draft *draft = &ask->request.as_draft;
    int64_t user_id = ask->session->user->id;
    struct reply_draft reply = {.room = ask->room->name, .reply_to = NUMBER_ABSENT};
    struct refusal refusal;
    if (!access_text(ask->gateway, draft->text, &refusal))
        return ask_refuse(ask, &refusal);
    reply.version = draft_take(ask->gateway, user_id, ask->room->id, draft);
    if (reply.version) {
        spread(ask, reply.version);
        return ask_reply(ask, REPLY_draft, &reply);
    }
    reply = draft_reply(ask->room, draft_find(ask->gateway, user_id, ask->room->id));
    return ask_reply(ask, REPLY_draft, &reply);
}

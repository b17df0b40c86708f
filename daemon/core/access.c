#include "daemon/core/access.h"

#include "daemon/core/direct.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/sanction.h"
#include "daemon/core/session_private.h"
#include "daemon/core/token.h"
#include "daemon/core/user.h"

#include <string.h>

#include "protocol/text.h"

static bool is_one_of_two(const struct session *session, const struct room *room)
{
    int64_t id = session_user_id(session);
    return id && (id == room->user_a || id == room->user_b);
}

bool access_is_administrator(const struct session *session)
{
    return session->arrival.administrator || (session->user && session->user->role == ROLE_ADMIN);
}

enum role access_gateway_role(const struct session *session)
{
    if (session->arrival.administrator)
        return ROLE_ADMIN;
    return session->user ? session->user->role : ROLE_GUEST;
}

enum role access_role(const struct session *session, const struct room *room,
                      const struct grant *grant)
{
    bool is_more = session->user && (session->user->account || session->user->token);
    return role_in_room(access_gateway_role(session), is_more, room->visibility, room->orphaned,
                        grant);
}

static bool is_open_to(const struct session *session, const struct room *room,
                       const struct grant *grant)
{
    const struct token *token = token_of(session);
    if (token && room->visibility == VISIBILITY_PRIVATE)
        return token_holds_in(token, room);
    switch (room->visibility) {
    case VISIBILITY_DIRECT:
        return is_one_of_two(session, room);
    case VISIBILITY_PRIVATE:
        return access_is_administrator(session) ||
               (grant && (grant->role != ROLE_NONE || grant->invited));
    case VISIBILITY_PUBLIC:
        return true;
    }
    return false;
}

/* In the same words whether it is not there or not open: its name would tell. */
static void refuse_not_found(struct refusal *refusal)
{
    refuse(refusal, ERROR_room_not_found, "room", NULL);
}

struct room *access_find_room(const struct session *session, const char *name,
                              struct refusal *refusal)
{
    struct room *room = room_find(session->gateway, name);
    if (name[0] == '@' && !(room && is_one_of_two(session, room)))
        room = direct_find_held(session->gateway, session_user_id(session), name);
    if (room)
        return room;
    refuse_not_found(refusal);
    return NULL;
}

static int64_t sanctioned_until(const struct session *session, const struct room *room,
                                enum sanction_kind kind, int64_t in_grant)
{
    const struct gateway *gateway = session->gateway;
    const struct subject subject = session_subject(session);
    int64_t until = sanction_until(gateway, &subject, room ? room->id : 0, kind);
    bool is_granted = in_grant > gateway->now.elapsed_ms && subject.role != ROLE_ADMIN;
    return is_granted && in_grant > until ? in_grant : until;
}

int64_t access_banned_until(const struct session *session, const struct room *room,
                            const struct grant *grant)
{
    return sanctioned_until(session, room, SANCTION_BAN, grant ? grant->banned_until : 0);
}

int64_t access_muted_until(const struct session *session, const struct room *room,
                           const struct grant *grant)
{
    return sanctioned_until(session, room, SANCTION_MUTE, grant ? grant->muted_until : 0);
}

bool access_waits(const struct session *session)
{
    return session->user && !session->arrival.administrator &&
           !newcomers_know(session->gateway, session->user);
}

bool access_nobody_enters(const struct session *session)
{
    return session_nobody_enters(session->gateway, session->arrival.kind);
}

bool access_enter(const struct session *session, struct refusal *refusal)
{
    int64_t until = access_banned_until(session, NULL, NULL);
    if (until)
        sanction_refuse(session->gateway, "this gateway", until, refusal);
    return !until;
}

bool access_read(const struct session *session, const struct room *room,
                 const struct grant *grant, struct refusal *refusal)
{
    bool is_elsewhere = access_waits(session) &&
                        strcmp(room->name, gateway_first_room(session->gateway)) != 0;
    if (is_elsewhere || !is_open_to(session, room, grant)) {
        refuse_not_found(refusal);
        return false;
    }
    char period[PERIOD_BYTES];
    int64_t until = access_banned_until(session, room, grant);
    if (!until)
        return true;
    refuse(refusal, ERROR_banned, "room", "You are banned from this room%s.",
           sanction_period(sanction_left_ms(session->gateway, until), period));
    return false;
}


/* A token's user may no more than the token, whatever its role in the room. */
static bool token_permits(const struct session *session, const struct room *room,
                          enum operation operation, struct refusal *refusal)
{
    const struct token *token = token_of(session);
    if (token && room && !token_holds_in(token, room))
        refuse(refusal, ERROR_forbidden, "room", "This token is not for this room.");
    else if (token && operation != OPERATION_none && !token_allows(token, operation))
        refuse(refusal, ERROR_forbidden, NULL, "This token does not allow it.");
    else
        return true;
    return false;
}

static bool is_speech(enum operation operation)
{
    return operation == OPERATION_send || operation == OPERATION_edit ||
           operation == OPERATION_react || operation == OPERATION_topic ||
           operation == OPERATION_typing;
}

static const char *speakers(enum role speak)
{
    return speak == ROLE_MEMBER ? "Only members speak in this room."
                                : "Only moderators speak in this room.";
}

static void refuse_muted(const struct session *session, int64_t until, struct refusal *refusal)
{
    char period[PERIOD_BYTES];
    int64_t left_ms = sanction_left_ms(session->gateway, until);
    refuse(refusal, ERROR_muted, "room", "You may not speak here%s.",
           left_ms == NUMBER_ABSENT ? " for now" : sanction_period(left_ms, period));
    refusal->retry_after_ms = left_ms;
}

bool access_speak(const struct session *session, struct refusal *refusal)
{
    int64_t until = access_muted_until(session, NULL, NULL);
    if (until)
        refuse_muted(session, until, refusal);
    return !until;
}

bool access_allows(const struct session *session, const struct room *room,
                   const struct grant *grant, enum operation operation, struct refusal *refusal)
{
    if (!access_read(session, room, grant, refusal) ||
        !token_permits(session, room, operation, refusal))
        return false;
    enum role role = access_role(session, room, grant);
    if (!permission_allows(role, operation)) {
        refuse(refusal, ERROR_forbidden, NULL, "Your role in this room does not allow it.");
        return false;
    }
    if (is_speech(operation) && operation != OPERATION_react && role < room->speak) {
        refuse(refusal, ERROR_forbidden, "room", "%s", speakers(room->speak));
        return false;
    }
    if (room->archived && is_speech(operation)) {
        refuse(refusal, ERROR_forbidden, "room", "This room is archived; it can only be read.");
        return false;
    }
    int64_t until = is_speech(operation) ? access_muted_until(session, room, grant) : 0;
    if (until)
        refuse_muted(session, until, refusal);
    return !until;
}

bool access_allows_here(const struct session *session, enum operation operation,
                        struct refusal *refusal)
{
    if (!token_permits(session, NULL, operation, refusal))
        return false;
    if (operation == OPERATION_none || permission_allows(access_gateway_role(session), operation))
        return true;
    refuse(refusal, ERROR_forbidden, NULL, NULL);
    return false;
}

bool access_text(const struct gateway *gateway, const char *text, struct refusal *refusal)
{
    int64_t bytes_max = gateway->config->limits.text_bytes;
    int64_t characters_max = gateway->config->limits.text_characters;
    int64_t bytes = (int64_t)strlen(text);
    if (bytes > bytes_max) {
        refuse(refusal, ERROR_too_long, "text",
               "The text has %lld bytes; %lld are allowed.", (long long)bytes,
               (long long)bytes_max);
        return false;
    }
    int64_t characters = bytes > characters_max ? (int64_t)text_count_characters(text) : 0;
    if (characters > characters_max) {
        refuse(refusal, ERROR_too_long, "text",
               "The text has %lld characters; %lld are allowed.", (long long)characters,
               (long long)characters_max);
        return false;
    }
    return true;
}

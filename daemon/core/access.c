#include "daemon/core/state.h"

#include <string.h>

static bool is_one_of_two(const struct session *session, const struct room *room)
{
    int64_t id = session_user_id(session);
    return id && (id == room->user_a || id == room->user_b);
}

static bool is_admin(const struct session *session)
{
    return session->arrival.keeper || (session->user && session->user->role == ROLE_ADMIN);
}

enum role access_role(const struct session *session, const struct room *room,
                      const struct grant *grant)
{
    if (is_admin(session) && room->visibility != VISIBILITY_DIRECT)
        return ROLE_ADMIN;
    if (grant && grant->role != ROLE_NONE)
        return grant->role;
    return session->user && session->user->account ? ROLE_MEMBER : ROLE_GUEST;
}

static bool is_open_to(const struct session *session, const struct room *room,
                       const struct grant *grant)
{
    switch (room->visibility) {
    case VISIBILITY_DIRECT:
        return is_one_of_two(session, room);
    case VISIBILITY_PRIVATE:
        return is_admin(session) || (grant && (grant->role != ROLE_NONE || grant->invited));
    case VISIBILITY_PUBLIC:
        return true;
    }
    return false;
}

static bool refuse_not_found(struct refusal *refusal, const char *name)
{
    refuse(refusal, ERROR_room_not_found, "room", "There is no room named \"%s\".", name);
    return false;
}

bool access_read(const struct session *session, const struct room *room,
                 const struct grant *grant, struct refusal *refusal)
{
    if (!is_open_to(session, room, grant))
        return refuse_not_found(refusal, room->name);
    if (grant && grant->banned_until > session->gateway->now.wall_ms && !is_admin(session)) {
        refuse(refusal, ERROR_banned, "room", "You are banned from this room.");
        return false;
    }
    return true;
}

static bool is_speech(enum operation operation)
{
    return operation == OPERATION_send || operation == OPERATION_edit ||
           operation == OPERATION_react || operation == OPERATION_topic ||
           operation == OPERATION_typing;
}

bool access_allows(const struct session *session, const struct room *room,
                   const struct grant *grant, enum operation operation, struct refusal *refusal)
{
    if (!access_read(session, room, grant, refusal))
        return false;
    if (!permission_allows(access_role(session, room, grant), operation)) {
        refuse(refusal, ERROR_forbidden, NULL, "Your role in this room does not allow it.");
        return false;
    }
    bool is_muted = grant && grant->muted_until > session->gateway->now.wall_ms;
    if (is_muted && is_speech(operation) && !is_admin(session)) {
        refuse(refusal, ERROR_muted, "room", "You may not speak in this room for now.");
        return false;
    }
    return true;
}

struct room *access_room(struct session *session, const struct request *request, const char *name)
{
    struct room *room = room_find(session->gateway, name);
    bool is_hidden = room && room->visibility == VISIBILITY_DIRECT && !is_one_of_two(session, room);
    if (room && !is_hidden)
        return room;
    struct refusal refusal;
    refuse_not_found(&refusal, name);
    session_refuse(session, &request->ref, &refusal);
    return NULL;
}

/* What is said in a room is said by its members; who looks after it need not be in it. */
static bool needs_joining(enum operation operation)
{
    return is_speech(operation) || operation == OPERATION_delete || operation == OPERATION_read;
}

struct room *access_member(struct session *session, const struct request *request,
                           const char *name, enum operation operation, struct member **member)
{
    struct room *room = access_room(session, request, name);
    if (!room)
        return NULL;
    struct refusal refusal;
    *member = session_member(session, room);
    if (!*member && session->visitor && session->visitor->room == room)
        *member = session->visitor;
    if (!*member && !session->arrival.keeper && !needs_joining(operation)) {
        visit(session, request, room);
    } else if (!*member && !session->arrival.keeper) {
        /* A private room's name is not told to those who are not in it. */
        if (room->visibility == VISIBILITY_PRIVATE)
            refuse_not_found(&refusal, name);
        else
            refuse(&refusal, ERROR_not_joined, "room", "Join the room first.");
        session_refuse(session, &request->ref, &refusal);
    } else if (access_allows(session, room, *member ? &(*member)->grant : NULL, operation,
                             &refusal)) {
        return room;
    } else {
        session_refuse(session, &request->ref, &refusal);
    }
    return NULL;
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

/* access.h - who may do what where: a session, a room, and what the room remembers about the user
 * (grant; NULL is nothing). Decides, never answers. Loop thread. */
#ifndef HEARTH_CORE_ACCESS_H
#define HEARTH_CORE_ACCESS_H

#include "daemon/core/permission.h"
#include "protocol/message.h"
#include "storage/job.h"

struct gateway;
struct room;
struct session;

/* Came through the admin socket, or the user's role in the gateway is ROLE_ADMIN. */
bool access_is_administrator(const struct session *session);

/* The role in the gateway, of those who have none there too. */
enum role access_gateway_role(const struct session *session);

/* The role of this session's user in the room. */
enum role access_role(const struct session *session, const struct room *room,
                      const struct grant *grant);

/* The room of this name as a client wrote it, if there is one and it is not a direct one of others. */
struct room *access_find_room(const struct session *session, const char *name,
                              struct refusal *refusal);

/* May the session read the room? Else refusal is room_not_found or banned. */
bool access_read(const struct session *session, const struct room *room,
                 const struct grant *grant, struct refusal *refusal);

/* May it do this there? Reading is checked too. Else forbidden, muted, banned or room_not_found. */
bool access_allows(const struct session *session, const struct room *room,
                   const struct grant *grant, enum operation operation, struct refusal *refusal);

/* Until when, in elapsed time, the session may not enter, or not speak, in the room, or with room NULL in
 * the gateway; 0: it may. */
int64_t access_banned_until(const struct session *session, const struct room *room,
                            const struct grant *grant);
int64_t access_muted_until(const struct session *session, const struct room *room,
                           const struct grant *grant);

/* Its user is one whom nobody here knows: it reads the first room and waits to be let in. */
bool access_waits(const struct session *session);

/* May plain clients in, and those who read without a key? While newcomers are not, only where the
 * configuration says so explicitly. */
bool access_nobody_enters(const struct session *session);

/* May it be in the gateway at all? Else banned. */
bool access_enter(const struct session *session, struct refusal *refusal);

/* May it speak in the gateway at all? Else muted. */
bool access_speak(const struct session *session, struct refusal *refusal);

/* May it do this in the gateway, in no room? Else forbidden. */
bool access_allows_here(const struct session *session, enum operation operation,
                        struct refusal *refusal);

/* May the text be said? limits.text_bytes and text_characters; else too_long on field "text". */
bool access_text(const struct gateway *gateway, const char *text, struct refusal *refusal);

#endif

/* user.h - somebody who is here: on one connection or several, under one name. Loop thread. */
#ifndef HEARTH_CORE_USER_H
#define HEARTH_CORE_USER_H

#include "daemon/core/table.h"
#include "storage/crypto.h"
#include "storage/job.h"

struct gateway;
struct session;
struct token;

/* With a session, or with a JOB_USER_CREATE under way. Freed when it has neither. */
struct user {
    struct table_link by_id, by_name;
    struct session *sessions; /* linked by session->next */
    int64_t id;
    uint8_t key_hash[HASH_BYTES]; /* of the first device, while is_creating: storage lacks it yet */
    int64_t first_device;         /* the same */
    struct token *token;      /* borrowed; NULL: a person */
    bool account;
    bool is_creating;
    uint16_t owned_count;     /* rooms that are this user's, for limits.rooms_per_user */
    enum role role;           /* in the gateway */
    char *folded;             /* in the same block */
    char name[];
};

/* What users are found by, of a name as a client wrote it. False when nobody can be called so. */
bool user_fold(const char *name, char out[NAME_BYTES_MAX + 1]);
struct user *user_find(const struct gateway *gateway, const char *folded);
struct user *user_find_id(const struct gateway *gateway, int64_t id);
struct user *user_create(struct gateway *gateway, const struct user_row *row); /* NULL: no memory */

/* The session's device and its user are seen now. client, which may be NULL, is what it says it is. */
void user_touch(const struct session *session, const char *client);
/* Stores a user who is here already; false when storage takes nothing more. */
bool user_store(struct gateway *gateway, const struct user_row *row,
                const struct device_row *device);
void user_attach(struct user *user, struct session *session);
void user_detach(struct session *session); /* frees a user that nobody needs any more */
void user_release(struct gateway *gateway, struct user *user); /* the same, after is_creating */

/* A session of this device is there; of those before one in the user's list, unless that is NULL. */
bool user_has_device(const struct user *user, int64_t device_id, const struct session *before);

/* Closes what of the user comes from a device, but one session that may be NULL. */
void user_close_device(struct user *user, int64_t device_id, const struct session *but,
                       const char *reason);

#endif

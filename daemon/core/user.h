/* user.h - somebody who is here: on one connection or several, under one name. Loop thread. */
#ifndef HEARTH_CORE_USER_H
#define HEARTH_CORE_USER_H

#include "daemon/core/table.h"
#include "protocol/message.h"
#include "storage/crypto.h"
#include "storage/job.h"

struct gateway;
struct session;
struct token;

/* With a session; or, to keep its name, with a JOB_USER_CREATE under way: is_creating. Freed when it has
 * neither. */
struct user {
    struct table_link by_id, by_name;
    struct session *sessions; /* linked by session->next */
    int64_t id;
    struct token *token;      /* borrowed; NULL: a person */
    bool account;
    bool is_creating;
    bool is_new;              /* waits at the door and is not stored: see newcomers.h */
    bool admitted;            /* somebody let the user in */
    int64_t spoke_ms;         /* the time of the first message; 0: none */
    enum role role;           /* in the gateway */
    char *name, *folded;      /* owned; one block */
};

/* A name that somebody here is about to take: it is theirs already. In the memory of the job. */
struct wanted_name {
    struct wanted_name *next;
    char folded[NAME_BYTES_MAX + 1];
};

/* What users are found by, of a name as a client wrote it. False when nobody can be called so. */
bool user_fold(const char *name, char out[NAME_BYTES_MAX + 1]);
struct user *user_find(const struct gateway *gateway, const char *folded);
struct user *user_find_id(const struct gateway *gateway, int64_t id);
struct user *user_create(struct gateway *gateway, const struct user_row *row); /* NULL: no memory */

/* The session's device and its user are seen now, where the session comes from. client, which may be
 * NULL, is what it says it is. */
void user_touch(const struct session *session, const char *client);
/* What a user wants to be called, as it is kept, folded and free of what nobody may be called. The row's
 * other fields stay. */
bool user_check_name(const struct gateway *gateway, const char *name, struct user_row *row,
                     struct refusal *refusal);

/* name_taken, with one that nobody here has; whether somebody away has it is seen at the next try. */
void user_refuse_taken(const struct gateway *gateway, const char *name, struct refusal *refusal);

/* Somebody here has the name or is about to take it. */
bool user_has_name(const struct gateway *gateway, const char *folded);

/* Is called otherwise. False without memory: the user is called as before. */
bool user_rename(struct gateway *gateway, struct user *user, const char *name, const char *folded);
void user_destroy(struct user *user); /* of a gateway that ends */

void user_attach(struct user *user, struct session *session);
void user_detach(struct session *session); /* frees a user that nobody needs any more */
void user_release(struct gateway *gateway, struct user *user); /* the same, after is_creating */

/* A session of this device is there; of those before one in the user's list, unless that is NULL. */
bool user_has_device(const struct user *user, int64_t device_id, const struct session *before);

/* Closes what of the user comes from a device, but one session that may be NULL. */
void user_close_device(struct user *user, int64_t device_id, const struct session *but,
                       const char *reason);

#endif

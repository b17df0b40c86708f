/* account.h - the ways to come in, between the files that handle hello. Loop thread. */
#ifndef HEARTH_CORE_ACCOUNT_H
#define HEARTH_CORE_ACCOUNT_H

#include "daemon/core/ask.h"

struct token;
struct user;

/* handle_account.c: answers a hello with welcome for whom this key opens. client may be NULL. */
enum outcome account_greet(struct ask *ask, const char *key, const char *client);

/* handle_pairing.c: answers a hello with a code of an offer or a move; with a recovery code. */
enum outcome pairing_hello(struct ask *ask, const char *typed, const char *client);
enum outcome pairing_recover(struct ask *ask, const char *typed, const char *client);

/* The same: answers the hello of a new device of this user. */
enum outcome pairing_come_in(struct ask *ask, int64_t user_id, const char *client);

/* handle_password.c: answers a hello with a name, folded, and its password. client may be NULL. */
enum outcome password_hello(struct ask *ask, const char *folded, const char *password,
                            const char *client);

/* Whether this session's user may have a password. */
bool password_allowed(const struct session *session, struct refusal *refusal);

/* An administrator gives a user a password. */
enum outcome password_give(struct ask *ask, const struct user_row *user, const char *password);

/* --- shared by hello and sign_in.c --------------------------------------------------------------- */

/* A JOB_LOGIN; NULL without memory. With a key, the name counts only if the key is not known. client may be
 * NULL. */
struct job *account_login_job(const char *key, const struct user_row *row, const char *client);

/* The user of a token, here now. NULL without memory. */
struct user *account_token_user(struct gateway *gateway, struct token *token);

/* The session is this user's from now on. */
void account_become(struct session *session, struct user *user, int64_t device_id);

#endif

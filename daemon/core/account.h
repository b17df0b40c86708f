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

/* --- shared by hello and sign_in.c --------------------------------------------------------------- */

/* A JOB_LOGIN; NULL without memory. With a key, the name counts only if the key is not known. client may be
 * NULL. */
struct job *account_login_job(const char *key, const struct user_row *row, const char *client);

/* The user of a token, here now. NULL without memory. */
struct user *account_token_user(struct gateway *gateway, struct token *token);

/* The session is this user's from now on. */
void account_become(struct session *session, struct user *user, int64_t device_id);

#endif

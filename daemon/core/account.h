/* account.h - the ways to come in, between the files that handle hello. Loop thread. */
#ifndef HEARTH_CORE_ACCOUNT_H
#define HEARTH_CORE_ACCOUNT_H

#include "daemon/core/ask.h"

/* handle_account.c: answers a hello with welcome for whom this key opens. client may be NULL. */
enum outcome account_greet(struct ask *ask, const char *key, const char *client);

/* handle_pairing.c: answers a hello with a code of an offer or a move; with a recovery code. */
enum outcome pairing_hello(struct ask *ask, const char *typed, const char *client);
enum outcome pairing_recover(struct ask *ask, const char *typed, const char *client);

#endif

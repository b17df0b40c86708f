/* naming.h - a user is called otherwise: asked for by the user or by an administrator. Loop thread. */
#ifndef HEARTH_CORE_NAMING_H
#define HEARTH_CORE_NAMING_H

#include "daemon/core/ask.h"

/* Renames the user and answers ok. hold_ms: how long the old name is held. was: the name under which an
 * administrator knows the user, for the audit; NULL: the user asks. */
enum outcome naming_rename(struct ask *ask, int64_t user_id, const char *was, const char *name, int64_t hold_ms);

#endif

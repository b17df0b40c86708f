/* permission.h - which role may do which operation. The table is protocol/permission.def. No state. */
#ifndef HEARTH_CORE_PERMISSION_H
#define HEARTH_CORE_PERMISSION_H

#include "storage/job.h"

enum operation {
#define PERMISSION(operation, role, sentence) OPERATION_##operation,
#include "protocol/permission.def"
    OPERATION_COUNT,
    OPERATION_none = OPERATION_COUNT /* of a request that whoever may ask it may do */
};

/* True when role is at least the operation's. ROLE_NONE may do nothing. */
bool permission_allows(enum role role, enum operation operation);

/* True when actor may act on somebody with role target: it must be above. */
bool permission_outranks(enum role actor, enum role target);

enum role permission_least(enum operation operation);
const char *permission_name(enum operation operation);     /* "kick" */

const char *role_name(enum role role);    /* "moderator"; "none" for ROLE_NONE */
enum role role_find(const char *name);    /* ROLE_NONE if unknown */

#endif

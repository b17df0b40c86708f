#include "daemon/core/permission.h"

#include <string.h>

struct permission {
    const char *name;
    const char *sentence;
    enum role least;
};

static const struct permission permissions[] = {
#define PERMISSION(operation, role, sentence) {#operation, sentence, ROLE_##role},
#include "daemon/core/permission.def"
};

static const char *const roles[] = {"none", "guest", "member", "moderator", "owner", "admin"};
#define ROLE_COUNT (sizeof roles / sizeof roles[0])

_Static_assert(ROLE_COUNT == ROLE_ADMIN + 1, "every role has a name");

bool permission_allows(enum role role, enum operation operation)
{
    return role > ROLE_NONE && operation < OPERATION_COUNT && role >= permissions[operation].least;
}

bool permission_outranks(enum role actor, enum role target)
{
    return actor > target;
}

enum role permission_least(enum operation operation)
{
    return permissions[operation].least;
}

const char *permission_name(enum operation operation)
{
    return permissions[operation].name;
}

const char *permission_sentence(enum operation operation)
{
    return permissions[operation].sentence;
}

const char *role_name(enum role role)
{
    return role < ROLE_COUNT ? roles[role] : roles[ROLE_NONE];
}

enum role role_find(const char *name)
{
    for (size_t i = ROLE_GUEST; i < ROLE_COUNT; i++)
        if (strcmp(roles[i], name) == 0)
            return (enum role)i;
    return ROLE_NONE;
}

static void describe_row(struct buffer *out, const struct permission *permission)
{
    buffer_append_text(out, "| `");
    buffer_append_text(out, permission->name);
    buffer_append_text(out, "` | ");
    for (enum role role = ROLE_GUEST; role <= ROLE_ADMIN; role++)
        buffer_append_text(out, role >= permission->least ? "yes | " : "- | ");
    buffer_append_text(out, permission->sentence);
    buffer_append_text(out, " |\n");
}

bool permission_describe(struct buffer *out)
{
    buffer_append_text(out, "| operation | guest | member | moderator | owner | admin | |\n"
                            "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        describe_row(out, &permissions[i]);
    return !out->failed;
}

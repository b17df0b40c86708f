#include "daemon/core/permission.h"

struct permission {
    const char *name;
    enum role least;
};

static const struct permission permissions[] = {
#define PERMISSION(operation, role, sentence) {#operation, ROLE_##role},
#include "protocol/permission.def"
};

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

const char *role_name(enum role role)
{
    const char *word = word_of(WORDS_role, (int)role);
    return word ? word : "none";
}

enum role role_find(const char *name)
{
    int role = word_find(WORDS_role, name);
    return role < 0 ? ROLE_NONE : (enum role)role;
}

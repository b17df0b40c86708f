#include "protocol/describe.h"

#include <string.h>

/* describe readme < README.md | describe asyncapi | describe openapi | describe typescript */

static const struct permission permissions[] = {
#define PERMISSION(operation, role, sentence) {#operation, sentence, ROLE_##role},
#include "protocol/permission.def"
};

const struct permission *describe_permissions(size_t *count)
{
    *count = sizeof permissions / sizeof *permissions;
    return permissions;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    bool fine = false;
    if (strcmp(what, "readme") == 0)
        fine = describe_readme(stdin, stdout);
    else if (strcmp(what, "asyncapi") == 0)
        fine = describe_asyncapi(stdout);
    else if (strcmp(what, "openapi") == 0)
        fine = describe_openapi(stdout);
    else if (strcmp(what, "typescript") == 0)
        fine = describe_typescript(stdout);
    else
        fputs("Usage: describe readme < README.md | describe asyncapi | openapi | typescript\n",
              stderr);
    return fine && fflush(stdout) == 0 ? 0 : 1;
}

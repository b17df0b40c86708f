#include "protocol/describe.h"

#include <inttypes.h>
#include <string.h>

/* describe readme < README.md | describe asyncapi | describe typescript */

static const char *const roles[] = {"guest", "member", "moderator", "owner", "admin", NULL};
static const char *const visibilities[] = {"public", "private", "direct", NULL};
static const char *const changes[] = {"created", "changed", "removed", NULL};
static const char *const line_types[] = {"message", "topic", NULL};
static const char *const row_kinds[] = {"message", "edit", "delete", "reaction", "topic", NULL};
static const char *const clocks[] = {"unset", NULL};
static const char *const error_codes[] = {
#define ERROR(code, status, sentence) #code,
#include "protocol/messages.def"
    NULL};

static const struct vocabulary vocabularies[] = {
    {"Role", roles},
    {"Visibility", visibilities},
    {"Change", changes},
    {"LineType", line_types},
    {"RowKind", row_kinds},
    {"Clock", clocks},
    {"ErrorCode", error_codes},
};

/* Of the fields that are confined to words. A message of "" is every one. */
static const struct {
    const char *message, *field, *vocabulary;
} confined[] = {
    {"", "role", "Role"},
    {"", "visibility", "Visibility"},
    {"", "clock", "Clock"},
    {"room", "change", "Change"},
    {"row", "kind", "RowKind"},
    {"history_line", "type", "LineType"},
    {"error", "error_code", "ErrorCode"},
};

const struct vocabulary *describe_vocabularies(size_t *count)
{
    *count = sizeof vocabularies / sizeof *vocabularies;
    return vocabularies;
}

const struct vocabulary *describe_vocabulary(const struct message_description *message,
                                             const struct field *field)
{
    for (size_t i = 0; i < sizeof confined / sizeof *confined; i++) {
        if (strcmp(confined[i].field, field->name) != 0 || field->kind != FIELD_TEXT ||
            (confined[i].message[0] && strcmp(confined[i].message, message->name) != 0))
            continue;
        for (size_t j = 0; j < sizeof vocabularies / sizeof *vocabularies; j++) {
            if (strcmp(vocabularies[j].name, confined[i].vocabulary) == 0)
                return &vocabularies[j];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    bool fine = false;
    if (strcmp(what, "readme") == 0)
        fine = describe_readme(stdin, stdout);
    else if (strcmp(what, "asyncapi") == 0)
        fine = describe_asyncapi(stdout);
    else if (strcmp(what, "typescript") == 0)
        fine = describe_typescript(stdout);
    else
        fputs("Usage: describe readme < README.md | describe asyncapi | describe typescript\n",
              stderr);
    return fine && fflush(stdout) == 0 ? 0 : 1;
}

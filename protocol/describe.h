/* describe.h - the documents that are printed from messages.def. For the describe program only. */
#ifndef HEARTH_PROTOCOL_DESCRIBE_H
#define HEARTH_PROTOCOL_DESCRIBE_H

#include "protocol/message.h"

#include <stdio.h>

/* The permissions: README and page have them from the same table as the gateway. */
struct permission {
    const char *operation, *sentence;
    enum role least;
};
const struct permission *describe_permissions(size_t *count);

/* Copies README.md from in, with the tables between their markers printed anew. False when a marker
 * names no table or does not end. */
bool describe_readme(FILE *in, FILE *out);

bool describe_asyncapi(FILE *out);
bool describe_openapi(FILE *out);
bool describe_typescript(FILE *out);

#endif

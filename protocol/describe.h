/* describe.h - the documents that are printed from messages.def. For the describe program only. */
#ifndef HEARTH_PROTOCOL_DESCRIBE_H
#define HEARTH_PROTOCOL_DESCRIBE_H

#include "protocol/message.h"

#include <stdio.h>

/* The words that a TEXT is confined to: "Role" and the list of them; NULL if it is free. */
struct vocabulary {
    const char *name;
    const char *const *words; /* ends with NULL */
};
const struct vocabulary *describe_vocabulary(const struct message_description *message,
                                             const struct field *field);
const struct vocabulary *describe_vocabularies(size_t *count);

/* Copies README.md from in, with the tables between their markers printed anew. False when a marker
 * names no table or does not end. */
bool describe_readme(FILE *in, FILE *out);

bool describe_asyncapi(FILE *out);
bool describe_typescript(FILE *out);

#endif

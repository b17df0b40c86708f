/* entry.h - what an entry says, for systems that carry text alone. Bytes of files stay at the gateway, a link goes: it
 * opens nothing by itself, for the gateway asks whoever follows it for a key or a token, unless everybody may read the
 * room. Any thread. */
#ifndef HEARTH_BRIDGE_ENTRY_H
#define HEARTH_BRIDGE_ENTRY_H

#include <stdio.h>

#include <jansson.h>

/* A member that is text; empty where there is none. Owned by json. */
const char *entry_member(const json_t *json, const char *name);

/* What is said, and behind it each of its files as print writes it to out; of is handed on. Owned by the caller. NULL
 * without memory. */
typedef void entry_file_print(FILE *out, const json_t *file, const void *of);
char *entry_join(const char *said, const json_t *files, entry_file_print *print, const void *of);

/* Its text, and the names of its files with where they are below the gateway's address: "look [photo.jpg http://...]".
 * With an empty address the names alone. Empty: it says nothing. Owned by the caller. NULL without memory. */
char *entry_text(const json_t *entry, const char *address);

/* Each of its files that is there gets its link: url. */
void entry_link_files(json_t *entry, const char *address);

#endif

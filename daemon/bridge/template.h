/* template.h - a text with places for values: "{from}: {text}". {NAME} is the value as it is, {NAME|json} a JSON
 * string of it, {{ a brace. Any thread. */
#ifndef HEARTH_BRIDGE_TEMPLATE_H
#define HEARTH_BRIDGE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a name, borrowed or in scratch. NULL: there is no such name. */
typedef const char *template_value(const void *of, const char *name, char *scratch, size_t scratch_size);

/* Owned by the caller, 64 KiB at most. NULL: without memory, or too long, or it has a name that there is not. */
char *template_fill(const char *pattern, template_value *value, const void *of);

#endif

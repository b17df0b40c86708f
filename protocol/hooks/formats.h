/* formats.h - one reader a format, each in a file of its own. For hooks.c. */
#ifndef HEARTH_PROTOCOL_HOOKS_FORMATS_H
#define HEARTH_PROTOCOL_HOOKS_FORMATS_H

#include "protocol/hooks/say.h"

/* Whether a JSON payload is of the format; and its messages. False: it cannot be read after all, and
 * messages->why says so. */
bool slack_is(const struct hook_post *post, const json_t *root);
bool slack_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages);
bool discord_is(const struct hook_post *post, const json_t *root);
bool discord_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages);
bool git_is(const struct hook_post *post, const json_t *root);
bool git_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages);
bool alerts_is(const struct hook_post *post, const json_t *root);
bool alerts_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages);
bool simple_is(const struct hook_post *post, const json_t *root);
bool simple_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages);

/* The value of a field of a form: URL-encoded or multipart, by its content type. NULL: there is none, or
 * no memory; else the caller frees it. */
char *form_field(const struct hook_post *post, const char *name, size_t *length);

#endif

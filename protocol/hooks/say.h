/* say.h - building the text of a hook's message, and reading JSON that others wrote. For protocol/hooks. */
#ifndef HEARTH_PROTOCOL_HOOKS_SAY_H
#define HEARTH_PROTOCOL_HOOKS_SAY_H

#include "protocol/hooks/hooks.h"

#include <jansson.h>

#define SAY_BYTES_MAX 65536 /* of a message before it is cut */

/* NULL when it is no JSON, too deep or too many values. */
json_t *say_parse(const char *bytes, size_t length);

/* A text of an object; "" when it has none of this name. say_at goes down "a.b.c". */
const char *say_get(const json_t *object, const char *key);
const json_t *say_down(const json_t *object, const char *path);
const char *say_at(const json_t *object, const char *path);

/* The next of the messages; beyond HOOK_MESSAGES_MAX it is counted, and NULL. */
struct hook_message *say_begin(struct hook_messages *messages);

/* Appends; what does not fit any more is dropped. */
void say(struct hook_message *message, const char *text);
void say_number(struct hook_message *message, json_int_t number);
void say_line(struct hook_message *message, const char *text);  /* on a line of its own, unless "" */
void say_flat(struct hook_message *message, const char *text);  /* its first line, at most 200 bytes */
void say_link(struct hook_message *message, const char *url);   /* " URL", unless "" */

/* Slack's way of writing: <URL|label>, &amp; and the like. */
void say_slack(struct hook_message *message, const char *text);

/* Copies what fits, at the end of a character. */
void say_copy(char *out, size_t size, const char *text);

/* 64 bits of a text, to tell texts that are too long for an origin apart. */
unsigned long long say_hash(const char *text);

#endif

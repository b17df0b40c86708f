/* hooks.h - what other programs post, as messages of a room: a table of formats, each with what its
 * senders want to hear. No state, any thread. */
#ifndef HEARTH_PROTOCOL_HOOKS_HOOKS_H
#define HEARTH_PROTOCOL_HOOKS_HOOKS_H

#include "protocol/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum hook_format {
    HOOK_SLACK,   /* Slack, Mattermost, Rocket.Chat: JSON, form or multipart */
    HOOK_DISCORD,
    HOOK_GIT,     /* GitHub, Gitea, Forgejo */
    HOOK_ALERTS,  /* Alertmanager, Grafana */
    HOOK_JSON,    /* {text} or {message}, with a title: Apprise, Gotify, Uptime Kuma */
    HOOK_TEXT,    /* the body is the text: Campfire */
    HOOK_NTFY,
    HOOK_FORMAT_COUNT
};

/* What was posted; texts are "" where there is none. */
struct hook_post {
    const char *content_type;
    const char *event, *delivery; /* X-GitHub-Event, X-GitHub-Delivery and Gitea's */
    const char *title, *priority, *tags, *click, *attach, *filename, *message; /* ntfy's headers */
    const char *body; /* NUL-terminated, and may have others in it */
    size_t length;
};

#define HOOK_MESSAGES_MAX 32 /* that one post becomes; what is left out is counted in the last */
#define HOOK_VALUES_MAX 8192 /* of JSON in one post */
#define HOOK_ORIGIN_BYTES_MAX 128
#define HOOK_AS_BYTES_MAX 256

struct hook_message {
    struct buffer text; /* NUL-terminated */
    char as[HOOK_AS_BYTES_MAX + 1];         /* who says it; "": the hook */
    char origin[HOOK_ORIGIN_BYTES_MAX + 1]; /* what it is called where it comes from; "" */
};

struct hook_messages {
    enum hook_format format;
    struct hook_message items[HOOK_MESSAGES_MAX];
    size_t count;                            /* 0: fine, and nothing to say */
    size_t left_out;
    char room[129];                          /* of ntfy's JSON: the topic */
    const char *why;                         /* of hooks_read: a sentence; constant */
};

/* Reads what was posted at /hooks/. False: it is no message, and why says what is wrong. Finish
 * messages either way. */
bool hooks_read(const struct hook_post *post, struct hook_messages *messages);

/* The same of what was posted at /ntfy/; is_json: the body is an object with all of it. */
bool hooks_read_ntfy(const struct hook_post *post, bool is_json, struct hook_messages *messages);

void hooks_finish(struct hook_messages *messages);

/* Cuts a text to what a room takes, with a mark where something is missing. */
void hooks_cut(struct buffer *text, size_t bytes_max, size_t characters_max);

const char *hook_format_name(enum hook_format format); /* "slack", for metrics */

#endif

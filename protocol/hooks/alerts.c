/* alerts.c - Alertmanager's webhook, version 4, and Grafana's, which is made like it: each alert is said
 * once when it fires and once when it is resolved. */
#include "protocol/hooks/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool alerts_is(const struct hook_post *post, const json_t *root)
{
    (void)post;
    return json_is_array(json_object_get(root, "alerts")) &&
           (json_object_get(root, "groupKey") || json_object_get(root, "receiver"));
}

/* What it is about: the summary, else the description, else Grafana's message. */
static const char *summary_of(const json_t *alert)
{
    static const char *const paths[] = {"annotations.summary", "annotations.description",
                                        "annotations.message"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (say_at(alert, paths[i])[0])
            return say_at(alert, paths[i]);
    return "";
}

static const char *link_of(const json_t *alert)
{
    static const char *const keys[] = {"dashboardURL", "panelURL", "generatorURL"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (say_get(alert, keys[i])[0])
            return say_get(alert, keys[i]);
    return "";
}

/* The same alert firing since the same time, in the same group, is the same message. */
static void name_alert(const json_t *root, const json_t *alert, struct hook_message *message)
{
    const char *fingerprint = say_get(alert, "fingerprint");
    char *labels = fingerprint[0] ? NULL : json_dumps(json_object_get(alert, "labels"), JSON_SORT_KEYS);
    snprintf(message->origin, sizeof message->origin, "alert:%016llx:%.32s:%.12s:%.40s",
             say_hash(say_get(root, "groupKey")), fingerprint, say_get(alert, "status"),
             say_get(alert, "startsAt"));
    if (labels)
        snprintf(message->origin, sizeof message->origin, "alert:%016llx:%016llx:%.12s:%.40s",
                 say_hash(say_get(root, "groupKey")), say_hash(labels), say_get(alert, "status"),
                 say_get(alert, "startsAt"));
    free(labels);
}

static void say_alert(const json_t *root, const json_t *alert, struct hook_message *message)
{
    bool is_resolved = strcmp(say_get(alert, "status"), "resolved") == 0;
    const char *name = say_at(alert, "labels.alertname"), *where = say_at(alert, "labels.instance");
    const char *severity = say_at(alert, "labels.severity"), *summary = summary_of(alert);
    name_alert(root, alert, message);
    say(message, is_resolved ? "✅ resolved: " : "🔥 firing: ");
    say_flat(message, name[0] ? name : "alert");
    if (where[0]) {
        say(message, " on ");
        say_flat(message, where);
    }
    if (severity[0] && !is_resolved) {
        say(message, " (");
        say_flat(message, severity);
        say(message, ")");
    }
    if (summary[0]) {
        say(message, ": ");
        say_flat(message, summary);
    }
    say_link(message, link_of(alert));
}

bool alerts_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages)
{
    (void)post;
    size_t i;
    json_t *alert;
    json_array_foreach(json_object_get(root, "alerts"), i, alert)
    {
        struct hook_message *message = say_begin(messages);
        if (message)
            say_alert(root, alert, message);
    }
    messages->why = "There is no alert in it.";
    return messages->count > 0;
}

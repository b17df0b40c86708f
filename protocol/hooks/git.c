/* git.c - GitHub, Gitea, Forgejo: one line an event, with its link. */
#include "protocol/hooks/formats.h"

#include <stdio.h>
#include <string.h>

bool git_is(const struct hook_post *post, const json_t *root)
{
    return post->event[0] && json_is_object(root);
}

static const char *who(const json_t *root)
{
    const char *login = say_at(root, "sender.login");
    const char *name = login[0] ? login : say_at(root, "sender.username");
    return name[0] ? name : say_at(root, "pusher.name");
}

/* "[owner/repo] mina did" */
static void say_start(struct hook_message *message, const json_t *root, const char *did)
{
    const char *repository = say_at(root, "repository.full_name");
    say(message, repository[0] ? "[" : "");
    say(message, repository);
    say(message, repository[0] ? "] " : "");
    say(message, who(root)[0] ? who(root) : "somebody");
    say(message, " ");
    say(message, did);
}

/* refs/heads/main is main. */
static const char *branch_of(const char *ref)
{
    const char *slash = strncmp(ref, "refs/", 5) == 0 ? strchr(ref + 5, '/') : NULL;
    return slash ? slash + 1 : ref;
}

static bool say_push(struct hook_message *message, const json_t *root)
{
    const json_t *commits = json_object_get(root, "commits");
    size_t count = json_array_size(commits);
    const json_t *last = json_array_get(commits, count > 0 ? count - 1 : 0);
    const json_t *total = json_object_get(root, "total_commits"); /* Gitea sends the newest only */
    const char *compare = say_get(root, "compare"), *gitea = say_get(root, "compare_url");
    if (count == 0)
        return false; /* a branch was made or removed, which another event says */
    json_int_t all = json_is_integer(total) ? json_integer_value(total) : (json_int_t)count;
    say_start(message, root, "pushed ");
    say_number(message, all);
    say(message, all == 1 ? " commit to " : " commits to ");
    say(message, branch_of(say_get(root, "ref")));
    say(message, ": ");
    say_flat(message, say_get(last, "message"));
    say_link(message, compare[0] ? compare : gitea[0] ? gitea : say_get(last, "url"));
    return true;
}

/* "opened pull request #3: Title URL" of what lies at key. */
static bool say_thing(struct hook_message *message, const json_t *root, const char *key,
                      const char *noun)
{
    const json_t *thing = json_object_get(root, key);
    const char *action = say_get(root, "action");
    bool is_merged = strcmp(action, "closed") == 0 && json_is_true(json_object_get(thing, "merged"));
    const char *const told[] = {"opened", "closed", "reopened", "ready_for_review"};
    bool is_told = false;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        is_told = is_told || strcmp(action, told[i]) == 0;
    if (!thing || !is_told)
        return false;
    say_start(message, root, is_merged ? "merged" : strcmp(action, told[3]) == 0 ? "is ready with" : action);
    say(message, " ");
    say(message, noun);
    say(message, " #");
    say_number(message, json_integer_value(json_object_get(thing, "number")));
    say(message, ": ");
    say_flat(message, say_get(thing, "title"));
    say_link(message, say_get(thing, "html_url"));
    return true;
}

static bool say_pull_request(struct hook_message *message, const json_t *root)
{
    return say_thing(message, root, "pull_request", "pull request");
}

static bool say_issue(struct hook_message *message, const json_t *root)
{
    return say_thing(message, root, "issue", "issue");
}

static bool say_comment(struct hook_message *message, const json_t *root)
{
    const json_t *issue = json_object_get(root, "issue");
    const json_t *about = issue ? issue : json_object_get(root, "pull_request");
    const json_t *comment = json_object_get(root, "comment");
    if (!comment || strcmp(say_get(root, "action"), "created") != 0)
        return false;
    say_start(message, root, "commented on ");
    if (about) {
        say(message, "#");
        say_number(message, json_integer_value(json_object_get(about, "number")));
        say(message, " ");
        say_flat(message, say_get(about, "title"));
    }
    say(message, ": ");
    say_flat(message, say_get(comment, "body"));
    say_link(message, say_get(comment, "html_url"));
    return true;
}

static bool say_release(struct hook_message *message, const json_t *root)
{
    const json_t *release = json_object_get(root, "release");
    if (!release || strcmp(say_get(root, "action"), "published") != 0)
        return false;
    say_start(message, root, "published release ");
    say_flat(message, say_get(release, "tag_name"));
    if (say_get(release, "name")[0] && strcmp(say_get(release, "name"), say_get(release, "tag_name")) != 0) {
        say(message, ": ");
        say_flat(message, say_get(release, "name"));
    }
    say_link(message, say_get(release, "html_url"));
    return true;
}

static void say_ref(struct hook_message *message, const json_t *root, const char *did)
{
    say_start(message, root, did);
    say(message, say_get(root, "ref_type"));
    say(message, " ");
    say_flat(message, branch_of(say_get(root, "ref")));
    say_link(message, say_at(root, "repository.html_url"));
}

static bool say_create(struct hook_message *message, const json_t *root)
{
    say_ref(message, root, "created ");
    return true;
}

static bool say_delete(struct hook_message *message, const json_t *root)
{
    say_ref(message, root, "deleted ");
    return true;
}

static const struct {
    const char *event;
    bool (*say)(struct hook_message *message, const json_t *root);
} events[] = {
    {"push", say_push},          {"pull_request", say_pull_request},
    {"issues", say_issue},       {"issue_comment", say_comment},
    {"release", say_release},    {"pull_request_comment", say_comment},
    {"create", say_create},      {"delete", say_delete},
    {"commit_comment", say_comment},
};

/* An event that nobody wants to hear of is fine, and says nothing. */
bool git_read(const struct hook_post *post, const json_t *root, struct hook_messages *messages)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (strcmp(events[i].event, post->event) != 0)
            continue;
        struct hook_message *message = say_begin(messages);
        if (post->delivery[0])
            snprintf(message->origin, sizeof message->origin, "git:%.*s", 100, post->delivery);
        messages->count = events[i].say(message, root) ? 1 : 0;
        return true;
    }
    return true;
}

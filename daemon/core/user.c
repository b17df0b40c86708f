#include "daemon/core/user.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "daemon/core/submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

bool user_fold(const char *name, char out[NAME_BYTES_MAX + 1])
{
    char kept[NAME_BYTES_MAX + 1];
    return name_normalise(name, NAME_BYTES_MAX, kept) == NAME_OK && name_fold(kept, out);
}

struct user *user_find(const struct gateway *gateway, const char *folded)
{
    uint64_t hash = table_hash_text(folded, gateway->seed);
    struct table_link *link = table_first(&gateway->users.by_name, hash);
    for (; link; link = table_next(link)) {
        struct user *user = TABLE_ITEM(link, struct user, by_name);
        if (strcmp(user->folded, folded) == 0)
            return user;
    }
    return NULL;
}

struct user *user_find_id(const struct gateway *gateway, int64_t id)
{
    struct table_link *link =
        table_first(&gateway->users.by_id, table_hash_number((uint64_t)id));
    for (; link; link = table_next(link)) {
        struct user *user = TABLE_ITEM(link, struct user, by_id);
        if (user->id == id)
            return user;
    }
    return NULL;
}

static bool keep(struct gateway *gateway, struct user *user)
{
    if (!table_insert(&gateway->users.by_id, &user->by_id, table_hash_number((uint64_t)user->id)))
        return false;
    if (table_insert(&gateway->users.by_name, &user->by_name,
                     table_hash_text(user->folded, gateway->seed)))
        return true;
    table_remove(&gateway->users.by_id, &user->by_id);
    return false;
}

/* One block: name and folded name. NULL without memory. */
static char *copy_names(const char *name, const char *folded)
{
    size_t name_size = strlen(name) + 1, folded_size = strlen(folded) + 1;
    char *names = malloc(name_size + folded_size);
    if (!names)
        return NULL;
    memcpy(names, name, name_size);
    memcpy(names + name_size, folded, folded_size);
    return names;
}

static void set_names(struct user *user, char *names)
{
    free(user->name);
    user->name = names;
    user->folded = names + strlen(names) + 1;
}

void user_destroy(struct user *user)
{
    free(user->name);
    free(user);
}

struct user *user_create(struct gateway *gateway, const struct user_row *row)
{
    struct user *user = calloc(1, sizeof *user);
    char *names = user ? copy_names(row->name, row->folded) : NULL;
    if (!names) {
        free(user);
        return NULL;
    }
    user->id = row->id;
    user->account = row->account;
    user->role = row->role;
    user->admitted = row->admitted;
    user->spoke_ms = row->spoke_ms;
    set_names(user, names);
    if (keep(gateway, user))
        return user;
    user_destroy(user);
    return NULL;
}

/* --- names ------------------------------------------------------------------------------------- */

/* Whoever were called like the gateway could speak for it. */
static bool is_kept_back(const struct gateway *gateway, const struct user_row *row)
{
    char own[NAME_BYTES_MAX + 1], skeleton[NAME_BYTES_MAX + 1];
    if (name_is_reserved(row->folded) || !name_skeleton(row->name, skeleton) ||
        name_is_reserved(skeleton))
        return true;
    return name_skeleton(gateway->config->server.name, own) && strcmp(own, skeleton) == 0;
}

bool user_check_name(const struct gateway *gateway, const char *name, struct user_row *row,
                     struct refusal *refusal)
{
    size_t most = (size_t)gateway->config->limits.name_characters;
    enum name_result result = name_normalise(name, most, row->name);
    if (result == NAME_OK && !name_fold(row->name, row->folded))
        result = NAME_TOO_LONG;
    if (result == NAME_OK && is_kept_back(gateway, row))
        result = NAME_RESERVED;
    if (result == NAME_OK)
        return true;
    refuse(refusal, ERROR_name_invalid, "name", "%s", name_result_sentence(result));
    return false;
}

bool user_has_name(const struct gateway *gateway, const char *folded)
{
    const struct wanted_name *wanted = gateway->users.wanted_names;
    while (wanted && strcmp(wanted->folded, folded) != 0)
        wanted = wanted->next;
    return wanted || user_find(gateway, folded);
}

void user_refuse_taken(const struct gateway *gateway, const char *name, struct refusal *refusal)
{
    char free_name[NAME_BYTES_MAX + 32], folded[NAME_BYTES_MAX + 1], kept[NAME_BYTES_MAX + 1];
    size_t most = (size_t)gateway->config->limits.name_characters;
    for (int number = 2; number < 100; number++) {
        snprintf(free_name, sizeof free_name, "%s-%d", name, number);
        if (name_normalise(free_name, most, kept) != NAME_OK || !name_fold(kept, folded))
            break;
        if (user_has_name(gateway, folded))
            continue;
        refuse(refusal, ERROR_name_taken, "name", "This name is in use here. Try %s.", kept);
        return;
    }
    refuse(refusal, ERROR_name_taken, "name", "This name is in use here. Try another.");
}

bool user_rename(struct gateway *gateway, struct user *user, const char *name, const char *folded)
{
    char *names = copy_names(name, folded);
    if (!names)
        return false;
    table_remove(&gateway->users.by_name, &user->by_name);
    set_names(user, names);
    return table_insert(&gateway->users.by_name, &user->by_name,
                        table_hash_text(user->folded, gateway->seed)); /* there is place: one went */
}

void user_attach(struct user *user, struct session *session)
{
    if (!user->sessions)
        session->gateway->users.here_count++;
    session->user = user;
    DL_PREPEND2(user->sessions, session, previous, next);
}

void user_release(struct gateway *gateway, struct user *user)
{
    if (user->sessions || user->is_creating)
        return;
    table_remove(&gateway->users.by_id, &user->by_id);
    table_remove(&gateway->users.by_name, &user->by_name);
    user_destroy(user);
}

void user_detach(struct session *session)
{
    struct user *user = session->user;
    DL_DELETE2(user->sessions, session, previous, next);
    session->next = session->previous = NULL;
    session->user = NULL;
    if (!user->sessions)
        session->gateway->users.here_count--;
    user_release(session->gateway, user);
}

void user_touch(const struct session *session, const char *client)
{
    struct job *job = job_create(JOB_DEVICE_TOUCH);
    if (job) {
        struct device_row *device = &job->device.device;
        device->id = session->device_id;
        device->user_id = session->user->id;
        snprintf(device->client, sizeof device->client, "%s", client ? client : "");
        job->device.at = session->gateway->now;
        job->device.marks = session->arrival.marks;
    }
    (void)gateway_submit(session->gateway, job, NULL);
}

bool user_has_device(const struct user *user, int64_t device_id, const struct session *before)
{
    const struct session *session = user->sessions;
    while (session && session != before && session->device_id != device_id)
        session = session->next;
    return session && session != before;
}

void user_close_device(struct user *user, int64_t device_id, const struct session *but,
                       const char *reason)
{
    for (struct session *session = user->sessions; session; session = session->next)
        if (session != but && session->device_id == device_id)
            session_close(session, 4001, reason);
}

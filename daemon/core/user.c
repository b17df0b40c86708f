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

struct user *user_create(struct gateway *gateway, const struct user_row *row)
{
    size_t name_size = strlen(row->name) + 1, folded_size = strlen(row->folded) + 1;
    struct user *user = calloc(1, sizeof *user + name_size + folded_size);
    if (!user)
        return NULL;
    user->id = row->id;
    user->account = row->account;
    user->role = row->role;
    memcpy(user->name, row->name, name_size);
    user->folded = user->name + name_size;
    memcpy(user->folded, row->folded, folded_size);
    if (keep(gateway, user))
        return user;
    free(user);
    return NULL;
}

static void finish_store(struct gateway *gateway, struct job *job);

bool user_store(struct gateway *gateway, const struct user_row *row,
                const struct device_row *device)
{
    struct job *job = job_create(JOB_USER_CREATE);
    if (job)
        job->user = (struct job_user){.user = *row, .device = *device, .at = gateway->now};
    return gateway_submit(gateway, job, finish_store);
}

static void finish_store(struct gateway *gateway, struct job *job)
{
    struct user *user = user_find_id(gateway, job->user.user.id);
    if (!user)
        return;
    memcpy(job->user.device.key_hash, user->key_hash,
           HASH_BYTES); /* forgotten meanwhile, perhaps */
    /* Storage failed for too long: the user is here all the same, and is stored with the next try.
     * Also when nobody is here any more: what was said under this user is stored after all, and the
     * key was given. No more users wait so than jobs may. */
    if (job->result == JOB_UNAVAILABLE && gateway->drain.phase == DRAIN_NONE &&
        user_store(gateway, &job->user.user, &job->user.device))
        return;
    user->is_creating = false;
    gateway->users.creating_count--;
    if (job->result != JOB_DONE)
        for (struct session *session = user->sessions; session; session = session->next)
            session_close(session, 4001, "This guest could not be stored; say hello again");
    user_release(gateway, user);
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
    free(user);
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

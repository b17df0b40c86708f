#include "storage/devices.h"

#include "storage/sanctions.h"

#include <string.h>

enum step devices_find(struct database *database, const uint8_t key_hash[HASH_BYTES],
                       int64_t *device_id, int64_t *user_id)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id, user_id FROM devices WHERE key_hash=?1");
    sqlite3_bind_blob(statement, 1, key_hash, HASH_BYTES, SQLITE_STATIC);
    enum step step = database_step(database, statement);
    if (step != STEP_ROW)
        return step;
    *device_id = sqlite3_column_int64(statement, 0);
    *user_id = sqlite3_column_int64(statement, 1);
    database_reset(statement);
    return STEP_ROW;
}

bool devices_insert(struct database *database, const struct device_row *device,
                    const struct moment *at)
{
    sqlite3_stmt *statement = database_prepare(
        database, "INSERT INTO devices(id, user_id, key_hash, client, created_ms, seen_ms,"
                  " seen_elapsed_ms) VALUES(?1,?2,?3,?4,?5,?5,?6)");
    sqlite3_bind_int64(statement, 1, device->id);
    sqlite3_bind_int64(statement, 2, device->user_id);
    sqlite3_bind_blob(statement, 3, device->key_hash, HASH_BYTES, SQLITE_STATIC);
    bind_text(statement, 4, device->client);
    sqlite3_bind_int64(statement, 5, at->wall_ms);
    sqlite3_bind_int64(statement, 6, at->elapsed_ms);
    return database_run(database, statement);
}

static bool find_owner(struct database *database, const struct job_device_create *create,
                       int64_t *user_id)
{
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id FROM users WHERE CASE ?1 WHEN 0 THEN recovery_hash=?2 ELSE id=?1 END");
    sqlite3_bind_int64(statement, 1, create->device.user_id);
    sqlite3_bind_blob(statement, 2, create->recovery_hash, HASH_BYTES, SQLITE_STATIC);
    return database_number(database, statement, 0, user_id);
}

/* The one seen least, when the user has as many as may be; 0 none. */
static bool find_least_seen(struct database *database, int64_t user_id, int64_t *device_id)
{
    sqlite3_stmt *statement =
        database_prepare(database, "SELECT id FROM devices WHERE user_id=?1"
                                   " ORDER BY seen_elapsed_ms DESC, id DESC LIMIT 1 OFFSET ?2");
    sqlite3_bind_int64(statement, 1, user_id);
    sqlite3_bind_int(statement, 2, DEVICES_MAX - 1);
    return database_number(database, statement, 0, device_id);
}

static bool drop_device(struct database *database, int64_t device_id)
{
    sqlite3_stmt *statement = database_prepare(database, "DELETE FROM devices WHERE id=?1");
    sqlite3_bind_int64(statement, 1, device_id);
    return database_run(database, statement);
}

bool devices_create(struct database *database, struct job *job)
{
    struct job_device_create *create = &job->device_create;
    int64_t user_id;
    if (!find_owner(database, create, &user_id))
        return false;
    if (!user_id) {
        job->result = JOB_USER_MISSING;
        return true;
    }
    create->device.user_id = user_id;
    return find_least_seen(database, user_id, &create->dropped_id) &&
           (!create->dropped_id || drop_device(database, create->dropped_id)) &&
           devices_insert(database, &create->device, &create->at);
}

bool devices_set_recovery(struct database *database, struct job *job)
{
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET recovery_hash=?2 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, job->recovery.user_id);
    sqlite3_bind_blob(statement, 2, job->recovery.hash, HASH_BYTES, SQLITE_STATIC);
    if (!database_run(database, statement))
        return false;
    if (sqlite3_changes(database->handle) == 0)
        job->result = JOB_USER_MISSING;
    return true;
}

/* What the device says it is replaces what it said before; nothing replaces nothing. */
static bool touch_device(struct database *database, const struct job_device *touch)
{
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE devices SET seen_ms=?2, seen_elapsed_ms=?3,"
                                   " client=CASE ?4 WHEN '' THEN client ELSE ?4 END WHERE id=?1");
    sqlite3_bind_int64(statement, 1, touch->device.id);
    sqlite3_bind_int64(statement, 2, touch->at.wall_ms);
    sqlite3_bind_int64(statement, 3, touch->at.elapsed_ms);
    bind_text(statement, 4, touch->device.client);
    return database_run(database, statement);
}

bool devices_touch(struct database *database, struct job *job)
{
    const struct job_device *touch = &job->device;
    if (!touch_device(database, touch))
        return false;
    sqlite3_stmt *statement =
        database_prepare(database, "UPDATE users SET seen_ms=?2, seen_elapsed_ms=?3 WHERE id=?1");
    sqlite3_bind_int64(statement, 1, touch->device.user_id);
    sqlite3_bind_int64(statement, 2, touch->at.wall_ms);
    sqlite3_bind_int64(statement, 3, touch->at.elapsed_ms);
    if (!database_run(database, statement))
        return false;
    if (sqlite3_changes(database->handle) == 0)
        job->result = JOB_USER_MISSING;
    return job->result != JOB_DONE ||
           sightings_note(database, touch->device.user_id, &touch->marks, &touch->at);
}

bool devices_forget(struct database *database, struct job *job)
{
    const struct device_row *device = &job->device.device;
    sqlite3_stmt *statement =
        database_prepare(database, "DELETE FROM devices WHERE id=?1 AND user_id=?2");
    sqlite3_bind_int64(statement, 1, device->id);
    sqlite3_bind_int64(statement, 2, device->user_id);
    if (!database_run(database, statement))
        return false;
    if (sqlite3_changes(database->handle) == 0)
        job->result = JOB_DEVICE_MISSING;
    return true;
}

static void read_device(sqlite3_stmt *row, struct device_row *device)
{
    device->id = sqlite3_column_int64(row, 0);
    device->user_id = sqlite3_column_int64(row, 1);
    text_clean(column_text(row, 2), TEXT_LINE, device->client, sizeof device->client);
    device->created_ms = sqlite3_column_int64(row, 3);
    device->seen_ms = sqlite3_column_int64(row, 4);
}

bool devices_list(struct database *database, struct job *job)
{
    struct job_devices *list = &job->devices;
    list->count = 0;
    list->devices = job_memory(job, DEVICES_MAX * sizeof *list->devices);
    if (!list->devices)
        return database_failed(database, SQLITE_NOMEM);
    sqlite3_stmt *statement = database_prepare(
        database, "SELECT id, user_id, client, created_ms, seen_ms FROM devices WHERE user_id=?1"
                  " ORDER BY seen_elapsed_ms DESC, id DESC LIMIT ?2");
    sqlite3_bind_int64(statement, 1, list->user_id);
    sqlite3_bind_int(statement, 2, DEVICES_MAX);
    enum step step;
    while ((step = database_step(database, statement)) == STEP_ROW)
        read_device(statement, &list->devices[list->count++]);
    return step == STEP_DONE;
}

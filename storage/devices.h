/* devices.h - the keys by which users come back, each kept as its SHA-256: see job.h. */
#ifndef HEARTH_STORAGE_DEVICES_H
#define HEARTH_STORAGE_DEVICES_H

#include "storage/database.h"
#include "storage/job.h"

/* Writer: JOB_DEVICE_CREATE, JOB_RECOVERY and so on. False on a failure of the database. */
bool devices_create(struct database *database, struct job *job);
bool devices_set_recovery(struct database *database, struct job *job);
bool devices_touch(struct database *database, struct job *job);
bool devices_forget(struct database *database, struct job *job);
bool devices_list(struct database *database, struct job *job);

/* Writer: one more device. False also when its key is known already. */
bool devices_insert(struct database *database, const struct device_row *device,
                    const struct moment *at);

/* Readers: whose key this is. STEP_DONE: nobody's. */
enum step devices_find(struct database *database, const uint8_t key_hash[HASH_BYTES],
                       int64_t *device_id, int64_t *user_id);

#endif

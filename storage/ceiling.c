#include "storage/ceiling.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "storage/old_copy.h"

#define MIB                INT64_C(1048576)
#define LEAST_BYTES        MIB
#define MOST_BYTES         (MIB << 20)
#define ROUTER_BYTES       (256 * MIB) /* a container's overlay is as large as the disk below it */
#define ROUTER_MOST_BYTES  (8 * MIB)

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t ceiling_of(const struct volume *volume, int64_t taken_bytes)
{
    bool is_router = volume->is_overlay && volume->bytes <= ROUTER_BYTES;
    int64_t usable = volume->free_bytes + taken_bytes;
    int64_t share = is_router ? smaller(usable / 4, ROUTER_MOST_BYTES) : usable / 2;
    return smaller(larger(share, larger(2 * taken_bytes, LEAST_BYTES)), MOST_BYTES);
}

/* Sizes beyond what is ever promised are cut, so that no sum overflows. */
static int64_t bytes_of(uint64_t blocks, uint64_t block_bytes)
{
    const uint64_t most = (uint64_t)MOST_BYTES * 4;
    return (int64_t)(block_bytes && blocks > most / block_bytes ? most : blocks * block_bytes);
}

static bool look(const char *path, struct volume *volume)
{
    struct statfs status;
    if (statfs(path, &status) != 0)
        return false;
    *volume = (struct volume){
        .bytes = bytes_of((uint64_t)status.f_blocks, (uint64_t)status.f_bsize),
        .free_bytes = bytes_of((uint64_t)status.f_bavail, (uint64_t)status.f_bsize),
        .is_overlay = (unsigned long)status.f_type == OVERLAYFS_SUPER_MAGIC,
    };
    return true;
}

bool ceiling_take(struct database *database, const char *path, int64_t *bytes)
{
    struct volume volume;
    if (!database_meta(database, "max_bytes", 0, bytes))
        return false;
    if (*bytes > 0 || !look(path, &volume))
        return true;
    int64_t taken = database_ask(database, "PRAGMA page_count", 0) *
                    database_ask(database, "PRAGMA page_size", 0);
    *bytes = ceiling_of(&volume, taken + old_copy_bytes(path));
    return database_set_meta(database, "max_bytes", *bytes);
}

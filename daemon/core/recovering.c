#include "daemon/core/recovering.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/announce.h"
#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/log.h"

#define RETRY_MS 1000

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

void recovering_describe(const struct recovery_figures *figures,
                         char sentence[RECOVERING_SENTENCE_BYTES])
{
    int at = snprintf(sentence, RECOVERING_SENTENCE_BYTES,
                      "%" PRId64 " of %" PRId64 " entries of %" PRId64 " room%s, %" PRId64
                      " page%s unreadable, from %s",
                      figures->entries, figures->found, figures->rooms, plural(figures->rooms),
                      figures->unreadable, plural(figures->unreadable), figures->file);
    if (figures->is_running)
        snprintf(sentence + at, (size_t)(RECOVERING_SENTENCE_BYTES - at),
                 "; %" PRId64 " room%s closed until then%s", figures->closed,
                 figures->closed == 1 ? " is" : "s are",
                 figures->is_waiting ? "; it waits for space on the disk" : "");
}

bool recovering_allows(const struct room *room, struct refusal *refusal)
{
    if (!room->is_closed)
        return true;
    refuse(refusal, ERROR_storage_unavailable, "room",
           "This room is being recovered from a damaged database; it opens by itself.");
    refusal->retry_after_ms = RETRY_MS;
    return false;
}

/* Nobody has read anything of it: only plain clients can be in it, with nothing to catch up on. */
static void open_room(struct gateway *gateway, struct room *room, const struct room_row *row)
{
    room->is_closed = false;
    memcpy(room->log_id, row->log_id, sizeof room->log_id);
    room->first = row->first;
    room->last = row->last;
    room->pruned = row->pruned;
    room->log.floor = row->last;
    if (room->plain)
        room->plain->floor = row->last;
    for (size_t i = 0; i < room->member_count; i++)
        room->members[i]->seq = room->members[i]->live_at = row->last;
    log_info("gateway: a room is recovered and open again id=%" PRId64, room->id);
    announce_room(gateway, room, "changed");
}

void recovering_finish(struct gateway *gateway, const struct job_recovered *recovered)
{
    struct recovery_figures figures;
    char sentence[RECOVERING_SENTENCE_BYTES];
    struct room *room = room_find_id(gateway, recovered->room.id);
    if (recovered->room.id) {
        if (room)
            open_room(gateway, room, &recovered->room);
        return;
    }
    store_recovery(gateway->storage.store, &figures);
    recovering_describe(&figures, sentence);
    log_info("gateway: recovered %s", sentence);
}

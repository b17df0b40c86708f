/* lapse.h - what ends because nobody comes any more: guests who stay away, rooms that a guest made and
 * nobody ever used, and the ownership of a room whose owner stays away. Counted in time that the gateway has
 * been running (days.h), so that no clock that jumps ends anything. One at a time, each its own transaction.
 * Writer thread. */
#ifndef HEARTH_STORAGE_LAPSE_H
#define HEARTH_STORAGE_LAPSE_H

#include "storage/retention.h"

/* One of them. notices: JOB_PRUNED of a room that has gone, JOB_HANDED_ON of one that is somebody else's now. */
enum retention_result lapse_step(struct writer *writer, const struct store_options *options,
                                 struct job **notices);

/* Writer, in its transaction: the user goes, and their direct rooms. Rooms that nobody else owns keep word of
 * it until lapse_step hands them on. */
bool lapse_forget_user(struct writer *writer, int64_t user_id);

#endif

/* proof.h - whether the time of day is proven: the kernel has called it synchronised for a day
 * without a break. Only then may it decide that something is old. */
#ifndef HEARTH_STORAGE_PROOF_H
#define HEARTH_STORAGE_PROOF_H

#include "storage/clock.h"

struct proof {
    bool is_running;
    int64_t since_ms;  /* monotonic: when the kernel was first found to be synchronised */
    int64_t offset_ms; /* of the time of day from the monotonic clock, at the last look */
};

/* Looks at the clock; called once a minute or so. True when the time is proven now. */
bool proof_look(struct proof *proof, const struct moment *now);

#endif

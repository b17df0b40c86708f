#include "storage/proof.h"

#include <stdlib.h>

#define PROOF_MS INT64_C(86400000) /* how long the kernel has to vouch for its clock */
#define STEP_MS  10000             /* a clock that is kept is slewed; one that jumps has been set */

bool proof_look(struct proof *proof, const struct moment *now)
{
    int64_t offset_ms = now->wall_ms - now->monotonic_ms;
    bool is_kept = now->clock == CLOCK_SYNCHRONISED;
    bool goes_on = is_kept && proof->is_running && llabs(offset_ms - proof->offset_ms) < STEP_MS;
    if (!goes_on)
        proof->since_ms = now->monotonic_ms;
    proof->is_running = is_kept;
    proof->offset_ms = offset_ms;
    return goes_on && now->monotonic_ms - proof->since_ms >= PROOF_MS;
}

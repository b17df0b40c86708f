#include "storage/retention.h"

#include <stdlib.h>

#include "storage/stamp.h"

#define SLEW_MS INT64_C(3600000)  /* a clock may be set by so much without suspicion */
#define HOLD_MS INT64_C(86400000) /* a jump ahead is believed after so long */

int64_t trust_now(struct trust *trust, int64_t wall_ms, int64_t monotonic_ms)
{
    int64_t offset_ms = wall_ms - monotonic_ms;
    if (wall_ms < stamp_built_ms())
        return trust->is_known ? monotonic_ms + trust->offset_ms : 0;
    if (!trust->is_known || offset_ms < trust->offset_ms + SLEW_MS) {
        trust->is_known = true;
        trust->offset_ms = trust->candidate_ms = offset_ms;
        return wall_ms;
    }
    if (llabs(offset_ms - trust->candidate_ms) > SLEW_MS) {
        trust->candidate_ms = offset_ms;
        trust->candidate_since_ms = monotonic_ms;
    } else if (monotonic_ms - trust->candidate_since_ms >= HOLD_MS) {
        trust->offset_ms = offset_ms;
    }
    return monotonic_ms + trust->offset_ms;
}

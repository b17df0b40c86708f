/* Whatever is uploaded: however it is cut into pieces, the same comes of it; what is kept is no longer than what
 * came, but for an orientation; and what is kept of it is kept whole when it comes again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/buffer.h"
#include "protocol/media/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct result {
    struct media media;
    struct buffer kept;
    bool is_taken;
};

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static bool keep(void *of, const void *bytes, size_t length)
{
    return buffer_append(of, bytes, length);
}

/* In pieces of so many bytes; 0: in one. */
static void run(struct result *result, const uint8_t *bytes, size_t length, size_t piece)
{
    result->kept = (struct buffer){.max = 0};
    media_begin(&result->media, keep, &result->kept);
    result->is_taken = true;
    for (size_t at = 0; at < length && result->is_taken;) {
        size_t taken = piece == 0 || piece > length - at ? length - at : piece;
        result->is_taken = media_feed(&result->media, bytes + at, taken);
        at += taken;
    }
    result->is_taken = result->is_taken && media_finish(&result->media);
    demand(result->is_taken || result->media.refusal);
}

static void demand_same(const struct result *a, const struct result *b)
{
    demand(a->is_taken == b->is_taken);
    demand(!a->is_taken || (a->kept.length == b->kept.length && a->media.type == b->media.type &&
                            a->media.width == b->media.width && a->media.height == b->media.height &&
                            (a->kept.length == 0 || memcmp(a->kept.bytes, b->kept.bytes, a->kept.length) == 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct result whole, cut, again;
    run(&whole, bytes, length, 0);
    for (size_t piece = 1; piece <= 7; piece += 3) {
        run(&cut, bytes, length, piece);
        demand_same(&whole, &cut);
        buffer_finish(&cut.kept);
    }
    demand(whole.kept.length <= length + 64 + length);
    if (whole.is_taken) {
        run(&again, whole.kept.bytes, whole.kept.length, 0);
        demand_same(&whole, &again);
        buffer_finish(&again.kept);
    }
    buffer_finish(&whole.kept);
    return 0;
}

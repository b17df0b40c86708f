/* gateway_input.h - one input as what two connections send to a real gateway on a fake store.
 * \n ends a message, \1 parts it into fragments, \2 ends a turn, \3 changes to the other connection. */
#ifndef HEARTH_TESTS_FUZZ_GATEWAY_INPUT_H
#define HEARTH_TESTS_FUZZ_GATEWAY_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/core/session.h"

/* Feeds it, and demands that everything sent back is whole frames (of JSON, unless plain), that every
 * request was answered, and that everything ends and is freed. */
void gateway_feed(enum session_kind kind, const uint8_t *bytes, size_t length);

#endif

/* Whatever two hearth.v1 connections send, in whatever fragments: every message has its one answer. */
#include "tests/fuzz/gateway_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    gateway_feed(SESSION_WEBSOCKET, bytes, length);
    return 0;
}

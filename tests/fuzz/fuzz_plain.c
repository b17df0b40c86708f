/* Whatever two plain clients send. */
#include "tests/fuzz/gateway_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    gateway_feed(SESSION_PLAIN, bytes, length);
    return 0;
}

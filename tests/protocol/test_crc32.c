/* test_crc32.c - the value that everybody's CRC-32 is checked with, in one go and in pieces. */
#include "protocol/crc32.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void it_is_the_one_of_others(void **state)
{
    assert_int_equal(crc32_add(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_add(crc32_add(0, "1234", 4), "56789", 5), 0xcbf43926);
    assert_int_equal(crc32_add(0, "", 0), 0);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_the_one_of_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

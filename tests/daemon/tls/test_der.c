#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/tls/der.h"

static struct der der;

static void check_head(size_t length, const uint8_t *head, size_t head_length)
{
    static unsigned char content[4096];
    der_init(&der);
    der_put(&der, content, length);
    der_wrap(&der, 0x30, 0);
    assert_false(der.failed);
    assert_int_equal(der_length(&der), length + head_length);
    assert_memory_equal(der.bytes + der.at, head, head_length);
}

static void lengths_are_as_short_as_may_be(void **state)
{
    (void)state;
    check_head(0, (const uint8_t[]){0x30, 0}, 2);
    check_head(127, (const uint8_t[]){0x30, 127}, 2);
    check_head(128, (const uint8_t[]){0x30, 0x81, 128}, 3);
    check_head(255, (const uint8_t[]){0x30, 0x81, 255}, 3);
    check_head(256, (const uint8_t[]){0x30, 0x82, 1, 0}, 4);
    check_head(4096, (const uint8_t[]){0x30, 0x82, 16, 0}, 4);
}

static void what_does_not_fit_is_said(void **state)
{
    static unsigned char content[DER_BYTES_MAX];
    (void)state;
    der_init(&der);
    der_put(&der, content, sizeof content);
    assert_false(der.failed);
    der_wrap(&der, 0x30, 0);
    assert_true(der.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_as_short_as_may_be),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

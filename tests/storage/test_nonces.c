#include "storage/nonces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_window_holds_exactly_the_newest(void **state)
{
    (void)state;
    enum { WINDOW = 64, COUNT = 1000 };
    struct nonces *nonces = nonces_create(WINDOW);
    for (int64_t i = 1; i <= COUNT; i++)
        assert_true(nonces_add(nonces, (uint64_t)i * 2654435761u, i));
    for (int64_t i = 1; i <= COUNT; i++) {
        uint32_t at = 0;
        int64_t seq = 0;
        bool found = nonces_find(nonces, (uint64_t)i * 2654435761u, &at, &seq);
        assert_int_equal(found, i > COUNT - WINDOW);
        assert_true(!found || seq == i);
    }
    nonces_destroy(nonces);
}

static void nonces_of_one_hash_are_all_found_the_newest_first(void **state)
{
    (void)state;
    struct nonces *nonces = nonces_create(64);
    for (int64_t i = 1; i <= 40; i++)
        assert_true(nonces_add(nonces, 7, i));
    uint32_t at = 0;
    int64_t seq;
    for (int64_t i = 40; i >= 1; i--) {
        assert_true(nonces_find(nonces, 7, &at, &seq));
        assert_int_equal(seq, i);
    }
    assert_false(nonces_find(nonces, 7, &at, &seq));
    nonces_destroy(nonces);
}

static void an_empty_window_finds_nothing_and_takes_little(void **state)
{
    (void)state;
    struct nonces *nonces = nonces_create(65536);
    uint32_t at = 0;
    int64_t seq;
    assert_false(nonces_find(nonces, 1, &at, &seq));
    assert_true(nonces_bytes(nonces) < 128);
    nonces_destroy(nonces);
    nonces_destroy(NULL);
}

static void the_sender_is_part_of_a_nonce(void **state)
{
    (void)state;
    assert_true(nonce_hash(1, "mina", "n") != nonce_hash(2, "mina", "n"));
    assert_true(nonce_hash(1, "mina", "n") == nonce_hash(1, "renamed", "n"));
    assert_true(nonce_hash(0, "client-1", "n") != nonce_hash(0, "client-2", "n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_holds_exactly_the_newest),
        cmocka_unit_test(nonces_of_one_hash_are_all_found_the_newest_first),
        cmocka_unit_test(an_empty_window_finds_nothing_and_takes_little),
        cmocka_unit_test(the_sender_is_part_of_a_nonce),
    };
    return cmocka_run_group_tests_name("storage.nonces", tests, NULL, NULL);
}

/* What messages are called on the mesh, and nodes in rooms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/known.h"

static struct known known;

static int empty(void **state)
{
    (void)state;
    known = (struct known){.next = 0};
    return 0;
}

static void a_message_is_found_by_seq_and_by_the_id_of_each_part(void **state)
{
    (void)state;
    known_add(&known, 0, 7, 100);
    known_add(&known, 0, 7, 101);
    known_add(&known, 1, 7, 200);
    assert_int_equal(known_seq(&known, 0, 101), 7);
    assert_int_equal(known_id(&known, 0, 7), 100);
    assert_int_equal(known_id(&known, 1, 7), 200);
    assert_int_equal(known_seq(&known, 1, 100), 0);
    assert_int_equal(known_id(&known, 0, 8), 0);
    assert_int_equal(known_seq(&known, 0, 0), 0);
    assert_int_equal(known_id(&known, 0, 0), 0);
}

static void the_newest_messages_are_known(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 2 * KNOWN_MESSAGES_MAX; i++)
        known_add(&known, 0, i, 5000 + i);
    assert_int_equal(known_seq(&known, 0, 5000 + KNOWN_MESSAGES_MAX), 0);
    assert_int_equal(known_seq(&known, 0, 5001 + KNOWN_MESSAGES_MAX), 1 + KNOWN_MESSAGES_MAX);
}

static void a_node_is_shown_by_its_name_or_its_number(void **state)
{
    (void)state;
    char shown[KNOWN_NAME_BYTES + 8], name[KNOWN_NAME_BYTES];
    known_shown(&known, 0xabc, shown);
    assert_string_equal(shown, "!00000abc (mesh)");
    known_unshown(shown, name);
    assert_string_equal(name, "");
    known_name(&known, 0xabc, "KB7XYZ");
    known_name(&known, 0xabc, "");
    known_shown(&known, 0xabc, shown);
    assert_string_equal(shown, "KB7XYZ (mesh)");
    known_unshown(shown, name);
    assert_string_equal(name, "KB7XYZ");
    known_unshown("mina", name);
    assert_string_equal(name, "");
}

static void whoever_was_heard_longest_ago_is_forgotten(void **state)
{
    (void)state;
    char shown[KNOWN_NAME_BYTES + 8], name[16];
    for (uint32_t i = 1; i <= KNOWN_NODES_MAX; i++) {
        snprintf(name, sizeof name, "n%u", i);
        known_name(&known, i, name);
    }
    known_shown(&known, 1, shown); /* it speaks */
    known_name(&known, 9999, "new");
    known_shown(&known, 1, shown);
    assert_string_equal(shown, "n1 (mesh)");
    known_shown(&known, 2, shown);
    assert_string_equal(shown, "!00000002 (mesh)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_message_is_found_by_seq_and_by_the_id_of_each_part, empty),
        cmocka_unit_test_setup(the_newest_messages_are_known, empty),
        cmocka_unit_test_setup(a_node_is_shown_by_its_name_or_its_number, empty),
        cmocka_unit_test_setup(whoever_was_heard_longest_ago_is_forgotten, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "daemon/core/permission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void every_role_may_exactly_what_the_table_says(void **state)
{
    (void)state;
    for (enum operation operation = 0; operation < OPERATION_COUNT; operation++)
        for (enum role role = ROLE_NONE; role <= ROLE_ADMIN; role++)
            assert_int_equal(permission_allows(role, operation),
                             role != ROLE_NONE && role >= permission_least(operation));
}

static void no_role_may_nothing_and_no_operation_is_free(void **state)
{
    (void)state;
    for (enum operation operation = 0; operation < OPERATION_COUNT; operation++) {
        assert_false(permission_allows(ROLE_NONE, operation));
        assert_in_range(permission_least(operation), ROLE_GUEST, ROLE_ADMIN);
    }
}

static void what_only_the_administrator_may_is_refused_to_owners(void **state)
{
    (void)state;
    const enum operation administrators[] = {OPERATION_status, OPERATION_backup, OPERATION_restore,
                                             OPERATION_export, OPERATION_import, OPERATION_keep};
    for (size_t i = 0; i < sizeof administrators / sizeof administrators[0]; i++) {
        assert_false(permission_allows(ROLE_OWNER, administrators[i]));
        assert_true(permission_allows(ROLE_ADMIN, administrators[i]));
    }
}

static void nobody_acts_on_an_equal(void **state)
{
    (void)state;
    assert_true(permission_outranks(ROLE_MODERATOR, ROLE_MEMBER));
    assert_false(permission_outranks(ROLE_MODERATOR, ROLE_MODERATOR));
    assert_false(permission_outranks(ROLE_MODERATOR, ROLE_OWNER));
    assert_true(permission_outranks(ROLE_ADMIN, ROLE_OWNER));
}

static void roles_are_found_by_their_names(void **state)
{
    (void)state;
    for (enum role role = ROLE_GUEST; role <= ROLE_ADMIN; role++)
        assert_int_equal(role_find(role_name(role)), role);
    assert_int_equal(role_find("none"), ROLE_NONE);
    assert_int_equal(role_find("king"), ROLE_NONE);
    assert_int_equal(role_find(""), ROLE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_may_exactly_what_the_table_says),
        cmocka_unit_test(no_role_may_nothing_and_no_operation_is_free),
        cmocka_unit_test(what_only_the_administrator_may_is_refused_to_owners),
        cmocka_unit_test(nobody_acts_on_an_equal),
        cmocka_unit_test(roles_are_found_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

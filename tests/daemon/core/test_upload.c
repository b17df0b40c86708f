/* Files on their way in, where storage has no room for what is to be done about them. */
#include "daemon/core/upload.h"
#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

HARNESS_FOR_EACH_TEST(NULL)

static struct upload *begin(void)
{
    const struct file_row file = {.room_id = 1, .user_id = 2, .size = 10, .name = "x"};
    struct upload *upload = upload_create(harness.gateway, &file);
    assert_non_null(upload);
    return upload;
}

static void one_that_ends_while_storage_is_full_is_forgotten_there_later(void **state)
{
    (void)state;
    struct upload *upload = begin();
    char id[FILE_ID_BYTES + 1];
    memcpy(id, upload->file.id, sizeof id);
    fake_store_be_busy(harness.store, true);
    upload_destroy(harness.gateway, upload);
    harness_advance(&harness, 1000);
    assert_int_equal(fake_store_submitted(harness.store, JOB_FILE_STEP), 0);
    assert_null(upload_find(harness.gateway, id, 2));
    fake_store_be_busy(harness.store, false);
    harness_advance(&harness, 1000);
    assert_int_equal(fake_store_submitted(harness.store, JOB_FILE_STEP), 1);
    assert_null(harness.gateway->files.uploads);
}

static void as_many_that_storage_has_not_forgotten_leave_no_place(void **state)
{
    (void)state;
    fake_store_be_busy(harness.store, true);
    for (int64_t i = 0; i < harness.config.files.uploads; i++) {
        assert_true(upload_make_place(harness.gateway));
        upload_destroy(harness.gateway, begin());
    }
    assert_false(upload_make_place(harness.gateway));
    fake_store_be_busy(harness.store, false);
    harness_advance(&harness, 1000);
    assert_true(upload_make_place(harness.gateway));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_ends_while_storage_is_full_is_forgotten_there_later),
        TEST(as_many_that_storage_has_not_forgotten_leave_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/daemon/core/harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

HARNESS_FOR_EACH_TEST(NULL)

static void the_administrator_sees_figures_and_guests_do_not(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness),
                       *mina = harness_member(&harness, "mina", "lobby");
    client_send(admin, "{\"type\":\"status\"}");
    const char *status = client_expect(admin, "status");
    assert_int_equal(number_in(status, "connections"), 2);
    assert_int_equal(number_in(status, "users_here"), 1);
    assert_int_equal(number_in(status, "rooms"), 1);
    client_send(mina, "{\"type\":\"status\"}");
    client_expect_error(mina, "forbidden");
}

static void a_backup_wants_an_absolute_path_and_does_not_overwrite_by_itself(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness);
    client_send(admin, "{\"type\":\"backup\",\"path\":\"here.db\"}");
    client_expect_error(admin, "bad_request");
    client_send(admin, "{\"type\":\"backup\",\"path\":\"/exists.db\"}");
    client_expect_error(admin, "bad_request");
    client_send(admin, "{\"type\":\"backup\",\"path\":\"/exists.db\",\"overwrite\":true}");
    assert_int_equal(number_in(client_expect(admin, "done"), "bytes"), 4096);
    assert_false(gateway_wants_restart(harness.gateway));
}

static void a_restore_wants_everything_built_again(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness);
    client_send(admin, "{\"type\":\"restore\",\"path\":\"/backup.db\"}");
    (void)client_expect(admin, "done");
    assert_true(gateway_wants_restart(harness.gateway));
}

#define ROW "{\"kind\":\"message\",\"seq\":%d,\"ts\":%d,\"from\":\"ann\",\"text\":\"t%d\"}"

static void what_is_imported_is_told_and_exported_as_it_came(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness),
                       *mina = harness_member(&harness, "mina", "lobby");
    client_send(admin, "{\"type\":\"import\",\"room\":\"lobby\",\"rows\":[" ROW "," ROW "]}", 5, 50,
                5, 9, 90, 9);
    assert_int_equal(number_in(client_expect(admin, "imported"), "rows"), 2);
    assert_int_equal(number_in(client_expect(mina, "message"), "seq"), 5);
    assert_int_equal(number_in(client_expect(mina, "message"), "seq"), 9);
    client_send(admin, "{\"type\":\"export\",\"room\":\"lobby\"}");
    const char *exported = client_expect(admin, "exported");
    char row[128];
    snprintf(row, sizeof row, ROW, 5, 50, 5);
    assert_non_null(strstr(exported, row));
    assert_int_equal(number_in(exported, "last"), 9);
}

static void rows_that_do_not_follow_are_refused_as_a_whole(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness);
    client_send(admin, "{\"type\":\"import\",\"room\":\"lobby\",\"rows\":[" ROW "," ROW "]}", 5, 50,
                5, 5, 90, 9);
    client_expect_error(admin, "bad_request");
    client_send(admin,
                "{\"type\":\"import\",\"room\":\"lobby\",\"rows\":[{\"kind\":\"edit\",\"seq\":1,"
                "\"ts\":1,\"from\":\"a\",\"text\":\"no target\"}]}");
    client_expect_error(admin, "bad_request");
    assert_int_equal(fake_store_submitted(harness.store, JOB_IMPORT), 0);
}

static void an_import_makes_the_room_it_names(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness), *mina = harness_guest(&harness, "mina");
    client_send(admin, "{\"type\":\"import\",\"room\":\"old\",\"rows\":[" ROW "]}", 1, 1, 1);
    (void)client_expect(admin, "imported");
    assert_non_null(strstr(client_expect(mina, "room"), "\"name\":\"old\""));
    client_send(mina, "{\"type\":\"join\",\"room\":\"old\"}");
    assert_int_equal(number_in(client_expect(mina, "joined"), "last"), 1);
}

static void a_long_room_is_exported_page_by_page(void **state)
{
    (void)state;
    struct test_client *admin = harness_admin(&harness);
    for (int i = 1; i <= 25; i++)
        client_send(admin, "{\"type\":\"import\",\"room\":\"lobby\",\"rows\":[" ROW "]}", i, i, i);
    int64_t after = 0;
    int pages = 0;
    const char *page;
    do {
        client_send(admin, "{\"type\":\"export\",\"room\":\"lobby\",\"after\":%d,\"limit\":10}",
                    (int)after);
        page = client_expect(admin, "exported");
        after += 10;
        pages++;
    } while (strstr(page, "\"more\":true"));
    assert_int_equal(pages, 3);
}

static void the_metrics_are_prometheus_text_with_what_is_promised(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct test_client *mina = harness_member(&harness, "mina", "lobby");
    client_send(mina, "{\"type\":\"join\",\"room\":\"nowhere\"}");
    gateway_turn_took(harness.gateway, 10);
    gateway_turn_took(harness.gateway, 100000000);
    const struct host_tls tls = {0};
    const struct refusal_figure refusals[] = {{"head", 2}, {"full", 0}};
    const struct connection_figures connections = {
        .open = 3, .max = 9, .accepted = 5, .tls = &tls, .refusals = refusals, .refusal_count = 2};
    assert_true(gateway_metrics(harness.gateway, &connections, &out));
    assert_true(buffer_append(&out, "", 1));
    const char *text = (const char *)out.bytes;
    static const char *const lines[] = {
        "\nhearth_connections 3\n", "\nhearth_connections_max 9\n", "\nhearth_sessions 1\n",
        "\nhearth_users 1\n",
        "\n# TYPE hearth_storage_written_bytes_total counter\n",
        "\nhearth_errors_total{error_code=\"room_not_found\"} 1\n",
        "\nhearth_refusals_total{reason=\"head\"} 2\n",
        "\nhearth_refusals_total{reason=\"full\"} 0\n",
        "\nhearth_joins_total{scheme=\"http\"} 1\n",
        "\nhearth_joins_failed_total 1\n",
        "\nhearth_clock_state{state=\"unset\"} 0\n",
        "\nhearth_loop_turn_seconds_bucket{le=\"0.000016\"} 1\n",
        "\nhearth_loop_turn_seconds_bucket{le=\"+Inf\"} 2\n",
        "\nhearth_loop_turn_seconds_count 2\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(text, lines[i]))
            fail_msg("the metrics lack %s", lines[i]);
    buffer_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_administrator_sees_figures_and_guests_do_not),
        TEST(a_backup_wants_an_absolute_path_and_does_not_overwrite_by_itself),
        TEST(a_restore_wants_everything_built_again),
        TEST(what_is_imported_is_told_and_exported_as_it_came),
        TEST(rows_that_do_not_follow_are_refused_as_a_whole),
        TEST(an_import_makes_the_room_it_names),
        TEST(a_long_room_is_exported_page_by_page),
        TEST(the_metrics_are_prometheus_text_with_what_is_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

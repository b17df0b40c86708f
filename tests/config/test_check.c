#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

static struct config config;
static char why[CONFIG_WHY_BYTES];

static int prepare(void **state)
{
    (void)state;
    config_defaults(&config);
    return 0;
}

static void set(const char *assignment)
{
    assert_true(config_set(&config, assignment, why, sizeof why));
}

static void assert_check_says(const char *expected)
{
    assert_false(config_check(&config, why, sizeof why));
    assert_string_equal(why, expected);
    config_defaults(&config);
}

static void values_that_do_not_fit_each_other_are_named(void **state)
{
    (void)state;
    set("limits.text_bytes=65536");
    assert_check_says("limits.frame_bytes is 32768; it must be at least limits.text_bytes and 1024 "
                      "more, which is 66560.");
    set("limits.write_bytes=1048576");
    assert_check_says("limits.room_log_bytes is 262144; it must be at least limits.write_bytes, "
                      "which is 1048576.");
    set("limits.log_bytes=65536");
    assert_check_says("limits.log_bytes is 65536; it must be at least limits.room_log_bytes, which "
                      "is 262144.");
    set("limits.replies_bytes=262144");
    set("limits.reply_bytes=262145");
    assert_check_says("limits.replies_bytes is 262144; it must be at least limits.reply_bytes, "
                      "which is 262145.");
}

static void addresses_and_paths_have_to_be_there(void **state)
{
    (void)state;
    set("listen.address=localhost");
    assert_check_says("listen.address is \"localhost\"; it must be an IPv4 or IPv6 address.");
    set("storage.path=");
    assert_check_says("storage.path is empty; it must name the database file.");
}

static void assert_names_say(const char *expected)
{
    assert_false(config_check_names(&config, why, sizeof why));
    assert_string_equal(why, expected);
    config_defaults(&config);
}

static void rooms_have_names_that_rooms_may_have(void **state)
{
    (void)state;
    assert_true(config_check_names(&config, why, sizeof why));
    set("rooms.first=");
    assert_names_say("rooms.first is empty; it must name a room.");
    set("plain.room=");
    assert_names_say("plain.room is empty; it must name a room.");
    set("plain.room=");
    set("plain.enabled=false");
    assert_true(config_check_names(&config, why, sizeof why));
}

static void an_origin_has_a_scheme_and_nothing_after_the_host(void **state)
{
    (void)state;
    const char *good[] = {"https://chat.example.org", "http://a:8080, https://b,capacitor://localhost",
                          ""};
    const char *bad[] = {"chat.example.org", "https://a/", "https://", "://a",
                         "https://good.example,evil"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        strcpy(config.http.allowed_origins, good[i]);
        assert_true(config_check(&config, why, sizeof why));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        strcpy(config.http.allowed_origins, bad[i]);
        assert_false(config_check(&config, why, sizeof why));
        assert_non_null(strstr(why, "http.allowed_origins holds"));
    }
}

static void networks_are_addresses_with_or_without_a_prefix(void **state)
{
    (void)state;
    const char *good[] = {"10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::/0", "fd00::/8", "::1/128",
                          " 10.0.0.1 , ::1 ", "", ","};
    const char *bad[] = {"10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1",
                         "10.0.0.0/8x", "lan", "10.0.0.1 10.0.0.2", "::1%eth0", "10.0.0.0/008000"};
    char assignment[128];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(assignment, sizeof assignment, "limits.exempt=%s", good[i]);
        assert_true(config_set(&config, assignment, why, sizeof why));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(assignment, sizeof assignment, "limits.exempt=%s", bad[i]);
        assert_false(config_set(&config, assignment, why, sizeof why));
    }
}

static void the_admin_socket_stands_beside_the_database(void **state)
{
    (void)state;
    char out[300];
    config_admin_socket(&config, out, sizeof out);
    assert_string_equal(out, "/var/lib/hearth/hearth.sock");
    set("storage.path=chat.db");
    config_admin_socket(&config, out, sizeof out);
    assert_string_equal(out, "hearth.sock");
    set("admin.socket=/run/hearth/admin");
    config_admin_socket(&config, out, sizeof out);
    assert_string_equal(out, "/run/hearth/admin");
}

static void a_socket_path_that_no_unix_socket_can_have_is_refused(void **state)
{
    (void)state;
    memset(config.storage.path, 'x', sizeof config.storage.path - 1);
    config.storage.path[0] = '/';
    config.storage.path[150] = '/';
    assert_false(config_check(&config, why, sizeof why));
    assert_non_null(strstr(why, "set admin.socket to a shorter one"));
    set("admin.socket=/run/hearth.sock");
    assert_true(config_check(&config, why, sizeof why));
}

static void memory_is_the_sum_of_its_parts_and_grows_with_each_limit(void **state)
{
    (void)state;
    struct memory_bounds before = config_memory(&config);
    assert_int_equal(before.total, before.process + before.connections + before.replies +
                                       before.logs + before.door + before.jobs + before.store);
    const char *changes[] = {"limits.connections=2000", "limits.frame_bytes=65536",
                             "limits.members=10000", "limits.received_bytes=8388608",
                             "limits.unsent_bytes=8388608", "limits.http_bytes=8388608",
                             "limits.replies_bytes=16777216", "limits.log_bytes=8388608",
                             "limits.rooms=2000", "limits.rooms_reserved=100",
                             "limits.direct_rooms=2000", "storage.pending_bytes=8388608", "storage.readers=4",
                             "storage.cache_bytes=2097152"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        config_defaults(&config);
        set(changes[i]);
        assert_true(config_memory(&config).total > before.total);
    }
}

static void the_defaults_fit_a_board(void **state)
{
    (void)state;
    assert_in_range(config_memory(&config).total, INT64_C(32) << 20, INT64_C(74) << 20);
}

static void the_largest_configuration_does_not_overflow(void **state)
{
    (void)state;
    const char *changes[] = {
        "limits.connections=65536",      "limits.frame_bytes=1048576",
        "limits.members=1048576",        "limits.rooms=100000",
        "limits.direct_rooms=100000",
        "storage.pending_max=65536",     "limits.text_bytes=65536",
        "limits.rooms_per_session=1024", "limits.received_bytes=1073741824",
        "limits.http_bytes=1073741824",  "limits.unsent_bytes=1073741824",
        "limits.log_bytes=1073741824",   "storage.pending_bytes=1073741824"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        set(changes[i]);
    assert_true(config_memory(&config).total > INT64_C(6) * 1073741824);
}

static void what_is_read_again_counts_as_the_table_says(void **state)
{
    static struct config fresh;
    struct config_changes changes;
    (void)state;
    config_defaults(&fresh);
    config_take(&config, &fresh, &changes);
    assert_string_equal(changes.applied, "");
    assert_string_equal(changes.waiting, "");
    assert_true(config_set(&fresh, "limits.text_bytes=99", why, sizeof why));
    assert_true(config_set(&fresh, "server.name=other", why, sizeof why));
    assert_true(config_set(&fresh, "storage.cache_bytes=70000", why, sizeof why));
    assert_true(config_set(&fresh, "listen.port=1", why, sizeof why));
    config_take(&config, &fresh, &changes);
    assert_string_equal(changes.applied, "server.name limits.text_bytes");
    assert_string_equal(changes.waiting, "listen.port storage.cache_bytes");
    assert_int_equal(config.limits.text_bytes, 99);
    assert_string_equal(config.server.name, "other");
    assert_int_equal(config.listen.port, 8080);
    assert_int_not_equal(config.storage.cache_bytes, 70000);
}

#define MIB (INT64_C(1) << 20)

static void a_small_board_takes_at_most_20_mib_and_says_so_itself(void **state)
{
    (void)state;
    assert_int_equal(config_take_profile(&config, 256 * MIB), PROFILE_NORMAL);
    assert_int_equal(config.limits.connections, 1000);
    assert_int_equal(config_take_profile(&config, 0), PROFILE_NORMAL);
    assert_int_equal(config_take_profile(&config, 64 * MIB), PROFILE_SMALL);
    assert_int_equal(config.limits.connections, 100);
    assert_true(config_check(&config, why, sizeof why));
    assert_true(config_memory(&config).total <= 20 * MIB);
}

/* Fewer connections, for one with TLS takes more. */
static void a_small_board_takes_at_most_20_mib_with_tls_too(void **state)
{
    static const char *const modes[] = {"tls.mode=files", "tls.mode=local_ca"};
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        set(modes[i]);
        set("memory.profile=small");
        assert_int_equal(config_take_profile(&config, 0), PROFILE_SMALL);
        assert_int_equal(config.limits.connections, 40);
        assert_true(config.files.enabled && config.accounts.passwords && config.storage.search);
        assert_true(config_memory(&config).total > 19 * MIB);
        assert_true(config_memory(&config).total <= 20 * MIB);
        config_as_profile(&config, PROFILE_NORMAL);
        assert_int_equal(config.limits.connections, 1000);
    }
}

static void what_is_set_stays_and_what_is_asked_for_counts(void **state)
{
    (void)state;
    set("limits.connections=300");
    set("memory.profile=small");
    assert_int_equal(config_take_profile(&config, 4096 * MIB), PROFILE_SMALL);
    assert_int_equal(config.limits.connections, 300);
    assert_int_equal(config.storage.readers, 1);
    config_as_profile(&config, PROFILE_NORMAL);
    assert_int_equal(config.limits.connections, 300);
    assert_int_equal(config.storage.readers, 2);
    set("memory.profile=normal");
    assert_int_equal(config_take_profile(&config, 64 * MIB), PROFILE_NORMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_read_again_counts_as_the_table_says, prepare),
        cmocka_unit_test_setup(values_that_do_not_fit_each_other_are_named, prepare),
        cmocka_unit_test_setup(addresses_and_paths_have_to_be_there, prepare),
        cmocka_unit_test_setup(rooms_have_names_that_rooms_may_have, prepare),
        cmocka_unit_test_setup(an_origin_has_a_scheme_and_nothing_after_the_host, prepare),
        cmocka_unit_test_setup(networks_are_addresses_with_or_without_a_prefix, prepare),
        cmocka_unit_test_setup(the_admin_socket_stands_beside_the_database, prepare),
        cmocka_unit_test_setup(a_socket_path_that_no_unix_socket_can_have_is_refused, prepare),
        cmocka_unit_test_setup(memory_is_the_sum_of_its_parts_and_grows_with_each_limit, prepare),
        cmocka_unit_test_setup(the_defaults_fit_a_board, prepare),
        cmocka_unit_test_setup(a_small_board_takes_at_most_20_mib_and_says_so_itself, prepare),
        cmocka_unit_test_setup(a_small_board_takes_at_most_20_mib_with_tls_too, prepare),
        cmocka_unit_test_setup(what_is_set_stays_and_what_is_asked_for_counts, prepare),
        cmocka_unit_test_setup(the_largest_configuration_does_not_overflow, prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

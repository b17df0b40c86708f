#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/setting.h"

/* libconfig 1.5 loses what it was reading when the syntax is wrong; a daemon reads one file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig";
}

static struct config config;
static char why[CONFIG_WHY_BYTES];
static char path[] = "/tmp/hearth-test-config-XXXXXX";
static char folder[] = "/tmp/hearth-test-folder-XXXXXX";

static int prepare(void **state)
{
    (void)state;
    config_defaults(&config);
    why[0] = '\0';
    return 0;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static bool load(const char *text)
{
    write_file(path, text);
    return config_load(&config, path, why, sizeof why);
}

/* why without the file's name: "1: limits ..." */
static void assert_refused(const char *text, const char *expected)
{
    struct config before = config;
    assert_false(load(text));
    assert_memory_equal(why, path, strlen(path));
    assert_string_equal(why + strlen(path) + 1, expected);
    assert_memory_equal(&before, &config, sizeof config);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    size_t count;
    const struct setting *table = setting_table(&count);
    for (const struct setting *row = table; row < table + count; row++) {
        const char *value = (const char *)&config + row->offset;
        if (row->kind == SETTING_INT)
            assert_memory_equal(value, &row->number, sizeof row->number);
        else if (row->kind == SETTING_TEXT || row->kind == SETTING_LIST)
            assert_string_equal(value, row->text);
    }
    assert_string_equal(config.server.name, "hearth");
    assert_true(config.plain.enabled);
    assert_int_equal(config.log.level, LEVEL_INFO);
    assert_true(config_check(&config, why, sizeof why));
}

static void every_default_lies_within_its_bounds(void **state)
{
    (void)state;
    size_t count;
    const struct setting *table = setting_table(&count);
    for (const struct setting *row = table; row < table + count; row++) {
        if (row->kind == SETTING_INT)
            assert_true(setting_put_number(row, &config, row->number, why, sizeof why));
        else if (row->kind != SETTING_GROUP && row->text)
            assert_true(setting_put_text(row, &config, row->text, why, sizeof why));
    }
}

static void every_integer_is_held_to_its_bounds(void **state)
{
    (void)state;
    size_t count;
    const struct setting *table = setting_table(&count);
    for (const struct setting *row = table; row < table + count; row++) {
        if (row->kind != SETTING_INT)
            continue;
        assert_true(setting_put_number(row, &config, row->min, why, sizeof why));
        assert_true(setting_put_number(row, &config, row->max, why, sizeof why));
        assert_false(setting_put_number(row, &config, row->min - 1, why, sizeof why));
        assert_false(setting_put_number(row, &config, row->max + 1, why, sizeof why));
        assert_non_null(strstr(why, row->name));
    }
}

static void every_text_is_held_to_its_bytes(void **state)
{
    (void)state;
    size_t count;
    char text[4096];
    const struct setting *table = setting_table(&count);
    for (const struct setting *row = table; row < table + count; row++) {
        if (row->kind != SETTING_TEXT && row->kind != SETTING_LIST)
            continue;
        memset(text, 'x', sizeof text);
        text[row->max] = '\0';
        assert_true(setting_put_text(row, &config, text, why, sizeof why));
        assert_string_equal((char *)&config + row->offset, text);
        text[row->max] = 'x';
        text[row->max + 1] = '\0';
        assert_false(setting_put_text(row, &config, text, why, sizeof why));
    }
}

static void a_file_may_name_a_few_settings(void **state)
{
    (void)state;
    assert_true(load("// a comment\nlisten = { port = 80; }; # another\n"
                     "storage: { durability = \"process_crash\"; max_bytes = 1099511627776L }\n"));
    assert_int_equal(config.listen.port, 80);
    assert_int_equal(config.storage.durability, DURABILITY_PROCESS_CRASH);
    assert_int_equal(config.storage.max_bytes, INT64_C(1099511627776));
    assert_string_equal(config.listen.address, "::");
}

static void a_file_may_have_been_through_an_editor_on_windows(void **state)
{
    (void)state;
    assert_true(load("\xEF\xBB\xBFlisten = { port = 80; };\r\n# more\r\nserver = { name = \"a\"; };\r\n"));
    assert_int_equal(config.listen.port, 80);
    assert_string_equal(config.server.name, "a");
}

static void an_array_of_strings_becomes_a_list_with_commas(void **state)
{
    (void)state;
    assert_true(load("limits = { exempt = [\"10.0.0.0/8\", \"fd00::/8\", \"192.168.1.7\"]; };\n"
                     "http = { allowed_origins = (\"https://a.example\"); allowed_hosts = []; };"));
    assert_string_equal(config.limits.exempt, "10.0.0.0/8,fd00::/8,192.168.1.7");
    assert_string_equal(config.http.allowed_origins, "https://a.example");
    assert_string_equal(config.http.allowed_hosts, "");
}

static void what_is_printed_reads_back_to_the_same(void **state)
{
    (void)state;
    static struct config again;
    const char *changes[] = {"server.name=a \"b\" \\ c", "limits.exempt=10.0.0.0/8, ::1",
                             "storage.max_bytes=1099511627776", "plain.enabled=false",
                             "log.level=debug", "http.allowed_hosts=a,b"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        assert_true(config_set(&config, changes[i], why, sizeof why));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    config_print(&config, file);
    assert_int_equal(fclose(file), 0);
    config_defaults(&again);
    assert_true(config_load(&again, path, why, sizeof why));
    assert_string_equal(again.server.name, "a \"b\" \\ c");
    assert_string_equal(again.limits.exempt, "10.0.0.0/8,::1");
    assert_int_equal(again.storage.max_bytes, config.storage.max_bytes);
    assert_false(again.plain.enabled);
    assert_int_equal(again.log.level, LEVEL_DEBUG);
}

static void an_error_names_file_line_and_what_is_wrong(void **state)
{
    (void)state;
    assert_refused("\n\nnonsense = 1;", "3: There is no group \"nonsense\".");
    assert_refused("limits = {\n  text_byte = 3; };", "2: There is no setting \"limits.text_byte\".");
    assert_refused("limits = { text_bytes = 3; };",
                   "1: limits.text_bytes is 3; it must be 16 to 65536 bytes.");
    assert_refused("limits = { text_bytes = \"3\"; };", "1: limits.text_bytes must be an integer.");
    assert_refused("limits = { text_bytes = 3.5; };", "1: limits.text_bytes must be an integer.");
    assert_refused("plain = { enabled = 1; };", "1: plain.enabled must be true or false.");
    assert_refused("server = { name = 5; };", "1: server.name must be a string.");
    assert_refused("limits = { exempt = [1, 2]; };",
                   "1: limits.exempt must hold strings without commas.");
    assert_refused("limits = 5;", "1: limits must be a group: limits = { ... };");
    assert_refused("log = { level = \"loud\"; };",
                   "1: log.level is \"loud\"; it must be one of error|warn|info|debug.");
    assert_refused("log = {\n level = \n};", "3: The file cannot be understood here: syntax error.");
    assert_refused("log = { level = \"info\"; level = \"warn\"; };",
                   "1: The file cannot be understood here: duplicate setting name.");
    assert_refused("server = { name = \"a\\x07b\"; };",
                   "1: server.name may not hold control characters.");
}

static void numbers_that_libconfig_would_cut_are_refused(void **state)
{
    (void)state;
    assert_refused("storage = {\n max_bytes = 1099511627776; };",
                   "2: Write 1099511627776L: a number beyond 2147483647 needs an L at its end here.");
    assert_refused("limits = { port_text = \"99999999999\"; /* 99999999999 */ connections = "
                   "99999999999999999999; }; # 99999999999",
                   "1: 99999999999999999999 is too large a number.");
    assert_refused("limits = { connections = 4294967297; };",
                   "1: Write 4294967297L: a number beyond 2147483647 needs an L at its end here.");
    assert_refused("limits = { connections = 4294967297L; };",
                   "1: limits.connections is 4294967297; it must be 1 to 65536 connections.");
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    assert_false(config_load(&config, "/nowhere/hearth.conf", why, sizeof why));
    assert_string_equal(why, "/nowhere/hearth.conf cannot be read: No such file or directory.");
    assert_false(config_load(&config, "/tmp", why, sizeof why));
    assert_string_equal(why, "/tmp cannot be read: Is a directory.");
}

static void an_included_file_is_found_beside_the_first_and_checked_as_well(void **state)
{
    (void)state;
    char first[64];
    char second[64];
    snprintf(first, sizeof first, "%s/a.conf", folder);
    snprintf(second, sizeof second, "%s/b.conf", folder);
    write_file(first, "@include \"b.conf\"\nlisten = { port = 81; };\n");
    write_file(second, "storage = { max_bytes = 5L; };\n");
    if (!config_load(&config, first, why, sizeof why))
        fail_msg("%s", why);
    assert_int_equal(config.storage.max_bytes, 5);
    assert_int_equal(config.listen.port, 81);
    write_file(second, "\nstorage = { max_bytes = 1099511627776; };\n");
    assert_false(config_load(&config, first, why, sizeof why));
    assert_non_null(strstr(why, "b.conf:2: Write 1099511627776L"));
    assert_int_equal(unlink(second), 0);
    assert_false(config_load(&config, first, why, sizeof why));
    assert_non_null(strstr(why, "a.conf:1: The file cannot be understood here: cannot open"));
    assert_int_equal(unlink(first), 0);
}

static void set_takes_one_value_from_the_command_line(void **state)
{
    (void)state;
    assert_true(config_set(&config, "storage.max_bytes=1099511627776", why, sizeof why));
    assert_true(config_set(&config, "server.name=a=b.c", why, sizeof why));
    assert_true(config_set(&config, "limits.exempt=127.0.0.1,::1", why, sizeof why));
    assert_string_equal(config.server.name, "a=b.c");
    const char *bad[][2] = {
        {"listen.port=x", "listen.port is \"x\"; it must be an integer."},
        {"listen.port=", "listen.port is \"\"; it must be an integer."},
        {"listen.port=80 ", "listen.port is \"80 \"; it must be an integer."},
        {"listen.port=99999999999999999999",
         "listen.port is \"99999999999999999999\"; it must be an integer."},
        {"listen.port=65536", "listen.port is 65536; it must be 0 to 65535."},
        {"listen.ports=1", "There is no setting \"listen.ports\"."},
        {"listen=1", "\"listen=1\" is no setting; write group.name=value."},
        {"listen.=1", "There is no setting \"listen.\"."},
        {"plain.enabled=yes", "plain.enabled is \"yes\"; it must be true or false."},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(config_set(&config, bad[i][0], why, sizeof why));
        assert_string_equal(why, bad[i][1]);
    }
}

static void a_file_of_any_bytes_is_refused_or_read_but_never_worse(void **state)
{
    (void)state;
    char text[200];
    srand(7);
    for (int round = 0; round < 600; round++) { /* tests/fuzz goes on from here */
        static const char alphabet[] = "limts.txt_b={}[]();:\"\\/*#\n0129L-x@";
        size_t length = (size_t)rand() % (sizeof text - 1);
        for (size_t i = 0; i < length; i++)
            text[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        text[length] = '\0';
        if (!load(text))
            assert_true(strlen(why) > 0);
        config_defaults(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_are_those_of_the_table, prepare),
        cmocka_unit_test_setup(every_default_lies_within_its_bounds, prepare),
        cmocka_unit_test_setup(every_integer_is_held_to_its_bounds, prepare),
        cmocka_unit_test_setup(every_text_is_held_to_its_bytes, prepare),
        cmocka_unit_test_setup(a_file_may_name_a_few_settings, prepare),
        cmocka_unit_test_setup(a_file_may_have_been_through_an_editor_on_windows, prepare),
        cmocka_unit_test_setup(an_array_of_strings_becomes_a_list_with_commas, prepare),
        cmocka_unit_test_setup(what_is_printed_reads_back_to_the_same, prepare),
        cmocka_unit_test_setup(an_error_names_file_line_and_what_is_wrong, prepare),
        cmocka_unit_test_setup(numbers_that_libconfig_would_cut_are_refused, prepare),
        cmocka_unit_test_setup(a_file_that_cannot_be_read_says_why, prepare),
        cmocka_unit_test_setup(an_included_file_is_found_beside_the_first_and_checked_as_well,
                               prepare),
        cmocka_unit_test_setup(set_takes_one_value_from_the_command_line, prepare),
        cmocka_unit_test_setup(a_file_of_any_bytes_is_refused_or_read_but_never_worse, prepare),
    };
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0 || !mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}

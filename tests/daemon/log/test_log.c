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
#include "daemon/log.h"

static char text[65536]; /* what was written to standard error since the last start_reading */
static FILE *file;
static int real_stderr;

static void start_reading(void)
{
    file = tmpfile();
    assert_non_null(file);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

static int stop_reading(void)
{
    int lines = 0;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

static void a_line_has_its_level_and_stays_one_line(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_open(LEVEL_INFO, TARGET_STDERR, FORMAT_TEXT);
    start_reading();
    log_info("session: closed reason=%s\nfaked line\x1b[31m", "x\ry");
    log_debug("not shown");
    int lines = stop_reading();
    assert_int_equal(lines, 1);
    assert_non_null(strstr(text, "Z info session: closed reason=x?y?faked line?[31m\n"));
}

static void the_journal_gets_the_priority_and_no_time(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_open(LEVEL_DEBUG, TARGET_STDERR, FORMAT_TEXT);
    start_reading();
    log_error("storage: failing");
    log_debug("session: opened");
    stop_reading();
    assert_string_equal(text, "<3>storage: failing\n<7>session: opened\n");
    unsetenv("JOURNAL_STREAM");
}

static void as_json_each_line_is_an_object(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_open(LEVEL_INFO, TARGET_STDERR, FORMAT_JSON);
    start_reading();
    log_warn("server: these are \"quoted\" path=C:\\x \xff name=\xed\x99\x94");
    log_info("%s", "no area");
    log_fatal("It cannot be.\nSaid twice.");
    assert_int_equal(stop_reading(), 3);
    assert_non_null(strstr(text, "Z\",\"level\":\"warn\",\"area\":\"server\",\"message\":"
                                 "\"these are \\\"quoted\\\" path=C:\\\\x ? name=\xed\x99\x94\"}\n"));
    assert_non_null(strstr(text, "\"area\":\"hearthd\",\"message\":\"no area\"}\n"));
    assert_non_null(strstr(text, "\"level\":\"error\",\"area\":\"hearthd\",\"message\":\"It cannot be.?Said twice.\"}"));
}

static void why_it_ends_is_an_error_for_the_journal(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_open(LEVEL_ERROR, TARGET_STDERR, FORMAT_TEXT);
    start_reading();
    log_fatal("The port is taken.");
    assert_int_equal(stop_reading(), 1);
    assert_string_equal(text, "<3>hearthd: The port is taken.\n");
    unsetenv("JOURNAL_STREAM");
    start_reading();
    log_fatal("The port is taken.");
    stop_reading();
    assert_string_equal(text, "hearthd: The port is taken.\n");
}

static void a_line_too_long_is_cut(void **state)
{
    (void)state;
    char value[4096];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    log_open(LEVEL_INFO, TARGET_STDERR, FORMAT_TEXT);
    start_reading();
    log_error("config: value=%s", value);
    assert_int_equal(stop_reading(), 1);
    assert_true(strlen(text) < 700);
}

/* Of a storm some are written, however the seconds fall; those left out are counted, and no error is
 * ever left out. */
static void a_storm_is_held_back_and_counted_but_errors_are_not(void **state)
{
    (void)state;
    int errors = 0;
    log_open(LEVEL_INFO, TARGET_STDERR, FORMAT_TEXT);
    start_reading();
    for (int i = 0; i < 5000; i++)
        log_warn("storm");
    for (int i = 0; i < 300; i++)
        log_error("failure");
    int lines = stop_reading();
    for (const char *at = text; (at = strstr(at, "failure")); at++)
        errors++;
    assert_int_equal(errors, 300);
    assert_true(lines <= 300 + 200 + 200);
    assert_non_null(strstr(text, "log: lines left out count="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_level_and_stays_one_line),
        cmocka_unit_test(the_journal_gets_the_priority_and_no_time),
        cmocka_unit_test(as_json_each_line_is_an_object),
        cmocka_unit_test(why_it_ends_is_an_error_for_the_journal),
        cmocka_unit_test(a_line_too_long_is_cut),
        cmocka_unit_test(a_storm_is_held_back_and_counted_but_errors_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Stops at moments when no loop is there. Each test is a child process of its own, because handlers
 * and the remembered stop belong to a process. */
#include "daemon/net/signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Gives what the child exits with; a child that a signal ended is no exit. */
static int status_of(int (*act)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(act());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int stop_while_there_is_no_loop(void)
{
    if (!signals_to_handler() || signals_stop_asked())
        return 1;
    raise(SIGTERM);
    unsigned left = alarm(0);
    return signals_stop_asked() && left > 0 && left <= SIGNALS_STOP_SECONDS ? 42 : 2;
}

static void a_stop_before_the_loop_is_remembered_and_has_an_end(void **state)
{
    (void)state;
    assert_int_equal(status_of(stop_while_there_is_no_loop), 42);
}

static int stop_while_storage_hangs(void)
{
    if (!signals_to_handler())
        return 1;
    raise(SIGINT);
    alarm(1); /* as if the seconds were nearly over */
    for (;;)
        pause();
}

static void a_stop_does_not_wait_for_what_hangs(void **state)
{
    (void)state;
    assert_int_equal(status_of(stop_while_storage_hangs), 0);
}

static int stop_and_stop_again(void)
{
    if (!signals_to_handler())
        return 1;
    raise(SIGTERM);
    alarm(3);
    raise(SIGTERM);
    return alarm(0) <= 3 ? 42 : 2;
}

static void a_second_stop_gives_no_more_time(void **state)
{
    (void)state;
    assert_int_equal(status_of(stop_and_stop_again), 42);
}

static int stop_and_reload_in_the_loop(void)
{
    if (!signals_to_handler() || !signals_to_loop())
        return 1;
    int fd = signals_open();
    raise(SIGHUP);
    if (signals_read(fd) != SIGNAL_RELOAD || signals_stop_asked())
        return 2;
    raise(SIGTERM);
    if (signals_stop_asked() || signals_read(fd) != SIGNAL_STOP)
        return 3;
    return signals_stop_asked() && alarm(0) > 0 && signals_read(fd) == SIGNAL_NONE ? 42 : 4;
}

static void the_loop_reads_them_from_a_descriptor(void **state)
{
    (void)state;
    assert_int_equal(status_of(stop_and_reload_in_the_loop), 42);
}

static int stop_between_two_loops(void)
{
    if (!signals_to_loop())
        return 1;
    raise(SIGTERM); /* nobody has read it when the loop ends */
    if (!signals_to_handler())
        return 2;
    return signals_stop_asked() && alarm(0) > 0 ? 42 : 3;
}

static void a_stop_that_the_loop_did_not_read_is_not_lost(void **state)
{
    (void)state;
    assert_int_equal(status_of(stop_between_two_loops), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_before_the_loop_is_remembered_and_has_an_end),
        cmocka_unit_test(a_stop_does_not_wait_for_what_hangs),
        cmocka_unit_test(a_second_stop_gives_no_more_time),
        cmocka_unit_test(the_loop_reads_them_from_a_descriptor),
        cmocka_unit_test(a_stop_that_the_loop_did_not_read_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

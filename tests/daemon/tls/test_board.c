#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/tls/board.h"

static struct certificate_name host(const char *text)
{
    struct certificate_name name = {.length = (uint8_t)strlen(text)};
    memcpy(name.bytes, text, name.length);
    return name;
}

static bool has(const struct board *board, const struct certificate_name *wanted)
{
    for (size_t i = 0; i < board->count; i++)
        if (board->names[i].is_address == wanted->is_address && board->names[i].length == wanted->length &&
            memcmp(board->names[i].bytes, wanted->bytes, wanted->length) == 0)
            return true;
    return false;
}

static void a_board_is_itself_and_what_it_is_configured_to_be(void **state)
{
    struct board board;
    struct certificate_name localhost = host("localhost"), club = host("club.example.org");
    struct certificate_name loopback = {.is_address = true, .length = 4, .bytes = {127, 0, 0, 1}};
    struct certificate_name address = {.is_address = true, .length = 4, .bytes = {10, 1, 2, 3}};
    (void)state;
    board_read(&board, "Club.example.org:8443, 10.1.2.3, [fd00::1]:80, not!a!name");
    assert_true(has(&board, &localhost) && has(&board, &loopback));
    assert_true(has(&board, &club) && has(&board, &address));
    assert_false(board.is_any);
    board_read(&board, "*");
    assert_true(board.is_any);
}

static void a_certificate_for_somebody_else_is_noticed(void **state)
{
    static const char *const ours[] = {"club.example.org", "*.example.org", "anything.lan", "tv.local"};
    static const char *const theirs[] = {"bank.example.com", "*.org", "a.club.example.org", "lan", "*.club.example.org"};
    struct board board;
    (void)state;
    board_read(&board, "club.example.org");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct certificate_name name = host(ours[i]);
        assert_true(board_is_called(&board, &name));
    }
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        struct certificate_name name = host(theirs[i]);
        assert_false(board_is_called(&board, &name));
    }
}

static void more_names_than_fit_leave_room_for_addresses(void **state)
{
    struct board board;
    char hosts[1024] = "";
    struct certificate_name loopback = {.is_address = true, .length = 4, .bytes = {127, 0, 0, 1}};
    (void)state;
    for (int i = 0; i < 80; i++)
        snprintf(hosts + strlen(hosts), sizeof hosts - strlen(hosts), "h%d.lan,", i);
    board_read(&board, hosts);
    assert_true(board.count < BOARD_NAMES_MAX && has(&board, &loopback));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_is_itself_and_what_it_is_configured_to_be),
        cmocka_unit_test(a_certificate_for_somebody_else_is_noticed),
        cmocka_unit_test(more_names_than_fit_leave_room_for_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/daemon/core/harness.h"

#include "daemon/core/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void be_strict(struct config *config)
{
    config->limits.rooms = 4; /* the lobby is one */
    config->limits.rooms_reserved = 2;
    config->limits.rooms_per_hour = 2;
    config->limits.direct_rooms = 3;
    config->limits.direct_rooms_per_hour = 2;
}

HARNESS_FOR_EACH_TEST(be_strict)

/* A guest who is counted with the others of one address. */
static struct test_client *limited_guest(const char *name)
{
    struct test_client *client = harness_connect_limited(&harness);
    client_send(client, "{\"type\":\"hello\",\"name\":\"%s\"}", name);
    (void)client_expect(client, "welcome");
    return client;
}

static void create(struct test_client *client, const char *room)
{
    client_send(client, "{\"type\":\"create\",\"room\":\"%s\"}", room);
}

static void write_to(struct test_client *client, const char *name)
{
    client_send(client, "{\"type\":\"direct\",\"to\":\"%s\",\"text\":\"a\",\"nonce\":\"%s\"}", name,
                name);
}

static void fill_rooms(struct test_client *client)
{
    char name[16];
    for (size_t i = harness.gateway->rooms.by_id.count; i < 4; i++) {
        snprintf(name, sizeof name, "den %zu", i);
        create(client, name);
        (void)client_expect(client, "ok");
    }
}

static void a_full_house_leaves_room_for_direct_messages(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    (void)harness_guest(&harness, "jun");
    fill_rooms(mina);
    create(mina, "one more");
    client_expect_error(mina, "too_many_rooms");
    write_to(mina, "jun");
    (void)client_expect(mina, "ack");
    (void)state;
}

static void direct_conversations_leave_room_for_rooms(void **state)
{
    struct test_client *mina = harness_guest(&harness, "mina");
    const char *others[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        (void)harness_guest(&harness, others[i]);
        write_to(mina, others[i]);
        if (i < 3)
            (void)client_expect(mina, "ack");
    }
    client_expect_error(mina, "too_many_rooms");
    write_to(mina, "a"); /* one that has begun goes on */
    (void)client_expect(mina, "ack");
    fill_rooms(mina);
    (void)state;
}

static void the_administrator_always_has_room(void **state)
{
    fill_rooms(harness_guest(&harness, "mina"));
    struct test_client *admin = harness_admin(&harness);
    create(admin, "family");
    (void)client_expect(admin, "ok");
    create(admin, "news");
    (void)client_expect(admin, "ok");
    create(admin, "beyond the reserve");
    client_expect_error(admin, "too_many_rooms");
    (void)state;
}

static void rooms_of_one_address_are_counted_by_the_hour(void **state)
{
    harness.config.limits.rooms = 6;
    create(limited_guest("one"), "first");
    create(limited_guest("two"), "second");
    struct test_client *three = limited_guest("three");
    create(three, "third");
    const char *error = client_expect(three, "error");
    assert_non_null(strstr(error, "rate_limited"));
    assert_int_equal(number_in(error, "retry_after_ms"), 1800000);
    create(harness_guest(&harness, "jun"), "elsewhere");
    assert_non_null(room_find_folded(harness.gateway, "elsewhere"));
    harness_advance(&harness, 1799999);
    create(three, "third");
    client_expect_error(three, "rate_limited");
    harness_advance(&harness, 1);
    create(three, "third");
    (void)client_expect(three, "ok");
    (void)state;
}

static void what_is_refused_costs_nothing(void **state)
{
    struct test_client *one = limited_guest("one");
    for (int i = 0; i < 5; i++) {
        create(one, "lobby");
        client_expect_error(one, "room_exists");
    }
    create(one, "first");
    (void)client_expect(one, "ok");
    create(one, "second");
    (void)client_expect(one, "ok");
    (void)state;
}

static void a_clock_that_is_set_gives_no_rooms(void **state)
{
    struct test_client *one = limited_guest("one");
    create(one, "first");
    create(one, "second");
    harness.now.wall_ms += INT64_C(86400000) * 365;
    client_discard(one);
    create(one, "third");
    client_expect_error(one, "rate_limited");
    (void)state;
}

static void direct_conversations_of_one_address_are_counted_by_the_hour(void **state)
{
    struct test_client *one = limited_guest("one");
    const char *others[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        (void)harness_guest(&harness, others[i]);
        write_to(one, others[i]);
        if (i < 2)
            (void)client_expect(one, "ack");
    }
    client_expect_error(one, "rate_limited");
    create(one, "first");
    (void)client_expect(one, "ok");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_house_leaves_room_for_direct_messages),
        TEST(direct_conversations_leave_room_for_rooms),
        TEST(the_administrator_always_has_room),
        TEST(rooms_of_one_address_are_counted_by_the_hour),
        TEST(what_is_refused_costs_nothing),
        TEST(a_clock_that_is_set_gives_no_rooms),
        TEST(direct_conversations_of_one_address_are_counted_by_the_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

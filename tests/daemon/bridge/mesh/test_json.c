/* Packets in JSON, as firmware 2.7 publishes and takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/bridge/mesh/json.h"

static struct envelope envelope;

static bool reads(const char *type, const char *payload)
{
    char text[600];
    snprintf(text, sizeof text, "{\"from\":168496141,\"to\":4294967295,\"id\":7,\"type\":\"%s\",\"sender\":\"!11111111\","
             "\"channel\":0,\"rssi\":-90,\"payload\":%s}", type, payload);
    return json_read(text, strlen(text), &envelope);
}

static void says(const char *payload, const char *text)
{
    assert_true(reads("text", payload));
    assert_int_equal(envelope.packet.data.port, PORT_TEXT);
    assert_int_equal(envelope.packet.data.length, strlen(text));
    assert_memory_equal(envelope.packet.data.payload, text, strlen(text));
}

static void texts_are_read_whatever_firmware_makes_of_them(void **state)
{
    (void)state;
    says("{\"text\":\"hello\"}", "hello");
    assert_true(envelope.packet.from == 0x0a0b0c0d && envelope.packet.to == PACKET_TO_ALL && envelope.packet.id == 7);
    assert_string_equal(envelope.gateway, "!11111111");
    says("\"bare\"", "bare");
    says("42", "42");
    says("[1,2]", "[1,2]");
    says("{\"a\":1}", "{\"a\":1}");
}

static void names_are_read(void **state)
{
    (void)state;
    struct packet_user user;
    assert_true(reads("nodeinfo", "{\"id\":\"!0a0b0c0d\",\"longname\":\"Ann\",\"shortname\":\"A\",\"hardware\":43}"));
    assert_int_equal(envelope.packet.data.port, PORT_NODEINFO);
    assert_true(packet_read_user(envelope.packet.data.payload, envelope.packet.data.length, &user));
    assert_string_equal(user.long_name, "Ann");
}

static void what_says_nothing_is_refused(void **state)
{
    (void)state;
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = longest[sizeof longest - 2] = '"';
    longest[sizeof longest - 1] = '\0';
    static const char *const wrong[] = {"", "x", "{", "[]", "{}", "null", "{\"type\":\"text\",\"payload\":{\"text\":\"x\"}}",
                                        "{\"type\":7,\"from\":1,\"payload\":{}}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(json_read(wrong[i], strlen(wrong[i]), &envelope));
    assert_false(reads("position", "{\"latitude_i\":1}"));
    assert_false(reads("text", "{\"text\":\"\"}"));
    assert_false(reads("text", longest));
}

static void what_a_radio_is_to_say_names_radio_and_channel(void **state)
{
    (void)state;
    struct packet_data data = {.port = PORT_TEXT, .length = 4, .payload = "a\"\nb"};
    char *text = json_write(0x11111111, 2, &data);
    assert_string_equal(text, "{\"from\":286331153,\"channel\":2,\"type\":\"sendtext\",\"payload\":\"a\\\"\\nb\"}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_whatever_firmware_makes_of_them),
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(what_says_nothing_is_refused),
        cmocka_unit_test(what_a_radio_is_to_say_names_radio_and_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

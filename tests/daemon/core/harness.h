/* harness.h - a gateway on a fake store and a carrier of arrays: what tests of the core run in. */
#ifndef HEARTH_TESTS_DAEMON_CORE_HARNESS_H
#define HEARTH_TESTS_DAEMON_CORE_HARNESS_H

#include "daemon/core/gateway_private.h"
#include "daemon/core/room.h"
#include "daemon/core/session_private.h"
#include "daemon/core/user.h"
#include "tests/support/fake_store.h"

#define CLIENTS_MAX   64
#define MESSAGE_BYTES 73728 /* of one message, as a test reads it */

/* One connection, seen from its far end. */
struct test_client {
    struct harness *harness;
    struct session *session; /* NULL once closed */
    enum session_kind kind;
    struct buffer received;   /* what was written, not yet read by the test */
    char text[MESSAGE_BYTES]; /* the message read last */
    size_t writes;
    bool is_blocked; /* takes what is written, and no more until client_unblock */
    bool is_paused, wants_writeable;
    int close_code; /* 0: open */
};

struct harness {
    struct config config;
    struct store *store;
    struct gateway *gateway;
    struct moment now;
    struct test_client clients[CLIENTS_MAX];
    size_t client_count;
    int64_t moves; /* calls of the carrier */
};

/* One harness a test, called harness: opened with the settings that change gives, closed after it. */
#define HARNESS_FOR_EACH_TEST(change)                                                              \
    static struct harness harness;                                                                 \
    static int open_harness(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        harness_open(&harness, change);                                                            \
        return 0;                                                                                  \
    }                                                                                              \
    static int close_harness(void **state)                                                         \
    {                                                                                              \
        (void)state;                                                                               \
        harness_close(&harness);                                                                   \
        return 0;                                                                                  \
    }
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_harness, close_harness)

extern const struct carrier harness_carrier; /* of test clients */

/* The defaults, with limits.exempt's effect on every client. change, if given, changes settings
 * first. */
void harness_open(struct harness *harness, void (*change)(struct config *config));
void harness_close(struct harness *harness);

/* Turns of the loop until nothing moves any more: answers are collected, what gathered goes out. */
void harness_settle(struct harness *harness);
void harness_turn(struct harness *harness);                /* one turn */
void harness_advance(struct harness *harness, int64_t ms); /* settles, so much later */

struct test_client *harness_connect(struct harness *harness, enum session_kind kind);
/* Without the exemption: a WebSocket, an HTTP request, a plain client. */
struct test_client *harness_connect_limited(struct harness *harness);
struct test_client *harness_http(struct harness *harness);
struct test_client *harness_plain_limited(struct harness *harness);
struct test_client *harness_admin(struct harness *harness);
/* Signed in by a hello; joined, too. Nothing is left to read. */
struct test_client *harness_guest(struct harness *harness, const char *name);
struct test_client *harness_member(struct harness *harness, const char *name, const char *room);

/* Sends one request, then settles. */
void client_send(struct test_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Without settling. */
void client_send_only(struct test_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The next message, without its header; NULL when there is none. */
const char *client_receive(struct test_client *client);
/* Reads on to the next message of this type, which must come. */
const char *client_expect(struct test_client *client, const char *type);
/* Reads on to the next error, which must come and be this one. */
void client_expect_error(struct test_client *client, const char *code);
void client_discard(struct test_client *client); /* what was received until now */

void client_unblock(struct test_client *client);    /* writeable again, then settles */
void client_disconnect(struct test_client *client); /* the connection ends, then settles */

/* The number behind "name": in a message; -1 if it is not there. */
int64_t number_in(const char *message, const char *name);

#endif

/* world.h - one simulated history: the real daemon/core between a fake store, fake carriers and
 * clients that talk at random and believe nothing. Everything follows from the seed. */
#ifndef HEARTH_TESTS_SIMULATION_WORLD_H
#define HEARTH_TESTS_SIMULATION_WORLD_H

#include "config/config.h"
#include "daemon/core/gateway.h"
#include "tests/support/fake_store.h"

#include <jansson.h>

#define VIEWS_MAX   24
#define PENDING_MAX 64
#define OUTBOX_MAX  24

enum view_state { VIEW_OUT, VIEW_CATCHING_UP, VIEW_LIVE };

/* What a client has seen of one room. */
struct view {
    char room[ROOM_NAME_BYTES_MAX + 1];
    char log[LOG_ID_BYTES + 1];
    enum view_state state;
    int64_t cursor;   /* newest seq seen; -1: the next one is the first */
    int64_t wanted;   /* newest entries asked for; -1: from a cursor */
    int64_t received; /* entries seen since joined */
};

/* A request whose reply has not come. */
struct pending {
    int64_t ref;
    enum message_type type;
    struct view *view; /* of a join */
    int64_t after, history;
    char nonce[24];
    char name[32];    /* of a rename */
    int64_t user_id;  /* of a hello with another's code: whose it is; 0 */
    int64_t turn;     /* of the store, when it was said */
};

/* A message that has to be stored once: sent again after a lost connection until it is answered. */
struct outgoing {
    char room[ROOM_NAME_BYTES_MAX + 1];
    char nonce[24];
    int sent;
};

struct client {
    struct world *world;
    int number;
    enum session_kind kind;
    bool administrator;
    bool is_auditor; /* comes at the end and reads every room from the beginning */
    /* the person */
    char name[64], key[KEY_TEXT_BYTES + 1];
    int64_t user_id; /* 0: not known yet */
    int64_t device_id; /* one of its devices, to be forgotten; 0 */
    struct view views[VIEWS_MAX];
    size_t view_count;
    struct outgoing outgoing; /* empty nonce: nothing waits */
    /* the connection */
    struct session *session; /* NULL when there is none */
    bool is_behind, wants_writeable, is_paused, is_dying, is_closing, wrote_late;
    bool has_hello;
    struct buffer inbox; /* bytes that are no whole message yet */
    char *outbox[OUTBOX_MAX];
    size_t outbox_count;
    struct pending pending[PENDING_MAX];
    size_t pending_count;
    int64_t plain_cursor; /* of plain clients: newest seq accounted for */
};

extern const struct carrier world_carrier;

struct world {
    uint64_t seed, chance;
    struct config config;
    struct store *store;
    struct gateway *gateway;
    struct moment now;
    struct client *clients;
    int client_count;
    int64_t ref_last, nonce_last;
    struct moderation *moderation;
    char move_code[32]; /* lets another device in as this user, once; empty: none */
    int64_t move_user_id;
    bool is_calm; /* the end: nothing fails any more, nobody says anything new */
    bool is_over; /* the very end: nobody asks anything any more */
    bool is_exempt;
    bool is_traced;                           /* everything sent and received is printed */
    int64_t received, acked, refused, closed; /* for the summary */
};

/* Prints the seed and what is wrong, and ends the program. */
__attribute__((format(printf, 2, 3), noreturn)) void wrong(const struct world *world,
                                                           const char *format, ...);

/* One whole history, checked. Adds what happened to totals. */
struct totals {
    int64_t histories, clients, received, acked, refused, closed, commits, lagged, pages, repeated;
};
void world_run(uint64_t seed, bool is_traced, struct totals *totals);

/* --- client.c: what a client says ----------------------------------------------------------------
 */

void client_begin(struct world *world, struct client *client, int number);
void client_connect(struct client *client);
void client_gone(struct client *client); /* the connection has ended: session_closed was called */
void client_act(struct client *client);  /* perhaps says something */
void client_deliver(struct client *client); /* hands some of the outbox to the core */
void client_audit(struct client *client);
void client_finish(struct client *client);

/* Puts a request into the outbox; format is what follows the type and the ref. */
struct pending *client_ask(struct client *client, enum message_type type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- person.c: names and devices -----------------------------------------------------------------
 */

struct marks client_marks(const struct client *client); /* where it comes from */
void person_move_in(struct client *client);
void person_act(struct client *client);
struct view *person_view(struct client *client, struct view *view, const char *room);
void person_receive_move(struct client *client, const json_t *message);
void person_receive_devices(struct client *client, const json_t *message);
void person_receive_room(struct client *client, const json_t *message);

/* --- receive.c: what a client receives, and whether it may be so
 * ------------------------------------ */

void client_receive(struct client *client, const unsigned char *bytes, size_t length);
void client_check_end(struct client *client);
struct view *client_view(struct client *client,
                         const char *room); /* NULL when there are too many */
struct ledger_room *room_by_log(const struct world *world, const char *log);

/* --- check.c: what must hold after every turn, and at the end ------------------------------------
 */

void check_turn(struct world *world);
void check_end(struct world *world);

/* What the store holds of a user's grant in a room; all zero when that is nothing. */
struct grant stored_grant(const struct world *world, int64_t room_id, int64_t user_id);

/* Prints what happens, when asked to. */
__attribute__((format(printf, 2, 3))) void trace(const struct world *world, const char *format,
                                                 ...);

static inline bool happens(struct world *world, int percent)
{
    return chance_below(&world->chance, 100) < percent;
}

#endif

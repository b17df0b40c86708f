/* shop.h - a store in a folder of the test's own, and the loop's part in it: submitting and waiting
 * on store_fd. Everything fails the test instead of returning an error. */
#ifndef HEARTH_TESTS_STORAGE_SHOP_H
#define HEARTH_TESTS_STORAGE_SHOP_H

#include "storage/store.h"

#define LOBBY 1 /* a room that shop_furnish makes */
#define MINA  1 /* users that it makes */
#define JUN   2
#define NOON  INT64_C(1900000000000) /* a plausible wall clock */

struct shop {
    char folder[64];
    char path[96];
    struct store_options options; /* may be changed before shop_open */
    struct store *store;
    int64_t monotonic_ms; /* told to appends */
    int64_t wall_ms;
};

/* The folder and the options; then the store; then a room and two users in it. */
void shop_make(struct shop *shop);
void shop_open(struct shop *shop);
void shop_furnish(struct shop *shop);
void shop_close(struct shop *shop);
void shop_remove(struct shop *shop); /* closes, too */

/* Closes as a kill would: everything committed is there, nothing is marked clean. */
void shop_crash(struct shop *shop);

void shop_submit(struct shop *shop, struct job *job);

/* The next finished job, waited for. */
struct job *shop_collect(struct shop *shop);

/* Submits and waits for just this one; notices of retention that come before are dropped. */
struct job *shop_do(struct shop *shop, struct job *job);

/* An append that is ready to be submitted. nonce may be NULL. */
struct job *shop_message(struct shop *shop, int64_t user_id, const char *text, const char *nonce);
struct job *shop_change(struct shop *shop, enum entry_kind kind, int64_t user_id, int64_t target,
                        const char *text);

/* Says something and gives its seq. */
int64_t shop_say(struct shop *shop, const char *text);

/* A page of the whole log of a room, at most 1000. */
struct job *shop_page(struct shop *shop, int64_t room_id);

/* Destroys the job and gives its result. */
enum job_result shop_result(struct job *job);

/* The first number of an SQL query on a connection of its own. */
int64_t shop_ask(struct shop *shop, const char *sql);

#endif

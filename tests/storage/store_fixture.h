/* store_fixture.h - a store in a folder of the test's own, and the loop's part in it: submitting
 * and waiting on store_fd. Everything fails the test instead of returning an error. */
#ifndef HEARTH_TESTS_STORAGE_STORE_FIXTURE_H
#define HEARTH_TESTS_STORAGE_STORE_FIXTURE_H

#include "storage/store.h"

#define LOBBY 1 /* a room that fixture_populate makes */
#define MINA  1 /* users that it makes */
#define JUN   2
#define NOON  INT64_C(1900000000000) /* a plausible wall clock */

struct store_fixture {
    char folder[64];
    char path[96];
    struct store_options options; /* may be changed before fixture_open */
    struct store *store;
    struct clock_reading clock; /* what the store's clock says from the next job on */
};

/* Lets the store's clock say what fixture->clock says now; one store at a time has such a clock. */
void fixture_tell_time(const struct store_fixture *fixture);

/* The same after so long: both clocks go on, and the store looks for what has grown old. */
void fixture_pass_time(struct store_fixture *fixture, int64_t ms);

/* What time it is by the store's clock, as a job is told. */
struct moment fixture_at(const struct store_fixture *fixture);

/* The folder and the options; then the store; then a room and two users in it. */
void fixture_init(struct store_fixture *fixture);
void fixture_open(struct store_fixture *fixture);
void fixture_populate(struct store_fixture *fixture);
void fixture_close(struct store_fixture *fixture);
void fixture_finish(struct store_fixture *fixture); /* closes, too */

/* For cmocka: *state is a fixture that is open and populated, then none. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Closes as a kill would: everything committed is there, nothing is marked clean. */
void fixture_crash(struct store_fixture *fixture);

void fixture_submit(struct store_fixture *fixture, struct job *job);

/* False when nothing has finished for so long. */
bool fixture_wait(struct store_fixture *fixture, int patience_ms);

/* The next finished job, waited for. */
struct job *fixture_collect(struct store_fixture *fixture);

/* Waits until all that a damaged database has left is here. Nothing else may be under way. */
void fixture_recover(struct store_fixture *fixture);

/* Submits and waits for just this one; notices of retention that come before are dropped. */
struct job *fixture_do(struct store_fixture *fixture, struct job *job);

/* An append that is ready to be submitted. nonce may be NULL. */
struct job *fixture_message(struct store_fixture *fixture, int64_t user_id, const char *text,
                            const char *nonce);
struct job *fixture_change(struct store_fixture *fixture, enum entry_kind kind, int64_t user_id,
                           int64_t target, const char *text);

/* Says something and gives its seq. */
int64_t fixture_send(struct store_fixture *fixture, const char *text);

/* A page of the whole log of a room, at most 1000. */
struct job *fixture_page(struct store_fixture *fixture, int64_t room_id);

/* Destroys the job and gives its result. */
enum job_result fixture_result(struct job *job);

/* The first number of an SQL query on a connection of its own. */
int64_t fixture_query(struct store_fixture *fixture, const char *sql);

#endif

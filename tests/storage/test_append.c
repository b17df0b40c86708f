#include "storage/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/timestamp.h"
#include "tests/storage/store_fixture.h"

#define HOUR_MS INT64_C(3600000)
#define YEAR_MS (365 * 24 * HOUR_MS)

static int open_fixture(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof *fixture);
    fixture_init(fixture);
    fixture->options.nonce_window = 16;
    fixture_open(fixture);
    fixture_populate(fixture);
    *state = fixture;
    return 0;
}

static int64_t say_with_nonce(struct store_fixture *fixture, int64_t user_id, const char *nonce,
                              enum job_result expected)
{
    struct job *job = fixture_do(fixture, fixture_message(fixture, user_id, "hi", nonce));
    int64_t seq = job->append.entry.seq;
    assert_int_equal(fixture_result(job), expected);
    return seq;
}

/* As an older version, or damage, may have left it. */
static void spoil(struct store_fixture *fixture)
{
    fixture_close(fixture);
    (void)fixture_query(fixture, "UPDATE messages SET text=CAST(x'61ff0d0a621b5b324a0d63c29b' AS TEXT),"
                         " name=CAST(x'6d690aff' AS TEXT)");
    (void)fixture_query(fixture, "UPDATE rooms SET topic=CAST(x'746f700d0a6963ff' AS TEXT)");
    (void)fixture_query(fixture, "UPDATE reactions SET user_id=99, emoji=CAST(x'0aff' AS TEXT), name=CAST(x'6aff' AS TEXT)");
    (void)fixture_query(fixture, "UPDATE reaction_kinds SET emoji=CAST(x'0aff' AS TEXT)");
    (void)fixture_query(fixture, "UPDATE users SET name=CAST(x'6d691b' AS TEXT) WHERE id=1");
    fixture_open(fixture);
}

static void what_is_stored_is_cleaned_when_it_is_read(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "hi");
    assert_int_equal(fixture_result(fixture_do(
        fixture, fixture_change(fixture, ENTRY_KIND_REACTION, JUN, seq, "+"))), JOB_DONE);
    spoil(fixture);
    assert_string_equal(store_start(fixture->store)->rooms[0].topic, "top\nic\uFFFD");
    struct job *page = fixture_page(fixture, LOBBY);
    assert_string_equal(page->page.entries[0].text, "a\uFFFD\nb\uFFFD[2J\nc\uFFFD");
    assert_string_equal(page->page.entries[0].from, "mi\uFFFD\uFFFD");
    job_destroy(page);
    struct job *job = job_create(JOB_HISTORY);
    job->history.room_id = LOBBY;
    job->history.before = job->history.after = NUMBER_ABSENT;
    job->history.up_to = SEQ_MAX;
    job->history.limit = 10;
    job->history.bytes_max = 1 << 20;
    job = fixture_do(fixture, job);
    const struct reaction *reaction = job->history.entries[0].reactions;
    assert_string_equal(reaction->emoji, "\uFFFD\uFFFD");
    assert_string_equal(reaction->names[0], "j\uFFFD");
    job_destroy(job);
}

static void a_repeated_nonce_gets_the_first_answer(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *first = fixture_do(fixture, fixture_message(fixture, MINA, "hi", "n1"));
    fixture->clock.wall_ms += 5000;
    struct job *second = fixture_do(fixture, fixture_message(fixture, MINA, "hi", "n1"));
    assert_int_equal(second->result, JOB_REPEATED);
    assert_int_equal(second->append.entry.seq, first->append.entry.seq);
    assert_int_equal(second->append.entry.ts, first->append.entry.ts);
    job_destroy(first);
    job_destroy(second);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM messages"), 1);
}

static void a_nonce_repeated_in_the_same_transaction_is_stored_once(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_close(fixture);
    fixture->options.commit_interval_ms = 50;
    fixture_open(fixture);
    fixture_submit(fixture, fixture_message(fixture, MINA, "hi", "n1"));
    fixture_submit(fixture, fixture_message(fixture, MINA, "hi", "n1"));
    assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_REPEATED);
}

static void a_nonce_is_recognised_after_a_restart(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = say_with_nonce(fixture, MINA, "n1", JOB_DONE);
    fixture_crash(fixture);
    fixture_open(fixture);
    assert_int_equal(say_with_nonce(fixture, MINA, "n1", JOB_REPEATED), seq);
}

static void a_nonce_belongs_to_its_sender(void **state)
{
    struct store_fixture *fixture = *state;
    say_with_nonce(fixture, MINA, "n1", JOB_DONE);
    say_with_nonce(fixture, JUN, "n1", JOB_DONE);
}

static void a_nonce_beyond_the_window_is_new(void **state)
{
    struct store_fixture *fixture = *state;
    char nonce[16];
    int64_t first = say_with_nonce(fixture, MINA, "n0", JOB_DONE);
    for (int i = 1; i < 16; i++) {
        snprintf(nonce, sizeof nonce, "n%d", i);
        say_with_nonce(fixture, MINA, nonce, JOB_DONE);
    }
    assert_int_equal(say_with_nonce(fixture, MINA, "n0", JOB_REPEATED), first);
    say_with_nonce(fixture, MINA, "n16", JOB_DONE);
    say_with_nonce(fixture, MINA, "n0", JOB_DONE);
}

/* Says something by this clock and gives the entry's time. */
static int64_t time_of_next(struct store_fixture *fixture, int64_t wall_ms, bool is_synchronised)
{
    fixture->clock.wall_ms = wall_ms;
    fixture->clock.monotonic_ms += 10;
    fixture->clock.is_synchronised = is_synchronised;
    struct job *job = fixture_do(fixture, fixture_message(fixture, MINA, "tick", NULL));
    int64_t ts = job->append.entry.ts;
    assert_false(job->append.entry.clock_unset);
    job_destroy(job);
    return ts;
}

static void no_time_runs_backwards_by_a_clock_that_nobody_vouches_for(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t last = 0, wall_ms = NOON;
    static const int64_t jumps[] = {0, 1000, -86400000, 5, 315360000000, -315360000000, 7};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        int64_t ts = time_of_next(fixture, wall_ms += jumps[i], false);
        assert_true(ts >= last);
        last = ts;
    }
}

static void a_small_correction_is_waited_out(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(time_of_next(fixture, NOON, true), NOON);
    assert_int_equal(time_of_next(fixture, NOON - HOUR_MS, true), NOON);
    assert_int_equal(time_of_next(fixture, NOON + 1, true), NOON + 1);
}

static void the_time_comes_back_when_a_wrong_clock_is_corrected(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(time_of_next(fixture, NOON + YEAR_MS, false), NOON + YEAR_MS);
    assert_int_equal(time_of_next(fixture, NOON, true), NOON);
    assert_int_equal(time_of_next(fixture, NOON + 5, false), NOON + 5);
}

static void give_time(struct store_fixture *fixture, int64_t wall_ms)
{
    struct job *job = job_create(JOB_CLOCK);
    job->clock = (struct job_clock){wall_ms, fixture->clock.monotonic_ms};
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

static void a_time_that_somebody_gave_corrects_a_wrong_clock(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(time_of_next(fixture, NOON + YEAR_MS, false), NOON + YEAR_MS);
    give_time(fixture, NOON);
    assert_int_equal(time_of_next(fixture, NOON + YEAR_MS, false), NOON + 10);
    assert_int_equal(fixture_at(fixture).clock, CLOCK_GIVEN);
    fixture_close(fixture);
    fixture->clock.monotonic_ms += 1000; /* the gateway was off for a second */
    fixture_tell_time(fixture);
    fixture_open(fixture);
    assert_int_equal(time_of_next(fixture, NOON + YEAR_MS, false), NOON + 1020);
}

static void a_given_time_gives_way_to_the_kernels(void **state)
{
    struct store_fixture *fixture = *state;
    give_time(fixture, NOON + HOUR_MS);
    assert_int_equal(time_of_next(fixture, NOON, true), NOON);
    assert_int_equal(time_of_next(fixture, NOON + 5, false), NOON + 5);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(fixture_at(fixture).clock, CLOCK_CLAIMED);
}

static void a_given_time_does_not_outlast_the_machines_run(void **state)
{
    struct store_fixture *fixture = *state;
    fixture->clock.monotonic_ms = 90000;
    fixture_tell_time(fixture);
    give_time(fixture, NOON + HOUR_MS);
    fixture_close(fixture);
    fixture->clock.monotonic_ms = 20000; /* started anew */
    fixture_tell_time(fixture);
    fixture_open(fixture);
    assert_int_equal(fixture_at(fixture).clock, CLOCK_CLAIMED);
    assert_int_equal(fixture_at(fixture).wall_ms, NOON);
}

static void it_comes_back_after_a_restart_too(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(time_of_next(fixture, NOON + YEAR_MS, false), NOON + YEAR_MS);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(time_of_next(fixture, NOON, false), NOON + YEAR_MS);
    assert_int_equal(time_of_next(fixture, NOON, true), NOON);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(time_of_next(fixture, NOON + 1, false), NOON + 1);
}

static void a_wrong_time_in_one_room_is_of_no_concern_to_others(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *room = job_create(JOB_ROOM_CREATE);
    room->room.room.id = 2;
    strcpy(room->room.room.name, "garden");
    strcpy(room->room.room.folded, "garden");
    assert_int_equal(fixture_result(fixture_do(fixture, room)), JOB_DONE);
    assert_int_equal(time_of_next(fixture, NOON + YEAR_MS, false), NOON + YEAR_MS);
    fixture->clock.wall_ms = NOON;
    struct job *job = fixture_message(fixture, MINA, "here", NULL);
    job->append.room_id = 2;
    job = fixture_do(fixture, job);
    assert_int_equal(job->append.entry.ts, NOON);
    job_destroy(job);
}

static void an_unset_clock_counts_on_from_the_last_entry(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_send(fixture, "before");
    fixture_close(fixture);
    fixture->clock = (struct clock_reading){.wall_ms = 5000, .monotonic_ms = 100}; /* 1970 */
    fixture_tell_time(fixture);
    fixture_open(fixture);
    struct job *job = fixture_do(fixture, fixture_message(fixture, MINA, "when?", NULL));
    assert_true(job->append.entry.clock_unset);
    assert_int_equal(job->append.entry.ts, NOON);
    job_destroy(job);
    fixture->clock.monotonic_ms += 3000;
    job = fixture_do(fixture, fixture_message(fixture, MINA, "later", NULL));
    assert_int_equal(job->append.entry.ts, NOON + 3000);
    job_destroy(job);
    struct job *page = fixture_page(fixture, LOBBY);
    assert_false(page->page.entries[0].clock_unset);
    assert_true(page->page.entries[2].clock_unset);
    job_destroy(page);
}

static enum job_result change(struct store_fixture *fixture, enum entry_kind kind, int64_t user_id,
                              int64_t target, const char *text)
{
    return fixture_result(
        fixture_do(fixture, fixture_change(fixture, kind, user_id, target, text)));
}

static void an_edit_is_ones_own_or_allowed(void **state)
{
    static const struct actor administrator = {.role = ROLE_ADMIN};
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "teh");
    assert_int_equal(change(fixture, ENTRY_KIND_EDIT, MINA, seq, "the"), JOB_DONE);
    assert_int_equal(change(fixture, ENTRY_KIND_EDIT, JUN, seq, "mine"), JOB_NOT_OWN);
    struct job *job = fixture_change(fixture, ENTRY_KIND_EDIT, JUN, seq, "moderated");
    job->append.moderator = &administrator;
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM edits"), 2);
}

static void what_is_no_message_cannot_be_changed(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "hi");
    assert_int_equal(change(fixture, ENTRY_KIND_REACTION, JUN, seq, "+"), JOB_DONE);
    assert_int_equal(change(fixture, ENTRY_KIND_EDIT, MINA, seq + 1, "x"), JOB_MESSAGE_MISSING);
    assert_int_equal(change(fixture, ENTRY_KIND_EDIT, MINA, 99999, "x"), JOB_MESSAGE_MISSING);
    assert_int_equal(change(fixture, ENTRY_KIND_REACTION, MINA, SEQ_MAX, "x"), JOB_MESSAGE_MISSING);
    assert_int_equal(change(fixture, ENTRY_KIND_DELETE, MINA, seq, NULL), JOB_DONE);
    assert_int_equal(change(fixture, ENTRY_KIND_DELETE, MINA, seq, NULL), JOB_MESSAGE_MISSING);
    assert_int_equal(change(fixture, ENTRY_KIND_EDIT, MINA, seq, "x"), JOB_MESSAGE_MISSING);
}

static void a_deletion_takes_the_text_and_its_edits_along(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "secret one");
    struct job *edit =
        fixture_do(fixture, fixture_change(fixture, ENTRY_KIND_EDIT, MINA, seq, "secret two"));
    int64_t edit_seq = edit->append.entry.seq;
    job_destroy(edit);
    struct job *job =
        fixture_do(fixture, fixture_change(fixture, ENTRY_KIND_DELETE, MINA, seq, NULL));
    assert_int_equal(job->append.forget_through, edit_seq);
    job_destroy(job);
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.count, 3);
    for (int i = 0; i < 2; i++) {
        assert_true(page->page.entries[i].deleted);
        assert_null(page->page.entries[i].text);
    }
    assert_int_equal(page->page.entries[2].kind, ENTRY_KIND_DELETE);
    assert_int_equal(page->page.entries[2].target, seq);
    job_destroy(page);
}

/* How often bytes occur in the database's files. */
static int count_in_files(struct store_fixture *fixture, const char *bytes)
{
    static const char *const ends[] = {"", "-wal"};
    int count = 0;
    for (size_t i = 0; i < 2; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        FILE *file = fopen(name, "rb");
        size_t length = strlen(bytes), matched = 0;
        for (int byte; file && (byte = fgetc(file)) != EOF;) {
            matched = byte == bytes[matched] ? matched + 1 : byte == bytes[0];
            if (matched == length) {
                count++;
                matched = 0;
            }
        }
        if (file)
            fclose(file);
    }
    return count;
}

static void a_deleted_text_is_in_no_file(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "xyzzy-secret");
    assert_int_equal(change(fixture, ENTRY_KIND_EDIT, MINA, seq, "xyzzy-edited"), JOB_DONE);
    assert_true(count_in_files(fixture, "xyzzy") >= 2);
    assert_int_equal(change(fixture, ENTRY_KIND_DELETE, MINA, seq, NULL), JOB_DONE);
    /* The writer empties the WAL when nothing waits: after it, the next message is answered. */
    for (int i = 0; i < 1000 && count_in_files(fixture, "xyzzy") > 0; i++)
        fixture_send(fixture, "more");
    assert_int_equal(count_in_files(fixture, "xyzzy"), 0);
}

static void a_room_that_is_gone_takes_nothing(void **state)
{
    struct store_fixture *fixture = *state;
    fixture_send(fixture, "hi");
    struct job *job = job_create(JOB_ROOM_REMOVE);
    job->room.room.id = LOBBY;
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    assert_int_equal(fixture_result(fixture_do(fixture, fixture_message(fixture, MINA, "x", NULL))),
                     JOB_ROOM_MISSING);
    job = job_create(JOB_ROOM_REMOVE);
    job->room.room.id = LOBBY;
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_ROOM_MISSING);
}

static void a_room_and_its_first_message_may_be_sent_together(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *room = job_create(JOB_ROOM_CREATE);
    room->room.room.id = 7;
    strcpy(room->room.room.name, "attic");
    strcpy(room->room.room.folded, "attic");
    room->room.owner_id = MINA;
    room->room.rooms_max = 1;
    struct job *message = fixture_message(fixture, MINA, "first", NULL);
    message->append.room_id = 7;
    fixture_submit(fixture, room);
    fixture_submit(fixture, message);
    assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    assert_int_equal(fixture_result(fixture_collect(fixture)), JOB_DONE);
    assert_int_equal(
        fixture_query(fixture, "SELECT role FROM grants WHERE room_id=7 AND user_id=1"),
        ROLE_OWNER);
}

static void rooms_count_by_themselves(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *room = job_create(JOB_ROOM_CREATE);
    room->room.room.id = 2;
    strcpy(room->room.room.name, "attic");
    strcpy(room->room.room.folded, "attic");
    assert_int_equal(fixture_result(fixture_do(fixture, room)), JOB_DONE);
    int64_t seq = fixture_send(fixture, "in the lobby");
    struct job *message = fixture_message(fixture, MINA, "in the attic", NULL);
    message->append.room_id = 2;
    message = fixture_do(fixture, message);
    assert_int_equal(message->append.entry.seq, 1);
    job_destroy(message);
    assert_int_equal(fixture_send(fixture, "in the lobby"), seq + 1);
}

static void a_topic_is_kept_and_told(void **state)
{
    struct store_fixture *fixture = *state;
    struct job *job = job_create(JOB_ROOM_SET);
    job->room_set = (struct job_room_set){.room_id = LOBBY, .visibility = -1, .keep = 1, .slow_seconds = -1, .speak = -1};
    job->room_set.topic = job_text(job, "new topic");
    job->room_set.entry.from = job_text(job, "mina");
    job->room_set.entry.user_id = MINA;
    job->room_set.at = fixture_at(fixture);
    job = fixture_do(fixture, job);
    assert_int_equal(job->result, JOB_DONE);
    assert_true(job->room_set.entry.seq > 0);
    job_destroy(job);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_string_equal(store_start(fixture->store)->rooms[0].topic, "new topic");
    assert_true(store_start(fixture->store)->rooms[0].keep);
    struct job *page = fixture_page(fixture, LOBBY);
    assert_int_equal(page->page.entries[0].kind, ENTRY_KIND_TOPIC);
    assert_string_equal(page->page.entries[0].text, "new topic");
    job_destroy(page);
}

static void a_reaction_is_a_state_and_every_change_an_entry(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "hi");
    assert_int_equal(change(fixture, ENTRY_KIND_REACTION, JUN, seq, "+"), JOB_DONE);
    assert_int_equal(change(fixture, ENTRY_KIND_REACTION, JUN, seq, "+"), JOB_DONE);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM reactions"), 1);
    struct job *off = fixture_change(fixture, ENTRY_KIND_REACTION, JUN, seq, "+");
    off->append.entry.on = false;
    assert_int_equal(fixture_result(fixture_do(fixture, off)), JOB_DONE);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM reactions"), 0);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM messages"), 4);
}

static enum job_result say_again(struct store_fixture *fixture, int64_t since, int64_t checked,
                                 int64_t *seq)
{
    struct job *job = fixture_message(fixture, MINA, "hi", "n1");
    struct first_said *first = job_memory(job, sizeof *first);
    *first = (struct first_said){since, checked};
    job->append.first_said = first;
    job = fixture_do(fixture, job);
    *seq = job->append.entry.seq;
    return fixture_result(job);
}

static void a_repeat_that_says_since_when_is_recognised_beyond_the_window(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t before = fixture_send(fixture, "before");
    int64_t first = say_with_nonce(fixture, MINA, "n1", JOB_DONE), seq;
    char nonce[24];
    for (int i = 0; i < 40; i++) {
        snprintf(nonce, sizeof nonce, "other %d", i);
        say_with_nonce(fixture, MINA, nonce, JOB_DONE);
    }
    assert_int_equal(say_again(fixture, before, before, &seq), JOB_REPEATED);
    assert_int_equal(seq, first);
    /* whoever has looked through it says so, and is believed */
    assert_int_equal(say_again(fixture, before, first, &seq), JOB_DONE);
    assert_true(seq > first + 40);
}

static void what_was_removed_since_cannot_be_known(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t before = fixture_send(fixture, "before"), seq;
    fixture_close(fixture);
    (void)fixture_query(fixture, "UPDATE rooms SET pruned=100");
    fixture_open(fixture);
    assert_int_equal(say_again(fixture, before, before, &seq), JOB_SINCE_PRUNED);
    assert_int_equal(say_again(fixture, 100, 100, &seq), JOB_DONE);
}

/* The emoji number i: distinct ones, as they are spelled. */
static const char *emoji_of(int i)
{
    static char text[8];
    snprintf(text, sizeof text, "\xf0\x9f\x98%c", 0x80 + i); /* U+1F600 and on */
    return text;
}

static struct history_entry *read_first(struct store_fixture *fixture, struct job **job)
{
    *job = job_create(JOB_HISTORY);
    (*job)->history.room_id = LOBBY;
    (*job)->history.before = (*job)->history.after = NUMBER_ABSENT;
    (*job)->history.up_to = SEQ_MAX;
    (*job)->history.limit = 10;
    (*job)->history.bytes_max = 1 << 20;
    *job = fixture_do(fixture, *job);
    return &(*job)->history.entries[0];
}

static enum job_result react(struct store_fixture *fixture, int64_t user_id, int64_t seq, int emoji,
                             bool on)
{
    struct job *job = fixture_change(fixture, ENTRY_KIND_REACTION, user_id, seq, emoji_of(emoji));
    job->append.entry.on = on;
    return fixture_result(fixture_do(fixture, job));
}

static void a_user_puts_five_reactions_and_a_message_has_twenty_kinds(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "hi");
    for (int user = 0; user < 4; user++)
        for (int i = 0; i < 5; i++)
            assert_int_equal(react(fixture, 10 + user, seq, user * 5 + i, true), JOB_DONE);
    assert_int_equal(react(fixture, 10, seq, 5, true), JOB_REFUSED);  /* a sixth of one user */
    assert_int_equal(react(fixture, 20, seq, 20, true), JOB_REFUSED); /* a kind too many */
    assert_int_equal(react(fixture, 20, seq, 0, true), JOB_DONE);     /* one that is there */
    assert_int_equal(react(fixture, 10, seq, 0, true), JOB_DONE);     /* once more changes nothing */
    assert_int_equal(react(fixture, 13, seq, 19, false), JOB_DONE);   /* makes room */
    assert_int_equal(react(fixture, 20, seq, 20, true), JOB_DONE);
    struct job *job;
    const struct history_entry *entry = read_first(fixture, &job);
    assert_int_equal(entry->reaction_count, 20);
    int64_t count = 0;
    for (size_t i = 0; i < entry->reaction_count; i++)
        count += entry->reactions[i].count;
    assert_int_equal(count, 21);
    job_destroy(job);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM reactions"), 21);
}

static void what_is_counted_follows_what_is_there(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t seq = fixture_send(fixture, "hi");
    for (int user = 1; user <= 50; user++)
        assert_int_equal(react(fixture, user, seq, 0, true), JOB_DONE);
    struct job *job;
    const struct history_entry *entry = read_first(fixture, &job);
    assert_int_equal(entry->reactions[0].count, 50);
    assert_int_equal(entry->reactions[0].name_count, 20);
    job_destroy(job);
    for (int user = 1; user <= 50; user++)
        assert_int_equal(react(fixture, user, seq, 0, false), JOB_DONE);
    entry = read_first(fixture, &job);
    assert_int_equal(entry->reaction_count, 0);
    job_destroy(job);
    assert_int_equal(react(fixture, MINA, seq, 0, true), JOB_DONE);
    job = fixture_change(fixture, ENTRY_KIND_DELETE, MINA, seq, NULL);
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
    assert_int_equal(fixture_query(fixture, "SELECT count(*) FROM reaction_kinds"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_stored_is_cleaned_when_it_is_read),
        TEST(a_repeated_nonce_gets_the_first_answer),
        TEST(a_nonce_repeated_in_the_same_transaction_is_stored_once),
        TEST(a_nonce_is_recognised_after_a_restart),
        TEST(a_nonce_belongs_to_its_sender),
        TEST(a_nonce_beyond_the_window_is_new),
        TEST(a_repeat_that_says_since_when_is_recognised_beyond_the_window),
        TEST(what_was_removed_since_cannot_be_known),
        TEST(no_time_runs_backwards_by_a_clock_that_nobody_vouches_for),
        TEST(a_small_correction_is_waited_out),
        TEST(the_time_comes_back_when_a_wrong_clock_is_corrected),
        TEST(it_comes_back_after_a_restart_too),
        TEST(a_time_that_somebody_gave_corrects_a_wrong_clock),
        TEST(a_given_time_gives_way_to_the_kernels),
        TEST(a_given_time_does_not_outlast_the_machines_run),
        TEST(a_wrong_time_in_one_room_is_of_no_concern_to_others),
        TEST(an_unset_clock_counts_on_from_the_last_entry),
        TEST(an_edit_is_ones_own_or_allowed),
        TEST(what_is_no_message_cannot_be_changed),
        TEST(a_deletion_takes_the_text_and_its_edits_along),
        TEST(a_deleted_text_is_in_no_file),
        TEST(a_room_that_is_gone_takes_nothing),
        TEST(a_room_and_its_first_message_may_be_sent_together),
        TEST(rooms_count_by_themselves),
        TEST(a_topic_is_kept_and_told),
        TEST(a_reaction_is_a_state_and_every_change_an_entry),
        TEST(a_user_puts_five_reactions_and_a_message_has_twenty_kinds),
        TEST(what_is_counted_follows_what_is_there),
    };
    return cmocka_run_group_tests_name("storage.append", tests, NULL, NULL);
}

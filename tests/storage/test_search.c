#include "storage/search/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/messages.h"
#include "storage/search/trigram.h"
#include "tests/storage/scratch.h"

static int64_t next_ts = 1000;

static void say(struct scratch *scratch, int64_t room, int64_t seq, const char *text)
{
    scratch_insert(&scratch->database, room, seq, next_ts++, "Mina", text);
}

static void fill(struct scratch *scratch, int64_t room, int64_t first_seq, int count)
{
    for (int i = 0; i < count; i++) {
        char text[80];
        snprintf(text, sizeof text, "padding number %d of many", i);
        say(scratch, room, first_seq + i, text);
    }
}

static void index_all(struct scratch *scratch)
{
    int64_t waiting;
    assert_true(database_begin(&scratch->database));
    assert_true(search_waiting(&scratch->database, &waiting));
    for (int i = 0; waiting >= SEARCH_BLOCK_MESSAGES; i++) {
        assert_true(search_index(&scratch->database, &waiting));
        assert_true(i < 1000);
    }
    assert_true(database_commit(&scratch->database));
}

static struct job *asks(int64_t user_id, const char *query)
{
    struct job *job = job_create(JOB_SEARCH);
    assert_non_null(job);
    job->search.user_id = user_id;
    job->search.role = ROLE_GUEST;
    job->search.query = job_text(job, query);
    job->search.before_ts = NUMBER_ABSENT;
    job->search.elapsed_ms = 5000;
    job->search.limit = 50;
    job->search.bytes_max = 65536;
    return job;
}

static void answer(struct scratch *scratch, struct job *job)
{
    bool ok = search_run(&scratch->database, job);
    if (!ok)
        print_error("%s\n", scratch->database.why);
    assert_true(ok);
}

static size_t found(struct scratch *scratch, const char *query)
{
    struct job *job = asks(7, query);
    answer(scratch, job);
    size_t count = job->search.count;
    job_destroy(job);
    return count;
}

static void words_are_found_in_any_order_and_as_parts(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    say(&scratch, 1, 1, "The Harbour Master sleeps");
    say(&scratch, 1, 2, "harbour lights");
    assert_int_equal(found(&scratch, "harbour"), 2);
    assert_int_equal(found(&scratch, "master HARB"), 1);
    assert_int_equal(found(&scratch, "\"harbour master\""), 1);
    assert_int_equal(found(&scratch, "\"master harbour\""), 0);
    assert_int_equal(found(&scratch, "   "), 0);
    fill(&scratch, 1, 10, 600);
    index_all(&scratch);
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_blocks"), 1);
    assert_int_equal(found(&scratch, "harbour"), 2);
    assert_int_equal(found(&scratch, "master HARB"), 1);
    assert_int_equal(found(&scratch, "\"harbour master\""), 1);
    assert_int_equal(found(&scratch, "\"master harbour\""), 0);
    scratch_remove(&scratch);
}

static void korean_is_found_by_two_syllables_and_by_jamo(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    say(&scratch, 1, 1, "내일 회의는 세 시에 시작합니다");
    fill(&scratch, 1, 10, SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_int_equal(found(&scratch, "회의"), 1);
    assert_int_equal(found(&scratch, "회의는"), 1);
    assert_int_equal(found(&scratch, "의"), 1);
    assert_int_equal(found(&scratch, "\u1112\u116c\u110b\u1174"), 1); /* the same in jamo (NFD) */
    assert_int_equal(found(&scratch, "회사"), 0);
    scratch_remove(&scratch);
}

static void a_query_shorter_than_three_characters_finds_things(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    say(&scratch, 1, 1, "zq");
    say(&scratch, 1, 2, "Ⅻ o'clock");
    fill(&scratch, 1, 10, SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_int_equal(found(&scratch, "zq"), 1);
    assert_int_equal(found(&scratch, "q"), 1);
    assert_int_equal(found(&scratch, "xi"), 1);
    scratch_remove(&scratch);
}

static struct place place_of_last(const struct job_search *search)
{
    const struct history_entry *last = &search->entries[search->count - 1];
    return (struct place){last->entry.ts, last->room_id, last->entry.seq};
}

static void results_are_newest_first_and_continue_without_a_gap(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    int64_t seen = 0, last_ts = INT64_MAX;
    struct place after = {0};
    for (int i = 0; i < 1500; i++) {
        char text[40];
        snprintf(text, sizeof text, "apple %d", i);
        scratch_insert(&scratch.database, 1 + (i % 2 ? 0 : 2), i + 1, 1000 + i / 3, "Jun", text);
    }
    index_all(&scratch);
    assert_true(scratch_query(&scratch.database, "SELECT count(*) FROM search_blocks") >= 2);
    for (bool more = true; more;) {
        struct job *job = asks(7, "apple");
        job->search.after = after;
        job->search.limit = 20;
        answer(&scratch, job);
        more = job->search.more;
        assert_true(job->search.count > 0);
        for (size_t i = 0; i < job->search.count; i++) {
            assert_true(job->search.entries[i].entry.ts <= last_ts);
            last_ts = job->search.entries[i].entry.ts;
        }
        seen += (int64_t)job->search.count;
        after = place_of_last(&job->search);
        job_destroy(job);
    }
    assert_int_equal(seen, 1500);
    scratch_remove(&scratch);
}

/* As an import of a log without milliseconds makes them, or a clock that stood still. */
static void messages_of_one_instant_are_all_found(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    for (int i = 0; i < 300; i++)
        scratch_insert(&scratch.database, 1 + i % 2 * 2, i + 1, 5000, "Jun", "needle");
    index_all(&scratch);
    for (int i = 300; i < 350; i++) /* and some that are not indexed yet */
        scratch_insert(&scratch.database, 1 + i % 2 * 2, i + 1, 5000, "Jun", "needle");
    struct place after = {0};
    int64_t last = INT64_MAX;
    size_t seen = 0, pages = 0;
    for (bool more = true; more; pages++) {
        struct job *job = asks(7, "needle");
        job->search.after = after;
        job->search.limit = 30;
        answer(&scratch, job);
        more = job->search.more;
        for (size_t i = 0; i < job->search.count; i++) {
            int64_t id = job->search.entries[i].room_id << 40 | job->search.entries[i].entry.seq;
            assert_true(id < last);
            last = id;
        }
        seen += job->search.count;
        after = place_of_last(&job->search);
        job_destroy(job);
    }
    assert_int_equal(seen, 350);
    assert_int_equal(pages, 12);
    scratch_remove(&scratch);
}

static void only_rooms_that_may_be_read_are_searched(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    for (int64_t room = 1; room <= 3; room++)
        say(&scratch, room, 1, "a secret word");
    for (int round = 0; round < 2; round++) {
        struct {
            int64_t user;
            enum role role;
            size_t count;
        } cells[] = {
            {0, ROLE_GUEST, 1}, {5, ROLE_GUEST, 2},  {6, ROLE_GUEST, 2}, {7, ROLE_GUEST, 2},
            {9, ROLE_GUEST, 0}, {10, ROLE_GUEST, 1}, {0, ROLE_ADMIN, 2},
        };
        assert_true(database_execute(
            &scratch.database,
            "INSERT OR REPLACE INTO grants(room_id,user_id,role,invited,banned_until) VALUES"
            "(2,5,2,0,0),(2,6,0,1,0),(1,9,0,0,6000),(2,9,2,1,6000),(1,10,0,0,4000)"));
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
            struct job *job = asks(cells[i].user, "secret");
            job->search.role = cells[i].role;
            answer(&scratch, job);
            assert_int_equal(job->search.count, cells[i].count);
            job_destroy(job);
        }
        struct job *job = asks(0, "secret");
        job->search.room_id = 2;
        answer(&scratch, job);
        assert_int_equal(job->search.count, 0);
        job_destroy(job);
        fill(&scratch, 1, 100 + round * 1000, SEARCH_BLOCK_MESSAGES);
        index_all(&scratch);
    }
    scratch_remove(&scratch);
}

static void filters_hold_by_room_author_and_time(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    scratch_insert(&scratch.database, 1, 1, 100, "Mina", "lantern one");
    scratch_insert(&scratch.database, 1, 2, 200, "Jun", "lantern two");
    scratch_insert(&scratch.database, 3, 1, 300, "Jun", "lantern three");
    for (int round = 0; round < 2; round++) {
        struct job *job = asks(7, "lantern");
        strcpy(job->search.from, "jun");
        answer(&scratch, job);
        assert_int_equal(job->search.count, 2);
        assert_string_equal(job->search.entries[0].entry.text, "lantern three");
        job_destroy(job);
        job = asks(7, "lantern");
        job->search.room_id = 1;
        job->search.before_ts = 200;
        answer(&scratch, job);
        assert_int_equal(job->search.count, 1);
        assert_string_equal(job->search.entries[0].entry.from, "Mina");
        job_destroy(job);
        fill(&scratch, 1, 100 + round * 1000, SEARCH_BLOCK_MESSAGES);
        index_all(&scratch);
    }
    scratch_remove(&scratch);
}

static void expect_needle_in_snippet(const char *before)
{
    struct scratch scratch;
    scratch_open(&scratch);
    char text[4000] = "";
    for (int i = 0; i < 150; i++)
        strcat(text, before);
    strcat(text, "The NEEDLE is here ");
    for (int i = 0; i < 50; i++)
        strcat(text, "ipsum ");
    say(&scratch, 1, 1, text);
    struct job *job = asks(7, "needle");
    answer(&scratch, job);
    assert_int_equal(job->search.count, 1);
    const char *snippet = job->search.entries[0].snippet;
    assert_non_null(strstr(snippet, "NEEDLE"));
    assert_true(strlen(snippet) <= 512);
    assert_memory_equal(snippet, "\xe2\x80\xa6", 3);
    job_destroy(job);
    scratch_remove(&scratch);
}

static void a_snippet_shows_the_match_in_a_long_text(void **state)
{
    (void)state;
    expect_needle_in_snippet("가나다 lorem ");
    expect_needle_in_snippet("plain words ");
    expect_needle_in_snippet("가나다라마바사");
}

/* As the writer does it: the index first, then the rows. */
static void edit(struct scratch *scratch, int64_t target, int64_t seq, const char *text)
{
    struct entry entry = {.seq = seq,
                          .ts = next_ts++,
                          .kind = ENTRY_KIND_EDIT,
                          .user_id = 7,
                          .from = "Mina",
                          .text = text,
                          .target = target};
    assert_true(search_forget(&scratch->database, row_id(1, target)));
    assert_true(messages_insert(&scratch->database, 1, &entry));
    assert_true(messages_apply(&scratch->database, 1, &entry));
    assert_true(search_again(&scratch->database, row_id(1, target)));
}

static void delete (struct scratch *scratch, int64_t target, int64_t seq)
{
    struct entry entry = {.seq = seq,
                          .ts = next_ts++,
                          .kind = ENTRY_KIND_DELETE,
                          .user_id = 7,
                          .from = "Mina",
                          .target = target};
    assert_true(search_forget(&scratch->database, row_id(1, target)));
    assert_true(messages_insert(&scratch->database, 1, &entry));
    assert_true(messages_apply(&scratch->database, 1, &entry));
}

static void an_edited_message_is_found_by_its_new_text_only(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    say(&scratch, 1, 1, "the quick fox");
    edit(&scratch, 1, 2, "the lazy dog");
    assert_int_equal(found(&scratch, "quick"), 0);
    assert_int_equal(found(&scratch, "lazy"), 1);
    fill(&scratch, 1, 10, SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_int_equal(found(&scratch, "lazy"), 1);
    edit(&scratch, 1, 2000, "the sleepy cat");
    assert_int_equal(found(&scratch, "lazy"), 0);
    assert_int_equal(found(&scratch, "sleepy"), 1);
    fill(&scratch, 1, 3000, SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_loose"), 0);
    assert_int_equal(found(&scratch, "lazy"), 0);
    assert_int_equal(found(&scratch, "sleepy"), 1);
    struct job *job = asks(7, "sleepy");
    answer(&scratch, job);
    assert_string_equal(job->search.entries[0].entry.text, "the sleepy cat");
    assert_int_equal(job->search.entries[0].edited, 2000);
    job_destroy(job);
    scratch_remove(&scratch);
}

/* In the first block. */
static bool has_places(struct scratch *scratch, uint32_t trigram)
{
    const int64_t first = INT64_C(1) << TRIGRAM_BITS;
    struct posting_list list = {{0}};
    sqlite3_stmt *row = database_prepare(
        &scratch->database,
        "SELECT id, places FROM search_grams WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
    sqlite3_bind_int64(row, 1, first);
    sqlite3_bind_int64(row, 2, first + trigram);
    if (database_step(&scratch->database, row) == STEP_ROW)
        posting_row_find(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                         (uint32_t)(sqlite3_column_int64(row, 0) - first), trigram, &list);
    database_reset(row);
    return !posting_list_is_empty(&list);
}

static int64_t trigrams_with_place_of(struct scratch *scratch, const char *folded)
{
    uint32_t trigrams[64];
    int64_t there = 0;
    size_t count = trigrams_of(folded, strlen(folded), trigrams, 64);
    for (size_t i = 0; i < count; i++)
        there += has_places(scratch, trigrams[i]);
    return there;
}

static void a_deleted_text_is_in_no_byte_of_the_files(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    say(&scratch, 1, 1, "xylophonequartz");
    fill(&scratch, 1, 10, SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_true(trigrams_with_place_of(&scratch, "xylophonequartz") > 10);
    delete (&scratch, 1, 2000);
    assert_int_equal(found(&scratch, "xylophonequartz"), 0);
    assert_int_equal(trigrams_with_place_of(&scratch, "xylophonequartz"), 0);
    assert_true(scratch_count(&scratch, "xylophonequartz") > 0); /* in the WAL still */
    assert_true(database_execute(&scratch.database, "PRAGMA wal_checkpoint(TRUNCATE)"));
    assert_int_equal(scratch_count(&scratch, "xylophonequartz"), 0);
    assert_int_equal(scratch_query(&scratch.database, "SELECT kept FROM search_blocks"),
                     SEARCH_BLOCK_MESSAGES - 1);
    scratch_remove(&scratch);
}

static void pruned_rows_leave_the_index_and_empty_blocks_go(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    fill(&scratch, 1, 1, 3 * SEARCH_BLOCK_MESSAGES);
    say(&scratch, 2, 1, "stays in its room");
    index_all(&scratch);
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_blocks"), 3);
    assert_true(search_forget_rows(&scratch.database, row_id(1, 1), row_id(1, 700)));
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_blocks"), 2);
    assert_int_equal(scratch_query(&scratch.database, "SELECT sum(kept) FROM search_blocks"),
                     3 * SEARCH_BLOCK_MESSAGES - 700);
    assert_true(search_forget_rows(&scratch.database, row_id(1, 0), row_id(1, SEQ_KEPT_MAX)));
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_blocks"), 0);
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_grams"), 0);
    scratch_remove(&scratch);
}

static void an_index_of_texts_folded_otherwise_is_made_again(void **state)
{
    (void)state;
    struct scratch scratch;
    int64_t waiting;
    scratch_open(&scratch);
    assert_true(search_open(&scratch.database, true, &waiting));
    fill(&scratch, 1, 1, 2 * SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_true(database_set_meta(&scratch.database, "search_fold", 1));
    assert_true(search_open(&scratch.database, true, &waiting));
    assert_int_equal(waiting, 2 * SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_true(search_open(&scratch.database, true, &waiting));
    assert_int_equal(waiting, 0);
    scratch_remove(&scratch);
}

static void marks_count_where_the_query_writes_them(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_open(&scratch);
    for (int indexed = 0; indexed < 2; indexed++) {
        int64_t first = 1 + indexed * 10 * SEARCH_BLOCK_MESSAGES;
        say(&scratch, 1, first, "un caf\u00E9 noir");
        say(&scratch, 1, first + 1, "un cafe blanc");
        say(&scratch, 1, first + 2, "\u0130yi ak\u015Famlar");
        assert_int_equal(found(&scratch, "cafe"), 2 + 2 * indexed);
        assert_int_equal(found(&scratch, "caf\u00E9"), 1 + indexed);
        assert_int_equal(found(&scratch, "noir caf\u00E9"), 1 + indexed);
        assert_int_equal(found(&scratch, "iyi AKSAMLAR"), 1 + indexed);
        assert_int_equal(found(&scratch, "\u201Ccafe noir\u201D"), 1 + indexed);
        assert_int_equal(found(&scratch, "\u0301"), 0);
        fill(&scratch, 1, first + 3, SEARCH_BLOCK_MESSAGES);
        index_all(&scratch);
    }
    scratch_remove(&scratch);
}

static void an_index_that_is_not_wanted_is_emptied_and_made_again(void **state)
{
    (void)state;
    struct scratch scratch;
    int64_t waiting;
    scratch_open(&scratch);
    assert_true(search_open(&scratch.database, true, &waiting));
    fill(&scratch, 1, 1, 40 * SEARCH_BLOCK_MESSAGES);
    index_all(&scratch);
    assert_true(search_open(&scratch.database, true, &waiting));
    assert_int_equal(waiting, 0);
    assert_true(search_open(&scratch.database, false, &waiting));
    assert_int_equal(scratch_query(&scratch.database, "SELECT count(*) FROM search_grams"), 0);
    assert_true(search_open(&scratch.database, true, &waiting));
    assert_int_equal(waiting, SEARCH_WAITING_MANY);
    assert_int_equal(found(&scratch, "\"number 511 of\""), 1);
    index_all(&scratch);
    assert_int_equal(search_unindexed(&scratch.database), 0);
    assert_int_equal(found(&scratch, "\"number 511 of\""), 1);
    scratch_remove(&scratch);
}

/* Random words of few letters, so that trigrams repeat; every answer is compared with reading all.
 */
static void the_index_answers_as_reading_everything_would(void **state)
{
    (void)state;
    struct scratch scratch;
    static char texts[2200][48];
    scratch_open(&scratch);
    srand(7);
    for (int i = 0; i < 2200; i++) {
        size_t length = (size_t)(3 + rand() % 40);
        for (size_t at = 0; at < length; at++)
            texts[i][at] = "abcd e"[rand() % 6];
        texts[i][length] = '\0';
        say(&scratch, 1 + 2 * (i & 1), i + 1, texts[i]);
    }
    index_all(&scratch);
    for (int round = 0; round < 200; round++) {
        char query[8];
        size_t expected = 0, length = (size_t)(1 + rand() % 6);
        for (size_t at = 0; at < length; at++)
            query[at] = "abcde"[rand() % 5];
        query[length] = '\0';
        for (int i = 0; i < 2200; i++)
            expected += strstr(texts[i], query) != NULL;
        struct job *job = asks(7, query);
        job->search.limit = 2200;
        job->search.bytes_max = 10 << 20;
        answer(&scratch, job);
        assert_int_equal(job->search.count, expected);
        job_destroy(job);
    }
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_in_any_order_and_as_parts),
        cmocka_unit_test(korean_is_found_by_two_syllables_and_by_jamo),
        cmocka_unit_test(a_query_shorter_than_three_characters_finds_things),
        cmocka_unit_test(results_are_newest_first_and_continue_without_a_gap),
        cmocka_unit_test(messages_of_one_instant_are_all_found),
        cmocka_unit_test(only_rooms_that_may_be_read_are_searched),
        cmocka_unit_test(filters_hold_by_room_author_and_time),
        cmocka_unit_test(a_snippet_shows_the_match_in_a_long_text),
        cmocka_unit_test(an_edited_message_is_found_by_its_new_text_only),
        cmocka_unit_test(a_deleted_text_is_in_no_byte_of_the_files),
        cmocka_unit_test(pruned_rows_leave_the_index_and_empty_blocks_go),
        cmocka_unit_test(an_index_of_texts_folded_otherwise_is_made_again),
        cmocka_unit_test(marks_count_where_the_query_writes_them),
        cmocka_unit_test(an_index_that_is_not_wanted_is_emptied_and_made_again),
        cmocka_unit_test(the_index_answers_as_reading_everything_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

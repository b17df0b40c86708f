/* Databases of every version there ever was, kept as SQL text in schema/, become today's. */
#include "storage/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/messages.h"
#include "tests/storage/store_fixture.h"

static char *read_text(int version)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%d.sql", SCHEMA_FOLDER, version);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing: every version of the schema is kept there", path);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, file), size);
    fclose(file);
    return text;
}

static void make_old(struct store_fixture *fixture, int version)
{
    sqlite3 *handle = NULL;
    char mark[64], *text = read_text(version), *why = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("version %d: %s", version, why);
    snprintf(mark, sizeof mark, "PRAGMA user_version=%d", version);
    assert_int_equal(sqlite3_exec(handle, mark, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    free(text);
}

static struct job *read_history(struct store_fixture *fixture)
{
    struct job *job = job_create(JOB_HISTORY);
    job->history.room_id = LOBBY;
    job->history.before = job->history.after = NUMBER_ABSENT;
    job->history.up_to = SEQ_MAX;
    job->history.limit = 50;
    job->history.bytes_max = 1 << 20;
    return fixture_do(fixture, job);
}

static void check_history(struct store_fixture *fixture)
{
    struct job *job = read_history(fixture);
    assert_int_equal(job->history.count, 3);
    const struct history_entry *entries = job->history.entries;
    assert_string_equal(entries[0].entry.text, "first words, better");
    assert_int_equal(entries[0].edited, 4);
    assert_int_equal(entries[0].reaction_count, 1);
    assert_string_equal(entries[0].reactions[0].emoji, "+1");
    assert_true(entries[1].entry.deleted);
    assert_string_equal(entries[2].entry.nonce, "k1");
    job_destroy(job);
    job = job_create(JOB_GRANT_FIND);
    job->grant_find.room_id = LOBBY;
    job->grant_find.user_id = JUN;
    job = fixture_do(fixture, job);
    assert_int_equal(job->grant_find.grant.role, ROLE_MODERATOR);
    job_destroy(job);
}

/* Whoever came back with a key in the first version still does: it is their first device. */
static void check_devices(struct store_fixture *fixture)
{
    static const struct {
        int64_t id;
        const char *key;
    } kept[] = {{MINA, "mina"}, {JUN, "jun"}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct job *job = job_create(JOB_LOGIN);
        job->login.by_key = true;
        strcpy(job->login.key, kept[i].key);
        job = fixture_do(fixture, job);
        assert_true(job->login.known);
        assert_int_equal(job->login.user.id, kept[i].id);
        assert_string_equal(job->login.user.name, kept[i].key);
        assert_int_equal(job->login.device.id, kept[i].id);
        job_destroy(job);
    }
}

static size_t find(struct store_fixture *fixture, const char *query)
{
    struct job *job = job_create(JOB_SEARCH);
    job->search.query = job_text(job, query);
    job->search.before_ts = NUMBER_ABSENT;
    job->search.limit = 10;
    job->search.bytes_max = 1 << 20;
    job = fixture_do(fixture, job);
    size_t count = job->search.count;
    assert_int_equal(fixture_result(job), JOB_DONE);
    return count;
}

static void a_database_of_each_version_goes_on(void **state)
{
    (void)state;
    for (int version = 1; version <= schema_version(); version++) {
        struct store_fixture fixture;
        fixture_init(&fixture);
        make_old(&fixture, version);
        fixture_open(&fixture);
        assert_string_equal(store_start(fixture.store)->damaged, "");
        check_history(&fixture);
        assert_int_equal(find(&fixture, "better"), 1);
        check_devices(&fixture);
        struct job *job = fixture_do(&fixture, fixture_message(&fixture, JUN, "again", "k1"));
        assert_int_equal(job->append.entry.seq, 3);
        assert_int_equal(fixture_result(job), JOB_REPEATED);
        assert_int_equal(fixture_send(&fixture, "and on"), 7);
        assert_int_equal(fixture_query(&fixture, "PRAGMA user_version"), schema_version());
        fixture_finish(&fixture);
    }
}

/* As one text: name and SQL of everything, spaces apart. */
static void describe(const char *path, char *text, size_t size)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *rows = NULL;
    size_t length = 0;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle,
                                        "SELECT name, replace(sql, ' ', '') FROM sqlite_schema"
                                        " WHERE sql IS NOT NULL ORDER BY name",
                                        -1, &rows, NULL),
                     SQLITE_OK);
    text[0] = '\0';
    while (sqlite3_step(rows) == SQLITE_ROW && length < size)
        length += (size_t)snprintf(text + length, size - length, "%s: %s\n",
                                   sqlite3_column_text(rows, 0), sqlite3_column_text(rows, 1));
    assert_true(length < size);
    sqlite3_finalize(rows);
    sqlite3_close(handle);
}

static void reactions_in_two_spellings_become_one(void **state)
{
    (void)state;
    struct store_fixture fixture;
    fixture_init(&fixture);
    make_old(&fixture, 1);
    (void)fixture_query(&fixture, "DELETE FROM reactions");
    (void)fixture_query(&fixture,
                        "INSERT INTO reactions VALUES((1<<40)+1,'\u2764\uFE0F',1,'mina'),"
                        "((1<<40)+1,'\u2764',1,'mina'),((1<<40)+1,'\u2764\uFE0F',2,'jun')");
    fixture_open(&fixture);
    struct job *job = read_history(&fixture);
    assert_int_equal(job->history.entries[0].reaction_count, 1);
    assert_string_equal(job->history.entries[0].reactions[0].emoji, "\u2764\uFE0F");
    assert_int_equal(job->history.entries[0].reactions[0].count, 2);
    job_destroy(job);
    fixture_finish(&fixture);
}

/* Whoever changes a step that is kept, instead of appending one, hears of it here. */
static void the_newest_kept_version_is_what_a_new_database_has(void **state)
{
    (void)state;
    static char kept[16384], made[16384];
    struct store_fixture fixture;
    fixture_init(&fixture);
    make_old(&fixture, schema_version());
    describe(fixture.path, kept, sizeof kept);
    fixture_finish(&fixture);
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_close(&fixture);
    describe(fixture.path, made, sizeof made);
    fixture_finish(&fixture);
    assert_string_equal(kept, made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_of_each_version_goes_on),
        cmocka_unit_test(reactions_in_two_spellings_become_one),
        cmocka_unit_test(the_newest_kept_version_is_what_a_new_database_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

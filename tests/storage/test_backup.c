#include "storage/backup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/messages.h"
#include "tests/storage/store_fixture.h"

#define CELLAR 2

static struct job *asks_for(struct store_fixture *fixture, enum job_kind kind, const char *path,
                            bool overwrite)
{
    struct job *job = job_create(kind);
    assert_non_null(job);
    job->backup.path = job_text(job, path);
    job->backup.overwrite = overwrite;
    return fixture_do(fixture, job);
}

static void beside(const struct store_fixture *fixture, const char *name, char path[160])
{
    snprintf(path, 160, "%s/%s", fixture->folder, name);
}

static int64_t ask_file(const char *path, const char *sql)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return number;
}

static bool has_file(const struct store_fixture *fixture, const char *start)
{
    DIR *folder = opendir(fixture->folder);
    bool found = false;
    for (struct dirent *file; folder && (file = readdir(folder));)
        found = found || strncmp(file->d_name, start, strlen(start)) == 0;
    closedir(folder);
    return found;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fwrite(bytes, 1, size, file);
    fclose(file);
}

static void a_backup_taken_while_people_talk_opens_anywhere(void **state)
{
    (void)state;
    struct store_fixture fixture;
    char path[160];
    struct stat status;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    for (int i = 0; i < 500; i++)
        fixture_send(&fixture, "before the backup");
    beside(&fixture, "copy.db", path);
    struct job *job = job_create(JOB_BACKUP);
    job->backup.path = job_text(job, path);
    fixture_submit(&fixture, job);
    for (int i = 0; i < 200; i++)
        fixture_submit(&fixture, fixture_message(&fixture, MINA, "during it", NULL));
    for (int left = 201; left > 0; left--) {
        job = fixture_collect(&fixture);
        assert_int_equal(job->result, JOB_DONE);
        if (job->kind == JOB_BACKUP)
            assert_true(job->backup.bytes > 10000);
        job_destroy(job);
    }
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_false(has_file(&fixture, "copy.db.partial"));
    fixture_close(&fixture);
    assert_int_equal(ask_file(path, "SELECT count(*) FROM messages WHERE text='before the backup'"),
                     500);
    assert_int_equal(ask_file(path, "SELECT count(*) FROM pragma_integrity_check"
                                    " WHERE integrity_check<>'ok'"),
                     0);
    assert_false(has_file(&fixture, "copy.db-")); /* no WAL is needed to read it */
    fixture_finish(&fixture);
}

/* --- as streams --- */

static struct job *transfers(struct store_fixture *fixture, struct job_transfer step)
{
    struct job *job = job_create(JOB_TRANSFER);
    unsigned char *piece = step.length ? job_memory(job, step.length) : NULL;
    if (piece && step.piece)
        memcpy(piece, step.piece, step.length);
    step.piece = piece;
    job->transfer = step;
    return fixture_do(fixture, job);
}

static enum job_result transfer_result(struct store_fixture *fixture, struct job_transfer step)
{
    return fixture_result(transfers(fixture, step));
}

/* Everything that is in the folder of the database but what belongs there. */
static int count_strangers(const struct store_fixture *fixture)
{
    int count = 0;
    DIR *folder = opendir(fixture->folder);
    for (struct dirent *file; (file = readdir(folder));)
        count += strstr(file->d_name, "partial") != NULL;
    closedir(folder);
    return count;
}

/* Reads the copy that has been begun into memory. */
static unsigned char *read_stream(struct store_fixture *fixture, int64_t *bytes)
{
    struct job *job = transfers(fixture, (struct job_transfer){.step = TRANSFER_STEP_COPY});
    assert_string_equal(job->why, "");
    assert_int_equal(job->result, JOB_DONE);
    *bytes = job->transfer.bytes;
    job_destroy(job);
    assert_int_equal(count_strangers(fixture), 0);
    unsigned char *all = malloc((size_t)*bytes);
    for (int64_t at = 0; at < *bytes;) {
        size_t length = *bytes - at < 5000 ? (size_t)(*bytes - at) : 5000;
        job = transfers(fixture, (struct job_transfer){.step = TRANSFER_STEP_READ, .at = at, .length = length});
        assert_int_equal(job->result, JOB_DONE);
        memcpy(all + at, job->transfer.piece, length);
        at += (int64_t)length;
        job_destroy(job);
    }
    return all;
}

static enum job_result write_stream(struct store_fixture *fixture, unsigned char *all, int64_t bytes,
                                    int64_t told)
{
    if (transfer_result(fixture, (struct job_transfer){
                                     .step = TRANSFER_STEP_UPLOAD, .bytes = told, .overwrite = true}))
        return JOB_REFUSED;
    for (int64_t at = 0; at < bytes; at += 7000) {
        size_t length = bytes - at < 7000 ? (size_t)(bytes - at) : 7000;
        assert_int_equal(transfer_result(fixture, (struct job_transfer){.step = TRANSFER_STEP_WRITE,
                                                                        .at = at,
                                                                        .piece = all + at,
                                                                        .length = length}),
                         JOB_DONE);
    }
    return transfer_result(fixture, (struct job_transfer){.step = TRANSFER_STEP_TAKE});
}

static void a_backup_goes_out_and_comes_back_as_a_stream(void **state)
{
    (void)state;
    struct store_fixture fixture;
    int64_t bytes;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    for (int i = 0; i < 500; i++)
        fixture_send(&fixture, "before the backup");
    unsigned char *all = read_stream(&fixture, &bytes);
    fixture_send(&fixture, "after the backup");
    char path[160];
    beside(&fixture, "copy.db", path);
    write_file(path, (const char *)all, (size_t)bytes);
    assert_int_equal(ask_file(path, "SELECT count(*) FROM messages"), 500);
    assert_int_equal(all[18], 1); /* no WAL is looked for beside it */
    assert_int_equal(write_stream(&fixture, all, bytes, bytes), JOB_DONE);
    assert_int_equal(count_strangers(&fixture), 0);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM messages"), 500);
    free(all);
    fixture_finish(&fixture);
}

static void a_stream_that_is_no_backup_leaves_everything_as_it_was(void **state)
{
    (void)state;
    struct store_fixture fixture;
    int64_t bytes;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    fixture_send(&fixture, "kept");
    unsigned char *all = read_stream(&fixture, &bytes);
    assert_int_equal(write_stream(&fixture, all, bytes - 1000, bytes), JOB_REFUSED); /* cut */
    assert_int_equal(write_stream(&fixture, all, bytes - 1000, bytes - 1000), JOB_REFUSED);
    assert_int_equal(write_stream(&fixture, (unsigned char *)"no database", 11, 11), JOB_REFUSED);
    memset(all + bytes / 2, 0x5a, 1024);
    assert_int_equal(write_stream(&fixture, all, bytes, bytes), JOB_REFUSED);
    assert_int_equal(write_stream(&fixture, all, 0, INT64_C(1) << 55), JOB_REFUSED); /* no room */
    assert_int_equal(transfer_result(&fixture, (struct job_transfer){.step = TRANSFER_STEP_UPLOAD}),
                     JOB_REFUSED); /* there are messages */
    assert_int_equal(transfer_result(&fixture, (struct job_transfer){.step = TRANSFER_STEP_READ}),
                     JOB_REFUSED);
    /* broken off */
    assert_int_equal(transfer_result(&fixture, (struct job_transfer){.step = TRANSFER_STEP_UPLOAD,
                                                                     .bytes = 10,
                                                                     .overwrite = true}),
                     JOB_DONE);
    assert_int_equal(transfer_result(&fixture, (struct job_transfer){.step = TRANSFER_STEP_END}), JOB_DONE);
    assert_int_equal(count_strangers(&fixture), 0);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM messages"), 1);
    free(all);
    fixture_finish(&fixture);
}

static void a_backup_does_not_replace_a_file_unless_told(void **state)
{
    (void)state;
    struct store_fixture fixture;
    char path[160];
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    beside(&fixture, "precious", path);
    write_file(path, "precious", 8);
    struct job *job = asks_for(&fixture, JOB_BACKUP, path, false);
    assert_int_equal(job->result, JOB_REFUSED);
    assert_non_null(strstr(job->why, "file"));
    job_destroy(job);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, fixture.path, true)),
                     JOB_REFUSED);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, "relative.db", false)),
                     JOB_REFUSED);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, "/nowhere/at/all", false)),
                     JOB_REFUSED);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, path, true)), JOB_DONE);
    assert_int_equal(ask_file(path, "SELECT count(*) FROM rooms"), 1);
    fixture_finish(&fixture);
}

static void a_restore_is_taken_by_the_next_start(void **state)
{
    (void)state;
    struct store_fixture fixture;
    char path[160];
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    fixture_send(&fixture, "kept in the backup");
    beside(&fixture, "copy.db", path);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, path, false)), JOB_DONE);
    char log_id[LOG_ID_BYTES + 1];
    fixture_send(&fixture, "said after it");
    fixture_close(&fixture);
    fixture_open(&fixture);
    strcpy(log_id, store_start(fixture.store)->rooms[0].log_id);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, path, false)), JOB_REFUSED);
    assert_false(has_file(&fixture, "chat.db.restore"));
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, path, true)), JOB_DONE);
    fixture_close(&fixture);
    fixture_open(&fixture);
    struct job *job = fixture_page(&fixture, LOBBY);
    assert_int_equal(job->page.count, 1);
    assert_string_equal(job->page.entries[0].text, "kept in the backup");
    job_destroy(job);
    assert_string_not_equal(store_start(fixture.store)->rooms[0].log_id, log_id);
    assert_true(has_file(&fixture, "chat.db.replaced-"));
    assert_false(has_file(&fixture, "chat.db.restore"));
    fixture_finish(&fixture);
}

static void what_is_no_backup_is_refused(void **state)
{
    (void)state;
    struct store_fixture fixture;
    char path[160];
    sqlite3 *handle;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    beside(&fixture, "no.db", path);
    write_file(path, "this is no database at all, whatever it is called", 49);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, path, true)), JOB_REFUSED);
    unlink(path);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, path, true)), JOB_REFUSED);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, fixture.folder, true)),
                     JOB_REFUSED);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, path, false)), JOB_DONE);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    sqlite3_exec(handle, "PRAGMA user_version=999", NULL, NULL, NULL);
    struct job *job = asks_for(&fixture, JOB_RESTORE, path, true);
    assert_int_equal(job->result, JOB_REFUSED);
    assert_non_null(strstr(job->why, "newer"));
    job_destroy(job);
    sqlite3_exec(handle, "PRAGMA user_version=1; DROP TABLE rooms", NULL, NULL, NULL);
    sqlite3_close(handle);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, path, true)), JOB_REFUSED);
    assert_false(has_file(&fixture, "chat.db.restore"));
    fixture_finish(&fixture);
}

static void a_damaged_backup_is_refused(void **state)
{
    (void)state;
    struct store_fixture fixture;
    char path[160], zeros[1024] = "";
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    for (int i = 0; i < 200; i++)
        fixture_send(&fixture, "a text that fills some pages of the file");
    beside(&fixture, "copy.db", path);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_BACKUP, path, false)), JOB_DONE);
    FILE *file = fopen(path, "r+b");
    for (long page = 20; page < 26; page++) {
        fseek(file, page * 1024, SEEK_SET);
        fwrite(zeros, 1, sizeof zeros, file);
    }
    fclose(file);
    assert_int_equal(fixture_result(asks_for(&fixture, JOB_RESTORE, path, true)), JOB_REFUSED);
    assert_false(has_file(&fixture, "chat.db.restore"));
    fixture_finish(&fixture);
}

static void make_cellar(struct store_fixture *fixture)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = CELLAR;
    strcpy(job->room.room.name, "cellar");
    strcpy(job->room.room.folded, "cellar");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

/* What an export shows of a row; the user's id stays behind, as in JSON lines. */
static void copy_row(struct job *job, const struct entry *from, struct entry *to)
{
    *to = *from;
    to->user_id = 0;
    to->from = job_text(job, from->from);
    to->text = job_text(job, from->text);
    to->nonce = job_text(job, from->nonce);
    to->emoji = job_text(job, from->emoji);
}

static struct job *import_of(const struct job *page, size_t first, size_t count)
{
    struct job *job = job_create(JOB_IMPORT);
    job->import.room_id = CELLAR;
    job->import.entries = job_memory(job, (count + 1) * sizeof *job->import.entries);
    for (size_t i = 0; i < count; i++)
        copy_row(job, &page->page.entries[first + i], &job->import.entries[i]);
    job->import.count = count;
    return job;
}

static struct job *export_of(struct store_fixture *fixture, int64_t room_id)
{
    struct job *job = job_create(JOB_EXPORT);
    job->page.room_id = room_id;
    job->page.up_to = SEQ_MAX;
    job->page.limit = 1000;
    job->page.bytes_max = 1 << 24;
    return fixture_do(fixture, job);
}

static void expect_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void expect_same_row(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->ts, b->ts);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->target, b->target);
    assert_int_equal(a->on, b->on);
    assert_int_equal(a->guest, b->guest);
    assert_int_equal(a->deleted, b->deleted);
    expect_same_text(a->from, b->from);
    expect_same_text(a->text, b->text);
    expect_same_text(a->nonce, b->nonce);
    expect_same_text(a->emoji, b->emoji);
    assert_true(a->via == b->via);
}

static void talk(struct store_fixture *fixture)
{
    int64_t first = fixture_send(fixture, "first words");
    int64_t second = fixture_send(fixture, "second words, to be removed");
    fixture_send(fixture, "회의는 세 시에");
    struct job *changes[] = {
        fixture_change(fixture, ENTRY_KIND_EDIT, MINA, first, "first words, better"),
        fixture_change(fixture, ENTRY_KIND_EDIT, MINA, second, "second words, edited"),
        fixture_change(fixture, ENTRY_KIND_REACTION, JUN, first, "+1"),
        fixture_change(fixture, ENTRY_KIND_REACTION, MINA, first, "+1"),
        fixture_change(fixture, ENTRY_KIND_DELETE, MINA, second, NULL),
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        assert_int_equal(fixture_result(fixture_do(fixture, changes[i])), JOB_DONE);
    assert_int_equal(
        fixture_result(fixture_do(fixture, fixture_message(fixture, JUN, "with a nonce", "k7"))),
        JOB_DONE);
}

static void the_export_of_an_import_is_the_same(void **state)
{
    (void)state;
    struct store_fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    talk(&fixture);
    make_cellar(&fixture);
    struct job *page = export_of(&fixture, LOBBY);
    assert_int_equal(page->page.count, 9);
    struct job *job = fixture_do(&fixture, import_of(page, 0, 4)); /* in two pages */
    assert_int_equal(job->import.imported, 4);
    assert_int_equal(fixture_result(job), JOB_DONE);
    assert_int_equal(fixture_result(fixture_do(&fixture, import_of(page, 4, 5))), JOB_DONE);
    struct job *again = export_of(&fixture, CELLAR);
    assert_int_equal(again->page.count, page->page.count);
    for (size_t i = 0; i < page->page.count; i++)
        expect_same_row(&page->page.entries[i], &again->page.entries[i]);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM reactions WHERE target>>40=2"),
                     2);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM edits WHERE target>>40=2"), 1);
    job_destroy(page);
    job_destroy(again);
    fixture_finish(&fixture);
}

static void history_of_an_import_has_everything_applied(void **state)
{
    (void)state;
    struct store_fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    talk(&fixture);
    make_cellar(&fixture);
    struct job *page = export_of(&fixture, LOBBY);
    assert_int_equal(fixture_result(fixture_do(&fixture, import_of(page, 0, page->page.count))),
                     JOB_DONE);
    job_destroy(page);
    struct job *job = job_create(JOB_HISTORY);
    job->history.room_id = CELLAR;
    job->history.before = job->history.after = NUMBER_ABSENT;
    job->history.up_to = SEQ_MAX;
    job->history.limit = 50;
    job->history.bytes_max = 1 << 20;
    job = fixture_do(&fixture, job);
    assert_int_equal(job->history.count, 4);
    assert_string_equal(job->history.entries[0].entry.text, "first words, better");
    assert_int_equal(job->history.entries[0].reaction_count, 1);
    assert_int_equal(job->history.entries[0].reactions[0].count, 2);
    assert_true(job->history.entries[1].entry.deleted);
    assert_null(job->history.entries[1].entry.text);
    job_destroy(job);
    fixture_finish(&fixture);
}

static void rows_that_do_not_follow_are_refused_whole(void **state)
{
    (void)state;
    struct store_fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    talk(&fixture);
    struct job *page = export_of(&fixture, LOBBY);
    struct job *job = fixture_do(&fixture, import_of(page, 0, 3));
    assert_int_equal(fixture_result(job), JOB_ROOM_MISSING);
    make_cellar(&fixture);
    job = import_of(page, 0, 3);
    job->import.entries[2].seq = job->import.entries[1].seq;
    assert_int_equal(fixture_result(fixture_do(&fixture, job)), JOB_REFUSED);
    job = import_of(page, 0, 3);
    job->import.entries[1].ts = SEQ_MAX;
    job = fixture_do(&fixture, job);
    assert_int_equal(job->result, JOB_REFUSED);
    assert_non_null(strstr(job->why, "2"));
    job_destroy(job);
    assert_int_equal(fixture_query(&fixture, "SELECT count(*) FROM messages WHERE id>>40=2"), 0);
    job = import_of(page, 0, 3);
    job->import.entries[1].ts = 5; /* a clock was corrected there */
    assert_int_equal(fixture_result(fixture_do(&fixture, job)), JOB_DONE);
    assert_int_equal(fixture_result(fixture_do(&fixture, import_of(page, 0, 3))), JOB_REFUSED);
    job_destroy(page);
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_taken_while_people_talk_opens_anywhere),
        cmocka_unit_test(a_backup_goes_out_and_comes_back_as_a_stream),
        cmocka_unit_test(a_stream_that_is_no_backup_leaves_everything_as_it_was),
        cmocka_unit_test(a_backup_does_not_replace_a_file_unless_told),
        cmocka_unit_test(a_restore_is_taken_by_the_next_start),
        cmocka_unit_test(what_is_no_backup_is_refused),
        cmocka_unit_test(a_damaged_backup_is_refused),
        cmocka_unit_test(the_export_of_an_import_is_the_same),
        cmocka_unit_test(history_of_an_import_has_everything_applied),
        cmocka_unit_test(rows_that_do_not_follow_are_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

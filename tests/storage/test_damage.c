/* A matrix of damage: every page of a small database zeroed, with a bit flipped, or missing with all
 * that follow; found at a start after a clean stop, at one after an unclean stop, or while the gateway
 * serves. Each time: it serves in the end, every text that lies in the undamaged bytes of the file is
 * there, and no text is there that was not said. By default only some of the pages are tried; with
 * HEARTH_LONG_TESTS in the environment all of them. */
#include "storage/damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/database.h"
#include "tests/storage/store_fixture.h"

#define PAGE   DATABASE_PAGE_BYTES
#define SAID   700
#define CELLAR 2    /* a room without entries */
#define LONG   2600 /* bytes of every fiftieth text: it takes pages of its own */
#define ROUNDS 6    /* openings until all is well; two would do */

enum damage_kind { ZEROED, FLIPPED, MISSING };
enum moment_of { CLEAN, UNCLEAN, RUNNING };

static const char *const kinds[] = {"zeroed", "flipped", "missing"};
static const char *const moments[] = {"after a clean stop", "after an unclean stop", "while serving"};

static struct {
    unsigned char *bytes;
    long pages;
} images[2]; /* stopped cleanly, and not */

static char point[96];

static void expect(bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", point, what);
}

/* --- the database -------------------------------------------------------------------------------- */

static void text_of(int number, char text[LONG + 1])
{
    int length = snprintf(text, LONG + 1, "<message %d, word for word>", number);
    if (number % 50 != 0)
        return;
    memset(text + length, 'a' + number % 26, (size_t)(LONG - length));
    snprintf(text + LONG - 10, 11, "%10d", number);
}

static void read_image(const struct store_fixture *fixture, int which)
{
    FILE *file = fopen(fixture->path, "rb");
    fseek(file, 0, SEEK_END);
    images[which].pages = ftell(file) / PAGE;
    images[which].bytes = malloc((size_t)images[which].pages * PAGE);
    rewind(file);
    assert_int_equal(fread(images[which].bytes, PAGE, (size_t)images[which].pages, file),
                     images[which].pages);
    fclose(file);
}

static void make_cellar(struct store_fixture *fixture)
{
    struct job *job = job_create(JOB_ROOM_CREATE);
    job->room.room.id = CELLAR;
    strcpy(job->room.room.name, "cellar");
    strcpy(job->room.room.folded, "cellar");
    assert_int_equal(fixture_result(fixture_do(fixture, job)), JOB_DONE);
}

static int make_images(void **state)
{
    (void)state;
    struct store_fixture fixture;
    char text[LONG + 1];
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    make_cellar(&fixture);
    for (int i = 1; i <= SAID; i++) {
        text_of(i, text);
        fixture_submit(&fixture, fixture_message(&fixture, MINA, text, NULL));
    }
    for (int i = 1; i <= SAID; i++)
        assert_int_equal(fixture_result(fixture_collect(&fixture)), JOB_DONE);
    struct job *job = fixture_change(&fixture, ENTRY_KIND_REACTION, JUN, 5, "+1");
    assert_int_equal(fixture_result(fixture_do(&fixture, job)), JOB_DONE);
    fixture_close(&fixture);
    read_image(&fixture, CLEAN);
    fixture_open(&fixture);
    fixture_crash(&fixture);
    read_image(&fixture, UNCLEAN);
    fixture_finish(&fixture);
    return 0;
}

static int free_images(void **state)
{
    (void)state;
    free(images[CLEAN].bytes);
    free(images[UNCLEAN].bytes);
    return 0;
}

static void lay_image(struct store_fixture *fixture, int which)
{
    fixture_init(fixture);
    FILE *file = fopen(fixture->path, "wb");
    assert_int_equal(fwrite(images[which].bytes, PAGE, (size_t)images[which].pages, file),
                     images[which].pages);
    fclose(file);
}

/* --- the damage ---------------------------------------------------------------------------------- */

static void do_damage(const struct store_fixture *fixture, int which, long page,
                      enum damage_kind kind)
{
    unsigned char bytes[PAGE] = {0};
    int fd = open(fixture->path, O_WRONLY);
    assert_true(fd >= 0);
    if (kind == MISSING) {
        assert_int_equal(ftruncate(fd, page * PAGE), 0);
    } else {
        if (kind == FLIPPED) {
            memcpy(bytes, images[which].bytes + page * PAGE, PAGE);
            /* where a page says what it is, or anywhere in it */
            int at = page % 2 ? (int)(page * 7 % 8) : (int)(page * 271 % PAGE);
            bytes[at] ^= (unsigned char)(1 << page % 8);
        }
        assert_int_equal(pwrite(fd, bytes, PAGE, page * PAGE), PAGE);
    }
    close(fd);
}

static bool lies_in(const unsigned char *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* How many texts lie, whole, in what was not damaged. Of a long one that is its beginning and its last
 * bytes, and nothing between them hit. */
static int count_left(int which, long page, enum damage_kind kind)
{
    const unsigned char *bytes = images[which].bytes;
    size_t before = (size_t)page * PAGE, size = (size_t)images[which].pages * PAGE;
    int left = 0;
    for (int i = 1; i <= SAID; i++) {
        char text[LONG + 1];
        text_of(i, text);
        if (i % 50 == 0)
            continue; /* a bonus */
        left += lies_in(bytes, before, text) ||
                (kind != MISSING && lies_in(bytes + before + PAGE, size - before - PAGE, text));
    }
    return left;
}

/* --- what is there afterwards -------------------------------------------------------------------- */

/* Counts short texts that are as they were said; -1 while they cannot be read. */
static int count_said(struct store_fixture *fixture)
{
    int count = 0;
    int64_t after = 0;
    for (bool complete = false; !complete;) {
        struct job *job = job_create(JOB_PAGE);
        job->page.room_id = LOBBY;
        job->page.after = after;
        job->page.up_to = SEQ_MAX;
        job->page.limit = 500;
        job->page.bytes_max = 1 << 24;
        job = fixture_do(fixture, job);
        if (job->result != JOB_DONE) {
            job_destroy(job);
            return -1;
        }
        complete = job->page.complete;
        for (size_t i = 0; i < job->page.count; i++) {
            const struct entry *entry = &job->page.entries[i];
            char text[LONG + 1];
            after = entry->seq;
            text_of((int)entry->seq, text);
            count += entry->text && entry->seq <= SAID && entry->seq % 50 != 0 &&
                     strcmp(entry->text, text) == 0;
        }
        job_destroy(job);
    }
    return count;
}

static bool is_well(struct store_fixture *fixture)
{
    char why[256];
    return store_is_healthy(fixture->store, why, sizeof why);
}

static void open_again(struct store_fixture *fixture)
{
    char why[256] = "";
    fixture_close(fixture);
    fixture->store = store_open(&fixture->options, why, sizeof why);
    expect(fixture->store != NULL, why);
    fixture_recover(fixture);
}

/* As the gateway does: what reading finds damaged is opened again. */
static int settle(struct store_fixture *fixture)
{
    int count = -1;
    fixture_recover(fixture);
    for (int round = 0; round < ROUNDS; round++) {
        while ((count = count_said(fixture)) < 0 && is_well(fixture))
            ;
        if (count >= 0 && is_well(fixture))
            return count;
        open_again(fixture);
    }
    return count;
}

static struct job *say(struct store_fixture *fixture)
{
    return fixture_do(fixture, fixture_message(fixture, MINA, "it goes on", NULL));
}

static void try_it(long page, enum damage_kind kind, enum moment_of when)
{
    struct store_fixture fixture;
    char why[256] = "";
    int which = when == UNCLEAN ? UNCLEAN : CLEAN;
    snprintf(point, sizeof point, "page %ld %s, %s", page + 1, kinds[kind], moments[when]);
    lay_image(&fixture, which);
    if (when != RUNNING)
        do_damage(&fixture, which, page, kind);
    fixture.options.path = fixture.path;
    fixture.store = store_open(&fixture.options, why, sizeof why);
    expect(fixture.store != NULL, why);
    if (when == RUNNING)
        do_damage(&fixture, which, page, kind);
    int left = count_left(which, page, kind), said = settle(&fixture);
    struct job *job = say(&fixture);
    if (job->result == JOB_UNAVAILABLE) { /* a shortened file is noticed before anything is written */
        job_destroy(job);
        open_again(&fixture);
        said = settle(&fixture);
        job = say(&fixture);
    }
    if (said < left)
        fail_msg("%s: %d of %d texts are there", point, said, left);
    expect(job->result == JOB_DONE || (job->result == JOB_ROOM_MISSING && left == 0),
           "nothing can be said");
    expect(job->result != JOB_DONE || left == 0 || job->append.entry.seq > SAID + 1,
           "a seq comes again");
    job_destroy(job);
    fixture_finish(&fixture);
}

static void walk(enum moment_of when)
{
    long pages = images[when == UNCLEAN ? UNCLEAN : CLEAN].pages;
    long stride = getenv("HEARTH_LONG_TESTS") ? 1 : pages / 11;
    for (long page = 0; page < pages; page += stride)
        for (enum damage_kind kind = ZEROED; kind <= MISSING; kind++)
            if (page > 0 || kind != MISSING)
                try_it(page, kind, when);
}

static void damage_after_a_clean_stop_is_survived(void **state)
{
    (void)state;
    walk(CLEAN);
}

static void damage_after_an_unclean_stop_is_survived(void **state)
{
    (void)state;
    walk(UNCLEAN);
}

static void damage_while_serving_is_survived(void **state)
{
    (void)state;
    walk(RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_after_a_clean_stop_is_survived),
        cmocka_unit_test(damage_after_an_unclean_stop_is_survived),
        cmocka_unit_test(damage_while_serving_is_survived),
    };
    return cmocka_run_group_tests_name("storage.damage", tests, make_images, free_images);
}

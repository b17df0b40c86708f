/* A store is killed in the middle of its work, again and again: what it acknowledged is there
 * exactly once, with its seq, and no seq is given twice. 20 rounds, or 200 with HEARTH_LONG_TESTS.
 */
#include "storage/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/storage/store_fixture.h"

#define IN_FLIGHT    40
#define ACKS_MAX     300 /* before the kill comes */
#define MESSAGES_MAX 200000

/* What the child tells about each message that was acknowledged, through a pipe. */
struct ack {
    int64_t number, seq;
};

/* What the parent knows: acknowledged with this seq; 0 not. */
static int64_t acknowledged[MESSAGES_MAX];

static struct job *make_message(struct store_fixture *fixture, int64_t number)
{
    char text[48], nonce[32];
    snprintf(text, sizeof text, "message %" PRId64 ".", number);
    snprintf(nonce, sizeof nonce, "n%" PRId64, number);
    struct job *job = fixture_message(fixture, MINA, text, nonce);
    job->context = (void *)(intptr_t)number;
    return job;
}

/* Talks until it is killed. The first messages repeat the newest of the round before, some of which
 * were never acknowledged, with the same nonces. */
static void talk(struct store_fixture *fixture, int64_t next, int pipe_end)
{
    fixture_open(fixture);
    for (int i = 0; i < IN_FLIGHT; i++)
        fixture_submit(fixture, make_message(fixture, next++));
    for (;;) {
        struct job *job = fixture_collect(fixture);
        struct ack ack = {(intptr_t)job->context, job->append.entry.seq};
        if (job->result != JOB_DONE && job->result != JOB_REPEATED)
            _exit(1);
        if (write(pipe_end, &ack, sizeof ack) != sizeof ack)
            _exit(2);
        job_destroy(job);
        if (next < MESSAGES_MAX)
            fixture_submit(fixture, make_message(fixture, next++));
    }
}

/* Reads acknowledgements, kills the child after so many, reads the rest. Gives the newest number.
 */
static int64_t kill_after(int acks, pid_t child, int pipe_end, int64_t newest)
{
    struct ack ack;
    for (int i = 0; read(pipe_end, &ack, sizeof ack) == sizeof ack; i++) {
        if (acknowledged[ack.number])
            assert_int_equal(acknowledged[ack.number], ack.seq); /* a repeat gets the first seq */
        acknowledged[ack.number] = ack.seq;
        if (ack.number > newest)
            newest = ack.number;
        if (i == acks) {
            if (acks % 4 == 0)
                kill(child, SIGSTOP);
            kill(child, SIGKILL);
        }
    }
    return newest;
}

static int64_t crash(struct store_fixture *fixture, int64_t newest)
{
    int ends[2], status;
    int acks = rand() % ACKS_MAX;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        talk(fixture, newest > IN_FLIGHT ? newest - IN_FLIGHT / 2 : 0, ends[1]);
    }
    close(ends[1]);
    newest = kill_after(acks, child, ends[0], newest);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return newest;
}

/* Compares the whole log with what was acknowledged. Gives its newest seq. */
static int64_t check_log(struct store_fixture *fixture, int64_t newest)
{
    static int64_t stored[MESSAGES_MAX];
    int64_t last = 0;
    memset(stored, 0, sizeof stored);
    for (bool complete = false; !complete;) {
        struct job *job = job_create(JOB_PAGE);
        job->page = (struct job_page){
            .room_id = LOBBY, .after = last, .up_to = SEQ_MAX, .limit = 1000, .bytes_max = 1 << 24};
        job = fixture_do(fixture, job);
        complete = job->page.complete;
        for (size_t i = 0; i < job->page.count; i++) {
            const struct entry *entry = &job->page.entries[i];
            int64_t number = strtoll(entry->text + strlen("message "), NULL, 10);
            assert_true(entry->seq > last);
            last = entry->seq;
            assert_int_equal(stored[number], 0); /* once only */
            stored[number] = entry->seq;
        }
        job_destroy(job);
    }
    for (int64_t number = 0; number <= newest; number++)
        if (acknowledged[number])
            assert_int_equal(stored[number], acknowledged[number]);
    return last;
}

static void a_killed_store_keeps_what_it_acknowledged(void **state)
{
    (void)state;
    struct store_fixture fixture;
    int64_t newest = 0, last = 0;
    int rounds = getenv("HEARTH_LONG_TESTS") ? 200 : 20;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_populate(&fixture);
    fixture_close(&fixture);
    srand(3);
    for (int round = 0; round < rounds; round++) {
        newest = crash(&fixture, newest);
        fixture_open(&fixture);
        assert_false(store_start(fixture.store)->clean);
        assert_string_equal(store_start(fixture.store)->damaged, "");
        int64_t now_last = check_log(&fixture, newest);
        assert_true(now_last >= last);
        last = now_last;
        fixture_close(&fixture);
    }
    assert_true(newest > rounds);
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_store_keeps_what_it_acknowledged),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

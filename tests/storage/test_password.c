/* What is kept of passwords, and comparing with it. The hashes here are of other programs: Python's hashlib
 * and the argon2 that comes with its library. */
#include "storage/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

static const struct password_cost cost = {.memory_kib = 7168, .rounds = 1000};
#define BY_PBKDF2 \
    "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ"
#define BY_ARGON2 \
    "$argon2id$v=19$m=1024,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$d8zoKiSBt1frhvkqABkQyXAGkDjHU3o+xA0i1Qdj0Pg"

/* The job, run; to be destroyed. */
static struct job *run(const char *typed, const char *kept, const char *wanted)
{
    struct job *job = job_create(JOB_PASSWORD_HASH);
    assert_non_null(job);
    struct job_password_hash *hash = &job->password_hash;
    snprintf(hash->typed, sizeof hash->typed, "%s", typed);
    snprintf(hash->kept, sizeof hash->kept, "%s", kept);
    snprintf(hash->wanted, sizeof hash->wanted, "%s", wanted);
    password_run(job, &cost);
    assert_int_equal(job->result, JOB_DONE);
    return job;
}

static bool is_right(const char *typed, const char *kept)
{
    struct job *job = run(typed, kept, "");
    bool right = job->password_hash.is_right;
    job_destroy(job);
    return right;
}

static void what_was_made_is_right_and_nothing_else_is(void **state)
{
    (void)state;
    struct job *made = run("", "", "correct horse");
    const char *kept = made->password_hash.made;
    assert_true(strncmp(kept, password_has_argon2() ? "$argon2id$v=19$m=7168,t=5,p=1$" : "$pbkdf2-sha256$i=1000$",
                        22) == 0);
    assert_true(is_right("correct horse", kept));
    assert_false(is_right("correct horsf", kept));
    assert_false(is_right("correct hors", kept));
    job_destroy(made);
}

static void the_same_password_is_kept_otherwise_each_time(void **state)
{
    (void)state;
    struct job *one = run("", "", "x"), *other = run("", "", "x");
    assert_string_not_equal(one->password_hash.made, other->password_hash.made);
    job_destroy(one);
    job_destroy(other);
}

static void what_other_programs_made_is_read(void **state)
{
    (void)state;
    assert_true(is_right("correct horse", BY_PBKDF2));
    assert_false(is_right("wrong", BY_PBKDF2));
    assert_int_equal(is_right("correct horse", BY_ARGON2), password_has_argon2());
    assert_false(is_right("wrong", BY_ARGON2));
}

static void what_was_made_for_less_is_made_anew_when_it_is_right(void **state)
{
    (void)state;
    struct job *job = run("correct horse", password_has_argon2() ? BY_ARGON2 : BY_PBKDF2, "");
    bool is_current = !password_has_argon2(); /* these are the rounds that it would take */
    assert_int_equal(job->password_hash.made[0] == '\0', is_current);
    if (!is_current)
        assert_true(is_right("correct horse", job->password_hash.made));
    job_destroy(job);
    job = run("wrong", BY_ARGON2, "");
    assert_int_equal(job->password_hash.made[0], '\0');
    job_destroy(job);
}

static void nothing_is_made_for_whoever_is_wrong(void **state)
{
    (void)state;
    struct job *job = run("wrong", BY_PBKDF2, "another");
    assert_false(job->password_hash.is_right);
    assert_int_equal(job->password_hash.made[0], '\0');
    job_destroy(job);
}

static void what_no_build_can_make_again_matches_nothing(void **state)
{
    static const char *const kept[] = {
        "", "x", "$argon2id$", "$argon2id$v=19$m=4294967295,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAAA",
        "$argon2id$v=19$m=64,t=4000000000,p=1$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
        "$pbkdf2-sha256$i=0$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
        "$pbkdf2-sha256$i=1000$AAEC$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
        "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$????????????????????????????????????????????"};
    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_false(is_right("correct horse", kept[i]));
}

static void what_was_typed_does_not_stay_in_the_job(void **state)
{
    (void)state;
    struct job *job = run("typed-secret", BY_PBKDF2, "wanted-secret");
    assert_int_equal(job->password_hash.typed[0], '\0');
    assert_int_equal(job->password_hash.wanted[0], '\0');
    job_destroy(job);
}

/* Everything that is freed is looked at while a secret is sought in it. */
static bool is_sought, is_found;
void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    static const char secret[] = "a secret";
    if (memory && is_sought && memmem(memory, malloc_usable_size(memory), secret, sizeof secret - 1))
        is_found = true;
    __real_free(memory);
}

/* As when storage does not take the job, or the gateway stops: nothing has worked on it. */
static void destroy_with_secret(enum job_kind kind)
{
    struct job *job = job_create(kind);
    assert_non_null(job);
    if (kind == JOB_PASSWORD_HASH)
        strcpy(job->password_hash.typed, "a secret");
    for (int i = 0; i < 50; i++)
        strcpy(job_memory(job, 300), "a secret");
    is_sought = true;
    is_found = false;
    job_destroy(job);
    is_sought = false;
}

static void a_job_about_a_password_leaves_none_in_memory(void **state)
{
    (void)state;
    static const enum job_kind kinds[] = {JOB_PASSWORD_FIND, JOB_PASSWORD_HASH, JOB_PASSWORD_SET};
    destroy_with_secret(JOB_SEARCH);
    assert_true(is_found);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        destroy_with_secret(kinds[i]);
        assert_false(is_found);
    }
}

static void rounds_are_within_bounds(void **state)
{
    (void)state;
    int64_t rounds = password_calibrate();
    assert_in_range(rounds, 10000, 10000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_made_is_right_and_nothing_else_is),
        cmocka_unit_test(the_same_password_is_kept_otherwise_each_time),
        cmocka_unit_test(what_other_programs_made_is_read),
        cmocka_unit_test(what_was_made_for_less_is_made_anew_when_it_is_right),
        cmocka_unit_test(nothing_is_made_for_whoever_is_wrong),
        cmocka_unit_test(what_no_build_can_make_again_matches_nothing),
        cmocka_unit_test(what_was_typed_does_not_stay_in_the_job),
        cmocka_unit_test(a_job_about_a_password_leaves_none_in_memory),
        cmocka_unit_test(rounds_are_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

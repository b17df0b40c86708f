/* password.h - what is kept of a password: a hash of 32 bytes with its salt and what it cost to make, as
 * text in the PHC string format. argon2id (RFC 9106) where hearth is built with libargon2, else PBKDF2 with
 * HMAC-SHA256 (RFC 8018).
 *
 * Making one takes as long as guessing one, and with argon2id memory_kib: for the thread that does nothing
 * else. What was made on a board with more memory takes that much once more: then it is made anew. Any
 * thread, as long as it is one at a time. */
#ifndef HEARTH_STORAGE_PASSWORD_H
#define HEARTH_STORAGE_PASSWORD_H

#include "storage/job.h"

/* What making one costs here. */
struct password_cost {
    int memory_kib; /* of argon2id; there are as many passes as make 35 MiB in all */
    int64_t rounds; /* of PBKDF2, where there is no libargon2 */
};

/* Whether libargon2 is there. */
bool password_has_argon2(void);

/* The rounds of PBKDF2 that take a quarter of a second on this machine. Takes as long. */
int64_t password_calibrate(void);

/* Runs a JOB_PASSWORD_HASH. */
void password_run(struct job *job, const struct password_cost *cost);

/* "argon2id, 7168 KiB, 5 passes": how passwords are kept, for administrators. */
void password_describe(const struct password_cost *cost, char *out, size_t size);

#endif

/* flaky.h - a disk that fails when told to: SQLite's default VFS while a test runs, in front of the
 * real one. Any thread. */
#ifndef HEARTH_TESTS_STORAGE_FLAKY_H
#define HEARTH_TESTS_STORAGE_FLAKY_H

#include <stdbool.h>

void flaky_install(void);
void flaky_remove(void);

/* Every write of a file fails with this SQLite code from now on; SQLITE_OK: no more. */
void flaky_fail_writes(int code);

int flaky_writes(void); /* so far */

/* Syncs wait until they are let go; flaky_wait_for_sync returns once one does. */
void flaky_hold_syncs(void);
void flaky_wait_for_sync(void);
void flaky_release_syncs(void);

/* No shared memory, as on jffs2: WAL is accepted and then does not work. */
void flaky_refuse_shared_memory(bool refuse);

/* Files cannot be locked in the ordinary way. */
void flaky_refuse_locks(bool refuse);

#endif

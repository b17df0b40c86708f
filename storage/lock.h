/* lock.h - the locks that make a database this process's own. While they are held a second hearthd
 * is refused, and SQLite in any other process answers "database is locked". Three together:
 *
 * - flock(2) on PATH-lock, a file that is never renamed: one hearthd, also while the database
 *   itself is being replaced;
 * - the lock of SQLite's own VFS "unix-excl" on the SHARED range of the database (see "The lock
 *   file" in os_unix.c of SQLite). The kernel drops it when any descriptor of the file is closed in
 *   this process (fcntl(2), "Advisory record locking");
 * - therefore an open file description lock (F_OFD_SETLK) on SQLite's PENDING byte, which every
 *   other SQLite has to lock before it reads. Only the end of its own descriptor ends it.
 *
 * One thread at a time. */
#ifndef HEARTH_STORAGE_LOCK_H
#define HEARTH_STORAGE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

struct lock {
    int file_fd;     /* of PATH-lock; -1 while not held */
    int database_fd; /* of the database, kept open beside SQLite; -1 while not held */
    bool is_missing; /* this file system has no locks: it has to be trusted */
};

enum lock_result {
    LOCK_TAKEN,
    LOCK_NO_SPACE, /* the file does not exist and there is no space for its name */
    LOCK_REFUSED
};

/* Nothing is held. */
void lock_init(struct lock *lock);

/* Takes PATH-lock. Where there are no locks the file says who runs (boot, pid, when it was started),
 * and what a killed process has left is taken over. Anything but LOCK_TAKEN: why holds one sentence. */
enum lock_result lock_take(struct lock *lock, const char *path, char *why, size_t why_size);

/* Opens the database file, or makes an empty one of mode 0600, and keeps other processes out. It
 * must not be open in this process yet. Waits for at most wait_ms for somebody who is just reading.
 * Anything but LOCK_TAKEN: why holds one sentence. */
enum lock_result lock_database(struct lock *lock, const char *path, int wait_ms, char *why,
                               size_t why_size);

/* The sentence for a database that somebody else has locked: which process that is, if that can be
 * told. After lock_database. */
void lock_tell_holder(const struct lock *lock, const char *path, char *why, size_t why_size);

/* Lets the database go, after the last SQLite connection to it was closed; PATH-lock stays. */
void lock_release_database(struct lock *lock);

/* Lets everything go. */
void lock_release(struct lock *lock);

#endif

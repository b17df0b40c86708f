/* bundle.h - the files behind the database in a backup: first the database, as long as its own head says, so that
 * it is still one; then each file as its SHA-256 and its length, 64 and 16 hexadecimal digits, and its bytes. One
 * that has gone meanwhile is zeros, and is not taken when it comes back. The worker's thread that takes slow jobs. */
#ifndef HEARTH_STORAGE_BUNDLE_H
#define HEARTH_STORAGE_BUNDLE_H

#include "storage/database.h"

/* On its way out. All zero but for fds of -1: none. */
struct bundle {
    int list;         /* a file without a name: hash and length of each */
    int file;         /* the one that is being read */
    int64_t count, next, left, head_left; /* of its bytes and its head */
    char head[96];
    int64_t bytes;    /* all files with their heads */
};

/* Lists the files that source has. path is the database's. False: there is no place for the list, or
 * source cannot be read. */
bool bundle_begin(struct bundle *bundle, struct database *source, const char *path);

/* The next bytes, in order: fills all of length, of which there must be as many. False with errno: a file that is
 * there cannot be read. */
bool bundle_read(struct bundle *bundle, const char *path, unsigned char *bytes, size_t length);
void bundle_end(struct bundle *bundle);

/* How long the database at the start of the file is; 0: it is none; -1 with errno: the file cannot be read. */
int64_t bundle_database_bytes(int fd);

/* Whether files lie behind the database in the file at path. Not of a database that is in use: it is opened and closed. */
bool bundle_has_files(const char *path);

/* Lays the files of a backup into a folder of their own beside the database at path; they are on the disk, or false:
 * why. bundle_forget removes that folder. */
bool bundle_unpack(int fd, const char *path, char *why, size_t why_size);
void bundle_forget(const char *path);

/* Before the database is opened: makes that folder the one of files, and sets the one there was aside. False with errno. */
bool bundle_adopt(const char *path, bool is_restored, const char *date);

#endif

/* damage.h - a database that is damaged: remembered beside it, in the file PATH-damaged, and set
 * aside, never removed. That file names where it is set aside. It is written whole or not at all, and
 * stays until a new database says in itself what is to be recovered (recovery.h): so a start that is
 * cut short anywhere is made up for by the next. No SQLite here. */
#ifndef HEARTH_STORAGE_DAMAGE_H
#define HEARTH_STORAGE_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAMAGE_PATH_BYTES 1100

struct damage {
    char aside[DAMAGE_PATH_BYTES]; /* PATH.damaged-DATE; with its WAL or journal beside it */
    bool is_set_aside;             /* what lies at PATH is new */
};

/* Remembers, durably, that the database at path is damaged: the next start sets it aside. What is
 * remembered already stays. False: errno. */
bool damage_remember(const char *path);

/* What is remembered. False when nothing is. */
bool damage_recall(const char *path, struct damage *damage);

/* Moves the database and what belongs to it to damage->aside, and remembers that. Nothing is ever
 * replaced. May be done again after it was cut short. False: errno. */
bool damage_set_aside(const char *path, struct damage *damage);

/* The new database knows of it. */
void damage_forget(const char *path);

/* Whether any that was set aside is still there. */
bool damage_is_kept(const char *path);

/* A WAL or a journal whose database is gone, or empty: SQLite would remove it. */
bool damage_is_orphan(const char *path);

/* Whether the first bytes of a database file are none that SQLite or this program writes
 * (https://www.sqlite.org/fileformat2.html, "The Database Header"). SQLite refuses some of these files
 * and takes others for read-only ones. */
#define DAMAGE_HEADER_BYTES 100
bool damage_in_header(const uint8_t header[DAMAGE_HEADER_BYTES]);

#endif

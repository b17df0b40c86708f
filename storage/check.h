/* check.h - whether a database is whole. A long check after an unclean stop goes on while the
 * gateway serves; what it finds is remembered beside the database for the next start. */
#ifndef HEARTH_STORAGE_CHECK_H
#define HEARTH_STORAGE_CHECK_H

#include "storage/database.h"

enum check_result { CHECK_WHOLE, CHECK_DAMAGED, CHECK_UNFINISHED };

/* quick_check for at most limit_ms; 0: to the end, unless interrupted. */
enum check_result check_run(struct database *database, int64_t limit_ms);

/* A damage that was found while serving: the next start sets the database aside. */
void check_remember_damage(const char *path);
bool check_recalls_damage(const char *path);
void check_forget_damage(const char *path);

#endif

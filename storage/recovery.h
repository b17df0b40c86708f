/* recovery.h - what plain reading can still get out of a damaged database. */
#ifndef HEARTH_STORAGE_RECOVERY_H
#define HEARTH_STORAGE_RECOVERY_H

#include "storage/database.h"

/* Copies every row that can still be read from the file at damaged into database (open, schema
 * made, empty). Best effort: rows gives how many entries came over. False when database itself
 * failed. */
bool recovery_run(struct database *database, const char *damaged, int64_t *rows);

#endif

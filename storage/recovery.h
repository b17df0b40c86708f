/* recovery.h - what a damaged database has left, brought into a new one. The damaged file has been set
 * aside (damage.h), is only read, and stays. It is read page by page (pages.h), without SQLite: so a
 * broken header, schema or tree costs nothing but itself.
 *
 * At the start, in one transaction, comes over what everybody needs: rooms, users, rights. The same
 * transaction notes in the new database, in two tables of its own, that the logs are still to come. They
 * come while the gateway serves, a few pages in one transaction that also notes how far it has come. So
 * it may be stopped anywhere and goes on from there, and may wait for space on the disk. A room is
 * closed until every page that holds entries of it has been read. All rooms have new log ids: clients
 * that remember more than there is start afresh. */
#ifndef HEARTH_STORAGE_RECOVERY_H
#define HEARTH_STORAGE_RECOVERY_H

#include "storage/database.h"
#include "storage/job.h"

struct store_start;

/* At the start: takes the small tables over from the file at aside, which lies beside the database,
 * and notes the rest. database is new: nothing else has been put into it; its schema becomes that of the
 * damaged file, to be migrated by the caller. Does nothing when that has been done already. on_progress,
 * if any, is called now and then. False when database failed, or without memory: nothing is lost, it can
 * be tried again. */
bool recovery_begin(struct database *database, const char *aside, void (*on_progress)(void));

/* Marks the rooms that are closed. False on a failure of the database. */
bool recovery_mark_rooms(struct database *database, struct store_start *start);

/* What is left to do. */
struct recovery;

/* Goes on with what is noted; path is the new database's. recovery is NULL when nothing is; figures tell
 * what was and is recovered. False on a failure of the database, or without memory. */
bool recovery_open(struct database *database, const char *path, struct recovery **recovery,
                   struct recovery_figures *figures);
void recovery_close(struct recovery *recovery);

enum recovery_result { RECOVERY_STEPPED, RECOVERY_DONE, RECOVERY_FAILED };

/* One step, a transaction of its own. notices: JOB_RECOVERED for each room that is open again, and a
 * last one; linked by next, or NULL. RECOVERY_FAILED: database.why; the same step may be tried again. */
enum recovery_result recovery_step(struct recovery *recovery, struct database *database,
                                   struct recovery_figures *figures, struct job **notices);

#endif

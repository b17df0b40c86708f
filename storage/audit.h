/* audit.h - who did what to whom: a table that only the gateway writes, each line in the transaction of
 * what it tells. The newest AUDIT_LINES_MAX are kept. */
#ifndef HEARTH_STORAGE_AUDIT_H
#define HEARTH_STORAGE_AUDIT_H

#include "storage/writer.h"

#define AUDIT_LINES_MAX 10000

/* Writer, in its transaction. False on a failure of the database. */
bool audit_write(struct writer *writer, const struct audit_line *line);

/* Writer: the line of a job that is done, if it has one. False on a failure of the database. */
bool audit_note(struct writer *writer, const struct job *job);

/* Reader: JOB_AUDIT_PAGE. */
bool audit_page(struct database *database, struct job *job);

#endif

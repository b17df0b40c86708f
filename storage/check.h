/* check.h - whether a database is whole. A long check goes on while the gateway serves. */
#ifndef HEARTH_STORAGE_CHECK_H
#define HEARTH_STORAGE_CHECK_H

#include "storage/database.h"

enum check_result {
    CHECK_WHOLE,
    CHECK_INDEX_DAMAGED, /* only what search_rebuild makes anew */
    CHECK_DAMAGED,
    CHECK_UNFINISHED
};

/* quick_check for at most limit_ms; 0: to the end, unless interrupted. */
enum check_result check_run(struct database *database, int64_t limit_ms);

#endif

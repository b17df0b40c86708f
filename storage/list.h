/* list.h - jobs in the order in which they came. */
#ifndef HEARTH_STORAGE_LIST_H
#define HEARTH_STORAGE_LIST_H

#include "storage/job.h"

/* list_init makes it empty; it must not be moved. Whoever has it guards it. */
struct list {
    struct job *first;
    struct job **end; /* where the next one is linked */
};

void list_init(struct list *list);
void list_add(struct list *list, struct job *job);
struct job *list_take(struct list *list); /* the first; NULL when it is empty */
void list_splice(struct list *list, struct list *other); /* moves all of other to the end of list */
void list_destroy(struct list *list);                    /* and the jobs in it */

#endif

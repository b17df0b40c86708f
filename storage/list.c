#include "storage/list.h"

void list_init(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

void list_add(struct list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

struct job *list_take(struct list *list)
{
    struct job *job = list->first;
    if (job && !(list->first = job->next))
        list->end = &list->first;
    return job;
}

void list_splice(struct list *list, struct list *other)
{
    if (!other->first)
        return;
    *list->end = other->first;
    list->end = other->end;
    list_init(other);
}

void list_destroy(struct list *list)
{
    struct job *job;
    while ((job = list_take(list)))
        job_destroy(job);
}

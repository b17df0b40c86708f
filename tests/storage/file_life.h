/* file_life.h - files that are uploaded, said, deleted and swept on a disk that fails, what is known of each, and what has to
 * hold of rows and bytes whatever happened. What fails is tried again as the store and its clients do it; false: the
 * disk has gone. Of a test, on its one thread. */
#ifndef HEARTH_TESTS_STORAGE_FILE_LIFE_H
#define HEARTH_TESTS_STORAGE_FILE_LIFE_H

#include "storage/files/intake.h"
#include "tests/storage/fault_world.h"

#define FILE_LIFE_NOTES_MAX 24

struct file_note {
    int content;
    bool is_added;    /* acknowledged */
    bool is_said;     /* the same of its message */
    bool may_be_gone; /* deleting it was tried */
    bool is_gone;     /* and acknowledged */
    int64_t seq;      /* of its message */
};

/* What is known of the life that is being played: files are numbered as they were begun. */
extern struct file_life {
    struct file_note notes[FILE_LIFE_NOTES_MAX];
    int note_count;
    struct intakes intakes;
} file_life;

/* The database and its room are there before anything fails; and nothing is known. */
void file_life_make(struct fault_world *world);

bool file_life_upload(struct fault_world *world, int content);
bool file_life_forget_half(struct fault_world *world); /* one is forgotten, one is still coming at the end */
bool file_life_say(struct fault_world *world, int number, int preview); /* -1: without one */
bool file_life_delete(struct fault_world *world, int number, int preview);
bool file_life_remove(struct fault_world *world, int number);
bool file_life_purge(struct fault_world *world, int number); /* all messages up to its */
bool file_life_sweep(struct fault_world *world); /* to its end */
void file_life_stop(struct fault_world *world);

/* On a disk that works again: after one sweep each row has its bytes, and all bytes a row; what was acknowledged is there,
 * what was deleted is not; and it goes on. */
void file_life_check(struct fault_world *world);

#endif

/* output_file.h - a file that is whole or not there: written beside its place, and put there at the end. What
 * stood there before stays until then, whatever happens; an interrupt leaves nothing behind. */
#ifndef HEARTH_CLI_OUTPUT_FILE_H
#define HEARTH_CLI_OUTPUT_FILE_H

#include "daemon/cli/commands.h"

/* One at a time in a process: the handler of signals knows one. */
struct output_file {
    FILE *stream; /* where to write; borrowed */
    const char *path; /* borrowed; NULL is standard output */
    char beside[4096];
};

/* path NULL or "-" is standard output. False when it cannot be made; it has been said why. */
bool output_file_open(struct output_file *file, const char *path);

/* Puts what was written in its place, on disk. Says why when it cannot. */
enum exit_code output_file_commit(struct output_file *file);

/* Leaves everything as it was. */
void output_file_discard(struct output_file *file);

#endif

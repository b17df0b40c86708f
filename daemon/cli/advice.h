/* advice.h - what a status means, in words, and what to do about it. */
#ifndef HEARTH_CLI_ADVICE_H
#define HEARTH_CLI_ADVICE_H

#include <jansson.h>

/* Prints a sentence for each thing that wants somebody, the most urgent first; or that all is well. */
void advice_print(const json_t *status);

#endif

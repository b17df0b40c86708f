/* token_make.h - making and revoking tokens, for the requests about tokens and those about hooks. Loop
 * thread. */
#ifndef HEARTH_CORE_TOKEN_MAKE_H
#define HEARTH_CORE_TOKEN_MAKE_H

#include "daemon/core/ask.h"
#include "daemon/core/token.h"

/* Beside the row: the text, which goes out once, with the reply. */
struct token_context {
    struct request_context request;
    char text[TOKEN_TEXT_BYTES + 1];
};

/* Fills name and folded. False: name_invalid or name_taken. */
bool token_check_name(const struct gateway *gateway, const char *name, struct token_row *row,
                      struct refusal *refusal);

/* False: there are as many as limits.tokens allows. */
bool token_has_place(const struct gateway *gateway, struct refusal *refusal);

/* A JOB_TOKEN_CREATE with a token_context; NULL or lacking memory, which ask_submit answers. */
struct job *token_create_job(struct ask *ask, struct token_row *row);

enum outcome token_revoke(struct ask *ask, const struct token *token);

#endif

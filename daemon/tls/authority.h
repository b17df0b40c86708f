/* authority.h - the certificate authority that a board is for itself. It may vouch for the board's own names
 * and for private addresses, and for nothing else: whoever steals its key cannot pose as a bank. Its files
 * lie in a folder: ca.crt and ca.key for 20 years, board.crt and board.key for those who connect; keys are
 * mode 0600. */
#ifndef HEARTH_TLS_AUTHORITY_H
#define HEARTH_TLS_AUTHORITY_H

#include "daemon/tls/board.h"
#include "daemon/tls/certificate.h"

#define AUTHORITY_PERMITTED_MAX 24
#define AUTHORITY_DAY_MS INT64_C(86400000)

struct authority {
    char folder[256];
    char *pem;    /* ca.crt, owned */
    char permitted[AUTHORITY_PERMITTED_MAX][254]; /* names that it may vouch for, and those below them */
    size_t permitted_count;
};

/* Reads the authority in folder, or makes it and the folder. now_ms is Unix time as it is believed. False:
 * why says what is wrong; authority is empty. */
bool authority_open(struct authority *authority, const char *folder, const struct board *board, int64_t now_ms,
                    char *why, size_t why_size);
void authority_close(struct authority *authority);

/* The board's certificate as it is on disk. False: it must be made. */
bool authority_read_board(const struct authority *authority, struct certificate *certificate);

/* Makes it anew: for all that the board is called and the authority may vouch for, for 397 days. */
bool authority_make_board(const struct authority *authority, const struct board *board, int64_t now_ms, char *why,
                          size_t why_size);

bool authority_may_vouch(const struct authority *authority, const struct certificate_name *name);

#endif

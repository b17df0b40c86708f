/* pairing.h - a new device and one that is signed in find each other by a code.
 *
 *   claim   the new device shows code and digits  -> typed on the other: approve
 *   offer   the signed-in one shows a code        -> said by the new one in hello; the other: offer, accept
 *   move    the same browser at another address   -> said in hello there; nobody is asked
 *
 * Codes are in memory, good for PAIRING_MS and once. Loop thread. */
#ifndef HEARTH_CORE_PAIRING_H
#define HEARTH_CORE_PAIRING_H

#include "protocol/message.h"
#include "storage/job.h"

#define PAIRING_MS 120000
#define PAIRINGS_MAX 32             /* of one kind */
#define PAIRINGS_PER_ADDRESS_MAX 2  /* claims that wait */
#define PAIRING_DIGITS_TRIES 3
#define CODE_TEXT_BYTES 10          /* 50 bits: typed by hand, and never alone */
#define SECRET_TEXT_BYTES 26        /* 128 bits: opens by itself */

struct gateway;
struct session;

enum pairing_kind { PAIRING_CLAIM, PAIRING_OFFER, PAIRING_MOVE };

struct pairing {
    struct pairing *next;
    enum pairing_kind kind;
    char code[SECRET_TEXT_BYTES + 1];
    char digits[3];       /* of a claim */
    int wrong_count;      /* digits that were wrong */
    int64_t since_ms;     /* elapsed, as is age */
    int64_t user_id;      /* whose it is; of a claim who has looked at it, 0 nobody yet */
    uint64_t owner;       /* session of an offer */
    uint64_t claimant;    /* session of the new device; 0 none yet */
    int64_t claimed_ms;   /* when that came */
    uint64_t address_key; /* where from, and as text */
    char address[46];
    char client[CLIENT_BYTES_MAX + 1]; /* what it says it is */
    struct ref ref;       /* of its hello, which is to be answered; none of a claim */
};

/* A code of so many characters of Crockford's base32. False without randomness. */
bool code_make(char *code, size_t characters);

/* A code as it was made: hyphens and blanks go, letters become large, O is 0, I and L are 1. False when it is
 * longer than characters_max. */
bool code_normalise(const char *typed, char *code, size_t characters_max);

/* A new one. NULL: there are too many, and refusal says so. A claim is the session's. */
struct pairing *pairing_make(struct session *session, enum pairing_kind kind,
                             struct refusal *refusal);

/* The one of this kind whose code was typed; NULL: none is good. */
struct pairing *pairing_find(struct gateway *gateway, enum pairing_kind kind, const char *typed);

void pairing_drop(struct gateway *gateway, struct pairing *pairing);

/* Tells a new device that waits that it does so in vain; a hello of it is answered so. */
void pairing_turn_away(struct gateway *gateway, uint64_t claimant, const struct ref *ref,
                       const struct refusal *refusal);

/* Tells the new device that it is not let in, and drops the pairing. */
void pairing_refuse(struct gateway *gateway, struct pairing *pairing, const char *sentence);

/* Ends those that are over, or whose one side has gone. Gives the ms until the next; INT64_MAX: there is none. */
int64_t pairing_expire(struct gateway *gateway);
void pairing_finish(struct gateway *gateway);

#endif

#include "daemon/core/pairing.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/session_private.h"
#include "storage/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- codes --------------------------------------------------------------------------------------
 */

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's: no I, L, O, U */

bool code_make(char *code, size_t characters)
{
    unsigned char bytes[SECRET_TEXT_BYTES];
    if (characters > sizeof bytes || !random_fill(bytes, characters))
        return false;
    for (size_t i = 0; i < characters; i++)
        code[i] = letters[bytes[i] % 32];
    code[characters] = '\0';
    return true;
}

static char normal_letter(char letter)
{
    char large = letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
    return large == 'O' ? '0' : large == 'I' || large == 'L' ? '1' : large;
}

bool code_normalise(const char *typed, char *code, size_t characters_max)
{
    size_t length = 0;
    for (; *typed; typed++) {
        if (*typed == '-' || *typed == ' ')
            continue;
        if (length == characters_max)
            return false;
        code[length++] = normal_letter(*typed);
    }
    code[length] = '\0';
    return true;
}

/* --- making and finding -------------------------------------------------------------------------
 */

/* Both sides are there still: the new device waits, the one that made an offer is connected. */
static bool is_good(const struct gateway *gateway, const struct pairing *pairing)
{
    const struct session *claimant =
        pairing->claimant ? session_find(gateway, pairing->claimant) : NULL;
    return (!pairing->claimant || (claimant && claimant->phase == PHASE_WAITING)) &&
           (!pairing->owner || session_find(gateway, pairing->owner));
}

static size_t count(const struct gateway *gateway, enum pairing_kind kind, uint64_t address_key)
{
    size_t number = 0;
    for (const struct pairing *at = gateway->users.pairings; at; at = at->next)
        number += at->kind == kind && (!address_key || at->address_key == address_key) &&
                  is_good(gateway, at);
    return number;
}

static bool has_place(const struct session *session, enum pairing_kind kind,
                      struct refusal *refusal)
{
    uint64_t address_key = session->arrival.address_key;
    bool is_crowded = kind == PAIRING_CLAIM && address_key && !session->arrival.exempt &&
                      count(session->gateway, kind, address_key) >= PAIRINGS_PER_ADDRESS_MAX;
    if (!is_crowded && count(session->gateway, kind, 0) < PAIRINGS_MAX)
        return true;
    refuse(refusal, ERROR_rate_limited, NULL,
           is_crowded ? "Two devices at your address wait to be let in already."
                      : "As many devices wait to be let in as may.");
    refusal->retry_after_ms = PAIRING_MS;
    return false;
}

struct pairing *pairing_make(struct session *session, enum pairing_kind kind,
                             struct refusal *refusal)
{
    struct gateway *gateway = session->gateway;
    size_t characters = kind == PAIRING_MOVE ? SECRET_TEXT_BYTES : CODE_TEXT_BYTES;
    unsigned char random;
    if (!has_place(session, kind, refusal))
        return NULL;
    struct pairing *pairing = calloc(1, sizeof *pairing);
    if (!pairing || !code_make(pairing->code, characters) || !random_fill(&random, 1)) {
        refuse(refusal, ERROR_internal, NULL, "The gateway has no memory for this.");
        free(pairing);
        return NULL;
    }
    snprintf(pairing->digits, sizeof pairing->digits, "%02d", random % 100);
    pairing->kind = kind;
    pairing->since_ms = gateway->now.elapsed_ms;
    pairing->address_key = session->arrival.address_key;
    pairing->next = gateway->users.pairings;
    gateway->users.pairings = pairing;
    return pairing;
}

static int64_t left_ms(const struct pairing *pairing)
{
    return pairing->since_ms + PAIRING_MS;
}

struct pairing *pairing_find(struct gateway *gateway, enum pairing_kind kind, const char *typed)
{
    char code[SECRET_TEXT_BYTES + 1];
    if (!code_normalise(typed, code, SECRET_TEXT_BYTES))
        return NULL;
    struct pairing *at = gateway->users.pairings;
    while (at && (at->kind != kind || strcmp(at->code, code) != 0))
        at = at->next;
    return at && left_ms(at) > gateway->now.elapsed_ms && is_good(gateway, at) ? at : NULL;
}

void pairing_drop(struct gateway *gateway, struct pairing *pairing)
{
    struct pairing **at = &gateway->users.pairings;
    while (*at != pairing)
        at = &(*at)->next;
    *at = pairing->next;
    free(pairing);
}

/* --- the end ------------------------------------------------------------------------------------
 */

/* Its hello, if there was one, held up what it said next. */
void pairing_turn_away(struct gateway *gateway, uint64_t claimant, const struct ref *ref,
                       const struct refusal *refusal)
{
    struct session *session = claimant ? session_find(gateway, claimant) : NULL;
    if (!session || session->phase != PHASE_WAITING)
        return;
    session_await_hello(session);
    session_unblock(session);
    session_refuse(session, ref, refusal);
    session_continue(session);
}

void pairing_refuse(struct gateway *gateway, struct pairing *pairing, const char *sentence)
{
    uint64_t claimant = pairing->claimant;
    struct ref ref = pairing->ref;
    struct refusal refusal;
    refuse(&refusal, ERROR_forbidden, NULL, "%s", sentence);
    pairing_drop(gateway, pairing);
    pairing_turn_away(gateway, claimant, &ref, &refusal);
}

int64_t pairing_expire(struct gateway *gateway)
{
    int64_t next_ms = INT64_MAX;
    for (struct pairing *at = gateway->users.pairings, *next; at; at = next) {
        next = at->next;
        int64_t wait_ms = left_ms(at) - gateway->now.elapsed_ms;
        if (wait_ms <= 0 || !is_good(gateway, at)) {
            pairing_refuse(gateway, at, "No device let this one in in time.");
            next = gateway->users.pairings; /* whatever came of it */
        } else if (wait_ms < next_ms) {
            next_ms = wait_ms;
        }
    }
    return next_ms;
}

void pairing_finish(struct gateway *gateway)
{
    while (gateway->users.pairings)
        pairing_drop(gateway, gateway->users.pairings);
}

/* name.h - what a user or a room may be called. UTF-8; compared after NFKC and case folding
 * (Unicode UAX 15, UTS 46 in spirit), so that no two look the same by accident. No state, any thread. */
#ifndef HEARTH_PROTOCOL_NAME_H
#define HEARTH_PROTOCOL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_BYTES_MAX 256        /* of a name in NFC, without its NUL: 64 characters of 4 bytes */
#define ROOM_NAME_BYTES_MAX 514   /* "@A,B" */

enum name_result {
    NAME_OK,
    NAME_EMPTY,
    NAME_TOO_LONG,      /* more than characters_max, or than NAME_BYTES_MAX bytes */
    NAME_BAD_CHARACTER, /* control, format, unassigned, private use, or one of @ , # / : " < > \ or a space at an end or doubled */
    NAME_RESERVED       /* kept for the gateway: never by name_normalise, a room may be called so;
                           whoever takes a user's name asks name_is_reserved as well */
};

/* name as it is kept and shown: NFC, written to out. */
enum name_result name_normalise(const char *name, size_t characters_max,
                                char out[NAME_BYTES_MAX + 1]);

/* A name made of any text: what may not stand in one becomes a space, and the end is cut. False, with
 * out empty, when nothing is left. */
bool name_make(const char *text, size_t characters_max, char out[NAME_BYTES_MAX + 1]);

/* What names are compared by: NFKC with case folding of a name that name_normalise accepted. */
bool name_fold(const char *name, char out[NAME_BYTES_MAX + 1]);

/* What a name looks like: folded, letters of Cyrillic and Greek that look like a Latin letter or a digit
 * taken for it. Two names with one skeleton are told apart by nobody. False when it does not fit. */
bool name_skeleton(const char *name, char out[NAME_BYTES_MAX + 1]);

/* True for names of users that only the gateway itself may use: client-N, client N, hearth, admin, system and
 * the like. */
bool name_is_reserved(const char *folded);

/* True for names by which plain clients are known: "client-7", "client 7". */
bool name_is_plain(const char *folded);

/* "@A,B" for two users, sorted by their folded names so that both make the same. */
bool name_of_direct_room(const char *a, const char *b, char out[ROOM_NAME_BYTES_MAX + 1]);

/* Splits "@A,B". False if it is not of that form. */
bool name_split_direct(const char *room, char a[NAME_BYTES_MAX + 1], char b[NAME_BYTES_MAX + 1]);

/* Why a name is refused, a sentence for people: "A name may not contain control characters." */
const char *name_result_sentence(enum name_result result);

#endif

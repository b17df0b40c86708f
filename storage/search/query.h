/* query.h - what a search asks for: words that must all occur, anywhere in a text and in any order;
 * "words in quotes" as they stand. Compared folded, as parts of words too; combining marks count where
 * the query writes them. */
#ifndef HEARTH_STORAGE_QUERY_H
#define HEARTH_STORAGE_QUERY_H

#include "protocol/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUERY_TERMS_MAX   16 /* more words than that are not looked at */
#define QUERY_TRIGRAMS_MAX 48 /* enough to be selective; the text decides anyway */
#define SNIPPET_BYTES_MAX 320

struct query_term {
    const char *bytes; /* in folded; not NUL-terminated */
    size_t length;
    const char *marked; /* in marked; NULL when the term has no marks */
    size_t marked_length;
};

struct query {
    struct buffer folded; /* owned: the terms as the index knows them */
    struct buffer marked; /* owned: the query with its marks */
    struct query_term terms[QUERY_TERMS_MAX];
    size_t term_count;
    uint32_t trigrams[QUERY_TRIGRAMS_MAX]; /* none: no word is long enough for the index */
    size_t trigram_count;
};

/* False without memory. query_finish is harmless after that, too, and on a zeroed query. */
bool query_init(struct query *query, const char *text);
void query_finish(struct query *query);

/* at: where the first term occurs in the folded text. */
bool query_matches(const struct query *query, const char *folded, size_t length, size_t *at);

/* Of a text that matches: true when the marks that the query writes are in it, too. False without
 * memory as well: then scratch, which is emptied first, has failed. */
bool query_has_its_marks(const struct query *query, const char *text, size_t length,
                         struct buffer *scratch);

/* The part of a matching text around the first term, with an ellipsis where it was cut. */
bool query_snippet(const struct query *query, const char *text,
                   char snippet[SNIPPET_BYTES_MAX + 1]);

#endif

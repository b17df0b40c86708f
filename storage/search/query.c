#include "storage/search/query.h"

#include <stdio.h>
#include <string.h>

#include "protocol/fold.h"
#include "storage/search/trigram.h"

#define SNIPPET_BEFORE_BYTES 80
#define ELLIPSIS             "\xe2\x80\xa6"

/* A term as it is written, with its marks. What is marks alone is none. */
static bool add_term(struct query *query, const char *bytes, size_t length)
{
    size_t start = query->folded.length;
    if (query->term_count == QUERY_TERMS_MAX)
        return true;
    if (!text_fold(bytes, length, &query->folded))
        return false;
    const char *folded = (const char *)query->folded.bytes;
    size_t end = query->folded.length;
    while (end > start && folded[end - 1] == ' ')
        end--;
    while (start < end && folded[start] == ' ')
        start++;
    if (start == end)
        return true;
    struct query_term *term = &query->terms[query->term_count++];
    *term = (struct query_term){.length = end - start};
    if (text_has_marks(bytes, length)) {
        term->marked = bytes;
        term->marked_length = length;
    }
    query->folded.length = end;
    return true;
}

static void trim(const char **bytes, size_t *length)
{
    while (*length > 0 && **bytes == ' ')
        (*bytes)++, (*length)--;
    while (*length > 0 && (*bytes)[*length - 1] == ' ')
        (*length)--;
}

/* An opening quote that is never closed quotes the rest. */
static bool split(struct query *query)
{
    const char *text = (const char *)query->marked.bytes;
    const char *end = text + query->marked.length;
    while (text < end) {
        bool quoted = *text == '"';
        if (quoted)
            text++;
        const char *stop = text;
        while (stop < end && *stop != '"' && (quoted || *stop != ' '))
            stop++;
        size_t length = (size_t)(stop - text);
        trim(&text, &length);
        if (length > 0 && !add_term(query, text, length))
            return false;
        text = stop;
        while (text < end && (*text == ' ' || (quoted && *text == '"'))) {
            quoted = quoted && *text != '"';
            text++;
        }
    }
    return true;
}

static void add_trigrams(struct query *query, const struct query_term *term)
{
    uint32_t *trigrams = query->trigrams + query->trigram_count;
    query->trigram_count +=
        trigrams_of(term->bytes, term->length, trigrams, QUERY_TRIGRAMS_MAX - query->trigram_count);
}

bool query_init(struct query *query, const char *text)
{
    memset(query, 0, sizeof *query);
    if (!text_fold_marked(text, strlen(text), &query->marked) || !split(query))
        return false;
    const char *bytes = (const char *)query->folded.bytes;
    for (size_t i = 0; i < query->term_count; i++) {
        query->terms[i].bytes = bytes;
        bytes += query->terms[i].length;
        add_trigrams(query, &query->terms[i]);
    }
    return true;
}

void query_finish(struct query *query)
{
    buffer_finish(&query->folded);
    buffer_finish(&query->marked);
}

bool query_matches(const struct query *query, const char *folded, size_t length, size_t *at)
{
    *at = 0;
    for (size_t i = query->term_count; i > 0; i--) {
        const struct query_term *term = &query->terms[i - 1];
        const char *found = length ? memmem(folded, length, term->bytes, term->length) : NULL;
        if (!found)
            return false;
        *at = (size_t)(found - folded);
    }
    return true;
}

bool query_has_its_marks(const struct query *query, const char *text, size_t length,
                         struct buffer *scratch)
{
    scratch->length = 0;
    for (size_t i = 0; i < query->term_count; i++) {
        const struct query_term *term = &query->terms[i];
        if (!term->marked)
            continue;
        if (scratch->length == 0 && !text_fold_marked(text, length, scratch))
            return false;
        if (!text_finds_marked((const char *)scratch->bytes, scratch->length, term->marked,
                               term->marked_length))
            return false;
    }
    return true;
}

static bool starts_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

/* Back to a word's start if one is near, else to a character's. */
static size_t snippet_start(const char *text, size_t match)
{
    if (match <= SNIPPET_BEFORE_BYTES)
        return 0;
    size_t start = match - SNIPPET_BEFORE_BYTES;
    for (size_t near = start; near < match && near < start + 24; near++)
        if (text[near] == ' ')
            return near + 1;
    while (start > 0 && !starts_character(text[start]))
        start--;
    return start;
}

static size_t snippet_end(const char *text, size_t length, size_t start)
{
    size_t room = SNIPPET_BYTES_MAX - 2 * strlen(ELLIPSIS);
    if (length - start <= room)
        return length;
    size_t end = start + room;
    while (end > start && !starts_character(text[end]))
        end--;
    return end;
}

bool query_snippet(const struct query *query, const char *text, char snippet[SNIPPET_BYTES_MAX + 1])
{
    struct buffer folded = {0};
    size_t length = strlen(text), at = 0;
    if (!text_fold(text, length, &folded))
        return false;
    query_matches(query, (const char *)folded.bytes, folded.length, &at);
    buffer_finish(&folded);
    size_t start = snippet_start(text, text_fold_origin(text, length, at));
    size_t end = snippet_end(text, length, start);
    snprintf(snippet, SNIPPET_BYTES_MAX + 1, "%s%.*s%s", start > 0 ? ELLIPSIS : "",
             (int)(end - start), text + start, end < length ? ELLIPSIS : "");
    return true;
}

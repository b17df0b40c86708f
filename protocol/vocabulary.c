#include "protocol/message.h"

#include <string.h>

#define VOCABULARY(name, type) static const char *const words_##name[] = {
#define TERM(vocabulary, constant, word) word,
#define END_VOCABULARY(name) };
#include "protocol/messages.def"

static const char *const words_error_code[] = {
    "", /* ERROR_none */
#define ERROR(code, status, sentence) #code,
#include "protocol/messages.def"
};

static const struct {
    const char *type;
    const char *const *words;
    int count;
} vocabularies[VOCABULARY_COUNT] = {
    {"", NULL, 0},
#define VOCABULARY(name, type) {#type, words_##name, (int)(sizeof words_##name / sizeof(char *))},
#define TERM(vocabulary, constant, word)
#define END_VOCABULARY(name)
#include "protocol/messages.def"
    {"ErrorCode", words_error_code, ERROR_COUNT},
};

const char *word_of(enum vocabulary_id vocabulary, int constant)
{
    if (constant < 0 || constant >= vocabularies[vocabulary].count)
        return NULL;
    const char *word = vocabularies[vocabulary].words[constant];
    return word[0] ? word : NULL;
}

int word_find(enum vocabulary_id vocabulary, const char *word)
{
    for (int i = 0; word && word[0] && i < vocabularies[vocabulary].count; i++)
        if (strcmp(vocabularies[vocabulary].words[i], word) == 0)
            return i;
    return -1;
}

const char *vocabulary_type(enum vocabulary_id vocabulary)
{
    return vocabularies[vocabulary].type;
}

int vocabulary_count(enum vocabulary_id vocabulary)
{
    return vocabularies[vocabulary].count;
}

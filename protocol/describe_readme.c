#include "protocol/describe.h"

#include <inttypes.h>
#include <string.h>

#define LINE_BYTES_MAX 4096

static void print_bound(int64_t bound, FILE *out)
{
    if (bound == SEQ_MAX)
        fputs("2^53 - 1", out);
    else
        fprintf(out, "%" PRId64, bound);
}

static void print_words(enum vocabulary_id words, FILE *out)
{
    const char *before = "";
    for (int i = 0; i < vocabulary_count(words); i++) {
        const char *word = word_of(words, i);
        if (!word)
            continue;
        fprintf(out, "%s`%s`", before, word);
        before = ", ";
    }
}

static void print_text(const struct field *field, FILE *out)
{
    if (field->words == WORDS_error_code)
        fputs("[error code](#errors)", out);
    else if (field->words != WORDS_none)
        print_words(field->words, out);
    else
        fprintf(out, "string, %" PRId64 " to %" PRId64 " bytes", field->min, field->max);
}

static void print_type(const struct field *field, FILE *out)
{
    const char *record = message_describe(field->record)->name;
    switch (field->kind) {
    case FIELD_TEXT:
        print_text(field, out);
        break;
    case FIELD_NAME:
        fputs("name", out);
        break;
    case FIELD_UID:
        fprintf(out, "uid, 1 to %d bytes", UID_BYTES_MAX);
        break;
    case FIELD_NUMBER:
        fputs("integer, ", out);
        print_bound(field->min, out);
        fputs(" to ", out);
        print_bound(field->max, out);
        break;
    case FIELD_FLAG:
        fputs("true or false", out);
        break;
    case FIELD_LIST:
        fprintf(out, "array of [%s](#%s)", record, record);
        break;
    case FIELD_OBJECT:
        fprintf(out, "[%s](#%s)", record, record);
        break;
    case FIELD_NAMES:
        fputs("array of names", out);
        break;
    case FIELD_NUMBERS:
        fputs("array of integers", out);
        break;
    }
}

static void print_message(const struct message_description *message, const char *answer, FILE *out)
{
    fprintf(out, "\n### `%s`\n%s", message->name, message->sentence);
    if (answer)
        fprintf(out, " Answer: `%s`.", answer);
    fputs("\n", out);
    if (message->field_count > 0)
        fputs("\n| field | | type | |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        bool always = field->required;
        fprintf(out, "| `%s` | %s | ", field->name, always ? "always" : "optional");
        print_type(field, out);
        fprintf(out, " | %s |\n", field->sentence);
    }
}

static void print_kind(enum message_kind kind, FILE *out)
{
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++) {
        enum message_type type = (enum message_type)i;
        const struct message_description *message = message_describe(type);
        if (message->kind != kind)
            continue;
        print_message(message, kind == KIND_REQUEST ? message_name(message_answer(type)) : NULL,
                      out);
    }
    fputs("\n", out);
}

static void print_errors(FILE *out)
{
    fputs("\n| error_code | HTTP | |\n|---|---|---|\n", out);
    for (unsigned i = ERROR_none + 1; i < ERROR_COUNT; i++) {
        enum error_code code = (enum error_code)i;
        fprintf(out, "| `%s` | %d | %s |\n", error_code_name(code), error_code_status(code),
                error_code_sentence(code));
    }
    fputs("\n", out);
}

static void print_permissions(FILE *out)
{
    size_t count;
    const struct permission *permissions = describe_permissions(&count);
    fputs("\n| operation | least role | |\n|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "| `%s` | %s | %s |\n", permissions[i].operation,
                word_of(WORDS_role, (int)permissions[i].least), permissions[i].sentence);
    fputs("\n", out);
}

static bool print_table(const char *name, FILE *out)
{
    static const struct {
        const char *name;
        enum message_kind kind;
    } kinds[] = {{"requests", KIND_REQUEST},
                 {"replies", KIND_REPLY},
                 {"entries", KIND_ENTRY},
                 {"events", KIND_EVENT},
                 {"records", KIND_RECORD}};
    if (strcmp(name, "errors") == 0) {
        print_errors(out);
        return true;
    }
    if (strcmp(name, "permissions") == 0) {
        print_permissions(out);
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            print_kind(kinds[i].kind, out);
            return true;
        }
    }
    fprintf(stderr, "There is no table named %s.\n", name);
    return false;
}

bool describe_readme(FILE *in, FILE *out)
{
    char line[LINE_BYTES_MAX];
    char name[32];
    bool inside = false;
    while (fgets(line, sizeof line, in)) {
        if (strcmp(line, "<!-- end -->\n") == 0)
            inside = false;
        if (!inside)
            fputs(line, out);
        if (sscanf(line, "<!-- table: %31[a-z] -->", name) == 1) {
            inside = true;
            if (!print_table(name, out))
                return false;
        }
    }
    if (inside)
        fputs("A table has no <!-- end -->.\n", stderr);
    return !inside;
}

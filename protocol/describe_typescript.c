#include "protocol/describe.h"

#include <ctype.h>
#include <string.h>

/* room_line -> RoomLine; a message gets its kind behind it: AckReply. */
static void print_name(const struct message_description *message, FILE *out)
{
    static const char *const kinds[] = {"Request", "Reply", "Entry", "Event", ""};
    bool upper = true;
    for (const char *at = message->name; *at; at++) {
        if (*at != '_')
            fputc(upper ? toupper((unsigned char)*at) : *at, out);
        upper = *at == '_';
    }
    fputs(kinds[message->kind], out);
}

static void print_type(const struct field *field, FILE *out)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_NAME:
    case FIELD_UID:
        fputs(field->words != WORDS_none ? vocabulary_type(field->words) : "string", out);
        break;
    case FIELD_NUMBER:
        fputs("number", out);
        break;
    case FIELD_FLAG:
        fputs("boolean", out);
        break;
    case FIELD_LIST:
    case FIELD_OBJECT:
        print_name(message_describe(field->record), out);
        fputs(field->kind == FIELD_LIST ? "[]" : "", out);
        break;
    case FIELD_NAMES:
        fputs("string[]", out);
        break;
    case FIELD_NUMBERS:
        fputs("number[]", out);
        break;
    }
}

static void print_interface(const struct message_description *message, FILE *out)
{
    fprintf(out, "\n/** %s */\nexport interface ", message->sentence);
    print_name(message, out);
    fputs(" {\n", out);
    if (message->kind != KIND_RECORD)
        fprintf(out, "  type: \"%s\";\n", message->name);
    if (message->kind == KIND_REQUEST || message->kind == KIND_REPLY)
        fputs("  ref?: Ref;\n", out);
    for (size_t i = 0; i < message->field_count; i++) {
        const struct field *field = &message->fields[i];
        fprintf(out, "  /** %s */\n  %s%s: ", field->sentence, field->name,
                field->required ? "" : "?");
        print_type(field, out);
        fputs(";\n", out);
    }
    fputs("}\n", out);
}

static void print_union(const char *name, enum message_kind kind, FILE *out)
{
    fprintf(out, "\nexport type %s =", name);
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++) {
        const struct message_description *message = message_describe((enum message_type)i);
        if (message->kind != kind)
            continue;
        fputs("\n  | ", out);
        print_name(message, out);
    }
    fputs(";\n", out);
}

static void print_vocabulary(enum vocabulary_id vocabulary, FILE *out)
{
    fprintf(out, "\nexport type %s =", vocabulary_type(vocabulary));
    for (int i = 0; i < vocabulary_count(vocabulary); i++)
        if (word_of(vocabulary, i))
            fprintf(out, "\n  | \"%s\"", word_of(vocabulary, i));
    fputs(";\n", out);
}

static void print_permissions(FILE *out)
{
    size_t count;
    const struct permission *permissions = describe_permissions(&count);
    fputs("\n/** Roles, rising. */\nexport const ranks: readonly Role[] = [", out);
    for (int role = ROLE_GUEST; role <= ROLE_ADMIN; role++)
        fprintf(out, "%s\"%s\"", role == ROLE_GUEST ? "" : ", ", word_of(WORDS_role, role));
    fputs("];\n\n/** The least role that may do an operation in a room. */\n"
          "export const least = {\n",
          out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  /** %s */\n  %s: \"%s\",\n", permissions[i].sentence,
                permissions[i].operation, word_of(WORDS_role, (int)permissions[i].least));
    fputs("} as const satisfies Record<string, Role>;\n", out);
}

static void print_answers(FILE *out)
{
    fputs("\n/** What a request gets unless it is refused. */\nexport interface Answers {\n", out);
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++) {
        enum message_type type = (enum message_type)i;
        if (message_describe(type)->kind != KIND_REQUEST)
            continue;
        fprintf(out, "  %s: ", message_name(type));
        print_name(message_describe(message_answer(type)), out);
        fputs(";\n", out);
    }
    fputs("}\n", out);
}

bool describe_typescript(FILE *out)
{
    fputs("// Printed from protocol/messages.def by protocol/describe.c; not written by hand.\n\n"
          "/** The client's own mark of a request, echoed in its reply. */\n"
          "export type Ref = string | number;\n",
          out);
    for (unsigned i = WORDS_none + 1; i < VOCABULARY_COUNT; i++)
        print_vocabulary((enum vocabulary_id)i, out);
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++)
        print_interface(message_describe((enum message_type)i), out);
    print_union("Request", KIND_REQUEST, out);
    print_union("Reply", KIND_REPLY, out);
    print_union("Entry", KIND_ENTRY, out);
    print_union("Event", KIND_EVENT, out);
    fputs("\n/** Every frame the gateway sends, told apart by its type. */\n"
          "export type ServerFrame = Reply | Entry | Event;\n",
          out);
    print_answers(out);
    print_permissions(out);
    return true;
}

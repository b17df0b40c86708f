#include "protocol/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/name.h"
#include "protocol/text.h"

enum { OPTIONAL, REQUIRED };

/* Each list of fields ends with an empty row, so that a message may have none. */
#define RECORD(name, sentence) static const struct field record_fields_##name[] = {
#define OWNER(message) struct record_##message
#include "protocol/fields.def"
#define REQUEST(name, sentence) static const struct field request_fields_##name[] = {
#define OWNER(message) struct request_##message
#include "protocol/fields.def"
#define REPLY(name, sentence) static const struct field reply_fields_##name[] = {
#define OWNER(message) struct reply_##message
#include "protocol/fields.def"
#define ENTRY(name, sentence) static const struct field entry_fields_##name[] = {
#define OWNER(message) struct entry_##message
#include "protocol/fields.def"
#define EVENT(name, sentence) static const struct field event_fields_##name[] = {
#define OWNER(message) struct event_##message
#include "protocol/fields.def"

#define DESCRIBE(kind, prefix, name, sentence, opening)                                            \
    {#name,                                                                                        \
     sentence,                                                                                     \
     kind,                                                                                         \
     prefix##_fields_##name,                                                                       \
     sizeof prefix##_fields_##name / sizeof(struct field) - 1,                                     \
     sizeof(struct prefix##_##name),                                                               \
     opening,                                                                                      \
     sizeof opening - 1},
#define OPENING(name) "{\"type\":\"" #name "\""

static const struct message_description descriptions[MESSAGE_COUNT] = {
    {.name = "none"},
#define RECORD(name, sentence) DESCRIBE(KIND_RECORD, record, name, sentence, "{")
#define REQUEST(name, sentence) DESCRIBE(KIND_REQUEST, request, name, sentence, OPENING(name))
#define REPLY(name, sentence) DESCRIBE(KIND_REPLY, reply, name, sentence, OPENING(name))
#define ENTRY(name, sentence) DESCRIBE(KIND_ENTRY, entry, name, sentence, OPENING(name))
#define EVENT(name, sentence) DESCRIBE(KIND_EVENT, event, name, sentence, OPENING(name))
#include "protocol/messages.def"
};

static const struct {
    const char *name;
    const char *sentence;
    int status;
} codes[ERROR_COUNT] = {
    {"none", "", 200},
#define ERROR(code, status, sentence) {#code, sentence, status},
#include "protocol/messages.def"
};

const struct message_description *message_describe(enum message_type type)
{
    return &descriptions[type < MESSAGE_COUNT ? type : MESSAGE_none];
}

enum message_type message_answer(enum message_type request)
{
    static const enum message_type answers[MESSAGE_COUNT] = {
#define ANSWER(request, reply) [REQUEST_##request] = REPLY_##reply,
#include "protocol/messages.def"
    };
    return request < MESSAGE_COUNT ? answers[request] : MESSAGE_none;
}

const char *message_name(enum message_type type)
{
    return message_describe(type)->name;
}

const char *error_code_name(enum error_code code)
{
    return codes[code < ERROR_COUNT ? code : ERROR_internal].name;
}

const char *error_code_sentence(enum error_code code)
{
    return codes[code < ERROR_COUNT ? code : ERROR_internal].sentence;
}

int error_code_status(enum error_code code)
{
    return codes[code < ERROR_COUNT ? code : ERROR_internal].status;
}

enum error_code error_code_find(const char *name)
{
    for (unsigned code = ERROR_none + 1; code < ERROR_COUNT; code++) {
        if (strcmp(codes[code].name, name) == 0)
            return (enum error_code)code;
    }
    return ERROR_none;
}

void refuse(struct refusal *refusal, enum error_code code, const char *field, const char *format,
            ...)
{
    refusal->code = code;
    refusal->field = field;
    refusal->retry_after_ms = NUMBER_ABSENT;
    if (!format) {
        snprintf(refusal->message, sizeof refusal->message, "%s", error_code_sentence(code));
        return;
    }
    char sentence[sizeof refusal->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    text_clean(sentence, TEXT_LINE, refusal->message, sizeof refusal->message);
}

/* message.h - what may be said: decoding requests, encoding everything else. The table is
 * messages.def; the contract in words is README.md beside this file. No state, any thread. */
#ifndef HEARTH_PROTOCOL_MESSAGE_H
#define HEARTH_PROTOCOL_MESSAGE_H

#include "protocol/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQ_MAX INT64_C(9007199254740991) /* 2^53 - 1: browsers count no further */
#define NUMBER_ABSENT INT64_C(-1)         /* an OPTIONAL number that is not there */
#define REF_BYTES_MAX 64
#define NONCE_BYTES_MAX 64
#define UID_BYTES_MAX 32
#define JSON_DEPTH_MAX 32
#define JSON_VALUES_MAX 32768   /* in one frame */
#define LIST_ITEMS_MAX 1000 /* in an array of a request */

enum error_code {
    ERROR_none,
#define ERROR(code, status, sentence) ERROR_##code,
#include "protocol/messages.def"
    ERROR_COUNT
};

const char *error_code_name(enum error_code code);     /* "bad_json" */
const char *error_code_sentence(enum error_code code); /* for people */
int error_code_status(enum error_code code);           /* the fitting HTTP status */
enum error_code error_code_find(const char *name);     /* ERROR_none if unknown */

/* The vocabularies: enum role, enum visibility and so on. */
#define VOCABULARY(name, type) enum name {
#define TERM(vocabulary, constant, word) constant,
#define END_VOCABULARY(name) };
#include "protocol/messages.def"

enum vocabulary_id {
    WORDS_none,
#define VOCABULARY(name, type) WORDS_##name,
#define TERM(vocabulary, constant, word)
#define END_VOCABULARY(name)
#include "protocol/messages.def"
    WORDS_error_code,
    VOCABULARY_COUNT
};

#define WORD_BYTES_MAX 32

/* The word of a constant: "moderator" for WORDS_role and ROLE_MODERATOR. NULL when it has none. */
const char *word_of(enum vocabulary_id vocabulary, int constant);

/* The constant of a word; -1 when the vocabulary lacks it, and for NULL. */
int word_find(enum vocabulary_id vocabulary, const char *word);

/* For documents and sentences: a vocabulary's name in TypeScript, and how many constants it has. */
const char *vocabulary_type(enum vocabulary_id vocabulary);
int vocabulary_count(enum vocabulary_id vocabulary);

enum message_type {
    MESSAGE_none,
#define REQUEST(name, sentence) REQUEST_##name,
#define REPLY(name, sentence) REPLY_##name,
#define ENTRY(name, sentence) ENTRY_##name,
#define EVENT(name, sentence) EVENT_##name,
#define RECORD(name, sentence) RECORD_##name,
#include "protocol/messages.def"
    MESSAGE_COUNT
};

const char *message_name(enum message_type type); /* "send" */

/* An array inside a message: count records (of the struct that the table names), borrowed. */
struct message_list {
    const void *items;
    size_t count;
};

/* One struct a message: request_send, reply_ack, entry_message, event_presence, record_room_line.
 * Texts are borrowed, NUL-terminated UTF-8, NULL when an OPTIONAL one is absent. An OPTIONAL number
 * that is absent is NUMBER_ABSENT; one below its min is not encoded, nor is an OPTIONAL flag that is
 * false or an OPTIONAL list that is empty. */
#define TEXT(message, field, need, min, max, sentence) const char *field;
#define NAME(message, field, need, sentence) const char *field;
#define NUMBER(message, field, need, min, max, sentence) int64_t field;
#define UID(message, field, need, sentence) int64_t field; /* as a NUMBER; 0: nobody's */
#define FLAG(message, field, need, sentence) bool field;
#define LIST(message, field, need, record, sentence) struct message_list field;
#define OBJECT(message, field, need, record, sentence) struct record_##record field;
#define NAMES(message, field, need, sentence) struct message_list field; /* of const char * */
#define NUMBERS(message, field, need, min, max, sentence) struct message_list field; /* of int64_t */
#define END(name) char end_; }; /* end_ keeps a message without fields from being empty */
#define RECORD(name, sentence) struct record_##name {
#define REQUEST(name, sentence) struct request_##name {
#define REPLY(name, sentence) struct reply_##name {
#define ENTRY(name, sentence) struct entry_##name {
#define EVENT(name, sentence) struct event_##name {
#include "protocol/messages.def"

/* The client's own mark of a request, echoed in its reply. */
enum ref_kind { REF_NONE, REF_TEXT, REF_NUMBER };
struct ref {
    enum ref_kind kind;
    int64_t number;
    char text[REF_BYTES_MAX + 1];
};

/* Why something was refused: becomes an error reply. field is a constant or NULL. */
struct refusal {
    enum error_code code;
    const char *field;
    int64_t retry_after_ms; /* NUMBER_ABSENT if it does not apply */
    char message[192];
};

/* Fills refusal; the sentence is printf-like, or NULL for the code's own. Texts of clients that go
 * into it are cut, never trusted to be short. */
void refuse(struct refusal *refusal, enum error_code code, const char *field, const char *format,
            ...) __attribute__((format(printf, 4, 5)));

/* A decoded request. Its texts live in document, until request_finish. */
struct request {
    enum message_type type;
    struct ref ref;
    union {
#define REQUEST(name, sentence) struct request_##name as_##name;
#include "protocol/messages.def"
    };
    void *document; /* owned; opaque */
};

/* Decodes one frame, strictly: one object, no key twice, at most JSON_DEPTH_MAX deep, every field
 * within the bounds of the table; unknown fields are ignored. False: refusal says why (bad_json,
 * bad_request, unknown_type, too_long for a text, name_invalid for a name that is empty or too long),
 * and request->ref is filled if the frame had a usable one. Names are checked for size only.
 * request_finish is needed after true only. */
bool request_decode(const char *bytes, size_t length, struct request *request,
                    struct refusal *refusal);

/* The same for the plain endpoint's one frame, {"message":"hi"}: a send without a room. */
bool request_decode_plain(const char *bytes, size_t length, struct request *request,
                          struct refusal *refusal);

void request_finish(struct request *request);

/* Gives size bytes of the owner's memory, aligned for anything, or NULL. */
typedef void *request_memory(void *owner, size_t size);

/* A copy whose texts and lists lie in the owner's memory: no request_finish. from may be one that a
 * caller in C has filled. False without memory; then the copy is not to be used. */
bool request_copy(const struct request *from, request_memory *take, void *owner,
                  struct request *to);

/* Appends one message as JSON: {"type":...,"ref":...,fields}. ref may be NULL. fields points to the
 * struct of that type. False when the buffer refused; then its length is as before. */
bool message_encode(struct buffer *buffer, enum message_type type, const struct ref *ref,
                    const void *fields);

/* Appends text as a JSON string with its quotes (RFC 8259), valid UTF-8 assumed. */
bool json_append_string(struct buffer *buffer, const char *text);

/* Appends {"error_code":...,"message":...}: an error outside hearth.v1's frames, with "field" unless that
 * is NULL. code is error_code_name's. */
bool error_encode(struct buffer *buffer, const char *code, const char *sentence, const char *field);

/* How many bytes message_encode appends, without a ref; and json_append_string. */
size_t message_bytes(enum message_type type, const void *fields);
size_t json_string_bytes(const char *text);

/* The table itself, for decoding, encoding, documents and tests. */
enum field_kind { FIELD_TEXT, FIELD_NAME, FIELD_NUMBER, FIELD_FLAG, FIELD_LIST, FIELD_OBJECT, FIELD_NAMES, FIELD_NUMBERS, FIELD_UID };
enum field_text { HOLDS_VALUE, HOLDS_LINE, HOLDS_PROSE }; /* of FIELD_TEXT: TEXT and WORD, LINE, PROSE */
struct field {
    const char *name;
    const char *sentence;
    enum field_kind kind;
    bool required;
    size_t offset;           /* in the message's struct */
    int64_t min, max;        /* bytes of a text, values of a number */
    enum message_type record; /* of FIELD_LIST and FIELD_OBJECT */
    const char *key;          /* ,"name": as it is written */
    size_t key_length;
    enum field_text holds;
    enum vocabulary_id words; /* of WORD */
};
bool field_is_absent(const struct field *field, const void *value); /* and so not encoded */
enum message_kind { KIND_REQUEST, KIND_REPLY, KIND_ENTRY, KIND_EVENT, KIND_RECORD };
struct message_description {
    const char *name;
    const char *sentence;
    enum message_kind kind;
    const struct field *fields;
    size_t field_count;
    size_t size; /* of its struct */
    const char *opening; /* {"type":"name" as it is written; { of a record */
    size_t opening_length;
};
const struct message_description *message_describe(enum message_type type);

/* The reply that a request gets unless it is refused. */
enum message_type message_answer(enum message_type request);

#endif

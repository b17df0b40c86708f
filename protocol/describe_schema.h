/* describe_schema.h - messages as JSON Schema: for the documents that hold some, and for hearthctl schema.
 * Every json_t given back is the caller's. */
#ifndef HEARTH_PROTOCOL_DESCRIBE_SCHEMA_H
#define HEARTH_PROTOCOL_DESCRIBE_SCHEMA_H

#include "protocol/message.h"

#include <jansson.h>

/* What a message is called in a document: "send_request"; records have their name alone. */
#define DESCRIBE_KEY_BYTES 64
void describe_key(const struct message_description *message, char out[DESCRIBE_KEY_BYTES]);

/* {"$ref":"#/WHERE/KEY"}. */
json_t *describe_reference(const char *where, const struct message_description *message);

/* How a record within a message is said: by reference in a document that holds them all, or whole. */
typedef json_t *describe_record(const struct message_description *record);

/* By reference to where AsyncAPI and OpenAPI have their schemas. */
describe_record describe_in_components;

/* Of one field, with its sentence. */
json_t *describe_field(const struct field *field, describe_record *of_record);

/* Of the whole message; without its type and ref as HTTP has it. */
json_t *describe_message(const struct message_description *message, bool has_type, describe_record *of_record);

#endif

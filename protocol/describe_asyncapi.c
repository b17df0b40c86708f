#include "protocol/describe.h"

#include "protocol/describe_schema.h"

/* AsyncAPI 3.0: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */

static json_t *operation_of(enum message_type type)
{
    static const char channel[] = "#/channels/chat";
    const struct message_description *message = message_describe(type);
    json_t *operation = json_pack("{s:s, s:{s:s}, s:s, s:[o]}", "action",
                                  message->kind == KIND_REQUEST ? "receive" : "send", "channel",
                                  "$ref", channel, "summary", message->sentence, "messages",
                                  describe_reference("channels/chat/messages", message));
    if (message->kind != KIND_REQUEST)
        return operation;
    const struct message_description *answer = message_describe(message_answer(type));
    json_t *reply = json_pack("{s:{s:s}, s:[o,o]}", "channel", "$ref", channel, "messages",
                              describe_reference("channels/chat/messages", answer),
                              describe_reference("channels/chat/messages", message_describe(REPLY_error)));
    json_object_set_new(operation, "reply", reply);
    return operation;
}

struct parts {
    json_t *schemas, *messages, *of_channel, *operations;
};

static void add_message(struct parts *parts, enum message_type type)
{
    const struct message_description *message = message_describe(type);
    char key[DESCRIBE_KEY_BYTES];
    describe_key(message, key);
    if (message->kind == KIND_RECORD) {
        json_object_set_new(parts->schemas, key, describe_message(message, true, describe_in_components));
        return;
    }
    json_object_set_new(parts->messages, key,
                        json_pack("{s:s, s:s, s:o}", "name", message->name, "summary",
                                  message->sentence, "payload", describe_message(message, true, describe_in_components)));
    json_object_set_new(parts->of_channel, key, describe_reference("components/messages", message));
    if (message->kind != KIND_REPLY) /* replies stand with their requests */
        json_object_set_new(parts->operations, key, operation_of(type));
}

static json_t *document_of(const struct parts *parts)
{
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:s, s:{s:{s:s, s:s, s:s, s:s}},"
        " s:{s:{s:s, s:s, s:o, s:{s:{s:s}}}}, s:o, s:{s:o, s:o}}",
        "asyncapi", "3.0.0", "info", "title", "hearth.v1", "version", "1.0.0", "description",
        "The WebSocket contract of the hearth chat gateway, printed from protocol/messages.def. "
        "README.md beside it is the whole of it, in words.",
        "defaultContentType", "application/json", "servers", "gateway", "host", "localhost:8080",
        "protocol", "ws", "pathname", "/", "description",
        "Any gateway; subprotocol hearth.v1, one JSON object a text frame.", "channels", "chat",
        "address", "ws", "description", "One connection.", "messages", parts->of_channel,
        "bindings", "ws", "method", "GET", "operations", parts->operations, "components", "schemas",
        parts->schemas, "messages", parts->messages);
}

bool describe_asyncapi(FILE *out)
{
    struct parts parts = {json_object(), json_object(), json_object(), json_object()};
    for (unsigned i = MESSAGE_none + 1; i < MESSAGE_COUNT; i++)
        add_message(&parts, (enum message_type)i);
    json_t *document = document_of(&parts);
    bool fine = document && json_dumpf(document, out, JSON_INDENT(2)) == 0;
    fputc('\n', out);
    json_decref(document);
    return fine;
}

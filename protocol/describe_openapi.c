#include "protocol/describe.h"

#include <string.h>

#include "protocol/describe_schema.h"

/* OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.0 */

enum who { ANYBODY, ADMIN };
enum content { JSON, STREAM, TEXT, BYTES, OWN };

static const struct route {
    const char *method, *pattern, *arguments, *sentence;
    enum who who;
    enum message_type request, reply;
    enum content content;
    int status;
} routes[] = {
#define ROUTE(method, who, pattern, handler, arguments, request, reply, content, status, sentence)   \
    {#method, pattern, arguments, sentence, who, request, reply, content, status},
#include "protocol/routes.def"
};

#define SCHEMAS "components/schemas"

/* --- parameters ----------------------------------------------------------------------------------- */

static const struct field *field_of(enum message_type type, const char *name, size_t length)
{
    const struct message_description *message = type == MESSAGE_none || type == MESSAGE_COUNT ? NULL : message_describe(type);
    for (size_t i = 0; message && i < message->field_count; i++)
        if (strlen(message->fields[i].name) == length && strncmp(message->fields[i].name, name, length) == 0)
            return &message->fields[i];
    return NULL;
}

static json_t *parameter(const char *where, const char *name, size_t length, bool is_required, json_t *schema)
{
    return json_pack("{s:s%, s:s, s:b, s:o}", "name", name, length, "in", where, "required", is_required,
                     "schema", schema);
}

static json_t *schema_of(const struct field *field)
{
    return field ? describe_field(field, describe_in_components) : json_pack("{s:s}", "type", "string");
}

static void add_path_parameters(const struct route *route, json_t *parameters)
{
    for (const char *open = route->pattern; (open = strchr(open, '{')); open++) {
        size_t length = strcspn(open + 1, "}");
        const struct field *field = field_of(route->request, open + 1, length);
        json_array_append_new(parameters, parameter("path", open + 1, length, true, schema_of(field)));
    }
}

static void add_query_parameters(const struct route *route, json_t *parameters)
{
    for (const char *at = route->arguments; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " *");
        bool is_many = at[length] == '*';
        json_t *schema = schema_of(field_of(route->request, at, length));
        if (is_many)
            schema = json_pack("{s:s, s:o}", "type", "array", "items", schema);
        json_array_append_new(parameters, parameter("query", at, length, is_many, schema));
        at += length + (is_many ? 1 : 0);
    }
}

/* --- bodies --------------------------------------------------------------------------------------- */

static json_t *any_of(enum message_kind kind)
{
    json_t *all = json_array();
    for (int type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++)
        if (message_describe((enum message_type)type)->kind == kind)
            json_array_append_new(all, describe_reference(SCHEMAS, message_describe((enum message_type)type)));
    return json_pack("{s:o}", "anyOf", all);
}

/* What of the request is neither in the path nor in the query. */
static json_t *schema_of_body(const struct route *route)
{
    if (route->request == MESSAGE_COUNT)
        return any_of(KIND_REQUEST);
    const struct message_description *message = message_describe(route->request);
    json_t *properties = json_object();
    for (size_t i = 0; i < message->field_count; i++) {
        char in_path[64];
        snprintf(in_path, sizeof in_path, "{%s}", message->fields[i].name);
        if (!strstr(route->pattern, in_path))
            json_object_set_new(properties, message->fields[i].name, describe_field(&message->fields[i], describe_in_components));
    }
    return json_pack("{s:s, s:o}", "type", "object", "properties", properties);
}

static bool takes_body(const struct route *route)
{
    return strcmp(route->method, "POST") == 0 || strcmp(route->method, "PUT") == 0 ||
           strcmp(route->method, "PATCH") == 0;
}

static json_t *body_of(const struct route *route)
{
    if (route->request == MESSAGE_none)
        return json_pack("{s:{s:{}}}", "content", "*/*");
    return json_pack("{s:{s:{s:o}}}", "content", "application/json", "schema", schema_of_body(route));
}

/* --- replies -------------------------------------------------------------------------------------- */

static json_t *schema_of_reply(const struct route *route)
{
    if (route->reply == MESSAGE_none)
        return json_pack("{s:s}", "type", "object");
    if (route->reply == MESSAGE_COUNT)
        return json_pack("{s:s}", "type", "object"); /* that of the request in hearth.v1 */
    return describe_message(message_describe(route->reply), false, describe_in_components);
}

static json_t *content_of(const struct route *route)
{
    json_t *text = json_pack("{s:s}", "type", "string");
    switch (route->content) {
    case JSON:
    case OWN:
        json_decref(text);
        return json_pack("{s:{s:o}}", "application/json", "schema", schema_of_reply(route));
    case STREAM:
        return json_pack("{s:{s:O}, s:{s:o}}", "application/x-ndjson", "schema", text, "text/event-stream",
                         "schema", text);
    case TEXT:
        return json_pack("{s:{s:o}}", "text/plain", "schema", text);
    case BYTES:
        json_decref(text);
        return json_pack("{s:{}}", "*/*");
    }
    return text;
}

static json_t *responses_of(const struct route *route)
{
    char status[8];
    snprintf(status, sizeof status, "%d", route->status);
    if (route->content == OWN)
        return json_pack("{s:{s:s, s:o}, s:{s:s, s:o}}", status, "description", "Done.", "content",
                         content_of(route), "default", "description", "Why not.", "content", content_of(route));
    return json_pack("{s:{s:s, s:o}, s:{s:s}}", status, "description", "Done.", "content", content_of(route),
                     "default", "$ref", "#/components/responses/error");
}

/* --- paths ---------------------------------------------------------------------------------------- */

static json_t *operation_of(const struct route *route)
{
    json_t *parameters = json_array();
    add_path_parameters(route, parameters);
    add_query_parameters(route, parameters);
    json_t *operation = json_pack("{s:s, s:o, s:o, s:[s]}", "summary", route->sentence, "parameters", parameters,
                                  "responses", responses_of(route), "tags",
                                  route->who == ADMIN ? "admin socket" : "gateway");
    if (takes_body(route))
        json_object_set_new(operation, "requestBody", body_of(route));
    return operation;
}

static json_t *paths(void)
{
    json_t *all = json_object();
    for (const struct route *route = routes; route < routes + sizeof routes / sizeof *routes; route++) {
        char method[8] = "";
        json_t *path = json_object_get(all, route->pattern);
        if (!path) {
            path = json_object();
            json_object_set_new(all, route->pattern, path);
        }
        for (size_t i = 0; route->method[i]; i++)
            method[i] = (char)(route->method[i] | 0x20);
        json_object_set_new(path, method, operation_of(route));
    }
    return all;
}

static json_t *schemas(void)
{
    json_t *all = json_object();
    for (int type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct message_description *message = message_describe((enum message_type)type);
        char key[DESCRIBE_KEY_BYTES];
        describe_key(message, key);
        if (message->kind == KIND_RECORD || message->kind == KIND_REQUEST)
            json_object_set_new(all, key, describe_message(message, true, describe_in_components));
    }
    json_object_set_new(all, "error", describe_message(message_describe(REPLY_error), false, describe_in_components));
    return all;
}

bool describe_openapi(FILE *out)
{
    json_t *document = json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:[{s:s, s:s}, {s:s, s:s}], s:[{}, {s:[]}], s:o,"
        " s:{s:o, s:{s:{s:s, s:{s:{s:{s:s}}}}}, s:{s:{s:s, s:s, s:s}}}}",
        "openapi", "3.1.0", "info", "title", "hearth", "version", "1.0.0", "description",
        "The HTTP interface of the hearth chat gateway, printed from protocol/routes.def and messages.def. "
        "README.md beside it is the whole of it, in words.",
        "servers", "url", "http://localhost:8080", "description", "Any gateway.", "url", "http://localhost",
        "description", "The admin socket, hearth.sock beside the database: what is tagged so is there only.",
        "security", "key", "paths", paths(), "components", "schemas", schemas(), "responses", "error",
        "description", "Why not.", "content", "application/json", "schema", "$ref", "#/components/schemas/error",
        "securitySchemes", "key", "type", "http", "scheme", "bearer", "description",
        "The session of a welcome, or a token.");
    bool fine = document && json_dumpf(document, out, JSON_INDENT(2)) == 0;
    fputc('\n', out);
    json_decref(document);
    return fine;
}

#include "daemon/net/admin_socket.h"

#include <string.h>

#include "daemon/net/api.h"
#include "protocol/message.h"

/* The request that the last part of the path names; NULL, and answered, when there is none. */
static const char *find_request(struct http_request *http)
{
    for (int type = MESSAGE_none + 1; type < MESSAGE_COUNT; type++) {
        const struct message_description *message = message_describe((enum message_type)type);
        if (message->kind == KIND_REQUEST && type != REQUEST_hello &&
            strcmp(message->name, http->room) == 0)
            return message->name;
    }
    http_request_refuse_with(http, 404, "", "bad_request", "There is nothing at this path.");
    return NULL;
}

/* Those that only tell, and need no field for it. */
static bool only_tells(const char *type)
{
    static const char *const types[] = {"audit",     "bridges",  "clock",    "hooks",
                                        "knocks",    "log_level", "newcomers", "sanctions",
                                        "sessions",  "settings", "status",   "tokens",
                                        "users"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

void admin_look(struct http_request *http)
{
    const char *type = find_request(http);
    if (type && only_tells(type))
        api_say(http, type, false);
    else if (type)
        http_request_refuse_with(http, 405, "Allow: POST, OPTIONS\r\n", "bad_request",
                                 "This path does not take this method.");
}

/* A body is not needed where no field is. */
void admin_request(struct http_request *http)
{
    const char *type = find_request(http);
    if (type && http->body.length > 0)
        api_say_with_body(http, type, false);
    else if (type)
        api_say(http, type, false);
}

void admin_room_create(struct http_request *http)
{
    http->success_status = 201;
    api_say_with_body(http, "create", false);
}

/* Who is in it; what it is called and said to be about stands in the list of rooms. */
void admin_room_show(struct http_request *http)
{
    api_say(http, "who", true);
}

void admin_room_set(struct http_request *http)
{
    api_say_with_body(http, "set", true);
}

void admin_room_remove(struct http_request *http)
{
    api_say(http, "remove", true);
}

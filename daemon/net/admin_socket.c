#include "daemon/net/admin_socket.h"

#include "daemon/net/api.h"

void admin_status(struct http_request *http)
{
    api_say(http, "status", false);
}

void admin_settings(struct http_request *http)
{
    api_say(http, "settings", false);
}

/* A body is not needed. */
void admin_reload(struct http_request *http)
{
    if (http->body.length > 0)
        api_say_with_body(http, "reload", false);
    else
        api_say(http, "reload", false);
}

void admin_log_level(struct http_request *http)
{
    api_say(http, "log_level", false);
}

void admin_log_level_set(struct http_request *http)
{
    api_say_with_body(http, "log_level", false);
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

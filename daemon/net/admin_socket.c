#include "daemon/net/admin_socket.h"

#include "daemon/net/api.h"

void admin_status(struct exchange *exchange)
{
    api_say(exchange, "status", false);
}

void admin_settings(struct exchange *exchange)
{
    api_say(exchange, "settings", false);
}

/* A body is not needed. */
void admin_reload(struct exchange *exchange)
{
    if (exchange->body.length > 0)
        api_say_with_body(exchange, "reload", false);
    else
        api_say(exchange, "reload", false);
}

void admin_log_level(struct exchange *exchange)
{
    api_say(exchange, "log_level", false);
}

void admin_log_level_set(struct exchange *exchange)
{
    api_say_with_body(exchange, "log_level", false);
}

void admin_room_create(struct exchange *exchange)
{
    exchange->success_status = 201;
    api_say_with_body(exchange, "create", false);
}

/* Who is in it; what it is called and said to be about stands in the list of rooms. */
void admin_room_show(struct exchange *exchange)
{
    api_say(exchange, "who", true);
}

void admin_room_set(struct exchange *exchange)
{
    api_say_with_body(exchange, "set", true);
}

void admin_room_remove(struct exchange *exchange)
{
    api_say(exchange, "remove", true);
}

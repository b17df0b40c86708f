#include "daemon/net/admin_socket.h"

#include "daemon/net/api.h"

void admin_status(struct exchange *exchange)
{
    api_say(exchange, "status", false);
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

#include "daemon/net/read_on.h"

#include "daemon/net/connection.h"

#define ROUNDS_MAX 64 /* reads of RX_BUFFER_BYTES: what one sender gets into a turn */
#define FULL_BYTES (RX_BUFFER_BYTES / 2) /* of payloads, at least, in a read that filled the buffer */

static bool is_full(const struct connection *connection)
{
    return connection->read_bytes >= FULL_BYTES;
}

void read_on_note(struct server *server, struct connection *connection, size_t bytes)
{
    struct read_on *list = &server->read_on;
    if (connection->read_turn != list->turn) {
        connection->read_turn = list->turn;
        connection->read_bytes = 0;
    }
    bool was_full = is_full(connection);
    connection->read_bytes += (uint32_t)bytes;
    if (is_full(connection) && !was_full && !list->is_reading && list->count < READ_ON_MAX)
        list->connections[list->count++] = connection;
}

void read_on_forget(struct server *server, const struct connection *connection)
{
    struct read_on *list = &server->read_on;
    for (size_t i = 0; i < list->count; i++)
        if (list->connections[i] == connection)
            list->connections[i] = NULL;
}

/* Gives lws the event that its loop would give it next. True when that has filled the buffer again. */
static bool read_once(struct server *server, size_t place)
{
    struct connection *connection = server->read_on.connections[place];
    if (!connection || connection->is_gone || connection->is_paused || connection->close_code != 0)
        return false;
    struct lws_pollfd readable = {.fd = lws_get_socket_fd(connection->wsi),
                                  .events = LWS_POLLIN,
                                  .revents = LWS_POLLIN};
    connection->read_bytes = 0;
    (void)lws_service_fd(server->context, &readable);
    return server->read_on.connections[place] && is_full(connection);
}

/* One read of each; those that say no more leave the list. */
static void read_each(struct server *server)
{
    struct read_on *list = &server->read_on;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (read_once(server, i))
            list->connections[kept++] = list->connections[i];
    list->count = kept;
}

void read_on_rest(struct server *server)
{
    struct read_on *list = &server->read_on;
    list->is_reading = true;
    for (int i = 0; i < ROUNDS_MAX && list->count > 0 && !server_turn_is_long(server); i++)
        read_each(server);
    list->count = 0;
    list->is_reading = false;
    list->turn++;
}

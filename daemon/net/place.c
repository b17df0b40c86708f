#include "daemon/net/place.h"

#include <uthash.h>

#include "daemon/net/http_request.h"
#include "daemon/net/upload_stream.h"

#define CLOSE_TRY_AGAIN_LATER 1013 /* a page comes back by itself */
#define UNDER_WAY_MS 1000          /* an HTTP request that takes longer is as one who says nothing, unless it is at work */
#define NO_CLAIM 1000000           /* more than any address has */

/* The connection with the least claim to its place so far. */
struct search {
    struct server *server;
    int newcomer_count; /* of the newcomer's address, with the newcomer */
    int share;          /* of each address, as many as there are */
    struct connection *found;
    struct peer *peer;
    int excess; /* how little claim it has */
};

static int excess_of(const struct search *search, const struct peer *peer, bool is_present)
{
    int count = peer->counted ? peer->counted->count : 0;
    if (!is_present)
        return NO_CLAIM + count;
    bool is_above = count > search->share && count > search->newcomer_count;
    return is_above && !peer->is_exempt ? count : 0;
}

static void consider(struct search *search, struct connection *connection, bool is_present)
{
    struct peer *peer = lws_get_opaque_user_data(connection->wsi);
    if (!peer || peer->is_admin || peer->stage != PEER_CONNECTED || connection->is_gone)
        return;
    int excess = excess_of(search, peer, is_present);
    if (excess <= search->excess) /* of equals the one that was considered first: the quietest */
        return;
    search->found = connection;
    search->peer = peer;
    search->excess = excess;
}

/* A stream, or a file that comes or goes: that takes as long as the link makes it. */
static bool is_at_work(const struct http_request *http)
{
    return http->phase == HTTP_REQUEST_STREAMING || http->download || (http->upload && upload_stream_is_fed(http));
}

static void search_all(struct search *search)
{
    struct server *server = search->server;
    int64_t now_ms = server_now_ms(server);
    for (struct connection *each = server->quietest; each; each = each->after)
        consider(search, each, each->session && session_is_present(each->session));
    for (struct http_request *each = server->requests; each; each = each->next)
        if (is_at_work(each) || now_ms - each->began_ms >= UNDER_WAY_MS)
            consider(search, &each->connection, is_at_work(each));
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Of the places of those that wait. The first half may take their time for the close; more are cut off. */
static int leaving_max(const struct server *server)
{
    return smaller(LEAVING_MAX, (server->waiting_max + 1) / 2);
}

static void give_way(struct server *server, struct connection *connection, struct peer *peer)
{
    refuse_note(server, REFUSED_gave_way, peer);
    peer->stage = PEER_LEAVING;
    server->connection_count--;
    if (connection->session)
        session_closed(connection->session);
    connection->session = NULL;
    if (connection->kind == CONNECTION_WEBSOCKET && server->leaving_count < leaving_max(server) / 2)
        connection_close_soon(connection, CLOSE_TRY_AGAIN_LATER,
                              "The gateway is full; somebody else needs the place");
    else
        connection_kill(connection);
    server->leaving_count++;
}

bool place_take(struct server *server, const struct peer *newcomer)
{
    struct search search = {.server = server,
                            .newcomer_count = newcomer->counted ? newcomer->counted->count : 0};
    if (server->leaving_count >= leaving_max(server) || HASH_COUNT(server->addresses) == 0)
        return false;
    search.share = server->connections_max / (int)HASH_COUNT(server->addresses);
    search_all(&search);
    if (!search.found)
        return false;
    give_way(server, search.found, search.peer);
    return true;
}

/* net.h - what the files of this floor share. Loop thread. */
#ifndef HEARTH_NET_NET_H
#define HEARTH_NET_NET_H

#include <libwebsockets.h>

#include "config/config.h"
#include "daemon/core/gateway.h"
#include "daemon/net/address.h"
#include "daemon/net/file_budget.h"
#include "daemon/net/link.h"
#include "daemon/net/read_on.h"
#include "daemon/net/refuse.h"
#include "daemon/tls/tls.h"
#include "storage/clock.h"

/* Names in lws's table of protocols. The comma keeps them from being asked for as a subprotocol. */
#define HTTP_PROTOCOL "hearth,http"
#define LISTENER_PROTOCOL "hearth,listener"
#define FRONT_PROTOCOL "hearth,front"
#define WAKE_PROTOCOL "hearth,wake"

#define SECOND_US INT64_C(1000000)
#define PT_SERV_BUF_BYTES 20480  /* one TLS record and more; a multiple of 16 */
#define TX_PACKET_BYTES 65536    /* one send up to here */
#define RX_BUFFER_BYTES 512      /* of each connection for as long as it lives; longer frames come in parts */

struct connection;
struct http_request;
struct listeners;

enum stop_stage {
    STOP_NOT_BEGUN,
    STOP_BEGUN,    /* no newcomers, everybody is told to go */
    STOP_TOLD,     /* everybody has been: who does not go by itself is cut off soon */
    STOP_DONE,     /* the loop ends */
    STOP_TORN_DOWN /* libuv: lws_context_destroy has been called from within the loop */
};

struct stop {
    enum stop_stage stage;
    bool wants_restart; /* main builds the stack again */
};

/* When memory that many connections have left is given back. */
struct trim {
    int peak_count, last_count;
    int quiet_seconds;
};

struct server {
    struct config *config; /* borrowed, as are the next four; a reload writes it */
    struct gateway *gateway;
    struct store *store;
    struct listeners *listeners;
    const struct reload *reload;
    struct host host; /* what the gateway asks of this server */

    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws *signal_wsi;
    bool is_libuv;
    struct stop stop;
    char own_name[256]; /* of this machine */
    char address[320];  /* see struct host */
    struct networks exempt, proxies;
    struct links links;
    struct {
        int64_t taken, unreadable, unsigned_count, unknown, refused, late;
    } hooks;               /* posts, by how they ended */
    int connections_max;   /* limits.connections, or fewer where descriptors are short */
    int connection_count;  /* that lws has */
    int leaving_count;     /* that it has besides: they have given way */
    int waiting_max;       /* connections that front.c may have */
    struct front *front;
    struct tls *tls;        /* NULL when tls.mode is off */
    unsigned tls_changes;   /* of its state that have been logged */
    struct peer *arriving; /* while lws adopts its socket, until there is a wsi to hang it on */
    struct address_count *addresses;
    int64_t accepted_count;
    struct refusals refusals;

    int64_t turn_began_us;  /* 0 between turns */
    int64_t tick_due_us;    /* when tick_timer fires; 0 is not set */
    lws_sorted_usec_list_t turn_timer, tick_timer, second_timer, watchdog_timer, stop_timer,
        listen_timer;

    struct connection *quietest, *newest; /* WebSockets, by when they were last heard of */
    struct connection *streams;           /* HTTP answers that stay open */
    struct http_request *requests;        /* all of them, the oldest first */
    struct body *bodies;                  /* that are being sent, each to however many */
    size_t http_bytes;                    /* bodies and answers of all HTTP requests */
    struct read_on read_on;
    struct file_budget file_budget;
    struct http_request *due; /* have their body or reply, and go on at the end of the turn */
    struct trim trim;
};

static inline struct server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* Every event that the core may hear of begins with this; the end comes by itself. */
void server_turn_begin(struct server *server);

/* Ends the turn under way once it has taken long, and begins another: thousands may be heard before the loop
 * comes round. For callbacks of lws, before they hear anything; for the one that a connection has closed, after it. */
void server_turn_cut(struct server *server);
bool server_turn_is_long(const struct server *server);

int64_t server_now_ms(const struct server *server);

#ifdef HEARTH_TEST_ENDPOINTS
/* So much passes at once, and what has come due is done. */
void server_advance_clock(struct server *server, int64_t ms);
#endif

#endif

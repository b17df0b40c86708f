#include "daemon/net/stop.h"

#include "daemon/log.h"
#include "daemon/net/accept.h"
#include "daemon/net/notify.h"

#define STOP_US (7 * SECOND_US) /* however storage fares: the core gives it 5 s */
#define GOODBYE_US SECOND_US    /* for the peers' side of the close; phones may be silent */

static void end_loop(struct server *server)
{
    server->stop.stage = STOP_DONE;
    lws_sul_cancel(&server->stop_timer);
    lws_cancel_service(server->context);
}

static void on_stop_overdue(lws_sorted_usec_list_t *timer)
{
    struct server *server = lws_container_of(timer, struct server, stop_timer);
    log_info("server: cut off those that did not answer the good-bye connections=%d after_ms=%d",
             server->connection_count,
             (int)((server->stop.stage == STOP_TOLD ? GOODBYE_US : STOP_US) / 1000));
    end_loop(server);
}

/* What is queued is committed and acknowledged however long that takes, up to STOP_US; then every
 * socket has its close frame or the rest of its answer, and who does not take it is not waited for. */
void stop_go_on(struct server *server)
{
    enum stop_stage stage = server->stop.stage;
    if (stage != STOP_BEGUN && stage != STOP_TOLD)
        return;
    bool is_drained = gateway_drain(server->gateway);
    if (is_drained && server->connection_count == 0) {
        end_loop(server);
    } else if (stage == STOP_BEGUN && gateway_has_told_all(server->gateway)) {
        server->stop.stage = STOP_TOLD;
        lws_sul_schedule(server->context, 0, &server->stop_timer, on_stop_overdue, GOODBYE_US);
    }
}

void stop_begin(struct server *server)
{
    if (server->stop.stage != STOP_NOT_BEGUN)
        return;
    server->stop.stage = STOP_BEGUN;
    log_info("server: %s connections=%d",
             server->stop.wants_restart ? "restarting" : "stopping", server->connection_count);
    accept_end(server);
    lws_sul_schedule(server->context, 0, &server->stop_timer, on_stop_overdue, STOP_US);
    stop_go_on(server);
}

/* A stop that comes while a restart is under way takes its place. */
void stop_for_good(struct server *server)
{
    server->stop.wants_restart = false;
    notify_stopping();
    stop_begin(server);
}

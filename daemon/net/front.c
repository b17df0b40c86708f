#include "daemon/net/front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include "daemon/log.h"
#include "daemon/net/head.h"
#include "daemon/net/place.h"
#include "daemon/net/proxy.h"
#include "daemon/net/refuse.h"

#define HEAD_MS 10000       /* for a head to come whole */
#define LINGER_MS 5000      /* for a client that says nothing more to read its answer, before the connection is reset */
#define LINGER_MOST_MS 30000 /* and for one that is still sending */
#define EVENTS_MAX 64       /* looked at in one go, so that those who are here get their turn */
#define DISCARDS_MAX 16     /* reads of what a refused client goes on sending, in one go */

static const char head_end[] = "\r\n"; /* of the empty line */

enum stage {
    STAGE_WAITING,  /* for the head */
    STAGE_LINGERING /* answered; what still comes is thrown away */
};

/* One connection that lws has not seen. */
struct caller {
    struct caller *prev, *next; /* of front->waiting, or of front->lingering, that was not heard for longest first */
    struct peer *peer;          /* owned */
    int64_t since_ms;           /* when it came to this stage */
    int64_t heard_ms;           /* STAGE_LINGERING */
    int fd;                     /* owned */
    enum stage stage;
};

struct front {
    struct server *server; /* borrowed */
    struct lws *wsi;       /* watches epoll_fd's dup; NULL once lws has closed it */
    struct caller *waiting, *lingering;
    int count; /* of both */
    int unsaid; /* of those that wait, from proxies that have not said for whom */
    int epoll_fd; /* edge-triggered: bytes that are only peeked at wake nobody twice */
    char bytes[HEAD_BYTES_MAX]; /* of the head that is looked at */
};

static struct caller **list_of(struct front *front, const struct caller *caller)
{
    return caller->stage == STAGE_WAITING ? &front->waiting : &front->lingering;
}

/* Each address knows how many of its own wait; those of proxies that have not said for whom count together. NULL: it
 * is counted nowhere. */
static int *waiting_with(struct front *front, const struct caller *caller)
{
    if (caller->peer->counted)
        return &caller->peer->counted->waiting;
    return caller->peer->is_proxy ? &front->unsaid : NULL;
}

/* more is 1 or -1. */
static void count_waiting(struct front *front, const struct caller *caller, int more)
{
    int *waiting = caller->stage == STAGE_WAITING ? waiting_with(front, caller) : NULL;
    if (waiting)
        *waiting += more;
}

static void release(struct front *front, struct caller *caller)
{
    struct caller **list = list_of(front, caller);
    DL_DELETE(*list, caller);
    front->count--;
    free(caller);
}

static void hang_up(struct front *front, struct caller *caller)
{
    close(caller->fd);
    count_waiting(front, caller, -1);
    peer_gone(front->server, caller->peer);
    release(front, caller);
}

/* --- refusing ------------------------------------------------------------------------------------- */

static bool watch(const struct front *front, int operation, struct caller *caller)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.ptr = caller}};
    return epoll_ctl(front->epoll_fd, operation, caller->fd, &event) == 0;
}

/* Closed at once, a socket with unread bytes is reset, and the answer with it. So this side says that it
 * is done, and waits a little for the other to be. */
static void linger(struct front *front, struct caller *caller)
{
    DL_DELETE(front->waiting, caller);
    count_waiting(front, caller, -1);
    caller->stage = STAGE_LINGERING;
    caller->since_ms = caller->heard_ms = server_now_ms(front->server);
    DL_APPEND(front->lingering, caller);
    shutdown(caller->fd, SHUT_WR);
    (void)watch(front, EPOLL_CTL_MOD, caller); /* what has come already wakes nobody else */
}

static void answer(struct front *front, const struct caller *caller, enum refusal_reason reason,
                   const struct head_refusal *refusal)
{
    refusal_send(refusal, caller->fd);
    refuse_note(front->server, reason, caller->peer);
}

static void refuse_caller(struct front *front, struct caller *caller, enum refusal_reason reason,
                          const struct head_refusal *refusal)
{
    answer(front, caller, reason, refusal);
    linger(front, caller);
}

/* It is still sending. Many clients read no answer before they have sent all. */
static void wait_for_more(struct front *front, struct caller *caller)
{
    int64_t now_ms = server_now_ms(front->server);
    if (now_ms - caller->since_ms >= LINGER_MOST_MS) {
        hang_up(front, caller);
        return;
    }
    caller->heard_ms = now_ms;
    DL_DELETE(front->lingering, caller);
    DL_APPEND(front->lingering, caller);
    (void)watch(front, EPOLL_CTL_MOD, caller);
}

static void discard(struct front *front, struct caller *caller)
{
    ssize_t got = 1;
    for (int i = 0; i < DISCARDS_MAX && got > 0; i++)
        got = recv(caller->fd, front->bytes, sizeof front->bytes, MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        wait_for_more(front, caller);
    else
        hang_up(front, caller);
}

/* --- whose it is ---------------------------------------------------------------------------------- */

static bool take_bytes(struct front *front, const struct caller *caller, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = recv(caller->fd, front->bytes, length - done, MSG_DONTWAIT);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* Counts a connection that came through a proxy for whom it came. False: refused. */
static bool count_for(struct front *front, struct caller *caller, const struct address *client)
{
    count_waiting(front, caller, -1);
    if (accept_count(front->server, caller->peer, client, 0)) {
        count_waiting(front, caller, 1);
        return true;
    }
    refuse_caller(front, caller, caller->peer->is_network ? REFUSED_network : REFUSED_address, &accept_is_crowded);
    return false;
}

/* Named before the head has come: one who says nothing more is counted all the same. */
static bool count_named(struct front *front, struct caller *caller)
{
    return networks_contain(&front->server->proxies, &caller->peer->address) ||
           count_for(front, caller, &caller->peer->address);
}

/* What the proxy says before it passes anything on. True when it is taken, and the head may be looked at. */
static bool take_preamble(struct front *front, struct caller *caller, size_t got, bool has_ended)
{
    static const struct head_refusal missing = {
        400, ERROR_bad_request, "", "A trusted proxy must begin with the PROXY protocol here, version 2."};
    size_t length;
    switch (proxy_read_preamble(front->bytes, got, &caller->peer->address, &length)) {
    case PROXY_WHOLE:
        caller->peer->owes_preamble = !take_bytes(front, caller, length);
        return !caller->peer->owes_preamble && count_named(front, caller);
    case PROXY_WRONG:
        refuse_caller(front, caller, REFUSED_proxy, &missing);
        return false;
    case PROXY_PARTIAL:
        if (has_ended)
            hang_up(front, caller);
        return false;
    }
    return false;
}

static bool count_client(struct front *front, struct caller *caller, const struct head *head)
{
    static const struct head_refusal contradicts = {
        400, ERROR_bad_request, "", "Forwarded and X-Forwarded-For name different clients; the proxy must drop one of them."};
    struct server *server = front->server;
    struct address client = caller->peer->address;
    if (!caller->peer->is_proxy)
        return true;
    bool may_speak_for_others = networks_contain(&server->proxies, &client);
    if (may_speak_for_others && !proxy_find_client(head, &server->proxies, &client)) {
        refuse_caller(front, caller, REFUSED_proxy, &contradicts);
        return false;
    }
    caller->peer->is_secure |= may_speak_for_others && proxy_says_secure(head);
    return count_for(front, caller, &client);
}

/* --- handing on ----------------------------------------------------------------------------------- */

/* What lies behind a request without a body is for nobody: one request a connection. lws 4.1.6 would take
 * it for the next head, and then forget to answer this one. */
static void drop_rest(struct front *front, const struct caller *caller)
{
    for (int i = 0; i < DISCARDS_MAX; i++)
        if (recv(caller->fd, front->bytes, sizeof front->bytes, MSG_DONTWAIT) <= 0)
            return;
}

/* Takes the head out of the socket. Where a body follows, the end of the empty line stays there: lws reads
 * the canonical head from the buffer it is given, and that end with the body from the socket. Given a
 * whole head, lws 4.1.6 would deliver it a second time as the body. */
static bool consume(struct front *front, const struct caller *caller, const struct head *head)
{
    if (head->body_bytes > 0)
        return take_bytes(front, caller, head->length - strlen(head_end));
    if (!take_bytes(front, caller, head->length))
        return false;
    if (!head->is_websocket)
        drop_rest(front, caller);
    return true;
}

static bool write_head(const struct head *head, struct buffer *out)
{
    return head_write(head, out) && (head->body_bytes > 0 || buffer_append_text(out, head_end));
}

static void pass_on(struct front *front, struct caller *caller, const struct head *head)
{
    static const struct head_refusal too_long = {
        431, ERROR_head_too_long, "", "The address and the headers that are used here are longer than 4000 bytes."};
    struct buffer canonical = {.max = HEAD_CANONICAL_BYTES_MAX};
    if (!write_head(head, &canonical)) {
        refuse_caller(front, caller, REFUSED_head_too_long, &too_long);
    } else if (!count_client(front, caller, head)) {
        buffer_finish(&canonical);
        return;
    } else if (!accept_has_place(front->server, caller->peer) &&
               !place_take(front->server, caller->peer)) {
        refuse_caller(front, caller, REFUSED_full, &accept_is_full);
    } else if (!consume(front, caller, head)) {
        hang_up(front, caller);
    } else {
        epoll_ctl(front->epoll_fd, EPOLL_CTL_DEL, caller->fd, NULL);
        count_waiting(front, caller, -1);
        accept_hand_over(front->server, caller->peer, caller->fd, canonical.bytes, canonical.length);
        release(front, caller);
    }
    buffer_finish(&canonical);
}

/* Nothing more will come of it: without a byte it is a probe, and is not answered. */
static void end_early(struct front *front, struct caller *caller, ssize_t got)
{
    static const struct head_refusal cut = {400, ERROR_bad_request, "", "The request ends within its head."};
    if (got > 0)
        refuse_caller(front, caller, REFUSED_head, &cut);
    else
        hang_up(front, caller);
}

static ssize_t peek(struct front *front, const struct caller *caller)
{
    return recv(caller->fd, front->bytes, sizeof front->bytes, MSG_PEEK | MSG_DONTWAIT);
}

static enum refusal_reason reason_of(const struct head_refusal *refusal)
{
    switch (refusal->status) {
    case 405:
    case 501:
        return REFUSED_method;
    case 431:
        return REFUSED_head_too_long;
    default:
        return REFUSED_head;
    }
}

static void look(struct front *front, struct caller *caller, bool has_ended)
{
    struct head head;
    ssize_t got = peek(front, caller);
    if (got > 0 && caller->peer->owes_preamble) {
        if (!take_preamble(front, caller, (size_t)got, has_ended))
            return;
        got = peek(front, caller);
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        end_early(front, caller, got);
        return;
    }
    switch (head_read(front->bytes, (size_t)got, &head)) {
    case HEAD_WHOLE:
        pass_on(front, caller, &head);
        break;
    case HEAD_REFUSED:
        refuse_caller(front, caller, reason_of(&head.refusal), &head.refusal);
        break;
    case HEAD_PARTIAL:
        if (has_ended)
            end_early(front, caller, got);
        break;
    }
}

static void serve(struct front *front)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(front->epoll_fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct caller *caller = events[i].data.ptr;
        if (caller->stage == STAGE_LINGERING)
            discard(front, caller);
        else
            look(front, caller, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
}

/* --- arriving ------------------------------------------------------------------------------------- */

static int waiting_of(struct front *front, const struct caller *caller)
{
    const int *waiting = waiting_with(front, caller);
    return waiting ? *waiting : 0;
}

/* Of those that have been answered the oldest, else the oldest of the address of which most wait: whoever comes
 * alone is not driven out by one who comes a hundred times. NULL: nobody waits. */
static struct caller *find_least(struct front *front)
{
    struct caller *least = front->lingering;
    for (struct caller *each = least ? NULL : front->waiting; each; each = each->next)
        if (!least || waiting_of(front, each) > waiting_of(front, least))
            least = each;
    return least;
}

static bool has_place(const struct front *front)
{
    return front->count + front->server->leaving_count < front->server->waiting_max;
}

static void make_place(struct front *front)
{
    static const struct head_refusal busy = {
        503, ERROR_server_full, "Retry-After: 5\r\n", "Too many connections wait here without a request."};
    if (has_place(front))
        return;
    serve(front); /* who has said what it wants, or has read its answer, waits no longer */
    struct caller *least = has_place(front) ? NULL : find_least(front);
    if (!least)
        return;
    if (least->stage == STAGE_WAITING) {
        answer(front, least, REFUSED_waiting, &busy);
        drop_rest(front, least);
    }
    hang_up(front, least);
}

/* NULL when there is no memory or descriptor: then peer and socket are gone. */
static struct caller *add_caller(struct front *front, struct peer *peer, int fd)
{
    make_place(front);
    struct caller *caller = calloc(1, sizeof *caller);
    if (caller)
        *caller = (struct caller){
            .peer = peer, .fd = fd, .since_ms = server_now_ms(front->server), .stage = STAGE_WAITING};
    if (!caller || !watch(front, EPOLL_CTL_ADD, caller)) {
        close(fd);
        peer_gone(front->server, peer);
        free(caller);
        return NULL;
    }
    DL_APPEND(front->waiting, caller);
    front->count++;
    count_waiting(front, caller, 1);
    return caller;
}

void front_take(struct front *front, struct peer *peer, int fd)
{
    (void)add_caller(front, peer, fd);
}

void front_refuse(struct front *front, struct peer *peer, int fd, enum refusal_reason reason,
                  const struct head_refusal *refusal)
{
    struct caller *caller = add_caller(front, peer, fd);
    if (caller)
        refuse_caller(front, caller, reason, refusal);
}

void front_linger(struct front *front, struct peer *peer, int fd)
{
    struct caller *caller = add_caller(front, peer, fd);
    if (caller)
        linger(front, caller);
}

void front_sweep(struct front *front)
{
    static const struct head_refusal late = {408, ERROR_bad_request, "", "The request did not come in time."};
    int64_t now_ms = server_now_ms(front->server);
    while (front->waiting && now_ms - front->waiting->since_ms >= HEAD_MS)
        refuse_caller(front, front->waiting, REFUSED_timeout, &late);
    while (front->lingering && now_ms - front->lingering->heard_ms >= LINGER_MS)
        hang_up(front, front->lingering);
}

int front_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct front *front = server_of(wsi)->front;
    (void)user;
    (void)in;
    (void)length;
    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        server_turn_begin(front->server);
        serve(front);
        return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* its name is no subprotocol */
        return -1;
    default:
        return 0;
    }
}

/* --- life ----------------------------------------------------------------------------------------- */

struct front *front_open(struct server *server)
{
    struct front *front = calloc(1, sizeof *front);
    if (!front)
        return NULL;
    front->server = server;
    front->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    lws_sock_file_fd_type file = {.filefd = fcntl(front->epoll_fd, F_DUPFD_CLOEXEC, 0)};
    if (file.filefd >= 0)
        front->wsi = lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_RAW_FILE_DESC, file,
                                                FRONT_PROTOCOL, NULL);
    if (front->wsi)
        return front;
    front_close(front);
    return NULL;
}

void front_close(struct front *front)
{
    if (!front)
        return;
    while (front->waiting)
        hang_up(front, front->waiting);
    while (front->lingering)
        hang_up(front, front->lingering);
    if (front->epoll_fd >= 0)
        close(front->epoll_fd);
    free(front);
}

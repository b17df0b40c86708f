#include "daemon/tls/tls.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include "daemon/tls/certificate.h"
#include "daemon/tls/channel.h"
#include "daemon/tls/keeper.h"
#include "daemon/tls/line.h"
#include "storage/clock.h"

#define STACK_BYTES (256 * 1024)
#define EVENTS_MAX 64
#define SHAKES_MAX 4        /* handshakes in one turn: those who are through go first */
#define LINES_SPARE 8       /* of lines_max, for those that begin */
#define LOOK_MS 2000        /* between two looks at the certificate's files */
#define SWEEP_MS 1000
#define GOODBYE_MS 1000     /* at the end, for what was said last to go out */

struct tls {
    pthread_t thread;
    bool is_running;
    int epoll_fd, wake_fd;
    atomic_bool is_ending;
    _Atomic int count;                  /* of lines, arrivals too */
    _Atomic int64_t handshakes, failures;
    pthread_mutex_t lock;               /* of the next five */
    struct line *arrivals;
    struct tls_options options;
    bool has_new_options;
    struct tls_state state;
    const char *authority;
    /* The thread's own. */
    struct line *living, *ending;       /* ending: by when they began to */
    struct line *due, *shaking;         /* that can go on at once; shaking: with a handshake */
    struct keeper keeper;
    int64_t looked_ms, swept_ms;
    unsigned char bytes[CHANNEL_RECORD_BYTES];
};

bool tls_check_files(const struct tls_options *options, char *why, size_t why_size)
{
    struct certificate read;
    bool is_read = certificate_read(&read, options->certificate, options->key, why, why_size);
    if (is_read)
        (void)keeper_doubt(options, &read, why, why_size);
    certificate_finish(&read);
    return is_read;
}

void tls_library(char *out, size_t size)
{
    channel_library(out, size);
}

/* ---- what others are told ------------------------------------------------------------------------ */

static void publish(struct tls *tls)
{
    struct keeper *keeper = &tls->keeper;
    pthread_mutex_lock(&tls->lock);
    tls->state.is_serving = keeper->shown != NULL;
    tls->state.is_doubtful = keeper->shown && keeper->is_doubtful;
    tls->state.expires_ms = keeper->shown ? keeper->expires_ms : 0;
    tls->state.is_expired =
        keeper->shown && keeper->expires_ms <= keeper->options.now_ms(keeper->options.of);
    tls->state.changes = keeper->changes;
    tls->authority = keeper->authority.pem;
    memcpy(tls->state.names, keeper->names, sizeof tls->state.names);
    memcpy(tls->state.trouble, keeper->trouble, sizeof tls->state.trouble);
    pthread_mutex_unlock(&tls->lock);
}

void tls_get_state(struct tls *tls, struct tls_state *state)
{
    pthread_mutex_lock(&tls->lock);
    *state = tls->state;
    pthread_mutex_unlock(&tls->lock);
    state->handshakes = atomic_load(&tls->handshakes);
    state->failures = atomic_load(&tls->failures);
}

const char *tls_authority(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    const char *authority = tls->authority;
    pthread_mutex_unlock(&tls->lock);
    return authority;
}

/* ---- lines --------------------------------------------------------------------------------------- */

static void make_due(struct tls *tls, struct line *line)
{
    struct line **list = line->stage == LINE_SHAKING ? &tls->shaking : &tls->due;
    if (line->is_due)
        return;
    line->is_due = true;
    LL_APPEND2(*list, line, next_due);
}

static void forget(struct tls *tls, struct line *line)
{
    struct line **list = line->stage == LINE_SHAKING ? &tls->shaking : &tls->due;
    if (line->is_due)
        LL_DELETE2(*list, line, next_due);
    (void)epoll_ctl(tls->epoll_fd, EPOLL_CTL_DEL, tls_socket_fd(line->socket), NULL); /* others may hold it */
    line_destroy(line);
    atomic_fetch_sub(&tls->count, 1);
}

/* Between two turns: in a turn, an event may still speak of it. */
static void cut_off(struct tls *tls, struct line **list, struct line *line)
{
    DL_DELETE(*list, line);
    forget(tls, line);
}

static uint32_t plain_events(const struct line *line)
{
    return EPOLLIN | EPOLLRDHUP | EPOLLET | (line->is_held_up ? (uint32_t)EPOLLOUT : 0);
}

static bool watch(struct tls *tls, struct line *line)
{
    struct epoll_event plain = {.events = plain_events(line), .data = {.ptr = line}};
    struct epoll_event cipher = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = line}};
    return epoll_ctl(tls->epoll_fd, EPOLL_CTL_ADD, line->plain_fd, &plain) == 0 &&
           epoll_ctl(tls->epoll_fd, EPOLL_CTL_ADD, tls_socket_fd(line->socket), &cipher) == 0;
}

static void watch_anew(struct tls *tls, struct line *line, bool was_held_up)
{
    struct epoll_event plain = {.events = plain_events(line), .data = {.ptr = line}};
    if (line->is_held_up != was_held_up)
        (void)epoll_ctl(tls->epoll_fd, EPOLL_CTL_MOD, line->plain_fd, &plain);
}

static void count_handshake(struct tls *tls, enum line_stage before, enum line_stage after)
{
    if (before == LINE_SHAKING && after == LINE_OPEN)
        atomic_fetch_add(&tls->handshakes, 1);
    else if (before < LINE_OPEN && after > LINE_OPEN)
        atomic_fetch_add(&tls->failures, 1);
}

static void go_on(struct tls *tls, struct line *line, int64_t now_ms)
{
    enum line_stage before = line->stage;
    bool was_held_up = line->is_held_up;
    bool has_more = line_go_on(line, tls->keeper.shown, tls->bytes, now_ms);
    count_handshake(tls, before, line->stage);
    if (line->stage > LINE_OPEN && before <= LINE_OPEN) {
        DL_DELETE(tls->living, line);
        DL_APPEND(tls->ending, line);
    }
    if (line->stage == LINE_GONE) {
        cut_off(tls, &tls->ending, line);
        return;
    }
    watch_anew(tls, line, was_held_up);
    if (has_more)
        make_due(tls, line);
}

/* Lines that only wait for their end give way to those that begin. */
static void make_room(struct tls *tls)
{
    while (tls->ending && atomic_load(&tls->count) > tls->keeper.options.lines_max - LINES_SPARE)
        cut_off(tls, &tls->ending, tls->ending);
}

static void take_arrivals(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    struct line *line = tls->arrivals;
    tls->arrivals = NULL;
    pthread_mutex_unlock(&tls->lock);
    for (struct line *next; line; line = next) {
        next = line->next_due;
        line->next_due = NULL;
        DL_APPEND(tls->living, line);
        if (!watch(tls, line))
            cut_off(tls, &tls->living, line);
    }
}

static void sweep(struct tls *tls, int64_t now_ms)
{
    struct line *next;
    tls->swept_ms = now_ms;
    for (struct line *line = tls->ending; line; line = next) {
        next = line->next;
        if (line_is_overdue(line, now_ms))
            cut_off(tls, &tls->ending, line);
    }
}

/* ---- the thread ---------------------------------------------------------------------------------- */

static void take_options(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    bool has_new = tls->has_new_options;
    struct tls_options options = tls->options;
    tls->has_new_options = false;
    pthread_mutex_unlock(&tls->lock);
    if (!has_new)
        return;
    keeper_configure(&tls->keeper, &options);
    tls->looked_ms = 0;
}

static void look(struct tls *tls, int64_t now_ms)
{
    take_options(tls);
    if (tls->looked_ms != 0 && now_ms - tls->looked_ms < LOOK_MS)
        return;
    tls->looked_ms = now_ms;
    keeper_look(&tls->keeper);
    publish(tls);
}

static void wait_for_events(struct tls *tls)
{
    struct epoll_event events[EVENTS_MAX];
    bool is_busy = tls->due || tls->shaking;
    int timeout = is_busy ? 0 : tls->living || tls->ending ? SWEEP_MS : LOOK_MS;
    bool is_woken = false;
    int count = epoll_wait(tls->epoll_fd, events, EVENTS_MAX, timeout);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr)
            make_due(tls, events[i].data.ptr);
        else
            is_woken = true;
    }
    if (is_woken) { /* not before: the events behind may speak of a line that makes room */
        uint64_t value;
        ssize_t got = read(tls->wake_fd, &value, sizeof value);
        (void)got;
        take_arrivals(tls);
    }
}

/* Each goes on once; those with more to do are due again. Handshakes cost a hundred times as much as what
 * people say, so a few of them wait for all of that. */
static void serve_due(struct tls *tls, int64_t now_ms)
{
    struct line *line = tls->due;
    tls->due = NULL;
    for (struct line *next; line; line = next) {
        next = line->next_due;
        line->next_due = NULL;
        line->is_due = false;
        go_on(tls, line, now_ms);
    }
    for (int i = 0; i < SHAKES_MAX && tls->shaking; i++) {
        line = tls->shaking;
        LL_DELETE2(tls->shaking, line, next_due);
        line->next_due = NULL;
        line->is_due = false;
        go_on(tls, line, now_ms);
    }
}

static bool may_end(const struct tls *tls, int64_t *since_ms, int64_t now_ms)
{
    if (!atomic_load(&tls->is_ending))
        return false;
    if (*since_ms == 0)
        *since_ms = now_ms;
    return (!tls->living && !tls->due) || now_ms - *since_ms >= GOODBYE_MS;
}

static void *run(void *of)
{
    struct tls *tls = of;
    int64_t ending_since_ms = 0;
    for (;;) {
        wait_for_events(tls);
        int64_t now_ms = clock_monotonic_ms();
        serve_due(tls, now_ms);
        make_room(tls);
        if (now_ms - tls->swept_ms >= SWEEP_MS)
            sweep(tls, now_ms);
        if (may_end(tls, &ending_since_ms, now_ms))
            return NULL;
        if (ending_since_ms == 0)
            look(tls, now_ms);
    }
}

static void wake(struct tls *tls)
{
    static const uint64_t one = 1;
    ssize_t written = write(tls->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

/* ---- life ---------------------------------------------------------------------------------------- */

static bool start_thread(struct tls *tls)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
    tls->is_running = pthread_create(&tls->thread, &attributes, run, tls) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return tls->is_running;
}

struct tls *tls_open(const struct tls_options *options)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    struct epoll_event event = {.events = EPOLLIN};
    pthread_mutex_init(&tls->lock, NULL);
    tls->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    tls->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    tls->looked_ms = clock_monotonic_ms();
    tls->options = *options;
    keeper_open(&tls->keeper, options);
    publish(tls);
    if (tls->epoll_fd >= 0 && tls->wake_fd >= 0 &&
        epoll_ctl(tls->epoll_fd, EPOLL_CTL_ADD, tls->wake_fd, &event) == 0 && start_thread(tls))
        return tls;
    tls_close(tls);
    return NULL;
}

void tls_configure(struct tls *tls, const struct tls_options *options)
{
    pthread_mutex_lock(&tls->lock);
    tls->options = *options;
    tls->has_new_options = true;
    pthread_mutex_unlock(&tls->lock);
    wake(tls);
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    atomic_store(&tls->is_ending, true);
    if (tls->is_running) {
        wake(tls);
        pthread_join(tls->thread, NULL);
    }
    take_arrivals(tls);
    while (tls->living)
        cut_off(tls, &tls->living, tls->living);
    while (tls->ending)
        cut_off(tls, &tls->ending, tls->ending);
    keeper_close(&tls->keeper);
    if (tls->epoll_fd >= 0)
        close(tls->epoll_fd);
    if (tls->wake_fd >= 0)
        close(tls->wake_fd);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

/* ---- arriving ------------------------------------------------------------------------------------ */

static bool make_pair(int pair[2], int size)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return true;
}

bool tls_has_room(const struct tls *tls)
{
    return atomic_load(&tls->count) < tls->options.lines_max;
}

int tls_take(struct tls *tls, int fd, struct tls_socket **socket)
{
    int pair[2];
    *socket = NULL;
    if (!make_pair(pair, tls->options.socket_bytes)) {
        close(fd);
        return -1;
    }
    struct line *line = line_create(fd, pair[1], socket);
    if (!line) {
        close(pair[0]);
        return -1;
    }
    atomic_fetch_add(&tls->count, 1);
    pthread_mutex_lock(&tls->lock);
    LL_PREPEND2(tls->arrivals, line, next_due);
    pthread_mutex_unlock(&tls->lock);
    wake(tls);
    return pair[0];
}

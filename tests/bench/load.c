/* load.c - the load generator: many clients in one epoll thread, against hearthd, limit.c and
 * the servers that dialect_*.c can speak to. Prints one JSON line.
 * Every message carries its writer's number, its own number and the time it was due, so that what
 * is lost, doubled or out of order is seen, and a rate is kept without coordinated omission. */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { UNTIL_ALL_MAX = 64 }; /* the window then */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct client *client_of(struct connection *connection)
{
    return (struct client *)connection; /* connection is its first member */
}

static void watch(struct run *run, struct client *client, bool is_new)
{
    bool out = connection_wants_write(&client->connection) ||
               client->connection.state == CONNECTION_CONNECTING;
    if (!is_new && out == client->watched_out)
        return;
    struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = client};
    client->watched_out = out;
    if (epoll_ctl(run->epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, client->connection.fd,
                  &event) < 0)
        die("epoll_ctl");
}

static bool may_write(const struct run *run, const struct client *client)
{
    return (int64_t)client->writer < run->options.writers;
}

/* ---- getting in ---- */

static void begin_client(struct run *run, size_t number)
{
    struct client *client = &run->clients[number];
    char path[64];
    client->room = (uint32_t)(number / (size_t)run->options.members);
    client->writer = (uint32_t)(number % (size_t)run->options.members);
    client->received = calloc((size_t)run->options.writers + 1, sizeof *client->received);
    client->connection.id = (uint32_t)number;
    const struct dialect *dialect = run->options.dialect;
    dialect->path(client, path, sizeof path);
    if (run->options.until_all && may_write(run, client))
        client->readers = calloc(UNTIL_ALL_MAX, sizeof *client->readers);
    if (!client->received ||
        !connection_connect(&client->connection, dialect->framing, run->options.port, path,
                            dialect->subprotocol))
        die("connect");
    watch(run, client, true);
}

void load_ready(struct run *run, struct client *client)
{
    run->ready += !client->ready;
    client->ready = true;
}

/* ---- hearing ---- */

static uint64_t parse_hex(const char *digits, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 4 | (uint64_t)(digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
    return value;
}

static void speak_window(struct run *run, struct client *client);

/* A reader has this message of its room's writer. */
static void note_reader(struct run *run, const struct client *reader, uint32_t writer, uint32_t number)
{
    size_t first = (size_t)reader->room * (size_t)run->options.members;
    struct client *from = &run->clients[first + writer];
    uint32_t *readers = &from->readers[number % UNTIL_ALL_MAX];
    if ((long)++*readers < run->options.members - !run->options.dialect->tells_sender)
        return;
    *readers = 0;
    from->unanswered--;
    speak_window(run, from);
}

void load_message(struct run *run, struct client *client, const char *timestamp)
{
    if (!run->measuring)
        return;
    uint32_t writer = (uint32_t)parse_hex(timestamp, 8),
             number = (uint32_t)parse_hex(timestamp + 9, 8);
    if ((int64_t)writer >= run->options.writers || number != client->received[writer]) {
        run->wrong++;
        return;
    }
    client->received[writer]++;
    run->delivered++;
    tally_add(&run->latency, run->now_ns - (int64_t)parse_hex(timestamp + 18, 16));
    if (run->options.until_all)
        note_reader(run, client, writer, number);
    else if (!run->options.dialect->is_answered && writer == client->writer)
        load_answered(run, client);
}

void load_answered(struct run *run, struct client *client)
{
    client->unanswered -= client->unanswered > 0 && !run->options.until_all;
}

void load_wrong(struct run *run, const char *bytes, size_t length)
{
    if (run->wrong++ == 0)
        fprintf(stderr, "load: %.*s\n", (int)length, bytes);
}

static void receive(struct connection *connection, const char *bytes, size_t length, void *context)
{
    struct run *run = context;
    if (bytes)
        run->options.dialect->hear(run, client_of(connection), bytes, length);
    else
        run->options.dialect->enter(run, client_of(connection));
}

/* ---- speaking ---- */

static int write_message(const struct run *run, struct client *client, int64_t due_ns, char *out)
{
    static const char filler[] = "the quick brown fox jumps over the lazy dog and runs on and on ";
    char text[MESSAGE_BYTES_MAX];
    int length = snprintf(text, sizeof text, "%08x %08x %016llx ", client->writer, client->sent,
                          (unsigned long long)due_ns);
    while (length < run->options.text_bytes && length < MESSAGE_BYTES_MAX - 200) {
        text[length] = filler[(size_t)length % (sizeof filler - 1)];
        length++;
    }
    return run->options.dialect->write(run, client, text, length, out);
}

static unsigned char *add_message(struct run *run, struct client *client, int64_t due_ns,
                                  unsigned char *at)
{
    char message[MESSAGE_BYTES_MAX];
    int length = write_message(run, client, due_ns, message);
    client->sent++;
    client->unanswered++;
    run->sent++;
    return connection_frame(&client->connection, at, message, (size_t)length);
}

/* As many as the window allows, in one send. */
static void speak_window(struct run *run, struct client *client)
{
    static unsigned char batch[65536];
    unsigned char *at = batch;
    while ((int64_t)client->unanswered < run->options.window &&
           run->sent < (uint64_t)run->options.messages &&
           at + MESSAGE_BYTES_MAX + 8 < batch + sizeof batch)
        at = add_message(run, client, run->now_ns, at);
    if (at > batch && !connection_send_batch(&client->connection, batch, (size_t)(at - batch)))
        die("send");
    watch(run, client, false);
}

/* Message number n is due at n / rate, whether or not the ones before have arrived. */
static void speak_rate(struct run *run)
{
    size_t writers = (size_t)(run->options.rooms * run->options.writers);
    while (run->sent < (uint64_t)run->options.messages) {
        int64_t due = run->started_ns + (int64_t)((double)run->sent * 1e9 / run->options.rate);
        if (due > run->now_ns)
            break;
        size_t turn = (size_t)(run->sent % writers);
        size_t room = turn % (size_t)run->options.rooms, writer = turn / (size_t)run->options.rooms;
        struct client *client = &run->clients[room * (size_t)run->options.members + writer];
        unsigned char frame[MESSAGE_BYTES_MAX + 8];
        unsigned char *end = add_message(run, client, due, frame);
        if (!connection_send_batch(&client->connection, frame, (size_t)(end - frame)))
            die("send");
        watch(run, client, false);
    }
}

/* ---- the loop ---- */

static void serve(struct run *run, const struct epoll_event *event)
{
    struct client *client = event->data.ptr;
    if (client->connection.state == CONNECTION_CONNECTING)
        connection_is_there(&client->connection, receive, run);
    bool alive = !(event->events & EPOLLOUT) || connection_writeable(&client->connection);
    if (alive && event->events & ~(uint32_t)EPOLLOUT)
        alive = connection_readable(&client->connection, receive, run);
    if (!alive) {
        fprintf(stderr, "load: the server closed connection %u\n", client->connection.id);
        exit(1);
    }
    if (run->measuring && run->options.rate == 0 && may_write(run, client))
        speak_window(run, client);
    watch(run, client, false);
}

static void turn(struct run *run)
{
    struct epoll_event events[512];
    int ready = epoll_wait(run->epoll, events, 512, 1);
    run->now_ns = monotonic_ns();
    for (int i = 0; i < ready; i++)
        serve(run, &events[i]);
}

static void check_deadline(const struct run *run)
{
    if ((double)(run->now_ns - run->started_ns) < run->options.deadline_s * 1e9)
        return;
    fprintf(stderr, "load: not done in time: ready %zu of %zu, sent %llu, delivered %llu\n",
            run->ready, run->count, (unsigned long long)run->sent,
            (unsigned long long)run->delivered);
    exit(1);
}

/* Room makers first, so that nobody joins a room that is not there yet. */
static double everybody_enters(struct run *run)
{
    run->started_ns = run->now_ns = monotonic_ns();
    size_t makers = 0, most = (size_t)run->options.entering;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < run->count; i++) {
            if ((i % (size_t)run->options.members == 0) != (pass == 0))
                continue;
            begin_client(run, i);
            run->begun++;
            while (run->begun - run->ready >= most) {
                turn(run);
                check_deadline(run);
            }
        }
        makers = run->begun;
        while (run->ready < makers) {
            turn(run);
            check_deadline(run);
        }
    }
    return (double)(run->now_ns - run->started_ns) / 1e9;
}

static double everybody_talks(struct run *run)
{
    long readers = run->options.members - !run->options.dialect->tells_sender;
    uint64_t wanted = (uint64_t)run->options.messages * (uint64_t)readers;
    run->measuring = true;
    run->started_ns = run->now_ns = monotonic_ns();
    for (size_t i = 0; run->options.rate == 0 && i < run->count; i++)
        if (may_write(run, &run->clients[i]))
            speak_window(run, &run->clients[i]);
    while (run->delivered + run->wrong < wanted) {
        if (run->options.rate > 0)
            speak_rate(run);
        turn(run);
        check_deadline(run);
    }
    return (double)(run->now_ns - run->started_ns) / 1e9;
}

/* ---- the command line ---- */

static void usage(void)
{
    fprintf(stderr,
            "usage: load --port N --pid N [--dialect v1|plain|raw|irc|irc-echo|mqtt0|mqtt1] [--rooms N] [--members N]\n"
            "            [--writers N] [--messages N] [--rate N | --window N] [--text N]\n"
            "            [--until-all] [--history N] [--entering N] [--deadline SECONDS]\n");
    exit(2);
}

static const struct dialect *dialect_named(const char *word)
{
    static const struct dialect *all[] = {&dialect_v1,       &dialect_plain, &dialect_raw,  &dialect_irc,
                                          &dialect_irc_echo, &dialect_mqtt0, &dialect_mqtt1};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, word) == 0)
            return all[i];
    usage();
    return NULL;
}

static struct options parse(int count, char **words)
{
    struct options options = {
        .dialect = &dialect_v1, .rooms = 1, .members = 1, .writers = 1, .window = 32, .text_bytes = 100, .deadline_s = 120};
    static const struct option names[] = {
        {"port", 1, NULL, 'p'},     {"pid", 1, NULL, 'i'},      {"dialect", 1, NULL, 'D'},
        {"rooms", 1, NULL, 'r'},    {"members", 1, NULL, 'm'},  {"writers", 1, NULL, 'w'},
        {"messages", 1, NULL, 'n'}, {"rate", 1, NULL, 'R'},     {"window", 1, NULL, 'W'},
        {"text", 1, NULL, 't'},     {"deadline", 1, NULL, 'd'}, {"history", 1, NULL, 'h'},
        {"until-all", 0, NULL, 'a'}, {"entering", 1, NULL, 'e'},
        {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(count, words, "", names, NULL)) != -1;)
        switch (c) {
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'i':
            options.pid = atoi(optarg);
            break;
        case 'D':
            options.dialect = dialect_named(optarg);
            break;
        case 'r':
            options.rooms = atol(optarg);
            break;
        case 'm':
            options.members = atol(optarg);
            break;
        case 'w':
            options.writers = atol(optarg);
            break;
        case 'n':
            options.messages = atol(optarg);
            break;
        case 'R':
            options.rate = atof(optarg);
            break;
        case 'W':
            options.window = atol(optarg);
            break;
        case 't':
            options.text_bytes = atol(optarg);
            break;
        case 'h':
            options.history = atol(optarg);
            break;
        case 'e':
            options.entering = atol(optarg);
            break;
        case 'a':
            options.until_all = true;
            break;
        case 'd':
            options.deadline_s = atof(optarg);
            break;
        default:
            usage();
        }
    if (options.entering <= 0)
        options.entering = options.dialect->entering ? options.dialect->entering : 256;
    if (options.port <= 0 || options.pid <= 0 || options.rooms < 1 || options.members < 1 ||
        options.writers > options.members || (options.until_all && options.window > UNTIL_ALL_MAX))
        usage();
    return options;
}

static void print_results(const struct run *run, double enter_s, double talk_s, double cpu_s,
                          struct process_memory before, struct process_memory after)
{
    double millions = (double)run->delivered / 1e6;
    printf("{\"connections\":%zu,\"enter_s\":%.3f,\"kib_per_connection\":%.2f,"
           "\"messages\":%llu,\"deliveries\":%llu,\"wrong\":%llu,\"seconds\":%.3f,"
           "\"cpu_s\":%.3f,\"cpu_s_per_million\":%.4f,\"cpu_us_per_message\":%.3f,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           run->count, enter_s, (double)(after.pss_kib - before.pss_kib) / (double)run->count,
           (unsigned long long)run->sent, (unsigned long long)run->delivered,
           (unsigned long long)run->wrong, talk_s, cpu_s, millions > 0 ? cpu_s / millions : 0,
           run->sent > 0 ? cpu_s * 1e6 / (double)run->sent : 0,
           tally_percentile(&run->latency, 0.5), tally_percentile(&run->latency, 0.99),
           tally_percentile(&run->latency, 0.999999));
}

int main(int count, char **words)
{
    struct run run = {.options = parse(count, words), .epoll = epoll_create1(EPOLL_CLOEXEC)};
    run.count = (size_t)(run.options.rooms * run.options.members);
    run.clients = calloc(run.count, sizeof *run.clients);
    if (!run.clients || run.epoll < 0)
        die("load");
    struct process_memory before = process_memory(run.options.pid);
    double enter_s = everybody_enters(&run);
    for (int64_t until = monotonic_ns() + 1500000000; run.now_ns < until;)
        turn(&run); /* let presence settle */
    struct process_memory after = process_memory(run.options.pid);
    double cpu_s = process_cpu_seconds(run.options.pid);
    double talk_s = run.options.messages > 0 ? everybody_talks(&run) : 0;
    cpu_s = process_cpu_seconds(run.options.pid) - cpu_s;
    print_results(&run, enter_s, talk_s, cpu_s, before, after);
    for (size_t i = 0; i < run.count; i++) {
        connection_close(&run.clients[i].connection);
        free(run.clients[i].received);
        free(run.clients[i].readers);
    }
    free(run.clients);
    return run.wrong > 0;
}

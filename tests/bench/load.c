/* load.c - the load generator: many clients in one epoll thread, against hearthd (hearth.v1 or the
 * plain endpoint), against limit.c (raw frames) or any other plain server. Prints one JSON line.
 * Every message carries its writer's number, its own number and the time it was due, so that what
 * is lost, doubled or out of order is seen, and a rate is kept without coordinated omission. */
#include "connection.h"
#include "tally.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum protocol { PROTOCOL_V1, PROTOCOL_PLAIN, PROTOCOL_RAW };
enum { TIMESTAMP_BYTES = 8 + 1 + 8 + 1 + 16, MESSAGE_BYTES_MAX = 900, CONNECTING_MAX = 256 };

struct options {
    enum protocol protocol;
    int port, pid;
    long rooms, members, writers; /* members and writers of each room */
    long messages;                /* in all */
    long history;                 /* entries asked for when joining */
    double rate;                  /* messages a second in all; 0: as many as window allows */
    long window;                  /* messages of a writer that are under way */
    bool until_all;               /* until every reader has it, not until the writer is answered */
    long text_bytes;
    double deadline_s;
};

enum { UNTIL_ALL_MAX = 64 }; /* the window then */

struct client {
    struct connection connection;
    bool ready, watched_out;
    uint32_t room, writer; /* its number in the room; it writes if below options.writers */
    uint32_t sent, unanswered;
    int64_t seq;
    uint32_t *received; /* of each writer of the room: messages so far */
    uint32_t *readers;  /* of each message under way: who has it; with until_all */
};

struct run {
    struct options options;
    int epoll;
    struct client *clients;
    size_t count, ready, begun;
    uint64_t sent, delivered, wrong;
    bool measuring;
    int64_t now_ns, started_ns;
    struct tally latency;
};

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
    snprintf(path, sizeof path,
             run->options.protocol == PROTOCOL_V1      ? "/ws"
             : run->options.protocol == PROTOCOL_PLAIN ? "/ws/%u"
                                                       : "/raw/%u",
             run->options.protocol == PROTOCOL_PLAIN ? (unsigned)number : client->room);
    if (run->options.until_all && may_write(run, client))
        client->readers = calloc(UNTIL_ALL_MAX, sizeof *client->readers);
    if (!client->received || !connection_connect(&client->connection, run->options.port, path))
        die("connect");
    watch(run, client, true);
}

static void mark_ready(struct run *run, struct client *client)
{
    client->ready = true;
    run->ready++;
}

static const char *room_name(const struct client *client, char room[32])
{
    snprintf(room, 32, client->room == 0 ? "lobby" : "room-%u", client->room);
    return room;
}

static void enter_v1(struct run *run, struct client *client)
{
    char text[256];
    int length = snprintf(text, sizeof text, "{\"type\":\"hello\",\"name\":\"bench-%d-%u\"}",
                          run->options.port, client->connection.id);
    connection_send(&client->connection, text, (size_t)length);
    if (client->writer == 0 && client->room > 0) {
        length =
            snprintf(text, sizeof text, "{\"type\":\"create\",\"room\":\"room-%u\"}", client->room);
        connection_send(&client->connection, text, (size_t)length);
    }
    char room[32];
    length = snprintf(text, sizeof text, "{\"type\":\"join\",\"room\":\"%s\",\"history\":%ld}",
                      room_name(client, room), run->options.history);
    connection_send(&client->connection, text, (size_t)length);
}

/* ---- hearing ---- */

static bool begins(const char *text, size_t length, const char *with)
{
    size_t size = strlen(with);
    return length >= size && memcmp(text, with, size) == 0;
}

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
    if ((long)++*readers < run->options.members)
        return;
    *readers = 0;
    from->unanswered--;
    speak_window(run, from);
}

/* "WRITER NUMBER DUE": each message of a writer exactly once and in order. */
static void receive_timestamp(struct run *run, struct client *client, const char *timestamp)
{
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
    else if (run->options.protocol != PROTOCOL_V1 && writer == client->writer && client->unanswered > 0)
        client->unanswered--;
}

static void hear_entry(struct run *run, struct client *client, const char *text, size_t length)
{
    const char *seq = memmem(text, length, "\"seq\":", 6);
    const char *said = memmem(text, length, "\"text\":\"", 8);
    int64_t number = seq ? strtoll(seq + 6, NULL, 10) : 0;
    if (!said || number <= client->seq || said + 8 + TIMESTAMP_BYTES > text + length) {
        run->wrong++;
        return;
    }
    client->seq = number;
    if (run->measuring)
        receive_timestamp(run, client, said + 8);
}

static void hear_v1(struct run *run, struct client *client, const char *text, size_t length)
{
    if (begins(text, length, "{\"type\":\"message\""))
        hear_entry(run, client, text, length);
    else if (begins(text, length, "{\"type\":\"ack\""))
        client->unanswered -= client->unanswered > 0 && !run->options.until_all;
    else if (begins(text, length, "{\"type\":\"live\"") && !client->ready)
        mark_ready(run, client);
    else if (begins(text, length, "{\"type\":\"error\"")) {
        if (run->wrong++ == 0)
            fprintf(stderr, "load: %.*s\n", (int)length, text);
    }
}

static void receive(struct connection *connection, const char *text, size_t length, void *context)
{
    struct run *run = context;
    struct client *client = client_of(connection);
    if (!text && run->options.protocol == PROTOCOL_V1)
        enter_v1(run, client);
    else if (!text)
        mark_ready(run, client);
    else if (run->options.protocol == PROTOCOL_V1)
        hear_v1(run, client, text, length);
    else {
        const char *timestamp =
            run->options.protocol == PROTOCOL_RAW ? text : memmem(text, length, ": ", 2);
        if (timestamp && run->measuring)
            receive_timestamp(run, client, timestamp == text ? text : timestamp + 2);
    }
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
    if (run->options.protocol == PROTOCOL_PLAIN)
        return snprintf(out, MESSAGE_BYTES_MAX, "{\"message\":\"%.*s\"}", length, text);
    if (run->options.protocol == PROTOCOL_RAW)
        return snprintf(out, MESSAGE_BYTES_MAX, "%.*s", length, text);
    char room[32];
    return snprintf(out, MESSAGE_BYTES_MAX,
                    "{\"type\":\"send\",\"room\":\"%s\",\"text\":\"%.*s\",\"nonce\":\"%x-%x\"}",
                    room_name(client, room), length, text, client->writer, client->sent);
}

static unsigned char *add_message(struct run *run, struct client *client, int64_t due_ns,
                                  unsigned char *at)
{
    char message[MESSAGE_BYTES_MAX];
    int length = write_message(run, client, due_ns, message);
    client->sent++;
    client->unanswered++;
    run->sent++;
    return connection_frame(at, message, (size_t)length);
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
        client->connection.state = CONNECTION_UPGRADING;
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
    size_t makers = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < run->count; i++) {
            if ((i % (size_t)run->options.members == 0) != (pass == 0))
                continue;
            begin_client(run, i);
            run->begun++;
            while (run->begun - run->ready >= CONNECTING_MAX) {
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
    uint64_t wanted = (uint64_t)run->options.messages * (uint64_t)run->options.members;
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
            "usage: load --port N --pid N [--protocol v1|plain|raw] [--rooms N] [--members N]\n"
            "            [--writers N] [--messages N] [--rate N | --window N] [--text N]\n"
            "            [--until-all] [--history N] [--deadline SECONDS]\n");
    exit(2);
}

static enum protocol protocol_named(const char *word)
{
    return strcmp(word, "raw") == 0     ? PROTOCOL_RAW
           : strcmp(word, "plain") == 0 ? PROTOCOL_PLAIN
                                        : PROTOCOL_V1;
}

static struct options parse(int count, char **words)
{
    struct options options = {
        .rooms = 1, .members = 1, .writers = 1, .window = 32, .text_bytes = 100, .deadline_s = 120};
    static const struct option names[] = {
        {"port", 1, NULL, 'p'},     {"pid", 1, NULL, 'i'},      {"protocol", 1, NULL, 'P'},
        {"rooms", 1, NULL, 'r'},    {"members", 1, NULL, 'm'},  {"writers", 1, NULL, 'w'},
        {"messages", 1, NULL, 'n'}, {"rate", 1, NULL, 'R'},     {"window", 1, NULL, 'W'},
        {"text", 1, NULL, 't'},     {"deadline", 1, NULL, 'd'}, {"history", 1, NULL, 'h'},
        {"until-all", 0, NULL, 'a'},
        {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(count, words, "", names, NULL)) != -1;)
        switch (c) {
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'i':
            options.pid = atoi(optarg);
            break;
        case 'P':
            options.protocol = protocol_named(optarg);
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
        case 'a':
            options.until_all = true;
            break;
        case 'd':
            options.deadline_s = atof(optarg);
            break;
        default:
            usage();
        }
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

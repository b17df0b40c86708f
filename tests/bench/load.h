/* load.h - the load generator from inside: its options, its clients, and what a dialect has to do.
 * One thread. */
#ifndef HEARTH_BENCH_LOAD_H
#define HEARTH_BENCH_LOAD_H

#include "connection.h"
#include "tally.h"

struct options {
    const struct dialect *dialect;
    int port, pid;
    long rooms, members, writers; /* members and writers of each room */
    long messages;                /* in all */
    long history;                 /* entries asked for when joining */
    double rate;                  /* messages a second in all; 0: as many as window allows */
    long window;                  /* messages of a writer that are under way */
    bool until_all;               /* until every reader has it, not until the writer is answered */
    long text_bytes;
    long entering; /* at a time */
    double deadline_s;
};

struct client {
    struct connection connection; /* first: one leads to the other */
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

enum { TIMESTAMP_BYTES = 8 + 1 + 8 + 1 + 16, MESSAGE_BYTES_MAX = 900 };

/* How a kind of server is spoken to. */
struct dialect {
    const char *name;
    enum framing framing;
    const char *subprotocol; /* NULL: none */
    bool tells_sender;       /* of its own message, as of everybody's */
    bool is_answered;        /* by load_answered; else the sender's own message is its answer */
    int qos;                 /* of MQTT */
    long entering;           /* at a time, where 256 do not suit: ngIRCd resets whom it has no time to accept,
                                and InspIRCd lets those in once a second who came before; 0: they do */

    /* Where the client connects to. */
    void (*path)(const struct client *client, char *path, size_t size);

    /* It is connected: says who it is and enters its room; then load_ready. */
    void (*enter)(struct run *run, struct client *client);

    /* A frame or line has come; a message in it is given to load_message. */
    void (*hear)(struct run *run, struct client *client, const char *bytes, size_t length);

    /* Writes a message with this text, at most MESSAGE_BYTES_MAX; gives its length. */
    int (*write)(const struct run *run, struct client *client, const char *text, int length, char *out);
};

extern const struct dialect dialect_v1, dialect_plain, dialect_raw; /* hearth.v1, its plain door, limit.c */
extern const struct dialect dialect_irc, dialect_irc_echo;          /* lines over TCP; over WebSocket, told to the sender too */
extern const struct dialect dialect_mqtt0, dialect_mqtt1;           /* MQTT 3.1.1 over WebSocket, by QoS */

void load_ready(struct run *run, struct client *client);

/* A message whose text begins with "WRITER NUMBER DUE": each of a writer exactly once and in order. */
void load_message(struct run *run, struct client *client, const char *text);

/* The writer is told that its message is there: counts where until_all does not. */
void load_answered(struct run *run, struct client *client);

void load_wrong(struct run *run, const char *bytes, size_t length);

#endif

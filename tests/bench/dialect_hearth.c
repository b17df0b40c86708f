/* dialect_hearth.c - hearth.v1, its plain door, and the bare frames of limit.c. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *room_name(const struct client *client, char room[32])
{
    snprintf(room, 32, client->room == 0 ? "lobby" : "room-%u", client->room);
    return room;
}

static void path_v1(const struct client *client, char *path, size_t size)
{
    (void)client;
    snprintf(path, size, "/ws");
}

static void path_plain(const struct client *client, char *path, size_t size)
{
    snprintf(path, size, "/ws/%u", client->connection.id);
}

static void path_raw(const struct client *client, char *path, size_t size)
{
    snprintf(path, size, "/raw/%u", client->room);
}

static void enter_v1(struct run *run, struct client *client)
{
    char text[256], room[32];
    int length = snprintf(text, sizeof text, "{\"type\":\"hello\",\"name\":\"bench-%d-%u\"}",
                          run->options.port, client->connection.id);
    connection_send(&client->connection, text, (size_t)length);
    if (client->writer == 0 && client->room > 0) {
        length =
            snprintf(text, sizeof text, "{\"type\":\"create\",\"room\":\"room-%u\"}", client->room);
        connection_send(&client->connection, text, (size_t)length);
    }
    length = snprintf(text, sizeof text, "{\"type\":\"join\",\"room\":\"%s\",\"history\":%ld}",
                      room_name(client, room), run->options.history);
    connection_send(&client->connection, text, (size_t)length);
}

static bool begins(const char *text, size_t length, const char *with)
{
    size_t size = strlen(with);
    return length >= size && memcmp(text, with, size) == 0;
}

static void hear_entry(struct run *run, struct client *client, const char *text, size_t length)
{
    const char *seq = memmem(text, length, "\"seq\":", 6);
    const char *said = memmem(text, length, "\"text\":\"", 8);
    int64_t number = seq ? strtoll(seq + 6, NULL, 10) : 0;
    if (!said || number <= client->seq || said + 8 + TIMESTAMP_BYTES > text + length) {
        load_wrong(run, text, length);
        return;
    }
    client->seq = number;
    load_message(run, client, said + 8);
}

static void hear_v1(struct run *run, struct client *client, const char *text, size_t length)
{
    if (begins(text, length, "{\"type\":\"message\""))
        hear_entry(run, client, text, length);
    else if (begins(text, length, "{\"type\":\"ack\""))
        load_answered(run, client);
    else if (begins(text, length, "{\"type\":\"live\""))
        load_ready(run, client);
    else if (begins(text, length, "{\"type\":\"error\""))
        load_wrong(run, text, length);
}

static void hear_plain(struct run *run, struct client *client, const char *text, size_t length)
{
    const char *said = memmem(text, length, ": ", 2);
    if (said)
        load_message(run, client, said + 2);
}

static void hear_raw(struct run *run, struct client *client, const char *text, size_t length)
{
    (void)length;
    load_message(run, client, text);
}

static int write_v1(const struct run *run, struct client *client, const char *text, int length, char *out)
{
    char room[32];
    (void)run;
    return snprintf(out, MESSAGE_BYTES_MAX,
                    "{\"type\":\"send\",\"room\":\"%s\",\"text\":\"%.*s\",\"nonce\":\"%x-%x\"}",
                    room_name(client, room), length, text, client->writer, client->sent);
}

static int write_plain(const struct run *run, struct client *client, const char *text, int length,
                       char *out)
{
    (void)run;
    (void)client;
    return snprintf(out, MESSAGE_BYTES_MAX, "{\"message\":\"%.*s\"}", length, text);
}

static int write_raw(const struct run *run, struct client *client, const char *text, int length, char *out)
{
    (void)run;
    (void)client;
    return snprintf(out, MESSAGE_BYTES_MAX, "%.*s", length, text);
}

const struct dialect dialect_v1 = {.name = "v1",
                                   .tells_sender = true,
                                   .is_answered = true,
                                   .path = path_v1,
                                   .enter = enter_v1,
                                   .hear = hear_v1,
                                   .write = write_v1};
const struct dialect dialect_plain = {.name = "plain",
                                      .tells_sender = true,
                                      .path = path_plain,
                                      .enter = load_ready,
                                      .hear = hear_plain,
                                      .write = write_plain};
const struct dialect dialect_raw = {.name = "raw",
                                    .tells_sender = true,
                                    .path = path_raw,
                                    .enter = load_ready,
                                    .hear = hear_raw,
                                    .write = write_raw};

/* dialect_irc.c - IRC (RFC 2812): over WebSocket with echo-message (ircv3.net), or in lines without, where
 * a sender is not told its own message. */
#include "load.h"

#include <stdio.h>
#include <string.h>

static void path_root(const struct client *client, char *path, size_t size)
{
    (void)client;
    snprintf(path, size, "/");
}

static void send_line(struct client *client, const char *line)
{
    connection_send(&client->connection, line, strlen(line));
}

static void enter(struct run *run, struct client *client)
{
    char line[64];
    if (run->options.dialect->tells_sender) {
        send_line(client, "CAP REQ :echo-message");
        send_line(client, "CAP END");
    }
    snprintf(line, sizeof line, "NICK b%u", client->connection.id);
    send_line(client, line);
    send_line(client, "USER bench 0 * :bench");
}

static void join(struct client *client)
{
    char line[64];
    snprintf(line, sizeof line, "JOIN #room-%u", client->room);
    send_line(client, line);
}

/* ":PREFIX COMMAND ..." or "COMMAND ..."; a channel's message has its text behind " :". */
static void hear(struct run *run, struct client *client, const char *line, size_t length)
{
    const char *command = length > 0 && *line == ':' ? memchr(line, ' ', length) : line;
    if (!command)
        return;
    command += *command == ' ';
    size_t left = length - (size_t)(command - line);
    const char *text = memmem(command, left, " :", 2);
    if (left > 8 && memcmp(command, "PRIVMSG ", 8) == 0 && text &&
        text + 2 + TIMESTAMP_BYTES <= line + length)
        load_message(run, client, text + 2);
    else if (left > 4 && memcmp(command, "001 ", 4) == 0)
        join(client);
    else if (left > 4 && memcmp(command, "366 ", 4) == 0) /* the end of who is there */
        load_ready(run, client);
    else if (left > 5 && memcmp(command, "PING ", 5) == 0)
        send_line(client, "PONG bench");
    else if (left > 5 && memcmp(command, "ERROR", 5) == 0)
        load_wrong(run, line, length);
}

static int write_privmsg(const struct run *run, struct client *client, const char *text, int length,
                         char *out)
{
    (void)run;
    return snprintf(out, MESSAGE_BYTES_MAX, "PRIVMSG #room-%u :%.*s", client->room, length, text);
}

const struct dialect dialect_irc = {.name = "irc",
                                    .framing = FRAMING_LINES,
                                    .entering = 8,
                                    .path = path_root,
                                    .enter = enter,
                                    .hear = hear,
                                    .write = write_privmsg};
const struct dialect dialect_irc_echo = {.name = "irc-echo",
                                         .framing = FRAMING_TEXT,
                                         .entering = 1024,
                                         .subprotocol = "text.ircv3.net",
                                         .tells_sender = true,
                                         .path = path_root,
                                         .enter = enter,
                                         .hear = hear,
                                         .write = write_privmsg};

/* invocation.h - one call of hearthctl: its arguments, and asking the daemon on its behalf. */
#ifndef HEARTH_CLI_INVOCATION_H
#define HEARTH_CLI_INVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum exit_code { EXIT_DONE, EXIT_REFUSED, EXIT_WRONG_USE, EXIT_NO_DAEMON };

enum option_id {
#define OPTION(name, letter, value, words, sentence) OPTION_##name,
#include "daemon/cli/options.def"
    OPTION_COUNT
};

#define INVOCATION_OPERANDS_MAX 8
#define INVOCATION_ROOMS_MAX    64
#define SOCKET_BYTES_MAX        108
#define TIMEOUT_DEFAULT_MS      10000

struct invocation {
    const char *socket;
    int timeout_ms;                                /* of a gateway that says nothing; 0: none */
    const char *operands[INVOCATION_OPERANDS_MAX]; /* borrowed; NULL after the last */
    size_t operand_count;
    char *text; /* owned: the operand that was given as several words; or NULL */
    const char *rooms[INVOCATION_ROOMS_MAX]; /* every value of OPTION_room; borrowed */
    size_t room_count;
    const char *options[OPTION_COUNT]; /* values; "" of a flag, NULL of what was not given */
};

/* Whether an option was given. */
static inline bool invocation_has(const struct invocation *invocation, enum option_id option)
{
    return invocation->options[option] != NULL;
}

/* Sends one hearth.v1 request as the administrator (takes it) and gives the reply to the caller.
 * Whatever is not EXIT_DONE has been said on standard error already. */
enum exit_code invocation_ask(const struct invocation *invocation, json_t *request, json_t **reply);

/* As anybody would, through the page's port: with a user's key, or NULL. */
enum exit_code invocation_ask_as(const struct invocation *invocation, int port, const char *key,
                                 json_t *request, json_t **reply);

/* The same for what may take the gateway long: that it is alive is asked before, and then it is
 * waited for without end unless --timeout was given. */
enum exit_code invocation_ask_long(const struct invocation *invocation, json_t *request,
                                   json_t **reply);

/* Asks, and shows the reply: as JSON with --json, else as print does it. */
enum exit_code invocation_show(const struct invocation *invocation, json_t *request,
                               void (*print)(const json_t *reply));

/* The same for a list: print is called with each line of the reply's array of that name. */
enum exit_code invocation_list(const struct invocation *invocation, json_t *request,
                               const char *name, void (*print)(const json_t *line));

/* The same for requests answered with nothing but ok: shows nothing without --json. */
enum exit_code invocation_do(const struct invocation *invocation, json_t *request);

/* A member of a reply: "" and 0 where there is none. The text is borrowed. */
const char *text_of(const json_t *object, const char *key);
json_int_t number_of(const json_t *object, const char *key);

/* Opens GET path and gives each line, parsed, to told until it answers false, the stream ends, or
 * nobody reads standard output any more. */
enum exit_code invocation_stream(const struct invocation *invocation, const char *path,
                                 bool (*told)(const struct invocation *invocation, json_t *line));

struct client;

/* Opens GET path for its body, which client_read gives: status below 400, left is its length. The gateway
 * is asked whether it is alive, and then waited for without end unless --timeout was given. What is not
 * EXIT_DONE has been said, and the client is closed. */
enum exit_code invocation_open_body(const struct invocation *invocation, const char *path,
                                    struct client *client);

/* The same for POST path with a body of length bytes, which may be sent now. */
enum exit_code invocation_offer_body(const struct invocation *invocation, const char *path,
                                     int64_t length, struct client *client);

/* Reads what is said to it, and closes the client. */
enum exit_code invocation_finish_body(const struct invocation *invocation, struct client *client,
                                      json_t **reply);

/* Prints a reply as one line of JSON. */
void invocation_print_json(const json_t *reply);

/* From now on complaints are lines of JSON. */
void complain_in_json(void);

/* Says "hearthctl: ..." on standard error, control characters neutralised; answers code. */
enum exit_code complain(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

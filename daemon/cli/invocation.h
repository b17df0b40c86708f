/* invocation.h - one call of hearthctl: its arguments, and asking the daemon on its behalf. */
#ifndef HEARTH_CLI_INVOCATION_H
#define HEARTH_CLI_INVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum exit_code { EXIT_DONE, EXIT_REFUSED, EXIT_WRONG_USE, EXIT_NO_DAEMON };

#define INVOCATION_ARGUMENTS_MAX 8
#define INVOCATION_OPTIONS_MAX   8
#define SOCKET_BYTES_MAX         108

struct invocation {
    const char *socket;
    bool json;                                       /* replies are printed as they came */
    const char *arguments[INVOCATION_ARGUMENTS_MAX]; /* borrowed; NULL after the last */
    size_t argument_count;
    struct {
        const char *name;  /* "--topic" */
        const char *value; /* NULL for a flag */
    } options[INVOCATION_OPTIONS_MAX];
    size_t option_count;
};

/* The value of "--topic"; NULL if it was not given. */
const char *invocation_option(const struct invocation *invocation, const char *name);
bool invocation_has(const struct invocation *invocation, const char *name);

/* Sends one hearth.v1 request as the keeper (takes it) and gives the reply to the caller. Whatever
 * is not EXIT_DONE has been said on standard error already. */
enum exit_code invocation_ask(const struct invocation *invocation, json_t *request, json_t **reply);

/* The same for requests answered with nothing but ok: prints the reply with --json, else nothing.
 */
enum exit_code invocation_do(const struct invocation *invocation, json_t *request);

/* Opens GET path and gives each line, parsed, to told until it answers false or the stream ends. */
enum exit_code invocation_stream(const struct invocation *invocation, const char *path,
                                 bool (*told)(const struct invocation *invocation, json_t *line));

/* Prints a reply as one line of JSON. */
void invocation_print_json(const json_t *reply);

/* Says "hearthctl: ..." on standard error, control characters neutralised; answers code. */
enum exit_code complain(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

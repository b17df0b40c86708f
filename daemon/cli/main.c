/* hearthctl - the administrator's hand: asks a running hearthd through its admin socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/cli/commands.h"

#define TIMEOUT_MAX_S 86400

/* Takes what --socket, --json and --timeout say. */
static bool take_globals(struct invocation *invocation, char *why, size_t why_size)
{
    const char *timeout = invocation->options[OPTION_timeout];
    char *end = NULL;
    long seconds = timeout ? strtol(timeout, &end, 10) : 0;
    if (invocation_has(invocation, OPTION_json))
        complain_in_json();
    if (invocation_has(invocation, OPTION_socket))
        invocation->socket = invocation->options[OPTION_socket];
    if (timeout && (end == timeout || *end || seconds < 0 || seconds > TIMEOUT_MAX_S)) {
        snprintf(why, why_size, "--timeout takes seconds, 0 to %d", TIMEOUT_MAX_S);
        return false;
    }
    if (timeout)
        invocation->timeout_ms = (int)(seconds * 1000);
    return true;
}

/* One line: what was wrong, and how it goes. */
static enum exit_code refuse_use(const struct command *command, const char *why)
{
    char line[512] = "";
    FILE *out = fmemopen(line, sizeof line, "w");
    if (out) {
        command_print_line(command, out);
        fclose(out);
    }
    return complain(EXIT_WRONG_USE, "%s; usage: %s", why, line);
}

/* What cannot be undone is asked for where somebody can answer. */
static bool is_wanted(const struct command *command, const struct invocation *invocation)
{
    char answer[16];
    if (!command->warning || invocation_has(invocation, OPTION_yes))
        return true;
    if (!isatty(STDIN_FILENO))
        return false;
    fprintf(stderr, "%s Go on? [y/N] ", command->warning);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static enum exit_code run(const struct command *command, int argc, char **argv,
                          struct invocation *invocation)
{
    char why[256];
    if (!command_parse(command, argc, argv, invocation, why, sizeof why) ||
        !take_globals(invocation, why, sizeof why))
        return refuse_use(command, why);
    if (invocation_has(invocation, OPTION_help)) {
        command_print_usage(command, stdout);
        return EXIT_DONE;
    }
    if (is_wanted(command, invocation))
        return command->run(invocation);
    if (isatty(STDIN_FILENO))
        return complain(EXIT_REFUSED, "nothing was done.");
    return complain(EXIT_WRONG_USE, "%s needs --yes where nobody can be asked. %s", command->words,
                    command->warning);
}

/* How many letters differ, roughly: what two words have in common from both ends is taken away. */
static size_t distance(const char *a, const char *b)
{
    size_t length_a = strlen(a), length_b = strlen(b);
    while (length_a && length_b && *a == *b)
        a++, b++, length_a--, length_b--;
    while (length_a && length_b && a[length_a - 1] == b[length_b - 1])
        length_a--, length_b--;
    return length_a > length_b ? length_a : length_b;
}

/* The command whose words are most like these: its first word alone, or with the next. NULL when none is. */
static const char *nearest_command(const char *given, const char *two)
{
    const char *nearest = NULL;
    size_t least = 3; /* farther than this is another word */
    for (size_t i = 0; i < command_count; i++) {
        bool has_two = strchr(commands[i].words, ' ') != NULL;
        size_t far = distance(commands[i].words, has_two ? two : given);
        if (far < least) {
            least = far;
            nearest = commands[i].words;
        }
    }
    return nearest;
}

/* "list, show, rename": what follows this word in a command; "" when nothing does. */
static void list_followers(const char *word, char *out, size_t size)
{
    size_t at = 0, length = strlen(word);
    out[0] = '\0';
    for (size_t i = 0; i < command_count; i++) {
        const char *words = commands[i].words;
        if (strncmp(words, word, length) == 0 && words[length] == ' ' && at < size)
            at += (size_t)snprintf(out + at, size - at, "%s%s", at ? ", " : "", words + length + 1);
    }
}

static enum exit_code no_such_command(int argc, char **argv)
{
    if (argc == 0)
        return complain(EXIT_WRONG_USE, "a command is needed; hearthctl help lists them.");
    const char *given = argv[0];
    char two[128], followers[256];
    snprintf(two, sizeof two, "%s %s", given, argc > 1 ? argv[1] : "");
    list_followers(given, followers, sizeof followers);
    const char *nearest = argc == 1 && followers[0] ? NULL : nearest_command(given, two);
    if (nearest)
        return complain(EXIT_WRONG_USE, "there is no command \"%s\"; did you mean %s?",
                        strchr(nearest, ' ') ? two : given, nearest);
    if (followers[0])
        return complain(EXIT_WRONG_USE, "there is no command \"%s\"; %s is followed by one of: %s.",
                        argc > 1 ? two : given, given, followers);
    return complain(EXIT_WRONG_USE, "there is no command \"%s\"; hearthctl help lists them.", given);
}

static enum exit_code run_words(int argc, char **argv, struct invocation *invocation)
{
    int at, words;
    char why[256];
    if (!globals_parse(argc, argv, &at, invocation, why, sizeof why) ||
        !take_globals(invocation, why, sizeof why))
        return complain(EXIT_WRONG_USE, "%s; hearthctl help lists them.", why);
    if (invocation_has(invocation, OPTION_help) && at == argc)
        return command_help(invocation);
    const struct command *command = command_find(argc - at, argv + at, &words);
    if (!command)
        return no_such_command(argc - at, argv + at);
    int last = at + words - 1; /* stands for the program's name */
    return run(command, argc - last, argv + last, invocation);
}

/* What the installed gateway's configuration says, if it can be read and is right; else the default. */
static const char *installed_socket(char *path, size_t size)
{
    static struct config config;
    char why[CONFIG_WHY_BYTES];
    config_defaults(&config);
    (void)config_load(&config, CONFIG_INSTALLED, why, sizeof why);
    config_admin_socket(&config, path, size);
    return path;
}

int main(int argc, char **argv)
{
    char socket_path[SOCKET_BYTES_MAX + 256];
    struct invocation invocation = {.socket = getenv("HEARTH_SOCKET"),
                                    .timeout_ms = TIMEOUT_DEFAULT_MS};
    if (!invocation.socket || !invocation.socket[0])
        invocation.socket = installed_socket(socket_path, sizeof socket_path);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("hearthctl " HEARTH_VERSION) < 0;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            complain_in_json(); /* of what is wrong before it, too */
    enum exit_code code = run_words(argc, argv, &invocation);
    free(invocation.text);
    if (fflush(stdout) != 0 || ferror(stdout))
        code = complain(EXIT_REFUSED, "standard output could not be written.");
    return (int)code;
}

/* hearthctl - the keeper's hand: asks a running hearthd through its admin socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/cli/commands.h"

/* What comes before the command. Answers how many arguments it took, or -1. */
static int parse_globals(int argc, char **argv, struct invocation *invocation)
{
    int at = 0;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--json") == 0)
            invocation->json = true;
        else if (strcmp(argv[at], "--socket") == 0 && at + 1 < argc)
            invocation->socket = argv[++at];
        else if (strncmp(argv[at], "--socket=", 9) == 0)
            invocation->socket = argv[at] + 9;
        else
            return -1;
    }
    return at;
}

/* --json and --socket are understood after the command too. Answers how many arguments are left. */
static int take_globals(int argc, char **argv, struct invocation *invocation)
{
    int kept = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            while (i < argc)
                argv[kept++] = argv[i++];
        } else if (strcmp(argv[i], "--json") == 0) {
            invocation->json = true;
        } else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc) {
            invocation->socket = argv[++i];
        } else {
            argv[kept++] = argv[i];
        }
    }
    return kept;
}

/* "send ROOM TEXT...": the words of the text as one argument. argv is the arguments after the
 * command's words. NULL without memory. */
static char *join_words(int argc, char **argv)
{
    size_t size = 1;
    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    char *text = malloc(size);
    if (!text)
        return NULL;
    text[0] = '\0';
    char *end = text;
    for (int i = 0; i < argc; i++)
        end += sprintf(end, "%s%s", i > 0 ? " " : "", argv[i]);
    return text;
}

static enum exit_code run(const struct command *command, int argc, char **argv,
                          struct invocation *invocation)
{
    char why[256];
    char *joined = NULL;
    bool takes_rest = strstr(command->arguments, "...") != NULL;
    enum exit_code code = EXIT_REFUSED;
    if (!takes_rest)
        argc = take_globals(argc, argv, invocation);
    int first = takes_rest && argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    if (takes_rest && argc > first) {
        if (!(joined = join_words(argc - first, argv + first)))
            return complain(EXIT_REFUSED, "memory is short.");
        argv[1] = joined;
        argc = 2;
    }
    if (command_parse(command, argc, argv, invocation, why, sizeof why)) {
        code = command->run(invocation);
    } else {
        code = complain(EXIT_WRONG_USE, "%s", why);
        command_print_usage(command, stderr);
    }
    free(joined);
    return code;
}

int main(int argc, char **argv)
{
    static struct config config;
    char socket_path[SOCKET_BYTES_MAX + 256];
    struct invocation invocation = {.socket = getenv("HEARTH_SOCKET")};
    config_defaults(&config);
    config_admin_socket(&config, socket_path, sizeof socket_path);
    if (!invocation.socket || !invocation.socket[0])
        invocation.socket = socket_path;

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("hearthctl " HEARTH_VERSION) < 0;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return (int)command_help(&invocation);
    int globals = parse_globals(argc - 1, argv + 1, &invocation);
    int words = 0;
    int left = argc - 1 - globals;
    const struct command *command =
        globals < 0 ? NULL : command_find(left, argv + 1 + globals, &words);
    if (!command) {
        commands_print_help(stderr);
        return EXIT_WRONG_USE;
    }
    if (left == words + 1 && strcmp(argv[argc - 1], "--help") == 0)
        return command_print_usage(command, stdout), EXIT_DONE;
    enum exit_code code = run(command, left - words, argv + 1 + globals + words, &invocation);
    if (fflush(stdout) != 0 || ferror(stdout))
        code = complain(EXIT_REFUSED, "standard output could not be written.");
    return (int)code;
}

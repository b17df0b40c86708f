/* options.c - reads the arguments of hearthctl with getopt_long, by the tables. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/commands.h"

#define LETTERS_MAX (2 + 2 * OPTION_COUNT + 1)
#define VALUE_BASE  256 /* of long options: what getopt_long returns for them */

/* What getopt_long wants to know. */
struct grammar {
    struct option longs[OPTION_COUNT + 1];
    char letters[LETTERS_MAX];
};

/* stops_early: the first operand ends the options, since what follows is a text. */
static void grammar_init(struct grammar *grammar, uint64_t options, const char *mode)
{
    size_t count = 0;
    char *letter = stpcpy(grammar->letters, mode);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_description *option = &option_descriptions[i];
        if (!(options & OPTION_BIT(i)))
            continue;
        grammar->longs[count++] = (struct option){
            option->name, option->value ? required_argument : no_argument, NULL, VALUE_BASE + i};
        if (!option->letter)
            continue;
        *letter++ = option->letter;
        if (option->value)
            *letter++ = ':';
    }
    *letter = '\0';
    grammar->longs[count] = (struct option){0};
}

static int option_of(int found)
{
    if (found >= VALUE_BASE)
        return found - VALUE_BASE;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (found && option_descriptions[i].letter == found)
            return i;
    return -1;
}

/* Whether a long option that is cut short, as getopt_long takes them, may mean several. */
static bool is_ambiguous(const struct option *longs, const char *argument)
{
    int count = 0;
    if (strncmp(argument, "--", 2) != 0)
        return false;
    for (; longs->name; longs++)
        count += strncmp(longs->name, argument + 2, strcspn(argument + 2, "=")) == 0;
    return count > 1;
}

/* Says which argument getopt_long did not like, and why. */
static void explain(const struct grammar *grammar, int found, char **argv, const char *words, char *why,
                    size_t why_size)
{
    const char *argument = argv[optind > 0 ? optind - 1 : 0];
    int option = option_of(optopt);
    if (found == ':')
        snprintf(why, why_size, "--%s needs a value: %s", option_descriptions[option].name,
                 option_descriptions[option].value);
    else if (option >= 0 && optopt >= VALUE_BASE)
        snprintf(why, why_size, "--%s takes no value", option_descriptions[option].name);
    else if (is_ambiguous(grammar->longs, argument))
        snprintf(why, why_size, "%s has several options that begin with %s", words, argument);
    else if (optopt && argument[1] != '-')
        snprintf(why, why_size, "%s knows no option -%c", words, optopt);
    else
        snprintf(why, why_size, "%s knows no option %s", words, argument);
}

/* Reads options until there are no more; the operands lie from optind on. */
static bool read_options(const struct grammar *grammar, int argc, char **argv, const char *words,
                         struct invocation *invocation, char *why, size_t why_size)
{
    int found;
    optind = 0; /* from the start, also of another argv */
    opterr = 0;
    while ((found = getopt_long(argc, argv, grammar->letters, grammar->longs, NULL)) != -1) {
        int option = option_of(found);
        if (found == '?' || found == ':' || option < 0) {
            explain(grammar, found, argv, words, why, why_size);
            return false;
        }
        invocation->options[option] = optarg ? optarg : "";
        if (option != OPTION_room)
            continue;
        if (invocation->room_count == INVOCATION_ROOMS_MAX) {
            snprintf(why, why_size, "--room may be given %d times", INVOCATION_ROOMS_MAX);
            return false;
        }
        invocation->rooms[invocation->room_count++] = optarg;
    }
    return true;
}

bool globals_parse(int argc, char **argv, int *at, struct invocation *invocation, char *why,
                   size_t why_size)
{
    struct grammar grammar;
    grammar_init(&grammar, OPTIONS_OF_ALL, "+:");
    bool ok = read_options(&grammar, argc, argv, "hearthctl", invocation, why, why_size);
    *at = optind;
    return ok;
}

/* The next of "ROOM USER [FILE]"; NULL at the end. */
static const char *next_operand(const char **operands, size_t *length)
{
    const char *start = *operands + strspn(*operands, " ");
    *length = strcspn(start, " ");
    *operands = start + *length;
    return *length > 0 ? start : NULL;
}

static bool is_optional(const char *operand)
{
    return operand[0] == '[';
}

static bool takes_rest(const char *operands)
{
    return strstr(operands, "...") != NULL;
}

/* The words of a text as one argument. NULL without memory. */
static char *join_words(int argc, char **argv)
{
    size_t size = 1;
    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    char *text = malloc(size), *end = text;
    if (!text)
        return NULL;
    *end = '\0';
    for (int i = 0; i < argc; i++)
        end += sprintf(end, "%s%s", i > 0 ? " " : "", argv[i]);
    return text;
}

/* Before a text an option of the command itself may stand; any other word is the text's. */
static bool is_own_option(const struct command *command, const char *argument)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((command_options(command) & OPTION_BIT(i)) && strncmp(argument, "--", 2) == 0 &&
            strncmp(argument + 2, option_descriptions[i].name, strlen(option_descriptions[i].name)) == 0)
            return true;
    return false;
}

/* "send ROOM --file PATH TEXT": at is moved behind those that stand there. */
static bool take_options(const struct command *command, int argc, char **argv, int *at,
                         struct invocation *invocation, char *why, size_t why_size)
{
    struct grammar grammar;
    if (*at == 0 || *at == argc || !is_own_option(command, argv[*at]))
        return true;
    grammar_init(&grammar, command_options(command), "+:");
    bool is_read = read_options(&grammar, argc - *at + 1, argv + *at - 1, command->words, invocation, why, why_size);
    *at += optind - 1;
    return is_read;
}

static bool take_operands(const struct command *command, int argc, char **argv,
                          struct invocation *invocation, char *why, size_t why_size)
{
    const char *operands = command->operands, *operand;
    size_t length;
    int at = 0;
    while ((operand = next_operand(&operands, &length))) {
        bool is_rest = memmem(operand, length, "...", 3) != NULL;
        if (is_rest && !take_options(command, argc, argv, &at, invocation, why, why_size))
            return false;
        if (at == argc && is_optional(operand))
            break;
        if (at == argc) {
            snprintf(why, why_size, "%s needs %.*s", command->words, (int)strcspn(operand, ". "),
                     operand);
            return false;
        }
        if (is_rest && strcmp(argv[at], "--") == 0)
            at++; /* for those who are used to it: what follows is a text anyway */
        if (is_rest)
            invocation->text = join_words(argc - at, argv + at);
        if (is_rest && !invocation->text) {
            snprintf(why, why_size, "memory is short");
            return false;
        }
        invocation->operands[invocation->operand_count++] = is_rest ? invocation->text : argv[at];
        at = is_rest ? argc : at + 1;
    }
    if (at == argc)
        return true;
    snprintf(why, why_size, "%s takes no \"%s\"", command->words, argv[at]);
    return false;
}

bool command_parse(const struct command *command, int argc, char **argv,
                   struct invocation *invocation, char *why, size_t why_size)
{
    struct grammar grammar;
    bool is_text = takes_rest(command->operands);
    grammar_init(&grammar, OPTIONS_OF_ALL | command_options(command), is_text ? "+:" : ":");
    if (!read_options(&grammar, argc, argv, command->words, invocation, why, why_size))
        return false;
    if (invocation->options[OPTION_help])
        return true;
    return take_operands(command, argc - optind, argv + optind, invocation, why, why_size);
}

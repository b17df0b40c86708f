#include "daemon/cli/commands.h"

#include <string.h>

static const struct command commands[] = {
    {"room list", "", "list the rooms", command_room_list},
    {"room show", "ROOM", "show a room and who is in it", command_room_show},
    {"room create", "ROOM [--topic TEXT] [--private]", "make a room", command_room_create},
    {"room set", "ROOM [--topic TEXT] [--visibility public|private] [--keep true|false]",
     "change a room; --keep true spares it from retention", command_room_set},
    {"room delete", "ROOM", "remove a room and its log, for good", command_room_delete},
    {"room export", "ROOM [FILE]", "write a room's log as JSON lines", command_room_export},
    {"room import", "FILE [ROOM]", "read what room export wrote; - is standard input",
     command_room_import},
    {"send", "ROOM TEXT...", "say something; - takes the text from standard input", command_send},
    {"tail", "ROOM [-n N] [-f]", "print the newest messages; -f waits for more", command_tail},
    {"who", "ROOM", "list the members of a room", command_who},
    {"invite", "ROOM USER", "let a user into a private room", command_invite},
    {"role", "ROOM USER owner|moderator|member|guest", "give a user a role in a room",
     command_role},
    {"kick", "ROOM USER [--reason TEXT]", "put a user out, who may come back", command_kick},
    {"ban", "ROOM USER [--for TIME] [--reason TEXT]",
     "put a user out and keep them out, for ever or a time such as 30m, 12h, 7d", command_ban},
    {"unban", "ROOM USER", "let a banned user in again", command_unban},
    {"mute", "ROOM USER [--for TIME]", "let a user read and not speak", command_mute},
    {"unmute", "ROOM USER", "let a muted user speak again", command_unmute},
    {"status", "", "how the gateway is doing", command_status},
    {"backup", "FILE [--force]", "copy the database while it runs; --force replaces FILE",
     command_backup},
    {"restore", "FILE [--force]", "put a backup in place; --force if there are messages already",
     command_restore},
    {"completion", "bash", "print a completion script", command_completion},
    {"help", "", "print this", command_help},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* How many of argv spell words; 0 if they do not. */
static int count_matching(const char *words, int argc, char **argv)
{
    int count = 0;
    while (*words) {
        size_t length = strcspn(words, " ");
        if (count == argc || strlen(argv[count]) != length ||
            strncmp(argv[count], words, length) != 0)
            return 0;
        count++;
        words += length + strspn(words + length, " ");
    }
    return count;
}

const struct command *command_find(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if ((*words = count_matching(commands[i].words, argc, argv)) > 0)
            return &commands[i];
    return NULL;
}

/* Whether the table declares this option, and whether a value belongs to it. */
static bool find_option(const struct command *command, const char *name, bool *takes_value)
{
    size_t length = strlen(name);
    for (const char *at = command->arguments; (at = strchr(at, '[')); at++) {
        if (strncmp(at + 1, name, length) != 0 || (at[length + 1] != ' ' && at[length + 1] != ']'))
            continue;
        *takes_value = at[length + 1] == ' ';
        return true;
    }
    return false;
}

/* How many names stand outside and inside brackets; whether the last takes all that follows. */
static void count_names(const struct command *command, size_t *needed, size_t *most, bool *rest)
{
    bool in_option = false;
    *needed = *most = 0;
    *rest = strstr(command->arguments, "...") != NULL;
    for (const char *at = command->arguments; *at;) {
        size_t length = strcspn(at, " ");
        if (strncmp(at, "[-", 2) == 0)
            in_option = true;
        else if (!in_option)
            ++*(at[0] == '[' ? most : needed);
        if (at[length - 1] == ']')
            in_option = false;
        at += length + strspn(at + length, " ");
    }
    *most += *needed;
}

static bool parse_option(const struct command *command, int argc, char **argv, int *at,
                         struct invocation *invocation, char *why, size_t why_size)
{
    bool takes_value;
    const char *name = argv[*at];
    if (!find_option(command, name, &takes_value)) {
        snprintf(why, why_size, "%s does not know %s.", command->words, name);
        return false;
    }
    if (takes_value && *at + 1 == argc) {
        snprintf(why, why_size, "%s needs a value.", name);
        return false;
    }
    if (invocation->option_count == INVOCATION_OPTIONS_MAX) {
        snprintf(why, why_size, "too many options.");
        return false;
    }
    invocation->options[invocation->option_count].name = name;
    invocation->options[invocation->option_count++].value = takes_value ? argv[++*at] : NULL;
    return true;
}

bool command_parse(const struct command *command, int argc, char **argv,
                   struct invocation *invocation, char *why, size_t why_size)
{
    size_t needed, most;
    bool rest, only_names = false;
    count_names(command, &needed, &most, &rest);
    for (int i = 0; i < argc; i++) {
        bool is_rest = rest && invocation->argument_count + 1 >= most;
        if (!only_names && strcmp(argv[i], "--") == 0) {
            only_names = true;
        } else if (!only_names && !is_rest && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!parse_option(command, argc, argv, &i, invocation, why, why_size))
                return false;
        } else if (invocation->argument_count == most ||
                   invocation->argument_count + 1 == INVOCATION_ARGUMENTS_MAX) {
            snprintf(why, why_size, "%s takes no \"%s\".", command->words, argv[i]);
            return false;
        } else {
            invocation->arguments[invocation->argument_count++] = argv[i];
            if (is_rest)
                break; /* main has joined what follows */
        }
    }
    if (invocation->argument_count >= needed)
        return true;
    snprintf(why, why_size, "%s needs more: %s.", command->words, command->arguments);
    return false;
}

void command_print_usage(const struct command *command, FILE *out)
{
    fprintf(out, "usage: hearthctl %s%s%s\n       %s\n", command->words,
            command->arguments[0] ? " " : "", command->arguments, command->sentence);
}

void commands_print_help(FILE *out)
{
    fputs("usage: hearthctl [--socket PATH] [--json] COMMAND ...\n"
          "Speaks to a running hearthd through its admin socket (--socket, else $HEARTH_SOCKET,\n"
          "else the one of the default configuration). --json prints replies as they came.\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %s%s%s\n      %s\n", commands[i].words, commands[i].arguments[0] ? " " : "",
                commands[i].arguments, commands[i].sentence);
    fputs("\nExit codes: 0 done, 1 refused, 2 wrong use, 3 no daemon.\n", out);
}

enum exit_code command_help(const struct invocation *invocation)
{
    (void)invocation;
    commands_print_help(stdout);
    return EXIT_DONE;
}

/* "room) words="list show ..." ;;" for a first word that others follow. */
static void print_second_words(size_t first)
{
    size_t length = strcspn(commands[first].words, " ");
    printf("    %.*s) words=\"", (int)length, commands[first].words);
    const char *gap = "";
    for (size_t i = first; i < COMMAND_COUNT; i++) {
        if (strncmp(commands[i].words, commands[first].words, length + 1) != 0)
            continue;
        printf("%s%s", gap, commands[i].words + length + 1);
        gap = " ";
    }
    puts("\" ;;");
}

/* The options of one command, out of its arguments. */
static void print_options(const struct command *command)
{
    if (!strstr(command->arguments, "[-"))
        return;
    printf("    \"%s\") words=\"", command->words);
    const char *gap = "";
    for (const char *at = command->arguments; (at = strstr(at, "[-")); at++) {
        printf("%s%.*s", gap, (int)strcspn(at + 1, " ]"), at + 1);
        gap = " ";
    }
    puts("\" ;;");
}

static bool is_first_of_its_word(size_t index)
{
    size_t length = strcspn(commands[index].words, " ");
    return index == 0 || strncmp(commands[index].words, commands[index - 1].words, length) != 0 ||
           (commands[index - 1].words[length] != ' ' && commands[index - 1].words[length] != '\0');
}

enum exit_code command_completion(const struct invocation *invocation)
{
    if (strcmp(invocation->arguments[0], "bash") != 0)
        return complain(EXIT_WRONG_USE, "there is completion for bash only.");
    printf("# bash completion of hearthctl; printed by: hearthctl completion bash\n"
           "_hearthctl() {\n"
           "  local words=\"\" given=() word\n"
           "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "    [[ $word == -* ]] || given+=(\"$word\")\n"
           "  done\n"
           "  case \"${given[*]:0:1}\" in\n"
           "    \"\") words=\"--socket --json");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (is_first_of_its_word(i))
            printf(" %.*s", (int)strcspn(commands[i].words, " "), commands[i].words);
    puts("\" ;;");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (is_first_of_its_word(i) && strchr(commands[i].words, ' '))
            print_second_words(i);
    puts("  esac\n"
         "  [[ ${#given[@]} -lt 2 ]] || words=\"\"\n"
         "  case \"${given[*]:0:2}\" in");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strchr(commands[i].words, ' '))
            print_options(&commands[i]);
    puts("  esac\n"
         "  case \"${given[*]:0:1}\" in");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strchr(commands[i].words, ' '))
            print_options(&commands[i]);
    puts("  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "}\n"
         "complete -o default -F _hearthctl hearthctl");
    return EXIT_DONE;
}

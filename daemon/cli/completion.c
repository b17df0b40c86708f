/* completion.c - completion scripts, printed from the table of commands. */
#include <string.h>

#include "daemon/cli/commands.h"

static size_t first_word_length(const struct command *command)
{
    return strcspn(command->words, " ");
}

static bool is_first_of_its_word(size_t index)
{
    size_t length = first_word_length(&commands[index]);
    return index == 0 || first_word_length(&commands[index - 1]) != length ||
           strncmp(commands[index].words, commands[index - 1].words, length) != 0;
}

static bool has_second_word(const struct command *command)
{
    return strchr(command->words, ' ') != NULL;
}

/* Those behind the first word of commands[first], as "list show"; or what print makes of each. */
static void for_second_words(size_t first, void (*print)(const struct command *command))
{
    size_t length = first_word_length(&commands[first]);
    for (size_t i = first; i < command_count; i++)
        if (strncmp(commands[i].words, commands[first].words, length) == 0 &&
            commands[i].words[length] == ' ')
            print(&commands[i]);
}

/* Where an operand is one of some words: "bash|zsh|fish" of "completion", "[open|ask]". NULL if none is. */
static const char *choices_of(const struct command *command, size_t *length)
{
    const char *bar = strchr(command->operands, '|');
    if (!bar)
        return NULL;
    while (bar > command->operands && !strchr(" [", bar[-1]))
        bar--;
    *length = strcspn(bar, " ]");
    return bar;
}

static void print_choices(const struct command *command)
{
    size_t length = 0;
    const char *choices = choices_of(command, &length);
    for (size_t i = 0; choices && i < length; i++)
        putchar(choices[i] == '|' ? ' ' : choices[i]);
}

/* A pattern of all options that take a value: what follows one is no word of a command. */
static void print_options_with_value(void)
{
    const char *between = "";
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!option_descriptions[i].value)
            continue;
        printf("%s--%s", between, option_descriptions[i].name);
        if (option_descriptions[i].letter)
            printf("|-%c", option_descriptions[i].letter);
        between = "|";
    }
}

/* Where what is asked for is the value of an option that has a list of them. */
static void print_values(const char *before, const char *after)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_descriptions[i].words)
            printf("    --%s) %s%s%s ;;\n", option_descriptions[i].name, before,
                   option_descriptions[i].words, after);
}

/* --- bash ------------------------------------------------------------------------------------- */

static void print_plain_second(const struct command *command)
{
    printf(" %s", strchr(command->words, ' ') + 1);
}

static void print_long_options(uint64_t options)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options & OPTION_BIT(i))
            printf(" --%s", option_descriptions[i].name);
}

/* Up to what follows: the words of the command that are there already. */
static void print_bash_given(void)
{
    puts("# bash completion of hearthctl; printed by: hearthctl completion bash\n"
         "_hearthctl() {\n"
         "  local words=\"\" given=() word before=\"\"\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do");
    fputs("    [[ $word == [-=]* || $before == @(=|", stdout);
    print_options_with_value();
    puts(") ]] || given+=(\"$word\")\n"
         "    before=$word\n"
         "  done\n"
         "  case \"${given[*]:0:2}\" in");
}

static void print_bash(void)
{
    print_bash_given();
    printf("    \"\") words=\"");
    for (size_t i = 0; i < command_count; i++)
        if (is_first_of_its_word(i))
            printf("%.*s ", (int)first_word_length(&commands[i]), commands[i].words);
    print_long_options(OPTIONS_OF_ALL);
    puts("\" ;;");
    for (size_t i = 0; i < command_count; i++) {
        if (is_first_of_its_word(i) && has_second_word(&commands[i])) {
            printf("    %.*s) words=\"", (int)first_word_length(&commands[i]), commands[i].words);
            for_second_words(i, print_plain_second);
            puts("\" ;;");
        }
        printf("    \"%s\"%s) words=\"", commands[i].words,
               has_second_word(&commands[i]) ? "" : "*");
        print_choices(&commands[i]);
        print_long_options(command_options(&commands[i]) | OPTIONS_OF_ALL);
        puts("\" ;;");
    }
    puts("  esac\n"
         "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in");
    print_values("words=\"", "\"");
    puts("  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "}\n"
         "complete -o default -F _hearthctl hearthctl");
}

/* --- zsh -------------------------------------------------------------------------------------- */

/* 'word:sentence' with what zsh would read as its own taken out. */
static void print_described(const char *prefix, const char *word, size_t length,
                            const char *sentence)
{
    printf(" '%s%.*s:", prefix, (int)length, word);
    for (; *sentence; sentence++)
        if (*sentence == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*sentence);
    putchar('\'');
}

static void print_zsh_second(const struct command *command)
{
    const char *second = strchr(command->words, ' ') + 1;
    print_described("", second, strlen(second), command->sentence);
}

static void print_zsh_options(uint64_t options)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options & OPTION_BIT(i))
            print_described("--", option_descriptions[i].name, strlen(option_descriptions[i].name),
                            option_descriptions[i].sentence);
}

static void print_zsh_given(void)
{
    puts("#compdef hearthctl\n"
         "# zsh completion of hearthctl; printed by: hearthctl completion zsh\n"
         "_hearthctl() {\n"
         "  local -a given matches\n"
         "  local word before\n"
         "  for word in ${words[2,CURRENT-1]}; do");
    fputs("    [[ $word == -* || $before == (", stdout);
    print_options_with_value();
    puts(") ]] || given+=($word)\n"
         "    before=$word\n"
         "  done\n"
         "  case \"${(j: :)given[1,2]}\" in");
}

static void print_zsh(void)
{
    print_zsh_given();
    printf("    '') matches=(");
    for (size_t i = 0; i < command_count; i++)
        if (is_first_of_its_word(i))
            print_described("", commands[i].words, first_word_length(&commands[i]),
                            has_second_word(&commands[i]) ? "" : commands[i].sentence);
    print_zsh_options(OPTIONS_OF_ALL);
    puts(") ;;");
    for (size_t i = 0; i < command_count; i++) {
        if (is_first_of_its_word(i) && has_second_word(&commands[i])) {
            printf("    %.*s) matches=(", (int)first_word_length(&commands[i]), commands[i].words);
            for_second_words(i, print_zsh_second);
            puts(") ;;");
        }
        printf("    '%s'%s) matches=(", commands[i].words,
               has_second_word(&commands[i]) ? "" : "*");
        print_choices(&commands[i]);
        print_zsh_options(command_options(&commands[i]) | OPTIONS_OF_ALL);
        puts(") ;;");
    }
    puts("  esac\n"
         "  case ${words[CURRENT-1]} in");
    print_values("matches=(", ")");
    puts("  esac\n"
         "  _describe hearthctl matches || _files\n"
         "}\n"
         "_hearthctl \"$@\"");
}

/* --- fish ------------------------------------------------------------------------------------- */

static void print_fish_sentence(const char *sentence)
{
    fputs(" -d '", stdout);
    for (; *sentence; sentence++)
        if (*sentence == '\'')
            fputs("\\'", stdout);
        else
            putchar(*sentence);
    fputs("'\n", stdout);
}

static void print_fish_option(int index, const char *condition)
{
    const struct option_description *option = &option_descriptions[index];
    printf("complete -c hearthctl%s -l %s", condition, option->name);
    if (option->letter)
        printf(" -s %c", option->letter);
    if (option->words)
        printf(" -x -a '%s'", option->words);
    else if (option->value)
        printf(" -r");
    print_fish_sentence(option->sentence);
}

/* commands[first] is the first of those that begin with the same word. */
static void print_fish_command(size_t index, size_t first)
{
    const struct command *command = &commands[index];
    int length = (int)first_word_length(command);
    char condition[160];
    if (has_second_word(command)) {
        const char *second = strchr(command->words, ' ') + 1;
        printf("complete -c hearthctl -f -n '__fish_seen_subcommand_from %.*s; and not "
               "__fish_seen_subcommand_from",
               length, command->words);
        for_second_words(first, print_plain_second);
        printf("' -a %s", second);
        print_fish_sentence(command->sentence);
        snprintf(condition, sizeof condition,
                 " -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
                 length, command->words, second);
    } else {
        snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'",
                 command->words);
    }
    if (strchr(command->operands, '|')) {
        printf("complete -c hearthctl -f%s -a '", condition);
        print_choices(command);
        puts("'");
    }
    for (int i = 0; i < OPTION_COUNT; i++)
        if (command_options(command) & OPTION_BIT(i))
            print_fish_option(i, condition);
}

static void print_fish(void)
{
    puts("# fish completion of hearthctl; printed by: hearthctl completion fish");
    for (size_t i = 0; i < command_count; i++) {
        if (!is_first_of_its_word(i))
            continue;
        printf("complete -c hearthctl -f -n __fish_use_subcommand -a %.*s",
               (int)first_word_length(&commands[i]), commands[i].words);
        print_fish_sentence(has_second_word(&commands[i]) ? "" : commands[i].sentence);
    }
    for (int i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS_OF_ALL & OPTION_BIT(i))
            print_fish_option(i, "");
    for (size_t i = 0, first = 0; i < command_count; i++) {
        if (is_first_of_its_word(i))
            first = i;
        print_fish_command(i, first);
    }
}

enum exit_code command_completion(const struct invocation *invocation)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(invocation->operands[0], shells[i].name) != 0)
            continue;
        shells[i].print();
        return EXIT_DONE;
    }
    return complain(EXIT_WRONG_USE, "there is completion for bash, zsh and fish, not for %s.",
                    invocation->operands[0]);
}

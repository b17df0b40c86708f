/* help.c - what the table of commands says, for people: usage, help, the manual page. */
#include <string.h>

#include "daemon/cli/commands.h"

static void print_option(int index, FILE *out)
{
    const struct option_description *option = &option_descriptions[index];
    fprintf(out, " [--%s%s%s]", option->name, option->value ? " " : "",
            option->value ? option->value : "");
}

void command_print_line(const struct command *command, FILE *out)
{
    fprintf(out, "hearthctl %s%s%s", command->words, command->operands[0] ? " " : "",
            command->operands);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (command_options(command) & OPTION_BIT(i))
            print_option(i, out);
}

static void print_option_row(int index, FILE *out)
{
    const struct option_description *option = &option_descriptions[index];
    char left[64];
    int length = option->letter ? snprintf(left, sizeof left, "-%c, ", option->letter)
                                : snprintf(left, sizeof left, "    ");
    snprintf(left + length, sizeof left - (size_t)length, "--%s%s%s", option->name,
             option->value ? " " : "", option->value ? option->value : "");
    fprintf(out, "  %-32s %s\n", left, option->sentence);
}

static void print_options(uint64_t options, FILE *out)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options & OPTION_BIT(i))
            print_option_row(i, out);
}

void command_print_usage(const struct command *command, FILE *out)
{
    fputs("usage: ", out);
    command_print_line(command, out);
    fprintf(out, "\n       %s\n", command->sentence);
    if (command->warning)
        fprintf(out, "       %s\n", command->warning);
    print_options(command_options(command) | OPTIONS_OF_ALL, out);
}

/* Those whose first word this is, or all with NULL; whether there are any. */
static bool print_commands(const char *word, FILE *out)
{
    size_t length = word ? strlen(word) : 0;
    bool are_any = false;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        if (word && (strncmp(command->words, word, length) != 0 || command->words[length] != ' '))
            continue;
        are_any = true;
        fprintf(out, "  %s%s%s\n      %s\n", command->words, command->operands[0] ? " " : "", command->operands,
                command->sentence);
    }
    return are_any;
}

static void print_help(FILE *out)
{
    fputs("usage: hearthctl [OPTION...] COMMAND ...\n"
          "Speaks to a running hearthd through its admin socket.\n\n",
          out);
    (void)print_commands(NULL, out);
    fputs("\nOptions of every command; hearthctl COMMAND --help tells its own:\n", out);
    print_options(OPTIONS_OF_ALL, out);
    fputs("\nExit codes: 0 done, 1 refused, 2 wrong use, 3 no daemon.\n", out);
}

/* --- the manual page -------------------------------------------------------------------------- */

static void print_troff(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_man_option(int index, FILE *out)
{
    const struct option_description *option = &option_descriptions[index];
    fputs(".TP\n\\fB", out);
    if (option->letter)
        fprintf(out, "\\-%c\\fR, \\fB", option->letter);
    fputs("\\-\\-", out);
    print_troff(option->name, out);
    fputs("\\fR", out);
    if (option->value) {
        fputs(" \\fI", out);
        print_troff(option->value, out);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    print_troff(option->sentence, out);
    fputs(".\n", out);
}

static void print_man_options(uint64_t options, FILE *out)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options & OPTION_BIT(i))
            print_man_option(i, out);
}

static void print_man_command(const struct command *command, FILE *out)
{
    fprintf(out, ".SS %s", command->words);
    if (command->operands[0]) {
        fputs(" \\fI", out);
        print_troff(command->operands, out);
        fputs("\\fR", out);
    }
    fputs("\n", out);
    print_troff(command->sentence, out);
    fputs(".\n", out);
    if (command->warning) {
        print_troff(command->warning, out);
        fputs("\nIt is asked for on a terminal, and needs \\fB\\-\\-yes\\fR elsewhere.\n", out);
    }
    print_man_options(command_options(command), out);
}

static void print_man(FILE *out)
{
    fputs(".\\\" Printed by: hearthctl help --man\n"
          ".TH HEARTHCTL 1 \"\" hearth\n"
          ".SH NAME\n"
          "hearthctl \\- look after a running hearthd\n"
          ".SH SYNOPSIS\n"
          ".B hearthctl\n"
          ".RI [ OPTION ...]\n"
          ".I COMMAND\n"
          "\\&...\n"
          ".SH DESCRIPTION\n"
          ".B hearthctl\n"
          "asks a running\n"
          ".BR hearthd (8)\n"
          "through its admin socket. It never opens the database. Whoever may open the socket is an\n"
          "administrator in every room. What others have written is printed with its control\n"
          "characters made visible.\n"
          ".SH OPTIONS\n"
          "Every command takes these, before its name or behind it.\n",
          out);
    print_man_options(OPTIONS_OF_ALL, out);
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; i < command_count; i++)
        print_man_command(&commands[i], out);
    fputs(".SH EXIT STATUS\n"
          "0 done, 1 refused, 2 wrong use, 3 no daemon.\n"
          ".SH FILES\n"
          ".TP\n"
          ".I /var/lib/hearth/hearth.sock\n"
          "The admin socket of the installed service.\n"
          ".SH EXAMPLES\n"
          ".EX\n"
          "hearthctl send lobby \"Dinner is ready\"\n"
          "hearthctl tail lobby \\-f\n"
          "hearthctl ban lobby troll \\-\\-for 7d \\-\\-reason \"enough\"\n"
          "hearthctl backup /mnt/usb/hearth.backup\n"
          ".EE\n"
          ".SH SEE ALSO\n"
          ".BR hearthd (8),\n"
          ".BR hearth.conf (5)\n",
          out);
}

/* The command whose words text spells, as they are joined by single spaces. */
static const struct command *find_by_words(const char *text)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].words, text) == 0)
            return &commands[i];
    return NULL;
}

enum exit_code command_help(const struct invocation *invocation)
{
    const char *words = invocation->operands[0];
    const struct command *command = words ? find_by_words(words) : NULL;
    if (invocation->options[OPTION_man])
        print_man(stdout);
    else if (command)
        command_print_usage(command, stdout);
    else if (!words)
        print_help(stdout);
    else if (!print_commands(words, stdout))
        return complain(EXIT_WRONG_USE, "there is no command \"%s\"; hearthctl help lists them.", words);
    return EXIT_DONE;
}

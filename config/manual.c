/* manual - prints packaging/man/hearth.conf.5 from options.def. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_NETWORKS, KIND_LIST, KIND_INT, KIND_BOOL, KIND_CHOICE, KIND_GROUP };

static const struct line {
    enum kind kind;
    const char *name, *sentence, *text; /* text: default, or the words of a choice */
    const char *unit;
    int64_t number, min, max;
} lines[] = {
#define GROUP(group, sentence) {KIND_GROUP, #group, sentence, "", "", 0, 0, 0},
#define TEXT(group, name, default, max_bytes, sentence)                                            \
    {KIND_TEXT, #group "." #name, sentence, default, "", 0, 0, max_bytes},
#define NETWORKS(group, name, default, max_bytes, sentence)                                        \
    {KIND_NETWORKS, #group "." #name, sentence, default, "", 0, 0, max_bytes},
#define LIST(group, name, default, max_bytes, sentence)                                            \
    {KIND_LIST, #group "." #name, sentence, default, "", 0, 0, max_bytes},
#define INT(group, name, default, min, max, unit, sentence)                                        \
    {KIND_INT, #group "." #name, sentence, "", unit, default, min, max},
#define BOOL(group, name, default, sentence)                                                       \
    {KIND_BOOL, #group "." #name, sentence, "", "", default, 0, 1},
#define CHOICE(group, name, default, words, sentence)                                              \
    {KIND_CHOICE, #group "." #name, sentence, words, "", default, 0, 0},
#include "config/options.def"
};

/* The word at index of "one|other". */
static void print_word(const char *words, int64_t index)
{
    while (index > 0 && *words)
        if (*words++ == '|')
            index--;
    while (*words && *words != '|')
        putchar(*words++);
}

static void print_value(const struct line *line)
{
    switch (line->kind) {
    case KIND_TEXT:
        printf("A text; default \"%s\".\n", line->text);
        break;
    case KIND_NETWORKS:
        printf("Addresses or networks, parted by commas; default \"%s\".\n", line->text);
        break;
    case KIND_LIST:
        printf("Words, parted by commas; default \"%s\".\n", line->text);
        break;
    case KIND_INT:
        printf("%" PRId64 " to %" PRId64 "%s%s; default %" PRId64 ".\n", line->min, line->max,
               line->unit[0] ? " " : "", line->unit, line->number);
        break;
    case KIND_BOOL:
        printf("true or false; default %s.\n", line->number ? "true" : "false");
        break;
    case KIND_CHOICE:
        printf("One of %s; default \"", line->text);
        print_word(line->text, line->number);
        puts("\".");
        break;
    case KIND_GROUP:
        break;
    }
}

static const struct small {
    const char *name;
    int64_t value;
} smalls[] = {
#define SMALL(group, name, value) {#group "." #name, value},
#include "config/options.def"
    {NULL, 0},
}, smalls_with_tls[] = {
#define SMALL_TLS(group, name, value) {#group "." #name, value},
#include "config/options.def"
    {NULL, 0},
};

static const struct small *find_small(const struct small *each, const char *name)
{
    while (each->name && strcmp(each->name, name) != 0)
        each++;
    return each->name ? each : NULL;
}

/* What memory.profile = small has instead of the default. */
static void print_small(const char *name)
{
    const struct small *small = find_small(smalls, name), *with_tls = find_small(smalls_with_tls, name);
    if (small)
        printf("Where memory.profile is small %" PRId64, small->value);
    if (small && with_tls)
        printf(", with TLS %" PRId64, with_tls->value);
    if (small)
        puts(".");
}

static bool needs_restart(const char *name)
{
    static const char *const names[] = {
#define RESTART(group, name) #group "." #name,
#include "config/options.def"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int main(void)
{
    puts(".\\\" Printed from config/options.def by the program manual; do not edit.\n"
         ".TH HEARTH.CONF 5 \"\" hearth\n"
         ".SH NAME\n"
         "hearth.conf \\- settings of hearthd\n"
         ".SH DESCRIPTION\n"
         "The settings of\n"
         ".BR hearthd (8),\n"
         "in the syntax of libconfig: groups in braces, values of the types below. What is not\n"
         "there has its default. The same names are taken by\n"
         ".BR \"hearthd \\-\\-set\" ,\n"
         "as in\n"
         ".BR listen.port=80 .\n"
         "SIGHUP reads the settings again; those that cannot change while the gateway runs say so\n"
         "here, and in its log.\n"
         "An unknown name, a wrong type or a value out of bounds is an error, told with its line.\n"
         ".PP\n"
         ".EX\n"
         "listen = { port = 80; };\n"
         "retention = { age_days = 365; };\n"
         ".EE");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (lines[i].kind == KIND_GROUP) {
            printf(".SH \"GROUP %s\"\n%s\n", lines[i].name, lines[i].sentence);
            continue;
        }
        printf(".TP\n.B %s\n%s\n", lines[i].name, lines[i].sentence);
        print_value(&lines[i]);
        print_small(lines[i].name);
        if (needs_restart(lines[i].name))
            puts("A change counts from the next start.");
    }
    puts(".SH SEE ALSO\n.BR hearthd (8),\n.BR hearthctl (1)");
    return 0;
}

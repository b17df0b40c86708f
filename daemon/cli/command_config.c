/* hearthctl reload, config and log level: the settings of the running gateway. */
#include <string.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

static void print_names(const char *label, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name) printf("%s%s", i > 0 ? ", " : label, json_string_value(name));
    if (i > 0)
        putchar('\n');
}

static enum exit_code run_reload(const struct invocation *invocation, bool check, const char *changed)
{
    json_t *reply;
    enum exit_code code = invocation_ask(
        invocation, json_pack("{s:s, s:b}", "type", "reload", "check", check), &reply);
    if (code != EXIT_DONE)
        return code;
    const json_t *now = json_object_get(reply, "changed"), *later = json_object_get(reply, "waiting");
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        if (json_array_size(now) + json_array_size(later) == 0)
            puts("the configuration is right, and says nothing new");
        print_names(changed, now);
        print_names("counts from the next start: ", later);
    }
    json_decref(reply);
    return EXIT_DONE;
}

enum exit_code command_reload(const struct invocation *invocation)
{
    return run_reload(invocation, false, "changed: ");
}

enum exit_code command_config_check(const struct invocation *invocation)
{
    return run_reload(invocation, true, "a reload would change: ");
}

static bool is_wanted(const json_t *setting, const char *name)
{
    size_t length = name ? strlen(name) : 0;
    const char *own = text_of(setting, "name");
    return !name || (strncmp(own, name, length) == 0 && (own[length] == '\0' || own[length] == '.'));
}

static void print_origin(const json_t *setting)
{
    json_int_t line = number_of(setting, "line");
    const char *source = text_of(setting, "source");
    if (line > 0)
        printf("  (line %" JSON_INTEGER_FORMAT ")", line);
    else if (strcmp(source, "file") == 0)
        fputs("  (an included file)", stdout);
    else if (strcmp(source, "command_line") == 0)
        fputs("  (--set)", stdout);
    putchar('\n');
}

static void print_setting(const json_t *setting)
{
    printf("%s = ", text_of(setting, "name"));
    terminal_print(stdout, text_of(setting, "value"), 0);
    print_origin(setting);
}

/* Takes what is not wanted out of the reply. */
static void keep_wanted(json_t *settings, const char *name, bool only_different)
{
    for (size_t i = json_array_size(settings); i > 0; i--) {
        const json_t *setting = json_array_get(settings, i - 1);
        if (!is_wanted(setting, name) || (only_different && !json_object_get(setting, "next")))
            json_array_remove(settings, i - 1);
    }
}

static enum exit_code ask_settings(const struct invocation *invocation, bool compare, json_t **reply)
{
    return invocation_ask(invocation,
                          json_pack("{s:s, s:b}", "type", "settings", "compare", compare), reply);
}

enum exit_code command_config_show(const struct invocation *invocation)
{
    json_t *reply;
    size_t i;
    json_t *setting;
    const char *name = invocation->operands[0];
    enum exit_code code = ask_settings(invocation, false, &reply);
    if (code != EXIT_DONE)
        return code;
    json_t *settings = json_object_get(reply, "settings");
    keep_wanted(settings, name, false);
    if (json_array_size(settings) == 0)
        code = complain(EXIT_REFUSED, "there is no setting or group \"%s\".", name ? name : "");
    else if (invocation_has(invocation, OPTION_json))
        invocation_print_json(reply);
    else
        json_array_foreach(settings, i, setting) print_setting(setting);
    json_decref(reply);
    return code;
}

static void print_difference(const json_t *setting)
{
    printf("%s: ", text_of(setting, "name"));
    terminal_print(stdout, text_of(setting, "value"), 0);
    fputs(" -> ", stdout);
    terminal_print(stdout, text_of(setting, "next"), 0);
    puts(json_is_true(json_object_get(setting, "restart")) ? "  (needs a restart)"
                                                           : "  (needs a reload)");
}

enum exit_code command_config_diff(const struct invocation *invocation)
{
    json_t *reply;
    size_t i;
    json_t *setting;
    enum exit_code code = ask_settings(invocation, true, &reply);
    if (code != EXIT_DONE)
        return code;
    json_t *settings = json_object_get(reply, "settings");
    keep_wanted(settings, NULL, true);
    if (invocation_has(invocation, OPTION_json))
        invocation_print_json(reply);
    else
        json_array_foreach(settings, i, setting) print_difference(setting);
    json_decref(reply);
    return EXIT_DONE;
}

static void print_level(const json_t *reply)
{
    puts(text_of(reply, "level"));
}

enum exit_code command_log_level(const struct invocation *invocation)
{
    return invocation_show(
        invocation, json_pack("{s:s, s:s*}", "type", "log_level", "level", invocation->operands[0]),
        print_level);
}

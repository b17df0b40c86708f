#include "daemon/cli/commands.h"
#include "daemon/cli/terminal.h"

#include <string.h>

static json_t *about(const struct invocation *invocation)
{
    return json_pack("{s:s, s:s}", "type", "user", "user", invocation->operands[0]);
}

static void print_line(const json_t *line)
{
    bool is_here = json_is_true(json_object_get(line, "here"));
    terminal_print(stdout, text_of(line, "name"), 0);
    printf("\t%s\t%s\t%" JSON_INTEGER_FORMAT "\n", text_of(line, "role"), is_here ? "here" : "away",
           number_of(line, "devices"));
}

/* Prints a page; gives the name that the next one goes on behind, or NULL. */
static json_t *print_page(const struct invocation *invocation, const json_t *reply)
{
    size_t i;
    json_t *line = NULL, *users = json_object_get(reply, "users");
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(reply);
    } else {
        json_array_foreach(users, i, line) print_line(line);
    }
    bool has_more = json_is_true(json_object_get(reply, "more")) && json_array_size(users) > 0;
    return has_more ? json_incref(json_object_get(
                          json_array_get(users, json_array_size(users) - 1), "name"))
                    : NULL;
}

enum exit_code command_user_list(const struct invocation *invocation)
{
    json_t *after = NULL, *reply;
    do {
        json_t *request = json_pack("{s:s}", "type", "users");
        if (invocation->operands[0])
            json_object_set_new(request, "query", json_string(invocation->operands[0]));
        if (after)
            json_object_set_new(request, "after", after);
        enum exit_code code = invocation_ask(invocation, request, &reply);
        if (code != EXIT_DONE)
            return code;
        after = print_page(invocation, reply);
        json_decref(reply);
    } while (after);
    return EXIT_DONE;
}

static void print_field(const json_t *line, const char *key, const char *words)
{
    const json_t *value = json_object_get(line, key);
    printf("%s: ", words);
    if (json_is_string(value))
        terminal_print(stdout, json_string_value(value), 0);
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        fputs(json_is_true(value) ? "yes" : "no", stdout);
    putchar('\n');
}

enum exit_code command_user_show(const struct invocation *invocation)
{
    json_t *reply;
    enum exit_code code = invocation_ask(invocation, about(invocation), &reply);
    if (code != EXIT_DONE)
        return code;
    const json_t *line = json_array_get(json_object_get(reply, "users"), 0);
    if (invocation_has(invocation, OPTION_json)) {
        invocation_print_json(line);
    } else {
        print_field(line, "name", "name");
        print_field(line, "uid", "uid");
        print_field(line, "role", "role in the gateway");
        print_field(line, "here", "here");
        print_field(line, "devices", "devices");
        print_field(line, "has_password", "password");
        print_field(line, "has_recovery", "recovery code");
        if (json_object_get(line, "held"))
            print_field(line, "held", "name held");
    }
    json_decref(reply);
    return EXIT_DONE;
}

/* One change of the user that the first operand names. */
static enum exit_code change(const struct invocation *invocation, const char *key, json_t *value)
{
    json_t *request = about(invocation);
    if (request)
        json_object_set_new(request, key, value);
    return invocation_do(invocation, request);
}

enum exit_code command_user_rename(const struct invocation *invocation)
{
    return change(invocation, "rename", json_string(invocation->operands[1]));
}

enum exit_code command_user_free_name(const struct invocation *invocation)
{
    return change(invocation, "free_name", json_true());
}

enum exit_code command_user_role(const struct invocation *invocation)
{
    return change(invocation, "role", json_string(invocation->operands[1]));
}

enum exit_code command_user_forget(const struct invocation *invocation)
{
    return change(invocation, "forget", json_true());
}

enum exit_code command_user_logout(const struct invocation *invocation)
{
    return change(invocation, "sign_out", json_true());
}

/* Never on the command line, where everybody on this machine can read it. */
enum exit_code command_user_password(const struct invocation *invocation)
{
    char password[512];
    if (!terminal_read_secret("Password: ", password, sizeof password))
        return complain(EXIT_WRONG_USE,
                        "No password was read, it is too long, or the two are not the same.");
    enum exit_code code = change(invocation, "password", json_string(password));
    explicit_bzero(password, sizeof password);
    return code;
}

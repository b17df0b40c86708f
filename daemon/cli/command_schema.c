/* hearthctl schema - what each command prints with --json, as JSON Schema, from the tables of the
 * protocol. */
#include <string.h>

#include "daemon/cli/commands.h"
#include "protocol/describe_schema.h"

/* A command prints the answer to a request; or a message or record of its own, one a line. Those that are
 * not here print no JSON. */
static const struct printed {
    const char *words;
    enum message_type type;
} printed[] = {
    {"room list", REQUEST_rooms},
    {"room show", REQUEST_who},
    {"room create", REQUEST_create},
    {"room set", REQUEST_set},
    {"room rename", REQUEST_set},
    {"room archive", REQUEST_set},
    {"room unarchive", REQUEST_set},
    {"room purge", REQUEST_purge},
    {"room delete", REQUEST_remove},
    {"send", REQUEST_send},
    {"file list", REQUEST_files},
    {"file show", RECORD_kept_file},
    {"file delete", REQUEST_file_remove},
    {"edit", REQUEST_edit},
    {"delete", REQUEST_delete},
    {"tail", RECORD_history_line},
    {"search", RECORD_history_line},
    {"notice", REQUEST_notice},
    {"who", REQUEST_who},
    {"invite", REQUEST_invite},
    {"role", REQUEST_role},
    {"kick", REQUEST_kick},
    {"ban", REQUEST_ban},
    {"unban", REQUEST_unban},
    {"mute", REQUEST_mute},
    {"unmute", REQUEST_mute},
    {"ban list", REQUEST_sanctions},
    {"ban add", REQUEST_ban},
    {"ban remove", REQUEST_lift},
    {"mute list", REQUEST_sanctions},
    {"mute add", REQUEST_mute},
    {"mute remove", REQUEST_lift},
    {"newcomers", REQUEST_newcomers},
    {"knock list", REQUEST_knocks},
    {"knock admit", REQUEST_admit},
    {"knock refuse", REQUEST_admit},
    {"erase", REQUEST_erase},
    {"audit", RECORD_audit_line},
    {"session list", REQUEST_sessions},
    {"session kick", REQUEST_kick_session},
    {"invite create", REQUEST_invite_link},
    {"invite list", REQUEST_invite_links},
    {"invite revoke", REQUEST_revoke_link},
    {"hook add", REQUEST_hook},
    {"hook list", REQUEST_hooks},
    {"hook test", REQUEST_hook_test},
    {"hook remove", REQUEST_hook_remove},
    {"user list", REQUEST_users},
    {"user show", RECORD_user_line},
    {"user rename", REPLY_ok},
    {"user free-name", REPLY_ok},
    {"user role", REPLY_ok},
    {"user password", REPLY_ok},
    {"user logout", REPLY_ok},
    {"user forget", REPLY_ok},
    {"bridge list", REQUEST_bridges},
    {"bridge pause", REQUEST_bridge_pause},
    {"bridge resume", REQUEST_bridge_pause},
    {"bridge replay", REQUEST_bridge_replay},
    {"token create", REQUEST_token},
    {"token list", REQUEST_tokens},
    {"token revoke", REQUEST_revoke},
    {"status", REQUEST_status},
    {"reload", REQUEST_reload},
    {"config show", REQUEST_settings},
    {"config check", REQUEST_reload},
    {"config diff", REQUEST_settings},
    {"log level", REQUEST_log_level},
    {"clock", REQUEST_clock},
    {"clock set", REQUEST_clock},
    {"backup", REPLY_done},
    {"restore", REPLY_done},
};

/* Each schema stands for itself: what it holds is in it, whole. Nobody needs its type: the command says it. */
static json_t *describe_whole(const struct message_description *message)
{
    return describe_message(message, false, describe_whole);
}

/* A new reference; JSON's null for a command that prints none. */
static json_t *command_schema_of(const char *words)
{
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++)
        if (strcmp(printed[i].words, words) == 0) {
            enum message_type type = printed[i].type;
            bool is_request = message_describe(type)->kind == KIND_REQUEST;
            return describe_whole(message_describe(is_request ? message_answer(type) : type));
        }
    return json_null();
}

static enum exit_code print(json_t *schema)
{
    json_object_set_new(schema, "$schema",
                        json_string("https://json-schema.org/draft/2020-12/schema"));
    json_dumpf(schema, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
    putchar('\n');
    json_decref(schema);
    return EXIT_DONE;
}

enum exit_code command_schema(const struct invocation *invocation)
{
    const char *words = invocation->operands[0];
    json_t *all = json_object();
    for (size_t i = 0; i < command_count; i++) {
        json_t *schema = command_schema_of(commands[i].words);
        if (words && strcmp(commands[i].words, words) == 0 && json_is_object(schema)) {
            json_decref(all);
            return print(schema);
        }
        json_object_set_new(all, commands[i].words, schema);
    }
    if (!words)
        return print(json_pack("{s:o}", "$defs", all));
    json_decref(all);
    return complain(EXIT_WRONG_USE, "there is no command \"%s\" that prints JSON.", words);
}

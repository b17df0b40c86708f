/* commands.h - what hearthctl can do: one table, from which arguments are read, and help, manual page
 * and completion are printed. */
#ifndef HEARTH_CLI_COMMANDS_H
#define HEARTH_CLI_COMMANDS_H

#include "daemon/cli/invocation.h"

#include <stdio.h>

struct command {
    const char *words; /* "room create" */
    /* As people read them, and as they are counted: NAME is needed, [NAME] is not, NAME... takes all
     * that follows as one text, a|b is one of these words. */
    const char *operands;
    uint64_t options;  /* a bit for each enum option_id; those that every command takes not among them */
    const char *warning; /* of what cannot be undone; asked for before, see OPTION_yes. Or NULL */
    const char *sentence;
    enum exit_code (*run)(const struct invocation *invocation);
};

extern const struct command commands[];
extern const size_t command_count;

#define OPTION_BIT(option) (UINT64_C(1) << (option))
#define OPTIONS_OF_ALL                                                                             \
    (OPTION_BIT(OPTION_socket) | OPTION_BIT(OPTION_json) | OPTION_BIT(OPTION_timeout) |            \
     OPTION_BIT(OPTION_help))

struct option_description {
    const char *name, *value, *words, *sentence;
    char letter; /* 0: none */
};
extern const struct option_description option_descriptions[OPTION_COUNT];

/* The options that a command takes: its own and, when it warns, OPTION_yes. */
uint64_t command_options(const struct command *command);

/* The command that the first words name; words says how many of them. NULL if there is none. */
const struct command *command_find(int argc, char **argv, int *words);

/* "hearthctl ban ROOM USER [--for TIME] [--reason TEXT]" */
void command_print_line(const struct command *command, FILE *out);

/* That, what it does, and its options. */
void command_print_usage(const struct command *command, FILE *out);

/* Reads what follows the words; argv[0] is not looked at. False: why is one sentence. */
bool command_parse(const struct command *command, int argc, char **argv,
                   struct invocation *invocation, char *why, size_t why_size);

/* Reads the options before the command's words; at becomes where those begin. */
bool globals_parse(int argc, char **argv, int *at, struct invocation *invocation, char *why,
                   size_t why_size);

/* "90", "90s", "30m", "12h", "7d" as seconds; nothing of NULL. False if it is not a time. */
bool command_period(const char *text, json_int_t *seconds);

/* --for as seconds; nothing where it was not given. False: it is no time, and that was said. */
bool command_for(const struct invocation *invocation, json_int_t *seconds);

/* A whole number above 0, or 0: the gateway says what is too large. */
json_int_t command_number(const char *text);

/* One function a command, in command_NOUN.c; each answers with the exit code. */
enum exit_code command_newcomers(const struct invocation *invocation);
enum exit_code command_invite_create(const struct invocation *invocation);
enum exit_code command_invite_list(const struct invocation *invocation);
enum exit_code command_invite_revoke(const struct invocation *invocation);
enum exit_code command_knock_list(const struct invocation *invocation);
enum exit_code command_knock_admit(const struct invocation *invocation);
enum exit_code command_knock_refuse(const struct invocation *invocation);
enum exit_code command_ban_list(const struct invocation *invocation);
enum exit_code command_ban_add(const struct invocation *invocation);
enum exit_code command_mute_list(const struct invocation *invocation);
enum exit_code command_mute_add(const struct invocation *invocation);
enum exit_code command_ban_remove(const struct invocation *invocation);
enum exit_code command_mute_remove(const struct invocation *invocation);
enum exit_code command_file_list(const struct invocation *invocation);
enum exit_code command_file_show(const struct invocation *invocation);
enum exit_code command_file_delete(const struct invocation *invocation);
/* Percent-encodes what is not unreserved (RFC 3986). False when it does not fit. */
bool encode_path(const char *text, char *out, size_t size);

/* Uploads the file of --file into the room of the first operand. id is 33 bytes. */
enum exit_code file_upload(const struct invocation *invocation, char *id);
enum exit_code command_erase(const struct invocation *invocation);
enum exit_code command_audit(const struct invocation *invocation);
enum exit_code command_session_list(const struct invocation *invocation);
enum exit_code command_session_kick(const struct invocation *invocation);
enum exit_code command_user_list(const struct invocation *invocation);
enum exit_code command_user_show(const struct invocation *invocation);
enum exit_code command_user_rename(const struct invocation *invocation);
enum exit_code command_user_free_name(const struct invocation *invocation);
enum exit_code command_user_role(const struct invocation *invocation);
enum exit_code command_user_password(const struct invocation *invocation);
enum exit_code command_user_logout(const struct invocation *invocation);
enum exit_code command_user_forget(const struct invocation *invocation);
enum exit_code command_room_list(const struct invocation *invocation);
enum exit_code command_room_show(const struct invocation *invocation);
enum exit_code command_room_create(const struct invocation *invocation);
enum exit_code command_room_set(const struct invocation *invocation);
enum exit_code command_room_rename(const struct invocation *invocation);
enum exit_code command_room_archive(const struct invocation *invocation);
enum exit_code command_room_unarchive(const struct invocation *invocation);
enum exit_code command_room_purge(const struct invocation *invocation);
enum exit_code command_edit(const struct invocation *invocation);
enum exit_code command_delete(const struct invocation *invocation);
enum exit_code command_search(const struct invocation *invocation);
enum exit_code command_notice(const struct invocation *invocation);
enum exit_code command_room_delete(const struct invocation *invocation);
enum exit_code command_room_export(const struct invocation *invocation);
enum exit_code command_room_import(const struct invocation *invocation);
enum exit_code command_send(const struct invocation *invocation);
enum exit_code command_tail(const struct invocation *invocation);
enum exit_code command_who(const struct invocation *invocation);
enum exit_code command_invite(const struct invocation *invocation);
enum exit_code command_role(const struct invocation *invocation);
enum exit_code command_kick(const struct invocation *invocation);
enum exit_code command_ban(const struct invocation *invocation);
enum exit_code command_unban(const struct invocation *invocation);
enum exit_code command_mute(const struct invocation *invocation);
enum exit_code command_unmute(const struct invocation *invocation);
enum exit_code command_hook_add(const struct invocation *invocation);
enum exit_code command_hook_list(const struct invocation *invocation);
enum exit_code command_hook_test(const struct invocation *invocation);
enum exit_code command_hook_remove(const struct invocation *invocation);
enum exit_code command_bridge_list(const struct invocation *invocation);
enum exit_code command_bridge_pause(const struct invocation *invocation);
enum exit_code command_bridge_resume(const struct invocation *invocation);
enum exit_code command_bridge_replay(const struct invocation *invocation);
enum exit_code command_token_create(const struct invocation *invocation);
enum exit_code command_token_list(const struct invocation *invocation);
enum exit_code command_token_revoke(const struct invocation *invocation);
enum exit_code command_status(const struct invocation *invocation);
enum exit_code command_schema(const struct invocation *invocation);
enum exit_code command_setup(const struct invocation *invocation);
enum exit_code command_reload(const struct invocation *invocation);
enum exit_code command_config_show(const struct invocation *invocation);
enum exit_code command_config_check(const struct invocation *invocation);
enum exit_code command_config_diff(const struct invocation *invocation);
enum exit_code command_log_level(const struct invocation *invocation);
enum exit_code command_clock(const struct invocation *invocation);
enum exit_code command_clock_set(const struct invocation *invocation);
enum exit_code command_backup(const struct invocation *invocation);
enum exit_code command_restore(const struct invocation *invocation);
enum exit_code command_help(const struct invocation *invocation);
enum exit_code command_completion(const struct invocation *invocation);

#endif

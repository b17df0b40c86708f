/* commands.h - what hearthctl can do: one table, from which commands are found and their arguments
 * read, and from which help, usage and completion are printed. */
#ifndef HEARTH_CLI_COMMANDS_H
#define HEARTH_CLI_COMMANDS_H

#include "daemon/cli/invocation.h"

#include <stdio.h>

struct command {
    const char *words; /* "room create" */
    /* As people read it, and as it is parsed: NAME is needed, [NAME] is not, NAME... takes all that
     * follows as one, [--flag] and [--option NAME] may come anywhere. */
    const char *arguments;
    const char *sentence;
    enum exit_code (*run)(const struct invocation *invocation);
};

/* The command that the first words name; words says how many of them. NULL if there is none. */
const struct command *command_find(int argc, char **argv, int *words);

/* Reads what follows the words. False: why is one sentence. */
bool command_parse(const struct command *command, int argc, char **argv,
                   struct invocation *invocation, char *why, size_t why_size);

void commands_print_help(FILE *out);
void command_print_usage(const struct command *command, FILE *out);

/* One function a command, in command_NOUN.c; each answers with the exit code. */
enum exit_code command_room_list(const struct invocation *invocation);
enum exit_code command_room_show(const struct invocation *invocation);
enum exit_code command_room_create(const struct invocation *invocation);
enum exit_code command_room_set(const struct invocation *invocation);
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
enum exit_code command_status(const struct invocation *invocation);
enum exit_code command_backup(const struct invocation *invocation);
enum exit_code command_restore(const struct invocation *invocation);
enum exit_code command_help(const struct invocation *invocation);
enum exit_code command_completion(const struct invocation *invocation);

#endif

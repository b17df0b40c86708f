#include "daemon/cli/commands.h"

#include <string.h>

#define TAKES(option) OPTION_BIT(OPTION_##option)

const struct command commands[] = {
    {"room list", "", TAKES(empty), NULL, "list the rooms", command_room_list},
    {"room show", "ROOM", 0, NULL, "show a room and who is in it", command_room_show},
    {"room create", "ROOM", TAKES(topic) | TAKES(private), NULL, "make a room",
     command_room_create},
    {"room set", "ROOM", TAKES(topic) | TAKES(visibility) | TAKES(keep) | TAKES(slow) | TAKES(speak), NULL,
     "change a room",
     command_room_set},
    {"room rename", "ROOM NAME", 0, NULL,
     "give a room another name; its log, its people and their roles stay", command_room_rename},
    {"room archive", "ROOM", 0, NULL, "let a room be read only, and list it no longer",
     command_room_archive},
    {"room unarchive", "ROOM", 0, NULL, "let an archived room be as it was before",
     command_room_unarchive},
    {"room purge", "ROOM", 0, "All that was said in the room will be gone for good.",
     "remove what was said in a room; the room, its people and their roles stay",
     command_room_purge},
    {"room delete", "[ROOM]", TAKES(empty), "The room and all that was said in it will be gone for good.",
     "remove a room and its log, for good; with --empty all rooms that nobody has used", command_room_delete},
    {"room export", "ROOM [FILE]", 0, NULL, "write a room's log as JSON lines",
     command_room_export},
    {"room import", "FILE [ROOM]", 0, NULL, "read what room export wrote; - is standard input",
     command_room_import},
    {"send", "ROOM [TEXT...]", TAKES(file), NULL, "say something; - takes the text from standard input",
     command_send},
    {"file list", "", TAKES(room) | TAKES(lines), NULL, "list the files, the newest first", command_file_list},
    {"file show", "ID", 0, NULL, "show one file: whose it is, in which message", command_file_show},
    {"file delete", "ID", 0, "The bytes of the file will be gone for good.",
     "remove the bytes of a file; its message stays and says so", command_file_delete},
    {"edit", "ROOM SEQ TEXT...", 0, NULL,
     "change what a message says; tail tells its SEQ, - takes the text from standard input",
     command_edit},
    {"delete", "ROOM SEQ", 0, "The text of the message will be gone for good.",
     "remove the text of a message", command_delete},
    {"tail", "ROOM", TAKES(lines) | TAKES(follow) | TAKES(before), NULL,
     "print the newest messages, each with its SEQ", command_tail},
    {"search", "TEXT...", TAKES(room) | TAKES(from) | TAKES(lines), NULL,
     "find messages, the newest first", command_search},
    {"notice", "TEXT...", 0, NULL, "tell everybody who is here a sentence; it is not kept",
     command_notice},
    {"who", "ROOM", 0, NULL, "list the members of a room", command_who},
    {"invite create", "", TAKES(room) | TAKES(uses) | TAKES(hours), NULL,
     "make a link that lets newcomers in, or into a private room, and print it with a QR code: it is not shown again",
     command_invite_create},
    {"invite list", "", TAKES(room), NULL, "list the invite links", command_invite_list},
    {"invite revoke", "NUMBER", 0, NULL, "revoke an invite link", command_invite_revoke},
    {"invite", "ROOM USER", 0, NULL, "let a user into a private room", command_invite},
    {"role", "ROOM USER owner|moderator|member|guest", 0, NULL, "give a user a role in a room",
     command_role},
    {"kick", "ROOM USER", TAKES(reason), NULL, "put a user out, who may come back", command_kick},
    {"ban list", "", TAKES(room), NULL, "list who is banned, where, for how long, and why",
     command_ban_list},
    {"ban add", "USER", TAKES(room) | TAKES(for) | TAKES(reason) | TAKES(device) | TAKES(from), NULL,
     "keep a user, or a plain client such as client-7, out of a room or of the whole gateway",
     command_ban_add},
    {"ban remove", "NUMBER", 0, NULL, "end a ban", command_ban_remove},
    {"ban", "ROOM USER", TAKES(for) | TAKES(reason) | TAKES(from), NULL,
     "put a user out and keep them out, for ever or a time", command_ban},
    {"unban", "ROOM USER", TAKES(from), NULL, "let a banned user in again", command_unban},
    {"mute list", "", TAKES(room), NULL, "list who is muted, where, for how long, and why",
     command_mute_list},
    {"mute add", "USER", TAKES(room) | TAKES(for) | TAKES(reason) | TAKES(device) | TAKES(from), NULL,
     "let a user read and not speak, in a room or in the whole gateway", command_mute_add},
    {"mute remove", "NUMBER", 0, NULL, "end a mute", command_mute_remove},
    {"mute", "ROOM USER", TAKES(for) | TAKES(reason) | TAKES(from), NULL, "let a user read and not speak", command_mute},
    {"unmute", "ROOM USER", TAKES(from), NULL, "let a muted user speak again", command_unmute},
    {"hook add", "ROOM NAME", TAKES(secret), NULL,
     "make an address that other programs post to, and print it: it is not shown again", command_hook_add},
    {"hook list", "", 0, NULL, "list the hooks", command_hook_list},
    {"hook test", "NAME", 0, NULL, "let a hook say something in its room", command_hook_test},
    {"hook remove", "NAME", 0, NULL, "remove a hook: its address takes nothing any more", command_hook_remove},
    {"newcomers", "[open|ask|invite|closed]", TAKES(for), NULL,
     "what becomes of those whom nobody here knows; a mode counts at once and over restarts, for ever or a time",
     command_newcomers},
    {"knock list", "", 0, NULL, "list who waits to be let in", command_knock_list},
    {"knock admit", "USER", 0, NULL, "let somebody in who waits", command_knock_admit},
    {"knock refuse", "USER", 0, NULL, "send somebody away who waits", command_knock_refuse},
    {"erase", "USER", TAKES(room) | TAKES(last),
     "What the user said will be gone for good.",
     "delete what a user, or a plain client, said, in a room or everywhere", command_erase},
    {"audit", "", TAKES(lines) | TAKES(follow), NULL, "who did what to whom, where and why",
     command_audit},
    {"session list", "", 0, NULL, "list who is connected, from where, and since when",
     command_session_list},
    {"session kick", "NUMBER", TAKES(reason), NULL, "close a connection", command_session_kick},
    {"user list", "[PART]", 0, NULL, "list the users: name, role, here or away, devices", command_user_list},
    {"user show", "USER", 0, NULL, "show one user", command_user_show},
    {"user rename", "USER NAME", 0, NULL, "give a user another name; the old one is held for them", command_user_rename},
    {"user free-name", "NAME", 0, NULL,
     "free a name: one that is held, or one in use, whose user is then called user-N",
     command_user_free_name},
    {"user role", "USER guest|member|moderator|admin", 0, NULL, "give a user a role in the gateway",
     command_user_role},
    {"user password", "USER", 0, NULL,
     "give a user a password, read from standard input; who had one is signed out everywhere",
     command_user_password},
    {"user logout", "USER", 0, NULL, "sign a user out on all devices", command_user_logout},
    {"user forget", "USER", 0, "The user and their direct conversations will be gone for good.",
     "remove a user", command_user_forget},
    {"bridge list", "", 0, NULL, "how bridges and bots are doing, and how far they are behind",
     command_bridge_list},
    {"bridge pause", "NAME", 0, NULL, "let a bridge or bot carry nothing until it is resumed; nothing is lost",
     command_bridge_pause},
    {"bridge resume", "NAME", 0, NULL, "let a bridge or bot go on", command_bridge_resume},
    {"bridge replay", "NAME", TAKES(since) | TAKES(room), NULL,
     "tell a bridge or bot again what was said since", command_bridge_replay},
    {"token create", "NAME", TAKES(role) | TAKES(room), NULL,
     "make a token for a bridge or bot, in the rooms given or in all public ones, and print it: it is not shown again", command_token_create},
    {"token list", "", 0, NULL, "list the tokens", command_token_list},
    {"token revoke", "NAME", 0, NULL, "revoke a token: it opens nothing any more", command_token_revoke},
    {"status", "", TAKES(watch), NULL, "how the gateway is doing", command_status},
    {"setup", "", TAKES(config) | TAKES(name) | TAKES(newcomers) | TAKES(tls) | TAKES(port) |
     TAKES(admin) | TAKES(yes), NULL,
     "ask what a new gateway needs to know, write its configuration, and show its address as a QR code",
     command_setup},
    {"reload", "", 0, NULL,
     "read the configuration again; tells what changed and what waits for a restart, or what is wrong",
     command_reload},
    {"config show", "[NAME]", 0, NULL,
     "print the settings that count, or those of one group, and where each was said",
     command_config_show},
    {"config check", "", 0, NULL, "say whether the configuration is right, and change nothing",
     command_config_check},
    {"config diff", "", 0, NULL, "print what a reload or a restart would change",
     command_config_diff},
    {"log level", "[error|warn|info|debug]", 0, NULL,
     "how much is logged; a level that is given counts until the next reload or start",
     command_log_level},
    {"clock set", "TIME...", 0, NULL,
     "give the gateway the time, until the system's clock is synchronised: 2026-01-31T12:00Z, "
     "2026-01-31 12:00 in the local zone, or seconds since 1970",
     command_clock_set},
    {"clock", "", 0, NULL, "what time the gateway believes it is, and who vouches for it",
     command_clock},
    {"backup", "FILE", TAKES(force), NULL,
     "copy the database while it runs into FILE; - is standard output", command_backup},
    {"restore", "FILE", TAKES(force), NULL,
     "check a backup, put it in place of the database and start again; - is standard input; "
     "--force if there are messages already",
     command_restore},
    {"schema", "[COMMAND...]", 0, NULL,
     "print what a command, or each, prints with --json, as JSON Schema", command_schema},
    {"completion", "bash|zsh|fish", 0, NULL, "print a completion script", command_completion},
    {"help", "[COMMAND...]", TAKES(man), NULL, "say how hearthctl, or one command, is used",
     command_help},
};
const size_t command_count = sizeof commands / sizeof *commands;

const struct option_description option_descriptions[OPTION_COUNT] = {
#define OPTION(name, letter, value, words, sentence) {#name, value, words, sentence, letter},
#include "daemon/cli/options.def"
};

_Static_assert(OPTION_COUNT <= 64, "an option is a bit");

uint64_t command_options(const struct command *command)
{
    return command->options | (command->warning ? TAKES(yes) : 0);
}

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
    for (size_t i = 0; i < command_count; i++)
        if ((*words = count_matching(commands[i].words, argc, argv)) > 0)
            return &commands[i];
    return NULL;
}

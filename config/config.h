/* config.h - what may be set. The table is options.def; the file format is libconfig's. Plain data:
 * the daemon keeps one struct config and reads it everywhere, on the loop thread and, before the
 * threads start, to fill the options of the store. */
#ifndef HEARTH_CONFIG_CONFIG_H
#define HEARTH_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* config->limits.text_bytes, config->storage.path ... TEXT, LIST and NETWORKS are NUL-terminated
 * arrays, INT is int64_t, BOOL is bool, CHOICE is an int: the index of the word, named below. */
#define GROUP(group, sentence) struct config_##group {
#define TEXT(group, name, default, max_bytes, sentence) char name[max_bytes + 1];
#define NETWORKS(group, name, default, max_bytes, sentence) char name[max_bytes + 1];
#define LIST(group, name, default, max_bytes, sentence) char name[max_bytes + 1];
#define INT(group, name, default, min, max, unit, sentence) int64_t name;
#define BOOL(group, name, default, sentence) bool name;
#define CHOICE(group, name, default, words, sentence) int name;
#define END(group) };
#include "config/options.def"

/* Every row of options.def, as an index. */
enum config_row {
#define GROUP(group, sentence) CONFIG_ROW_##group,
#define TEXT(group, name, default, max_bytes, sentence) CONFIG_ROW_##group##_##name,
#define NETWORKS(group, name, default, max_bytes, sentence) CONFIG_ROW_##group##_##name,
#define LIST(group, name, default, max_bytes, sentence) CONFIG_ROW_##group##_##name,
#define INT(group, name, default, min, max, unit, sentence) CONFIG_ROW_##group##_##name,
#define BOOL(group, name, default, sentence) CONFIG_ROW_##group##_##name,
#define CHOICE(group, name, default, words, sentence) CONFIG_ROW_##group##_##name,
#include "config/options.def"
    CONFIG_ROW_COUNT
};

/* Where a value was said. */
enum config_source { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_COMMAND_LINE };
struct config_origin {
    unsigned char source; /* enum config_source */
    unsigned short line;  /* of CONFIG_FILE; 0 in a file that it includes, and beyond 65535 */
};

struct config {
#define GROUP(group, sentence) struct config_##group group;
#include "config/options.def"
    struct config_origin origins[CONFIG_ROW_COUNT];
    char outdated[256]; /* what an earlier version called otherwise and was taken, in words; or empty */
};

enum config_profile { PROFILE_AUTO, PROFILE_NORMAL, PROFILE_SMALL }; /* memory.profile */
enum { LOOP_AUTO, LOOP_POLL };                           /* server.loop */
enum { TLS_OFF, TLS_FILES, TLS_LOCAL_CA };               /* tls.mode */
enum { DURABILITY_POWER_LOSS, DURABILITY_PROCESS_CRASH }; /* storage.durability */
enum { CAPTIVE_OFF, CAPTIVE_ONLINE, CAPTIVE_PORTAL };     /* http.captive */
enum { CREATE_EVERYONE, CREATE_ADMINISTRATOR };           /* rooms.create */
enum { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG }; /* log.level */
enum { TARGET_STDERR, TARGET_SYSLOG };                   /* log.target */
enum { FORMAT_TEXT, FORMAT_JSON };                       /* log.format */

#define CONFIG_INSTALLED "/etc/hearth/hearth.conf" /* as packages install it */

#define CONFIG_WHY_BYTES 512 /* one sentence: "FILE:12: limits.text_bytes is 3; it must be 16 to 65536 bytes." */

/* Every default. */
void config_defaults(struct config *config);

/* Reads a file over what config holds. False: why says file, line and what is wrong, and config is
 * untouched. Unknown groups and keys, wrong types and bounds, and includes that fail are errors. */
bool config_load(struct config *config, const char *path, char *why, size_t why_size);

/* Sets one value from "group.name=value" (the --set of the command line). */
bool config_set(struct config *config, const char *assignment, char *why, size_t why_size);

/* What no single line can check: that values fit each other (a write fits a room's log ...). */
bool config_check(const struct config *config, char *why, size_t why_size);

/* That rooms may be called what they are called. Apart, because it takes all of Unicode's tables: hearthctl is
 * without. */
bool config_check_names(const struct config *config, char *why, size_t why_size);

/* Names of settings, separated by spaces; empty when there are none. */
struct config_changes {
    char applied[4096]; /* that count now */
    char waiting[1024]; /* that count from the next start, and stay as they were until then */
};

/* Lowers what memory.profile lowers, and says which profile counts: ram_bytes are those of the machine, 0
 * when that is not known. After everything has been set, before config_check. */
enum config_profile config_take_profile(struct config *config, int64_t ram_bytes);

/* The same configuration with the other profile's values where it has this one's. */
void config_as_profile(struct config *config, enum config_profile profile);

/* Takes from fresh what may change while the gateway runs. changes says what that was. */
void config_take(struct config *config, const struct config *fresh, struct config_changes *changes);

/* The same changes, and nothing is taken. */
void config_compare(const struct config *config, const struct config *fresh,
                    struct config_changes *changes);

/* One setting as people read it. */
struct config_value {
    char name[64];     /* "limits.text_bytes" */
    const char *value; /* points into config, or at digits */
    char digits[32];
    struct config_origin origin;
    bool needs_restart;
};

/* Fills value; false when the row is no setting but begins a group. */
bool config_value(const struct config *config, enum config_row row, struct config_value *value);

/* Prints a commented file that config_load reads back to the same values. */
void config_print(const struct config *config, FILE *out);

/* The same of what is otherwise than by default, and no more. */
void config_print_changed(const struct config *config, FILE *out);

/* Knocks, sanctions, invite links and devices being paired, all that there may be: gateway.c holds them to it. */
#define CONFIG_DOOR_BYTES (INT64_C(256) << 10)

/* Most memory this configuration allows, in bytes, and its parts; printed by --check-config. */
struct memory_bounds {
    int64_t process, connections, replies, logs, door, jobs, store, total;
};
struct memory_bounds config_memory(const struct config *config);
void config_print_memory(const struct config *config, FILE *out);

/* Connections whose request has not come, beside those of limits.connections. Fewer with TLS, where a
 * handshake takes as much memory as a conversation. */
int64_t config_waiting_max(const struct config *config);

/* Connections that speak TLS and only wait for their end, beside both; 0 without TLS. */
int64_t config_ending_max(const struct config *config);

/* Where the board's own authority is kept: tls beside the database. */
void config_tls_folder(const struct config *config, char *out, size_t out_size);

/* The admin socket's path: admin.socket, or hearth.sock beside the database. */
void config_admin_socket(const struct config *config, char *out, size_t out_size);

#endif

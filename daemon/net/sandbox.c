#include "daemon/net/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/log.h"

#define PATH_BYTES 256
#define TRUNCATE_SINCE 3 /* version of Landlock */

/* All that changes files or runs them; reading is left to the user's rights. */
#define CHANGES                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |  \
     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |         \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |      \
     LANDLOCK_ACCESS_FS_MAKE_SYM)
#define TRUNCATES (UINT64_C(1) << 14) /* LANDLOCK_ACCESS_FS_TRUNCATE, younger than some headers */

static void allow_changes(int ruleset, const char *folder, uint64_t changes)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = changes};
    rule.parent_fd = open(folder, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        log_warn("server: the sandbox has no place for a folder why=\"%s\"", strerror(errno));
    close(rule.parent_fd);
}

static void allow_folder_of(int ruleset, const char *path, uint64_t changes)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) : 1;
    snprintf(folder, sizeof folder, "%.*s", length > 0 ? length : 1, slash ? path : ".");
    allow_changes(ruleset, folder, changes);
}

void sandbox_enter(const struct config *config)
{
    char socket[PATH_BYTES];
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t changes = CHANGES | (version >= TRUNCATE_SINCE ? TRUNCATES : 0);
    struct landlock_ruleset_attr attributes = {.handled_access_fs = changes | LANDLOCK_ACCESS_FS_EXECUTE};
    if (version < 1) {
        log_info("server: the kernel has no Landlock");
        return;
    }
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return;
    config_admin_socket(config, socket, sizeof socket);
    allow_folder_of(ruleset, config->storage.path, changes);
    allow_folder_of(ruleset, socket, changes);
    allow_changes(ruleset, "/dev", LANDLOCK_ACCESS_FS_WRITE_FILE);
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        log_warn("server: the sandbox could not be entered why=\"%s\"", strerror(errno));
    else
        log_info("server: nothing is written outside of the folders of database and socket landlock=%ld", version);
    close(ruleset);
}

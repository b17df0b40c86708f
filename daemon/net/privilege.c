#include "daemon/net/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/log.h"

#define PATH_BYTES 160 /* of the admin socket's lock */

static bool refuse(char *why, size_t why_size, const char *format, const char *name)
{
    snprintf(why, why_size, format, name);
    return false;
}

/* The lock file is beside the socket, and both are taken away at the end. */
static bool give_socket(const char *path, uid_t user, gid_t group)
{
    char lock[PATH_BYTES];
    snprintf(lock, sizeof lock, "%s.lock", path);
    bool is_given = lchown(lock, user, group) == 0 || errno == ENOENT;
    return (lchown(path, user, group) == 0 || errno == ENOENT) && is_given;
}

bool privilege_become(const char *name, const char *path, char *why, size_t why_size)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user)
        return refuse(why, why_size, "--user %s: there is no such user.", name);
    if (user->pw_uid == 0)
        return refuse(why, why_size, "--user %s: that user is root.", name);
    if (geteuid() == user->pw_uid)
        return true;
    if (geteuid() != 0)
        return refuse(why, why_size, "--user %s: only root can become another user.", name);
    if (!give_socket(path, user->pw_uid, user->pw_gid))
        return refuse(why, why_size, "The admin socket could not be given to the user %s.", name);
    if (initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        return refuse(why, why_size, "hearthd could not become the user %s.", name);
    log_info("server: became another user uid=%u gid=%u", (unsigned)user->pw_uid, (unsigned)user->pw_gid);
    return true;
}

void privilege_drop(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];
    static const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_warn("server: what is executed may get more privileges");
    if (geteuid() == 0 || syscall(SYS_capget, &head, have) != 0 ||
        (have[0].permitted | have[1].permitted) == 0)
        return;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &head, none) != 0)
        log_warn("server: the capabilities could not be given up");
}

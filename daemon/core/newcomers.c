#include "daemon/core/newcomers.h"

#include "daemon/core/gateway_private.h"
#include "daemon/core/user.h"

#include <stdlib.h>

#include <utlist.h>

#include "storage/store.h"

void newcomers_init(struct gateway *gateway, const struct store_start *start)
{
    struct newcomers *newcomers = &gateway->newcomers;
    int configured = gateway->config->accounts.newcomers;
    bool is_said = start->newcomers.is_set && start->newcomers.configured == configured;
    newcomers->mode = (enum newcomers_mode)(is_said ? start->newcomers.mode : configured);
    newcomers->spoke_before_ms = is_said ? start->newcomers.spoke_before_ms : gateway->now.wall_ms;
    newcomers->until = is_said ? start->newcomers.until : FOREVER;
    newcomers->afterwards = (enum newcomers_mode)start->newcomers.afterwards;
}

bool newcomers_know(const struct gateway *gateway, const struct user *user)
{
    const struct newcomers *newcomers = &gateway->newcomers;
    bool has_spoken = user->spoke_ms && user->spoke_ms <= newcomers->spoke_before_ms;
    return !user->is_new && (newcomers->mode == NEWCOMERS_OPEN || user->token || user->account ||
                             user->role > ROLE_GUEST || user->admitted || has_spoken);
}

void newcomers_remove(struct gateway *gateway, struct knock *knock)
{
    DL_DELETE(gateway->newcomers.knocks, knock);
    gateway->newcomers.count--;
    free(knock);
}

void newcomers_finish(struct newcomers *newcomers)
{
    while (newcomers->knocks) {
        struct knock *knock = newcomers->knocks;
        DL_DELETE(newcomers->knocks, knock);
        free(knock);
    }
    newcomers->count = 0;
}

static size_t count_from(const struct newcomers *newcomers, uint64_t address_key)
{
    size_t count = 0;
    for (const struct knock *knock = newcomers->knocks; knock; knock = knock->next)
        count += knock->address_key == address_key;
    return count;
}

bool newcomers_add(struct gateway *gateway, const struct knock *like, struct refusal *refusal)
{
    struct newcomers *newcomers = &gateway->newcomers;
    bool is_bounded = like->address_key != 0;
    bool is_crowded = newcomers->count >= KNOCKS_MAX ||
                      (is_bounded && count_from(newcomers, like->address_key) >= KNOCKS_PER_ADDRESS);
    struct knock *knock = is_crowded ? NULL : malloc(sizeof *knock);
    if (!knock) {
        refuse(refusal, ERROR_rate_limited, NULL,
               "As many wait at the door as may; come again when some have been let in.");
        refusal->retry_after_ms = 30000;
        return false;
    }
    *knock = *like;
    DL_APPEND(newcomers->knocks, knock);
    newcomers->count++;
    return true;
}

struct knock *newcomers_find(const struct gateway *gateway, int64_t user_id)
{
    struct knock *knock = gateway->newcomers.knocks;
    while (knock && knock->user_id != user_id)
        knock = knock->next;
    return knock;
}

void newcomers_forget(struct gateway *gateway, uint64_t session)
{
    struct knock *knock = gateway->newcomers.knocks, *next;
    for (; knock; knock = next) {
        next = knock->next;
        if (knock->session == session)
            newcomers_remove(gateway, knock);
    }
}

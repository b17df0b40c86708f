/* bridge.h - what the parts of hearth-bridge share: the gateway that it speaks to, its web and its links.
 * Loop thread. */
#ifndef HEARTH_BRIDGE_BRIDGE_H
#define HEARTH_BRIDGE_BRIDGE_H

#include "daemon/bridge/driver.h"
#include "daemon/bridge/web.h"

#define URL_BYTES_MAX 1024

struct bridge {
    struct web *web;
    char url[URL_BYTES_MAX];  /* of the gateway, without a slash at its end */
    char authorization[256];  /* "Authorization: Bearer ..." */
    char uid[64];             /* of the bridge's own user; empty until it is known */
    bool is_once, is_dry_run;
    bool is_stopping;
    struct link *links;       /* all of them */
    int64_t state_told_ms;    /* when bridge_state was told last */
    char state[256];          /* what was told */
};

int64_t bridge_now_ms(void); /* monotonic */

/* A number of ms between half and all of so many, so that not everybody comes back at once. */
int64_t bridge_jitter(int64_t ms);

/* A request to the gateway's POST /api/v1/do; json is borrowed. done may be NULL. False without memory. */
bool bridge_ask(struct bridge *bridge, json_t *request,
                void (*done)(void *of, const struct web_answer *answer), void *of);

/* A text of a setting, or absent where there is none. */
const char *setting_text(const config_setting_t *setting, const char *name, const char *absent);
bool setting_flag(const config_setting_t *setting, const char *name, bool absent);

#endif

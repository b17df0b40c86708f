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
    char public_url[URL_BYTES_MAX]; /* where others reach it; empty: at url, too */
    char authorization[256];  /* "Authorization: Bearer ..." */
    char ca[256];             /* see web_request */
    char uid[64];             /* of the bridge's own user; empty until it is known */
    int64_t clock_ms;         /* what the gateway's clock was ahead of bridge_now_ms then */
    bool is_introducing;      /* it asks who it is */
    int64_t introduce_ms;     /* not before */
    int64_t turn_ms;          /* a driver wants to be called then; set anew in every turn */
    bool is_once, is_dry_run;
    int64_t began_ms;         /* monotonic */
    bool has_failed;          /* something could not be delivered, or the gateway not reached */
    struct link *links;       /* all of them */
    struct targets *targets;  /* what they lead to: see target.h */
    int64_t state_told_ms;    /* when bridge_state was told last */
    char state[256];          /* what was told */
    char metrics[256];        /* the file that they are written to; empty: none */
    int64_t metrics_ms;       /* when they were written last */
};

int64_t bridge_now_ms(void); /* monotonic */

/* What links to the gateway begin with. */
const char *bridge_address(const struct bridge *bridge);

/* A number of ms between half and all of so many, so that not everybody comes back at once. */
int64_t bridge_jitter(int64_t ms);

/* A POST of JSON to a path of the gateway; json is borrowed. NULL without memory. */
struct web_call *bridge_post(struct bridge *bridge, const char *path, const json_t *json,
                             void (*done)(void *of, const struct web_answer *answer), void *of);

/* The same of a request to /api/v1/do. done may be NULL. False without memory. */
bool bridge_ask(struct bridge *bridge, const json_t *request,
                void (*done)(void *of, const struct web_answer *answer), void *of);

/* Asks who its own user is, when that is due: until then nothing is carried, for it could take back what it
 * brought. Gives the ms until it wants to be called again. */
int64_t bridge_introduce(struct bridge *bridge);

#endif

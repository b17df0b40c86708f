/* asking.h - one request to the gateway that is repeated until it is answered: by what was asked, or by a refusal
 * that another try would not change. Loop thread. */
#ifndef HEARTH_BRIDGE_MESH_ASKING_H
#define HEARTH_BRIDGE_MESH_ASKING_H

#include <jansson.h>

#include "daemon/bridge/bridge.h"

struct asking {
    struct bridge *bridge;
    json_t *request; /* owned; NULL: nothing is asked */
    struct web_call *call;
    int tries;
    int64_t due_ms;
    /* Called once. reply is borrowed; NULL: the gateway refuses it, and has said so in the log. */
    void (*done)(void *of, const json_t *reply);
    void *of;
};

/* Takes the request over. Nothing may be asked already. False without memory, or request is NULL. */
bool asking_begin(struct asking *asking, json_t *request, void (*done)(void *of, const json_t *reply), void *of);
void asking_tick(struct asking *asking);
void asking_finish(struct asking *asking);

#endif

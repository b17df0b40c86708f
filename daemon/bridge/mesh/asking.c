#include "daemon/bridge/mesh/asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

#define RETRY_LEAST_MS 1000
#define RETRY_MOST_MS 30000

static void end(struct asking *asking, const json_t *reply)
{
    json_t *request = asking->request;
    asking->request = NULL;
    asking->done(asking->of, reply);
    json_decref(request);
}

static void again(struct asking *asking, int64_t retry_after_ms)
{
    int64_t backoff_ms = RETRY_LEAST_MS;
    for (int i = 0; i < asking->tries && backoff_ms < RETRY_MOST_MS; i++)
        backoff_ms *= 2;
    asking->tries++;
    backoff_ms = backoff_ms < RETRY_MOST_MS ? backoff_ms : RETRY_MOST_MS;
    asking->due_ms = bridge_now_ms() + (retry_after_ms > 0 ? retry_after_ms : bridge_jitter(backoff_ms));
}

static void answered(void *of, const struct web_answer *answer)
{
    struct asking *asking = of;
    int status = answer->status;
    bool is_refused = status >= 400 && status < 500 && status != 401 && status != 408 && status != 429;
    asking->call = NULL;
    json_t *reply = status == 200 ? json_loadb(answer->body, answer->length, 0, NULL) : NULL;
    if (is_refused)
        log_warn("mesh: the gateway refuses a request status=%d answer=\"%.120s\"", status, answer->body);
    if (status == 200 || is_refused)
        end(asking, reply);
    else
        again(asking, answer->retry_after_ms);
    json_decref(reply);
}

static void ask(struct asking *asking)
{
    asking->call = bridge_post(asking->bridge, "/api/v1/do", asking->request, answered, asking);
    if (!asking->call)
        again(asking, 0);
}

bool asking_begin(struct asking *asking, json_t *request, void (*done)(void *of, const json_t *reply), void *of)
{
    if (!request)
        return false;
    asking->request = request;
    asking->done = done;
    asking->of = of;
    asking->tries = 0;
    ask(asking);
    return true;
}

void asking_tick(struct asking *asking)
{
    if (asking->request && !asking->call && bridge_now_ms() >= asking->due_ms)
        ask(asking);
}

void asking_finish(struct asking *asking)
{
    web_cancel(asking->bridge->web, asking->call);
    json_decref(asking->request);
    asking->request = NULL;
    asking->call = NULL;
}

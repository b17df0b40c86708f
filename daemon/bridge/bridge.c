#include "daemon/bridge/bridge.h"

#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define ASK_MS 15000
#define INTRODUCE_AGAIN_MS 5000

/* What a test lets pass: the ms in the file that HEARTH_TEST_CLOCK names. */
static int64_t advanced_ms(void)
{
    int64_t ms = 0;
#ifdef HEARTH_TEST_ENDPOINTS
    const char *path = getenv("HEARTH_TEST_CLOCK");
    FILE *file = path ? fopen(path, "rb") : NULL;
    if (file && fread(&ms, sizeof ms, 1, file) != 1)
        ms = 0;
    if (file)
        fclose(file);
#endif
    return ms;
}

const char *bridge_address(const struct bridge *bridge)
{
    return bridge->public_url[0] ? bridge->public_url : bridge->url;
}

int64_t bridge_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + advanced_ms();
}

int64_t bridge_jitter(int64_t ms)
{
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        chance = 0;
    return ms / 2 + (int64_t)chance % (ms / 2 + 1);
}

/* --- asking the gateway --------------------------------------------------------------------------- */

static void ignore(void *of, const struct web_answer *answer)
{
    (void)of;
    (void)answer;
}

struct web_call *bridge_post(struct bridge *bridge, const char *path, const json_t *json,
                             void (*done)(void *of, const struct web_answer *answer), void *of)
{
    char url[URL_BYTES_MAX + 32], *body = json_dumps(json, JSON_COMPACT);
    snprintf(url, sizeof url, "%s%s", bridge->url, path);
    const struct web_request request = {.url = url, .body = body, .length = body ? strlen(body) : 0,
                                        .headers = {bridge->authorization, "Content-Type: application/json"},
                                        .timeout_ms = ASK_MS, .may_be_private = true, .ca = bridge->ca,
                                        .done = done ? done : ignore, .of = of};
    struct web_call *call = body ? web_begin(bridge->web, &request) : NULL;
    free(body);
    return call;
}

bool bridge_ask(struct bridge *bridge, const json_t *json,
                void (*done)(void *of, const struct web_answer *answer), void *of)
{
    return bridge_post(bridge, "/api/v1/do", json, done, of) != NULL;
}

/* --- who it is ------------------------------------------------------------------------------------ */

static void note_self(void *of, const struct web_answer *answer)
{
    struct bridge *bridge = of;
    json_t *reply = json_loadb(answer->body, answer->length, 0, NULL);
    const char *uid = json_string_value(json_object_get(json_object_get(reply, "user"), "uid"));
    char why[160];
    web_describe(answer, "the gateway", why, sizeof why);
    bridge->is_introducing = false;
    bridge->introduce_ms = bridge_now_ms() + bridge_jitter(INTRODUCE_AGAIN_MS);
    bridge->clock_ms = json_integer_value(json_object_get(reply, "time")) - bridge_now_ms();
    if (answer->status == 200 && uid)
        snprintf(bridge->uid, sizeof bridge->uid, "%s", uid);
    else
        log_warn("bridge: who it is was not told why=\"%s\"", why);
    bridge->has_failed = !bridge->uid[0];
    json_decref(reply);
}

int64_t bridge_introduce(struct bridge *bridge)
{
    int64_t left_ms = bridge->introduce_ms - bridge_now_ms();
    if (bridge->uid[0] || bridge->is_introducing)
        return INT64_MAX;
    if (left_ms > 0)
        return left_ms;
    json_t *hello = json_pack("{s:s, s:s}", "type", "hello", "token",
                              bridge->authorization + strlen("Authorization: Bearer "));
    bridge->is_introducing = bridge_ask(bridge, hello, note_self, bridge);
    bridge->introduce_ms = bridge_now_ms() + INTRODUCE_AGAIN_MS;
    json_decref(hello);
    return INTRODUCE_AGAIN_MS;
}

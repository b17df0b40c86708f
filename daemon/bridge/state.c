#include "daemon/bridge/state.h"

#include "daemon/bridge/bridge.h"
#include "daemon/bridge/link.h"
#include "daemon/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TELL_MS 2000
#define WRITE_MS 15000

/* --- to the gateway ------------------------------------------------------------------------------- */

/* "2 of 3 links are well; ci: HTTP 500". Whether all are. */
static bool sum_up(const struct bridge *bridge, char *out, size_t size)
{
    struct link_figures figures, ill = {0};
    size_t well = 0, count = 0;
    for (const struct link *link = NULL; (link = link_next(bridge, link, &figures)); count++) {
        well += figures.why[0] == '\0';
        if (figures.why[0])
            ill = figures;
    }
    int used = snprintf(out, size, "%zu of %zu links are well", well, count);
    if (well < count)
        snprintf(out + used, size - (size_t)used, "; %.60s: %.120s", ill.name, ill.why);
    return well == count;
}

static void tell_gateway(struct bridge *bridge, int64_t now_ms)
{
    char state[sizeof bridge->state];
    bool is_well = sum_up(bridge, state, sizeof state);
    if (bridge->is_dry_run || now_ms < bridge->state_told_ms + TELL_MS || strcmp(state, bridge->state) == 0)
        return;
    bridge->state_told_ms = now_ms;
    json_t *request = json_pack("{s:s, s:s, s:b}", "type", "bridge_state", "text", state, "ok", is_well);
    if (bridge_ask(bridge, request, NULL, NULL))
        memcpy(bridge->state, state, sizeof state);
    json_decref(request);
}

/* --- to Prometheus -------------------------------------------------------------------------------- */

static void print_label(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static void print_metric(FILE *out, const struct bridge *bridge, const char *name, const char *type, const char *help,
                         int64_t (*value)(const struct link_figures *figures))
{
    struct link_figures figures;
    fprintf(out, "# HELP hearth_bridge_%s %s\n# TYPE hearth_bridge_%s %s\n", name, help, name, type);
    for (const struct link *link = NULL; (link = link_next(bridge, link, &figures));) {
        fprintf(out, "hearth_bridge_%s{target=\"", name);
        print_label(out, figures.name);
        fputs("\",room=\"", out);
        print_label(out, figures.room);
        fprintf(out, "\"} %" PRId64 "\n", value(&figures));
    }
}

static int64_t delivered(const struct link_figures *figures) { return figures->delivered; }
static int64_t passed(const struct link_figures *figures) { return figures->passed; }
static int64_t failures(const struct link_figures *figures) { return figures->failures; }
static int64_t is_well(const struct link_figures *figures) { return figures->why[0] == '\0'; }
static int64_t delivered_s(const struct link_figures *figures) { return figures->delivered_ts / 1000; }

static void print_metrics(FILE *out, const struct bridge *bridge)
{
    print_metric(out, bridge, "well", "gauge", "1 while the link does what it should.", is_well);
    print_metric(out, bridge, "delivered_total", "counter", "Entries that the other side took.", delivered);
    print_metric(out, bridge, "passed_total", "counter", "Entries that it never will take, passed over.", passed);
    print_metric(out, bridge, "failures_total", "counter", "Tries that failed, and are made again.", failures);
    print_metric(out, bridge, "delivered_time_seconds", "gauge", "When the entry taken last was said.", delivered_s);
}

/* Whole or not at all: under another name first. */
void state_write(struct bridge *bridge)
{
    if (!bridge->metrics[0])
        return;
    bridge->metrics_ms = bridge_now_ms();
    char beside[sizeof bridge->metrics + 8];
    snprintf(beside, sizeof beside, "%s.new", bridge->metrics);
    FILE *out = fopen(beside, "we");
    bool is_whole = out != NULL;
    if (out) {
        print_metrics(out, bridge);
        is_whole = !ferror(out);
        is_whole &= fclose(out) == 0;
    }
    if (!is_whole || rename(beside, bridge->metrics) != 0)
        log_warn("bridge: metrics are not written why=\"%s\"", strerror(errno));
}

void state_tell(struct bridge *bridge)
{
    int64_t now_ms = bridge_now_ms();
    tell_gateway(bridge, now_ms);
    if (!bridge->metrics_ms || now_ms >= bridge->metrics_ms + WRITE_MS)
        state_write(bridge);
}

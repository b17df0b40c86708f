/* metrics.c - the figures as Prometheus text (exposition format 0.0.4). */
#include "daemon/core/gateway_private.h"
#include "daemon/core/token.h"
#include "daemon/core/token_cursor.h"
#include "daemon/core/user.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define TURN_BUCKET_US 16 /* the first bucket's upper bound; each next one is twice as wide */

struct metric {
    const char *name, *type, *sentence;
};

static const struct metric metrics[] = {
#define METRIC(name, type, expression, sentence) {"hearth_" #name, #type, sentence},
#include "daemon/core/metrics.def"
};
#define METRIC_COUNT (sizeof metrics / sizeof metrics[0])

__attribute__((format(printf, 2, 3))) static void print(struct buffer *out, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_append_text(out, line);
}

static void print_head(struct buffer *out, const char *name, const char *type, const char *sentence)
{
    print(out, "# HELP %s %s\n# TYPE %s %s\n", name, sentence, name, type);
}

static void print_errors(struct buffer *out, const struct figures *figures)
{
    print_head(out, "hearth_errors_total", "counter", "Requests answered with an error, by its code.");
    for (enum error_code code = ERROR_none + 1; code < ERROR_COUNT; code++)
        print(out, "hearth_errors_total{error_code=\"%s\"} %" PRId64 "\n", error_code_name(code),
              figures->errors[code]);
}

static void print_refusals(struct buffer *out, const struct connection_figures *connections)
{
    print_head(out, "hearth_refusals_total", "counter",
               "Connections and HTTP requests refused before they could ask, by reason.");
    for (size_t i = 0; i < connections->refusal_count; i++)
        print(out, "hearth_refusals_total{reason=\"%s\"} %" PRId64 "\n",
              connections->refusals[i].reason, connections->refusals[i].count);
}

static void print_joins(struct buffer *out, const struct figures *figures)
{
    static const char *const schemes[] = {"http", "https"};
    print_head(out, "hearth_joins_total", "counter", "Rooms joined, by how the client came.");
    for (size_t i = 0; i < 2; i++)
        print(out, "hearth_joins_total{scheme=\"%s\"} %" PRId64 "\n", schemes[i], figures->joins[i]);
}

static void print_clock(struct buffer *out, enum clock_state state)
{
    print_head(out, "hearth_clock_state", "gauge", "1 at who vouches for the time of day.");
    for (int i = 0; i < vocabulary_count(WORDS_clock_state); i++)
        print(out, "hearth_clock_state{state=\"%s\"} %d\n", word_of(WORDS_clock_state, i),
              i == (int)state);
}

static void print_behind(struct buffer *out, struct gateway *gateway)
{
    print_head(out, "hearth_bridge_behind_seqs", "gauge",
               "Between where the bridge has got to and the newest entry, in the room where that is most.");
    for (const struct token *token = gateway->tokens.first; token; token = token->next)
        if (token->row.role == TOKEN_ROLE_BRIDGE)
            print(out, "hearth_bridge_behind_seqs{bridge=\"%s\"} %lld\n", token->row.name,
                  (long long)token_cursors_behind(gateway, token));
}

/* Up: it is here, and has not said that something is wrong. No name holds a quote or a backslash. */
static void print_bridges(struct buffer *out, const struct gateway *gateway)
{
    print_head(out, "hearth_bridge_up", "gauge",
               "1 while the bridge is connected and has not said that it fares badly.");
    for (const struct token *token = gateway->tokens.first; token; token = token->next) {
        const struct user *user = user_find_id(gateway, token->row.user_id);
        bool fares_badly = token->state.since_ms != 0 && !token->state.is_ok;
        if (token->row.role != TOKEN_ROLE_BRIDGE)
            continue;
        print(out, "hearth_bridge_up{bridge=\"%s\"} %d\n", token->row.name,
              user && user->sessions && !fares_badly);
    }
}

static void print_turns(struct buffer *out, const struct figures *figures)
{
    int64_t count = 0;
    print_head(out, "hearth_loop_turn_seconds", "histogram", "How long a turn of the loop took.");
    for (int i = 0; i < TURN_BUCKETS; i++) {
        count += figures->turns[i];
        if (i == TURN_BUCKETS - 1)
            print(out, "hearth_loop_turn_seconds_bucket{le=\"+Inf\"} %" PRId64 "\n", count);
        else
            print(out, "hearth_loop_turn_seconds_bucket{le=\"%.6f\"} %" PRId64 "\n",
                  (double)(TURN_BUCKET_US << i) / 1e6, count);
    }
    print(out, "hearth_loop_turn_seconds_sum %.6f\n", (double)figures->turn_sum_us / 1e6);
    print(out, "hearth_loop_turn_seconds_count %" PRId64 "\n", count);
}

bool gateway_metrics(struct gateway *gateway, const struct connection_figures *connections,
                     struct buffer *out)
{
    const struct store_figures store = store_figures(gateway->storage.store);
    const double values[METRIC_COUNT] = {
#define METRIC(name, type, expression, sentence) (double)(expression),
#include "daemon/core/metrics.def"
    };
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        print_head(out, metrics[i].name, metrics[i].type, metrics[i].sentence);
        print(out, "%s %.15g\n", metrics[i].name, values[i]);
    }
    print_head(out, "hearth_build_info", "gauge", "Always 1; the label says which version this is.");
    print(out, "hearth_build_info{version=\"%s\"} 1\n", HEARTH_VERSION);
    print_clock(out, gateway->now.clock);
    print_joins(out, &gateway->figures);
    print_bridges(out, gateway);
    print_behind(out, gateway);
    print_errors(out, &gateway->figures);
    print_refusals(out, connections);
    print_turns(out, &gateway->figures);
    return !out->failed;
}

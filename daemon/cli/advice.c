#include "daemon/cli/advice.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/terminal.h"

#define FREE_BYTES_LOW   (INT64_C(64) << 20)
#define BACKUP_AGE_MS    (INT64_C(7) * 86400000)
#define UPTIME_MS        INT64_C(3600000) /* a gateway that has just been installed needs no backup yet */
#define SHARE_FULL       90               /* per cent */

static int64_t number_of(const json_t *status, const char *key)
{
    return json_integer_value(json_object_get(status, key));
}

static bool is_true(const json_t *status, const char *key)
{
    return json_is_true(json_object_get(status, key));
}

static void print_failure(const json_t *status)
{
    const char *failure = json_string_value(json_object_get(status, "failure"));
    fputs("! Storage is failing", stdout);
    if (failure)
        fputs(": ", stdout);
    terminal_print(stdout, failure ? failure : "", 0);
    puts(".\n  Nothing acknowledged is lost, and it goes on by itself once the disk does: free some space,\n"
         "  or look at the card (dmesg).");
}

static bool has_little_space(const json_t *status)
{
    return json_object_get(status, "free_bytes") && number_of(status, "free_bytes") < FREE_BYTES_LOW;
}

static void print_space(const json_t *status)
{
    fputs("! The disk is nearly full: ", stdout);
    terminal_print_bytes(stdout, number_of(status, "free_bytes"));
    puts(" are free.\n  storage.max_bytes sets a ceiling, retention.age_days an age; hearthctl room purge makes room.");
}

static bool is_crowded(const json_t *status)
{
    return number_of(status, "connections") * 100 >= number_of(status, "connections_max") * SHARE_FULL;
}

static bool has_old_backup(const json_t *status)
{
    int64_t last = number_of(status, "last_backup");
    return is_true(status, "clock_set") && number_of(status, "uptime_ms") > UPTIME_MS &&
           number_of(status, "time") - last > BACKUP_AGE_MS;
}

static void print_tls(const char *warning)
{
    fputs("! TLS: ", stdout);
    terminal_print(stdout, warning, 0);
    putchar('\n');
}

void advice_print(const json_t *status)
{
    const char *tls = json_string_value(json_object_get(status, "tls_warning"));
    bool is_well = true;
    if (is_true(status, "failing"))
        is_well = false, print_failure(status);
    if (has_little_space(status))
        is_well = false, print_space(status);
    if (!is_true(status, "clock_set"))
        is_well = false, puts("! The clock is not set; what is said now has no date.\n"
                              "  hearthctl clock set TIME gives the time until the system knows it.");
    if (is_crowded(status))
        is_well = false, puts("! Nearly as many are connected as may be; limits.connections allows more.");
    if (tls)
        is_well = false, print_tls(tls);
    if (has_old_backup(status))
        is_well = false, puts("! The last backup is older than a week, or there is none: hearthctl backup FILE.");
    if (is_well)
        puts("all is well");
}

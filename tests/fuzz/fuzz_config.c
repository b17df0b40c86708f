/* Any file is read or refused with a sentence; what was read prints and reads back. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* libconfig 1.5 loses what it was reading when the syntax is wrong. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig";
}

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    demand(file && fwrite(bytes, 1, length, file) == length);
    demand(fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct config config, again;
    char path[64], why[CONFIG_WHY_BYTES] = "";
    if (memmem(bytes, length, "@include", 8))
        return 0; /* other people's files */
    snprintf(path, sizeof path, "/tmp/hearth-fuzz-config-%ld", (long)getpid());
    write_file(path, bytes, length);
    config_defaults(&config);
    if (config_load(&config, path, why, sizeof why)) {
        FILE *file = fopen(path, "w");
        demand(file != NULL);
        config_print(&config, file);
        demand(fclose(file) == 0);
        config_defaults(&again);
        demand(config_load(&again, path, why, sizeof why));
        (void)config_check(&config, why, sizeof why);
    } else {
        demand(why[0] != '\0');
    }
    unlink(path);
    return 0;
}

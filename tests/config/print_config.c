/* Prints the defaults as hearthd --print-config does, over a file if one is named. */
#include "config/config.h"

int main(int argc, char **argv)
{
    static struct config config;
    char why[CONFIG_WHY_BYTES];
    config_defaults(&config);
    if (argc > 1 && !config_load(&config, argv[1], why, sizeof why)) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    config_print(&config, stdout);
    return 0;
}

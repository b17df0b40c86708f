#include "daemon/net/route.h"

#include <string.h>

bool route_matches(const char *pattern, const char *path, char *name, size_t name_size)
{
    while (*pattern && *path) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t length = strcspn(path, "/");
        if (length == 0 || length >= name_size)
            return false;
        memcpy(name, path, length);
        name[length] = '\0';
        pattern += strcspn(pattern, "}") + 1;
        path += length;
    }
    return *pattern == *path;
}

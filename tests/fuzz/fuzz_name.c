/* Whatever is taken as a name stays a name, keeps its fold, and fits. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/name.h"
#include "protocol/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

static void check_name(const char *text)
{
    char name[NAME_BYTES_MAX + 1], again[NAME_BYTES_MAX + 1], folded[NAME_BYTES_MAX + 1];
    if (name_normalise(text, 64, name) != NAME_OK)
        return;
    demand(strlen(name) <= NAME_BYTES_MAX && text_count_characters(name) <= 64);
    demand(name_normalise(name, 64, again) == NAME_OK && strcmp(name, again) == 0);
    demand(name_fold(name, folded) && folded[0] && !strpbrk(folded, "@,#/:\"<>\\\n"));
    demand(name_fold(folded, again) && strcmp(folded, again) == 0);
    (void)name_is_reserved(folded);
}

static void check_direct(const char *text)
{
    char a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1], room[ROOM_NAME_BYTES_MAX + 1];
    char other[ROOM_NAME_BYTES_MAX + 1];
    if (!name_split_direct(text, a, b) || !name_of_direct_room(a, b, room))
        return;
    demand(name_of_direct_room(b, a, other) && strlen(room) == strlen(other));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return 0;
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    demand(text_count_characters(text) <= strlen(text));
    check_name(text);
    check_direct(text);
    free(text);
    return 0;
}

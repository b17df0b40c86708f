/* Letters of Cyrillic and Greek that look like a Latin letter or a digit (after Unicode UTS 39, as far as
 * common fonts draw them alike). Both cases stand here: Greek small mu looks like no m, the capital like M. */
#include "protocol/name.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "protocol/fold.h"
#include "protocol/text.h"

struct likeness {
    int32_t letter;
    char looks;
};

/* By letter, rising. */
static const struct likeness likenesses[] = {
    {0x037F, 'J'}, {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'}, {0x0396, 'Z'}, {0x0397, 'H'},
    {0x0399, 'I'}, {0x039A, 'K'}, {0x039C, 'M'}, {0x039D, 'N'}, {0x039F, 'O'}, {0x03A1, 'P'},
    {0x03A4, 'T'}, {0x03A5, 'Y'}, {0x03A7, 'X'}, {0x03B1, 'a'}, {0x03B3, 'y'}, {0x03B7, 'n'},
    {0x03B9, 'i'}, {0x03BA, 'k'}, {0x03BD, 'v'}, {0x03BF, 'o'}, {0x03C1, 'p'}, {0x03C3, 'o'},
    {0x03C4, 't'}, {0x03C5, 'u'}, {0x03C7, 'x'}, {0x03C9, 'w'}, {0x03F2, 'c'}, {0x03F3, 'j'},
    {0x03F9, 'C'}, {0x03FA, 'M'}, {0x0405, 'S'}, {0x0406, 'I'}, {0x0408, 'J'}, {0x0410, 'A'},
    {0x0412, 'B'}, {0x0415, 'E'}, {0x0417, '3'}, {0x041A, 'K'}, {0x041C, 'M'}, {0x041D, 'H'},
    {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'}, {0x0422, 'T'}, {0x0423, 'Y'}, {0x0425, 'X'},
    {0x0430, 'a'}, {0x0431, '6'}, {0x0433, 'r'}, {0x0435, 'e'}, {0x0437, '3'}, {0x043A, 'k'},
    {0x043E, 'o'}, {0x043F, 'n'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0442, 't'}, {0x0443, 'y'},
    {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'}, {0x0458, 'j'}, {0x0474, 'V'}, {0x0475, 'v'},
    {0x04AE, 'Y'}, {0x04AF, 'y'}, {0x04BB, 'h'}, {0x04C0, 'I'}, {0x04CF, 'l'}, {0x0501, 'd'},
    {0x050C, 'G'}, {0x051A, 'Q'}, {0x051B, 'q'}, {0x051C, 'W'}, {0x051D, 'w'},
};

static int compare(const void *letter, const void *likeness)
{
    int32_t a = *(const int32_t *)letter, b = ((const struct likeness *)likeness)->letter;
    return (a > b) - (a < b);
}

static int32_t look_of(int32_t letter)
{
    const struct likeness *found =
        letter < 0x80 ? NULL
                      : bsearch(&letter, likenesses, sizeof likenesses / sizeof *likenesses,
                                sizeof *likenesses, compare);
    return found ? found->looks : letter;
}

bool name_skeleton(const char *name, char out[NAME_BYTES_MAX + 1])
{
    char looks[NAME_BYTES_MAX + 5];
    const char *end = name + strlen(name);
    size_t written = 0;
    for (size_t length; name < end; name += length) {
        int32_t letter = text_next(name, (size_t)(end - name), &length);
        if (letter == TEXT_BROKEN || written > NAME_BYTES_MAX)
            return false;
        written += (size_t)utf8proc_encode_char(look_of(letter), (utf8proc_uint8_t *)looks + written);
    }
    looks[written] = '\0';
    return text_fold_name(looks, out, NAME_BYTES_MAX + 1);
}

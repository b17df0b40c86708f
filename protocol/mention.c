#include "protocol/mention.h"

#include "protocol/mention_script.h"
#include "protocol/name.h"
#include "protocol/text.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define NAME_CHARACTERS_MAX 64

struct wanted {
    const char *folded;
    const char *const *longer;
    size_t count;
};

/* --- where a name ends ------------------------------------------------------------------------- */

static int32_t next(const char *text, const char *end, size_t *size)
{
    *size = 0;
    return text < end ? text_next(text, (size_t)(end - text), size) : 0;
}

static int32_t before(const char *text, const char *at)
{
    size_t size;
    if (at == text)
        return 0;
    do
        at--;
    while (at > text && ((unsigned char)*at & 0xC0) == 0x80);
    return text_next(at, 4, &size);
}

/* The scripts of the name's last letter; of a name without letters those of ASCII. */
static unsigned scripts_of_name(const char *name, bool *ends_in_word)
{
    unsigned scripts = SCRIPT_LATIN;
    for (size_t size; *name; name += size) {
        int32_t character = text_next(name, strlen(name), &size);
        bool is_letter = character_is_letter(character);
        if (is_letter)
            scripts = script_of(character);
        *ends_in_word = is_letter || character_is_number(character);
    }
    return scripts;
}

static bool is_variation(int32_t character)
{
    return character == 0xFE0E || character == 0xFE0F;
}

static bool joins(int32_t character)
{
    bool is_tone = character >= 0x1F3FB && character <= 0x1F3FF; /* skin tones */
    return character == 0x200D || is_tone ||
           (character_is_mark(character) && !is_variation(character));
}

/* Whether the word goes on behind the name, so that the name is not what was meant. */
static bool goes_on(const char *name, const char *at, const char *end)
{
    size_t size, more;
    int32_t character = next(at, end, &size);
    bool ends_in_word = false;
    if (!character)
        return false;
    if (joins(character) || character_is_number(character))
        return true;
    if (character == '_') {
        int32_t behind = next(at + size, end, &more);
        return character_is_letter(behind) || character_is_number(behind);
    }
    if (!character_is_letter(character))
        return false;
    unsigned scripts = scripts_of_name(name, &ends_in_word), others = script_of(character);
    bool is_same = scripts == others || (scripts & others);
    return is_same && ends_in_word && !begins_with_particle(at, (size_t)(end - at));
}

/* --- a name behind an @ ------------------------------------------------------------------------ */

static bool ends_names(int32_t character)
{
    return character <= 0 || (character < 0x80 && strchr("@,#/:\"<>\\\n", (int)character));
}

static const char *known(const struct wanted *wanted, const char *folded)
{
    if (strcmp(folded, wanted->folded) == 0)
        return wanted->folded;
    for (size_t i = 0; i < wanted->count; i++)
        if (strcmp(folded, wanted->longer[i]) == 0)
            return wanted->longer[i];
    return NULL;
}

/* Whether this can still become the name or one that begins with it. A last character that is yet to be
 * composed with what follows (an accent, the parts of a syllable) tells nothing. */
static bool may_become(const char *folded, const char *name, int32_t following)
{
    bool is_composing = character_is_mark(following) || (following >= 0x1160 && following <= 0x11FF);
    size_t length = strlen(folded), most = strlen(name);
    return is_composing || strncmp(folded, name, length < most ? length : most) == 0;
}

/* The longest name that stands behind the @ is the wanted one. */
static bool calls_at(const char *text, const char *at, const char *end, const struct wanted *wanted)
{
    char piece[NAME_BYTES_MAX + 1], folded[NAME_BYTES_MAX + 1];
    const char *found = NULL;
    int32_t first = before(text, at);
    if ((character_is_letter(first) && !(script_of(first) & SCRIPTS_UNSPACED)) || character_is_number(first))
        return false;
    const char *name = ++at;
    for (int count = 0; count < NAME_CHARACTERS_MAX; count++) {
        size_t size;
        int32_t character = next(at, end, &size);
        if (ends_names(character) || (size_t)(at - name) + size > NAME_BYTES_MAX)
            break;
        at += size;
        if (is_variation(character) || character == 0x200D || character == 0x200C)
            continue;
        memcpy(piece, name, (size_t)(at - name));
        piece[at - name] = '\0';
        if (!name_fold(piece, folded) ||
            !may_become(folded, wanted->folded, next(at, end, &size)))
            break;
        const char *whole = known(wanted, folded);
        if (whole && !goes_on(whole, at, end))
            found = whole;
    }
    return found == wanted->folded;
}

/* --- what is no plain text --------------------------------------------------------------------- */

static const char *line_end(const char *at)
{
    return at + strcspn(at, "\n");
}

static size_t ticks(const char *at)
{
    return strspn(at, "`");
}

/* Behind the code that begins with the backticks at this place; behind these when none does. */
static const char *behind_code(const char *at, const char *end)
{
    size_t count = ticks(at);
    const char *inside = at + count;
    for (const char *close = inside; close < end; close += ticks(close) ? ticks(close) : 1) {
        if (*close != '`' || ticks(close) != count)
            continue;
        bool is_blank = strspn(inside, " \t") >= (size_t)(close - inside);
        return is_blank ? inside : close + count;
    }
    return inside;
}

/* Behind what stands between two fences; NULL when none begins on this line. */
static const char *behind_fence(const char *line)
{
    const char *at = line + strspn(line, " \t");
    const char *end = line_end(at);
    if (ticks(at) != 3)
        return NULL;
    const char *close = strstr(at + 3, "```");
    if (!close || close < end)
        return NULL;
    return close + ticks(close);
}

static bool is_quote(const char *line)
{
    return line[0] == '>' && (line[1] == ' ' || line[1] == '@' || line[1] == '\n' || line[1] == '\0');
}

/* Characters that no written address goes on over: see web/src/links.ts. */
static bool stops_link(int32_t character, int32_t behind)
{
    if (character <= 0x20 || character == 0x7F)
        return true;
    if (character < 0x80)
        return strchr("<>\"`", (int)character) != NULL;
    if (character == 0xB7 || character == 0x2013 || character == 0x2019 || character == 0x30FB)
        return !character_is_letter(behind) && !character_is_number(behind);
    bool is_space = character == 0xA0 || character == 0x3000 || (character >= 0x2000 && character <= 0x200F);
    return is_space || character_is_sign(character) || (character >= 0x2028 && character <= 0x206F);
}

/* Behind the link that begins here; NULL when none does. */
static const char *behind_link(const char *text, const char *at, const char *end)
{
    size_t length = strncasecmp(at, "https://", 8) == 0 ? 8 : strncasecmp(at, "http://", 7) == 0 ? 7 : 0;
    char first = at > text ? at[-1] : ' ';
    bool is_within = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                     (first >= '0' && first <= '9') || first == '_';
    if (length == 0 || is_within)
        return NULL;
    const char *host = at + length;
    int brackets = 0;
    for (at = host; at < end;) {
        size_t size, more;
        int32_t character = next(at, end, &size);
        if (stops_link(character, next(at + size, end, &more)))
            break;
        bool opens = character < 0x80 && strchr("([{", (int)character);
        bool closes = character < 0x80 && strchr(")]}", (int)character);
        brackets += opens - closes;
        if (brackets < 0)
            break;
        at += size;
    }
    while (at > host && strchr(".,;:!?'*_~|^\\([{", at[-1]))
        at--;
    return at > host ? at : NULL;
}

/* --- all of it ----------------------------------------------------------------------------------- */

static bool line_calls(const char *text, const char *at, const struct wanted *wanted)
{
    const char *end = line_end(at);
    while (at < end) {
        const char *behind = NULL;
        if (*at == '`')
            behind = behind_code(at, end);
        else if (*at == 'h' || *at == 'H')
            behind = behind_link(text, at, end);
        else if (*at == '@' && calls_at(text, at, end, wanted))
            return true;
        at = behind ? behind : at + 1;
    }
    return false;
}

bool mention_calls(const char *text, const char *folded, const char *const *longer, size_t count)
{
    struct wanted wanted = {folded, longer, count};
    if (!strchr(text, '@') || !folded[0])
        return false;
    for (const char *line = text; *line;) {
        const char *behind = behind_fence(line);
        if (behind)
            line = behind; /* what stands beside the second fence is plain text */
        if ((behind || !is_quote(line)) && line_calls(text, line, &wanted))
            return true;
        line = line_end(line);
        if (*line)
            line++;
    }
    return false;
}

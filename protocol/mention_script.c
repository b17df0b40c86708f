#include "protocol/mention_script.h"

#include "protocol/text.h"

#include <string.h>

#include <utf8proc.h>

#define SYLLABLES_MAX 16 /* of particles in a row */

struct range {
    int32_t first, last;
    unsigned scripts;
};

/* The others that matter are single blocks; what is not here has no particles and counts as one. */
static const struct range ranges[] = {
    {0x41, 0x5A, SCRIPT_LATIN},        {0x61, 0x7A, SCRIPT_LATIN},
    {0xAA, 0xAA, SCRIPT_LATIN},        {0xBA, 0xBA, SCRIPT_LATIN},
    {0xC0, 0x2AF, SCRIPT_LATIN},       {0x370, 0x3FF, 1 << 6},     /* Greek */
    {0x400, 0x52F, 1 << 7},            /* Cyrillic */
    {0x590, 0x5FF, 1 << 8},            /* Hebrew */
    {0x600, 0x6FF, 1 << 9},            {0x750, 0x77F, 1 << 9},     /* Arabic */
    {0x900, 0x97F, 1 << 10},           /* Devanagari */
    {0xE00, 0xE7F, SCRIPT_THAI},       {0x1100, 0x11FF, SCRIPT_HANGUL},
    {0x1E00, 0x1EFF, SCRIPT_LATIN},    {0x1F00, 0x1FFF, 1 << 6},
    {0x2C60, 0x2C7F, SCRIPT_LATIN},    {0x2E80, 0x2FDF, SCRIPT_HAN},
    {0x3005, 0x3007, SCRIPT_HAN},      {0x3041, 0x309F, SCRIPT_HIRAGANA},
    {0x30A0, 0x30FB, SCRIPT_KATAKANA}, {0x30FC, 0x30FC, SCRIPT_HIRAGANA | SCRIPT_KATAKANA},
    {0x30FD, 0x30FF, SCRIPT_KATAKANA}, {0x3131, 0x318E, SCRIPT_HANGUL},
    {0x31F0, 0x31FF, SCRIPT_KATAKANA}, {0x3400, 0x9FFF, SCRIPT_HAN},
    {0xA640, 0xA69F, 1 << 7},          {0xA720, 0xA7FF, SCRIPT_LATIN},
    {0xA960, 0xA97F, SCRIPT_HANGUL},   {0xAC00, 0xD7FF, SCRIPT_HANGUL},
    {0xF900, 0xFAFF, SCRIPT_HAN},      {0xFB00, 0xFB06, SCRIPT_LATIN},
    {0xFB1D, 0xFB4F, 1 << 8},          {0xFB50, 0xFDFF, 1 << 9},
    {0xFE70, 0xFEFF, 1 << 9},          {0xFF21, 0xFF5A, SCRIPT_LATIN},
    {0xFF66, 0xFF9F, SCRIPT_KATAKANA}, {0x20000, 0x3FFFF, SCRIPT_HAN},
};

unsigned script_of(int32_t character)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return ranges[i].scripts;
    return 0;
}

bool character_is_letter(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool character_is_number(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool character_is_mark(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool character_is_sign(int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_SO;
}

/* --- particles ------------------------------------------------------------------------------------ */

/* Case and topic, copula, titles; several may follow each other. The same list as in
 * web/src/particles.ts. */
static const char *const korean[] = {
    "선생님", "선배님", "선배", "언니", "오빠", "누나", "형",   "님",   "씨",   "군",     "양",
    "쌤",     "에게서", "한테서", "에게", "한테", "에서", "께서", "께",   "이랑", "랑",     "하고",
    "까지",   "부터",   "보다", "처럼", "만큼", "마다", "조차", "밖에", "이라도", "라도",   "이라고",
    "라고",   "이라는", "라는", "이라서", "라서", "이라면", "라면", "입니다", "인데", "이에요", "이예요",
    "예요",   "에요",   "이네요", "네요", "이요", "요",   "으로", "로",   "더러", "보고",   "이나",
    "나",     "이야",   "야",   "이여", "여",   "아",   "이",   "가",   "은",   "는",     "을",
    "를",     "의",     "에",   "와",   "과",   "도",   "만",   "들",   "네",
};
static const char *const japanese[] = {
    "さん", "ちゃん", "くん", "さま", "せんせい", "たち", "から", "まで", "より", "です", "だよ",
    "だね", "って",   "は",   "が",   "を",       "に",   "へ",   "と",   "の",   "も",   "や",
    "で",   "か",     "ね",   "よ",   "君",       "様",   "氏",   "殿",   "先生", "先輩",
};

static bool is_syllable(int32_t character)
{
    return character >= 0xAC00 && character <= 0xD7A3;
}

/* Whether particles make up all of the text; depth bounds the trying. */
static bool is_all_particles(const char *text, size_t length, int depth)
{
    if (length == 0)
        return true;
    for (size_t i = 0; depth > 0 && i < sizeof korean / sizeof *korean; i++) {
        size_t size = strlen(korean[i]);
        if (size <= length && memcmp(text, korean[i], size) == 0 &&
            is_all_particles(text + size, length - size, depth - 1))
            return true;
    }
    return false;
}

static size_t syllables(const char *text, size_t length)
{
    size_t end = 0;
    for (size_t count = 0, size; end < length && count <= SYLLABLES_MAX; end += size, count++)
        if (!is_syllable(text_next(text + end, length - end, &size)))
            break;
    return end;
}

bool begins_with_particle(const char *text, size_t length)
{
    size_t size, run = syllables(text, length);
    int32_t first = length ? text_next(text, length, &size) : 0;
    if (first >= 0x3131 && first <= 0x3163)
        return true; /* laughter and tears belong to no name */
    if (run > 0)
        return run <= SYLLABLES_MAX * 3 && is_all_particles(text, run, 4);
    for (size_t i = 0; i < sizeof japanese / sizeof *japanese; i++) {
        size = strlen(japanese[i]);
        if (size <= length && memcmp(text, japanese[i], size) == 0)
            return true;
    }
    return false;
}

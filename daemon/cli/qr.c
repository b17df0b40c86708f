#include "daemon/cli/qr.h"

#include <stdint.h>
#include <string.h>

#define WORDS_MAX    134
#define FORMAT_L     0x77c4 /* correction L and the first mask, with their own check bits */
#define QUIET        2

enum { FREE = 2 }; /* a cell that is not part of the frame */

static const struct version {
    int data, correction; /* words */
} versions[] = {{19, 7}, {34, 10}, {55, 15}, {80, 20}, {108, 26}};

/* In the field of 256 elements that Reed-Solomon codes live in. */
static uint8_t times(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            product ^= a;
        a = (uint8_t)(a << 1 ^ (a & 128 ? 0x1d : 0));
    }
    return product;
}

/* The correction words behind the data words. */
static void correct(uint8_t *words, const struct version *version)
{
    uint8_t generator[32] = {1}, rest[WORDS_MAX] = {0};
    uint8_t root = 1;
    for (int degree = 0; degree < version->correction; degree++) {
        for (int i = degree + 1; i > 0; i--)
            generator[i] ^= times(generator[i - 1], root);
        root = times(root, 2);
    }
    memcpy(rest, words, (size_t)version->data);
    for (int i = 0; i < version->data; i++) {
        uint8_t factor = rest[i];
        for (int j = 0; j <= version->correction; j++)
            rest[i + j] ^= times(generator[j], factor);
    }
    memcpy(words + version->data, rest + version->data, (size_t)version->correction);
}

/* Four bits of mode, eight of length, the bytes, four that end it; padded. */
static void put_data(uint8_t *words, const struct version *version, const char *text, size_t length)
{
    size_t at = 0;
    words[at++] = (uint8_t)(4 << 4 | length >> 4);
    uint8_t half = (uint8_t)(length & 15);
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)text[i];
        words[at++] = (uint8_t)(half << 4 | byte >> 4);
        half = byte & 15;
    }
    words[at++] = (uint8_t)(half << 4);
    for (uint8_t pad = 0xec; at < (size_t)version->data; pad ^= 0xec ^ 0x11)
        words[at++] = pad;
}

/* Rings around a centre, all dark but one, and light outside of a finder. */
static void put_square(struct qr *qr, int cy, int cx, int radius, int light)
{
    for (int y = -radius; y <= radius; y++)
        for (int x = -radius; x <= radius; x++) {
            int ring = y * y > x * x ? (y < 0 ? -y : y) : (x < 0 ? -x : x);
            if (cy + y >= 0 && cy + y < qr->size && cx + x >= 0 && cx + x < qr->size)
                qr->cells[cy + y][cx + x] = ring != light && ring != 4;
        }
}

static void put_format(struct qr *qr)
{
    int size = qr->size;
    for (int i = 0; i < 15; i++) {
        unsigned char dark = FORMAT_L >> i & 1;
        qr->cells[i < 6 ? i : i < 8 ? i + 1 : size - 15 + i][8] = dark;
        qr->cells[8][i < 8 ? size - 1 - i : i < 9 ? 7 : 14 - i] = dark;
    }
    qr->cells[size - 8][8] = 1;
}

static void put_frame(struct qr *qr, int version)
{
    int size = qr->size = 17 + 4 * version;
    memset(qr->cells, FREE, sizeof qr->cells);
    for (int i = 0; i < size; i++)
        qr->cells[6][i] = qr->cells[i][6] = i % 2 == 0;
    put_square(qr, 3, 3, 4, 2);
    put_square(qr, 3, size - 4, 4, 2);
    put_square(qr, size - 4, 3, 4, 2);
    if (version > 1)
        put_square(qr, size - 7, size - 7, 2, 1);
    put_format(qr);
}

/* Words go up and down in columns of two, from the right, where the frame leaves room. */
static void put_words(struct qr *qr, const uint8_t *words, int count)
{
    int bit = 0;
    bool up = true;
    for (int right = qr->size - 1; right > 0; right -= 2, up = !up) {
        if (right == 6)
            right = 5;
        for (int step = 0; step < 2 * qr->size; step++) {
            int y = up ? qr->size - 1 - step / 2 : step / 2, x = right - step % 2;
            if (qr->cells[y][x] != FREE)
                continue;
            int dark = bit / 8 < count ? words[bit / 8] >> (7 - bit % 8) & 1 : 0;
            qr->cells[y][x] = (unsigned char)(dark ^ ((y + x) % 2 == 0));
            bit++;
        }
    }
}

bool qr_make(const char *text, struct qr *qr)
{
    uint8_t words[WORDS_MAX] = {0};
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        if (length + 2 > (size_t)versions[i].data)
            continue;
        put_data(words, &versions[i], text, length);
        correct(words, &versions[i]);
        put_frame(qr, (int)i + 1);
        put_words(qr, words, versions[i].data + versions[i].correction);
        return true;
    }
    return false;
}

static bool is_light(const struct qr *qr, int y, int x)
{
    bool is_outside = y < 0 || x < 0 || y >= qr->size || x >= qr->size;
    return is_outside ? y < qr->size + QUIET : !qr->cells[y][x];
}

void qr_print(const struct qr *qr, FILE *out)
{
    static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
    for (int y = -QUIET; y < qr->size + QUIET; y += 2) {
        for (int x = -QUIET; x < qr->size + QUIET; x++)
            fputs(blocks[2 * is_light(qr, y, x) + is_light(qr, y + 1, x)], out);
        fputc('\n', out);
    }
}

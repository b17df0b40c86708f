#include "storage/password.h"

#include <inttypes.h>
#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <string.h>

#ifdef HEARTH_ARGON2
#include <argon2.h>
#endif

#include "storage/clock.h"
#include "storage/crypto.h"

enum {
    SALT_BYTES = 16,
    MEMORY_KIB_MIN = 1024, /* of what is read */
    MEMORY_KIB_MAX = 65536,
    PASSES_KIB = 5 * 7168, /* written in all: what OWASP has for machines of little memory */
    PASSES_MAX = 64,       /* of what is read */
    ROUNDS_MIN = 10000,
    ROUNDS_MAX = 10000000,
    CALIBRATION_MS = 250
};

/* A hash and how it was made. */
struct kept {
    enum { KEPT_ARGON2ID, KEPT_PBKDF2 } how;
    uint32_t memory_kib, passes; /* of argon2id */
    uint32_t rounds;             /* of PBKDF2 */
    uint8_t salt[SALT_BYTES], hash[HASH_BYTES];
};

bool password_has_argon2(void)
{
#ifdef HEARTH_ARGON2
    return true;
#else
    return false;
#endif
}

/* --- the text ----------------------------------------------------------------------------------- */

/* Base64 without its padding, as the format has it. */
static bool print_base64(const uint8_t *bytes, size_t length, char *out, size_t size)
{
    size_t written;
    if (mbedtls_base64_encode((unsigned char *)out, size, &written, bytes, length) != 0)
        return false;
    out[strcspn(out, "=")] = '\0';
    return true;
}

static bool read_base64(const char *text, uint8_t *bytes, size_t length)
{
    char padded[48];
    size_t written;
    int size = snprintf(padded, sizeof padded, "%s%.*s", text, (int)(-strlen(text) % 4), "===");
    return size < (int)sizeof padded &&
           mbedtls_base64_decode(bytes, length, &written, (const unsigned char *)padded,
                                 (size_t)size) == 0 &&
           written == length;
}

static bool format(const struct kept *kept, char out[PASSWORD_KEPT_BYTES])
{
    char salt[32], hash[48];
    if (!print_base64(kept->salt, sizeof kept->salt, salt, sizeof salt) ||
        !print_base64(kept->hash, sizeof kept->hash, hash, sizeof hash))
        return false;
    if (kept->how == KEPT_ARGON2ID)
        snprintf(out, PASSWORD_KEPT_BYTES, "$argon2id$v=19$m=%" PRIu32 ",t=%" PRIu32 ",p=1$%s$%s",
                 kept->memory_kib, kept->passes, salt, hash);
    else
        snprintf(out, PASSWORD_KEPT_BYTES, "$pbkdf2-sha256$i=%" PRIu32 "$%s$%s", kept->rounds, salt,
                 hash);
    return true;
}

/* False of what this build cannot make again within its memory. */
static bool parse(const char *text, struct kept *kept)
{
    char salt[32], hash[48];
    if (sscanf(text, "$argon2id$v=19$m=%" SCNu32 ",t=%" SCNu32 ",p=1$%31[^$]$%47[^$]",
               &kept->memory_kib, &kept->passes, salt, hash) == 4)
        kept->how = KEPT_ARGON2ID;
    else if (sscanf(text, "$pbkdf2-sha256$i=%" SCNu32 "$%31[^$]$%47[^$]", &kept->rounds, salt,
                    hash) == 3)
        kept->how = KEPT_PBKDF2;
    else
        return false;
    bool is_bounded = kept->how == KEPT_PBKDF2
                          ? kept->rounds > 0 && kept->rounds <= ROUNDS_MAX
                          : password_has_argon2() && kept->memory_kib >= MEMORY_KIB_MIN &&
                                kept->memory_kib <= MEMORY_KIB_MAX && kept->passes <= PASSES_MAX;
    return is_bounded && read_base64(salt, kept->salt, sizeof kept->salt) &&
           read_base64(hash, kept->hash, sizeof kept->hash);
}

/* --- making ------------------------------------------------------------------------------------- */

static bool derive_pbkdf2(const struct kept *with, const char *password, uint8_t hash[HASH_BYTES])
{
    const unsigned char *bytes = (const unsigned char *)password;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA256, bytes, strlen(password), with->salt,
                                         SALT_BYTES, with->rounds, HASH_BYTES, hash) == 0;
#else
    mbedtls_md_context_t context;
    mbedtls_md_init(&context);
    bool ok = mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) == 0 &&
              mbedtls_pkcs5_pbkdf2_hmac(&context, bytes, strlen(password), with->salt, SALT_BYTES,
                                        with->rounds, HASH_BYTES, hash) == 0;
    mbedtls_md_free(&context);
    return ok;
#endif
}

static bool derive(const struct kept *with, const char *password, uint8_t hash[HASH_BYTES])
{
#ifdef HEARTH_ARGON2
    if (with->how == KEPT_ARGON2ID)
        return argon2id_hash_raw(with->passes, with->memory_kib, 1, password, strlen(password),
                                 with->salt, SALT_BYTES, hash, HASH_BYTES) == ARGON2_OK;
#endif
    return with->how == KEPT_PBKDF2 && derive_pbkdf2(with, password, hash);
}

static struct kept newest(const struct password_cost *cost)
{
    bool is_bounded = cost->memory_kib >= MEMORY_KIB_MIN && cost->memory_kib <= MEMORY_KIB_MAX;
    uint32_t memory_kib = is_bounded ? (uint32_t)cost->memory_kib : MEMORY_KIB_MIN;
    return password_has_argon2()
               ? (struct kept){.how = KEPT_ARGON2ID,
                               .memory_kib = memory_kib,
                               .passes = (PASSES_KIB + memory_kib - 1) / memory_kib}
               : (struct kept){.how = KEPT_PBKDF2, .rounds = (uint32_t)cost->rounds};
}

static bool is_newest(const struct kept *kept, const struct password_cost *cost)
{
    struct kept like = newest(cost);
    return kept->how == like.how && kept->memory_kib == like.memory_kib &&
           kept->passes == like.passes && kept->rounds == like.rounds;
}

static bool make(const char *password, const struct password_cost *cost, char out[PASSWORD_KEPT_BYTES])
{
    struct kept kept = newest(cost);
    return random_fill(kept.salt, sizeof kept.salt) && derive(&kept, password, kept.hash) &&
           format(&kept, out);
}

/* --- the job ------------------------------------------------------------------------------------ */

/* How long it takes tells nothing: neither about the bytes, nor whether there is anything to match. */
static bool matches(const struct kept *kept, bool is_kept, const char *password, bool *is_wrong)
{
    uint8_t hash[HASH_BYTES], difference = 0;
    if (!derive(kept, password, hash))
        return false;
    for (size_t i = 0; i < sizeof hash; i++)
        difference |= (uint8_t)(hash[i] ^ kept->hash[i]);
    *is_wrong = difference != 0 || !is_kept;
    return true;
}

/* False when the machine cannot: no memory. */
static bool compare(struct job_password_hash *hash, const struct password_cost *cost)
{
    struct kept kept = {0};
    bool is_wrong = true, is_kept = parse(hash->kept, &kept);
    if (!is_kept)
        kept = newest(cost);
    if (!matches(&kept, is_kept, hash->typed, &is_wrong))
        return false;
    hash->is_right = !is_wrong;
    if (hash->is_right && !hash->wanted[0] && !is_newest(&kept, cost))
        memcpy(hash->wanted, hash->typed, sizeof hash->wanted);
    return true;
}

void password_run(struct job *job, const struct password_cost *cost)
{
    struct job_password_hash *hash = &job->password_hash;
    job->result = JOB_DONE;
    hash->is_right = true;
    if (hash->typed[0] && !compare(hash, cost))
        job->result = JOB_UNAVAILABLE;
    if (job->result == JOB_DONE && hash->is_right && hash->wanted[0] &&
        !make(hash->wanted, cost, hash->made))
        job->result = JOB_UNAVAILABLE;
    if (job->result != JOB_DONE)
        snprintf(job->why, sizeof job->why, "There is no memory for a password just now");
    explicit_bzero(hash->typed, sizeof hash->typed);
    explicit_bzero(hash->wanted, sizeof hash->wanted);
}

int64_t password_calibrate(void)
{
    uint8_t hash[HASH_BYTES];
    const struct kept least = {.how = KEPT_PBKDF2, .rounds = ROUNDS_MIN};
    int64_t since_ms = clock_machine_ms(), took_ms;
    int64_t times = 0;
    do {
        (void)derive(&least, "calibration", hash);
        times++;
        took_ms = clock_machine_ms() - since_ms;
    } while (took_ms < CALIBRATION_MS / 2);
    int64_t rounds = times * ROUNDS_MIN * CALIBRATION_MS / took_ms;
    return rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
}

void password_describe(const struct password_cost *cost, char *out, size_t size)
{
    struct kept like = newest(cost);
    if (like.how == KEPT_ARGON2ID)
        snprintf(out, size, "argon2id, %" PRIu32 " KiB, %" PRIu32 " passes", like.memory_kib, like.passes);
    else
        snprintf(out, size, "PBKDF2-HMAC-SHA256, %" PRIu32 " rounds", like.rounds);
}

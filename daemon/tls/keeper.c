#include "daemon/tls/keeper.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/tls/x509.h"
#include "storage/clock.h"

#define RENEW_DAYS 30 /* before the end of what the board makes for itself */

static int64_t now_ms(const struct keeper *keeper)
{
    int64_t now = keeper->options.now_ms(keeper->options.of);
    return now < clock_built_ms() ? clock_built_ms() : now; /* a board without a clock */
}

static void say_trouble(struct keeper *keeper, const char *sentence)
{
    if (strcmp(keeper->trouble, sentence) == 0)
        return;
    snprintf(keeper->trouble, sizeof keeper->trouble, "%s", sentence);
    keeper->changes++;
}

static void show(struct keeper *keeper, const struct certificate *certificate, struct identity *identity)
{
    identity_release(keeper->shown);
    keeper->shown = identity;
    keeper->begins_ms = certificate->begins_ms;
    keeper->expires_ms = certificate->expires_ms;
    certificate_print_names(certificate, keeper->names, sizeof keeper->names);
    keeper->changes++;
}

/* ---- files --------------------------------------------------------------------------------------- */

static struct file_stamp stamp_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return (struct file_stamp){0};
    return (struct file_stamp){status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim};
}

static bool is_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool names_the_board(const struct keeper *keeper, const struct certificate *certificate)
{
    for (size_t i = 0; i < certificate->name_count; i++)
        if (board_is_called(&keeper->board, &certificate->names[i]))
            return true;
    return false;
}

/* Why it is better than nothing only; empty if it is good. */
static void find_doubt(const struct keeper *keeper, const struct certificate *certificate, char *why, size_t why_size)
{
    char names[CERTIFICATE_NAMES_BYTES / 2], date[X509_DATE_BYTES];
    why[0] = '\0';
    if (!names_the_board(keeper, certificate)) {
        certificate_print_names(certificate, names, sizeof names);
        snprintf(why, why_size, "The certificate is for %s; this gateway is not known by that name, see http.allowed_hosts.",
                 names[0] ? names : "no name");
    } else if (certificate->expires_ms <= now_ms(keeper)) {
        x509_date(certificate->expires_ms, date);
        snprintf(why, why_size, "The certificate expired on %.4s-%.2s-%.2s.", date, date + 4, date + 6);
    }
}

static void consider(struct keeper *keeper, const struct certificate *certificate)
{
    char why[TLS_WHY_BYTES], doubt[TLS_WHY_BYTES];
    find_doubt(keeper, certificate, doubt, sizeof doubt);
    if (doubt[0] && keeper->shown && !keeper->is_doubtful) {
        say_trouble(keeper, doubt);
        return;
    }
    struct identity *identity = identity_create(certificate, why, sizeof why);
    if (!identity) {
        say_trouble(keeper, why);
        return;
    }
    show(keeper, certificate, identity);
    keeper->is_doubtful = doubt[0] != '\0';
    say_trouble(keeper, doubt);
}

static void look_at_files(struct keeper *keeper)
{
    char why[TLS_WHY_BYTES];
    struct certificate certificate;
    struct file_stamp chain = stamp_of(keeper->options.certificate), key = stamp_of(keeper->options.key);
    if (!keeper->is_new && is_same(&chain, &keeper->chain_stamp) && is_same(&key, &keeper->key_stamp))
        return;
    keeper->chain_stamp = chain;
    keeper->key_stamp = key;
    board_read(&keeper->board, keeper->options.hosts);
    if (certificate_read(&certificate, keeper->options.certificate, keeper->options.key, why, sizeof why)) {
        consider(keeper, &certificate);
        certificate_finish(&certificate);
    } else {
        say_trouble(keeper, why);
    }
}

/* ---- the board's own authority ------------------------------------------------------------------- */

static bool is_everything_named(const struct keeper *keeper, const struct certificate *certificate)
{
    for (size_t i = 0; i < keeper->board.count; i++)
        if (authority_may_vouch(&keeper->authority, &keeper->board.names[i]) &&
            !certificate_has_name(certificate, &keeper->board.names[i]))
            return false;
    return true;
}

static bool is_timely(const struct keeper *keeper, int64_t begins_ms, int64_t expires_ms)
{
    int64_t now = now_ms(keeper);
    return begins_ms <= now && expires_ms > now + RENEW_DAYS * AUTHORITY_DAY_MS;
}

static void show_board(struct keeper *keeper, const struct certificate *certificate)
{
    char why[TLS_WHY_BYTES];
    struct identity *identity = identity_create(certificate, why, sizeof why);
    if (!identity) {
        say_trouble(keeper, why);
        return;
    }
    keeper->vouched = keeper->board;
    show(keeper, certificate, identity);
    say_trouble(keeper, "");
}

static void make_board(struct keeper *keeper)
{
    char why[TLS_WHY_BYTES];
    struct certificate certificate;
    if (!authority_make_board(&keeper->authority, &keeper->board, now_ms(keeper), why, sizeof why)) {
        say_trouble(keeper, why);
    } else if (!authority_read_board(&keeper->authority, &certificate)) {
        say_trouble(keeper, "The certificate that was made cannot be read.");
    } else {
        show_board(keeper, &certificate);
        certificate_finish(&certificate);
    }
}

/* What the last run has left, if it will do. */
static bool show_old_board(struct keeper *keeper)
{
    struct certificate certificate;
    if (!authority_read_board(&keeper->authority, &certificate))
        return false;
    bool will_do = is_everything_named(keeper, &certificate) &&
                   is_timely(keeper, certificate.begins_ms, certificate.expires_ms);
    show_board(keeper, &certificate);
    certificate_finish(&certificate);
    return will_do;
}

/* Only what is new counts: an address that has gone does no harm in a certificate. */
static bool has_new_name(const struct keeper *keeper)
{
    for (size_t i = 0; i < keeper->board.count; i++) {
        bool is_known = false;
        for (size_t known = 0; !is_known && known < keeper->vouched.count; known++)
            is_known = keeper->board.names[i].is_address == keeper->vouched.names[known].is_address &&
                       keeper->board.names[i].length == keeper->vouched.names[known].length &&
                       memcmp(keeper->board.names[i].bytes, keeper->vouched.names[known].bytes,
                              keeper->board.names[i].length) == 0;
        if (!is_known)
            return true;
    }
    return false;
}

static void look_at_board(struct keeper *keeper)
{
    char why[TLS_WHY_BYTES];
    board_read(&keeper->board, keeper->options.hosts);
    if (!keeper->authority.pem && !authority_open(&keeper->authority, keeper->options.folder, &keeper->board,
                                                  now_ms(keeper), why, sizeof why)) {
        say_trouble(keeper, why);
        return;
    }
    if (keeper->is_new && !keeper->shown) {
        if (!show_old_board(keeper))
            make_board(keeper);
    } else if (!keeper->shown || has_new_name(keeper) ||
               !is_timely(keeper, keeper->begins_ms, keeper->expires_ms)) {
        make_board(keeper);
    }
}

/* ---- both ---------------------------------------------------------------------------------------- */

void keeper_look(struct keeper *keeper)
{
    if (keeper->options.is_local_ca)
        look_at_board(keeper);
    else
        look_at_files(keeper);
    keeper->is_new = false;
}

void keeper_open(struct keeper *keeper, const struct tls_options *options)
{
    *keeper = (struct keeper){.options = *options, .is_new = true};
    keeper_look(keeper);
}

void keeper_configure(struct keeper *keeper, const struct tls_options *options)
{
    keeper->options = *options;
    keeper->is_new = true;
}

void keeper_close(struct keeper *keeper)
{
    identity_release(keeper->shown);
    authority_close(&keeper->authority);
    *keeper = (struct keeper){0};
}

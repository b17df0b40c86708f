#include "daemon/tls/keeper.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/tls/x509.h"
#include "storage/clock.h"

#define RENEW_DAYS 30 /* before the end of what the board makes for itself */

static int64_t now_ms(const struct tls_options *options)
{
    int64_t now = options->now_ms(options->of);
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

/* Before, in or after the time of a certificate: -1, 0 or 1. */
static int when(int64_t now, int64_t begins_ms, int64_t expires_ms)
{
    return now < begins_ms ? -1 : now >= expires_ms;
}

static bool names_the_board(const struct tls_options *options, const struct certificate *certificate)
{
    struct board board;
    board_read(&board, options->hosts);
    for (size_t i = 0; i < certificate->name_count; i++)
        if (board_is_called(&board, &certificate->names[i]))
            return true;
    return false;
}

static void print_day(int64_t unix_ms, char *out, size_t size)
{
    char date[X509_DATE_BYTES];
    x509_date(unix_ms, date);
    snprintf(out, size, "%.4s-%.2s-%.2s", date, date + 4, date + 6);
}

bool keeper_doubt(const struct tls_options *options, const struct certificate *certificate, char *why, size_t why_size)
{
    char names[CERTIFICATE_NAMES_BYTES / 2], day[X509_DATE_BYTES], today[X509_DATE_BYTES];
    int64_t now = now_ms(options);
    int is = when(now, certificate->begins_ms, certificate->expires_ms);
    why[0] = '\0';
    certificate_print_names(certificate, names, sizeof names);
    print_day(is < 0 ? certificate->begins_ms : certificate->expires_ms, day, sizeof day);
    print_day(now, today, sizeof today);
    bool is_named = names_the_board(options, certificate);
    if (!names[0])
        snprintf(why, why_size, "The certificate names no host: it has no subjectAltName.");
    else if (!is_named)
        snprintf(why, why_size, "The certificate is for %s; this gateway is not known by that name, see http.allowed_hosts.",
                 names);
    else if (is > 0)
        snprintf(why, why_size, "The certificate expired on %s.", day);
    else if (is < 0)
        snprintf(why, why_size, "The certificate is not valid before %s, and here it is %s.", day, today);
    return !is_named || is > 0;
}

/* Nothing but the time has changed. */
static bool is_shown(const struct keeper *keeper, const struct certificate *certificate)
{
    char names[CERTIFICATE_NAMES_BYTES];
    certificate_print_names(certificate, names, sizeof names);
    return certificate->begins_ms == keeper->begins_ms && certificate->expires_ms == keeper->expires_ms &&
           strcmp(names, keeper->names) == 0;
}

static void consider(struct keeper *keeper, const struct certificate *certificate)
{
    char why[TLS_WHY_BYTES], doubt[TLS_WHY_BYTES];
    bool is_worse = keeper_doubt(&keeper->options, certificate, doubt, sizeof doubt);
    if (is_worse && keeper->shown && !keeper->is_doubtful && !is_shown(keeper, certificate)) {
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

/* That its time has come, or is over, is as if it were another one. */
static bool is_another(struct keeper *keeper)
{
    struct file_stamp chain = stamp_of(keeper->options.certificate), key = stamp_of(keeper->options.key);
    bool is_old = !keeper->is_new && is_same(&chain, &keeper->chain_stamp) && is_same(&key, &keeper->key_stamp) &&
                  when(now_ms(&keeper->options), keeper->read_begins_ms, keeper->read_expires_ms) == keeper->read_when;
    keeper->chain_stamp = chain;
    keeper->key_stamp = key;
    return !is_old;
}

static void look_at_files(struct keeper *keeper)
{
    char why[TLS_WHY_BYTES];
    struct certificate certificate;
    if (!is_another(keeper))
        return;
    bool is_read = certificate_read(&certificate, keeper->options.certificate, keeper->options.key, why, sizeof why);
    keeper->read_begins_ms = certificate.begins_ms;
    keeper->read_expires_ms = is_read ? certificate.expires_ms : INT64_MAX;
    keeper->read_when = when(now_ms(&keeper->options), keeper->read_begins_ms, keeper->read_expires_ms);
    if (is_read) {
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
    int64_t now = now_ms(&keeper->options);
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
    if (!authority_make_board(&keeper->authority, &keeper->board, now_ms(&keeper->options), why, sizeof why)) {
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
                                                  now_ms(&keeper->options), why, sizeof why)) {
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

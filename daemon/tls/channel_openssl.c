#include "daemon/tls/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

struct identity {
    SSL_CTX *context; /* counts who holds it */
};

struct channel {
    SSL *ssl;
    size_t unsent; /* of the last write: OpenSSL has it */
};

void channel_library(char *out, size_t size)
{
    snprintf(out, size, "OpenSSL %s", OpenSSL_version(OPENSSL_VERSION_STRING));
}

/* ---- identity ------------------------------------------------------------------------------------ */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                           unsigned in_length, void *unused)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl;
    (void)unused;
    if (SSL_select_next_proto(&chosen, out_length, ours, sizeof ours - 1, in, in_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* A key that needs a password is refused; nobody is there to be asked. */
static int no_password(char *out, int size, int is_for_writing, void *unused)
{
    (void)out;
    (void)size;
    (void)is_for_writing;
    (void)unused;
    return 0;
}

static bool use_chain(SSL_CTX *context, const char *pem)
{
    BIO *source = BIO_new_mem_buf(pem, -1);
    X509 *each = source ? PEM_read_bio_X509(source, NULL, no_password, NULL) : NULL;
    bool is_fine = each && SSL_CTX_use_certificate(context, each) == 1;
    X509_free(each);
    while (is_fine && (each = PEM_read_bio_X509(source, NULL, no_password, NULL)))
        if (SSL_CTX_add_extra_chain_cert(context, each) != 1) { /* takes it over */
            X509_free(each);
            is_fine = false;
        }
    BIO_free(source);
    return is_fine;
}

static bool use_key(SSL_CTX *context, const char *pem)
{
    BIO *source = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = source ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;
    bool is_fine = key && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    BIO_free(source);
    return is_fine;
}

static bool set_rules(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets are kept by the clients */
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

struct identity *identity_create(const struct certificate *certificate, char *why, size_t why_size)
{
    struct identity *identity = calloc(1, sizeof *identity);
    snprintf(why, why_size, "The TLS library does not take the certificate.");
    if (!identity)
        return NULL;
    identity->context = SSL_CTX_new(TLS_server_method());
    if (identity->context && set_rules(identity->context) && use_chain(identity->context, certificate->chain) &&
        use_key(identity->context, certificate->key)) {
        ERR_clear_error(); /* of the end of the chain */
        return identity;
    }
    unsigned long error = ERR_get_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    if (reason)
        snprintf(why, why_size, "OpenSSL does not take the certificate: %s.", reason);
    ERR_clear_error();
    identity_release(identity);
    return NULL;
}

void identity_release(struct identity *identity)
{
    if (!identity)
        return;
    SSL_CTX_free(identity->context);
    free(identity);
}

/* ---- channel ------------------------------------------------------------------------------------- */

struct channel *channel_create(struct identity *identity, int fd)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return NULL;
    channel->ssl = SSL_new(identity->context); /* holds the context */
    if (channel->ssl && SSL_set_fd(channel->ssl, fd) == 1) {
        SSL_set_accept_state(channel->ssl);
        return channel;
    }
    channel_destroy(channel);
    return NULL;
}

static enum channel_result result_of(const struct channel *channel, int returned)
{
    enum channel_result result = CHANNEL_BROKEN;
    switch (SSL_get_error(channel->ssl, returned)) {
    case SSL_ERROR_NONE:
        result = CHANNEL_DONE;
        break;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        result = CHANNEL_WAITS;
        break;
    case SSL_ERROR_ZERO_RETURN:
        result = CHANNEL_ENDED;
        break;
    default:
        break;
    }
    ERR_clear_error();
    return result;
}

enum channel_result channel_shake_hands(struct channel *channel)
{
    return result_of(channel, SSL_do_handshake(channel->ssl));
}

enum channel_result channel_read(struct channel *channel, void *bytes, size_t size, size_t *got)
{
    return result_of(channel, SSL_read_ex(channel->ssl, bytes, size, got));
}

/* One record: of several, OpenSSL would want to see the later ones again in channel_flush. */
size_t channel_takes(const struct channel *channel)
{
    const SSL_SESSION *session = SSL_get0_session(channel->ssl);
    uint8_t asked = session ? SSL_SESSION_get_max_fragment_length(session) : TLSEXT_max_fragment_length_DISABLED;
    return asked == TLSEXT_max_fragment_length_DISABLED ? CHANNEL_RECORD_BYTES : (size_t)256 << asked;
}

enum channel_result channel_write(struct channel *channel, const void *bytes, size_t length)
{
    size_t written;
    enum channel_result result = result_of(channel, SSL_write_ex(channel->ssl, bytes, length, &written));
    channel->unsent = result == CHANNEL_WAITS ? length : 0;
    return result;
}

/* OpenSSL has the record enciphered and waiting, and does not look at the bytes again: they may have moved
 * (SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER). Only their number must be the same. */
enum channel_result channel_flush(struct channel *channel)
{
    static const unsigned char any[CHANNEL_RECORD_BYTES];
    return channel->unsent == 0 ? CHANNEL_DONE : channel_write(channel, any, channel->unsent);
}

void channel_say_end(struct channel *channel)
{
    (void)SSL_shutdown(channel->ssl); /* what the socket does not take now is not waited for */
    ERR_clear_error();
}

void channel_destroy(struct channel *channel)
{
    if (!channel)
        return;
    SSL_free(channel->ssl);
    free(channel);
}

#include "daemon/tls/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#include "daemon/tls/x509.h"

/* Of one thread, so the count needs no lock. */
struct identity {
    int holders;
    mbedtls_ssl_config config;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
};

struct channel {
    struct identity *identity; /* held */
    mbedtls_ssl_context ssl;
    mbedtls_net_context socket; /* the descriptor is borrowed */
    size_t unsent;              /* of the last write: mbedTLS has it */
};

void channel_library(char *out, size_t size)
{
    char version[18];
    mbedtls_version_get_string_full(version);
    snprintf(out, size, "%s", version);
    memcpy(out, "mbedTLS", 7); /* it calls itself "mbed TLS 2.28.3", newer ones "Mbed TLS" */
    memmove(out + 7, out + 8, strlen(out + 8) + 1);
}

/* ---- identity ------------------------------------------------------------------------------------ */

static const int suites[] = {
#if MBEDTLS_VERSION_NUMBER >= 0x03060000
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

/* P-256 first: of what phones offer it is the quickest here. */
static void set_groups(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03010000
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    mbedtls_ssl_conf_groups(config, groups);
#else
    static const mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
                                                  MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE};
    mbedtls_ssl_conf_curves(config, groups);
#endif
}

static void set_least_version(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

static bool set_rules(mbedtls_ssl_config *config)
{
    static const char *protocols[] = {"http/1.1", NULL};
    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return false;
    mbedtls_ssl_conf_rng(config, x509_random, NULL);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    set_groups(config);
    set_least_version(config);
    return mbedtls_ssl_conf_alpn_protocols(config, protocols) == 0;
}

static bool parse_chain(mbedtls_x509_crt *chain, const char *pem)
{
    for (size_t used; strstr(pem, "-----BEGIN"); pem += used)
        if ((used = x509_parse(chain, pem)) == 0)
            return false;
    return true;
}

struct identity *identity_create(const struct certificate *certificate, char *why, size_t why_size)
{
    struct identity *identity = calloc(1, sizeof *identity);
    snprintf(why, why_size, "mbedTLS does not take the certificate.");
    if (!identity)
        return NULL;
    identity->holders = 1;
    mbedtls_ssl_config_init(&identity->config);
    mbedtls_x509_crt_init(&identity->chain);
    mbedtls_pk_init(&identity->key);
#if MBEDTLS_VERSION_NUMBER >= 0x03060000
    (void)psa_crypto_init(); /* TLS 1.3 asks for it; without, there is 1.2 */
#endif
    if (set_rules(&identity->config) && parse_chain(&identity->chain, certificate->chain) &&
        x509_parse_key(&identity->key, certificate->key) &&
        mbedtls_ssl_conf_own_cert(&identity->config, &identity->chain, &identity->key) == 0)
        return identity;
    identity_release(identity);
    return NULL;
}

void identity_release(struct identity *identity)
{
    if (!identity || --identity->holders > 0)
        return;
    mbedtls_ssl_config_free(&identity->config);
    mbedtls_x509_crt_free(&identity->chain);
    mbedtls_pk_free(&identity->key);
    free(identity);
}

/* ---- channel ------------------------------------------------------------------------------------- */

struct channel *channel_create(struct identity *identity, int fd)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return NULL;
    channel->identity = identity;
    identity->holders++;
    mbedtls_ssl_init(&channel->ssl);
    mbedtls_net_init(&channel->socket);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    channel->socket.MBEDTLS_PRIVATE(fd) = fd;
#else
    channel->socket.fd = fd;
#endif
    if (mbedtls_ssl_setup(&channel->ssl, &identity->config) == 0) {
        mbedtls_ssl_set_bio(&channel->ssl, &channel->socket, mbedtls_net_send, mbedtls_net_recv, NULL);
        return channel;
    }
    channel_destroy(channel);
    return NULL;
}

static enum channel_result result_of(int returned)
{
    switch (returned) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return CHANNEL_WAITS;
    case 0: /* of a read: the socket has ended, without a word */
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return CHANNEL_ENDED;
    default:
        return returned > 0 ? CHANNEL_DONE : CHANNEL_BROKEN;
    }
}

enum channel_result channel_shake_hands(struct channel *channel)
{
    int returned = mbedtls_ssl_handshake(&channel->ssl);
    return returned == 0 ? CHANNEL_DONE : result_of(returned);
}

enum channel_result channel_read(struct channel *channel, void *bytes, size_t size, size_t *got)
{
    int returned = mbedtls_ssl_read(&channel->ssl, bytes, size);
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    if (returned == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return CHANNEL_WAITS;
#endif
    *got = returned > 0 ? (size_t)returned : 0;
    return result_of(returned);
}

size_t channel_takes(const struct channel *channel)
{
    int most = mbedtls_ssl_get_max_out_record_payload(&channel->ssl);
    return most > 0 && most < CHANNEL_RECORD_BYTES ? (size_t)most : CHANNEL_RECORD_BYTES;
}

enum channel_result channel_write(struct channel *channel, const void *bytes, size_t length)
{
    enum channel_result result = result_of(mbedtls_ssl_write(&channel->ssl, bytes, length));
    channel->unsent = result == CHANNEL_WAITS ? length : 0;
    return result;
}

/* mbedTLS has the record enciphered and waiting, and does not look at the bytes again. */
enum channel_result channel_flush(struct channel *channel)
{
    static const unsigned char any[CHANNEL_RECORD_BYTES];
    return channel->unsent == 0 ? CHANNEL_DONE : channel_write(channel, any, channel->unsent);
}

void channel_say_end(struct channel *channel)
{
    (void)mbedtls_ssl_close_notify(&channel->ssl); /* what the socket does not take now is not waited for */
}

void channel_destroy(struct channel *channel)
{
    if (!channel)
        return;
    mbedtls_ssl_free(&channel->ssl);
    identity_release(channel->identity);
    free(channel);
}

#include "transport/dtls.h"

#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    MTU = 1200,           /* what WebRTC takes for granted everywhere, tunnels included */
    IP_UDP_OVERHEAD = 48, /* IPv6 and UDP headers */
    CERTIFICATE_CHAIN_MAX = 8192,
    CERTIFICATE_DAYS = 365,
    /* RFC 6347 4.2.4.1 starts at a second and lets real-time media start lower: one lost flight must not hold up a join
     * by a second. Chromium, as client, starts at 50 ms; twice that spares most paths a needless copy. The cap keeps
     * the thirteen sendings that OpenSSL makes within half a minute, the life of ICE's consent. */
    FIRST_TIMEOUT_US = 100 * 1000,
    LAST_TIMEOUT_US = 3 * 1000 * 1000,
};

/* ECDSA because of our certificate; AEAD with forward secrecy is all that browsers have to be offered. */
static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384";
static const char groups[] = "X25519:P-256:P-384";
/* In our order of preference: OpenSSL's server goes by its own list. */
static const char srtp_profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";

struct dtls_identity {
    SSL_CTX *context;
    BIO_METHOD *bio_method;
    uint8_t fingerprint[FINGERPRINT_LEN];
};

struct dtls {
    SSL *ssl;
    enum dtls_state state;
    uint8_t expected[FINGERPRINT_LEN];
    bool matched;           /* the peer's certificate has the expected fingerprint */
    struct bytes incoming;  /* during one call: the datagram, until OpenSSL has read it */
    struct dtls_sink *sink; /* during one call */
};

/* --- The BIO: one read is one datagram in, one write is one datagram out. ---------------------------------------- */

static int bio_read(BIO *bio, char *to, int cap)
{
    struct dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (dtls->incoming.len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t len =
        dtls->incoming.len < (size_t)cap ? dtls->incoming.len : (size_t)cap; /* as recvfrom: the rest is lost */
    memcpy(to, dtls->incoming.at, len);
    dtls->incoming.len = 0;
    return (int)len;
}

static int bio_write(BIO *bio, const char *from, int len)
{
    struct dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (dtls->sink)
        dtls->sink->send(dtls->sink->context, (struct bytes){ (const uint8_t *)from, (size_t)len });
    return len; /* a datagram without a way out is a datagram lost */
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
    case BIO_CTRL_DGRAM_SET_MTU:
        return MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return IP_UDP_OVERHEAD;
    default: /* nothing pending, no timers of its own, never too long a datagram */
        return 0;
    }
}

static BIO_METHOD *bio_method_create(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_DGRAM, "kinroom datagrams");
    if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
        BIO_meth_set_ctrl(method, bio_ctrl))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* --- The identity. ----------------------------------------------------------------------------------------------- */

static bool fingerprint_of(const X509 *certificate, uint8_t fingerprint[static FINGERPRINT_LEN])
{
    unsigned len = 0;
    return X509_digest(certificate, EVP_sha256(), fingerprint, &len) == 1 && len == FINGERPRINT_LEN;
}

/* Both names and the serial number. The number comes from the key: Firefox refuses a second certificate that repeats
 * issuer and number under another key, which each restart of ours would bring. */
static bool name_certificate(X509 *certificate)
{
    uint8_t digest[FINGERPRINT_LEN];
    unsigned len = 0;
    if (X509_pubkey_digest(certificate, EVP_sha256(), digest, &len) != 1)
        return false;
    uint64_t number = (uint64_t)load_be32(digest) << 32 | load_be32(digest + 4);
    X509_NAME *name = X509_get_subject_name(certificate);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"kinroom", -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static X509 *certificate_create(EVP_PKEY *key, int64_t unix_s)
{
    const int64_t day = 24 * 60 * 60;
    X509 *certificate = X509_new();
    if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(unix_s - day)) &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(unix_s + CERTIFICATE_DAYS * day)) &&
        X509_set_pubkey(certificate, key) == 1 && name_certificate(certificate) &&
        X509_sign(certificate, key, EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* In place of a chain's verification, which means nothing for self-signed certificates: the fingerprint. Called within
 * the handshake, so that a stranger gets an alert and never our Finished. */
static int verify_fingerprint(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct dtls *dtls = SSL_get_app_data(ssl);
    uint8_t found[FINGERPRINT_LEN];
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    dtls->matched = certificate && fingerprint_of(certificate, found) &&
                    bytes_equal_secret((struct bytes){ found, sizeof found },
                                       (struct bytes){ dtls->expected, sizeof dtls->expected });
    X509_STORE_CTX_set_error(store, dtls->matched ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return dtls->matched;
}

/* Called when the ClientHello has been read, before our key signs anything: without a common SRTP profile there is
 * nothing to go on for. OpenSSL would by itself go on without one. */
static int require_srtp(SSL *ssl, void *unused)
{
    (void)unused;
    return SSL_get_selected_srtp_profile(ssl) != NULL;
}

static bool context_configure(SSL_CTX *context, X509 *certificate, EVP_PKEY *key)
{
    /* Our order of suites, whatever the client prefers: the first is the one that dtls_export_farewell knows. */
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    /* A resumed session would skip the certificate. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, CERTIFICATE_CHAIN_MAX);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_fingerprint, NULL);
    SSL_CTX_set_cert_cb(context, require_srtp, NULL);
    return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers) == 1 && SSL_CTX_set1_groups_list(context, groups) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(context, srtp_profiles) == 0 && /* 0 is success here */
           SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
}

enum status dtls_identity_create(struct dtls_identity **created, int64_t unix_s)
{
    struct dtls_identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return ERR_NO_MEMORY;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? certificate_create(key, unix_s) : NULL;
    identity->context = SSL_CTX_new(DTLS_server_method());
    identity->bio_method = bio_method_create();
    bool done = certificate && identity->context && identity->bio_method &&
                context_configure(identity->context, certificate, key) &&
                fingerprint_of(certificate, identity->fingerprint);
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (!done) {
        dtls_identity_destroy(identity);
        return ERR_SYSTEM;
    }
    *created = identity;
    return OK;
}

void dtls_identity_destroy(struct dtls_identity *identity)
{
    if (!identity)
        return;
    SSL_CTX_free(identity->context);
    BIO_meth_free(identity->bio_method);
    free(identity);
}

const uint8_t *dtls_identity_fingerprint(const struct dtls_identity *identity)
{
    return identity->fingerprint;
}

/* --- The handshake. ---------------------------------------------------------------------------------------------- */

static unsigned next_timeout(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0)
        return FIRST_TIMEOUT_US;
    return last_us < LAST_TIMEOUT_US / 2 ? last_us * 2 : LAST_TIMEOUT_US;
}

enum status dtls_create(struct dtls **created, const struct dtls_identity *identity,
                        const uint8_t expected[static FINGERPRINT_LEN])
{
    struct dtls *dtls = calloc(1, sizeof *dtls);
    if (!dtls)
        return ERR_NO_MEMORY;
    dtls->state = DTLS_HANDSHAKING;
    memcpy(dtls->expected, expected, FINGERPRINT_LEN);
    dtls->ssl = SSL_new(identity->context);
    BIO *bio = BIO_new(identity->bio_method);
    if (!dtls->ssl || !bio || SSL_set_app_data(dtls->ssl, dtls) != 1) {
        BIO_free(bio);
        dtls_destroy(dtls);
        ERR_clear_error();
        return ERR_NO_MEMORY;
    }
    BIO_set_data(bio, dtls);
    BIO_set_init(bio, 1);
    SSL_set_bio(dtls->ssl, bio, bio); /* takes it, for both directions */
    SSL_set_mtu(dtls->ssl, MTU);
    DTLS_set_timer_cb(dtls->ssl, next_timeout);
    SSL_set_accept_state(dtls->ssl);
    *created = dtls;
    return OK;
}

void dtls_destroy(struct dtls *dtls)
{
    if (!dtls)
        return;
    SSL_free(dtls->ssl);
    free(dtls);
}

/* Waiting for the next datagram is normal; anything else that stops OpenSSL is the end. */
static void settle(struct dtls *dtls, int result)
{
    if (SSL_get_error(dtls->ssl, result) != SSL_ERROR_WANT_READ)
        dtls->state = DTLS_CLOSED;
}

static void shake_hands(struct dtls *dtls)
{
    int result = SSL_do_handshake(dtls->ssl);
    if (result != 1)
        settle(dtls, result);
    else /* the callbacks have refused already; a second look costs nothing and fails closed */
        dtls->state = dtls->matched && SSL_get_selected_srtp_profile(dtls->ssl) ? DTLS_READY : DTLS_CLOSED;
}

/* Reading makes OpenSSL resend its last flight when the peer resends Finished, and see alerts. Application data (there
 * is none: we offer no data channels) goes nowhere. */
static void read_on(struct dtls *dtls)
{
    uint8_t ignored[256];
    int result;
    do
        result = SSL_read(dtls->ssl, ignored, sizeof ignored);
    while (result > 0);
    settle(dtls, result);
}

/* An alert that nobody sealed, after the handshake: in the old epoch, or too short to hold a tag. Anybody could forge
 * it, and OpenSSL before 3.0.22 believes a short one in the new epoch. Handshake records of the old epoch are another
 * matter: a client sends its last flight again when our answer was lost. */
static bool has_bare_alert(struct bytes datagram)
{
    enum { ALERT = 21, TAG = 16 };
    struct reader r = reader_over(datagram);
    while (r.left > 0 && !r.bad) { /* RFC 6347 4.1 */
        uint8_t type = read_u8(&r);
        read_be16(&r); /* version */
        uint16_t epoch = read_be16(&r);
        read_bytes(&r, 6); /* sequence number */
        uint16_t len = read_be16(&r);
        read_bytes(&r, len);
        if (type == ALERT && (epoch == 0 || len <= TAG))
            return true;
    }
    return false;
}

enum status dtls_datagram(struct dtls *dtls, struct bytes datagram, struct dtls_sink sink)
{
    if (dtls->state == DTLS_CLOSED)
        return ERR_STATE;
    if (datagram.len == 0)
        return ERR_MALFORMED;
    if (dtls->state == DTLS_READY && has_bare_alert(datagram))
        return ERR_AUTH;
    dtls->incoming = datagram;
    dtls->sink = &sink;
    ERR_clear_error(); /* SSL_get_error looks into this thread's queue: nothing of others may be there */
    if (dtls->state == DTLS_HANDSHAKING)
        shake_hands(dtls);
    if (dtls->state == DTLS_READY)
        read_on(dtls);
    ERR_clear_error();
    dtls->incoming = (struct bytes){ 0 };
    dtls->sink = NULL;
    return OK;
}

void dtls_tick(struct dtls *dtls, struct now now, struct dtls_sink sink)
{
    (void)now; /* OpenSSL asks its own clock whether anything is due */
    if (dtls->state != DTLS_HANDSHAKING)
        return;
    dtls->sink = &sink;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(dtls->ssl) < 0)
        dtls->state = DTLS_CLOSED;
    ERR_clear_error();
    dtls->sink = NULL;
}

usec_t dtls_deadline(const struct dtls *dtls, struct now now)
{
    struct timeval left;
    if (dtls->state != DTLS_HANDSHAKING || DTLSv1_get_timeout(dtls->ssl, &left) != 1)
        return NEVER;
    return now.mono_us + (usec_t)left.tv_sec * USEC_PER_SEC + (usec_t)left.tv_usec;
}

enum dtls_state dtls_state(const struct dtls *dtls)
{
    return dtls->state;
}

/* RFC 5764 4.2: client's key, server's key, client's salt, server's salt. We are the server. */
enum status dtls_export_keys(const struct dtls *dtls, struct srtp_keys *keys)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    if (dtls->state != DTLS_READY)
        return ERR_STATE;
    bool gcm = SSL_get_selected_srtp_profile(dtls->ssl)->id == SRTP_AEAD_AES_128_GCM;
    size_t salt_len = gcm ? 12 : 14;
    uint8_t block[2 * (SRTP_KEY_LEN + SRTP_SALT_MAX)];
    int done = SSL_export_keying_material(dtls->ssl, block, 2 * (SRTP_KEY_LEN + salt_len), label, sizeof label - 1,
                                          NULL, 0, 0);
    ERR_clear_error();
    if (done != 1)
        return ERR_SYSTEM;
    const uint8_t *salts = block + 2 * SRTP_KEY_LEN;
    *keys = (struct srtp_keys){ .profile = gcm ? SRTP_AEAD_AES_128_GCM_PROFILE : SRTP_AES128_CM_SHA1_80_PROFILE };
    memcpy(keys->remote_key, block, SRTP_KEY_LEN);
    memcpy(keys->local_key, block + SRTP_KEY_LEN, SRTP_KEY_LEN);
    memcpy(keys->remote_salt, salts, salt_len);
    memcpy(keys->local_salt, salts + salt_len, salt_len);
    bytes_wipe(block, sizeof block);
    return OK;
}

enum status dtls_export_farewell(const struct dtls *dtls, struct farewell *farewell)
{
    enum { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b };
    if (dtls->state != DTLS_READY)
        return ERR_STATE;
    if (SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(dtls->ssl)) != TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
        return ERR_UNSUPPORTED;
    uint8_t master[FAREWELL_MASTER_LEN], client[FAREWELL_RANDOM_LEN], server[FAREWELL_RANDOM_LEN];
    bool done = SSL_SESSION_get_master_key(SSL_get_session(dtls->ssl), master, sizeof master) == sizeof master &&
                SSL_get_client_random(dtls->ssl, client, sizeof client) == sizeof client &&
                SSL_get_server_random(dtls->ssl, server, sizeof server) == sizeof server;
    enum status status = done ? farewell_derive(farewell, master, client, server) : ERR_SYSTEM;
    bytes_wipe(master, sizeof master);
    ERR_clear_error();
    return status;
}

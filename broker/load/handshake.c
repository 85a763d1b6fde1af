#include "load/handshake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>               /* struct timeval, for OpenSSL */
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

enum { MTU = 1200, ALERT_SCRATCH = 256 };
enum { FIRST_RESEND_US = 50000, LAST_RESEND_US = 3200000 };

struct load_key {
    SSL_CTX *context;
    BIO_METHOD *bio;
    uint8_t fingerprint[HANDSHAKE_FINGERPRINT_LEN];
};

struct handshake {
    SSL *ssl;
    struct bytes record; /* that OpenSSL is to read */
    uint8_t expected[HANDSHAKE_FINGERPRINT_LEN];
    void (*send)(void *context, struct bytes record);
    void *context;
    enum handshake_state state;
};

/* ---- What all share ---- */

/* A datagram at a time: memory BIOs would run records of a flight together. */
static int bio_write(BIO *bio, const char *data, int len)
{
    struct handshake *h = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    h->send(h->context, (struct bytes){ (const uint8_t *)data, (size_t)len });
    return len;
}

static int bio_read(BIO *bio, char *data, int cap)
{
    struct handshake *h = BIO_get_data(bio);
    struct bytes record = h->record;
    h->record = (struct bytes){ 0 };
    BIO_clear_retry_flags(bio);
    if (record.len == 0 || record.len > (size_t)cap) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(data, record.at, record.len);
    return (int)record.len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return MTU;
    default:
        return 0;
    }
}

static int accept_any_certificate(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store; /* the fingerprint decides, once the handshake is done */
    return 1;
}

static X509 *self_signed(EVP_PKEY *pkey)
{
    X509 *cert = X509_new();
    if (!cert)
        return NULL;
    X509_NAME *name = X509_get_subject_name(cert);
    bool good = X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"load", -1, -1, 0) &&
                X509_set_issuer_name(cert, name) && X509_gmtime_adj(X509_getm_notBefore(cert), -86400) &&
                X509_gmtime_adj(X509_getm_notAfter(cert), 30 * 86400) && X509_set_pubkey(cert, pkey) &&
                X509_sign(cert, pkey, EVP_sha256());
    if (!good) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static bool key_fill(struct load_key *key)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    X509 *cert = pkey ? self_signed(pkey) : NULL;
    key->context = SSL_CTX_new(DTLS_client_method());
    key->bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "load");
    bool good = cert && key->context && key->bio && X509_digest(cert, EVP_sha256(), key->fingerprint, NULL) &&
                SSL_CTX_use_certificate(key->context, cert) == 1 && SSL_CTX_use_PrivateKey(key->context, pkey) == 1 &&
                SSL_CTX_set_tlsext_use_srtp(key->context, "SRTP_AEAD_AES_128_GCM") == 0 &&
                BIO_meth_set_write(key->bio, bio_write) && BIO_meth_set_read(key->bio, bio_read) &&
                BIO_meth_set_ctrl(key->bio, bio_ctrl);
    if (good)
        SSL_CTX_set_verify(key->context, SSL_VERIFY_PEER, accept_any_certificate);
    X509_free(cert);
    EVP_PKEY_free(pkey);
    return good;
}

enum status load_key_create(struct load_key **created)
{
    struct load_key *key = calloc(1, sizeof *key);
    if (!key)
        return ERR_NO_MEMORY;
    if (!key_fill(key)) {
        load_key_destroy(key);
        return ERR_SYSTEM;
    }
    *created = key;
    return OK;
}

void load_key_destroy(struct load_key *key)
{
    if (!key)
        return;
    SSL_CTX_free(key->context);
    BIO_meth_free(key->bio);
    free(key);
}

const uint8_t *load_key_fingerprint(const struct load_key *key)
{
    return key->fingerprint;
}

/* ---- One handshake ---- */

/* As browsers have it (Chromium 50 ms at first), not OpenSSL's second: a server that drops an early ClientHello is
 * measured by what it costs people. RFC 6347 4.2.4.1 doubles it each time. */
static unsigned resend_after_us(SSL *ssl, unsigned before_us)
{
    (void)ssl;
    return before_us == 0 ? FIRST_RESEND_US : before_us < LAST_RESEND_US ? 2 * before_us : LAST_RESEND_US;
}

static bool start_ssl(struct handshake *h, const struct load_key *key)
{
    h->ssl = SSL_new(key->context);
    BIO *bio = h->ssl ? BIO_new(key->bio) : NULL;
    if (!bio)
        return false;
    BIO_set_data(bio, h);
    BIO_set_init(bio, 1);
    SSL_set_bio(h->ssl, bio, bio);
    SSL_set_options(h->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(h->ssl, MTU);
    SSL_set_connect_state(h->ssl);
    DTLS_set_timer_cb(h->ssl, resend_after_us);
    return true;
}

enum status handshake_create(struct handshake **created, const struct load_key *key,
                             const uint8_t expected[static HANDSHAKE_FINGERPRINT_LEN],
                             void (*send)(void *context, struct bytes record), void *context)
{
    struct handshake *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NO_MEMORY;
    *h = (struct handshake){ .send = send, .context = context, .state = HANDSHAKE_GOING_ON };
    memcpy(h->expected, expected, sizeof h->expected);
    if (!start_ssl(h, key)) {
        handshake_destroy(h);
        return ERR_NO_MEMORY;
    }
    *created = h;
    handshake_step(h, (struct bytes){ 0 });
    return OK;
}

void handshake_destroy(struct handshake *h)
{
    if (!h)
        return;
    if (h->state == HANDSHAKE_DONE)
        SSL_shutdown(h->ssl);
    ERR_clear_error();
    SSL_free(h->ssl);
    free(h);
}

static bool fingerprint_is_right(const struct handshake *h)
{
    uint8_t digest[HANDSHAKE_FINGERPRINT_LEN];
    X509 *cert = SSL_get0_peer_certificate(h->ssl);
    return cert && X509_digest(cert, EVP_sha256(), digest, NULL) && memcmp(digest, h->expected, sizeof digest) == 0;
}

static bool has_profile(const struct handshake *h)
{
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(h->ssl);
    return profile && profile->id == SRTP_AEAD_AES_128_GCM;
}

void handshake_step(struct handshake *h, struct bytes record)
{
    char scratch[ALERT_SCRATCH];
    if (h->state == HANDSHAKE_CLOSED)
        return;
    ERR_clear_error();
    h->record = record;
    if (record.len == 0 && DTLSv1_handle_timeout(h->ssl) < 0)
        h->state = HANDSHAKE_CLOSED;
    int result = SSL_is_init_finished(h->ssl) ? SSL_read(h->ssl, scratch, sizeof scratch) : SSL_do_handshake(h->ssl);
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(h->ssl, result);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        h->state = HANDSHAKE_CLOSED;
    else if (h->state == HANDSHAKE_GOING_ON && SSL_is_init_finished(h->ssl))
        h->state = fingerprint_is_right(h) && has_profile(h) ? HANDSHAKE_DONE : HANDSHAKE_CLOSED;
    h->record = (struct bytes){ 0 };
}

usec_t handshake_wait(struct handshake *h)
{
    struct timeval left;
    if (h->state != HANDSHAKE_GOING_ON || !DTLSv1_get_timeout(h->ssl, &left))
        return NEVER;
    return (usec_t)left.tv_sec * USEC_PER_SEC + (usec_t)left.tv_usec;
}

enum handshake_state handshake_state(const struct handshake *h)
{
    return h->state;
}

enum status handshake_export(const struct handshake *h, uint8_t material[static CRYPT_MATERIAL_LEN])
{
    if (h->state != HANDSHAKE_DONE)
        return ERR_STATE;
    return SSL_export_keying_material(h->ssl, material, CRYPT_MATERIAL_LEN, "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0) == 1
               ? OK
               : ERR_SYSTEM;
}

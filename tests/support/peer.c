#include "support/peer.h"

#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>               /* struct timeval, for OpenSSL */
#define ERR_STATE OPENSSL_ERR_STATE /* OpenSSL has a type of our constant's name */
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "transport/stun.h"

enum {
    UFRAG_LEN = 4, /* Chromium's */
    PWD_LEN = 24,
    REMOTE_MAX = 64,
    MTU = 1200,
    PACKET_MAX = 2048,
};
#define CHROMIUM_PROFILES "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"

struct check {
    uint8_t transaction[STUN_TRANSACTION_LEN];
    bool pending; /* sent, and not answered yet */
    bool nominating;
    usec_t first_us; /* when it was first sent */
    usec_t due_us;   /* when to send it again, or the next one */
};

struct peer {
    struct peer_config config;
    uint64_t random;
    char ufrag[UFRAG_LEN + 1], pwd[PWD_LEN + 1];
    bool connected, checking, nominated, closed;
    bool nominates_once, settled; /* settled: a nomination of its was answered */
    char username[2 * REMOTE_MAX], remote_pwd[REMOTE_MAX];
    uint8_t remote_fingerprint[PEER_FINGERPRINT_LEN];
    struct check check;
    SSL *ssl;            /* while there is a handshake or a session */
    struct bytes record; /* the datagram that OpenSSL is to read */
    srtp_t in, out;
    struct peer_counts counts;
};

/* ---- The certificate and OpenSSL's context, made once for all peers. */

static struct shared {
    SSL_CTX *context;
    BIO_METHOD *bio;
    uint8_t fingerprint[PEER_FINGERPRINT_LEN];
} shared;

/* A datagram at a time: memory BIOs would run records of a flight together. */
static int bio_write(BIO *bio, const char *data, int len)
{
    struct peer *p = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    p->config.send(p->config.context, &p->config.address, (struct bytes){ (const uint8_t *)data, (size_t)len });
    return len;
}

static int bio_read(BIO *bio, char *data, int cap)
{
    struct peer *p = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (p->record.len == 0 || p->record.len > (size_t)cap) {
        p->record = (struct bytes){ 0 };
        BIO_set_retry_read(bio);
        return -1;
    }
    int len = (int)p->record.len;
    memcpy(data, p->record.at, p->record.len);
    p->record = (struct bytes){ 0 };
    return len;
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

static X509 *self_signed(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"peer", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    ASN1_TIME_set_string(X509_getm_notBefore(cert), "20200101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(cert), "20991231235959Z");
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    return cert;
}

static int accept_any_certificate(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store; /* the fingerprint decides, once the handshake is done */
    return 1;
}

static const struct shared *shared_start(void)
{
    if (shared.context)
        return &shared;
    srtp_init();
    shared.bio = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "peer");
    BIO_meth_set_write(shared.bio, bio_write);
    BIO_meth_set_read(shared.bio, bio_read);
    BIO_meth_set_ctrl(shared.bio, bio_ctrl);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = self_signed(key);
    X509_digest(cert, EVP_sha256(), shared.fingerprint, NULL);
    shared.context = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_use_certificate(shared.context, cert);
    SSL_CTX_use_PrivateKey(shared.context, key);
    SSL_CTX_set_verify(shared.context, SSL_VERIFY_PEER, accept_any_certificate);
    X509_free(cert);
    EVP_PKEY_free(key);
    return &shared;
}

const uint8_t *peer_fingerprint(void)
{
    return shared_start()->fingerprint;
}

/* ---- Life. */

/* splitmix64 */
static uint64_t next_random(struct peer *p)
{
    uint64_t x = p->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void random_text(struct peer *p, char *text, size_t len)
{
    static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i++)
        text[i] = ice_chars[next_random(p) & 63];
    text[len] = '\0';
}

void peer_draw_credentials(struct peer *p)
{
    random_text(p, p->ufrag, UFRAG_LEN);
    random_text(p, p->pwd, PWD_LEN);
}

enum status peer_create(struct peer **created, const struct peer_config *config)
{
    struct peer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NO_MEMORY;
    p->config = *config;
    p->random = config->seed;
    p->checking = true;
    peer_draw_credentials(p);
    shared_start();
    *created = p;
    return OK;
}

static void end_session(struct peer *p)
{
    SSL_free(p->ssl);
    if (p->in)
        srtp_dealloc(p->in);
    if (p->out)
        srtp_dealloc(p->out);
    p->ssl = NULL;
    p->in = p->out = NULL;
    p->closed = p->nominated = p->settled = false;
}

void peer_destroy(struct peer *p)
{
    if (!p)
        return;
    end_session(p);
    free(p);
}

const char *peer_ufrag(const struct peer *p)
{
    return p->ufrag;
}
const char *peer_pwd(const struct peer *p)
{
    return p->pwd;
}
bool peer_is_ready(const struct peer *p)
{
    return p->out && !p->closed;
}
bool peer_is_closed(const struct peer *p)
{
    return p->closed;
}
struct peer_counts peer_counts(const struct peer *p)
{
    return p->counts;
}

/* ---- DTLS. */

static bool fingerprint_matches(const struct peer *p)
{
    uint8_t digest[PEER_FINGERPRINT_LEN];
    X509 *cert = SSL_get0_peer_certificate(p->ssl);
    return cert && X509_digest(cert, EVP_sha256(), digest, NULL) &&
           memcmp(digest, p->remote_fingerprint, sizeof digest) == 0;
}

static bool open_srtp(struct peer *p)
{
    /* RFC 5764 4.2: both keys, then both salts, the client's first. */
    uint8_t material[60], keys[2][30];
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(p->ssl);
    if (!profile || (profile->id != SRTP_AES128_CM_SHA1_80 && profile->id != SRTP_AEAD_AES_128_GCM))
        return false;
    size_t salt_len = profile->id == SRTP_AEAD_AES_128_GCM ? 12 : 14;
    if (SSL_export_keying_material(p->ssl, material, 2 * (16 + salt_len), "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0) != 1)
        return false;
    for (size_t i = 0; i < 2; i++) {
        memcpy(keys[i], material + 16 * i, 16);
        memcpy(keys[i] + 16, material + 32 + salt_len * i, salt_len);
    }
    srtp_policy_t policy = {
        .ssrc.type = ssrc_any_outbound, .key = keys[0], .window_size = 1024, .allow_repeat_tx = 1
    };
    if (profile->id == SRTP_AEAD_AES_128_GCM) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    if (srtp_create(&p->out, &policy) != srtp_err_status_ok)
        return false;
    policy.ssrc.type = ssrc_any_inbound;
    policy.key = keys[1];
    p->counts.profile = (uint16_t)profile->id;
    return srtp_create(&p->in, &policy) == srtp_err_status_ok;
}

/* Lets OpenSSL go on with whatever it has. */
static void step_dtls(struct peer *p)
{
    if (!p->ssl || p->closed)
        return;
    char unused[256];
    ERR_clear_error();
    int result = SSL_is_init_finished(p->ssl) ? SSL_read(p->ssl, unused, sizeof unused) : SSL_do_handshake(p->ssl);
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(p->ssl, result);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        p->closed = true;
    if (!p->closed && !p->out && SSL_is_init_finished(p->ssl) && !(fingerprint_matches(p) && open_srtp(p)))
        peer_close(p);
}

void peer_start_handshake(struct peer *p)
{
    const char *profiles = p->config.profiles ? p->config.profiles : CHROMIUM_PROFILES;
    if (p->ssl)
        return;
    p->ssl = SSL_new(shared_start()->context);
    BIO *bio = BIO_new(shared.bio);
    if (!p->ssl || !bio || SSL_set_tlsext_use_srtp(p->ssl, profiles) != 0 ||
        (p->config.suites && SSL_set_cipher_list(p->ssl, p->config.suites) != 1))
        abort(); /* a test that can't go on */
    BIO_set_data(bio, p);
    BIO_set_init(bio, 1);
    SSL_set_bio(p->ssl, bio, bio);
    SSL_set_options(p->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(p->ssl, MTU);
    SSL_set_connect_state(p->ssl);
    step_dtls(p);
}

void peer_close(struct peer *p)
{
    if (p->ssl && !p->closed) {
        ERR_clear_error();
        SSL_shutdown(p->ssl);
    }
    p->closed = true;
}

/* ---- ICE. */

static void send_check(struct peer *p, struct now now)
{
    uint8_t raw[512];
    size_t len;
    struct stun_message m = {
        .class_ = STUN_REQUEST,
        .method = STUN_BINDING,
        .username = bytes_of(p->username),
        .has_priority = true,
        .priority = 0x6e7f00ff, /* peer reflexive, RFC 8445 5.1.2.1 */
        .controlling = true,
        .tie_breaker = p->config.seed,
        .use_candidate = p->check.nominating,
    };
    memcpy(m.transaction, p->check.transaction, sizeof m.transaction);
    if (stun_write(&m, bytes_of(p->remote_pwd), raw, sizeof raw, &len) != OK)
        abort();
    p->check.due_us = now.mono_us + PEER_RETRY_US;
    p->counts.checks_sent++;
    p->config.send(p->config.context, &p->config.address, (struct bytes){ raw, len });
}

/* The first of all need not, the second does; then it is settled. */
static bool nominates(const struct peer *p)
{
    if (p->nominates_once && p->settled)
        return false;
    return !p->config.probe_first || p->nominated;
}

static void new_check(struct peer *p, struct now now)
{
    for (size_t i = 0; i < STUN_TRANSACTION_LEN; i++)
        p->check.transaction[i] = (uint8_t)next_random(p);
    p->check.pending = true;
    p->check.nominating = nominates(p);
    p->check.first_us = now.mono_us;
    send_check(p, now);
}

static void on_stun(struct peer *p, struct now now, struct bytes raw)
{
    struct stun_message m;
    if (stun_parse(raw, &m) != OK || !m.fingerprint || !p->check.pending ||
        memcmp(m.transaction, p->check.transaction, sizeof m.transaction) != 0)
        return;
    if (m.class_ == STUN_ERROR)
        p->counts.last_error = m.error;
    if (m.class_ != STUN_SUCCESS || !stun_integrity_ok(raw, &m, bytes_of(p->remote_pwd)))
        return;
    p->counts.checks_answered++;
    p->counts.mapped = m.mapped;
    p->check.pending = false;
    p->check.due_us = p->check.first_us + PEER_CHECK_US;
    peer_start_handshake(p);
    bool nominated = p->nominated;
    p->nominated = true;
    p->settled |= p->check.nominating;
    if (!nominated && !p->check.nominating && p->checking)
        new_check(p, now);
}

static void set_remote(struct peer *p, const char *ufrag, const char *pwd)
{
    struct writer w = writer_over((uint8_t *)p->username, sizeof p->username - 1);
    write_format(&w, "%s:%s", ufrag, p->ufrag);
    p->username[w.len] = '\0';
    snprintf(p->remote_pwd, sizeof p->remote_pwd, "%s", pwd);
}

void peer_restart_ice(struct peer *p, struct now now, const char *ufrag, const char *pwd)
{
    set_remote(p, ufrag, pwd);
    p->check = (struct check){ 0 };
    p->nominated = p->settled = false;
    peer_tick(p, now);
}

enum status peer_connect(struct peer *p, struct now now, const char *ufrag, const char *pwd, const uint8_t *fingerprint)
{
    if (strlen(ufrag) >= REMOTE_MAX || strlen(pwd) >= REMOTE_MAX)
        return ERR_MALFORMED;
    end_session(p);
    set_remote(p, ufrag, pwd);
    memcpy(p->remote_fingerprint, fingerprint, PEER_FINGERPRINT_LEN);
    p->counts = (struct peer_counts){ 0 };
    p->check = (struct check){ 0 };
    p->connected = true;
    peer_tick(p, now);
    return OK;
}

void peer_move(struct peer *p, const struct address *address)
{
    p->config.address = *address;
    p->check = (struct check){ 0 };
}

void peer_rebind(struct peer *p, const struct address *address)
{
    p->config.address = *address;
}

void peer_set_nominating(struct peer *p, bool nominating)
{
    p->nominates_once = !nominating;
}

void peer_set_checking(struct peer *p, bool checking)
{
    p->checking = checking;
}

/* ---- In and out. */

static void on_media(struct peer *p, enum packet_kind kind, struct bytes sealed)
{
    uint8_t packet[PACKET_MAX];
    int len = (int)sealed.len;
    if (!p->in || sealed.len > sizeof packet) {
        p->counts.refused++;
        return;
    }
    memcpy(packet, sealed.at, sealed.len);
    bool rtp = kind == PACKET_RTP;
    if ((rtp ? srtp_unprotect(p->in, packet, &len) : srtp_unprotect_rtcp(p->in, packet, &len)) != srtp_err_status_ok) {
        p->counts.refused++;
        return;
    }
    (*(rtp ? &p->counts.rtp_in : &p->counts.rtcp_in))++;
    if (p->config.media)
        p->config.media(p->config.context, kind, (struct bytes){ packet, (size_t)len });
}

void peer_datagram(struct peer *p, struct now now, struct bytes datagram)
{
    enum packet_kind kind = demux(datagram);
    if (!p->connected)
        return;
    if (kind == PACKET_STUN) {
        on_stun(p, now, datagram);
    } else if (kind == PACKET_DTLS) {
        p->record = datagram;
        step_dtls(p);
        p->record = (struct bytes){ 0 };
    } else if (kind != PACKET_UNKNOWN) {
        on_media(p, kind, datagram);
    }
}

void peer_tick(struct peer *p, struct now now)
{
    if (!p->connected)
        return;
    if (p->checking && !p->closed && now.mono_us >= p->check.due_us) {
        if (p->check.pending)
            send_check(p, now);
        else
            new_check(p, now);
    }
    if (p->ssl && !p->closed && DTLSv1_handle_timeout(p->ssl) < 0)
        p->closed = true;
}

usec_t peer_deadline(const struct peer *p, struct now now)
{
    struct timeval left;
    if (!p->connected || p->closed)
        return NEVER;
    usec_t deadline = p->checking ? p->check.due_us : NEVER;
    if (p->ssl && DTLSv1_get_timeout(p->ssl, &left))
        deadline = sooner(deadline, now.mono_us + (usec_t)left.tv_sec * USEC_PER_SEC + (usec_t)left.tv_usec);
    return deadline;
}

static enum status seal_and_send(struct peer *p, struct bytes plain,
                                 srtp_err_status_t (*protect)(srtp_t, void *, int *))
{
    uint8_t packet[PACKET_MAX];
    int len = (int)plain.len;
    if (!peer_is_ready(p))
        return ERR_STATE;
    if (plain.len + SRTP_MAX_TRAILER_LEN + 4 > sizeof packet)
        return ERR_FULL;
    memcpy(packet, plain.at, plain.len);
    if (protect(p->out, packet, &len) != srtp_err_status_ok)
        return ERR_SYSTEM;
    p->config.send(p->config.context, &p->config.address, (struct bytes){ packet, (size_t)len });
    return OK;
}

enum status peer_send_rtp(struct peer *p, struct bytes packet)
{
    return seal_and_send(p, packet, srtp_protect);
}
enum status peer_send_rtcp(struct peer *p, struct bytes packet)
{
    return seal_and_send(p, packet, srtp_protect_rtcp);
}

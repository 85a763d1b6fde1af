/* The passive side against OpenSSL's own client, over a network of two queues and a clock that the test moves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "transport/dtls.h"

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define UNIX_S 1800000000
#define CHROMIUM "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"
#define FIREFOX "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32"

/* --- The clock that OpenSSL reads: the program's own gettimeofday goes before libc's. ----------------------------- */

static usec_t clock_us;

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    *at = (struct timeval){ .tv_sec = UNIX_S + (time_t)(clock_us / USEC_PER_SEC),
                            .tv_usec = (suseconds_t)(clock_us % USEC_PER_SEC) };
    return 0;
}

static struct now now(void)
{
    return (struct now){ .mono_us = clock_us, .unix_us = UNIX_S * (int64_t)USEC_PER_SEC };
}

/* --- The network. ------------------------------------------------------------------------------------------------- */

struct letter {
    size_t len;
    uint8_t at[2048];
};

struct queue {
    size_t count;
    struct letter letters[128];
};

static void queue_put(struct queue *queue, const uint8_t *at, size_t len)
{
    assert_true(len <= sizeof queue->letters[0].at && queue->count < 128);
    struct letter *letter = &queue->letters[queue->count++];
    letter->len = len;
    memcpy(letter->at, at, len);
}

static struct letter queue_take(struct queue *queue, size_t i)
{
    struct letter letter = queue->letters[i];
    memmove(queue->letters + i, queue->letters + i + 1, (--queue->count - i) * sizeof letter);
    return letter;
}

struct world;
/* Which of the waiting datagrams goes next, -1 to lose the first instead. */
typedef int network(struct world *, struct queue *);

struct world {
    struct dtls_identity *identity;
    struct dtls *server;
    SSL_CTX *context;
    BIO_METHOD *method;
    SSL *client;
    bool client_failed;
    struct queue to_server, to_client;
    network *network;
    size_t sent, lose_at; /* for lose_one */
    uint64_t seed;        /* for bad_network */
};

static void send_to_client(void *context, struct bytes record)
{
    struct world *w = context;
    assert_true(record.len <= 1200);
    queue_put(&w->to_client, record.at, record.len);
}

static struct dtls_sink sink_of(struct world *w)
{
    return (struct dtls_sink){ send_to_client, w };
}

static int client_read(BIO *bio, char *to, int cap)
{
    struct world *w = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    BIO_set_retry_read(bio);
    if (w->to_client.count == 0)
        return -1;
    struct letter letter = queue_take(&w->to_client, 0);
    assert_true((int)letter.len <= cap);
    memcpy(to, letter.at, letter.len);
    return (int)letter.len;
}

static int client_write(BIO *bio, const char *from, int len)
{
    struct world *w = BIO_get_data(bio);
    queue_put(&w->to_server, (const uint8_t *)from, (size_t)len);
    return len;
}

static long client_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* --- The client. -------------------------------------------------------------------------------------------------- */

struct client {
    const char *profiles; /* NULL for no use_srtp */
    bool rsa, no_certificate, wrong_fingerprint, dtls10;
    const char *suites; /* NULL for OpenSSL's */
    long mtu;           /* 0: 1200 */
    bool padded;        /* a ClientHello as long as a browser's */
    unsigned timeout_us;
};

static EVP_PKEY *key_of(bool rsa)
{
    return rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static X509 *certificate_of(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate), UNIX_S);
    ASN1_TIME_set(X509_getm_notAfter(certificate), UNIX_S + 1); /* WebRTC looks at no dates */
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static unsigned client_timeout(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    return last_us ? last_us * 2 : 50000; /* Chromium's */
}

static void offer_many_protocols(SSL *ssl)
{
    uint8_t protocols[1280];
    for (size_t i = 0; i < sizeof protocols; i += 32) {
        protocols[i] = 31;
        memset(protocols + i + 1, 'a' + (int)(i / 32 % 26), 31);
    }
    assert_int_equal(SSL_set_alpn_protos(ssl, protocols, sizeof protocols), 0);
}

static void client_start(struct world *w, struct client c, uint8_t fingerprint[static FINGERPRINT_LEN])
{
    EVP_PKEY *key = key_of(c.rsa);
    X509 *certificate = certificate_of(key);
    assert_int_equal(X509_digest(certificate, EVP_sha256(), fingerprint, NULL), 1);
    w->context = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_options(w->context, SSL_OP_NO_QUERY_MTU);
    if (c.dtls10) {
        SSL_CTX_set_security_level(w->context, 0);
        SSL_CTX_set_min_proto_version(w->context, DTLS1_VERSION);
        SSL_CTX_set_max_proto_version(w->context, DTLS1_VERSION);
    }
    if (!c.no_certificate) {
        assert_int_equal(SSL_CTX_use_certificate(w->context, certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(w->context, key), 1);
    }
    if (c.suites)
        assert_int_equal(SSL_CTX_set_cipher_list(w->context, c.suites), 1);
    if (c.profiles)
        assert_int_equal(SSL_CTX_set_tlsext_use_srtp(w->context, c.profiles), 0);
    X509_free(certificate);
    EVP_PKEY_free(key);

    w->method = BIO_meth_new(BIO_TYPE_DGRAM, "test");
    BIO_meth_set_read(w->method, client_read);
    BIO_meth_set_write(w->method, client_write);
    BIO_meth_set_ctrl(w->method, client_ctrl);
    BIO *bio = BIO_new(w->method);
    BIO_set_data(bio, w);
    BIO_set_init(bio, 1);
    w->client = SSL_new(w->context);
    SSL_set_bio(w->client, bio, bio);
    SSL_set_mtu(w->client, c.mtu ? c.mtu : 1200);
    if (c.padded)
        offer_many_protocols(w->client);
    DTLS_set_timer_cb(w->client, client_timeout);
    SSL_set_connect_state(w->client);
}

static int in_order(struct world *w, struct queue *queue)
{
    (void)w, (void)queue;
    return 0;
}

static struct world *world_of(struct client c)
{
    struct world *w = calloc(1, sizeof *w);
    uint8_t fingerprint[FINGERPRINT_LEN];
    clock_us = 0;
    w->network = in_order;
    client_start(w, c, fingerprint);
    fingerprint[FINGERPRINT_LEN - 1] ^= c.wrong_fingerprint;
    assert_int_equal(dtls_identity_create(&w->identity, UNIX_S), OK);
    assert_int_equal(dtls_create(&w->server, w->identity, fingerprint), OK);
    return w;
}

static void world_free(struct world *w)
{
    assert_int_equal(ERR_peek_error(), 0);
    dtls_destroy(w->server);
    dtls_identity_destroy(w->identity);
    SSL_free(w->client);
    SSL_CTX_free(w->context);
    BIO_meth_free(w->method);
    free(w);
}

static void client_step(struct world *w)
{
    uint8_t ignored[64];
    int result =
        SSL_is_init_finished(w->client) ? SSL_read(w->client, ignored, sizeof ignored) : SSL_do_handshake(w->client);
    if (result <= 0 && SSL_get_error(w->client, result) != SSL_ERROR_WANT_READ)
        w->client_failed = true;
    ERR_clear_error();
}

static void deliver_to_server(struct world *w)
{
    int i = w->network(w, &w->to_server);
    struct letter letter = queue_take(&w->to_server, i < 0 ? 0 : (size_t)i);
    if (i < 0)
        return;
    uint8_t *exact = malloc(letter.len); /* so that the sanitizer sees a read past the end */
    memcpy(exact, letter.at, letter.len);
    dtls_datagram(w->server, (struct bytes){ exact, letter.len }, sink_of(w));
    free(exact);
}

static void deliver_to_client(struct world *w)
{
    int i = w->network(w, &w->to_client);
    struct letter letter = queue_take(&w->to_client, i < 0 ? 0 : (size_t)i);
    if (i < 0)
        return;
    struct queue others = w->to_client;
    w->to_client.count = 0;
    queue_put(&w->to_client, letter.at, letter.len);
    client_step(w);
    w->to_client = others;
}

/* Delivers until nobody has anything to say. */
static void exchange(struct world *w)
{
    if (!SSL_is_init_finished(w->client))
        client_step(w);
    while (w->to_server.count + w->to_client.count > 0) {
        if (w->to_server.count > 0)
            deliver_to_server(w);
        if (w->to_client.count > 0)
            deliver_to_client(w);
    }
}

static bool both_ready(struct world *w)
{
    return dtls_state(w->server) == DTLS_READY && SSL_is_init_finished(w->client);
}

/* Exchanges, and lets time pass when that is not enough. */
static bool exchange_for(struct world *w, usec_t limit_us)
{
    for (exchange(w); !both_ready(w) && clock_us < limit_us; exchange(w)) {
        clock_us += 25 * USEC_PER_MSEC;
        if (dtls_deadline(w->server, now()) <= clock_us)
            dtls_tick(w->server, now(), sink_of(w));
        DTLSv1_handle_timeout(w->client);
        ERR_clear_error();
    }
    return both_ready(w);
}

/* --- What is agreed. ---------------------------------------------------------------------------------------------- */

static void assert_same_keys(struct world *w, enum srtp_profile profile)
{
    struct srtp_keys keys;
    assert_int_equal(dtls_export_keys(w->server, &keys), OK);
    assert_int_equal(keys.profile, profile);
    size_t salt_len = profile == SRTP_AEAD_AES_128_GCM_PROFILE ? 12 : 14;
    uint8_t block[60];
    assert_int_equal(
        SSL_export_keying_material(w->client, block, 2 * (16 + salt_len), "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0), 1);
    assert_memory_equal(keys.remote_key, block, 16);
    assert_memory_equal(keys.local_key, block + 16, 16);
    assert_memory_equal(keys.remote_salt, block + 32, salt_len);
    assert_memory_equal(keys.local_salt, block + 32 + salt_len, salt_len);
}

struct agreement {
    const char *offered;
    enum srtp_profile expected;
};

static void gcm_is_chosen_where_offered_and_cm_otherwise(void **state)
{
    (void)state;
    const struct agreement agreements[] = {
        { CHROMIUM, SRTP_AEAD_AES_128_GCM_PROFILE },
        { FIREFOX, SRTP_AEAD_AES_128_GCM_PROFILE },
        { "SRTP_AES128_CM_SHA1_80", SRTP_AES128_CM_SHA1_80_PROFILE },
        { "SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", SRTP_AES128_CM_SHA1_80_PROFILE },
    };
    for (size_t i = 0; i < sizeof agreements / sizeof *agreements; i++) {
        struct world *w = world_of((struct client){ .profiles = agreements[i].offered });
        exchange(w);
        assert_true(both_ready(w));
        assert_same_keys(w, agreements[i].expected);
        world_free(w);
    }
}

static void an_rsa_certificate_is_as_good(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM, .rsa = true });
    exchange(w);
    assert_true(both_ready(w));
    assert_same_keys(w, SRTP_AEAD_AES_128_GCM_PROFILE);
    world_free(w);
}

static void the_client_sees_the_certificate_of_the_fingerprint(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    exchange(w);
    X509 *certificate = SSL_get1_peer_certificate(w->client);
    uint8_t fingerprint[FINGERPRINT_LEN];
    assert_int_equal(X509_digest(certificate, EVP_sha256(), fingerprint, NULL), 1);
    assert_memory_equal(fingerprint, dtls_identity_fingerprint(w->identity), FINGERPRINT_LEN);
    time_t before = UNIX_S - 86400 - 1, after = UNIX_S + 365 * 86400 + 1, at = UNIX_S;
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(certificate), &before), 1);
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(certificate), &at), -1);
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(certificate), &after), -1);
    X509_free(certificate);
    struct dtls_identity *other;
    assert_int_equal(dtls_identity_create(&other, UNIX_S), OK);
    assert_memory_not_equal(dtls_identity_fingerprint(other), fingerprint, FINGERPRINT_LEN);
    dtls_identity_destroy(other);
    world_free(w);
}

static void a_packet_sealed_with_the_keys_opens_at_the_other_end(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    exchange(w);
    struct srtp_keys keys;
    assert_int_equal(dtls_export_keys(w->server, &keys), OK);
    struct srtp_keys theirs = { .profile = keys.profile };
    memcpy(theirs.remote_key, keys.local_key, sizeof keys.local_key);
    memcpy(theirs.remote_salt, keys.local_salt, sizeof keys.local_salt);
    struct srtp *ours_srtp, *theirs_srtp;
    assert_int_equal(srtp_session_create(&ours_srtp, &keys), OK);
    assert_int_equal(srtp_session_create(&theirs_srtp, &theirs), OK);
    uint8_t packet[64] = { 0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 'h', 'i' };
    size_t len = 14;
    assert_int_equal(srtp_seal_rtp(ours_srtp, packet, &len, sizeof packet), OK);
    assert_int_equal(srtp_open_rtp(theirs_srtp, packet, &len), OK);
    assert_memory_equal(packet + 12, "hi", 2);
    srtp_destroy(ours_srtp);
    srtp_destroy(theirs_srtp);
    world_free(w);
}

/* --- What is refused. --------------------------------------------------------------------------------------------- */

static void assert_refused(struct client c)
{
    struct world *w = world_of(c);
    struct srtp_keys keys = { 0 };
    assert_false(exchange_for(w, 2 * USEC_PER_SEC));
    assert_int_equal(dtls_state(w->server), DTLS_CLOSED);
    assert_true(w->client_failed); /* there was an alert: the client need not wait for its timer */
    assert_int_equal(dtls_export_keys(w->server, &keys), ERR_STATE);
    assert_int_equal(keys.profile, 0);
    assert_true(dtls_deadline(w->server, now()) == NEVER);
    assert_int_equal(dtls_datagram(w->server, bytes_of("x"), sink_of(w)), ERR_STATE);
    world_free(w);
}

static void a_client_without_a_common_srtp_profile_is_refused(void **state)
{
    (void)state;
    assert_refused((struct client){ .profiles = NULL });
    assert_refused((struct client){ .profiles = "SRTP_AEAD_AES_256_GCM" });
    assert_refused((struct client){ .profiles = "SRTP_AES128_CM_SHA1_32" });
}

static void another_certificate_than_signalled_is_refused(void **state)
{
    (void)state;
    assert_refused((struct client){ .profiles = CHROMIUM, .wrong_fingerprint = true });
    assert_refused((struct client){ .profiles = CHROMIUM, .wrong_fingerprint = true, .rsa = true });
}

static void a_client_without_a_certificate_is_refused(void **state)
{
    (void)state;
    assert_refused((struct client){ .profiles = CHROMIUM, .no_certificate = true });
}

static void dtls_1_0_is_refused(void **state)
{
    (void)state;
    assert_refused((struct client){ .profiles = "SRTP_AES128_CM_SHA1_80", .dtls10 = true });
}

static void nothing_is_exported_before_the_end(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    struct srtp_keys keys;
    assert_int_equal(dtls_state(w->server), DTLS_HANDSHAKING);
    assert_int_equal(dtls_export_keys(w->server, &keys), ERR_STATE);
    assert_true(dtls_deadline(w->server, now()) == NEVER); /* the client starts */
    client_step(w);
    deliver_to_server(w);
    assert_int_equal(dtls_state(w->server), DTLS_HANDSHAKING);
    assert_int_equal(dtls_export_keys(w->server, &keys), ERR_STATE);
    assert_int_equal(dtls_datagram(w->server, (struct bytes){ 0 }, sink_of(w)), ERR_MALFORMED);
    world_free(w);
}

/* --- A network that is not kind. ---------------------------------------------------------------------------------- */

static void a_client_hello_in_fragments_is_read(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM, .padded = true });
    client_step(w);
    assert_int_equal(w->to_server.count, 2); /* as from Chromium and Firefox */
    exchange(w);
    assert_true(both_ready(w));
    world_free(w);

    w = world_of((struct client){ .profiles = FIREFOX, .padded = true, .mtu = 300, .rsa = true });
    client_step(w);
    assert_true(w->to_server.count >= 5);
    exchange(w);
    assert_true(both_ready(w));
    assert_same_keys(w, SRTP_AEAD_AES_128_GCM_PROFILE);
    world_free(w);
}

static void fragments_of_a_client_hello_may_change_places(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM, .padded = true });
    client_step(w);
    struct letter first = queue_take(&w->to_server, 0);
    queue_put(&w->to_server, first.at, first.len);
    exchange(w);
    assert_true(both_ready(w));
    assert_int_equal(clock_us, 0); /* no timer was needed */
    world_free(w);
}

static int lose_one(struct world *w, struct queue *queue)
{
    (void)queue;
    return w->sent++ == w->lose_at ? -1 : 0;
}

static void any_one_datagram_may_be_lost(void **state)
{
    (void)state;
    for (size_t lose_at = 0; lose_at < 12; lose_at++) {
        struct world *w = world_of((struct client){ .profiles = CHROMIUM, .padded = true });
        w->network = lose_one;
        w->lose_at = lose_at;
        assert_true(exchange_for(w, USEC_PER_SEC / 2));
        assert_same_keys(w, SRTP_AEAD_AES_128_GCM_PROFILE);
        world_free(w);
    }
}

static uint32_t dice(struct world *w, uint32_t sides)
{
    w->seed ^= w->seed << 13, w->seed ^= w->seed >> 7, w->seed ^= w->seed << 17;
    return (uint32_t)(w->seed >> 16) % sides;
}

/* Loses a quarter, doubles some, and takes any of those that wait. */
static int bad_network(struct world *w, struct queue *queue)
{
    uint32_t luck = dice(w, 8);
    if (luck < 2)
        return -1;
    int chosen = (int)dice(w, (uint32_t)queue->count);
    if (luck == 2 && queue->count < 64)
        queue_put(queue, queue->letters[chosen].at, queue->letters[chosen].len);
    return chosen;
}

static void loss_doubling_and_disorder_only_delay(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct world *w =
            world_of((struct client){ .profiles = CHROMIUM, .padded = true, .mtu = seed % 2 ? 1200 : 400 });
        w->network = bad_network;
        w->seed = seed * 0x9e3779b97f4a7c15;
        if (!exchange_for(w, 20 * USEC_PER_SEC))
            fail_msg("seed %d: server %d, client finished %d", (int)seed, (int)dtls_state(w->server),
                     SSL_is_init_finished(w->client));
        assert_same_keys(w, SRTP_AEAD_AES_128_GCM_PROFILE);
        world_free(w);
    }
}

static void an_unanswered_flight_is_resent_ever_more_slowly_and_then_given_up(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    client_step(w);
    deliver_to_server(w);
    assert_true(w->to_client.count > 0);
    const usec_t steps_ms[] = { 100, 200, 400, 800, 1600, 3000, 3000 };
    for (size_t i = 0; i < sizeof steps_ms / sizeof *steps_ms; i++) {
        w->to_client.count = 0;
        assert_int_equal(dtls_deadline(w->server, now()), clock_us + steps_ms[i] * USEC_PER_MSEC);
        dtls_tick(w->server, now(), sink_of(w)); /* early: nothing */
        assert_int_equal(w->to_client.count, 0);
        clock_us = dtls_deadline(w->server, now());
        dtls_tick(w->server, now(), sink_of(w));
        assert_int_equal(w->to_client.count, 5); /* OpenSSL resends one message a datagram: ServerHello to its Done */
    }
    while (dtls_state(w->server) == DTLS_HANDSHAKING && clock_us < 60 * USEC_PER_SEC) {
        w->to_client.count = 0;
        clock_us = dtls_deadline(w->server, now());
        dtls_tick(w->server, now(), sink_of(w));
    }
    assert_int_equal(dtls_state(w->server), DTLS_CLOSED);
    assert_in_range(clock_us, 20 * USEC_PER_SEC, 31 * USEC_PER_SEC);
    world_free(w);
}

static void garbage_is_passed_over(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM, .padded = true });
    w->seed = 42;
    client_step(w);
    while (!both_ready(w)) {
        for (int i = 0; i < 50; i++) {
            uint8_t garbage[200];
            for (size_t b = 0; b < sizeof garbage; b++)
                garbage[b] = (uint8_t)dice(w, 256);
            garbage[0] = (uint8_t)(20 + dice(w, 44)); /* what demux calls DTLS (RFC 7983) */
            size_t len = 1 + dice(w, sizeof garbage);
            assert_int_equal(dtls_datagram(w->server, (struct bytes){ garbage, len }, sink_of(w)), OK);
        }
        assert_int_not_equal(dtls_state(w->server), DTLS_CLOSED);
        if (w->to_server.count > 0)
            deliver_to_server(w);
        if (w->to_client.count > 0)
            deliver_to_client(w);
    }
    assert_same_keys(w, SRTP_AEAD_AES_128_GCM_PROFILE);
    world_free(w);
}

static void the_handshake_again_changes_nothing(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    client_step(w);
    struct letter hello = w->to_server.letters[0];
    exchange(w);
    struct srtp_keys before, after;
    assert_int_equal(dtls_export_keys(w->server, &before), OK);
    for (int i = 0; i < 20; i++)
        dtls_datagram(w->server, (struct bytes){ hello.at, hello.len }, sink_of(w));
    assert_int_equal(dtls_export_keys(w->server, &after), OK);
    assert_memory_equal(&before, &after, sizeof before);
    world_free(w);
}

/* --- The end. ----------------------------------------------------------------------------------------------------- */

static void close_notify_closes(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    exchange(w);
    assert_int_equal(dtls_state(w->server), DTLS_READY);
    SSL_shutdown(w->client);
    deliver_to_server(w);
    assert_int_equal(dtls_state(w->server), DTLS_CLOSED);
    struct srtp_keys keys;
    assert_int_equal(dtls_export_keys(w->server, &keys), ERR_STATE);
    world_free(w);
}

static void a_forged_close_after_the_handshake_does_not(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    exchange(w);
    const uint8_t alerts[][15] = {
        { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 50, 0, 2, 1, 0 },  /* close_notify in the clear */
        { 21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 50, 0, 2, 2, 40 }, /* fatal, in the new epoch, unsealed */
    };
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(dtls_datagram(w->server, (struct bytes){ alerts[i], sizeof alerts[i] }, sink_of(w)), ERR_AUTH);
    SSL_shutdown(w->client);
    w->to_server.letters[0].at[w->to_server.letters[0].len - 1] ^= 1;
    deliver_to_server(w);
    assert_int_equal(dtls_state(w->server), DTLS_READY);
    world_free(w);
}

/* As a phone without AES in its processor prefers it; ours decides. */
static void what_hears_the_goodbye_is_exported_for_aes_128_gcm(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){
        .profiles = CHROMIUM, .suites = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256" });
    struct farewell farewell;
    assert_int_equal(dtls_export_farewell(w->server, &farewell), ERR_STATE);
    exchange(w);
    assert_int_equal(dtls_export_farewell(w->server, &farewell), OK);
    SSL_shutdown(w->client);
    struct letter goodbye = queue_take(&w->to_server, 0);
    assert_int_equal(farewell_read(&farewell, (struct bytes){ goodbye.at, goodbye.len }), OK);
    farewell.iv[3] ^= 1;
    assert_int_equal(farewell_read(&farewell, (struct bytes){ goodbye.at, goodbye.len }), ERR_AUTH);
    world_free(w);
}

static void for_other_suites_it_is_not(void **state)
{
    (void)state;
    const char *suites[] = { "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-GCM-SHA384" };
    for (size_t i = 0; i < 2; i++) {
        struct world *w = world_of((struct client){ .profiles = CHROMIUM, .suites = suites[i] });
        struct farewell farewell;
        exchange(w);
        assert_true(both_ready(w));
        assert_int_equal(dtls_export_farewell(w->server, &farewell), ERR_UNSUPPORTED);
        world_free(w);
    }
}

static void application_data_goes_nowhere(void **state)
{
    (void)state;
    struct world *w = world_of((struct client){ .profiles = CHROMIUM });
    exchange(w);
    uint8_t data[1000] = { 0 };
    for (int i = 0; i < 10; i++)
        assert_int_equal(SSL_write(w->client, data, sizeof data), (int)sizeof data);
    exchange(w);
    assert_true(both_ready(w));
    world_free(w);
}

static int start(void **state)
{
    (void)state;
    return srtp_start() == OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_is_chosen_where_offered_and_cm_otherwise),
        cmocka_unit_test(an_rsa_certificate_is_as_good),
        cmocka_unit_test(the_client_sees_the_certificate_of_the_fingerprint),
        cmocka_unit_test(a_packet_sealed_with_the_keys_opens_at_the_other_end),
        cmocka_unit_test(a_client_without_a_common_srtp_profile_is_refused),
        cmocka_unit_test(another_certificate_than_signalled_is_refused),
        cmocka_unit_test(a_client_without_a_certificate_is_refused),
        cmocka_unit_test(dtls_1_0_is_refused),
        cmocka_unit_test(nothing_is_exported_before_the_end),
        cmocka_unit_test(a_client_hello_in_fragments_is_read),
        cmocka_unit_test(fragments_of_a_client_hello_may_change_places),
        cmocka_unit_test(any_one_datagram_may_be_lost),
        cmocka_unit_test(loss_doubling_and_disorder_only_delay),
        cmocka_unit_test(an_unanswered_flight_is_resent_ever_more_slowly_and_then_given_up),
        cmocka_unit_test(garbage_is_passed_over),
        cmocka_unit_test(the_handshake_again_changes_nothing),
        cmocka_unit_test(close_notify_closes),
        cmocka_unit_test(a_forged_close_after_the_handshake_does_not),
        cmocka_unit_test(what_hears_the_goodbye_is_exported_for_aes_128_gcm),
        cmocka_unit_test(for_other_suites_it_is_not),
        cmocka_unit_test(application_data_goes_nowhere),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}

/* dtls.h - the DTLS-SRTP handshake, passive side, over memory.
 *
 * OpenSSL 3, DTLS 1.2, ECDSA P-256; SRTP_AEAD_AES_128_GCM preferred, SRTP_AES128_CM_SHA1_80 as the fallback (RFC 5764,
 * RFC 7714 14.2). The peer's certificate is required and checked only against the fingerprint that signalling brought
 * (RFC 8122, RFC 8827 6.5). Owned by its transport.
 *
 * The one exception to "time comes in": OpenSSL 3.0 times its retransmissions by gettimeofday. */
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"
#include "transport/farewell.h"
#include "transport/srtp.h"
#include "transport/transport.h"

struct dtls_identity; /* a certificate, its key and OpenSSL's context for them */

/* A fresh self-signed P-256 certificate: a process needs no other, as the fingerprint travels in each answer. Valid
 * from a day before unix_s for a year. Outlives each struct dtls made with it; may be shared between threads. */
enum status dtls_identity_create(struct dtls_identity **, int64_t unix_s);
void dtls_identity_destroy(struct dtls_identity *);                     /* NULL is fine */
const uint8_t *dtls_identity_fingerprint(const struct dtls_identity *); /* FINGERPRINT_LEN bytes */

struct dtls;

/* A sink for the records that a call makes, one call per datagram; it must not call back into dtls. */
struct dtls_sink {
    void (*send)(void *context, struct bytes record);
    void *context;
};

enum dtls_state {
    DTLS_HANDSHAKING = 1,
    DTLS_READY,
    DTLS_CLOSED, /* refused, alerted or closed: no way back */
};

enum status dtls_create(struct dtls **, const struct dtls_identity *, const uint8_t expected[static FINGERPRINT_LEN]);
void dtls_destroy(struct dtls *); /* NULL is fine */

/* Goes on after DTLS_READY, for a resent Finished and for the peer's close. What the datagram did shows in dtls_state;
 * OK says only that it was looked at. ERR_STATE once DTLS_CLOSED, ERR_MALFORMED when it is empty. */
enum status dtls_datagram(struct dtls *, struct bytes, struct dtls_sink);
/* Resends what is due; gives up, DTLS_CLOSED, after about half a minute of resending. */
void dtls_tick(struct dtls *, struct now, struct dtls_sink);
/* When to tick next; it moves with every datagram and tick. NEVER when nothing waits for an answer. */
usec_t dtls_deadline(const struct dtls *, struct now);
enum dtls_state dtls_state(const struct dtls *);
/* ERR_STATE unless DTLS_READY. The caller wipes the keys. */
enum status dtls_export_keys(const struct dtls *, struct srtp_keys *);
/* What hears the peer's goodbye after dtls_destroy. ERR_STATE unless DTLS_READY, ERR_UNSUPPORTED for a suite without
 * AES-128-GCM: this struct must then stay for as long as the connection. The caller wipes it. */
enum status dtls_export_farewell(const struct dtls *, struct farewell *);

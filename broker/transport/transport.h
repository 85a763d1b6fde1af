/* transport.h - one peer's encrypted path: ICE-lite, DTLS and SRTP joined.
 *
 * Owned by its participant. Pure: datagrams and time in, datagrams and at most one event out. STUN and DTLS go to the
 * peer as soon as it is authenticated; RTP and RTCP only when the room sends them: the transport decides nothing about
 * who may hear whom. Once the peer's media comes in, or a minute after the handshake, DTLS is let go, and of its
 * records only a goodbye counts. Sources: RFC 8445 (ICE-lite, 2.5, 6.1.1), RFC 8489, RFC 5764, RFC 7675. */
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/outbox.h"
#include "base/status.h"

struct dtls_identity; /* dtls.h: the shard's certificate and key */
struct transport;

enum { FINGERPRINT_LEN = 32 }; /* SHA-256 of a certificate in DER */

struct transport_config {
    const struct entropy *entropy; /* copied */
    const struct dtls_identity *identity;
};

/* What the peer said of itself in its offer. */
struct transport_remote {
    struct bytes ufrag; /* 4 to 256 characters, RFC 8839 5.4 */
    struct bytes pwd;   /* 22 to 256 characters */
    uint8_t fingerprint[FINGERPRINT_LEN];
};

enum transport_event_kind {
    TRANSPORT_NOTHING,
    TRANSPORT_READY, /* DTLS done, the certificate matched, keys are in place */
    TRANSPORT_RTP,   /* packet: an authenticated, decrypted RTP packet */
    TRANSPORT_RTCP,  /* packet: an authenticated, decrypted compound */
    TRANSPORT_CLOSED /* once: the peer's close_notify, a fatal alert, or a certificate that did not match */
};

struct transport_event {
    enum transport_event_kind kind;
    struct bytes packet; /* borrowed from the buffer that was handed in; until the next call */
    bool checked;        /* an authentic connectivity check arrived from this datagram's address: cache the route */
};

enum status transport_create(struct transport **, const struct transport_config *);
void transport_destroy(struct transport *); /* wipes keys; NULL is fine */

/* Our own credentials for the answer; NUL-terminated, alive as long as the transport. The ufrag is unique enough to
 * route by (at least 48 random bits). */
const char *transport_ufrag(const struct transport *);
const char *transport_pwd(const struct transport *);

/* Once, before any datagram is of use. ERR_MALFORMED for credentials out of bounds, ERR_STATE the second time. */
enum status transport_set_remote(struct transport *, const struct transport_remote *);

/* ICE restart: the peer's new user fragment and password; ours, as transport_ufrag and transport_pwd tell them, are new
 * from here on. DTLS, the keys and the path in use go on. ERR_MALFORMED for credentials out of bounds or not new,
 * ERR_STATE before transport_set_remote and once closed; nothing has changed then. */
enum status transport_restart_ice(struct transport *, struct bytes ufrag, struct bytes pwd);

/* One datagram for this peer, decrypted in place. Replies go to the outbox. A status other than OK says why it was
 * dropped; the event is then TRANSPORT_NOTHING. */
enum status transport_datagram(struct transport *, struct now, const struct address *peer, uint8_t *data, size_t len,
                               struct outbox *, struct transport_event *);

/* Drives the handshake's retransmissions. */
void transport_tick(struct transport *, struct now, struct outbox *);
usec_t transport_deadline(const struct transport *);

bool transport_is_ready(const struct transport *);
/* After TRANSPORT_CLOSED, and when transport_tick found that the handshake gave up: nothing goes in or out any more. */
bool transport_is_closed(const struct transport *);
/* When the selected path last proved the peer's consent (an authentic check), 0 for never; RFC 7675: silent for
 * TRANSPORT_CONSENT_US, and nothing may be sent. transport_seal_* refuses by itself. */
usec_t transport_last_consent(const struct transport *);
#define TRANSPORT_CONSENT_US (30 * USEC_PER_SEC)

/* The room that sealing needs behind a plain packet of len bytes. */
enum { TRANSPORT_SEAL_OVERHEAD = 32 };
enum { TRANSPORT_PACKET_MAX = 1500 };

/* Seals in place the plain packet of *len bytes at `packet` (cap bytes of room) and grows *len. On OK, `peer` is where
 * to send it. ERR_STATE before ready, ERR_EXPIRED without consent. Of one SSRC, sequence numbers may go back only a
 * little (retransmissions): the rollover counter follows them by RFC 3711 3.3.1. */
enum status transport_seal_rtp(struct transport *, struct now, uint8_t *packet, size_t *len, size_t cap,
                               struct address *peer);
enum status transport_seal_rtcp(struct transport *, struct now, uint8_t *packet, size_t *len, size_t cap,
                                struct address *peer);

/* peer.h - a fake browser at the far end of a transport: a full, controlling ICE agent on one address, a DTLS client
 * and SRTP.
 *
 * For tests and the simulator. Sans-IO like the broker: time and datagrams in, datagrams out through a hook. SRTP is
 * libsrtp2 itself and DTLS plain OpenSSL, so that the broker's own code is checked by somebody else's. Its randomness
 * comes from a seed, apart from what OpenSSL draws itself. All peers of a process share one certificate. */
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/status.h"
#include "transport/demux.h"

enum { PEER_FINGERPRINT_LEN = 32 };
#define PEER_CHECK_US ((usec_t)2500 * USEC_PER_MSEC) /* between checks that were answered */
#define PEER_RETRY_US (50 * USEC_PER_MSEC)           /* until one is */

struct peer;

struct peer_config {
    uint64_t seed; /* of its credentials and transaction ids */
    struct address address;
    /* Offered profiles, in OpenSSL's notation; NULL for Chromium's list. */
    const char *profiles;
    const char *suites; /* of DTLS, likewise; NULL for OpenSSL's list */
    /* As Chromium against a lite agent: the first check does not nominate; once it is answered the ClientHello leaves
     * just ahead of the nominating check. Otherwise each check nominates. */
    bool probe_first;
    /* What the peer sends. Called inside the calls below; it must not call the peer. */
    void (*send)(void *context, const struct address *from, struct bytes datagram);
    /* What it received, opened: PACKET_RTP or PACKET_RTCP. May be NULL. */
    void (*media)(void *context, enum packet_kind, struct bytes packet);
    void *context;
};

enum status peer_create(struct peer **, const struct peer_config *);
void peer_destroy(struct peer *); /* NULL is fine */

/* For its offer. NUL-terminated; PEER_FINGERPRINT_LEN bytes. */
const char *peer_ufrag(const struct peer *);
const char *peer_pwd(const struct peer *);
const uint8_t *peer_fingerprint(void);

/* What the answer said; checks begin. A second call starts all over, as an ICE restart with new DTLS would. */
enum status peer_connect(struct peer *, struct now, const char *ufrag, const char *pwd, const uint8_t *fingerprint);
/* ICE restart, in two steps: it draws new credentials for the request, and goes on with what the reply says. DTLS and
 * keys stay. */
void peer_draw_credentials(struct peer *);
void peer_restart_ice(struct peer *, struct now, const char *ufrag, const char *pwd);
void peer_datagram(struct peer *, struct now, struct bytes);
void peer_tick(struct peer *, struct now); /* checks and the handshake's retransmissions that are due */
usec_t peer_deadline(const struct peer *, struct now);

bool peer_is_ready(const struct peer *);  /* DTLS is done, the fingerprint was right */
bool peer_is_closed(const struct peer *); /* refused, or closed by either side */

/* Plain packets, sealed here. ERR_STATE before ready. */
enum status peer_send_rtp(struct peer *, struct bytes packet);
enum status peer_send_rtcp(struct peer *, struct bytes packet);

/* A change of network: from now on it sends from there, and asks for the path at the next tick. */
void peer_move(struct peer *, const struct address *);
/* A NAT on its way gives it another address, of which it knows nothing. */
void peer_rebind(struct peer *, const struct address *);
/* Whether later checks nominate again, as Chromium's do; else they only give consent, as Firefox's. At first they do.
 */
void peer_set_nominating(struct peer *, bool);
/* Without checks it withdraws its consent by silence. */
void peer_set_checking(struct peer *, bool);
/* Starts the DTLS handshake whatever ICE says. */
void peer_start_handshake(struct peer *);
void peer_close(struct peer *); /* close_notify */

struct peer_counts {
    uint64_t checks_sent, checks_answered, rtp_in, rtcp_in;
    uint64_t refused;      /* packets that did not open, or came too early */
    uint16_t last_error;   /* of a refused check, 0 for none */
    struct address mapped; /* how the broker sees it */
    uint16_t profile;      /* the chosen SRTP profile, RFC 5764 4.1.2 and RFC 7714 14.2; 0 before ready */
};
struct peer_counts peer_counts(const struct peer *);

/* peer.h - one synthetic peer connection: a full, controlling ICE agent on one connected UDP socket, a DTLS client, and
 * SRTP under AEAD_AES_128_GCM; it sends sound and picture (traffic.h), receives and counts (tally.h), and reports.
 *
 * It makes the offer, or answers the server's; either way it is active in DTLS (RFC 8842) and one a participant, or two
 * where the server wants sending and receiving apart. Made by signalling, and from media_attach on owned by the media
 * thread: every call afterwards is made under media_lock. All peers of a process share one certificate. */
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/status.h"
#include "load/crypt.h"
#include "load/tally.h"

enum { LOAD_SECTIONS_MAX = 80, LOAD_DATAGRAM_MAX = 2048, LOAD_MID_MAX = 16 };

/* One m= section of our own offer; its mid is its place. */
struct load_section {
    bool video;
    bool sends;   /* sendonly, else recvonly */
    bool carries; /* of those that send: the one that our sound or picture goes by (a screen's does not) */
};

struct load_flows {          /* what a peer sends */
    unsigned fps, video_bps; /* 0: no picture */
    bool sound;
    uint32_t phase_us; /* spreads peers over the time of a frame */
};

struct load_peer_config {
    uint32_t origin;                 /* whose packets they are, in the payload; the SSRCs are made of it, too. Not 0 */
    uint32_t others_from, others_to; /* origins whose packets may come, up to and without the last; 0 and 0: any */
    bool feedback;                   /* offer transport-wide feedback, and give it where the other side takes it */
    unsigned sample_every;           /* one RTP packet of so many is opened */
    const struct load_key *key;      /* what all peers share, from load_key_create */
};

struct load_key; /* a certificate and OpenSSL's context; one a process */
enum status load_key_create(struct load_key **);
void load_key_destroy(struct load_key *); /* NULL is fine; after the last peer */

struct load_peer;

enum status load_peer_create(struct load_peer **, const struct load_peer_config *);
void load_peer_destroy(struct load_peer *); /* close_notify, and the socket; NULL is fine */

/* Either our offer and their answer. ERR_FULL; ERR_MALFORMED for an answer without what we need. */
enum status load_peer_offer(struct load_peer *, const struct load_section *, size_t count, struct writer *sdp);
enum status load_peer_take_answer(struct load_peer *, const char *sdp);
/* Or their offer and our answer, which receives all that they send as Opus or VP8 and declines the rest; again for each
 * renegotiation, in which ICE and DTLS stay as they are. */
enum status load_peer_answer(struct load_peer *, const char *offer, struct writer *sdp);
/* Or neither, nor ICE and DTLS: whoever is at that address has the same keys. For measuring what forwarding alone
 * costs.
 */
enum status load_peer_connect_bare(struct load_peer *, const struct address *,
                                   const uint8_t material[static CRYPT_MATERIAL_LEN]);

/* From now on, or as soon as it is ready. */
void load_peer_send(struct load_peer *, struct load_flows);
void load_peer_stop(struct load_peer *);

bool load_peer_is_ready(const struct load_peer *);  /* DTLS is done, the fingerprint was right */
bool load_peer_is_failed(const struct load_peer *); /* refused, or closed by the other side */
/* When its first RTP packet came, and the first keyframe (looked for in every packet until then); 0: not yet. */
usec_t load_peer_first_media(const struct load_peer *);
usec_t load_peer_first_keyframe(const struct load_peer *);
struct tally *load_peer_tally(struct load_peer *);
struct load_sent {
    uint64_t sound, picture; /* packets */
    uint64_t octets;
    uint64_t late;    /* frames that were left out, because we were too slow for them */
    uint64_t unsent;  /* packets that the kernel took not */
    uint64_t dropped; /* packets that came, and our socket had no room for: our loss, not the server's */
};
/* Since load_peer_mark, or since it came to be. */
struct load_sent load_peer_sent(const struct load_peer *);
void load_peer_mark(struct load_peer *);

/* ---- For the media thread (media.c) ---- */

struct load_now {
    usec_t mono_us;
    int64_t real_minus_mono_ns; /* the kernel stamps arrivals by the wall clock */
};
int load_peer_fd(const struct load_peer *); /* -1 before it knows where to send */
/* What is due: packets, checks, reports, the handshake's retransmissions. */
void load_peer_turn(struct load_peer *, struct load_now);
usec_t load_peer_deadline(const struct load_peer *); /* NEVER: nothing */
/* All that waits on the socket. */
void load_peer_receive(struct load_peer *, struct load_now);
/* Its place in the media thread's queue of deadlines. */
size_t *load_peer_place(struct load_peer *);

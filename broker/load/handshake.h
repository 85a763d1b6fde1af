/* handshake.h - the active side of DTLS-SRTP (RFC 5764) over memory, for AEAD_AES_128_GCM.
 *
 * Owned by its peer. The certificate and OpenSSL's context (struct load_key, peer.h) are shared by all. */
#pragma once

#include "load/crypt.h"
#include "load/peer.h"

enum { HANDSHAKE_FINGERPRINT_LEN = 32 };
const uint8_t *load_key_fingerprint(const struct load_key *);

struct handshake;

/* Records leave through send, one call a datagram. */
enum status handshake_create(struct handshake **, const struct load_key *,
                             const uint8_t expected[static HANDSHAKE_FINGERPRINT_LEN],
                             void (*send)(void *context, struct bytes record), void *context);
/* Says close_notify when it came to be; NULL is fine. */
void handshake_destroy(struct handshake *);

/* A record came, or none: resends what is due. */
void handshake_step(struct handshake *, struct bytes record);
/* How long until it should step without one; NEVER: only when one comes. */
usec_t handshake_wait(struct handshake *);

enum handshake_state { HANDSHAKE_GOING_ON = 1, HANDSHAKE_DONE, HANDSHAKE_CLOSED };
enum handshake_state handshake_state(const struct handshake *);
/* ERR_STATE unless HANDSHAKE_DONE. The caller wipes the material. */
enum status handshake_export(const struct handshake *, uint8_t material[static CRYPT_MATERIAL_LEN]);

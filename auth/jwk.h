/* jwk.h - one key (JWK, RFC 7517) in libjose's hands: whether it is sound, what it signed, what its name is. The only
 * caller of libjose's verification; each call leaves this thread's OpenSSL error queue empty for the TLS connections
 * beside us. */
#pragma once

#include <jansson.h>
#include <jose/cfg.h>

#include "base/bytes.h"
#include "base/terms.h"

/* A compact JWS (RFC 7515 7.1) taken apart: base64url text, borrowed. */
struct jws {
    struct bytes header, payload, signature;
};

/* Silent: libjose's own default prints what it dislikes about a peer's token on stderr. NULL without memory. */
jose_cfg_t *jwk_config(void);
/* Its strength in bits of the field or modulus; 0 for one that is no key (not on its curve, a private part that is
 * another's). */
int jwk_bits(jose_cfg_t *, const json_t *key);
/* Whether the key made this signature by the header's algorithm. Which algorithm that may be, the caller has seen to.
 */
bool jwk_signed(jose_cfg_t *, const json_t *key, struct jws);
/* RFC 7638, SHA-256: 43 characters of base64url. */
bool jwk_thumbprint(jose_cfg_t *, const json_t *key, struct id *);

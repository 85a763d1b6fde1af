/* keyring.h - the public and private keys that admission tokens are signed with (JWK, RFC 7517), ES256 only.
 *
 * Built from bytes that the shell read; several keys may be live at once, told apart by `kid`, so that a clinic can
 * rotate. For one thread (the front's): the keys are Jansson values, whose
 * reference counts are not ours to guard, and each call leaves this thread's OpenSSL error queue empty for the TLS
 * connections beside us. */
#pragma once

#include "auth/jwk.h"
#include "base/status.h"

struct keyring;

enum { KEYRING_MAX_KEYS = 32, KEYRING_KID_MAX = 128 };

/* json: one JWK or a JWKS. Not JSON, no key or duplicate names or kids: ERR_MALFORMED. Keys that are not valid EC P-256
 * points with a kid (or a private part that is another point's), or that are marked for another use or algorithm:
 * ERR_UNSUPPORTED for the whole, so that a misprint is seen at start. More than KEYRING_MAX_KEYS: ERR_FULL. */
enum status keyring_create(struct keyring **, struct bytes json);
/* Wipes the private parts. */
void keyring_destroy(struct keyring *);
/* A fresh private key as a JWK, for `kinroom token key`; its kid is its RFC 7638 thumbprint. The caller wipes and frees
 * the string. */
enum status keyring_generate(char **json);

/* ES256 by the key named kid, whatever the header says: ERR_AUTH for an unknown kid and a signature that does not fit
 * alike. The caller has parsed the header and seen that its alg is ES256. */
enum status keyring_verify(const struct keyring *, struct bytes kid, struct jws);
/* payload: the bytes to sign. With the first private key; ERR_UNKNOWN when there is none. The caller frees the string.
 */
enum status keyring_sign(const struct keyring *, struct bytes payload, char **compact);

/* keyring.h - the public and private keys that admission tokens are signed with (JWK, RFC 7517), ES256 only.
 *
 * Built from bytes that the shell read; several keys may be live at once, told apart by `kid`, so that a clinic can rotate. */
#pragma once

#include "base/status.h"
#include "base/bytes.h"

struct keyring;

/* json: one JWK or a JWKS. Keys that are not EC P-256 with a kid are refused: ERR_UNSUPPORTED; not JSON: ERR_MALFORMED. */
enum status keyring_create(struct keyring **, struct bytes json);
void keyring_destroy(struct keyring *);
/* A fresh private key as a JWK, for `kinroom token key`; the caller frees the string. */
enum status keyring_generate(char **json);

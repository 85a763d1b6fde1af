/* jws.h - what strangers sign: a compact JWS of any header and payload, by any key. */
#pragma once

#include <jansson.h>

/* Takes the header; the payload is signed as the very bytes it is. `key` is private, and says no `alg` other than the
 * header's. The caller frees. */
char *jws_sign(json_t *key, json_t *header, const char *payload);
/* The same of a JSON payload, which it takes. */
char *jws_sign_json(json_t *key, json_t *header, json_t *payload);
/* Header and payload as they are, with a signature of the caller's choice. The caller frees. */
char *jws_forge(const char *header, const char *payload, const char *signature);

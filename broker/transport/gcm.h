/* gcm.h - AES-128-GCM under one key: the cipher of SRTP (RFC 7714) and of DTLS's records (RFC 5288).
 *
 * Two engines that give the same bytes. OpenSSL is always there; Intel's libipsec-mb, where the program was built with
 * its header and finds the library at run time, takes a fifth of the time. A key stays with the engine that it was
 * made with. Fixed memory: about 1 kB a key. Owned by whoever embeds it. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

enum { GCM_KEY_LEN = 16, GCM_IV_LEN = 12, GCM_TAG_LEN = 16 };

enum gcm_engine {
    GCM_EVP = 1, /* OpenSSL */
    GCM_IPSEC,   /* libipsec-mb: amd64 with AES-NI */
};

/* Chooses the faster engine that is there, unless one was chosen before. To be called before there is a second thread.
 */
void gcm_start(void);
/* For keys made from now on. ERR_UNSUPPORTED, and nothing changed, when it can't be had here. Under the same rule. */
enum status gcm_use(enum gcm_engine);
/* For logs; "none" before either of the two. */
const char *gcm_engine_name(void);

struct gcm_operations;

struct gcm {
    const struct gcm_operations *engine;
    void *state; /* the expanded key; NULL when there is none */
};

/* ERR_STATE before gcm_start, ERR_NO_MEMORY; on failure gcm_deinit is harmless. */
enum status gcm_init(struct gcm *, const uint8_t key[static GCM_KEY_LEN]);
void gcm_deinit(struct gcm *); /* wipes the key; harmless for one that is all zeros */

/* In place: text is encrypted where it is, its tag written to `tag`. */
enum status gcm_seal(const struct gcm *, const uint8_t iv[static GCM_IV_LEN], struct bytes aad, uint8_t *text,
                     size_t len, uint8_t tag[static GCM_TAG_LEN]);
/* In place; ERR_AUTH for a tag that does not fit, and text is garbage then. */
enum status gcm_open(const struct gcm *, const uint8_t iv[static GCM_IV_LEN], struct bytes aad, uint8_t *text,
                     size_t len, const uint8_t tag[static GCM_TAG_LEN]);

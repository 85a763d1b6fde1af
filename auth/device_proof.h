/* device_proof.h - proof that whoever asks holds a device's private key: DPoP (RFC 9449), ES256 only.
 *
 * The browser makes the key and can't export it; its RFC 7638 thumbprint names the device. A proof speaks of one
 * address and, where a token goes with it, of that token; over a WebSocket it also holds the nonce that we gave on that
 * socket, so that it is good nowhere else. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "base/terms.h"

enum { DEVICE_PROOF_MAX = 2048, DEVICE_PROOF_AGE_S = 60 };

/* What the proof must speak of (RFC 9449 4.2, 4.3). */
struct device_claim {
    const char *method; /* htm: "POST"; "GET" for a WebSocket's handshake */
    const char *url;    /* htu, compared as it is: "https://rooms.example.org/ws" */
    struct bytes token; /* ath is its SHA-256; empty: no ath is asked for */
    const char *nonce;  /* that we gave; NULL: none, and iat must be within DEVICE_PROOF_AGE_S of now */
};

/* OK with the thumbprint of the key in the proof's header. ERR_MALFORMED, ERR_AUTH (signature, method, address, token,
 * nonce), ERR_EXPIRED. */
enum status device_proof_verify(struct bytes proof, const struct device_claim *, int64_t unix_s, struct id *device);

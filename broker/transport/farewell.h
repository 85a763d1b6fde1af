/* farewell.h - hears the peer's goodbye after DTLS was let go.
 *
 * Once media flows, all that DTLS is still good for is the peer's close_notify or fatal alert. Those are records under
 * the peer's write key, so that key alone is kept, for the suites with AES-128-GCM. Sources: RFC 5246 6.3 and 7.2 (key
 * block, alerts), RFC 5288 3 (nonce), RFC 6347 4.1 (records).
 *
 * No replay window: an alert that counts ends the connection, and one that doesn't changes nothing however often it
 * comes.
 *
 * A plain value that holds a secret; whoever owns it wipes it. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "transport/gcm.h"

enum { FAREWELL_IV_LEN = 4, FAREWELL_MASTER_LEN = 48, FAREWELL_RANDOM_LEN = 32 };

struct farewell {
    uint8_t key[GCM_KEY_LEN];
    uint8_t iv[FAREWELL_IV_LEN]; /* the part of the nonce that is not in the record */
};

/* The client's write key, by TLS 1.2's pseudo-random function with SHA-256. ERR_SYSTEM. */
enum status farewell_derive(struct farewell *, const uint8_t master[static FAREWELL_MASTER_LEN],
                            const uint8_t client_random[static FAREWELL_RANDOM_LEN],
                            const uint8_t server_random[static FAREWELL_RANDOM_LEN]);

/* OK only when the datagram holds an authentic close_notify or fatal alert. Otherwise it is of no meaning any more:
 * ERR_AUTH when what looks like one was not sealed with the key, ERR_STATE for everything else. */
enum status farewell_read(const struct farewell *, struct bytes datagram);

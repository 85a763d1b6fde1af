/* routes.h - finds whom a datagram is for: by our ufrag (STUN) or by the sender's address (everything else).
 *
 * Owned by the shard's core. A value is a small index that the caller chooses, below values_max: one ufrag and at most
 * ROUTES_ADDRESSES_MAX addresses each. All memory is taken at creation. Addresses come only from authentic checks, so
 * the latest check of an address decides whose it is. */
#pragma once

#include "base/address.h"
#include "base/status.h"

enum { ROUTES_ADDRESSES_MAX = 16, ROUTES_UFRAG_MAX = 32 };

struct routes;

/* seed: secret and random, so that nobody can choose addresses that share a chain. */
enum status routes_create(struct routes **, uint32_t values_max, uint64_t seed);
void routes_destroy(struct routes *);

/* ERR_MALFORMED for an empty or overlong ufrag, ERR_FULL for a value that is not below values_max, ERR_STATE when the
 * value has a ufrag already or another value has this one. */
enum status routes_add_ufrag(struct routes *, struct bytes ufrag, uint32_t value);
/* The same, in place of the ufrag that the value has; its addresses stay. On failure nothing has changed. ERR_STATE
 * when it has none, or another value has this one. */
enum status routes_change_ufrag(struct routes *, struct bytes ufrag, uint32_t value);
/* Makes the address lead to value, whoever had it, and marks it as the value's most recent; when the value has too
 * many, its least recent one goes. ERR_FULL as above. Call it for every authentic check. */
enum status routes_add_address(struct routes *, const struct address *, uint32_t value);

/* False, and value unchanged, when there is none. */
bool routes_find_ufrag(const struct routes *, struct bytes ufrag, uint32_t *value);
bool routes_find_address(const struct routes *, const struct address *, uint32_t *value);

/* Forgets the ufrag and all the addresses of value; nothing when it has none. */
void routes_remove(struct routes *, uint32_t value);

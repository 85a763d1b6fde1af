/* hash.h - tells texts and values apart, so that what was told already is not told again. Never 0, which means 'told
 * nothing'. */
#pragma once

#include "base/bytes.h"

/* FNV-1a, 64 bits: not against an attacker, who could only hide news from themselves. */
#define HASH_BASIS 0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u
static inline uint64_t hash_of(struct bytes bytes)
{
    uint64_t hash = HASH_BASIS;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.at[i]) * HASH_PRIME;
    return hash | 1;
}

static inline uint64_t hash_of_values(const uint64_t *values, size_t count)
{
    uint64_t hash = HASH_BASIS;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ values[i]) * HASH_PRIME;
        hash ^= hash >> 32;
    }
    return hash | 1;
}

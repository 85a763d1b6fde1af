/* seq.h - comparison and extension of RTP sequence numbers and timestamps that wrap (RFC 3550 A.1). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* True when a comes after b on the 16-bit circle. */
static inline bool seq_after(uint16_t a, uint16_t b)
{
    return a != b && (uint16_t)(a - b) < 0x8000;
}
static inline bool time_after(uint32_t a, uint32_t b)
{
    return a != b && a - b < 0x80000000u;
}

/* The 64-bit number nearest to `highest` whose low 16 bits are seq. */
static inline uint64_t seq_extend(uint64_t highest, uint16_t seq)
{
    return highest + (uint64_t)(int64_t)(int16_t)(seq - (uint16_t)highest);
}

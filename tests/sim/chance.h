/* chance.h - the simulator's only source of chance: splitmix64, seeded, the same everywhere. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 to below - 1. */
static inline uint64_t chance_below(struct chance *c, uint64_t below)
{
    return chance_next(c) % below;
}
static inline int chance_in(struct chance *c, unsigned per_thousand)
{
    return chance_below(c, 1000) < per_thousand;
}

static inline void chance_fill(void *context, uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)chance_next(context);
}

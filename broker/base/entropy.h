/* entropy.h - the source of randomness, handed in at creation, so that a simulation can replay. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct entropy {
    void (*fill)(void *context, uint8_t *at,
                 size_t len); /* cannot fail: the shell ends the process rather than guess */
    void *context;
};

static inline void entropy_fill(const struct entropy *entropy, void *at, size_t len)
{
    entropy->fill(entropy->context, at, len);
}

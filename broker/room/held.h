/* held.h - what is said to somebody whose socket is gone while their media goes on, for when they are back.
 *
 * State is told anew then; this is for what was said once: chat, alerts, warnings. Owned by the link. */
#pragma once

#include "base/outbox.h"

enum { HELD_MAX = 32 << 10 };

struct held {
    uint8_t *at; /* HELD_MAX bytes, or NULL: each text behind its length in four bytes */
    size_t len;
    bool lost; /* something did not fit: whoever comes back has missed it */
};

void held_put(struct held *, struct bytes text);
/* All of it, in order, and nothing is held any more. */
void held_tell(struct held *, client_id, struct outbox *);
void held_deinit(struct held *); /* wipes it */

/* seen.h - transaction ids that were met: never forgets one, and grows with their number.
 *
 * A row of Bloom filters, each twice as large as the one before: 256 bytes for the first five minutes of a path's
 * checks, 4 kB for an hour, 16 kB at the most. That it takes a new id for an old one happens to 1 in 200 after 4,000
 * ids. Beyond that only mistakes grow. Owned by ice. */
#pragma once

#include "base/bytes.h"

enum { SEEN_ID_LEN = 12, SEEN_FILTERS_MAX = 6, SEEN_FIRST_BITS = 1 << 11 };

struct seen {
    uint8_t *filters[SEEN_FILTERS_MAX];
    size_t filter_count;
    size_t newest_fill; /* ids in the last of them */
};

/* True when the id, 96 random bits (RFC 8489 5), was never noted; now it is. Without memory for any filter at all
 * everything counts as noted. */
bool seen_note(struct seen *, const uint8_t id[static SEEN_ID_LEN]);
void seen_clear(struct seen *); /* forgets all, and frees it */

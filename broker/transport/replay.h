/* replay.h - which of one source's packets were opened already: the replay list of RFC 3711 3.3.2.
 *
 * A plain value; start with REPLAY_EMPTY. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_WINDOW = 1024 }; /* seconds of video, so that a retransmission still counts */

struct replay {
    int64_t newest;                     /* the highest index that was noted */
    uint64_t noted[REPLAY_WINDOW / 64]; /* of the last REPLAY_WINDOW: bit index % REPLAY_WINDOW */
};

#define REPLAY_EMPTY ((struct replay){ .newest = -1 })

/* Neither noted nor so old that nobody knows. */
bool replay_is_new(const struct replay *, int64_t index);
/* Only of a packet that was authentic, and new. */
void replay_note(struct replay *, int64_t index);

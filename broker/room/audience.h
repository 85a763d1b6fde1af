/* audience.h - who may reach whom, with which media: one pure function of the room's state.
 *
 * This is the only place that decides. The gate (gate.h) turns the answers into edges and nothing else makes an edge;
 * without an edge no packet passes. Everything here fails closed: a fact left at zero is a no. */
#pragma once

#include "base/terms.h"

/* What of the room matters. */
struct audience_room {
    bool open;              /* inside the box, and not paused, closing or closed */
    bool therapist_present; /* at least one is connected */
    bool client_present;
};

/* What of one person matters. */
struct audience_person {
    enum role role;
    bool in;              /* present (client, therapist) or admitted (loved one, interpreter), with a live connection */
    source_mask sending;  /* what they have switched on */
    source_mask muted;    /* what a therapist has switched off */
    source_mask sends;    /* what their role and grant let them send */
    source_mask receives; /* what their role and grant let them receive */
};

/* The sources of `from` that may reach `to` now. */
source_mask audience_between(const struct audience_room *, const struct audience_person *to,
                             const struct audience_person *from);

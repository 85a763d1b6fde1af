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
};

/* What of one person matters. */
struct audience_person {
    enum role role;
    bool in;              /* present (client, therapist) or admitted (loved one, interpreter), with a live connection */
    bool client_there;    /* of those let in: their client is present, or need not be */
    bool sees_therapists; /* of pictures, only those of therapists */
    source_mask sending;  /* what they have switched on */
    source_mask muted;    /* what a therapist has switched off */
    source_mask sends;    /* what role, grant, their own choice and the therapist let them send */
    source_mask receives; /* the same for what they receive */
};

/* Both take part, in an open room: the ground for media as for chat. */
bool audience_together(const struct audience_room *, const struct audience_person *, const struct audience_person *);
/* The sources of `from` that may reach `to` now. */
source_mask audience_between(const struct audience_room *, const struct audience_person *to,
                             const struct audience_person *from);

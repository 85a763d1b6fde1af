#include "room/audience.h"

/* Present for as long as somebody who answers for it is: a therapist always; for those let in, the client too. */
static bool takes_part(const struct audience_room *room, const struct audience_person *person)
{
    switch (person->role) {
    case ROLE_THERAPIST:
    case ROLE_CLIENT:
        return person->in;
    case ROLE_LOVED_ONE:
    case ROLE_INTERPRETER:
        return person->in && room->client_present;
    case ROLE_ADMIN:
        break; /* counts, never media */
    }
    return false;
}

source_mask audience_between(const struct audience_room *room, const struct audience_person *to,
                             const struct audience_person *from)
{
    if (!room->open || !room->therapist_present)
        return 0;
    if (!takes_part(room, to) || !takes_part(room, from))
        return 0;
    return from->sending & from->sends & (source_mask)~from->muted & to->receives;
}

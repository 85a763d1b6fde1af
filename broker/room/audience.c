#include "room/audience.h"

static bool takes_part(const struct audience_person *person)
{
    switch (person->role) {
    case ROLE_THERAPIST:
    case ROLE_CLIENT:
        return person->in;
    case ROLE_LOVED_ONE:
    case ROLE_INTERPRETER:
        return person->in && person->client_there;
    case ROLE_ADMIN:
        break; /* counts, never media */
    }
    return false;
}

bool audience_together(const struct audience_room *room, const struct audience_person *a,
                       const struct audience_person *b)
{
    return room->open && room->therapist_present && takes_part(a) && takes_part(b);
}

source_mask audience_between(const struct audience_room *room, const struct audience_person *to,
                             const struct audience_person *from)
{
    if (!audience_together(room, to, from))
        return 0;
    source_mask receives = to->receives;
    if (to->sees_therapists && from->role != ROLE_THERAPIST)
        receives &= SOURCE_MIC;
    return from->sending & from->sends & (source_mask)~from->muted & receives;
}

/* rights.h - the room's facts put to matrix, grant and admission: what somebody may do now, and whether they may be in.
 * It decides nothing of its own (auth/ does) and changes nothing. */
#pragma once

#include "room/room.h"

/* What of their grants holds for them in this session. *rights changes only on CONSENT_LIVE. */
enum consent room_consent(const struct room *, const struct participant *, struct rights *);
/* The grant that holds for them, which those rights name; NULL: none does. */
const struct grant *room_grant_of(const struct room *, const struct participant *);
/* By the person whom they name, so that everybody's are found at once: to be called when grants have changed. */
void room_sort_grants(struct room *);
/* Of a loved one: the client whose consent counts is in. Of an interpreter: any client. */
bool room_client_connected(const struct room *, const struct participant *);
bool room_client_may_be_absent(const struct room *, const struct participant *);
/* G of the domain model, now. already_in: may they stay, rather than be let in. */
enum verdict room_verdict(const struct room *, struct now, const struct participant *, bool already_in);
/* The person whose consent counts for them. */
const struct id *room_client_of(const struct room *, const struct participant *);
/* What they may do: matrix AND grant AND their own choice AND what the therapist enables. Zeros for no. */
struct rights room_rights(const struct room *, const struct participant *);
/* Their grant was ended at once, and none has come in its place. */
bool room_is_withdrawn(const struct room *, const struct participant *);
/* The modes that their grant allows in this kind of session: what they can choose from. */
term_set room_modes(const struct room *, const struct participant *);
struct audience_room room_audience(const struct room *, struct now);
struct audience_person room_audience_person(const struct room *, const struct participant *);
/* The longest segment of this kind of session; the box ends what has none of its own. */
usec_t room_segment_max_us(const struct room *);

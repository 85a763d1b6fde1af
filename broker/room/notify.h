/* notify.h - tells each person what they may know, and only when it is news.
 *
 * What is told is derived whole from the room's state; a hash of what was told last keeps repetition away.
 *
 * In a session of more than ROSTERS_AT_ONCE_MOST people, rosters go out one after the other: each names everybody to
 * somebody, so that all of them at once, at each event, would be as much work as the square of the people, and of all
 * who come its cube. Who has none comes first. All else is told at once, as in small ones. */
#pragma once

#include "room/room.h"

/* For each person in the room: how long a roster holds up the next one, and the next one to the same reader, who may be
 * on a slow line. */
enum { ROSTERS_AT_ONCE_MOST = 32, ROSTER_PERSON_US = 40, ROSTER_AGAIN_US = 3000 };

/* The room, their seat, the roster and their slots, to everybody connected; to therapists who asked for help, who has
 * yet to answer them, and what the person gets whom they preview. */
void notify_apply(struct room *, struct now, struct outbox *);
/* The roster that is due, in a crowd. */
void notify_rosters(struct room *, struct now, struct outbox *);
/* Their slots alone: whom each carries, and which are paused; and the therapists' previews of them. */
void notify_slots(struct room *, struct now, struct participant *, struct outbox *);
/* Who speaks, to somebody who is in. */
void notify_speaker(const struct room *, struct participant *, struct outbox *);
/* resumed: they found the link that they named. */
void notify_welcome(const struct room *, const struct participant *, bool resumed, struct outbox *);
void notify_answer(const struct participant *, uint32_t request, const char *sdp, struct outbox *);
/* Our new ICE credentials. */
void notify_ice(const struct participant *, uint32_t request, struct outbox *);
/* The box ends in so many seconds: to everybody who is in. */
void notify_warning(const struct room *, uint32_t seconds_left, struct outbox *);
/* A chat line, to those who may read it; a therapist's help is called. The sender gets an echo of the first. */
void notify_chat(const struct room *, struct now, const struct participant *from, const char *text, bool to_therapist,
                 struct outbox *);
/* To somebody who asked for help: a therapist has seen it. */
void notify_alert_seen(const struct participant *, struct outbox *);
/* A code of this person's link was wrong: to the therapists. */
void notify_link_trouble(const struct room *, const struct participant *, struct outbox *);
void notify_done(client_id, uint32_t request, struct outbox *);
/* code: one of refusal.h's. */
void notify_error(client_id, uint32_t request, const char *code, struct outbox *);

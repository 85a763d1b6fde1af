/* story.h - the verbs with which the tests of a room tell its stories. cmocka's headers come first. */
#pragma once

#include "sim/world.h"

#define SECOND USEC_PER_SEC
#define MINUTE (60 * USEC_PER_SEC)

/* Microphone and camera. */
void turn_on(struct world *, int person);
enum reply agree(struct world *, int person, bool yes);
/* By the therapist; REPLY_NONE while the ledger has not answered. */
enum reply admit(struct world *, int person);
enum reply step_out(struct world *, int by, int person);
/* The therapist wants it longer: the number of the request. */
uint32_t extend(struct world *, unsigned minutes);
/* The client's word to that. */
enum reply allow_extension(struct world *, bool yes);
/* Joins, prepares, negotiates and turns everything on. */
void come(struct world *, int person);
/* Therapist, client and a loved one who waits, everybody's path up, grants for grant_s seconds. */
struct world *gathered(enum session_kind, unsigned grant_s);
/* The same, with the loved one in. */
struct world *with_loved_one(unsigned grant_s);
uint64_t heard_in_a_second(struct world *, int to, int from);
void forget(struct world *);
/* No violation and no leak, and all is freed. */
void end(struct world *);
void assert_flows(struct world *, int to, int from);
void assert_silent(struct world *, int to, int from);

/* roster.h - what each reader's roster says of each person: who may know of whom, under which name, and what therapists
 * and the client read beside it. Derived from the room's state, and changes nothing; notify.h sends it. */
#pragma once

#include "room/room.h"
#include "signaling/notice.h"

/* Who may know that `about` exists, is connected, and some name for them. Those let in see who is in, while they are.
 */
bool roster_may_know(const struct participant *reader, const struct participant *about);
/* The name that the matrix lets the reader see; it may lie in `alias`. */
const char *roster_name(const struct room *, const struct participant *reader, const struct participant *about,
                        char alias[static NAME_MAX_BYTES + 1]);
/* Borrows from the room and from `alias`. */
struct notice_person roster_person(const struct room *, struct now, const struct participant *reader,
                                   const struct participant *about, char alias[static NAME_MAX_BYTES + 1]);
/* A hash of everything that any reader's roster says of them: as staff read it, who read all, but for names, which
 * never change. */
uint64_t roster_facts(const struct room *, struct now, const struct participant *about);

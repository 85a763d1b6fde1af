/* census.h - one room as the clinic's dashboard sees it: its state, how many people, how long the longest wait. It
 * changes nothing. */
#pragma once

#include "base/vitals.h"
#include "room/room.h"

/* Adds the room to what the vitals say of all rooms. */
void census_add(const struct room *, struct now, struct vitals *);

/* booking.h - a session beside all that is booked: whether it fits, and if not, when it would. */
#pragma once

#include "api/calendar.h"
#include "api/calls.h"

enum { BOOKING_SEARCH_S = 14 * 24 * 3600 }; /* how far from the wanted time another is looked for, each way */

/* What is booked in a span, in the calendar, which is the caller's to end. */
enum status booking_read(struct call *, int64_t from, int64_t to, struct calendar *);
/* Whether this plan may be booked: nobody who leads it or whose session it is may be in another at the same time, and
 * the server must be able to take all that is booked. What is stored under the same id does not count. When it is not
 * OK, the call has failed. */
enum status booking_check(struct call *, const struct plan *);

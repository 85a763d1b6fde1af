/* utc.h - instants as text: "2026-01-31T23:59:59.000000Z" (RFC 3339, a FHIR instant). Needs no clock and no time zones.
 */
#pragma once

#include "base/bytes.h"

/* Years 1970 to 9999. */
void utc_write(struct writer *, int64_t unix_us);

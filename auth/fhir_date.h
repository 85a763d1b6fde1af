/* fhir_date.h - FHIR R4 dates and dateTimes (http://hl7.org/fhir/R4/datatypes.html#dateTime) as instants.
 *
 * "2026-11" and "2026-11-23" name no instant and no zone. Where they bound what is allowed they are read so that the
 * period comes out shortest, wherever on Earth the writer was (UTC-12 to UTC+14); where they bound what is forbidden,
 * longest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fhir_date {
    int64_t earliest, latest;           /* Unix seconds: when what the text names may have begun */
    int64_t ends_earliest, ends_latest; /* and ended, exclusive */
};

/* false and unchanged when the text is none. A time needs seconds and a zone, as R4 says. */
bool fhir_date_parse(const char *text, struct fhir_date *);

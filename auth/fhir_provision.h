/* fhir_provision.h - the provision tree of a FHIR Consent: the one permit that names a loved one, unless a deny could
 * touch it.
 *
 * A permit is what says `type: permit`, within all that its parents narrow; a root without type, as R4 wants it, only
 * narrows. Everything else that is not a permit is taken for a deny: `type: deny`, and a nested provision without type,
 * which under R4 is an exception to whatever its parent means. A deny counts unless it certainly concerns somebody
 * else, another time or other kinds of session. Two permits are more than one grant can say. */
#pragma once

#include "auth/fhir_read.h"

struct fhir_permit {
    struct id person;
    term_set kinds, modes, topics;
    bool chat, client_absent_ok;
    char purpose[GRANT_TEXT_MAX + 1];
    int64_t not_before; /* INT64_MIN: from the consent's date on */
    int64_t expires;
};

/* FHIR_FINE, or why there is no permit; *permit is written on FHIR_FINE alone. provision may be NULL. */
struct fhir_finding fhir_provision_read(struct fhir_reading *, const json_t *provision, struct fhir_permit *permit);

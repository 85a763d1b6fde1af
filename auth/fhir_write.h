/* fhir_write.h - a grant as the FHIR R4 Consent that says the same: what fhir_consent_parse reads back, as far as a
 * grant keeps it. docs/FHIR.md has the profile. */
#pragma once

#include "auth/consent.h"

enum { FHIR_WRITTEN_MAX = 8192 };

/* An active grant is an active Consent; what was withdrawn or grants nothing is an inactive one, with the reason (a
 * fhir_reason_code, or empty) in an extension. The writer is bad when it has no room for FHIR_WRITTEN_MAX bytes. */
void fhir_consent_write(struct writer *, const struct grant *, const char *reason);

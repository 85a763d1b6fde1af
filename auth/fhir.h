/* fhir.h - FHIR R4 Consent resources to grants, and why not. docs/FHIR.md has the profile in prose.
 *
 * Two ways of saying no. A body that is no R4 Consent is refused and nothing is kept. A Consent that we understand, and
 * that does not allow exactly what one grant can say, becomes a grant of GRANT_NOTHING with the reason: it is stored,
 * listed, and admits nobody. Whatever is unknown, ambiguous or narrower than a session can honour is such a no. */
#pragma once

#include "auth/consent.h"

#define FHIR_SYSTEMS "https://kinroom.example/fhir/CodeSystem/"
#define FHIR_NOTICE_EXTENSION "https://kinroom.example/fhir/StructureDefinition/notice-version"

enum { FHIR_CONSENT_MAX = 256 << 10, FHIR_BUNDLE_MAX = 8 << 20 }; /* bytes */

enum fhir_reason {
    FHIR_FINE = 0,
    /* Refused: nothing is kept. */
    FHIR_TOO_LARGE,
    FHIR_NOT_JSON,
    FHIR_NOT_CONSENT,
    FHIR_NOT_BUNDLE,
    FHIR_STU3,
    FHIR_BAD_ELEMENT,
    FHIR_BAD_STATUS,
    FHIR_BAD_ID,
    FHIR_OTHER_ID,
    FHIR_SAME_ID,
    FHIR_TOO_MANY,
    FHIR_NO_MEMORY,
    /* Kept, and grants nothing. */
    FHIR_DELETED,
    FHIR_NOT_ACTIVE,
    FHIR_MODIFIED,
    FHIR_IMPLICIT_RULES,
    FHIR_OTHER_SCOPE,
    FHIR_UNVERIFIED,
    FHIR_NO_PATIENT,
    FHIR_NO_DATE,
    FHIR_NO_SIGNER,
    FHIR_NO_EVIDENCE,
    FHIR_NO_NOTICE,
    FHIR_NO_PERMIT,
    FHIR_TWO_PERMITS,
    FHIR_DENIED,
    FHIR_TOO_DEEP,
    FHIR_NARROWER,
    FHIR_NO_PERSON,
    FHIR_TWO_PEOPLE,
    FHIR_NO_END,
    FHIR_BAD_PERIOD,
    FHIR_NO_PURPOSE,
    FHIR_UNKNOWN_CODE,
    FHIR_NO_KIND,
    FHIR_NO_MODE,
    FHIR_INCOMPLETE,
    FHIR_REASONS,
};

struct fhir_finding {
    enum fhir_reason reason;
    const char *where; /* a FHIRPath into the Consent, constant; NULL: the whole */
    size_t entry;      /* of a Bundle, from 1; 0: it was no Bundle */
};

/* A code for programs ("no_permit") and plain words for people. Never NULL. */
const char *fhir_reason_code(enum fhir_reason);
const char *fhir_reason_words(enum fhir_reason);

struct fhir_context {
    const struct id *id; /* of the URL, which the body's must equal; NULL: the body's own */
    uint32_t epoch;      /* for the grant: one more than the stored one's, 1 for a new one */
    const char *base; /* the server's address without a last slash: absolute references below it are as good as relative
                       * ones, all others name nobody. NULL: only relative ones */
};

/* OK with a grant that is complete and active (and FHIR_FINE), or with one of GRANT_NOTHING that has no more than id,
 * epoch and client, and the reason. ERR_MALFORMED, ERR_UNSUPPORTED (STU3), ERR_FULL (too large), ERR_NO_MEMORY:
 * refused, the grant is unchanged. The finding is written always. */
enum status fhir_consent_parse(struct bytes json, const struct fhir_context *, struct grant *, struct fhir_finding *);

struct fhir_entry {
    struct grant grant; /* where status is OK */
    struct fhir_finding finding;
    enum status status;
};
/* Each Consent of a Bundle, in order, into entries; other resources are passed over. The context's id must be NULL; all
 * grants take its epoch, so the caller sets the stored ones' successors. `DELETE Consent/x` is a grant of nothing with
 * the reason FHIR_DELETED. A Bundle of an unknown type or of type history (which version counts?), the same id twice,
 * or more than max Consents: refused as a whole, *count and the finding alone are written. */
enum status fhir_bundle_parse(struct bytes json, const struct fhir_context *, struct fhir_entry *entries, size_t max,
                              size_t *count, struct fhir_finding *);

/* An OperationOutcome with an issue for each finding: error for a refusal, warning for a grant of nothing, information
 * for what is fine; one of information when there is none. */
void fhir_outcome_write(struct writer *, const struct fhir_finding *, size_t count);

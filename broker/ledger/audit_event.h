/* audit_event.h - what the ledger says as FHIR R4 AuditEvent resources, by the patterns of IHE BALP 1.1:
 *
 *   decision    IHE.BasicAudit.AuthZconsent               one for each admission that was allowed (OPEN) or refused
 * (REFUSED) disclosure  IHE.BasicAudit.PrivacyDisclosure.Source   one for each disclosure interval that was closed
 *
 * Ids are logical references (type and identifier), for they are opaque and name no resource of ours:
 * urn:kinroom:CLINIC:person, :participation, :session, :grant, :interval. Network addresses, which BALP wants, are such
 * URNs too: the ledger holds no address of anybody. A resource claims its profile only when the record names a client,
 * as the profile requires a patient. The purpose of use is the grant's and not in the ledger. */
#pragma once

#include "ledger/intervals.h"

struct audit_origin {
    const struct id *clinic;
    uint64_t row; /* the ledger's: makes the resource's id */
};

enum { AUDIT_EVENT_MAX = 8192 };

/* One line without its end. ERR_MALFORMED for records that record_write refuses or of another kind; ERR_FULL; the
 * writer is left as it was then. */
enum status audit_event_decision(struct writer *, struct audit_origin, const struct record *);
enum status audit_event_disclosure(struct writer *, struct audit_origin, struct disclosure);

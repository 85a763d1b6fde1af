/* consent.h - grants: what a client allows one named loved one. Absent, unknown, incomplete, expired or withdrawn is
 * no. */
#pragma once

#include "base/status.h"
#include "base/terms.h"

enum granted_by {
    GRANTED_BY_PATIENT = 1,
    GRANTED_BY_REPRESENTATIVE,
    GRANTED_BY_BOTH, /* two attestations, as minors need in some places */
};

/* What the agenda and the banner steer by; bits of a set. Software can't police speech. */
enum topic {
    TOPIC_GENERAL_PROGRESS = 1,
    TOPIC_COMMUNICATION,
    TOPIC_BOUNDARIES,
    TOPIC_RELAPSE_SUPPORT,
    TOPIC_SAFETY_PLAN,
    TOPIC_AFTERCARE,
    TOPIC_EDUCATION,
};

enum grant_status {
    GRANT_ACTIVE = 1,
    GRANT_WITHDRAWN,
    GRANT_NOTHING, /* a record that parses and allows nothing; kept, listed, admits nobody */
};

enum { GRANT_TEXT_MAX = 64, EVIDENCE_MAX = 96 };

/* The record of the domain model. A field that is empty, zero or unknown makes it grant nothing. */
struct grant {
    struct id id;
    uint32_t epoch;   /* rises with every change; 1 or more */
    struct id client; /* the person who grants */
    struct id person; /* the loved one who is named */
    enum granted_by granted_by;
    term_set kinds; /* of enum session_kind */
    term_set modes; /* of enum mode */
    bool chat;
    term_set topics;                  /* of enum topic */
    char purpose[GRANT_TEXT_MAX + 1]; /* an HL7 ActReason code */
    int64_t not_before, expires;      /* Unix seconds; live while not_before <= t < expires. Both required */
    bool client_absent_ok;
    char notice_version[GRANT_TEXT_MAX + 1]; /* the redisclosure notice that went with it */
    char evidence[EVIDENCE_MAX + 1];         /* a reference to the signed form in the clinic's records */
    enum grant_status status;
};

/* 42 CFR 2.31: a consent that lacks a required part is no consent. The name of the first part that is missing or
 * unknown
 * ("purpose", "expires"), NULL when the grant is complete. Its status is not looked at. */
const char *consent_missing(const struct grant *);
/* The HL7 ActReason codes that let a loved one in: docs/FHIR.md has the list and why. */
bool consent_purpose_known(const char *code);

/* Why not. The names go to people as error codes (admission.h has the others). */
enum consent {
    CONSENT_ABSENT = 0, /* no grant names this person */
    CONSENT_LIVE,
    CONSENT_EARLY,
    CONSENT_EXPIRED,
    CONSENT_WITHDRAWN,
    CONSENT_OTHER_KIND,  /* there is a grant, and not for this kind of session */
    CONSENT_OTHER_TOPIC, /* for this kind, and without the topic that it is about */
};

/* What a live grant allows. */
struct rights {
    source_mask receives; /* of others' sources */
    source_mask sends;
    int64_t until; /* Unix seconds, exclusive */
    enum mode mode;
    bool chat;
    bool client_absent_ok;
    term_set topics;
    struct id grant; /* which one it is, for the ledger */
    uint32_t epoch;
};

/* The widest mode (in the enum's order; one mode, never a union) among the grants that are live for {client, person,
 * kind} at unix_s; the rights are that one grant's, the latest-ending of equals. A kind whose matrix row has a topic
 * needs a grant that names it; a kind with no place for loved ones is never granted. When none is live the most telling
 * reason: early, withdrawn, expired, other topic, other kind, absent. An incomplete grant, one of GRANT_NOTHING and one
 * of an unknown status count as absent. *rights changes only on CONSENT_LIVE. */
enum consent consent_check(const struct grant *, size_t count, const struct id *client, const struct id *person,
                           enum session_kind, int64_t unix_s, struct rights *);
/* What a mode lets pass in each direction; screen only ever comes with seeing, and none is sent. Nothing for an unknown
 * mode. */
void consent_mode_rights(enum mode, source_mask *receives, source_mask *sends);

/* What two bounds leave together; 0, no bound, leaves the other. */
enum mode consent_mode_within(enum mode, enum mode bound);

/* Names, as in terms.h: "general_progress", "personal_rep", "withdrawn". 0 for an unknown word; "?" for an unknown
 * value. */
enum topic topic_parse(struct bytes);
enum granted_by granted_by_parse(struct bytes);
enum grant_status grant_status_parse(struct bytes);
const char *topic_name(enum topic);
const char *granted_by_name(enum granted_by);
const char *grant_status_name(enum grant_status);

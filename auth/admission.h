/* admission.h - may this loved one or interpreter be let in now? Role, room, consent and time to one verdict with its
 * reason.
 *
 * G of the domain model, as a pure function: evaluated in the very step that commits an admission and again whenever
 * one of its facts may have changed. */
#pragma once

#include "auth/consent.h"

enum verdict {
    VERDICT_NONE = 0, /* reserved: counts as no */
    VERDICT_ADMIT,
    VERDICT_DENIED, /* removed from this session, for good */
    VERDICT_ROLE,   /* this role is never admitted here */
    VERDICT_KIND,   /* a kind of session we don't run yet, or one with no place for this role */
    VERDICT_NOT_CONNECTED,
    VERDICT_ROOM_NOT_OPEN,
    VERDICT_NO_THERAPIST,
    VERDICT_NO_CLIENT,
    VERDICT_CLIENT_HAS_NOT_AGREED,
    VERDICT_NO_GRANT,
    VERDICT_GRANT_NOT_YET,
    VERDICT_GRANT_EXPIRED,
    VERDICT_GRANT_WITHDRAWN,
    VERDICT_GRANT_OTHER_KIND,
    VERDICT_GRANT_OTHER_TOPIC,
    VERDICT_TOO_LITTLE_TIME, /* less than ADMISSION_LEAST_S of the segment left */
    VERDICT_FULL,            /* no seat */
};

enum { ADMISSION_LEAST_S = 60 };

struct admission_facts {
    enum role role;
    enum session_kind kind;
    bool connected; /* by exactly one live connection */
    bool denied;
    bool room_open;
    bool therapist_connected, client_connected;
    bool client_agrees;    /* said yes to this segment */
    bool client_absent_ok; /* of the live grant: rights.client_absent_ok */
    enum consent consent;  /* of a loved one; an interpreter needs none */
    bool already_in;       /* keeping someone in asks for no least time and no free seat */
    int64_t seconds_left;  /* of the segment, the box and the grant, whichever is least */
    uint32_t seats_free;
};

/* The first that fails, the most fundamental first: denied, role, kind, connection, room, therapist, client, then for a
 * loved one the consent and the client's yes, then time, seats. The matrix says which of therapist, client, consent and
 * yes the kind needs of the role. A client who is there is always asked for the yes; one whom the grant lets be away is
 * not. Those already in may use up what is left of their time, and are refused for TOO_LITTLE_TIME once nothing is. */
enum verdict admission_decide(const struct admission_facts *);
/* The error code for people and logs, as PROTOCOL.md lists them: "grant_expired". Never NULL. */
const char *verdict_name(enum verdict);

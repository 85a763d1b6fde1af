#include "auth/admission.h"

#include "auth/matrix.h"

static const enum verdict of_consent[] = {
    [CONSENT_ABSENT] = VERDICT_NO_GRANT,
    [CONSENT_LIVE] = VERDICT_ADMIT,
    [CONSENT_EARLY] = VERDICT_GRANT_NOT_YET,
    [CONSENT_EXPIRED] = VERDICT_GRANT_EXPIRED,
    [CONSENT_WITHDRAWN] = VERDICT_GRANT_WITHDRAWN,
    [CONSENT_OTHER_KIND] = VERDICT_GRANT_OTHER_KIND,
    [CONSENT_OTHER_TOPIC] = VERDICT_GRANT_OTHER_TOPIC,
};

static bool is_admitted_role(enum role role)
{
    return role == ROLE_LOVED_ONE || role == ROLE_INTERPRETER;
}

static bool is_missed(bool present, enum presence presence, bool grant_allows)
{
    return !present && presence != PRESENCE_WAIVED && !(presence == PRESENCE_GRANT && grant_allows);
}

/* With the client present their agreement is asked for (45 CFR 164.510(b)(2)), also where the grant would have let them
 * be away. */
static enum verdict decide_consent(const struct admission_facts *f, const struct matrix_row *row)
{
    if (!row->needs_grant)
        return VERDICT_ADMIT;
    if ((int)f->consent < 0 || f->consent >= sizeof of_consent / sizeof *of_consent)
        return VERDICT_NO_GRANT;
    if (f->consent != CONSENT_LIVE)
        return of_consent[f->consent];
    return row->needs_yes && f->client_connected && !f->client_agrees ? VERDICT_CLIENT_HAS_NOT_AGREED : VERDICT_ADMIT;
}

/* The first reason in the header's order. Clients and therapists are there by right and are not admitted; an admin
 * never enters. */
enum verdict admission_decide(const struct admission_facts *f)
{
    const struct matrix_row *row = matrix_row(f->kind, f->role);
    if (f->denied)
        return VERDICT_DENIED;
    if (!is_admitted_role(f->role))
        return VERDICT_ROLE;
    if (!row->needs_admission)
        return VERDICT_KIND;
    if (!f->connected)
        return VERDICT_NOT_CONNECTED;
    if (!f->room_open)
        return VERDICT_ROOM_NOT_OPEN;
    bool grant_allows = row->needs_grant && f->consent == CONSENT_LIVE && f->client_absent_ok;
    if (is_missed(f->therapist_connected, row->without_therapist, false))
        return VERDICT_NO_THERAPIST;
    if (is_missed(f->client_connected, row->without_client, grant_allows))
        return VERDICT_NO_CLIENT;
    enum verdict consent = decide_consent(f, row);
    if (consent != VERDICT_ADMIT)
        return consent;
    if (f->seconds_left < (f->already_in ? 1 : ADMISSION_LEAST_S))
        return VERDICT_TOO_LITTLE_TIME;
    if (!f->already_in && f->seats_free == 0)
        return VERDICT_FULL;
    return VERDICT_ADMIT;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_NONE] = "none",
        [VERDICT_ADMIT] = "admit",
        [VERDICT_DENIED] = "denied",
        [VERDICT_ROLE] = "role_not_admitted",
        [VERDICT_KIND] = "kind_not_supported",
        [VERDICT_NOT_CONNECTED] = "not_connected",
        [VERDICT_ROOM_NOT_OPEN] = "room_not_open",
        [VERDICT_NO_THERAPIST] = "no_therapist",
        [VERDICT_NO_CLIENT] = "no_client",
        [VERDICT_CLIENT_HAS_NOT_AGREED] = "client_has_not_agreed",
        [VERDICT_NO_GRANT] = "no_grant",
        [VERDICT_GRANT_NOT_YET] = "grant_not_yet",
        [VERDICT_GRANT_EXPIRED] = "grant_expired",
        [VERDICT_GRANT_WITHDRAWN] = "grant_withdrawn",
        [VERDICT_GRANT_OTHER_KIND] = "grant_other_kind",
        [VERDICT_GRANT_OTHER_TOPIC] = "grant_other_topic",
        [VERDICT_TOO_LITTLE_TIME] = "too_little_time",
        [VERDICT_FULL] = "full",
    };
    return (int)verdict >= 0 && verdict < sizeof names / sizeof *names ? names[verdict] : "?";
}

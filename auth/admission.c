#include "auth/admission.h"

/* What a role must bring to a kind of session. 0, an absent entry, is a role that has no place in it: clients and
 * therapists are there by right and are not admitted, an admin never enters, a loved one never enters a group. The
 * kinds without a row are not run yet. */
enum need {
    NEED_CONSENT = 1, /* a live grant, and the client's yes to this segment */
    NEED_PRESENCE,    /* only that therapist and client are there */
};
static const enum need needs[KIND_GROUP + 1][ROLE_ADMIN + 1] = {
    [KIND_INDIVIDUAL] = { [ROLE_LOVED_ONE] = NEED_CONSENT, [ROLE_INTERPRETER] = NEED_PRESENCE },
};

static const enum verdict of_consent[] = {
    [CONSENT_ABSENT] = VERDICT_NO_GRANT,           [CONSENT_LIVE] = VERDICT_ADMIT,
    [CONSENT_EARLY] = VERDICT_GRANT_NOT_YET,       [CONSENT_EXPIRED] = VERDICT_GRANT_EXPIRED,
    [CONSENT_WITHDRAWN] = VERDICT_GRANT_WITHDRAWN, [CONSENT_OTHER_KIND] = VERDICT_GRANT_OTHER_KIND,
};

static bool is_admitted_role(enum role role)
{
    return role == ROLE_LOVED_ONE || role == ROLE_INTERPRETER;
}

static enum need need_of(const struct admission_facts *f)
{
    bool known = (int)f->kind > 0 && (int)f->kind <= KIND_GROUP;
    return known ? needs[f->kind][f->role] : 0;
}

static enum verdict decide_consent(const struct admission_facts *f)
{
    if ((int)f->consent < 0 || f->consent >= sizeof of_consent / sizeof *of_consent)
        return VERDICT_NO_GRANT;
    if (f->consent != CONSENT_LIVE)
        return of_consent[f->consent];
    return f->client_agrees ? VERDICT_ADMIT : VERDICT_CLIENT_HAS_NOT_AGREED;
}

/* The first reason in the header's order. */
enum verdict admission_decide(const struct admission_facts *f)
{
    if (f->denied)
        return VERDICT_DENIED;
    if (!is_admitted_role(f->role))
        return VERDICT_ROLE;
    enum need need = need_of(f);
    if (!need)
        return VERDICT_KIND;
    if (!f->connected)
        return VERDICT_NOT_CONNECTED;
    if (!f->room_open)
        return VERDICT_ROOM_NOT_OPEN;
    if (!f->therapist_connected)
        return VERDICT_NO_THERAPIST;
    if (!f->client_connected)
        return VERDICT_NO_CLIENT;
    enum verdict consent = need == NEED_CONSENT ? decide_consent(f) : VERDICT_ADMIT;
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
        [VERDICT_TOO_LITTLE_TIME] = "too_little_time",
        [VERDICT_FULL] = "full",
    };
    return (int)verdict >= 0 && verdict < sizeof names / sizeof *names ? names[verdict] : "?";
}

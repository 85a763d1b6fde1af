#include "room/rights.h"

#include <string.h>

const struct id *room_client_of(const struct room *room, const struct participant *p)
{
    return p->who.client.text[0] ? &p->who.client : &room->plan.client;
}

/* Equals stay in the order in which they came, as which of them counts may hang on it. */
void room_sort_grants(struct room *room)
{
    struct grant *grants = room->plan.grants;
    for (size_t i = 1; i < room->plan.grant_count; i++) {
        struct grant grant = grants[i];
        size_t at = i;
        for (; at > 0 && strcmp(grants[at - 1].person.text, grant.person.text) > 0; at--)
            grants[at] = grants[at - 1];
        grants[at] = grant;
    }
}

/* The first of the grants that name nobody before this person. */
static size_t first_grant_of(const struct plan *plan, const struct id *person)
{
    size_t from = 0, to = plan->grant_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(plan->grants[middle].person.text, person->text) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

enum consent room_consent(const struct room *room, const struct participant *p, struct rights *rights)
{
    const struct plan *plan = &room->plan;
    size_t first = first_grant_of(plan, &p->who.person), end = first;
    while (end < plan->grant_count && id_equal(&plan->grants[end].person, &p->who.person))
        end++;
    return consent_check(plan->grants + first, end - first, room_client_of(room, p), &p->who.person, plan->kind,
                         room_unix_s(room), rights);
}

const struct grant *room_grant_of(const struct room *room, const struct participant *p)
{
    struct rights rights;
    if (p->who.role != ROLE_LOVED_ONE || room_consent(room, p, &rights) != CONSENT_LIVE)
        return NULL;
    const struct plan *plan = &room->plan;
    for (size_t i = first_grant_of(plan, &p->who.person); i < plan->grant_count; i++)
        if (id_equal(&plan->grants[i].id, &rights.grant) && plan->grants[i].epoch == rights.epoch)
            return &plan->grants[i];
    return NULL;
}

static source_mask cell(enum allow allow, source_mask sources, bool enabled)
{
    bool may = allow == ALLOW_YES || allow == ALLOW_GRANT || (allow == ALLOW_ENABLED && enabled);
    return may ? sources : 0;
}

/* What matrix and therapist leave, whoever it is; where the matrix says 'grant', the grant is still to be asked. */
static struct rights matrix_rights(const struct matrix_row *row, enable_mask enabled)
{
    return (struct rights){
        .receives = cell(row->hear, SOURCE_MIC, false) | cell(row->see, SOURCE_CAMERA | SOURCE_SCREEN, false),
        .sends = cell(row->speak, SOURCE_MIC, enabled & ENABLE_MIC) |
                 cell(row->camera, SOURCE_CAMERA, enabled & ENABLE_CAMERA) |
                 cell(row->share, SOURCE_SCREEN, enabled & ENABLE_SCREEN),
        .chat = cell(row->chat, 1, enabled & ENABLE_CHAT),
        .until = INT64_MAX,
    };
}

/* The grant bounds whatever the matrix and the therapist would give, and their own choice bounds the grant. */
static void bound_by_grant(const struct room *room, const struct participant *p, const struct matrix_row *row,
                           struct rights *rights)
{
    struct rights granted;
    if (room_consent(room, p, &granted) != CONSENT_LIVE) {
        *rights = (struct rights){ 0 };
        return;
    }
    enum mode mode = p->choice && term_in(room_modes(room, p), (int)p->choice) ? p->choice : granted.mode;
    mode = consent_mode_within(mode, p->limit);
    source_mask receives, sends;
    consent_mode_rights(mode, &receives, &sends);
    /* A screen is sent under a grant of full; the mode's own table leaves screens to the matrix. */
    if (mode == MODE_FULL && row->share == ALLOW_ENABLED)
        sends |= SOURCE_SCREEN;
    granted.receives = rights->receives & receives;
    granted.sends = rights->sends & sends;
    granted.chat = rights->chat && (row->chat == ALLOW_ENABLED || granted.chat);
    granted.mode = mode;
    *rights = granted;
}

struct rights room_rights(const struct room *room, const struct participant *p)
{
    const struct matrix_row *row = matrix_row(room->plan.kind, p->who.role);
    struct rights rights = matrix_rights(row, p->enabled);
    if (p->who.role == ROLE_LOVED_ONE || row->needs_grant)
        bound_by_grant(room, p, row, &rights);
    return rights;
}

bool room_is_withdrawn(const struct room *room, const struct participant *p)
{
    struct rights rights;
    return p->who.role == ROLE_LOVED_ONE && room_consent(room, p, &rights) == CONSENT_WITHDRAWN;
}

/* A mode can be chosen when it lets nothing pass that the grant's own mode does not. */
term_set room_modes(const struct room *room, const struct participant *p)
{
    struct rights granted;
    if (p->who.role != ROLE_LOVED_ONE || room_consent(room, p, &granted) != CONSENT_LIVE)
        return 0;
    term_set modes = 0;
    for (enum mode mode = MODE_LISTEN; mode <= MODE_FULL; mode++) {
        source_mask receives, sends;
        consent_mode_rights(mode, &receives, &sends);
        if ((receives & ~granted.receives) == 0 && (sends & ~granted.sends) == 0)
            modes |= term_bit((int)mode);
    }
    return modes;
}

/* By any of their participations. */
static bool client_is_in(const struct room *room, const struct participant *loved_one)
{
    for (uint16_t at = loved_one->client_first; at != PERSON_NONE; at = room->people[at].next_of_same)
        if (participant_in(&room->people[at]))
            return true;
    return false;
}

/* Of a loved one: the client whose consent counts. Of an interpreter: any client. */
bool room_client_connected(const struct room *room, const struct participant *p)
{
    return p->who.role == ROLE_LOVED_ONE ? client_is_in(room, p) : room_has(room, ROLE_CLIENT);
}

bool room_client_may_be_absent(const struct room *room, const struct participant *p)
{
    enum presence presence = matrix_row(room->plan.kind, p->who.role)->without_client;
    return presence == PRESENCE_WAIVED || (presence == PRESENCE_GRANT && room_rights(room, p).client_absent_ok);
}

struct audience_room room_audience(const struct room *room, struct now now)
{
    return (struct audience_room){
        .open = room_phase(room, now) == PHASE_OPEN,
        .therapist_present = room_has(room, ROLE_THERAPIST),
    };
}

struct audience_person room_audience_person(const struct room *room, const struct participant *p)
{
    struct rights rights = room_rights(room, p);
    bool sound_only = p->link && p->link->sound_only;
    return (struct audience_person){
        .role = p->who.role,
        .in = participant_in(p),
        .client_there = room_client_connected(room, p) || room_client_may_be_absent(room, p),
        .sees_therapists =
            matrix_row(room->plan.kind, p->who.role)->see_only_therapist && !(p->enabled & ENABLE_OTHERS),
        .sending = p->sending,
        .muted = p->muted,
        .sends = rights.sends,
        .receives = sound_only ? rights.receives & SOURCE_MIC : rights.receives,
    };
}

usec_t room_segment_max_us(const struct room *room)
{
    uint32_t minutes = matrix_kind(room->plan.kind)->segment_minutes;
    return minutes ? minutes * 60 * USEC_PER_SEC : NEVER / 2;
}

/* Time left for somebody who is let in: of the box, of the segment (a whole one when none runs), of the grant. */
static usec_t time_left_us(const struct room *room, struct now now, const struct participant *p, int64_t grant_until)
{
    usec_t end = room->closes_us;
    if (p->who.role == ROLE_LOVED_ONE) {
        end = sooner(end, p->segment_ends ? p->segment_ends : now.mono_us + room_segment_max_us(room));
        end = sooner(end, room_mono_at(room, now, grant_until));
    }
    return end > now.mono_us ? end - now.mono_us : 0;
}

enum verdict room_verdict(const struct room *room, struct now now, const struct participant *p, bool already_in)
{
    struct admission_facts facts = {
        .role = p->who.role,
        .kind = room->plan.kind,
        .connected = participant_connected(p),
        .denied = p->seat == SEAT_REMOVED,
        .room_open = room_phase(room, now) == PHASE_OPEN,
        .therapist_connected = room_has(room, ROLE_THERAPIST),
        .client_connected = room_client_connected(room, p),
        .client_agrees = p->agreed,
        .already_in = already_in,
        .seats_free = 1, /* every planned person has a seat of their own */
    };
    struct rights rights = { .until = INT64_MAX };
    if (p->who.role == ROLE_LOVED_ONE)
        facts.consent = room_consent(room, p, &rights);
    facts.client_absent_ok = rights.client_absent_ok;
    if (p->refused)
        return VERDICT_CLIENT_HAS_NOT_AGREED;
    usec_t left_us = time_left_us(room, now, p, rights.until);
    /* Whole seconds: down for somebody who comes, up for somebody who is in until the last microsecond. */
    facts.seconds_left = (int64_t)((left_us + (already_in ? USEC_PER_SEC - 1 : 0)) / USEC_PER_SEC);
    return admission_decide(&facts);
}

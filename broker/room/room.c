#include "room/room.h"

#include <string.h>

#include "room/gate.h"
#include "room/journal.h"
#include "room/notify.h"
#include "room/relay.h"

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_SCHEDULED] = "scheduled", [PHASE_LOBBY] = "lobby",   [PHASE_OPEN] = "open",
        [PHASE_PAUSED] = "paused",       [PHASE_CLOSED] = "closed",
    };
    return names[phase];
}

void room_init(struct room *room, struct room_shared *shared, const struct plan *plan)
{
    *room = (struct room){ .shared = shared, .plan = *plan, .people_count = plan->people_count, .deadline = NEVER };
    for (size_t i = 0; i < plan->people_count; i++)
        participant_init(&room->people[i], &plan->people[i]);
}

static void link_close(struct room *room, struct participant *p)
{
    if (!p->link)
        return;
    gate_shut(room, p);
    routes_remove(room->shared->routes, p->connection);
    link_destroy(p->link);
    p->link = NULL;
}

/* Without a word to the ledger: what is open is found by recovery, as after any sudden end. */
void room_deinit(struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        link_close(room, &room->people[i]);
}

bool room_is_live(const struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (participant_connected(&room->people[i]))
            return true;
    return false;
}

struct participant *room_find(struct room *room, const struct id *participation)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (id_equal(&room->people[i].who.participation, participation))
            return &room->people[i];
    return NULL;
}

/* ---- Facts derived from state and time ---- */

int64_t room_unix_s(const struct room *room)
{
    return room->unix_us / (int64_t)USEC_PER_SEC;
}

usec_t room_mono_at(const struct room *room, struct now now, int64_t unix_s)
{
    if (unix_s > INT64_MAX / 2 / (int64_t)USEC_PER_SEC)
        return NEVER;
    int64_t at = (int64_t)now.mono_us + unix_s * (int64_t)USEC_PER_SEC - room->unix_us;
    return at > 0 ? (usec_t)at : 0;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void room_enter(struct room *room, struct now now)
{
    if (!room->anchored) {
        room->anchored = true;
        room->anchor = now;
        room->unix_us = now.unix_us;
        room->opens_us = room_mono_at(room, now, room->plan.opens_at);
        room->closes_us = room_mono_at(room, now, room->plan.closes_at);
    }
    int64_t since_anchor = room->anchor.unix_us + (int64_t)(now.mono_us - room->anchor.mono_us);
    room->unix_us = later(room->unix_us, later(now.unix_us, since_anchor));
    /* A clock that was set forward may have passed the end of a grant. One that is merely steered gains less between
     * events. */
    if (now.unix_us > since_anchor + CLOCK_STEP_US) {
        room->anchor = now;
        room->settle_at = now.mono_us;
    }
    if (now.mono_us >= room->closes_us)
        room->over = true;
}

bool room_has(const struct room *room, enum role role)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].who.role == role && participant_in(&room->people[i]))
            return true;
    return false;
}

enum phase room_phase(const struct room *room, struct now now)
{
    if (room->over)
        return PHASE_CLOSED;
    if (now.mono_us < room->opens_us)
        return now.mono_us + LOBBY_US < room->opens_us ? PHASE_SCHEDULED : PHASE_LOBBY;
    if (room_has(room, ROLE_THERAPIST))
        return PHASE_OPEN;
    return room->was_open ? PHASE_PAUSED : PHASE_LOBBY;
}

const struct id *room_client_of(const struct room *room, const struct participant *p)
{
    return p->who.client.text[0] ? &p->who.client : &room->plan.client;
}

static enum consent consent_of(const struct room *room, const struct participant *p, struct rights *rights)
{
    return consent_check(room->plan.grants, room->plan.grant_count, room_client_of(room, p), &p->who.person,
                         room->plan.kind, room_unix_s(room), rights);
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
    if (consent_of(room, p, &granted) != CONSENT_LIVE) {
        *rights = (struct rights){ 0 };
        return;
    }
    enum mode mode = p->choice && term_in(room_modes(room, p), (int)p->choice) ? p->choice : granted.mode;
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
    return p->who.role == ROLE_LOVED_ONE && consent_of(room, p, &rights) == CONSENT_WITHDRAWN;
}

/* A mode can be chosen when it lets nothing pass that the grant's own mode does not. */
term_set room_modes(const struct room *room, const struct participant *p)
{
    struct rights granted;
    if (p->who.role != ROLE_LOVED_ONE || consent_of(room, p, &granted) != CONSENT_LIVE)
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

static bool person_is_in(const struct room *room, const struct id *person)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (participant_in(&room->people[i]) && id_equal(&room->people[i].who.person, person))
            return true;
    return false;
}

/* Of a loved one: the client whose consent counts. Of an interpreter: any client. */
static bool client_connected(const struct room *room, const struct participant *p)
{
    return p->who.role == ROLE_LOVED_ONE ? person_is_in(room, room_client_of(room, p)) : room_has(room, ROLE_CLIENT);
}

static bool client_may_be_absent(const struct room *room, const struct participant *p)
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
    return (struct audience_person){
        .role = p->who.role,
        .in = participant_in(p),
        .client_there = client_connected(room, p) || client_may_be_absent(room, p),
        .sees_therapists =
            matrix_row(room->plan.kind, p->who.role)->see_only_therapist && !(p->enabled & ENABLE_OTHERS),
        .sending = p->sending,
        .muted = p->muted,
        .sends = rights.sends,
        .receives = rights.receives,
    };
}

/* The longest segment of this kind of session; the box ends what has none of its own. */
static usec_t segment_max_us(const struct room *room)
{
    uint32_t minutes = matrix_kind(room->plan.kind)->segment_minutes;
    return minutes ? minutes * 60 * USEC_PER_SEC : NEVER / 2;
}

/* Time left for somebody who is let in: of the box, of the segment (a whole one when none runs), of the grant. */
static usec_t time_left_us(const struct room *room, struct now now, const struct participant *p, int64_t grant_until)
{
    usec_t end = room->closes_us;
    if (p->who.role == ROLE_LOVED_ONE) {
        end = sooner(end, p->segment_ends ? p->segment_ends : now.mono_us + segment_max_us(room));
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
        .client_connected = client_connected(room, p),
        .client_agrees = p->agreed,
        .already_in = already_in,
        .seats_free = 1, /* every planned person has a seat of their own */
    };
    struct rights rights = { .until = INT64_MAX };
    if (p->who.role == ROLE_LOVED_ONE)
        facts.consent = consent_of(room, p, &rights);
    facts.client_absent_ok = rights.client_absent_ok;
    if (p->refused)
        return VERDICT_CLIENT_HAS_NOT_AGREED;
    usec_t left_us = time_left_us(room, now, p, rights.until);
    /* Whole seconds: down for somebody who comes, up for somebody who is in until the last microsecond. */
    facts.seconds_left = (int64_t)((left_us + (already_in ? USEC_PER_SEC - 1 : 0)) / USEC_PER_SEC);
    return admission_decide(&facts);
}

void room_start_segment(struct room *room, struct now now, struct participant *p, uint32_t minutes)
{
    if (p->who.role != ROLE_LOVED_ONE || p->segment_ends)
        return;
    usec_t length = segment_max_us(room);
    if (minutes)
        length = sooner(minutes * 60 * USEC_PER_SEC, length);
    p->segment_ends = sooner(now.mono_us + length, room->closes_us);
}

/* The client's yes was for this segment only. */
void room_end_segment(struct participant *p)
{
    p->segment_ends = 0;
    p->agreed = false;
}

/* ---- Seats, and what the ledger hears of them ---- */

static bool is_connected(const struct room *room, client_id client)
{
    for (size_t i = 0; client && i < room->people_count; i++)
        if (room->people[i].client == client)
            return true;
    return false;
}

/* Whoever asked for the admission hears what came of it, if they are still there. */
static void answer_admission(struct room *room, struct participant *p, const char *refused, struct outbox *out)
{
    client_id asked_by = p->interval.asked_by;
    uint32_t request = p->interval.request;
    p->interval.asked_by = 0;
    if (!is_connected(room, asked_by))
        return;
    if (refused)
        notify_error(asked_by, request, refused, out);
    else
        notify_done(asked_by, request, out);
}

enum status room_seat(struct room *room, struct participant *p, enum seat_event event, const struct participant *by,
                      const char *reason, struct outbox *out)
{
    enum seat next = seat_after(p->seat, event);
    bool was_inside = participant_in_interval(p), was_admitting = p->seat == SEAT_ADMITTING;
    if (next == SEAT_NONE)
        return ERR_STATE;
    /* Written before the step: what can't be recorded doesn't happen. */
    if (next == SEAT_ADMITTING)
        TRY(journal_open(room, p, by, out));
    TRY(participant_step(p, event, reason));
    if (was_inside && !participant_in_interval(p))
        journal_close(room, p, by, reason, out);
    if (was_admitting && next != SEAT_ADMITTED)
        answer_admission(room, p, "wrong_state", out); /* unless they were told a better reason before */
    return OK;
}

bool room_owe(struct room *room, client_id client, uint32_t request)
{
    if (room->owed_count == OWED_MAX)
        return false;
    room->owed[room->owed_count++] = (struct owed){ room->shared->records, client, request };
    return true;
}

/* They wait in the order of their records. */
void room_pay(struct room *room, uint64_t number, struct outbox *out)
{
    size_t paid = 0;
    while (paid < room->owed_count && room->owed[paid].record <= number) {
        const struct owed *owed = &room->owed[paid++];
        if (is_connected(room, owed->client))
            notify_done(owed->client, owed->request, out);
    }
    room->owed_count -= paid;
    memmove(room->owed, room->owed + paid, room->owed_count * sizeof *room->owed);
}

/* G is evaluated again in the step that opens the gate: the world may have changed while the disk wrote. */
void room_commit(struct room *room, struct now now, struct participant *p, bool durable, struct outbox *out)
{
    const char *refused = durable ? NULL : "ledger_unavailable";
    enum verdict verdict = room_verdict(room, now, p, true);
    if (!refused && verdict != VERDICT_ADMIT)
        refused = verdict_name(verdict);
    p->interval.record = 0;
    if (refused)
        answer_admission(room, p, refused, out);
    if (!durable) {
        /* Its OPEN is in no ledger, so there is nothing to close. */
        participant_step(p, SEAT_ABORT, refused);
        room->shared->intervals_open--;
    } else {
        room_seat(room, p, refused ? SEAT_ABORT : SEAT_COMMIT, NULL, refused, out);
    }
    log_info(room->shared->log, "session %s: %s %s%s%s", room->plan.session.text, p->who.participation.text,
             seat_name(p->seat), refused ? ", " : "", refused ? refused : "");
    room_settle(room, now, out); /* the gates are open before anybody is told so */
    answer_admission(room, p, NULL, out);
}

static struct grant *find_grant(struct room *room, const struct id *id)
{
    for (size_t i = 0; i < room->plan.grant_count; i++)
        if (id_equal(&room->plan.grants[i].id, id))
            return &room->plan.grants[i];
    return NULL;
}

static bool concerns(const struct room *room, const struct grant *grant)
{
    for (size_t i = 0; i < room->people_count; i++) {
        const struct participant *p = &room->people[i];
        if (p->who.role == ROLE_LOVED_ONE && id_equal(&p->who.person, &grant->person) &&
            id_equal(room_client_of(room, p), &grant->client))
            return true;
    }
    return false;
}

bool room_grant(struct room *room, const struct grant *grant)
{
    struct grant *known = find_grant(room, &grant->id);
    if (known && grant->epoch > known->epoch) {
        *known = *grant;
        return true;
    }
    if (known || !concerns(room, grant) || room->plan.grant_count == PLAN_GRANTS_MAX)
        return false;
    room->plan.grants[room->plan.grant_count++] = *grant;
    return true;
}

/* ---- Coming and going ---- */

void room_welcome(struct room *room, struct participant *p, struct outbox *out)
{
    p->told = (struct told){ 0 };
    p->sending = 0;
    p->missing_since = 0;
    p->reached = -1;
    /* Every seat but 'removed' has a rule for one of the two, and the removed are turned away before. */
    room_seat(room, p, p->prepared ? SEAT_JOIN_PREPARED : SEAT_JOIN, p, p->reason, out);
    notify_welcome(room, p, out);
}

void room_disconnect(struct room *room, struct now now, struct participant *p)
{
    link_close(room, p);
    if (p->who.role == ROLE_CLIENT && p->seat == SEAT_PRESENT && p->client)
        p->missing_since = now.mono_us;
    p->client = 0;
    p->sending = 0;
    p->hand = false;
}

void room_dismiss(struct room *room, struct now now, struct participant *p, const char *reason, struct outbox *out)
{
    if (!participant_connected(p))
        return;
    outbox_close(out, p->client, reason);
    room_disconnect(room, now, p);
}

/* ---- What follows from the facts ---- */

/* What a verdict does to somebody who is in. What is not here steps them out, with the verdict's own name. */
static const struct fall {
    enum seat_event event;
    enum lost lost;
    const char *reason;
} falls[] = {
    [VERDICT_NOT_CONNECTED] = { SEAT_SUSPEND, LOST_SELF, "connection_lost" },
    [VERDICT_ROOM_NOT_OPEN] = { SEAT_SUSPEND, LOST_THERAPIST, "therapist_lost" },
    [VERDICT_NO_THERAPIST] = { SEAT_SUSPEND, LOST_THERAPIST, "therapist_lost" },
    [VERDICT_NO_CLIENT] = { SEAT_SUSPEND, LOST_CLIENT, "client_lost" },
    [VERDICT_CLIENT_HAS_NOT_AGREED] = { SEAT_STEP_OUT, 0, "stepped_out_by_client" },
    [VERDICT_TOO_LITTLE_TIME] = { SEAT_STEP_OUT, 0, "segment_over" },
};

static struct fall fall_of(enum verdict verdict)
{
    if ((size_t)verdict < sizeof falls / sizeof *falls && falls[verdict].reason)
        return falls[verdict];
    return (struct fall){ SEAT_STEP_OUT, LOST_NOBODY, verdict_name(verdict) };
}

static void settle_inside(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    enum verdict verdict = room_verdict(room, now, p, true);
    if (verdict == VERDICT_ADMIT)
        return;
    struct fall fall = fall_of(verdict);
    answer_admission(room, p, verdict_name(verdict), out);
    room_seat(room, p, fall.event, NULL, fall.reason, out);
    if (fall.event == SEAT_SUSPEND) {
        p->lost = fall.lost;
        p->suspended_at = now.mono_us;
    }
    log_info(room->shared->log, "session %s: %s %s (%s)", room->plan.session.text, p->who.participation.text,
             seat_name(p->seat), fall.reason);
}

static void settle_suspended(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    /* Whoever lost their own link comes back by themselves, unless the therapist or the client was lost meanwhile. */
    if (p->lost == LOST_SELF && !room_has(room, ROLE_THERAPIST))
        p->lost = LOST_THERAPIST;
    else if (p->lost == LOST_SELF && !client_connected(room, p) && !client_may_be_absent(room, p))
        p->lost = LOST_CLIENT;
    if (now.mono_us >= p->suspended_at + lost_grace_us(p->lost))
        room_seat(room, p, SEAT_GRACE_OVER, NULL, p->reason, out);
    else if (p->lost == LOST_SELF && room_verdict(room, now, p, false) == VERDICT_ADMIT)
        room_seat(room, p, SEAT_RESUME, NULL, NULL,
                  out); /* without the ledger they stay suspended, until the grace is over */
}

/* A grant that ends at once ends every seat of theirs; they are told in neutral words. One that comes back lets them
 * wait again. */
static void settle_grant(struct room *room, struct participant *p, struct outbox *out)
{
    struct rights rights;
    if (p->who.role != ROLE_LOVED_ONE)
        return;
    enum consent consent = consent_of(room, p, &rights);
    bool granted = consent == CONSENT_LIVE || consent == CONSENT_EARLY;
    if (p->seat == SEAT_REVOKED && granted && p->prepared)
        room_seat(room, p, SEAT_PREPARE, NULL, NULL, out);
    /* Whoever is not there, or would rather not be, has nothing to lose; they meet the verdict when they come. */
    bool live = p->seat >= SEAT_WAITING && p->seat <= SEAT_SUSPENDED;
    if (!live || consent != CONSENT_WITHDRAWN)
        return;
    answer_admission(room, p, verdict_name(VERDICT_GRANT_WITHDRAWN), out);
    room_seat(room, p, SEAT_REVOKE, NULL, "revoked", out);
    journal_note(room, RECORD_REVOKED, p, NULL, NULL, out);
    room_end_segment(p);
    log_info(room->shared->log, "session %s: %s revoked", room->plan.session.text, p->who.participation.text);
}

/* RFC 7675: a peer that no longer answers for its path is gone, whatever its socket says. */
static usec_t consent_ends(const struct participant *p)
{
    if (!p->link || !transport_is_ready(p->link->transport))
        return NEVER;
    return transport_last_consent(p->link->transport) + TRANSPORT_CONSENT_US;
}

static void settle_person(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    if (participant_connected(p) && now.mono_us >= p->token_ends)
        room_dismiss(room, now, p, "token_expired", out);
    if (now.mono_us >= consent_ends(p))
        room_dismiss(room, now, p, "media_lost", out); /* their page comes back by itself */
    settle_grant(room, p, out);
    bool segment_over = p->segment_ends && now.mono_us >= p->segment_ends;
    if (p->seat == SEAT_SUSPENDED)
        settle_suspended(room, now, p, out);
    if (participant_in_interval(p))
        settle_inside(room, now, p, out);
    if (segment_over) {
        room_seat(room, p, SEAT_GRACE_OVER, NULL, "segment_over", out); /* of the suspended; others have no such rule */
        room_end_segment(p);
    }
}

static void close_room(struct room *room, struct now now, struct outbox *out)
{
    bool anybody = room_is_live(room);
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        room_dismiss(room, now, p, "ended", out);
        room_end_segment(p);
        if (participant_in_interval(p) || p->seat == SEAT_SUSPENDED)
            room_seat(room, p, SEAT_STEP_OUT, NULL, "ended", out);
    }
    if (anybody)
        journal_note(room, RECORD_SESSION, NULL, NULL, "ended", out);
}

/* ---- The agenda and the box's warnings ---- */

static const uint32_t warnings_s[] = { 300, 60, 20 };
enum { WARNINGS = sizeof warnings_s / sizeof *warnings_s };

static usec_t warning_at(const struct room *room)
{
    if (room->warned >= WARNINGS)
        return NEVER;
    usec_t before = warnings_s[room->warned] * USEC_PER_SEC;
    return room->closes_us > before ? room->closes_us - before : 0;
}

static void settle_warnings(struct room *room, struct now now, struct outbox *out)
{
    uint32_t due = 0;
    for (; now.mono_us >= warning_at(room); room->warned++)
        due = warnings_s[room->warned];
    /* Only the latest: who comes late hears one, and not three at once. */
    if (due && room_phase(room, now) == PHASE_OPEN)
        notify_warning(room, due, out);
}

void room_start_step(struct room *room, struct now now, uint32_t step)
{
    room->agenda_running = step < room->plan.step_count;
    room->step = step;
    if (room->agenda_running)
        room->step_ends_us = now.mono_us + room->plan.agenda[step].minutes * 60 * USEC_PER_SEC;
}

static void settle_agenda(struct room *room, struct now now)
{
    bool begins = !room->agenda_running && room->step == 0 && matrix_kind(room->plan.kind)->agenda_required;
    if (begins && room_phase(room, now) == PHASE_OPEN)
        room_start_step(room, now, 0);
    while (room->agenda_running && now.mono_us >= room->step_ends_us)
        room_start_step(room, now, room->step + 1);
}

static void settle_phase(struct room *room, struct now now, struct outbox *out)
{
    enum phase phase = room_phase(room, now);
    if (phase == room->phase)
        return;
    const char *news = phase == PHASE_PAUSED                   ? "paused"
                       : phase == PHASE_OPEN && room->was_open ? "resumed"
                       : phase == PHASE_OPEN                   ? "opened"
                                                               : NULL;
    room->phase = phase;
    room->was_open |= phase == PHASE_OPEN;
    if (news)
        journal_note(room, RECORD_SESSION, NULL, NULL, news, out);
}

static usec_t person_deadline(const struct room *room, struct now now, const struct participant *p)
{
    usec_t deadline = participant_connected(p) ? sooner(p->token_ends, consent_ends(p)) : NEVER;
    if (p->segment_ends)
        deadline = sooner(deadline, p->segment_ends);
    if (p->seat == SEAT_SUSPENDED)
        deadline = sooner(deadline, p->suspended_at + lost_grace_us(p->lost));
    if (participant_in_interval(p) && p->who.role == ROLE_LOVED_ONE)
        deadline = sooner(deadline, room_mono_at(room, now, room_rights(room, p).until));
    return deadline;
}

/* When something will follow from time alone. */
static usec_t settle_deadline(const struct room *room, struct now now)
{
    if (room->over || !room_is_live(room))
        return NEVER;
    usec_t deadline = sooner(room->closes_us, warning_at(room));
    if (room->agenda_running)
        deadline = sooner(deadline, room->step_ends_us);
    if (now.mono_us < room->opens_us)
        deadline =
            sooner(deadline, now.mono_us + LOBBY_US < room->opens_us ? room->opens_us - LOBBY_US : room->opens_us);
    for (size_t i = 0; i < room->people_count; i++)
        deadline = sooner(deadline, person_deadline(room, now, &room->people[i]));
    return deadline;
}

void room_settle(struct room *room, struct now now, struct outbox *out)
{
    if (room_phase(room, now) == PHASE_CLOSED)
        close_room(room, now, out);
    /* A token that ends may take the therapist or the client away, which decides about those already looked at: so
     * twice. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < room->people_count; i++)
            settle_person(room, now, &room->people[i], out);
    settle_phase(room, now, out);
    settle_agenda(room, now);
    gate_apply(room, now, out);
    notify_apply(room, now, out);
    settle_warnings(room, now, out);
    room->settle_at = settle_deadline(room, now);
    room->deadline = sooner(room->settle_at, relay_deadline(room));
}

/* Handshakes go on, or give up: then their page comes back by itself. */
static void tick_transports(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct link *link = room->people[i].link;
        if (!link || now.mono_us < transport_deadline(link->transport))
            continue;
        transport_tick(link->transport, now, out);
        if (transport_is_closed(link->transport)) {
            room_dismiss(room, now, &room->people[i], "media_closed", out);
            room->settle_at = now.mono_us;
        }
    }
}

void room_tick(struct room *room, struct now now, struct outbox *out)
{
    room_enter(room, now);
    tick_transports(room, now, out);
    if (now.mono_us >= room->settle_at) /* first: whose time is over gets no report either */
        room_settle(room, now, out);
    relay_ask_keyframes(room, now, out);
    relay_reports(room, now, out);
    room->deadline = sooner(room->settle_at, relay_deadline(room));
}

#include "room/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room/hash.h"
#include "room/refusal.h"
#include "room/rights.h"
#include "room/roster.h"
#include "room/speakers.h"
#include "signaling/notice.h"

enum { NOTICE_MAX = 65536, ROSTER_PERSON_MAX = 4096, ALERT_MAX = 1024 };

/* Whether a text would be made from the same values as the last time, which is cheaper to see than to make it. Said as
 * often as asked about: so a text that found no place waits for the next change, as its client is closed for it. */
static bool is_unchanged(uint64_t *from, const uint64_t *values, size_t count)
{
    uint64_t hash = hash_of_values(values, count);
    bool same = *from == hash;
    *from = hash;
    return same;
}

static void tell_text(client_id client, const struct writer *text, enum status written, struct outbox *out)
{
    if (written == OK)
        outbox_text(out, client, writer_bytes(text));
}

/* What is said once: held while their socket is gone. */
static void tell_person(const struct participant *p, const struct writer *text, enum status written, struct outbox *out)
{
    if (participant_listens(p))
        tell_text(p->client, text, written, out);
    else if (participant_connected(p) && p->link && written == OK)
        held_put(&p->link->held, writer_bytes(text));
}

/* What stands until it changes: told anew, whole, once they listen again. */
static void tell_news(const struct participant *p, uint64_t *told, const struct writer *text, enum status written,
                      struct outbox *out)
{
    uint64_t hash = hash_of(writer_bytes(text));
    if (written != OK || *told == hash || !participant_listens(p))
        return;
    if (outbox_text(out, p->client, writer_bytes(text)) == OK)
        *told = hash;
}

static void tell_room(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    uint8_t buffer[512];
    struct writer text = writer_over(buffer, sizeof buffer);
    struct notice_room notice = {
        .state = phase_name(room_phase(room, now)),
        .opens_at = room->plan.opens_at,
        .closes_at = room_closes_at(room),
        .unix_s = now_unix_s(now),
    };
    /* The clock in it always differs: only the rest makes news. */
    uint64_t news = hash_of(bytes_of(notice.state)) ^ (uint64_t)notice.opens_at << 32 ^ (uint64_t)notice.closes_at;
    if (p->told.room == news)
        return;
    enum status written = notice_room(&text, &notice);
    if (written == OK && outbox_text(out, p->client, writer_bytes(&text)) == OK)
        p->told.room = news;
}

static void tell_seat(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    uint8_t buffer[512];
    struct writer text = writer_over(buffer, sizeof buffer);
    struct rights rights = room_rights(room, p);
    struct notice_seat notice = {
        .seat = seat_name(p->seat),
        .reason = p->reason,
        .may_send = participant_in(p) ? rights.sends & (source_mask)~p->muted : 0,
        .has_until = p->seat == SEAT_ADMITTED && p->segment_ends != 0,
        .modes = room_modes(room, p),
        .mode = rights.mode,
    };
    if (notice.has_until)
        notice.until = room_unix_at(room, now, p->segment_ends);
    const uint64_t values[] = { p->seat,
                                p->reason ? hash_of(bytes_of(p->reason)) : 0,
                                notice.may_send,
                                notice.has_until,
                                notice.modes,
                                notice.mode,
                                (uint64_t)notice.until };
    if (is_unchanged(&p->told.seat_from, values, sizeof values / sizeof *values))
        return;
    tell_news(p, &p->told.seat, &text, notice_seat(&text, &notice), out);
}

static void tell_roster(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    struct notice_person people[PLAN_PEOPLE_MAX];
    char aliases[PLAN_PEOPLE_MAX][NAME_MAX_BYTES + 1];
    size_t count = 0;
    p->told.facts = room->facts;
    for (size_t i = 0; i < room->people_count; i++)
        if (roster_may_know(p, &room->people[i])) {
            people[count] = roster_person(room, now, p, &room->people[i], aliases[count]);
            count++;
        }
    if (count == 0) {
        p->told.roster = 0; /* told again, whole, once they may know */
        return;
    }
    size_t size = count * ROSTER_PERSON_MAX;
    uint8_t *buffer = malloc(size);
    struct writer text = writer_over(buffer, size);
    enum status written = buffer ? notice_roster(&text, people, count) : ERR_NO_MEMORY;
    tell_news(p, &p->told.roster, &text, written, out);
    free(buffer);
}

/* ---- Rosters in a crowd ---- */

static bool is_crowd(const struct room *room)
{
    return room->people_count > ROSTERS_AT_ONCE_MOST;
}

static void take_facts(struct room *room, struct now now)
{
    uint64_t facts = HASH_BASIS;
    for (size_t i = 0; i < room->people_count; i++)
        facts = (facts ^ roster_facts(room, now, &room->people[i])) * HASH_PRIME;
    room->facts = facts | 1;
}

/* When this reader's next roster may go; NEVER when they are owed none. The first waits for nothing but its turn. */
static usec_t roster_due(const struct room *room, const struct participant *p)
{
    if (!participant_listens(p) || p->told.facts == room->facts)
        return NEVER;
    return p->told.roster && p->roster_again > room->roster_free_at ? p->roster_again : room->roster_free_at;
}

static usec_t rosters_due(const struct room *room)
{
    usec_t due = NEVER;
    for (size_t i = 0; i < room->people_count; i++)
        due = sooner(due, roster_due(room, &room->people[i]));
    return due;
}

/* Whose turn it is: first those who have none. NULL: nobody's. */
static struct participant *next_reader(struct room *room, struct now now)
{
    struct participant *next = NULL;
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[(room->roster_next + i) % room->people_count];
        if (now.mono_us < roster_due(room, p))
            continue;
        if (!p->told.roster)
            return p;
        next = next ? next : p;
    }
    return next;
}

void notify_rosters(struct room *room, struct now now, struct outbox *out)
{
    if (now.mono_us < room->rosters_at)
        return;
    struct participant *p = next_reader(room, now);
    if (p) {
        room->roster_next = room_index(room, p) + 1u;
        room->roster_free_at = now.mono_us + room->people_count * ROSTER_PERSON_US;
        p->roster_again = now.mono_us + room->people_count * ROSTER_AGAIN_US;
        tell_roster(room, now, p, out);
    }
    room->rosters_at = rosters_due(room);
}

/* Whoever may know of nobody is told of nobody, and at once; all others in their turn. */
static void owe_rosters(struct room *room, struct now now, struct outbox *out)
{
    take_facts(room, now);
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        if (participant_listens(p) && !participant_in(p) && p->who.role != ROLE_THERAPIST)
            tell_roster(room, now, p, out);
    }
    room->rosters_at = rosters_due(room);
    notify_rosters(room, now, out);
}

/* Whether that is other than they were told. */
static bool tell_slots(struct room *room, struct participant *p, struct outbox *out)
{
    if (!p->link)
        return false;
    struct notice_slot slots[NEGOTIATION_SLOTS_MAX];
    uint64_t values[NEGOTIATION_SLOTS_MAX];
    for (size_t i = 0; i < p->link->slot_count; i++) {
        const struct receive_slot *slot = &p->link->slots[i];
        values[i] = hash_of(bytes_of(slot->mid));
        if (slot->publisher != PUBLISHER_NONE)
            values[i] += (uint64_t)slot->publisher << 16 | (uint64_t)slot->track << 8 | slot->paused | 2;
        slots[i] = (struct notice_slot){ .mid = slot->mid };
        if (slot->publisher != PUBLISHER_NONE) {
            slots[i].participant = &room->people[slot->publisher].who.participation;
            slots[i].source = track_source(slot->track);
            slots[i].paused = slot->paused;
        }
    }
    if (is_unchanged(&p->told.slots_from, values, p->link->slot_count))
        return false;
    uint8_t buffer[8192];
    struct writer text = writer_over(buffer, sizeof buffer);
    enum status written = notice_slots(&text, slots, p->link->slot_count);
    tell_news(p, &p->told.slots, &text, written, out);
    return true;
}

/* To a therapist: what another person's slots carry, which is what reaches them, as an edge has a slot. */
static void tell_preview(struct room *room, struct participant *p, struct outbox *out)
{
    if (p->preview == PERSON_NONE || !participant_listens(p))
        return;
    const struct participant *of = &room->people[p->preview];
    struct notice_got gets[NEGOTIATION_SLOTS_MAX];
    size_t count = 0;
    for (size_t i = 0; of->link && i < of->link->slot_count; i++) {
        const struct receive_slot *slot = &of->link->slots[i];
        if (slot->publisher != PUBLISHER_NONE)
            gets[count++] = (struct notice_got){ &room->people[slot->publisher].who.participation,
                                                 track_source(slot->track), slot->paused };
    }
    uint8_t buffer[8192];
    struct writer text = writer_over(buffer, sizeof buffer);
    enum status written = notice_preview(&text, &of->who.participation, gets, count);
    tell_news(p, &p->told.preview, &text, written, out);
}

/* How good somebody's path is stands in the therapists' rosters, too; in a crowd that waits for what else happens. */
void notify_slots(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    if (!tell_slots(room, p, out))
        return;
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *reader = &room->people[i];
        if (reader->preview == room_index(room, p))
            tell_preview(room, reader, out);
        if (reader->who.role == ROLE_THERAPIST && participant_listens(reader) && !is_crowd(room))
            tell_roster(room, now, reader, out);
    }
}

static void tell_agenda(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    if (room->plan.step_count == 0 || !participant_in(p))
        return;
    int64_t ends = room->step_ends_us ? room_unix_at(room, now, room->step_ends_us) : 0;
    const uint64_t values[] = { room->agenda_running, room->step, (uint64_t)ends };
    if (is_unchanged(&p->told.agenda_from, values, sizeof values / sizeof *values))
        return;
    struct notice_step steps[PLAN_STEPS_MAX];
    for (size_t i = 0; i < room->plan.step_count; i++)
        steps[i] = (struct notice_step){ room->plan.agenda[i].title, room->plan.agenda[i].minutes };
    struct notice_agenda notice = {
        .steps = steps,
        .count = room->plan.step_count,
        .running = room->agenda_running,
        .current = room->step,
        .step_ends = ends,
        .ended_at = room->agenda_running ? 0 : ends,
    };
    uint8_t buffer[4096];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_news(p, &p->told.agenda, &text, notice_agenda(&text, &notice), out);
}

static const struct participant *missing_client(const struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].missing_since && room->people[i].seat == SEAT_PRESENT)
            return &room->people[i];
    return NULL;
}

/* The card with which a therapist finds a client whose link was lost. */
static void tell_missing(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    const struct participant *client = missing_client(room);
    if (p->who.role != ROLE_THERAPIST || (!client && !p->told.missing))
        return;
    struct notice_missing notice = { 0 };
    if (client) {
        notice.participant = &client->who.participation;
        notice.address = client->location.address[0] ? client->location.address : NULL;
        notice.phone = client->location.phone[0] ? client->location.phone : NULL;
        notice.since = room_unix_at(room, now, client->missing_since);
        notice.alarm_at = room_unix_at(room, now, client->missing_since + MISSING_ALARM_US);
        notice.reached = client->reached;
        notice.alarm = client->alarmed && client->reached < 0;
    }
    uint8_t buffer[1024];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_news(p, &p->told.missing, &text, notice_missing_client(&text, &notice), out);
}

static size_t yet_to_answer(const struct room *room, const struct id *waits_for[static PLAN_PEOPLE_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].word == WORD_ASKED)
            waits_for[count++] = &room->people[i].who.participation;
    return count;
}

/* Of a client who has yet to answer; and to therapists, who that is. */
static void tell_question(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    const struct id *waits_for[PLAN_PEOPLE_MAX];
    bool staff = p->who.role == ROLE_THERAPIST;
    bool asked = staff ? room->question.minutes > 0 : p->word == WORD_ASKED;
    if (!asked && !p->told.question)
        return;
    struct notice_extension notice = { 0 };
    if (asked) {
        notice.minutes = room->question.minutes;
        notice.by = &room->people[room->question.by].who.participation;
        notice.until = room_unix_at(room, now, room->question.lapses_at);
        notice.waits_for = staff ? waits_for : NULL;
        notice.waits_for_count = staff ? yet_to_answer(room, waits_for) : 0;
    }
    uint8_t buffer[NOTICE_MAX];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_news(p, &p->told.question, &text, notice_extension(&text, &notice), out);
}

/* To therapists, until one of them has seen it. */
static void tell_alerts(const struct room *room, struct participant *p, struct outbox *out)
{
    struct notice_alert alerts[PLAN_PEOPLE_MAX];
    size_t count = 0;
    if (p->who.role != ROLE_THERAPIST)
        return;
    for (size_t i = 0; i < room->people_count; i++) {
        const struct participant *from = &room->people[i];
        if (from->help_at)
            alerts[count++] = (struct notice_alert){ &from->who.participation, from->who.name, from->help_at };
    }
    if (count == 0 && !p->told.alerts)
        return;
    size_t size = 64 + count * ALERT_MAX;
    uint8_t *buffer = malloc(size);
    struct writer text = writer_over(buffer, buffer ? size : 0);
    tell_news(p, &p->told.alerts, &text, buffer ? notice_alerts(&text, alerts, count) : ERR_NO_MEMORY, out);
    free(buffer);
}

/* Once they are in again it is told anew; meanwhile not even that nobody speaks. */
void notify_speaker(const struct room *room, struct participant *p, struct outbox *out)
{
    bool nobody = p->speaker == SPEAKER_NOBODY;
    if (!participant_in(p))
        p->told.speaker = 0;
    if (!participant_in(p) || (nobody && !p->told.speaker))
        return;
    uint8_t buffer[128];
    struct writer text = writer_over(buffer, sizeof buffer);
    enum status written = notice_speaker(&text, nobody ? NULL : &room->people[p->speaker].who.participation);
    tell_news(p, &p->told.speaker, &text, written, out);
}

void notify_apply(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        if (!participant_listens(p))
            continue;
        tell_room(room, now, p, out);
        tell_seat(room, now, p, out);
        if (!is_crowd(room))
            tell_roster(room, now, p, out);
        tell_slots(room, p, out);
        speakers_forget(room, p);
        notify_speaker(room, p, out);
        tell_agenda(room, now, p, out);
        tell_missing(room, now, p, out);
        tell_question(room, now, p, out);
        tell_alerts(room, p, out);
        tell_preview(room, p, out);
    }
    if (is_crowd(room))
        owe_rosters(room, now, out);
}

void notify_warning(const struct room *room, uint32_t seconds_left, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        uint8_t buffer[128];
        struct writer text = writer_over(buffer, sizeof buffer);
        if (participant_in(&room->people[i]))
            tell_person(&room->people[i], &text, notice_warning(&text, seconds_left), out);
    }
}

/* Who reads what: therapists all of it. A line to everyone reaches those who take part and may chat themselves; from
 * one loved one to another there is no way. */
static bool may_read(const struct room *room, struct now now, const struct participant *from,
                     const struct participant *to, bool to_therapist)
{
    if (to == from)
        return true;
    if (!participant_in(to) || (to_therapist && to->who.role != ROLE_THERAPIST))
        return false;
    if (to->who.role == ROLE_THERAPIST)
        return true;
    if (to->who.role == ROLE_LOVED_ONE && from->who.role == ROLE_LOVED_ONE)
        return false;
    struct audience_room facts = room_audience(room, now);
    struct audience_person reader = room_audience_person(room, to), writer = room_audience_person(room, from);
    return room_rights(room, to).chat && audience_together(&facts, &reader, &writer);
}

void notify_chat(const struct room *room, struct now now, const struct participant *from, const char *line,
                 bool to_therapist, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        const struct participant *to = &room->people[i];
        if (!participant_connected(to) || !may_read(room, now, from, to, to_therapist))
            continue;
        char alias[NAME_MAX_BYTES + 1];
        struct notice_chat notice = {
            .from = &from->who.participation,
            .name = roster_name(room, to, from, alias),
            .to_therapist = to_therapist,
            .text = line,
        };
        uint8_t buffer[16384]; /* a line of control characters would grow sixfold; they are refused */
        struct writer text = writer_over(buffer, sizeof buffer);
        tell_person(to, &text, notice_chat(&text, &notice), out);
    }
}

static void tell_therapists(const struct room *room, const struct writer *text, enum status written, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        const struct participant *to = &room->people[i];
        if (to->who.role == ROLE_THERAPIST && participant_connected(to))
            tell_person(to, text, written, out);
    }
}

void notify_alert_seen(const struct participant *p, struct outbox *out)
{
    uint8_t buffer[64];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_person(p, &text, notice_alert_seen(&text), out);
}

void notify_link_trouble(const struct room *room, const struct participant *p, struct outbox *out)
{
    uint8_t buffer[512];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_therapists(room, &text, notice_link_trouble(&text, &p->who.participation, p->who.name), out);
}

/* False without a TURN server. As long as the session may last, however it is extended. */
static bool turn_for(const struct room *room, struct turn_credential *credential, struct notice_turn *ice)
{
    const struct turn_service *turn = room->shared->turn;
    int64_t until = room_closes_at(room) + EXTEND_MAX_MINUTES * 60;
    if (!turn || turn_credential_make(turn, room->shared->link.entropy, room_unix_s(room), until, credential) != OK)
        return false;
    *ice = (struct notice_turn){ turn->urls, turn->url_count, credential->username, credential->password };
    return true;
}

/* Who lets people in, as it was planned: their names stand for the whole session, so nobody learns from them who is
 * there. None where the matrix shows the reader no names. Returns how many. */
static size_t therapists_for(const struct room *room, const struct participant *reader,
                             const char *names[static PLAN_PEOPLE_MAX])
{
    size_t count = 0;
    if (matrix_row(room->plan.kind, reader->who.role)->names == NAMES_NONE)
        return 0;
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].who.role == ROLE_THERAPIST)
            names[count++] = room->people[i].who.name;
    return count;
}

void notify_welcome(const struct room *room, const struct participant *p, bool resumed, struct outbox *out)
{
    uint8_t buffer[NOTICE_MAX];
    const char *therapists[PLAN_PEOPLE_MAX];
    struct turn_credential credential;
    struct notice_turn ice;
    struct writer text = writer_over(buffer, sizeof buffer);
    struct notice_welcome notice = {
        .participant = &p->who.participation,
        .role = p->who.role,
        .name = p->who.name,
        .session = &room->plan.session,
        .kind = room->plan.kind,
        .guidance = room->plan.guidance_version,
        .notice = room->plan.notice_version,
        .audio_slots = SLOTS_AUDIO,
        .video_slots = SLOTS_VIDEO,
        .resumed = resumed,
        .ice = turn_for(room, &credential, &ice) ? &ice : NULL,
        .therapists = therapists,
        .therapist_count = therapists_for(room, p, therapists),
    };
    tell_text(p->client, &text, notice_welcome(&text, &notice), out);
    bytes_wipe(buffer, text.len);
    bytes_wipe(&credential, sizeof credential);
}

void notify_answer(const struct participant *p, uint32_t request, const char *sdp, struct outbox *out)
{
    uint8_t buffer[NOTICE_MAX];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_text(p->client, &text, notice_answer(&text, request, sdp, &p->link_name), out);
}

void notify_ice(const struct participant *p, uint32_t request, struct outbox *out)
{
    const struct transport *transport = p->link->transport;
    uint8_t buffer[256];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_text(p->client, &text, notice_ice(&text, request, transport_ufrag(transport), transport_pwd(transport)), out);
}

void notify_done(client_id client, uint32_t request, struct outbox *out)
{
    uint8_t buffer[64];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_text(client, &text, notice_done(&text, request), out);
}

void notify_error(client_id client, uint32_t request, const char *code, struct outbox *out)
{
    uint8_t buffer[512];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_text(client, &text, notice_error(&text, request, code, refusal_words(code)), out);
}

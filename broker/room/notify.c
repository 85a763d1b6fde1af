#include "room/notify.h"

#include <string.h>

#include "room/refusal.h"
#include "signaling/notice.h"

enum { NOTICE_MAX = 65536 };

/* FNV-1a, 64 bits: not against an attacker, who could only hide news from themselves. Never 0, which means 'told
 * nothing'. */
static uint64_t hash_of(struct bytes bytes)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.at[i]) * 0x100000001b3u;
    return hash | 1;
}

static void tell_text(client_id client, const struct writer *text, enum status written, struct outbox *out)
{
    if (written == OK)
        outbox_text(out, client, writer_bytes(text));
}

static void tell_news(const struct participant *p, uint64_t *told, const struct writer *text, enum status written,
                      struct outbox *out)
{
    uint64_t hash = hash_of(writer_bytes(text));
    if (written != OK || *told == hash)
        return;
    if (outbox_text(out, p->client, writer_bytes(text)) == OK)
        *told = hash;
}

static int64_t unix_at(const struct room *room, struct now now, usec_t at)
{
    return (room->unix_us + (int64_t)at - (int64_t)now.mono_us) / (int64_t)USEC_PER_SEC;
}

static void tell_room(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    uint8_t buffer[512];
    struct writer text = writer_over(buffer, sizeof buffer);
    struct notice_room notice = {
        .state = phase_name(room_phase(room, now)),
        .opens_at = room->plan.opens_at,
        .closes_at = room->plan.closes_at + (int64_t)(room->extended_us / USEC_PER_SEC),
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
    source_mask may_send = participant_in(p) ? room_rights(room, p).sends & (source_mask)~p->muted : 0;
    bool has_until = p->seat == SEAT_ADMITTED && p->segment_ends != 0;
    enum status written = notice_seat(&text, seat_name(p->seat), p->reason, may_send, has_until,
                                      has_until ? unix_at(room, now, p->segment_ends) : 0);
    tell_news(p, &p->told.seat, &text, written, out);
}

/* Who may know that `about` exists, is connected, and their name. A loved one sees those who are in, while in. */
static bool may_know(const struct participant *reader, const struct participant *about)
{
    switch (reader->who.role) {
    case ROLE_THERAPIST:
    case ROLE_CLIENT:
        return true;
    case ROLE_LOVED_ONE:
    case ROLE_INTERPRETER:
        return participant_in(reader) && (about == reader || participant_in(about));
    case ROLE_ADMIN:
        break;
    }
    return false;
}

/* A loved one learns the client's and the therapist's names, not another guest's. */
static const char *name_for(const struct participant *reader, const struct participant *about)
{
    bool guest = reader->who.role == ROLE_LOVED_ONE && about->who.role == ROLE_LOVED_ONE && about != reader;
    return guest ? "Guest" : about->who.name;
}

static enum mode mode_of(const struct room *room, const struct participant *p)
{
    struct rights rights = room_rights(room, p);
    for (enum mode mode = MODE_FULL; mode >= MODE_LISTEN; mode--) {
        source_mask receives, sends;
        consent_mode_rights(mode, &receives, &sends);
        if (rights.receives == receives && rights.sends == sends)
            return mode;
    }
    return (enum mode)0;
}

static struct notice_person person_for(const struct room *room, struct now now, const struct participant *reader,
                                       const struct participant *about)
{
    struct notice_person person = {
        .participant = &about->who.participation,
        .role = about->who.role,
        .name = name_for(reader, about),
        .seat = seat_name(about->seat),
        .connected = participant_connected(about),
        .sending = about->sending,
        .muted = about->muted,
        .agreed = about->agreed,
        .has_until = about->seat == SEAT_ADMITTED && about->segment_ends != 0,
    };
    if (person.has_until)
        person.until = unix_at(room, now, about->segment_ends);
    bool staff = reader->who.role == ROLE_THERAPIST, client = reader->who.role == ROLE_CLIENT;
    if (!participant_needs_admission(about) || !(staff || client))
        return person;
    if (staff) {
        enum verdict verdict = room_verdict(room, now, about, about->seat == SEAT_ADMITTED);
        person.may_admit = verdict == VERDICT_ADMIT ? "yes" : verdict_name(verdict);
    }
    struct rights rights = room_rights(room, about);
    enum mode mode = mode_of(room, about);
    if (about->who.role == ROLE_LOVED_ONE && mode != 0) {
        person.mode = mode_name(mode);
        person.has_grant_until = true;
        person.grant_until = rights.until;
    }
    return person;
}

static void tell_roster(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    struct notice_person people[PLAN_PEOPLE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < room->people_count; i++)
        if (may_know(p, &room->people[i]))
            people[count++] = person_for(room, now, p, &room->people[i]);
    if (count == 0) {
        p->told.roster = 0; /* told again, whole, once they may know */
        return;
    }
    uint8_t buffer[NOTICE_MAX];
    struct writer text = writer_over(buffer, sizeof buffer);
    enum status written = notice_roster(&text, people, count);
    tell_news(p, &p->told.roster, &text, written, out);
}

static void tell_slots(struct room *room, struct participant *p, struct outbox *out)
{
    if (!p->link)
        return;
    struct notice_slot slots[NEGOTIATION_SLOTS_MAX];
    for (size_t i = 0; i < p->link->slot_count; i++) {
        const struct receive_slot *slot = &p->link->slots[i];
        slots[i] = (struct notice_slot){ .mid = slot->mid };
        if (slot->publisher != PUBLISHER_NONE) {
            slots[i].participant = &room->people[slot->publisher].who.participation;
            slots[i].source = track_source(slot->track);
        }
    }
    uint8_t buffer[8192];
    struct writer text = writer_over(buffer, sizeof buffer);
    enum status written = notice_slots(&text, slots, p->link->slot_count);
    tell_news(p, &p->told.slots, &text, written, out);
}

void notify_apply(struct room *room, struct now now, struct outbox *out)
{
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        if (!participant_connected(p))
            continue;
        tell_room(room, now, p, out);
        tell_seat(room, now, p, out);
        tell_roster(room, now, p, out);
        tell_slots(room, p, out);
    }
}

void notify_welcome(const struct room *room, const struct participant *p, struct outbox *out)
{
    uint8_t buffer[1024];
    struct writer text = writer_over(buffer, sizeof buffer);
    struct notice_welcome notice = {
        .participant = &p->who.participation,
        .role = p->who.role,
        .name = p->who.name,
        .session = &room->plan.session,
        .kind = room->plan.kind,
        .audio_slots = room_audio_slots(room),
        .video_slots = room_video_slots(room),
    };
    tell_text(p->client, &text, notice_welcome(&text, &notice), out);
}

void notify_answer(client_id client, uint32_t request, const char *sdp, struct outbox *out)
{
    uint8_t buffer[NOTICE_MAX];
    struct writer text = writer_over(buffer, sizeof buffer);
    tell_text(client, &text, notice_answer(&text, request, sdp), out);
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

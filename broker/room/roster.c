#include "room/roster.h"

#include <stdio.h>

#include "room/hash.h"
#include "room/rights.h"

bool roster_may_know(const struct participant *reader, const struct participant *about)
{
    switch (reader->who.role) {
    case ROLE_THERAPIST:
        return true;
    case ROLE_CLIENT:
        return reader->seat == SEAT_PRESENT || about == reader;
    case ROLE_LOVED_ONE:
    case ROLE_INTERPRETER:
        return participant_in(reader) && (about == reader || participant_in(about));
    case ROLE_ADMIN:
        break;
    }
    return false;
}

/* "Guest 2": a number that stays with them for the session, and tells nothing. */
static const char *alias_of(const struct room *room, const struct participant *about,
                            char alias[static NAME_MAX_BYTES + 1])
{
    if (about->who.alias[0])
        return about->who.alias;
    snprintf(alias, NAME_MAX_BYTES + 1, "Guest %u", room_index(room, about) + 1u);
    return alias;
}

const char *roster_name(const struct room *room, const struct participant *reader, const struct participant *about,
                        char alias[static NAME_MAX_BYTES + 1])
{
    bool staff = about->who.role == ROLE_THERAPIST || about->who.role == ROLE_INTERPRETER;
    if (about == reader || staff)
        return about->who.name;
    switch (matrix_row(room->plan.kind, reader->who.role)->names) {
    case NAMES_ALL:
        return about->who.name;
    case NAMES_STAFF_AND_CLIENT:
        return about->who.role == ROLE_CLIENT ? about->who.name : alias_of(room, about, alias);
    case NAMES_ALIASES:
    case NAMES_NONE:
        break;
    }
    return alias_of(room, about, alias);
}

/* What a grant says of somebody, beside their name. */
static void tell_grant(const struct room *room, const struct participant *about, struct notice_person *person)
{
    struct rights rights = room_rights(room, about);
    if (about->who.role != ROLE_LOVED_ONE || rights.mode == 0)
        return;
    person->mode = mode_name(rights.mode);
    person->has_grant_until = true;
    person->grant_until = rights.until;
}

/* NULL when they do not take part in this session. */
static const struct id *client_of(const struct room *room, const struct participant *loved_one)
{
    return loved_one->client_first == PERSON_NONE ? NULL : &room->people[loved_one->client_first].who.participation;
}

/* How far their media has come: a picture that is held back from them says that their path takes too little. */
static const char *link_word(const struct participant *p)
{
    if (!p->link)
        return "none";
    if (!transport_is_ready(p->link->transport))
        return "making";
    for (size_t i = 0; i < p->link->slot_count; i++)
        if (p->link->slots[i].publisher != PUBLISHER_NONE && p->link->slots[i].paused)
            return "weak";
    return "ready";
}

static void tell_grant_whole(const struct room *room, const struct participant *about, struct notice_standing *standing)
{
    const struct grant *grant = room_grant_of(room, about);
    standing->has_grant = grant != NULL;
    if (!grant)
        return;
    standing->grant = (struct notice_grant){
        .modes = room_modes(room, about),
        .purpose = grant->purpose,
        .granted_by = granted_by_name(grant->granted_by),
        .from = grant->not_before,
        .client_absent_ok = grant->client_absent_ok,
    };
    for (int topic = TOPIC_GENERAL_PROGRESS; topic <= TOPIC_EDUCATION; topic++)
        if (term_in(grant->topics, topic))
            standing->grant.topics[standing->grant.topic_count++] = topic_name((enum topic)topic);
}

static struct notice_standing standing_of(const struct room *room, const struct participant *about)
{
    struct notice_standing standing = {
        .since = about->seated_at,
        .code_at = about->code_at,
        .link = link_word(about),
        .guest = participant_needs_admission(about),
        .reads = about->who.role == ROLE_LOVED_ONE,
    };
    if (!standing.guest)
        return standing;
    struct rights rights = room_rights(room, about);
    standing.sends = rights.sends;
    standing.receives = rights.receives;
    standing.chat = rights.chat;
    standing.limit = about->limit;
    tell_grant_whole(room, about, &standing);
    if (standing.reads && about->prepared) {
        standing.guidance = room->plan.guidance_version;
        standing.notice = room->plan.notice_version;
        standing.prepared_at = about->prepared_at;
    }
    return standing;
}

static void tell_staff(const struct room *room, struct now now, const struct participant *about,
                       struct notice_person *person)
{
    person->code = code_state_name(about->code);
    person->has_standing = true;
    person->standing = standing_of(room, about);
    if (about->who.role == ROLE_CLIENT) {
        person->has_location = true;
        person->address = about->location.address[0] ? about->location.address : NULL;
        person->phone = about->location.phone[0] ? about->location.phone : NULL;
    }
    if (!participant_needs_admission(about))
        return;
    enum verdict verdict = room_verdict(room, now, about, participant_in_interval(about));
    person->may_admit = verdict == VERDICT_ADMIT ? "yes" : verdict_name(verdict);
    if (about->who.role == ROLE_LOVED_ONE)
        person->client = client_of(room, about);
    tell_grant(room, about, person);
}

/* A client sees the grants that are their own. */
static void tell_client(const struct room *room, const struct participant *client, const struct participant *about,
                        struct notice_person *person)
{
    if (about->who.role == ROLE_LOVED_ONE && id_equal(room_client_of(room, about), &client->who.person))
        tell_grant(room, about, person);
}

struct notice_person roster_person(const struct room *room, struct now now, const struct participant *reader,
                                   const struct participant *about, char alias[static NAME_MAX_BYTES + 1])
{
    struct notice_person person = {
        .participant = &about->who.participation,
        .role = about->who.role,
        .name = roster_name(room, reader, about, alias),
        .seat = seat_name(about->seat),
        .connected = participant_connected(about),
        .sending = about->sending,
        .muted = about->muted,
        .agreed = about->agreed,
        .has_until = about->seat == SEAT_ADMITTED && about->segment_ends != 0,
    };
    if (person.has_until)
        person.until = room_unix_at(room, now, about->segment_ends);
    person.hand = about->hand;
    person.enabled = about->enabled;
    if (reader->who.role == ROLE_THERAPIST)
        tell_staff(room, now, about, &person);
    else if (reader->who.role == ROLE_CLIENT)
        tell_client(room, reader, about, &person);
    return person;
}

uint64_t roster_facts(const struct room *room, struct now now, const struct participant *about)
{
    struct notice_person person = { 0 };
    tell_staff(room, now, about, &person);
    const struct notice_standing *standing = &person.standing;
    const struct grant *grant = room_grant_of(room, about);
    const uint64_t values[] = {
        about->seat,
        participant_connected(about),
        about->sending,
        about->muted,
        about->agreed,
        about->segment_ends ? (uint64_t)room_unix_at(room, now, about->segment_ends) : 0,
        about->hand,
        about->enabled,
        about->code,
        about->prepared,
        (uint64_t)person.grant_until,
        person.may_admit ? hash_of(bytes_of(person.may_admit)) : 0,
        person.mode ? hash_of(bytes_of(person.mode)) : 0,
        person.address ? hash_of(bytes_of(person.address)) : 0,
        person.phone ? hash_of(bytes_of(person.phone)) : 0,
        (uint64_t)standing->since,
        (uint64_t)standing->code_at,
        (uint64_t)standing->prepared_at,
        hash_of(bytes_of(standing->link)),
        standing->sends,
        standing->receives,
        standing->chat,
        standing->limit,
        grant ? hash_of(bytes_of(grant->id.text)) + grant->epoch : 0,
    };
    return hash_of_values(values, sizeof values / sizeof *values);
}

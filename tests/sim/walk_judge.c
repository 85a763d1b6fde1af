#include "room/rights.h"
#include "sim/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/record.h"

/* ---- What came out of the broker ---- */

bool judge_is_type(struct bytes text, const char *type)
{
    static const char head[] = "{\"type\":\"";
    size_t head_len = sizeof head - 1, len = strlen(type);
    return text.len > head_len + len && memcmp(text.at, head, head_len) == 0 &&
           memcmp(text.at + head_len, type, len) == 0 && text.at[head_len + len] == '"';
}

/* Outside of an interval a loved one is told of the session and of themselves, never of others. */
static void check_text(struct walk *w, int person, struct bytes text)
{
    static const char *const harmless[] = { "welcome", "room", "seat", "done", "error", "warning" };
    if (person != THERAPIST && judge_is_type(text, "link_trouble"))
        walk_violation(w, "somebody but the therapist is told of trouble with a link", people[person]);
    if (!law_loved(person) || law_in(&w->law, person))
        return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (judge_is_type(text, harmless[i]))
            return;
    char what[160];
    snprintf(what, sizeof what, "a message reaches them outside of an interval (invariants 1 and 2): %.60s",
             (const char *)text.at);
    walk_violation(w, what, people[person]);
}

static int person_named(const struct id *participation)
{
    for (int i = 0; i < PEOPLE; i++)
        if (strcmp(participation->text, people[i]) == 0)
            return i;
    abort();
}

static const char *check_removed(const struct walk *w, const struct record *record)
{
    struct id device = walk_device(w->law.people[person_named(&record->participation)].device);
    return id_equal(&device, &record->device) ? NULL : "a removal doesn't name the device (invariant 10)";
}

void judge_records(struct walk *w)
{
    for (size_t i = 0; i < outbox_record_count(w->outbox); i++) {
        struct ledger_note note = outbox_record_at(w->outbox, i);
        struct record record;
        if (record_parse(note.text, &record) != OK)
            walk_violation(w, "a record that can't be read", NULL);
        const char *wrong = NULL;
        if (record.kind == RECORD_OPEN)
            wrong = law_opened(&w->law, person_named(&record.participation), note.number, &record.interval,
                               record.unix_us, w->event.act == ACT_ADMIT && w->event.by == THERAPIST);
        else if (record.kind == RECORD_CLOSE)
            wrong = law_closed(&w->law, person_named(&record.participation), &record.interval, record.unix_us);
        else if (record.kind == RECORD_REMOVED)
            wrong = check_removed(w, &record);
        if (wrong)
            walk_violation(w, wrong, record.participation.text);
    }
}

void judge_texts(struct walk *w)
{
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message message = outbox_message_at(w->outbox, i);
        int person = walk_person(message.client);
        const struct law_person *l = &w->law.people[person];
        if (message.kind == MESSAGE_TEXT)
            check_text(w, person, message.text);
        if (l->broken_until && message.client == walk_client(person, l->connection))
            walk_violation(w, "something is sent to a socket that is gone", people[person]);
    }
}

/* ---- What must hold in every state ---- */

/* What the room makes of everybody as if they sent all, with all enabled, in any mode: the widest that may ever pass.
 */
static void people_at_widest(struct walk *w, enum mode mode, struct audience_person at_widest[PEOPLE])
{
    for (int i = 0; i < PEOPLE; i++) {
        struct participant *p = &w->room->people[i];
        source_mask sending = p->sending;
        enable_mask enabled = p->enabled;
        enum mode choice = p->choice;
        p->sending = SOURCE_ALL;
        p->enabled = ENABLE_ALL;
        p->choice = mode;
        at_widest[i] = room_audience_person(w->room, p);
        p->sending = sending;
        p->enabled = enabled;
        p->choice = choice;
    }
}

static void check_gates(struct walk *w)
{
    struct audience_room facts = room_audience(w->room, walk_now(w));
    struct audience_person as_granted[PEOPLE], as_full[PEOPLE];
    people_at_widest(w, (enum mode)0, as_granted);
    people_at_widest(w, MODE_FULL, as_full);
    for (int to = 0; to < PEOPLE; to++)
        for (int from = 0; from < PEOPLE; from++) {
            if (to == from)
                continue;
            source_mask may = law_may_reach(&w->law, to, from);
            source_mask passes = audience_between(&facts, &as_granted[to], &as_granted[from]);
            if ((passes | audience_between(&facts, &as_full[to], &as_full[from])) & (source_mask)~may)
                walk_violation(w, "a gate is open that may not be (invariants 1, 2, 5, 6, 9)", people[to]);
            if (passes != may)
                walk_violation(w, "a gate is shut for no reason", people[to]);
        }
}

static void check_loved_one(struct walk *w, int person)
{
    const struct participant *p = &w->room->people[person];
    const struct law_person *l = &w->law.people[person];
    bool inside = p->seat == SEAT_ADMITTED || p->seat == SEAT_ADMITTING;
    if (inside != (l->interval != INTERVAL_NONE))
        walk_violation(w, "seat and ledger disagree about an interval (invariant 4)", people[person]);
    if (l->interval != INTERVAL_NONE && !law_may_stay(&w->law, person))
        walk_violation(w, "an interval goes on without its grounds", people[person]);
    if (l->interval != INTERVAL_NONE && w->room->settle_at > l->must_end)
        walk_violation(w, "the room would sleep past an interval's end (invariant 8)", people[person]);
    if (l->resumable_until && law_may_admit(&w->law, person))
        walk_violation(w, "somebody is not let back by the device that they were on", people[person]);
    if (l->removed && (p->client || p->seat != SEAT_REMOVED))
        walk_violation(w, "somebody who was removed is back (invariant 10)", people[person]);
    w->with_loved_one += law_in(&w->law, person);
}

void judge_state(struct walk *w)
{
    const struct law *law = &w->law;
    size_t connected = 0;
    for (int i = 0; i < PEOPLE; i++) {
        struct id device = walk_device(law->people[i].device);
        connected += law->people[i].connection != 0;
        if (w->room->people[i].client != walk_client(i, law->people[i].connection) ||
            !id_equal(&w->room->people[i].device, &device))
            walk_violation(w, "the live connection is not the one it must be (invariant 11)", people[i]);
        if (law->over && law->people[i].connection)
            walk_violation(w, "somebody is connected after the end", people[i]);
    }
    if (broker_counts(w->broker).clients != connected)
        walk_violation(w, "a participation has more than one live connection (invariant 11)", NULL);
    if (room_phase(w->room, walk_now(w)) == PHASE_OPEN && !law->people[THERAPIST].connection)
        walk_violation(w, "the room is open without a therapist (invariant 12)", NULL);
    for (int i = FIRST_LOVED; i < PEOPLE; i++)
        check_loved_one(w, i);
    check_gates(w);
}

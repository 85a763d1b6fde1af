#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "sim/parts.h"

enum { SINCE_SHIFT = 24 };
#define ON_ITS_WAY_US (250 * USEC_PER_MSEC) /* the network's longest delay, and a publisher's turn */
_Static_assert(3 * WORLD_PEOPLE <= SINCE_SHIFT, "both fit into a stamp");

/* What may reach `to` now, three bits for each publisher. */
static uint64_t allowed(const struct world *w, int to)
{
    uint64_t stamp = 0;
    for (int from = 0; from < WORLD_PEOPLE; from++)
        stamp |= (uint64_t)model_may(&w->model, w->now_us, to, from) << (3 * from);
    return stamp;
}

static void check_datagram(struct world *w, const struct datagram *d, int to, uint64_t may)
{
    enum packet_kind kind = demux(d->data);
    if (kind != PACKET_RTP && kind != PACKET_RTCP)
        return;
    w->counts.media_sent++;
    bool asks = false; /* a keyframe request or a report about their own media, which others receive */
    for (int other = 0; other < WORLD_PEOPLE; other++)
        asks |= model_may(&w->model, w->now_us, other, to) != 0;
    if (world_role(to) == ROLE_LOVED_ONE && !w->disclosed[to].text[0]) {
        w->counts.leaks++;
        world_violation(w, "leak: %s gets media, and the ledger holds no open interval", world_id(to));
    }
    if (may == 0 && (kind == PACKET_RTP || !asks)) {
        w->counts.leaks++;
        const struct model_person *p = &w->model.people[to];
        world_violation(w, "leak: %s to %s (%s); the model says%s%s%s%s, segment until %.3f, grant until %.3f",
                        kind == PACKET_RTP ? "RTP" : "RTCP", world_id(to), w->actors[to].seat,
                        p->connected ? " connected" : "", p->admitting ? " admitting" : "",
                        p->admitted ? " admitted" : "", p->agreed ? " agreed" : "", (double)p->segment_until / 1e6,
                        (double)p->grant_until / 1e6);
    }
}

/* Payloads carry when they were made and by whom: time, 'K', publisher, source. */
void check_delivered(struct world *w, int to, int from, source_mask source, usec_t published_us)
{
    w->counts.media_delivered++;
    if (!(w->stamp >> (3 * from) & source)) {
        w->counts.leaks++;
        world_violation(w, "leak: %s of %s reached %s", source_name(source), world_id(from), world_id(to));
    }
    /* Invariant 2: nothing from before somebody was let in, sent once more or not; but what was on its way to us then.
     */
    bool guest = world_role(to) == ROLE_LOVED_ONE || world_role(to) == ROLE_INTERPRETER;
    if (guest && published_us + ON_ITS_WAY_US < w->stamp >> SINCE_SHIFT) {
        w->counts.leaks++;
        world_violation(w, "leak: %s of %s from before %s was let in", source_name(source), world_id(from),
                        world_id(to));
    }
}

/* Since when each is in, this time. */
static void note_arrivals(struct world *w)
{
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        bool in = model_in(&w->model, i);
        if (in && !w->was_in[i])
            w->in_since[i] = w->now_us;
        w->was_in[i] = in;
    }
}

/* Codes are for therapists to see, as they stand. */
static void check_code(struct world *w, int person, const json_t *entry)
{
    const char *about = json_string_value(json_object_get(entry, "participant"));
    const char *code = json_string_value(json_object_get(entry, "code"));
    int who = about ? person_named(about) : -1;
    if (who < 0)
        world_violation(w, "a roster names nobody we know");
    else if (world_role(person) != ROLE_THERAPIST && code)
        world_violation(w, "%s learns what came of the code of %s", world_id(person), about);
    else if (world_role(person) == ROLE_THERAPIST &&
             (!code || strcmp(code, code_state_name(w->model.people[who].code)) != 0))
        world_violation(w, "%s reads of %s that the code is %s", world_id(person), about, code ? code : "nowhere");
}

static void check_roster(struct world *w, int person, const json_t *people)
{
    size_t index;
    json_t *entry;
    json_array_foreach(people, index, entry) check_code(w, person, entry);
    enum role role = world_role(person);
    if ((role == ROLE_LOVED_ONE || role == ROLE_INTERPRETER) && !model_in(&w->model, person)) {
        w->counts.leaks++;
        world_violation(w, "leak: a roster to %s while %s", world_id(person), w->actors[person].seat);
    }
}

static void check_seat(struct world *w, int person, const char *seat)
{
    snprintf(w->actors[person].seat, sizeof w->actors[person].seat, "%s", seat);
    if (strcmp(seat, "admitted") == 0 && !model_in(&w->model, person))
        world_violation(w, "%s is told they are in, and are not", world_id(person));
}

static void note_pause(struct world *w, int person, const json_t *slot)
{
    const char *who = json_string_value(json_object_get(slot, "participant"));
    const char *source = json_string_value(json_object_get(slot, "source"));
    int from = who ? person_named(who) : -1;
    if (from >= 0 && source && strcmp(source, "camera") == 0)
        w->actors[person].paused[from] = json_is_true(json_object_get(slot, "paused"));
}

static void note_sources(struct world *w, source_mask sources[WORLD_PEOPLE], const json_t *slots)
{
    size_t index;
    json_t *slot;
    memset(sources, 0, WORLD_PEOPLE * sizeof *sources);
    json_array_foreach(slots, index, slot)
    {
        const char *who = json_string_value(json_object_get(slot, "participant"));
        const char *source = json_string_value(json_object_get(slot, "source"));
        if (!who || !source)
            continue;
        if (person_named(who) < 0)
            world_violation(w, "a source of nobody we know");
        else
            sources[person_named(who)] |= strcmp(source, "mic") == 0      ? SOURCE_MIC
                                          : strcmp(source, "camera") == 0 ? SOURCE_CAMERA
                                                                          : SOURCE_SCREEN;
    }
}

static void check_slots(struct world *w, int person, const json_t *slots)
{
    size_t index;
    json_t *slot;
    memset(w->actors[person].paused, 0, sizeof w->actors[person].paused);
    note_sources(w, w->actors[person].gets, slots);
    json_array_foreach(slots, index, slot)
    {
        note_pause(w, person, slot);
        const char *who = json_string_value(json_object_get(slot, "participant"));
        for (int from = 0; who && from < WORLD_PEOPLE; from++)
            if (strcmp(who, world_id(from)) == 0 && !model_may(&w->model, w->now_us, person, from)) {
                w->counts.leaks++;
                world_violation(w, "leak: %s learns of %s on a slot", world_id(person), who);
            }
    }
}

static void take_preview(struct world *w, int person, const json_t *message)
{
    struct actor *actor = &w->actors[person];
    actor->preview_of = person_named(json_string_value(json_object_get(message, "participant")));
    note_sources(w, actor->preview, json_object_get(message, "gets"));
    w->counts.previews++;
    if (world_role(person) != ROLE_THERAPIST)
        world_violation(w, "%s is shown what others get", world_id(person));
}

static bool listens(const struct world *w, int person)
{
    return w->actors[person].client && !w->actors[person].broken;
}

/* What a therapist is shown that somebody gets is what that person is told they get, and what they may. */
static void check_previews(struct world *w)
{
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        const struct actor *actor = &w->actors[i];
        int of = actor->preview_of;
        if (!listens(w, i) || of < 0)
            continue;
        for (int from = 0; from < WORLD_PEOPLE; from++)
            if (actor->preview[from] & ~model_may(&w->model, w->now_us, of, from))
                world_violation(w, "%s is shown that %s gets what they may not", world_id(i), world_id(of));
            else if (listens(w, of) && actor->preview[from] != w->actors[of].gets[from])
                world_violation(w, "%s is shown that %s gets %x of %s, who gets %x", world_id(i), world_id(of),
                                actor->preview[from], world_id(from), w->actors[of].gets[from]);
    }
}

/* Only of somebody whom they hear, or themselves; and to nobody who is not in. */
static void check_speaker(struct world *w, int person, const json_t *participant)
{
    const char *who = json_string_value(participant);
    int from = who ? person_named(who) : -1;
    bool heard = from == person || (from >= 0 && model_may(&w->model, w->now_us, person, from) & SOURCE_MIC);
    if (!model_in(&w->model, person) || (who && !heard)) {
        w->counts.leaks++;
        world_violation(w, "leak: %s (%s) is told that %s speaks", world_id(person), w->actors[person].seat,
                        who ? who : "nobody");
    }
    w->counts.speakers_told += who && from != person;
}

/* The end of the box is what therapist and client made it. */
static void check_room(struct world *w, int64_t closes_at)
{
    if (closes_at != EPOCH_UNIX_S + (int64_t)(w->model.closes / USEC_PER_SEC))
        world_violation(w, "the room says it ends at %" PRId64 ", and doesn't", closes_at);
}

/* Who comes anew is told of their slots once they have any, and shown nothing before they ask. */
static void forget_gets(struct world *w, int person)
{
    memset(w->actors[person].gets, 0, sizeof w->actors[person].gets);
    w->actors[person].preview_of = -1;
}

/* Who lets people in is told as planned, to each and always alike: nobody learns from it who is there, or that anybody
 * but therapists takes part. Who has no place in the kind of session is told of nobody. */
static void check_welcome(struct world *w, int person, const json_t *therapists)
{
    enum role reader = world_role(person);
    bool misplaced = (w->model.kind == KIND_GROUP && reader == ROLE_LOVED_ONE) ||
                     (w->model.kind == KIND_WORKSHOP && reader == ROLE_CLIENT);
    size_t count = 0;
    for (int i = 0; i < WORLD_PEOPLE && !misplaced; i++) {
        if (world_role(i) != ROLE_THERAPIST)
            continue;
        const char *told = json_string_value(json_array_get(therapists, count++));
        char name[NAME_MAX_BYTES + 1];
        snprintf(name, sizeof name, "Person %d", i);
        if (!told || strcmp(told, name) != 0)
            world_violation(w, "%s reads that %s lets people in, not %s", world_id(person), told ? told : "nobody",
                            name);
    }
    if (!json_is_array(therapists) || json_array_size(therapists) != count) {
        w->counts.leaks++;
        world_violation(w, "leak: a welcome names more than therapists to %s", world_id(person));
    }
}

static void take_welcome(struct world *w, int person, const json_t *message)
{
    if (!json_is_true(json_object_get(message, "resumed")))
        forget_gets(w, person);
    check_welcome(w, person, json_object_get(message, "therapists"));
}

static void take_text(struct world *w, int person, struct bytes text)
{
    json_error_t error;
    json_t *message = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type)
        world_violation(w, "a message without a type: %.*s", (int)text.len, (const char *)text.at);
    else if (strcmp(type, "answer") == 0)
        take_answer(w, person, json_string_value(json_object_get(message, "sdp")),
                    json_string_value(json_object_get(message, "link")));
    else if (strcmp(type, "ice") == 0)
        peer_restart_ice(w->actors[person].peer, now_of(w), json_string_value(json_object_get(message, "ufrag")),
                         json_string_value(json_object_get(message, "pwd")));
    else if (strcmp(type, "chat") == 0 || strcmp(type, "alerts") == 0)
        w->actors[person].lines++;
    else if (strcmp(type, "roster") == 0)
        check_roster(w, person, json_object_get(message, "people"));
    else if (strcmp(type, "seat") == 0)
        check_seat(w, person, json_string_value(json_object_get(message, "seat")));
    else if (strcmp(type, "slots") == 0)
        check_slots(w, person, json_object_get(message, "slots"));
    else if (strcmp(type, "preview") == 0)
        take_preview(w, person, message);
    else if (strcmp(type, "speaker") == 0)
        check_speaker(w, person, json_object_get(message, "participant"));
    else if (strcmp(type, "welcome") == 0)
        take_welcome(w, person, message);
    else if (strcmp(type, "room") == 0)
        check_room(w, json_integer_value(json_object_get(message, "closes_at")));
    json_int_t id = json_integer_value(json_object_get(message, "id"));
    if (type && id)
        w->replies[id % REPLIES] = strcmp(type, "error") == 0 ? REPLY_ERROR : REPLY_DONE;
    if (type && id == w->request) {
        w->reply = w->replies[id % REPLIES];
        if (w->verbose && w->reply == REPLY_ERROR)
            printf("    refused: %s\n", json_string_value(json_object_get(message, "code")));
    }
    json_decref(message);
}
static void drain_datagrams(struct world *w)
{
    note_arrivals(w);
    for (size_t i = 0; i < outbox_datagram_count(w->outbox); i++) {
        struct datagram d = outbox_datagram_at(w->outbox, i);
        int to = person_at(&d.peer);
        if (to < 0) {
            world_violation(w, "a datagram to nobody we know");
            continue;
        }
        uint64_t may = allowed(w, to);
        check_datagram(w, &d, to, may);
        network_send(w->network, w->now_us, to, &d.peer, d.data, may | w->in_since[to] << SINCE_SHIFT);
    }
}

static void drain_messages(struct world *w)
{
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message m = outbox_message_at(w->outbox, i);
        int person = (int)w->owner[m.client] - 1;
        if (person < 0 || w->closed[m.client]) {
            world_violation(w, "a message to a connection that is gone");
        } else if (m.kind == MESSAGE_CLOSE) {
            w->closed[m.client] = true;
            if (w->verbose)
                printf("  %.3f %s: closed, %.*s\n", (double)w->now_us / 1e6, world_id(person), (int)m.text.len,
                       (const char *)m.text.at);
            if (w->actors[person].client == m.client) {
                lose(w, person);
                model_gone(&w->model, w->now_us, person);
                w->reply = w->reply == REPLY_NONE ? REPLY_CLOSED : w->reply;
            }
        } else {
            take_text(w, person, m.text);
        }
    }
    if (outbox_overflowed(w->outbox))
        world_violation(w, "the outbox overflowed");
}

/* The model must know what happened before the oracle judges what came of it: so each call's effects are told first. */
void drain(struct world *w)
{
    for (size_t i = 0; i < outbox_record_count(w->outbox); i++)
        take_record(w, outbox_record_at(w->outbox, i));
    drain_datagrams(w);
    drain_messages(w);
    check_previews(w);
    outbox_clear(w->outbox);
}

#include "room/gate.h"

#include <stdlib.h>

#include "room/egress.h"
#include "room/relay.h"
#include "room/rights.h"

static bool edge_open(struct track *track, uint16_t receiver, uint16_t slot)
{
    if (track->edge_count == track->edge_cap) {
        size_t cap = track->edge_cap ? 2 * track->edge_cap : 4;
        struct edge *edges = realloc(track->edges, cap * sizeof *edges);
        if (!edges)
            return false; /* no edge: silence is the safe side */
        track->edges = edges;
        track->edge_cap = cap;
    }
    track->edges[track->edge_count++] = (struct edge){ receiver, slot };
    return true;
}

static void edge_shut(struct track *track, uint16_t receiver, uint16_t slot)
{
    for (size_t i = 0; i < track->edge_count; i++)
        if (track->edges[i].receiver == receiver && track->edges[i].slot == slot) {
            track->edges[i] = track->edges[--track->edge_count];
            return;
        }
}

static struct track *track_of(struct room *room, const struct receive_slot *slot)
{
    struct link *link = room->people[slot->publisher].link;
    return &link->tracks[slot->track];
}

static void slot_clear(struct room *room, uint16_t receiver, struct receive_slot *slot)
{
    struct link *to = room->people[receiver].link;
    edge_shut(track_of(room, slot), receiver, (uint16_t)(slot - to->slots));
    link_set_layer(to, slot, track_of(room, slot), LAYER_NONE);
    slot->publisher = PUBLISHER_NONE;
    slot->wanted = LAYER_NONE;
    slot->paused = false;
}

static void slot_fill(struct room *room, uint16_t receiver, struct receive_slot *slot, uint16_t publisher,
                      uint8_t track)
{
    struct link *to = room->people[receiver].link;
    if (!edge_open(&room->people[publisher].link->tracks[track], receiver, (uint16_t)(slot - to->slots)))
        return;
    slot->publisher = publisher;
    slot->track = track;
    if (slot->video)
        to->allocate_at = 0; /* which layer it begins with: egress_choose */
    else
        slot_switch(&slot->stream, CODEC_OPUS);
}

/* ---- What everybody may, and what it is worth ---- */

/* A screen before any face; then who leads; then who spoke of late, for a while, as faces that come and go tire. */
enum { WORTH_CLIENT = 1, WORTH_SPEAKS = 2, WORTH_THERAPIST = 4, WORTH_SCREEN = 8 };

static unsigned worth_of_voice(const struct participant *from, struct now now)
{
    return 2 * (unsigned)speech_rank(&from->link->speech, now.mono_us) + (from->who.role == ROLE_THERAPIST);
}

static unsigned worth_of_picture(const struct participant *from, struct now now, uint8_t track)
{
    return (track_source(track) == SOURCE_SCREEN ? WORTH_SCREEN : 0) +
           (from->who.role == ROLE_THERAPIST ? WORTH_THERAPIST : 0) +
           (speech_is_lately(&from->link->speech, now.mono_us) ? WORTH_SPEAKS : 0) +
           (from->who.role == ROLE_CLIENT ? WORTH_CLIENT : 0);
}

static unsigned worth(const struct participant *from, struct now now, uint8_t track)
{
    return source_is_video(track_source(track)) ? worth_of_picture(from, now, track) : worth_of_voice(from, now);
}

/* What everybody may at this moment: derived once, as it is asked for each pair. */
struct census {
    struct audience_room room;
    struct audience_person people[PLAN_PEOPLE_MAX];
    source_mask offered[PLAN_PEOPLE_MAX]; /* nothing flows that was never offered, nor without a link */
    uint8_t worths[PLAN_PEOPLE_MAX][SOURCE_COUNT];
};

static source_mask offered_by(const struct link *link)
{
    source_mask offered = 0;
    for (uint8_t i = 0; link && i < SOURCE_COUNT; i++)
        if (link->tracks[i].how.offered)
            offered |= track_source(i);
    return offered;
}

static void take_census(const struct room *room, struct now now, struct census *census)
{
    census->room = room_audience(room, now);
    for (size_t i = 0; i < room->people_count; i++) {
        census->people[i] = room_audience_person(room, &room->people[i]);
        census->offered[i] = offered_by(room->people[i].link);
        for (uint8_t track = 0; room->people[i].link && track < SOURCE_COUNT; track++)
            census->worths[i][track] = (uint8_t)worth(&room->people[i], now, track);
    }
}

/* Between two who have links. */
static source_mask flow(const struct census *census, size_t to, size_t from)
{
    if (to == from || !census->offered[from])
        return 0;
    return audience_between(&census->room, &census->people[to], &census->people[from]) & census->offered[from];
}

static void shut_what_may_not(struct room *room, const struct census *census, struct participant *to)
{
    for (size_t i = 0; i < to->link->slot_count; i++) {
        struct receive_slot *slot = &to->link->slots[i];
        if (slot->publisher == PUBLISHER_NONE)
            continue;
        source_mask may = flow(census, room_index(room, to), slot->publisher);
        if (!(may & track_source(slot->track)))
            slot_clear(room, room_index(room, to), slot);
    }
}

/* ---- Who gets the slots, where more may be received than there are ---- */

/* How one receiver's slots stand, while they are given out. [true]: of pictures. */
struct standing_slots {
    source_mask carried[PLAN_PEOPLE_MAX];
    bool looked[2];
    struct receive_slot *free[2], *least[2]; /* one to be filled; else the one of least worth */
};

static unsigned worth_in(const struct census *census, const struct receive_slot *slot)
{
    return census->worths[slot->publisher][slot->track];
}

/* Of equals who has been silent longest. */
static bool is_less(const struct room *room, const struct census *census, const struct receive_slot *slot,
                    const struct receive_slot *least)
{
    if (!least || worth_in(census, slot) != worth_in(census, least))
        return !least || worth_in(census, slot) < worth_in(census, least);
    return room->people[slot->publisher].link->speech.voice_us < room->people[least->publisher].link->speech.voice_us;
}

static void look(const struct room *room, const struct census *census, struct link *link, bool video,
                 struct standing_slots *slots)
{
    slots->looked[video] = true;
    slots->free[video] = slots->least[video] = NULL;
    for (size_t i = 0; i < link->slot_count && !slots->free[video]; i++) {
        struct receive_slot *slot = &link->slots[i];
        if (slot->video != video)
            continue;
        if (slot->publisher == PUBLISHER_NONE)
            slots->free[video] = slot;
        else if (is_less(room, census, slot, slots->least[video]))
            slots->least[video] = slot;
    }
}

/* A free one, or one that somebody else gives up for what is worth more; NULL: there is none. */
static struct receive_slot *slot_for(struct room *room, const struct census *census, uint16_t to,
                                     struct standing_slots *slots, bool video, unsigned its_worth)
{
    if (!slots->looked[video])
        look(room, census, room->people[to].link, video, slots);
    struct receive_slot *least = slots->least[video];
    if (slots->free[video] || !least || its_worth <= worth_in(census, least))
        return slots->free[video];
    track_of(room, least)->left_out = true;
    slots->carried[least->publisher] &= (source_mask)~track_source(least->track);
    slot_clear(room, to, least);
    return least;
}

static void open_what_may(struct room *room, const struct census *census, uint16_t to, uint16_t from,
                          struct standing_slots *slots)
{
    source_mask may = flow(census, to, from) & (source_mask)~slots->carried[from];
    for (uint8_t track = 0; may && track < SOURCE_COUNT; track++) {
        enum source source = track_source(track);
        bool video = source_is_video(source);
        if (!(may & source))
            continue;
        struct receive_slot *slot = slot_for(room, census, to, slots, video, census->worths[from][track]);
        if (!slot) {
            room->people[from].link->tracks[track].left_out = true;
            continue;
        }
        slot_fill(room, to, slot, from, track);
        slots->carried[from] |= source;
        slots->looked[video] = false;
    }
}

static void open_all_that_may(struct room *room, const struct census *census, uint16_t to, const uint16_t *order)
{
    const struct link *link = room->people[to].link;
    struct standing_slots slots = { 0 };
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].publisher != PUBLISHER_NONE)
            slots.carried[link->slots[i].publisher] |= track_source(link->slots[i].track);
    for (size_t i = 0; i < room->people_count; i++)
        open_what_may(room, census, to, order[i], &slots);
}

/* Everybody in the order of what their picture is worth: who comes first needs not be moved for who comes later. */
static void rank_people(const struct room *room, struct now now, uint16_t order[static PLAN_PEOPLE_MAX])
{
    unsigned worths[PLAN_PEOPLE_MAX];
    for (uint16_t i = 0; i < room->people_count; i++) {
        const struct participant *p = &room->people[i];
        unsigned its = p->link ? worth_of_picture(p, now, track_index(SOURCE_CAMERA)) : 0;
        size_t at = i;
        for (; at > 0 && worths[at - 1] < its; at--) {
            worths[at] = worths[at - 1];
            order[at] = order[at - 1];
        }
        worths[at] = its;
        order[at] = i;
    }
}

static void forget_left_out(struct room *room)
{
    for (size_t i = 0; i < room->people_count; i++)
        for (size_t j = 0; room->people[i].link && j < SOURCE_COUNT; j++)
            room->people[i].link->tracks[j].left_out = false;
}

void gate_apply(struct room *room, struct now now, struct outbox *out)
{
    /* All that shuts, everywhere, before anything opens: an edge never outlives its reason while another is being made.
     */
    struct census census;
    take_census(room, now, &census);
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].link)
            shut_what_may_not(room, &census, &room->people[i]);
    uint16_t order[PLAN_PEOPLE_MAX];
    rank_people(room, now, order);
    forget_left_out(room);
    for (uint16_t i = 0; i < room->people_count; i++)
        if (room->people[i].link)
            open_all_that_may(room, &census, i, order);
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].link && room->people[i].link->allocate_at == 0)
            egress_choose(room, now, &room->people[i], out);
    relay_ask_keyframes(room, now, out);
}

void gate_shut(struct room *room, struct participant *p)
{
    uint16_t own = room_index(room, p);
    for (size_t i = 0; i < room->people_count; i++) {
        struct link *link = room->people[i].link;
        for (size_t j = 0; link && j < link->slot_count; j++) {
            struct receive_slot *slot = &link->slots[j];
            if (slot->publisher != PUBLISHER_NONE && (i == own || slot->publisher == own))
                slot_clear(room, (uint16_t)i, slot);
        }
    }
}

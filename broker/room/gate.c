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

static struct receive_slot *slot_carrying(struct link *link, uint16_t publisher, uint8_t track)
{
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].publisher == publisher && link->slots[i].track == track)
            return &link->slots[i];
    return NULL;
}

static struct receive_slot *slot_free(struct link *link, bool video)
{
    for (size_t i = 0; i < link->slot_count; i++)
        if (link->slots[i].publisher == PUBLISHER_NONE && link->slots[i].video == video)
            return &link->slots[i];
    return NULL;
}

/* What may flow between two links: nothing that was never offered. */
static source_mask flow(const struct room *room, struct now now, const struct participant *to,
                        const struct participant *from)
{
    if (to == from || !to->link || !from->link)
        return 0;
    struct audience_room facts = room_audience(room, now);
    struct audience_person receiver = room_audience_person(room, to), publisher = room_audience_person(room, from);
    source_mask may = audience_between(&facts, &receiver, &publisher);
    for (uint8_t i = 0; i < SOURCE_COUNT; i++)
        if (!from->link->tracks[i].how.offered)
            may &= (source_mask)~track_source(i);
    return may;
}

static void shut_what_may_not(struct room *room, struct now now, struct participant *to)
{
    for (size_t i = 0; i < to->link->slot_count; i++) {
        struct receive_slot *slot = &to->link->slots[i];
        if (slot->publisher == PUBLISHER_NONE)
            continue;
        source_mask may = flow(room, now, to, &room->people[slot->publisher]);
        if (!(may & track_source(slot->track)))
            slot_clear(room, room_index(room, to), slot);
    }
}

static void open_what_may(struct room *room, struct now now, struct participant *to, struct participant *from)
{
    source_mask may = flow(room, now, to, from);
    for (uint8_t track = 0; track < SOURCE_COUNT; track++) {
        enum source source = track_source(track);
        uint16_t publisher = room_index(room, from);
        if (!(may & source) || slot_carrying(to->link, publisher, track))
            continue;
        struct receive_slot *slot = slot_free(to->link, source_is_video(source));
        if (slot)
            slot_fill(room, room_index(room, to), slot, publisher, track);
    }
}

void gate_apply(struct room *room, struct now now, struct outbox *out)
{
    /* All that shuts, everywhere, before anything opens: an edge never outlives its reason while another is being made.
     */
    for (size_t i = 0; i < room->people_count; i++)
        if (room->people[i].link)
            shut_what_may_not(room, now, &room->people[i]);
    for (size_t i = 0; i < room->people_count; i++)
        for (size_t j = 0; room->people[i].link && j < room->people_count; j++)
            open_what_may(room, now, &room->people[i], &room->people[j]);
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

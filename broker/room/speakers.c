#include "room/speakers.h"

#include "room/notify.h"

void speakers_packet(struct room *room, struct now now, struct participant *p, const struct rtp *rtp)
{
    const struct track *mic = &p->link->tracks[track_index(SOURCE_MIC)];
    const struct track *camera = &p->link->tracks[track_index(SOURCE_CAMERA)];
    struct bytes level = rtp_extension_find(rtp, mic->how.level_extension);
    if (level.len == 0 || !speech_packet(&p->link->speech, now.mono_us, level.at[0]))
        return;
    if (mic->left_out || camera->left_out)
        room->settle_at = now.mono_us; /* the gate looks again whom the slots are worth most to */
    if (room->speakers_at == NEVER && mic->edge_count > 0) {
        usec_t next = room->speakers_told_us + SPEAKERS_PACE_US;
        room->speakers_at = next > now.mono_us ? next : now.mono_us;
    }
    room_wake_at(room, sooner(room->settle_at, room->speakers_at));
}

/* On one of their slots; or it is their own voice, and somebody hears it. */
static bool hears(const struct room *room, const struct participant *p, uint16_t publisher)
{
    const uint8_t mic = track_index(SOURCE_MIC);
    if (!p->link || !room->people[publisher].link)
        return false;
    if (publisher == room_index(room, p))
        return p->link->tracks[mic].edge_count > 0;
    for (size_t i = 0; i < p->link->slot_count; i++)
        if (p->link->slots[i].publisher == publisher && p->link->slots[i].track == mic)
            return true;
    return false;
}

void speakers_forget(struct room *room, struct participant *p)
{
    if (p->speaker != SPEAKER_NOBODY && !hears(room, p, p->speaker))
        p->speaker = SPEAKER_NOBODY;
}

static void choose(struct room *room, struct now now, struct participant *p)
{
    speakers_forget(room, p);
    for (uint16_t i = 0; i < room->people_count; i++) {
        const struct speech *holder = p->speaker == SPEAKER_NOBODY ? NULL : &room->people[p->speaker].link->speech;
        if (i != p->speaker && hears(room, p, i) &&
            speech_takes_floor(&room->people[i].link->speech, holder, now.mono_us))
            p->speaker = i;
    }
}

void speakers_tell(struct room *room, struct now now, struct outbox *out)
{
    if (now.mono_us < room->speakers_at)
        return;
    room->speakers_at = NEVER;
    room->speakers_told_us = now.mono_us;
    for (size_t i = 0; i < room->people_count; i++) {
        choose(room, now, &room->people[i]);
        notify_speaker(room, &room->people[i], out);
    }
}

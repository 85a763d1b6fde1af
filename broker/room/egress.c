#include "room/egress.h"

#include "media/layers.h"
#include "room/notify.h"
#include "room/relay.h"

enum {
    IP_UDP_LEN = 28,     /* fills the path, too */
    PACE_PERCENT = 250,  /* of the estimate: a frame leaves in less than its time, a keyframe does not leave at once */
    SOUND_PERCENT = 130, /* of what the sound takes now: it comes and goes */
    RANK_SCREEN = 0,
    RANK_TREATED, /* therapist and client */
    RANK_GUEST,
};

#define METER_WINDOW_US (500 * USEC_PER_MSEC)
#define TWICE_US (10 * USEC_PER_SEC) /* of two copies one comes, so the loss seems less while they go */

/* ---- One packet ---- */

bool egress_can_send(const struct link *to, struct now now)
{
    return transport_is_ready(to->transport) &&
           now.mono_us < transport_last_consent(to->transport) + TRANSPORT_CONSENT_US;
}

bool egress_begin(struct egress_packet *packet, size_t len, struct outbox *out)
{
    packet->cap = len + TRANSPORT_SEAL_OVERHEAD;
    uint8_t *at = outbox_reserve(out, packet->cap);
    packet->writer = writer_over(at, len);
    return at != NULL;
}

static void count_out(struct room *room, size_t len)
{
    room->shared->counts.vital.packets_out++;
    room->shared->counts.vital.bytes_out += len;
}

void egress_end(struct room *room, struct now now, struct link *to, const struct slot *slot,
                struct egress_packet *packet, struct outbox *out)
{
    uint8_t *at = packet->writer.at;
    size_t len = packet->writer.len;
    struct address peer;
    pacer_pay(&to->pacer, now.mono_us, len + EGRESS_OVERHEAD);
    if (to->bandwidth && slot->twcc_extension)
        slot_stamp(slot, at, bandwidth_send(to->bandwidth, now.mono_us, len + EGRESS_OVERHEAD));
    if (transport_seal_rtp(to->transport, now, at, &len, packet->cap, &peer) != OK)
        return;
    outbox_commit(out, &peer, len);
    count_out(room, len);
}

bool egress_loses(const struct link *to)
{
    const double noticeable = 0.02;
    return to->bandwidth && bandwidth_loss(to->bandwidth) > noticeable;
}

/* Only where that is little of what the path takes. */
static bool sound_goes_twice(struct link *to, usec_t now_us)
{
    if (egress_loses(to))
        to->sound_twice_until = now_us + TWICE_US;
    return now_us < to->sound_twice_until && bandwidth_bps(to->bandwidth) > 4 * meter_bps(&to->sound, METER_WINDOW_US);
}

/* The same datagram, which SRTP's replay list drops where the first one came, too (RFC 3711 3.3.2). */
static void send_copy(struct room *room, struct now now, struct link *to, struct datagram sent, struct outbox *out)
{
    if (outbox_datagram(out, &sent.peer, sent.data) != OK)
        return;
    pacer_pay(&to->pacer, now.mono_us, sent.data.len + IP_UDP_LEN);
    meter_add(&to->sound, (int64_t)now.mono_us, (uint32_t)sent.data.len + IP_UDP_LEN);
    count_out(room, sent.data.len);
}

void egress_sound(struct room *room, struct now now, struct link *to, struct receive_slot *slot,
                  const struct track *track, const struct rtp *rtp, struct outbox *out)
{
    struct egress_packet packet;
    if (!egress_can_send(to, now) || !egress_begin(&packet, SLOT_HEADER_MAX + rtp->payload.len, out))
        return;
    bool is_red = track_is_red(track, rtp), is_redundant = is_red && slot->stream.red_payload_type;
    bool wrote = is_red ? slot_write_red(&slot->stream, now.mono_us, rtp, &packet.writer)
                        : slot_write(&slot->stream, now.mono_us, rtp, &packet.writer);
    if (!wrote)
        return;
    meter_add(&to->sound, (int64_t)now.mono_us, (uint32_t)packet.writer.len + EGRESS_OVERHEAD);
    size_t sent = outbox_datagram_count(out);
    egress_end(room, now, to, &slot->stream, &packet, out);
    if (!is_redundant && outbox_datagram_count(out) > sent && sound_goes_twice(to, now.mono_us))
        send_copy(room, now, to, outbox_datagram_at(out, sent), out);
}

static void put_picture(struct room *room, struct now now, struct link *to, struct receive_slot *slot,
                        const struct rtp *rtp, const struct video_packet *video, struct outbox *out)
{
    struct egress_packet packet;
    if (egress_can_send(to, now) &&
        egress_begin(&packet, SLOT_HEADER_MAX + rtp->payload.len + SLOT_TRAIN_MULTIPLE, out) &&
        slot_write_video(&slot->stream, now.mono_us, rtp, video, &packet.writer))
        egress_end(room, now, to, &slot->stream, &packet, out);
}

/* More waits than the path will take in time: the picture goes on with a keyframe, of a layer that fits. */
static void give_up(struct room *room, struct link *to, struct receive_slot *slot)
{
    struct track *track = &room->people[slot->publisher].link->tracks[slot->track];
    keyframe_want(&track->layers[slot->layer]->keyframe);
    link_set_layer(to, slot, track, LAYER_NONE);
}

void egress_picture(struct room *room, struct now now, struct link *to, struct receive_slot *slot,
                    struct stream *stream, uint64_t seq, const struct rtp *rtp, const struct video_packet *video,
                    struct outbox *out)
{
    struct pacer_item item = { .slot = (uint8_t)(slot - to->slots), .layer = slot->layer, .seq = seq };
    if (pacer_is_free(&to->pacer, now.mono_us) || !stream->cache)
        put_picture(room, now, to, slot, rtp, video, out);
    else if (pacer_wait(&to->pacer, now.mono_us, item))
        room_wake_at(room, pacer_deadline(&to->pacer));
    else
        give_up(room, to, slot);
}

static void send_waiting(struct room *room, struct now now, struct link *to, struct outbox *out)
{
    struct pacer_item item;
    while (pacer_next(&to->pacer, now.mono_us, &item)) {
        struct receive_slot *slot = &to->slots[item.slot]; /* fed as it was: else the item would be gone */
        const struct stream *stream = room->people[slot->publisher].link->tracks[slot->track].layers[item.layer];
        struct rtp rtp;
        struct video_packet video;
        if (now.mono_us - item.since > PACER_LATE_US)
            give_up(room, to, slot);
        else if (stream->cache && cache_find(stream->cache, item.seq, &rtp, &video))
            put_picture(room, now, to, slot, &rtp, &video, out);
    }
}

/* ---- Layers ---- */

/* What one option of a picture is: a layer of its track, up to a temporal layer. */
struct option {
    uint8_t layer, temporal;
};

struct candidate {
    struct receive_slot *slot;
    struct option options[LAYERS_OPTIONS_MAX];
};

static uint8_t rank_of(const struct participant *publisher, enum source source)
{
    if (source == SOURCE_SCREEN)
        return RANK_SCREEN;
    return publisher->who.role == ROLE_THERAPIST || publisher->who.role == ROLE_CLIENT ? RANK_TREATED : RANK_GUEST;
}

/* Of a layer that has only just begun, nobody has measured anything. */
static uint64_t bps_of(const struct meter *meter, uint8_t layer)
{
    static const uint64_t presumed[LAYERS_MAX] = { 150000, 500000, 1500000 };
    uint64_t bps = meter_bps(meter, METER_WINDOW_US);
    return bps ? bps : presumed[layer];
}

static void add_option(struct layers_picture *picture, struct candidate *candidate, struct option option, uint64_t bps)
{
    /* Rising rates alone are worth a choice; of two equal ones the better picture stays. */
    uint8_t at = picture->options;
    while (at > 0 && picture->bps[at - 1] >= bps)
        at--;
    if (at == LAYERS_OPTIONS_MAX)
        return;
    candidate->options[at] = option;
    picture->bps[at] = bps;
    picture->options = at + 1;
}

static bool is_fed_by(const struct receive_slot *slot, struct option option)
{
    return slot->layer == option.layer && slot->stream.temporal_most >= option.temporal;
}

/* Each live layer that this receiver can decode, with its lowest temporal layer alone and with all of them. */
static void list_options(const struct track *track, struct layers_picture *picture, struct candidate *candidate)
{
    for (uint8_t i = 0; i < LAYERS_MAX; i++) {
        const struct stream *stream = track->layers[i];
        if (!track_layer_is_live(track, stream) || !slot_takes(&candidate->slot->stream, stream->codec))
            continue;
        if (stream->temporal_most > 0)
            add_option(picture, candidate, (struct option){ i, 0 }, bps_of(&stream->base, i));
        add_option(picture, candidate, (struct option){ i, UINT8_MAX }, bps_of(&stream->rate, i));
    }
    for (uint8_t i = 0; i < picture->options; i++)
        if (is_fed_by(candidate->slot, candidate->options[i]))
            picture->now = i + 1;
    picture->cap = picture->options;
}

/* Without a layer that is live there is nothing to choose: whatever comes first begins. */
static void apply(struct room *room, struct link *to, struct candidate *chosen, const struct layers_picture *picture,
                  uint8_t given)
{
    struct receive_slot *slot = chosen->slot;
    struct track *track = &room->people[slot->publisher].link->tracks[slot->track];
    slot->paused = picture->options > 0 && given == 0;
    struct option option = given > 0      ? chosen->options[given - 1]
                           : slot->paused ? (struct option){ LAYER_NONE, UINT8_MAX }
                                          : (struct option){ 0, UINT8_MAX };
    bool is_news = slot->wanted != option.layer;
    slot->wanted = option.layer;
    slot_limit_temporal(&slot->stream, option.temporal);
    if (slot->paused && slot->layer != LAYER_NONE)
        link_set_layer(to, slot, track, LAYER_NONE);
    struct stream *wanted = option.layer == LAYER_NONE ? NULL : track->layers[option.layer];
    if (wanted && slot->layer == LAYER_NONE && is_news)
        keyframe_want_now(&wanted->keyframe); /* there is nothing to look at yet */
    else if (wanted && slot->layer != option.layer)
        keyframe_want(&wanted->keyframe);
}

static uint64_t sound_bps(struct link *to, usec_t now_us)
{
    meter_add(&to->sound, (int64_t)now_us, 0); /* silence counts */
    return meter_bps(&to->sound, METER_WINDOW_US) * SOUND_PERCENT / 100;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void egress_choose(struct room *room, struct now now, struct participant *p, struct outbox *out)
{
    struct link *to = p->link;
    struct candidate candidates[NEGOTIATION_SLOTS_MAX];
    struct layers_picture pictures[NEGOTIATION_SLOTS_MAX] = { 0 };
    uint8_t given[NEGOTIATION_SLOTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < to->slot_count; i++) {
        struct receive_slot *slot = &to->slots[i];
        if (!slot->video || slot->publisher == PUBLISHER_NONE)
            continue;
        const struct participant *publisher = &room->people[slot->publisher];
        candidates[count].slot = slot;
        pictures[count].rank = rank_of(publisher, track_source(slot->track));
        list_options(&publisher->link->tracks[slot->track], &pictures[count], &candidates[count]);
        count++;
    }
    to->allocate_at = count > 0 ? now.mono_us + EGRESS_CHOOSE_US : NEVER;
    uint64_t budget = INT64_MAX; /* of a receiver who tells nothing of what comes */
    if (to->bandwidth) {
        uint64_t sound = sound_bps(to, now.mono_us), bps = bandwidth_bps(to->bandwidth);
        budget = bps > sound ? bps - sound : 0;
        bandwidth_want(to->bandwidth, count > 0 ? layers_want(pictures, count) + sound : 0);
        pacer_set_pace(&to->pacer, bps * PACE_PERCENT / 100);
    }
    if (room->shared->picture_percent < 100)
        budget = least(budget, layers_want(pictures, count) * room->shared->picture_percent / 100);
    layers_allocate(budget, pictures, count, given);
    for (size_t i = 0; i < count; i++)
        apply(room, to, &candidates[i], &pictures[i], given[i]);
    notify_slots(room, now, p, out);
}

/* ---- Bandwidth ---- */

void egress_feedback(struct room *room, struct now now, struct participant *p, struct bytes fci)
{
    struct link *to = p->link;
    if (!to->bandwidth || bandwidth_feedback(to->bandwidth, now.mono_us, fci) != OK) {
        room->shared->counts.packets_refused++;
        return;
    }
    uint64_t pace = bandwidth_bps(to->bandwidth) * PACE_PERCENT / 100;
    if (to->allocate_at != NEVER && pace < to->pacer.bps)
        to->allocate_at = now.mono_us; /* less than was thought: at once */
    room_wake_at(room, sooner(to->allocate_at, bandwidth_deadline(to->bandwidth)));
}

/* A stream on which padding may go: of a picture that they get, or that waits until their path is known to take it. */
static struct slot *slot_for_padding(struct link *to)
{
    for (size_t i = 0; i < to->slot_count; i++)
        if (to->slots[i].publisher != PUBLISHER_NONE && slot_may_pad(&to->slots[i].stream))
            return &to->slots[i].stream;
    return NULL;
}

static void probe(struct room *room, struct now now, struct link *to, struct outbox *out)
{
    struct slot *slot = slot_for_padding(to);
    size_t left = slot && egress_can_send(to, now) ? bandwidth_probe(to->bandwidth, now.mono_us) : 0;
    while (left > 0) {
        size_t len = left < SLOT_PADDING_MAX ? left : SLOT_PADDING_MAX;
        struct egress_packet packet;
        if (!egress_begin(&packet, SLOT_HEADER_MAX + len, out) || !slot_pad(slot, len, &packet.writer))
            return;
        egress_end(room, now, to, slot, &packet, out);
        left -= len;
    }
}

static bool is_sendable(const struct participant *p)
{
    return p->link && participant_in(p) && transport_is_ready(p->link->transport);
}

/* Once one receiver's turn for a look at the layers has come, so has that of all whose turn is near: then they are due
 * together from there on, and a room wakes five times a second and not five times for each of its people. */
static usec_t looks_until(const struct room *room, usec_t now_us)
{
    for (size_t i = 0; i < room->people_count; i++)
        if (is_sendable(&room->people[i]) && now_us >= room->people[i].link->allocate_at)
            return now_us + EGRESS_CHOOSE_US / 2;
    return now_us;
}

void egress_run(struct room *room, struct now now, struct outbox *out)
{
    usec_t until = looks_until(room, now.mono_us);
    for (size_t i = 0; i < room->people_count; i++) {
        struct participant *p = &room->people[i];
        bool looks = is_sendable(p) && p->link->allocate_at <= until;
        if (!looks && now.mono_us < egress_deadline(p))
            continue;
        send_waiting(room, now, p->link, out);
        if (p->link->bandwidth) {
            bandwidth_tick(p->link->bandwidth, now.mono_us);
            probe(room, now, p->link, out);
        }
        if (looks)
            egress_choose(room, now, p, out);
    }
}

usec_t egress_deadline(const struct participant *p)
{
    if (!is_sendable(p))
        return NEVER;
    usec_t deadline = sooner(p->link->allocate_at, pacer_deadline(&p->link->pacer));
    if (p->link->bandwidth && p->link->allocate_at != NEVER)
        deadline = sooner(deadline, bandwidth_deadline(p->link->bandwidth));
    return deadline;
}

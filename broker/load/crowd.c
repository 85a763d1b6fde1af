#include "load/crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "load/socket.h"

enum { POLL_MS = 5 };
#define PATIENCE_US (30 * USEC_PER_SEC)
#define QUIET_US (100 * USEC_PER_MSEC)

static usec_t mono_us(void)
{
    return socket_mono_ns() / 1000;
}

/* ---- Life ---- */

enum status crowd_init(struct crowd *c, const struct load_config *config, const struct signalling_ops *ops)
{
    *c = (struct crowd){ .config = config, .ops = ops };
    c->viewers_per_room = config->joins ? (config->joins + config->rooms - 1) / config->rooms : 0;
    TRY(media_create(&c->media));
    enum status status = ops->start(&c->signalling, config, c->media);
    if (status != OK) {
        media_destroy(c->media);
        c->media = NULL;
    }
    return status;
}

static void close_room(struct crowd *c)
{
    struct crowd_room *room = &c->rooms[--c->room_count];
    for (unsigned i = 0; i < room->count; i++)
        if (room->people[i].state != PARTICIPANT_AWAY)
            c->ops->leave(c->signalling, &room->people[i]);
    c->ops->poll(c->signalling, POLL_MS);
    c->ops->close_room(c->signalling, room->number);
    free(room->people);
}

void crowd_deinit(struct crowd *c)
{
    while (c->room_count > 0)
        close_room(c);
    if (c->signalling)
        c->ops->stop(c->signalling);
    media_destroy(c->media);
    free(c->rooms);
}

/* ---- Coming ---- */

static unsigned places(const struct crowd *c)
{
    return c->config->people + c->viewers_per_room;
}

/* Spread over the time of a frame by the golden ratio, whatever their number. */
static uint32_t phase_of(uint32_t origin)
{
    return (uint32_t)((uint64_t)(origin * 2654435769u) * USEC_PER_SEC >> 32);
}

static struct participant participant_of(const struct crowd *c, unsigned number, unsigned person)
{
    uint32_t from = number * places(c) + 1;
    return (struct participant){ .room = number,
                                 .person = person,
                                 .origin = from + person,
                                 .others_from = from,
                                 .others_to = from + places(c),
                                 .sends = person < c->config->senders,
                                 .state = PARTICIPANT_AWAY,
                                 .flows = { .fps = c->config->fps,
                                            .video_bps = c->config->video_kbps * 1000,
                                            .sound = c->config->sound,
                                            .phase_us = phase_of(from + person) } };
}

static enum status open_room(struct crowd *c)
{
    struct crowd_room *grown = realloc(c->rooms, (c->room_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NO_MEMORY;
    c->rooms = grown;
    struct crowd_room room = { .number = c->next_number++, .count = c->config->people };
    room.people = calloc(places(c), sizeof *room.people);
    if (!room.people)
        return ERR_NO_MEMORY;
    for (unsigned i = 0; i < places(c); i++)
        room.people[i] = participant_of(c, room.number, i);
    enum status status = c->ops->open_room(c->signalling, room.number, places(c));
    if (status != OK)
        free(room.people);
    else
        c->rooms[c->room_count++] = room;
    return status;
}

static bool is_running(const struct crowd_room *room)
{
    for (unsigned i = 0; i < room->count; i++)
        if (room->people[i].state == PARTICIPANT_JOINED && room->people[i].sends)
            return true;
    return false;
}

static enum status begin_join(struct crowd *c, struct crowd_room *room, struct participant *who)
{
    who->timed = is_running(room);
    return c->ops->join(c->signalling, who);
}

/* With the lock held. */
static bool peers_are_ready(const struct participant *who)
{
    for (size_t i = 0; i < who->peer_count; i++)
        if (!load_peer_is_ready(who->peers[i]))
            return false;
    return who->peer_count > 0;
}

static bool peers_have_failed(const struct participant *who)
{
    for (size_t i = 0; i < who->peer_count; i++)
        if (load_peer_is_failed(who->peers[i]))
            return true;
    return false;
}

enum arrival { ON_THE_WAY, THERE, LOST };

static enum arrival look(struct crowd *c, struct participant *who)
{
    if (who->state == PARTICIPANT_FAILED) {
        fprintf(stderr, "kinroom: room %u, person %u: %s\n", who->room, who->person, who->why ? who->why : "failed");
        return LOST;
    }
    media_lock(c->media);
    bool failed = peers_have_failed(who), ready = peers_are_ready(who);
    media_unlock(c->media);
    if (failed)
        fprintf(stderr, "kinroom: room %u, person %u: the media connection failed\n", who->room, who->person);
    return failed ? LOST : who->state == PARTICIPANT_JOINED && ready ? THERE : ON_THE_WAY;
}

static enum status wait_for(struct crowd *c, struct participant *who)
{
    usec_t end_us = mono_us() + PATIENCE_US;
    enum arrival arrival;
    while ((arrival = look(c, who)) == ON_THE_WAY && mono_us() < end_us)
        c->ops->poll(c->signalling, POLL_MS);
    if (arrival == ON_THE_WAY)
        fprintf(stderr, "kinroom: room %u, person %u: not there after half a minute\n", who->room, who->person);
    return arrival == THERE ? OK : ERR_SYSTEM;
}

/* Whoever could not begin in time is not made up for: a burst would measure us, not the server. */
static void keep_pace(struct crowd *c, usec_t *next_us)
{
    do
        c->ops->poll(c->signalling, 1);
    while (mono_us() < *next_us);
    *next_us = mono_us() + USEC_PER_SEC / c->config->join_rate;
}

/* A room's first person is there before the others come: without a host the others would wait for one. */
static enum status fill_rooms(struct crowd *c, unsigned from)
{
    usec_t next_us = 0;
    for (unsigned person = 0; person < c->config->people; person++)
        for (unsigned r = from; r < c->room_count; r++) {
            keep_pace(c, &next_us);
            if (person > 0)
                TRY(wait_for(c, &c->rooms[r].people[0]));
            TRY(begin_join(c, &c->rooms[r], &c->rooms[r].people[person]));
        }
    for (unsigned r = from; r < c->room_count; r++)
        for (unsigned person = 0; person < c->config->people; person++)
            TRY(wait_for(c, &c->rooms[r].people[person]));
    return OK;
}

static enum status add_rooms(struct crowd *c, unsigned count)
{
    unsigned from = c->room_count;
    while (c->room_count < count)
        TRY(open_room(c));
    return fill_rooms(c, from);
}

enum status crowd_set_rooms(struct crowd *c, unsigned count)
{
    unsigned from = c->room_count;
    while (c->room_count > count)
        close_room(c);
    if (from >= count)
        return OK;
    enum status status = add_rooms(c, count);
    while (status != OK && c->room_count > from)
        close_room(c);
    return status;
}

static bool has_seen_enough(struct crowd *c, const struct participant *who)
{
    bool enough = false;
    media_lock(c->media);
    for (size_t i = 0; i < who->peer_count; i++)
        enough |= load_peer_first_media(who->peers[i]) && (!c->config->fps || load_peer_first_keyframe(who->peers[i]));
    media_unlock(c->media);
    return enough;
}

enum status crowd_add_viewer(struct crowd *c, unsigned at, struct participant **added)
{
    struct crowd_room *room = &c->rooms[at % c->room_count];
    if (room->count == places(c))
        return ERR_FULL;
    struct participant *who = &room->people[room->count++];
    TRY(begin_join(c, room, who));
    TRY(wait_for(c, who));
    usec_t end_us = mono_us() + PATIENCE_US;
    while (!has_seen_enough(c, who) && mono_us() < end_us)
        c->ops->poll(c->signalling, POLL_MS);
    *added = who;
    return has_seen_enough(c, who) ? OK : ERR_EXPIRED;
}

void crowd_wait(struct crowd *c, usec_t us)
{
    usec_t end_us = mono_us() + us;
    for (usec_t now_us; (now_us = mono_us()) < end_us;)
        c->ops->poll(c->signalling, (int)(sooner(end_us - now_us, 100 * USEC_PER_MSEC) / 1000) + 1);
}

/* ---- All together ---- */

/* With the lock held. */
static void each_peer(struct crowd *c, void (*visit)(struct crowd *, struct participant *, struct load_peer *, void *),
                      void *context)
{
    for (unsigned r = 0; r < c->room_count; r++)
        for (unsigned i = 0; i < c->rooms[r].count; i++) {
            struct participant *who = &c->rooms[r].people[i];
            for (size_t k = 0; k < who->peer_count; k++)
                visit(c, who, who->peers[k], context);
        }
}

static void stop_one(struct crowd *c, struct participant *who, struct load_peer *peer, void *context)
{
    (void)context, (void)who;
    load_peer_stop(peer);
    media_touch(c->media, peer);
}

static void resume_one(struct crowd *c, struct participant *who, struct load_peer *peer, void *context)
{
    (void)context;
    if (!who->sends || peer != who->peers[0])
        return;
    load_peer_send(peer, who->flows);
    media_touch(c->media, peer);
}

static void reset_one(struct crowd *c, struct participant *who, struct load_peer *peer, void *context)
{
    (void)c, (void)who, (void)context;
    tally_reset(load_peer_tally(peer));
    load_peer_mark(peer);
}

static void locked(struct crowd *c, void (*visit)(struct crowd *, struct participant *, struct load_peer *, void *),
                   void *context)
{
    media_lock(c->media);
    each_peer(c, visit, context);
    media_unlock(c->media);
}

void crowd_stop(struct crowd *c)
{
    locked(c, stop_one, NULL);
}
void crowd_resume(struct crowd *c)
{
    locked(c, resume_one, NULL);
}
void crowd_reset(struct crowd *c)
{
    locked(c, reset_one, NULL);
}

/* ---- Sums ---- */

static void sum_one(struct crowd *c, struct participant *who, struct load_peer *peer, void *context)
{
    struct crowd_sums *sums = context;
    struct load_sent sent = load_peer_sent(peer);
    usec_t media_us = load_peer_first_media(peer), keyframe_us = load_peer_first_keyframe(peer);
    (void)c;
    tally_add(&sums->total, load_peer_tally(peer));
    sums->sent.sound += sent.sound;
    sums->sent.picture += sent.picture;
    sums->sent.octets += sent.octets;
    sums->sent.late += sent.late;
    sums->sent.unsent += sent.unsent;
    sums->sent.dropped += sent.dropped;
    if (who->timed && media_us > who->opened_us)
        histogram_put(&sums->joins, media_us - who->opened_us);
    if (who->timed && keyframe_us > who->opened_us)
        histogram_put(&sums->keyframes, keyframe_us - who->opened_us);
}

static uint64_t share_of(uint64_t packets, unsigned sources, unsigned slots)
{
    return sources > slots && sources > 0 ? packets * slots / sources : packets;
}

static void add_expected(uint64_t expected[static MEDIA], const struct crowd_room *room)
{
    uint64_t sound = 0, picture = 0;
    unsigned senders = 0;
    for (unsigned i = 0; i < room->count; i++) {
        struct load_sent sent =
            room->people[i].peer_count ? load_peer_sent(room->people[i].peers[0]) : (struct load_sent){ 0 };
        sound += sent.sound;
        picture += sent.picture;
        senders += room->people[i].sends;
    }
    for (unsigned i = 0; i < room->count; i++) {
        const struct participant *who = &room->people[i];
        if (who->peer_count == 0)
            continue;
        struct load_sent own = load_peer_sent(who->peers[0]);
        unsigned others = senders - who->sends;
        expected[MEDIUM_SOUND] += share_of(sound - own.sound, others, who->audio_slots);
        expected[MEDIUM_PICTURE] += share_of(picture - own.picture, others, who->video_slots);
    }
}

void crowd_sum(struct crowd *c, struct crowd_sums *sums)
{
    *sums = (struct crowd_sums){ 0 };
    locked(c, sum_one, sums);
    media_lock(c->media);
    for (unsigned r = 0; r < c->room_count; r++) {
        sums->participants += c->rooms[r].count;
        add_expected(sums->expected, &c->rooms[r]);
    }
    media_unlock(c->media);
}

static void count_one(struct crowd *c, struct participant *who, struct load_peer *peer, void *context)
{
    (void)c, (void)who;
    *(uint64_t *)context += load_peer_tally(peer)->sums.packets;
}

void crowd_drain(struct crowd *c, usec_t most_us)
{
    usec_t end_us = mono_us() + most_us;
    uint64_t before, now = 0;
    do {
        before = now;
        now = 0;
        crowd_wait(c, QUIET_US);
        locked(c, count_one, &now);
    } while (now != before && mono_us() < end_us);
}

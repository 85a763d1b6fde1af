/* signalling_janus.c - participants of Janus's VideoRoom, as its documentation has them: one session for all, kept
 * alive; a handle that publishes (or only listens for who does) and one that subscribes to all feeds of the room.
 *
 * We offer what is published; Janus offers what is subscribed to, and again with each feed that comes. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/janus_socket.h"
#include "bench/signallings.h"
#include "load/load.h"

enum {
    FEEDS_MAX = 512,
    SDP_MAX = 1 << 18,
    ANSWER_MS = 5000,
    SLICE_MS = 10,
};
#define KEEP_ALIVE_US (25 * (usec_t)USEC_PER_SEC)

/* What a transaction is about: "STEP.GUEST". */
enum step { SESSION = 1, ROOM_HANDLE, ROOM, PUBLISHER_HANDLE, PUBLISHER, SUBSCRIBER_HANDLE, SUBSCRIBER, OTHER };

struct guest {
    struct participant *participant;
    size_t place;
    int64_t publisher, subscriber; /* handles; 0: none yet */
    int64_t private_id;
    int64_t feeds[FEEDS_MAX]; /* not subscribed to yet */
    size_t feed_count;
    bool asked;      /* for a handle to subscribe by */
    bool subscribed; /* there was a first offer */
    bool changing;   /* an offer is on its way to us */
    bool published;
    struct load_peer *receives;
    bool receiving; /* the media thread has it */
};

struct signalling {
    struct janus_socket *socket;
    struct media *media;
    const struct load_config *config;
    int64_t session, room_handle;
    bool room_done, room_refused;
    struct guest **guests; /* at their place; NULL where one left */
    size_t count;
    usec_t keep_alive_at_us;
    char sdp[SDP_MAX];
};

static usec_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

/* ---- What we say ---- */

static void say(struct signalling *s, enum step step, size_t guest, int64_t handle, json_t *message)
{
    char transaction[48];
    snprintf(transaction, sizeof transaction, "%d.%zu", step, guest);
    json_object_set_new(message, "transaction", json_string(transaction));
    if (s->session)
        json_object_set_new(message, "session_id", json_integer(s->session));
    if (handle)
        json_object_set_new(message, "handle_id", json_integer(handle));
    janus_socket_say(s->socket, message);
}

static void attach(struct signalling *s, enum step step, size_t guest)
{
    say(s, step, guest, 0, json_pack("{s:s,s:s}", "janus", "attach", "plugin", "janus.plugin.videoroom"));
}

/* Takes the body. type and sdp: of a description that goes along, NULL for none. */
static void tell(struct signalling *s, enum step step, size_t guest, int64_t handle, json_t *body, const char *type,
                 const char *sdp)
{
    json_t *message = json_pack("{s:s,s:o}", "janus", "message", "body", body);
    if (sdp)
        json_object_set_new(message, "jsep", json_pack("{s:s,s:s,s:b}", "type", type, "sdp", sdp, "trickle", 0));
    say(s, step, guest, handle, message);
}

static json_int_t room_id(unsigned room)
{
    return (json_int_t)room + 1;
}

/* ---- One of them ---- */

static void guest_fail(struct guest *g, const char *why)
{
    if (g->participant->state == PARTICIPANT_FAILED)
        return;
    g->participant->state = PARTICIPANT_FAILED;
    g->participant->why = why;
}

static struct load_peer *guest_peer(struct signalling *s, struct guest *g)
{
    struct load_peer *peer = NULL;
    struct load_peer_config config = {
        .origin = g->participant->origin,
        .others_from = g->participant->others_from,
        .others_to = g->participant->others_to,
        .feedback = s->config->feedback,
        .sample_every = s->config->sample_every,
        .key = s->config->key,
    };
    if (load_peer_create(&peer, &config) != OK)
        guest_fail(g, "no peer could be made");
    return peer;
}

static bool guest_attach(struct signalling *s, struct guest *g, struct load_peer *peer)
{
    media_lock(s->media);
    bool done = media_attach(s->media, peer) == OK;
    if (done && g->participant->sends && g->participant->peer_count == 0)
        load_peer_send(peer, g->participant->flows);
    media_touch(s->media, peer);
    media_unlock(s->media);
    if (done)
        g->participant->peers[g->participant->peer_count++] = peer;
    return done;
}

/* Our offer leaves the role in DTLS open, and Janus would then take the active one (RFC 8842 5.3 lets it). */
static void be_active(char *sdp)
{
    static const char open[] = "a=setup:actpass", active[] = "a=setup:active";
    for (char *at = sdp; (at = strstr(at, open)); at += sizeof active - 1) {
        memcpy(at, active, sizeof active - 1);
        memmove(at + sizeof active - 1, at + sizeof open - 1, strlen(at + sizeof open - 1) + 1);
    }
}

static void guest_publish(struct signalling *s, struct guest *g)
{
    static const struct load_section sections[] = { { false, true, true }, { true, true, true } };
    struct load_peer *peer = guest_peer(s, g);
    if (!peer)
        return;
    struct writer sdp = writer_over((uint8_t *)s->sdp, SDP_MAX - 1);
    if (load_peer_offer(peer, sections, 2, &sdp) != OK) {
        load_peer_destroy(peer);
        return guest_fail(g, "no offer could be made");
    }
    s->sdp[sdp.len] = '\0';
    be_active(s->sdp);
    g->participant->peers[0] = peer; /* counts once its answer is there */
    tell(s, OTHER, g->place, g->publisher, json_pack("{s:s}", "request", "publish"), "offer", s->sdp);
}

static void guest_take_answer(struct signalling *s, struct guest *g, const char *sdp)
{
    struct load_peer *peer = g->participant->peers[0];
    if (g->published || !peer)
        return;
    if (load_peer_take_answer(peer, sdp) != OK || !guest_attach(s, g, peer))
        return guest_fail(g, "the answer was of no use");
    g->published = true;
}

/* With all feeds at hand: the first time by joining, later by subscribing to more. */
static void guest_subscribe(struct signalling *s, struct guest *g)
{
    if (g->feed_count == 0 || g->changing || (g->participant->sends && !g->published))
        return;
    if (!g->subscriber) {
        if (!g->asked)
            attach(s, SUBSCRIBER_HANDLE, g->place);
        g->asked = true;
        return;
    }
    json_t *streams = json_array();
    for (size_t i = 0; i < g->feed_count; i++)
        json_array_append_new(streams, json_pack("{s:I}", "feed", (json_int_t)g->feeds[i]));
    g->feed_count = 0;
    g->changing = true;
    json_t *body = g->subscribed ? json_pack("{s:s,s:o}", "request", "subscribe", "streams", streams)
                                 : json_pack("{s:s,s:s,s:I,s:I,s:o}", "request", "join", "ptype", "subscriber", "room",
                                             room_id(g->participant->room), "private_id", (json_int_t)g->private_id,
                                             "streams", streams);
    tell(s, SUBSCRIBER, g->place, g->subscriber, body, NULL, NULL);
}

static void guest_take_offer(struct signalling *s, struct guest *g, const char *offer)
{
    if (!g->receives && !(g->receives = guest_peer(s, g)))
        return;
    struct writer sdp = writer_over((uint8_t *)s->sdp, SDP_MAX - 1);
    media_lock(s->media);
    enum status status = load_peer_answer(g->receives, offer, &sdp);
    media_unlock(s->media);
    if (status != OK)
        return guest_fail(g, "the offer was of no use");
    s->sdp[sdp.len] = '\0';
    g->subscribed = true;
    tell(s, OTHER, g->place, g->subscriber, json_pack("{s:s}", "request", "start"), "answer", s->sdp);
}

/* Janus has our answer, and only then do checks begin: a ClientHello that comes before is lost on it, and would be sent
 * again after a second. */
static void guest_take_start(struct signalling *s, struct guest *g)
{
    if (g->receives && !g->receiving && !guest_attach(s, g, g->receives))
        return guest_fail(g, "no more peers");
    g->receiving = true;
    g->changing = false;
}

/* It is all said when what it publishes is answered, and what there is to receive is offered. */
static void guest_look(struct signalling *s, struct guest *g)
{
    guest_subscribe(s, g);
    bool sends = !g->participant->sends || g->published, receives = g->feed_count == 0 && !g->changing;
    if (g->participant->state == PARTICIPANT_JOINING && g->private_id && sends && receives)
        g->participant->state = PARTICIPANT_JOINED;
}

static void guest_take_feeds(struct guest *g, const json_t *publishers)
{
    size_t i;
    json_t *publisher;
    json_array_foreach(publishers, i, publisher)
    {
        if (g->feed_count < FEEDS_MAX)
            g->feeds[g->feed_count++] = json_integer_value(json_object_get(publisher, "id"));
    }
}

/* ---- What Janus says ---- */

/* From the handle of whoever publishes, or listens for who does. */
static void take_room_event(struct signalling *s, struct guest *g, const json_t *data, const char *sdp)
{
    const char *kind = json_string_value(json_object_get(data, "videoroom"));
    if (kind && strcmp(kind, "joined") == 0) {
        g->private_id = json_integer_value(json_object_get(data, "private_id"));
        if (g->participant->sends)
            guest_publish(s, g);
    }
    guest_take_feeds(g, json_object_get(data, "publishers"));
    if (sdp)
        guest_take_answer(s, g, sdp);
}

static void take_event(struct signalling *s, const json_t *message)
{
    int64_t sender = json_integer_value(json_object_get(message, "sender"));
    const json_t *data = json_object_get(json_object_get(message, "plugindata"), "data");
    const char *sdp = json_string_value(json_object_get(json_object_get(message, "jsep"), "sdp"));
    const char *error = json_string_value(json_object_get(data, "error"));
    for (size_t i = 0; i < s->count; i++) {
        struct guest *g = s->guests[i];
        if (!g || (sender != g->publisher && sender != g->subscriber))
            continue;
        if (error) {
            fprintf(stderr, "janus: %s\n", error);
            guest_fail(g, "Janus refused");
        } else if (sender == g->publisher) {
            take_room_event(s, g, data, sdp);
        } else if (sdp) {
            guest_take_offer(s, g, sdp);
        } else if (json_object_get(data, "started")) {
            guest_take_start(s, g);
        }
        return guest_look(s, g);
    }
}

static void take_handle(struct signalling *s, enum step step, struct guest *g, int64_t id)
{
    if (step == SUBSCRIBER_HANDLE) {
        g->subscriber = id;
        return guest_look(s, g);
    }
    g->publisher = id;
    tell(s, PUBLISHER, g->place, id,
         json_pack("{s:s,s:s,s:I}", "request", "join", "ptype", "publisher", "room", room_id(g->participant->room)),
         NULL, NULL);
}

static void take_success(struct signalling *s, enum step step, size_t place, const json_t *message)
{
    int64_t id = json_integer_value(json_object_get(json_object_get(message, "data"), "id"));
    const json_t *data = json_object_get(json_object_get(message, "plugindata"), "data");
    if (step == SESSION)
        s->session = id;
    else if (step == ROOM_HANDLE)
        s->room_handle = id;
    else if (step == ROOM)
        s->room_done = !(s->room_refused = json_object_get(data, "error") != NULL);
    else if ((step == PUBLISHER_HANDLE || step == SUBSCRIBER_HANDLE) && place < s->count && s->guests[place])
        take_handle(s, step, s->guests[place], id);
}

static void take_error(struct signalling *s, enum step step, size_t place, const json_t *message)
{
    const char *reason = json_string_value(json_object_get(json_object_get(message, "error"), "reason"));
    fprintf(stderr, "janus: %s\n", reason ? reason : "an error without a reason");
    s->room_refused = s->room_refused || step == ROOM;
    if (step >= PUBLISHER_HANDLE && place < s->count && s->guests[place])
        guest_fail(s->guests[place], "Janus refused");
}

static void hear(void *context, const json_t *message)
{
    struct signalling *s = context;
    const char *kind = json_string_value(json_object_get(message, "janus"));
    const char *transaction = json_string_value(json_object_get(message, "transaction"));
    int step = 0;
    size_t place = 0;
    if (transaction && sscanf(transaction, "%d.%zu", &step, &place) != 2)
        return;
    if (kind && strcmp(kind, "event") == 0)
        take_event(s, message);
    else if (kind && strcmp(kind, "success") == 0)
        take_success(s, (enum step)step, place, message);
    else if (kind && strcmp(kind, "error") == 0)
        take_error(s, (enum step)step, place, message);
}

/* ---- The table ---- */

static bool wait_for(struct signalling *s, const int64_t *value)
{
    for (int waited_ms = 0; *value == 0 && waited_ms < ANSWER_MS; waited_ms += SLICE_MS)
        janus_socket_poll(s->socket, SLICE_MS);
    return *value != 0;
}

static void janus_stop(struct signalling *s)
{
    if (!s)
        return;
    if (s->session)
        say(s, OTHER, 0, 0, json_pack("{s:s}", "janus", "destroy"));
    janus_socket_close(s->socket);
    for (size_t i = 0; i < s->count; i++)
        free(s->guests[i]);
    free(s->guests);
    free(s);
}

static enum status janus_start(struct signalling **started, const struct load_config *config, struct media *media)
{
    struct signalling *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->config = config;
    s->media = media;
    enum status status = janus_socket_open(&s->socket, config->url, hear, s);
    if (status == OK) {
        say(s, SESSION, 0, 0, json_pack("{s:s}", "janus", "create"));
        status = wait_for(s, &s->session) ? OK : ERR_SYSTEM;
    }
    if (status == OK) {
        attach(s, ROOM_HANDLE, 0);
        status = wait_for(s, &s->room_handle) ? OK : ERR_SYSTEM;
    }
    if (status != OK) {
        fprintf(stderr, "janus: no answer from %s\n", config->url);
        janus_stop(s);
        return status;
    }
    s->keep_alive_at_us = now_us() + KEEP_ALIVE_US;
    *started = s;
    return OK;
}

/* No cap of bitrates, and keyframes only where one is needed: as Kinroom's rooms have it. */
static enum status janus_open_room(struct signalling *s, unsigned room, unsigned people)
{
    s->room_done = s->room_refused = false;
    tell(s, ROOM, 0, s->room_handle,
         json_pack("{s:s,s:I,s:i,s:i,s:i,s:s,s:s}", "request", "create", "room", room_id(room), "publishers",
                   (int)people, "bitrate", 0, "fir_freq", 0, "audiocodec", "opus", "videocodec", "vp8"),
         NULL, NULL);
    for (int waited_ms = 0; !s->room_done && !s->room_refused && waited_ms < ANSWER_MS; waited_ms += SLICE_MS)
        janus_socket_poll(s->socket, SLICE_MS);
    return s->room_done ? OK : ERR_SYSTEM;
}

static void janus_close_room(struct signalling *s, unsigned room)
{
    tell(s, OTHER, 0, s->room_handle, json_pack("{s:s,s:I}", "request", "destroy", "room", room_id(room)), NULL, NULL);
}

static enum status janus_join(struct signalling *s, struct participant *p)
{
    struct guest **guests = realloc(s->guests, (s->count + 1) * sizeof(struct guest *));
    if (!guests)
        return ERR_NO_MEMORY;
    s->guests = guests;
    struct guest *g = calloc(1, sizeof *g);
    if (!g)
        return ERR_NO_MEMORY;
    g->participant = p;
    g->place = s->count;
    s->guests[s->count++] = g;
    p->own = g;
    p->state = PARTICIPANT_JOINING;
    p->opened_us = now_us();
    p->audio_slots = p->video_slots = FEEDS_MAX;
    attach(s, PUBLISHER_HANDLE, g->place);
    return OK;
}

static void janus_leave(struct signalling *s, struct participant *p)
{
    struct guest *g = p->own;
    media_lock(s->media);
    for (size_t i = 0; i < p->peer_count; i++)
        media_drop(s->media, p->peers[i]);
    media_unlock(s->media);
    if (p->sends && g && !g->published)
        load_peer_destroy(p->peers[0]); /* it was never answered */
    if (g && !g->receiving)
        load_peer_destroy(g->receives);
    for (size_t i = 0; g && i < 2; i++) {
        int64_t handle = i ? g->subscriber : g->publisher;
        if (handle)
            say(s, OTHER, g->place, handle, json_pack("{s:s}", "janus", "detach"));
    }
    if (g)
        s->guests[g->place] = NULL;
    free(g);
    p->own = NULL;
    p->peer_count = 0;
    memset(p->peers, 0, sizeof p->peers);
    p->state = PARTICIPANT_AWAY;
}

static void janus_poll(struct signalling *s, int timeout_ms)
{
    if (now_us() >= s->keep_alive_at_us) {
        say(s, OTHER, 0, 0, json_pack("{s:s}", "janus", "keepalive"));
        s->keep_alive_at_us = now_us() + KEEP_ALIVE_US;
    }
    janus_socket_poll(s->socket, timeout_ms);
    for (size_t i = 0; !janus_socket_is_open(s->socket) && i < s->count; i++)
        if (s->guests[i])
            guest_fail(s->guests[i], "Janus closed its socket");
}

const struct signalling_ops signalling_janus = {
    .name = "janus",
    .start = janus_start,
    .stop = janus_stop,
    .open_room = janus_open_room,
    .close_room = janus_close_room,
    .join = janus_join,
    .leave = janus_leave,
    .poll = janus_poll,
};

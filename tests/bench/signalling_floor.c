/* signalling_floor.c - participants of the floor program: a hello with made-up keys, and they are in. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "bench/floor_hello.h"
#include "bench/signallings.h"
#include "load/load.h"
#include "transport/aead.h"

enum { HELLO_MAX = 128, TRIES = 50, TRY_MS = 100 };

struct signalling {
    const struct load_config *config;
    struct media *media;
    struct address server;
};

static usec_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

static enum status floor_start(struct signalling **started, const struct load_config *config, struct media *media)
{
    unsigned port = 0;
    if (sscanf(config->url, "udp://127.0.0.1:%u", &port) != 1 || port > UINT16_MAX)
        return ERR_MALFORMED;
    struct signalling *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    s->config = config;
    s->media = media;
    address_parse_ip("127.0.0.1", &s->server);
    s->server.port = (uint16_t)port;
    *started = s;
    return OK;
}

static void floor_stop(struct signalling *s)
{
    free(s);
}

static enum status floor_open_room(struct signalling *s, unsigned room, unsigned people)
{
    (void)s, (void)room, (void)people; /* the first hello opens it */
    return OK;
}

static void floor_close_room(struct signalling *s, unsigned room)
{
    (void)s, (void)room;
}

/* material: as DTLS would have exported it, both keys and then both salts, ours first (RFC 5764 4.2). */
static enum status derive(const uint8_t *material, bool theirs, uint8_t *key, uint8_t *salt)
{
    struct aead_keys keys;
    TRY(aead_keys_derive(&keys, material + (theirs ? FLOOR_KEY_LEN : 0),
                         material + 2 * FLOOR_KEY_LEN + (theirs ? FLOOR_SALT_LEN : 0)));
    memcpy(key, keys.rtp_key, FLOOR_KEY_LEN);
    memcpy(salt, keys.rtp_salt, FLOOR_SALT_LEN);
    return OK;
}

/* Until the same comes back. The peer is not the media thread's yet. */
static bool say_hello(int fd, struct bytes hello)
{
    uint8_t answer[HELLO_MAX];
    for (int i = 0; i < TRIES; i++) {
        struct pollfd one = { .fd = fd, .events = POLLIN };
        (void)!send(fd, hello.at, hello.len, MSG_DONTWAIT);
        if (poll(&one, 1, TRY_MS) == 1 && recv(fd, answer, sizeof answer, MSG_DONTWAIT) == (ssize_t)hello.len)
            return true;
    }
    return false;
}

static enum status introduce(struct signalling *s, struct participant *p, struct load_peer *peer)
{
    uint8_t material[CRYPT_MATERIAL_LEN], raw[HELLO_MAX];
    struct writer w = writer_over(raw, sizeof raw);
    struct floor_hello hello = { .origin = p->origin, .room = (uint16_t)p->room, .receives = true };
    if (getrandom(material, sizeof material, 0) != sizeof material)
        return ERR_SYSTEM;
    TRY(derive(material, false, hello.up_key, hello.up_salt));
    TRY(derive(material, true, hello.down_key, hello.down_salt));
    TRY(load_peer_connect_bare(peer, &s->server, material));
    floor_hello_write(&w, &hello);
    return say_hello(load_peer_fd(peer), writer_bytes(&w)) ? OK : ERR_UNKNOWN;
}

static enum status floor_join(struct signalling *s, struct participant *p)
{
    struct load_peer *peer = NULL;
    struct load_peer_config config = {
        .origin = p->origin,
        .others_from = p->others_from,
        .others_to = p->others_to,
        .sample_every = s->config->sample_every,
        .key = s->config->key,
    };
    p->opened_us = now_us();
    TRY(load_peer_create(&peer, &config));
    enum status status = introduce(s, p, peer);
    if (status == OK) {
        media_lock(s->media);
        status = media_attach(s->media, peer);
        if (status == OK && p->sends) {
            load_peer_send(peer, p->flows);
            media_touch(s->media, peer);
        }
        media_unlock(s->media);
    }
    if (status != OK) {
        load_peer_destroy(peer);
        return status;
    }
    p->peers[p->peer_count++] = peer;
    p->audio_slots = p->video_slots = UINT16_MAX;
    p->state = PARTICIPANT_JOINED;
    return OK;
}

static void floor_leave(struct signalling *s, struct participant *p)
{
    media_lock(s->media);
    for (size_t i = 0; i < p->peer_count; i++)
        media_drop(s->media, p->peers[i]);
    media_unlock(s->media);
    p->peer_count = 0;
    p->state = PARTICIPANT_AWAY;
}

static void floor_poll(struct signalling *s, int timeout_ms)
{
    (void)s;
    poll(NULL, 0, timeout_ms);
}

const struct signalling_ops signalling_floor = {
    .name = "floor",
    .start = floor_start,
    .stop = floor_stop,
    .open_room = floor_open_room,
    .close_room = floor_close_room,
    .join = floor_join,
    .leave = floor_leave,
    .poll = floor_poll,
};

#include "load/peer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "load/description.h"
#include "load/handshake.h"
#include "load/reports.h"
#include "load/socket.h"
#include "load/traffic.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "transport/demux.h"
#include "transport/stun.h"

enum { UFRAG_LEN = 8, PWD_LEN = 24, PACKET_SPACE = TRAFFIC_PACKET_MAX + CRYPT_RTP_OVERHEAD, NAME_LEN = 24 };
#define CHECK_US                                                                                                       \
    ((usec_t)2500 * USEC_PER_MSEC)        /* between checks that were answered: RFC 7675 4.1 wants 5 s at most         \
                                           */
#define SETTLING_US (480 * USEC_PER_MSEC) /* the same until DTLS is done, as Chromium has it */
#define RETRY_US (50 * USEC_PER_MSEC)     /* until one is */
#define ASK_US (300 * USEC_PER_MSEC)      /* between requests for a keyframe */

struct check {
    uint8_t transaction[STUN_TRANSACTION_LEN];
    bool pending; /* sent, and not answered yet */
    usec_t first_us, due_us;
};

struct load_peer {
    struct load_peer_config config;
    int fd;
    size_t place;
    char ufrag[UFRAG_LEN + 1], pwd[PWD_LEN + 1], name[NAME_LEN];
    uint64_t random;
    /* Theirs */
    char username[DESCRIPTION_CREDENTIAL_MAX + UFRAG_LEN + 2], remote_pwd[DESCRIPTION_CREDENTIAL_MAX + 1];
    uint8_t remote_fingerprint[HANDSHAKE_FINGERPRINT_LEN];
    struct address remote;
    uint8_t media[128]; /* enum medium, by payload type */
    /* The path */
    struct check check;
    struct handshake *handshake;
    struct crypt *crypt;
    bool failed;
    /* What flows */
    bool flowing;
    struct load_flows flows;
    struct traffic sound, picture;
    uint16_t twcc_seq;
    uint64_t unsent;
    struct load_sent mark;
    /* What comes */
    struct tally tally;
    struct reports reports;
    unsigned until_sample;
    usec_t first_media_us, first_keyframe_us, asks_us;
};

/* ---- Life ---- */

/* splitmix64 */
static uint64_t next_random(struct load_peer *p)
{
    uint64_t x = p->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void random_text(struct load_peer *p, char *text, size_t len)
{
    static const char ice_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i++)
        text[i] = ice_chars[next_random(p) & 63];
    text[len] = '\0';
}

static void name_itself(struct load_peer *p)
{
    struct writer w = writer_over((uint8_t *)p->name, sizeof p->name - 1);
    write_format(&w, "load-%u", p->config.origin);
    p->name[w.len] = '\0';
}

/* As a browser's: a fresh SSRC, and a first number from the lower half (RFC 3711 3.3.1 on guessing the rollover
 * counter). */
static void draw_stream(struct load_peer *p, struct traffic *t)
{
    t->ssrc = (uint32_t)next_random(p) | 1;
    t->seq = (uint16_t)(next_random(p) & 0x7fff);
    t->time = (uint32_t)next_random(p);
}

enum status load_peer_create(struct load_peer **created, const struct load_peer_config *config)
{
    struct load_peer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NO_MEMORY;
    p->config = *config;
    p->fd = -1;
    p->check.due_us = NEVER;
    if (getrandom(&p->random, sizeof p->random, 0) != sizeof p->random) {
        free(p);
        return ERR_SYSTEM;
    }
    random_text(p, p->ufrag, UFRAG_LEN);
    random_text(p, p->pwd, PWD_LEN);
    name_itself(p);
    p->sound = traffic_sound(config->origin, 0);
    p->picture = traffic_picture(config->origin, 0);
    draw_stream(p, &p->sound);
    draw_stream(p, &p->picture);
    p->reports = reports_of(p->sound.ssrc, p->name);
    *created = p;
    return OK;
}

void load_peer_destroy(struct load_peer *p)
{
    if (!p)
        return;
    handshake_destroy(p->handshake);
    crypt_destroy(p->crypt);
    reports_deinit(&p->reports);
    tally_deinit(&p->tally);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}

/* ---- Offer and answer ---- */

static struct description_self self_of(const struct load_peer *p)
{
    return (struct description_self){ .ufrag = p->ufrag,
                                      .pwd = p->pwd,
                                      .fingerprint = load_key_fingerprint(p->config.key),
                                      .cname = p->name,
                                      .feedback = p->config.feedback };
}

enum status load_peer_offer(struct load_peer *p, const struct load_section *sections, size_t count, struct writer *sdp)
{
    struct description_self self = self_of(p);
    return description_offer(sdp, &self, sections, count, p->sound.ssrc, p->picture.ssrc);
}

/* Payload types and extensions are the same in all sections that have them, as they are for one BUNDLE group: RFC 8843
 * 9.1.1 for the types. */
static void learn_sections(struct load_peer *p, const struct description_remote *remote)
{
    for (size_t i = 0; i < remote->count; i++) {
        const struct description_section *s = &remote->sections[i];
        if (!s->live || !s->payload_type)
            continue;
        p->media[s->payload_type & 127] = s->video ? MEDIUM_PICTURE : MEDIUM_SOUND;
        if (s->repair_type)
            p->media[s->repair_type & 127] = MEDIUM_REPAIR;
        if (p->config.feedback && s->twcc_extension) {
            p->reports.twcc_extension = s->twcc_extension;
            if (!s->sends)
                *(s->video ? &p->picture.twcc_extension : &p->sound.twcc_extension) = s->twcc_extension;
        }
    }
}

static enum status learn_remote(struct load_peer *p, const struct description_remote *remote)
{
    if (p->fd < 0)
        TRY(socket_open(&remote->candidate, &p->fd));
    struct writer w = writer_over((uint8_t *)p->username, sizeof p->username - 1);
    write_format(&w, "%s:%s", remote->ufrag, p->ufrag);
    p->username[w.len] = '\0';
    memcpy(p->remote_pwd, remote->pwd, sizeof p->remote_pwd);
    memcpy(p->remote_fingerprint, remote->fingerprint, sizeof p->remote_fingerprint);
    p->remote = remote->candidate;
    p->check.due_us = 0;
    return OK;
}

enum status load_peer_take_answer(struct load_peer *p, const char *sdp)
{
    struct description_remote remote;
    TRY(description_read(sdp, &remote));
    learn_sections(p, &remote);
    return learn_remote(p, &remote);
}

enum status load_peer_answer(struct load_peer *p, const char *offer, struct writer *sdp)
{
    struct description_remote remote;
    struct description_self self = self_of(p);
    TRY(description_read(offer, &remote));
    TRY(description_answer(sdp, &self, &remote));
    learn_sections(p, &remote);
    return p->fd < 0 ? learn_remote(p, &remote) : OK;
}

enum status load_peer_connect_bare(struct load_peer *p, const struct address *server,
                                   const uint8_t material[static CRYPT_MATERIAL_LEN])
{
    TRY(socket_open(server, &p->fd));
    p->remote = *server;
    p->media[TRAFFIC_OPUS] = MEDIUM_SOUND;
    p->media[TRAFFIC_VP8] = MEDIUM_PICTURE;
    return crypt_create(&p->crypt, material);
}

/* ---- What others ask ---- */

static void start_flows(struct load_peer *p, usec_t now_us)
{
    const struct load_flows *f = &p->flows;
    if (f->sound)
        traffic_start(&p->sound, now_us, f->phase_us);
    if (f->fps && f->video_bps) {
        traffic_pace(&p->picture, f->fps, f->video_bps);
        traffic_start(&p->picture, now_us, f->phase_us);
    }
}

void load_peer_send(struct load_peer *p, struct load_flows flows)
{
    load_peer_stop(p);
    p->flows = flows;
    p->flowing = true;
}

void load_peer_stop(struct load_peer *p)
{
    p->flowing = false;
    traffic_stop(&p->sound);
    traffic_stop(&p->picture);
    p->reports.sending = false;
}

bool load_peer_is_ready(const struct load_peer *p)
{
    return p->crypt && !p->failed;
}
bool load_peer_is_failed(const struct load_peer *p)
{
    return p->failed;
}
usec_t load_peer_first_media(const struct load_peer *p)
{
    return p->first_media_us;
}
usec_t load_peer_first_keyframe(const struct load_peer *p)
{
    return p->first_keyframe_us;
}
struct tally *load_peer_tally(struct load_peer *p)
{
    return &p->tally;
}
int load_peer_fd(const struct load_peer *p)
{
    return p->fd;
}
size_t *load_peer_place(struct load_peer *p)
{
    return &p->place;
}

static struct load_sent sent_ever(const struct load_peer *p)
{
    return (struct load_sent){ .sound = p->sound.sent,
                               .picture = p->picture.sent,
                               .octets = p->sound.octets + p->picture.octets,
                               .late = p->sound.skipped + p->picture.skipped,
                               .unsent = p->unsent,
                               .dropped = p->fd >= 0 ? socket_drops(p->fd) : 0 };
}

struct load_sent load_peer_sent(const struct load_peer *p)
{
    struct load_sent ever = sent_ever(p);
    return (struct load_sent){ .sound = ever.sound - p->mark.sound,
                               .picture = ever.picture - p->mark.picture,
                               .octets = ever.octets - p->mark.octets,
                               .late = ever.late - p->mark.late,
                               .unsent = ever.unsent - p->mark.unsent,
                               .dropped = ever.dropped - p->mark.dropped };
}

void load_peer_mark(struct load_peer *p)
{
    p->mark = sent_ever(p);
}

/* ---- The path: checks, the handshake ---- */

static void send_datagram(void *context, struct bytes datagram)
{
    struct load_peer *p = context;
    p->unsent += socket_send(p->fd, datagram) != OK;
}

static void send_check(struct load_peer *p, usec_t now_us)
{
    uint8_t raw[STUN_MESSAGE_MAX];
    size_t len;
    struct stun_message m = {
        .class_ = STUN_REQUEST,
        .method = STUN_BINDING,
        .username = bytes_of(p->username),
        .has_priority = true,
        .priority = 0x6e7f00ff, /* peer reflexive, RFC 8445 5.1.2.1 */
        .controlling = true,
        .tie_breaker = p->config.origin,
        .use_candidate = true,
    };
    if (!p->check.pending) {
        for (size_t i = 0; i < STUN_TRANSACTION_LEN; i++)
            p->check.transaction[i] = (uint8_t)next_random(p);
        p->check.first_us = now_us;
    }
    memcpy(m.transaction, p->check.transaction, sizeof m.transaction);
    p->check.pending = true;
    p->check.due_us = now_us + RETRY_US;
    if (stun_write(&m, bytes_of(p->remote_pwd), raw, sizeof raw, &len) == OK)
        send_datagram(p, (struct bytes){ raw, len });
}

static void answer_check(struct load_peer *p, struct bytes raw, const struct stun_message *request)
{
    uint8_t answer[STUN_MESSAGE_MAX];
    size_t len;
    struct stun_message m = { .class_ = STUN_SUCCESS, .method = STUN_BINDING, .mapped = p->remote };
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    if (stun_integrity_ok(raw, request, bytes_of(p->pwd)) &&
        stun_write(&m, bytes_of(p->pwd), answer, sizeof answer, &len) == OK)
        send_datagram(p, (struct bytes){ answer, len });
}

static void on_stun(struct load_peer *p, struct bytes raw)
{
    struct stun_message m;
    if (stun_parse(raw, &m) != OK)
        return;
    if (m.class_ == STUN_REQUEST) {
        answer_check(p, raw, &m);
        return;
    }
    if (m.class_ != STUN_SUCCESS || !p->check.pending ||
        memcmp(m.transaction, p->check.transaction, sizeof m.transaction) != 0 ||
        !stun_integrity_ok(raw, &m, bytes_of(p->remote_pwd)))
        return;
    p->check.pending = false;
    p->check.due_us = p->check.first_us + (p->crypt ? CHECK_US : SETTLING_US);
    if (!p->handshake && handshake_create(&p->handshake, p->config.key, p->remote_fingerprint, send_datagram, p) != OK)
        p->failed = true;
}

static void step_handshake(struct load_peer *p, struct bytes record)
{
    uint8_t material[CRYPT_MATERIAL_LEN];
    if (!p->handshake || p->failed)
        return;
    handshake_step(p->handshake, record);
    if (handshake_state(p->handshake) == HANDSHAKE_CLOSED)
        p->failed = true;
    if (handshake_state(p->handshake) != HANDSHAKE_DONE || p->crypt)
        return;
    if (handshake_export(p->handshake, material) != OK || crypt_create(&p->crypt, material) != OK)
        p->failed = true;
    bytes_wipe(material, sizeof material);
}

/* ---- Sending ---- */

static void send_due(struct load_peer *p, struct traffic *t, struct load_now now)
{
    static uint8_t packets[TRAFFIC_BURST_MAX][PACKET_SPACE]; /* one media thread */
    size_t lens[TRAFFIC_BURST_MAX], count;
    while ((count = traffic_next(t, now.mono_us, socket_mono_ns(), &p->twcc_seq, packets[0], PACKET_SPACE, lens)) > 0) {
        for (size_t i = 0; i < count; i++)
            if (crypt_seal_rtp(p->crypt, packets[i], &lens[i], PACKET_SPACE) != OK)
                p->failed = true;
        p->unsent += count - socket_send_burst(p->fd, packets[0], PACKET_SPACE, lens, count);
    }
}

static void send_rtcp(struct load_peer *p, struct writer *w)
{
    size_t len = w->len;
    if (crypt_seal_rtcp(p->crypt, w->at, &len, w->cap) == OK)
        send_datagram(p, (struct bytes){ w->at, len });
}

static void send_reports(struct load_peer *p, struct load_now now)
{
    uint8_t room[LOAD_DATAGRAM_MAX];
    struct writer w = writer_over(room, sizeof room);
    while (reports_next(&p->reports, now, &p->tally, &p->sound, &p->picture, &w)) {
        send_rtcp(p, &w);
        w = writer_over(room, sizeof room);
    }
}

void load_peer_turn(struct load_peer *p, struct load_now now)
{
    if (p->failed || p->fd < 0)
        return;
    if (now.mono_us >= p->check.due_us)
        send_check(p, now.mono_us);
    if (!p->crypt) {
        step_handshake(p, (struct bytes){ 0 });
        return;
    }
    if (p->flowing && !p->reports.sending) {
        p->reports.sending = true;
        start_flows(p, now.mono_us);
    }
    send_due(p, &p->sound, now);
    send_due(p, &p->picture, now);
    send_reports(p, now);
}

usec_t load_peer_deadline(const struct load_peer *p)
{
    if (p->failed || p->fd < 0)
        return NEVER;
    usec_t due = p->check.due_us;
    if (!p->crypt) {
        usec_t wait = p->handshake ? handshake_wait(p->handshake) : NEVER;
        return wait == NEVER ? due : sooner(due, socket_mono_ns() / 1000 + wait);
    }
    if (p->flowing && !p->reports.sending)
        return 0;
    return sooner(sooner(due, sooner(p->sound.next_us, p->picture.next_us)), reports_deadline(&p->reports));
}

/* ---- Receiving ---- */

static bool may_come_from(const struct load_peer *p, uint32_t origin)
{
    const struct load_peer_config *c = &p->config;
    return origin != c->origin && (c->others_to == 0 || (origin >= c->others_from && origin < c->others_to));
}

/* Opens it, and looks whether it holds what was sent. */
static void sample(struct load_peer *p, enum medium medium, int64_t index, uint64_t at_ns, uint8_t *packet, size_t len)
{
    struct traffic_mark mark = { 0 };
    struct rtp rtp;
    bool good =
        crypt_open_rtp(p->crypt, index, packet, &len) == OK && rtp_parse((struct bytes){ packet, len }, &rtp) == OK;
    if (!good || rtp.payload.len == 0 || medium == MEDIUM_REPAIR) { /* padding alone probes the path */
        tally_sample(&p->tally, good, NEVER);
        return;
    }
    good = traffic_read(medium == MEDIUM_PICTURE, rtp.payload, &mark) == OK && may_come_from(p, mark.origin);
    tally_sample(&p->tally, good, at_ns > mark.sent_ns ? (at_ns - mark.sent_ns) / 1000 : 0);
    if (good && mark.keyframe && !p->first_keyframe_us)
        p->first_keyframe_us = at_ns / 1000;
}

static bool sample_is_due(struct load_peer *p, enum medium medium)
{
    if (medium == MEDIUM_PICTURE && !p->first_keyframe_us)
        return true;
    if (p->until_sample-- > 0)
        return false;
    p->until_sample = p->config.sample_every - 1;
    return true;
}

/* As browsers do when they can't show what comes. */
static void ask_keyframe(struct load_peer *p, usec_t now_us, uint32_t ssrc)
{
    uint8_t room[LOAD_DATAGRAM_MAX];
    struct writer w = writer_over(room, sizeof room);
    bool first = !p->asks_us;
    if (now_us < p->asks_us)
        return;
    p->asks_us = now_us + ASK_US;
    if (first) /* one may be on its way */
        return;
    rtcp_write_rr(&w, p->reports.ssrc, NULL, 0);
    rtcp_write_pli(&w, p->reports.ssrc, ssrc);
    send_rtcp(p, &w);
}

static void on_rtp(struct load_peer *p, uint64_t at_ns, uint8_t *packet, size_t len)
{
    enum medium medium = len >= RTP_HEADER_LEN ? p->media[packet[1] & 127] : MEDIUM_NONE;
    int64_t index;
    if (!p->crypt || medium == MEDIUM_NONE ||
        tally_packet(&p->tally, load_be32(packet + 8), load_be16(packet + 2), medium, len, &index) != OK) {
        p->tally.sums.bad++;
        return;
    }
    reports_arrival(&p->reports, at_ns / 1000, (struct bytes){ packet, len });
    if (!p->first_media_us && medium != MEDIUM_REPAIR)
        p->first_media_us = at_ns / 1000;
    uint32_t ssrc = load_be32(packet + 8);
    if (sample_is_due(p, medium))
        sample(p, medium, index, at_ns, packet, len);
    if (medium == MEDIUM_PICTURE && !p->first_keyframe_us)
        ask_keyframe(p, at_ns / 1000, ssrc);
}

static void on_rtcp(struct load_peer *p, uint64_t at_ns, uint8_t *packet, size_t len)
{
    if (!p->crypt)
        return;
    if (crypt_open_rtcp(p->crypt, packet, &len) != OK)
        p->tally.sums.bad++;
    else if (reports_take(at_ns / 1000, (struct bytes){ packet, len }, &p->tally, p->picture.ssrc))
        p->picture.keyframe_wanted = true;
}

static void take_datagram(void *context, uint64_t at_ns, uint8_t *datagram, size_t len)
{
    struct load_peer *p = context;
    switch (demux((struct bytes){ datagram, len })) {
    case PACKET_STUN:
        on_stun(p, (struct bytes){ datagram, len });
        break;
    case PACKET_DTLS:
        step_handshake(p, (struct bytes){ datagram, len });
        break;
    case PACKET_RTP:
        on_rtp(p, at_ns, datagram, len);
        break;
    case PACKET_RTCP:
        on_rtcp(p, at_ns, datagram, len);
        break;
    default:
        break;
    }
}

void load_peer_receive(struct load_peer *p, struct load_now now)
{
    socket_receive(p->fd, now.real_minus_mono_ns, take_datagram, p);
}

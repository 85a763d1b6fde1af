#define _GNU_SOURCE /* memmem */
#include "sim/world.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "ledger/intervals.h"
#include "ledger/record.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include "room/broker.h"
#include "support/peer.h"
#include "transport/dtls.h"
#include "transport/srtp.h"

enum { CLIENTS_MAX = 4096, TRACKS = SOURCE_COUNT, SLOT_SECTIONS = 14 };
#define EPOCH_UNIX_S 1790000000

/* One person's page: the connection that lives, the peer connection, what it was told. */
struct actor {
    client_id client;
    struct peer *peer;
    bool negotiated;
    char seat[16];
    uint16_t seq[TRACKS];
    uint32_t time[TRACKS];
    uint16_t picture;
    bool keyframe[TRACKS];
    uint64_t heard[WORLD_PEOPLE];
    usec_t next_audio, next_video;
};

/* A record on its way to the disk. */
struct pending {
    uint64_t number;
    usec_t at;  /* when the disk has it */
    int person; /* of an OPEN; -1 otherwise */
    bool refused;
    struct record record;
};
enum { PENDING_MAX = 512 };

struct world {
    uint64_t seed;
    bool verbose;
    struct chance chance;
    struct network *network;
    struct broker *broker;
    struct dtls_identity *identity;
    struct outbox *outbox;
    struct model model;
    struct actor actors[WORLD_PEOPLE];
    uint8_t owner[CLIENTS_MAX]; /* of a client id: person + 1 */
    bool closed[CLIENTS_MAX];   /* the broker said goodbye */
    client_id last_client;
    usec_t now_us;
    int64_t wall_offset_us;
    uint32_t request;
    enum reply reply;
    uint64_t stamp; /* of the datagram being delivered */
    int receiving;
    struct grant grants[WORLD_PEOPLE]; /* as planned; epoch 0: none */
    struct pending pending[PENDING_MAX];
    size_t pending_count;
    usec_t ledger_delay_us;
    unsigned ledger_refuses; /* per thousand OPEN records */
    struct intervals *intervals;
    uint64_t waits_for[WORLD_PEOPLE];  /* the number of the latest OPEN: an earlier one opens nothing any more */
    struct id disclosed[WORLD_PEOPLE]; /* the interval that is durably open; empty: none */
    const char *admit_text;            /* the admission that is being asked for */
    struct world_counts counts;
};

static const struct {
    const char *id;
    enum role role;
} cast[WORLD_PEOPLE] = {
    [WORLD_THERAPIST] = { "t-1", ROLE_THERAPIST }, [WORLD_COTHERAPIST] = { "t-2", ROLE_THERAPIST },
    [WORLD_CLIENT] = { "c-1", ROLE_CLIENT },       [WORLD_LOVED_1] = { "l-1", ROLE_LOVED_ONE },
    [WORLD_LOVED_2] = { "l-2", ROLE_LOVED_ONE },   [WORLD_INTERPRETER] = { "i-1", ROLE_INTERPRETER },
};

/* OpenSSL times the handshake by this clock; here it is the world's. One world at a time. */
static usec_t virtual_us;
int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    (void)zone;
    at->tv_sec = (time_t)(virtual_us / USEC_PER_SEC);
    at->tv_usec = (suseconds_t)(virtual_us % USEC_PER_SEC);
    return 0;
}

const char *world_id(int person)
{
    return cast[person].id;
}
struct world_counts world_counts(const struct world *w)
{
    return w->counts;
}
struct chance *world_chance(struct world *w)
{
    return &w->chance;
}
struct model *world_model(struct world *w)
{
    return &w->model;
}
struct network *world_network(struct world *w)
{
    return w->network;
}
usec_t world_now_us(const struct world *w)
{
    return w->now_us;
}
bool world_connected(const struct world *w, int person)
{
    return w->actors[person].client != 0;
}

void world_violation(struct world *w, const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    w->counts.violations++;
    printf("seed %" PRIu64 " step %" PRIu64 " at %.6f s: %s\n", w->seed, w->counts.steps, (double)w->now_us / 1e6,
           text);
}

static struct now now_of(struct world *w)
{
    virtual_us = w->now_us;
    int64_t unix_us = (int64_t)EPOCH_UNIX_S * (int64_t)USEC_PER_SEC + (int64_t)w->now_us + w->wall_offset_us;
    return (struct now){ w->now_us, unix_us };
}

static struct address address_of(int person)
{
    struct address a = { .family = ADDRESS_IPV4,
                         .port = (uint16_t)(5000 + person),
                         .ip = { 10, 0, 0, (uint8_t)(person + 1) } };
    if (person % 2)
        a = (struct address){ .family = ADDRESS_IPV6, .port = a.port, .ip = { 0xfd, [15] = (uint8_t)(person + 1) } };
    return a;
}

static int person_at(const struct address *address)
{
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        struct address at = address_of(i);
        if (address_equal(&at, address))
            return i;
    }
    return -1;
}

/* ---- The oracle ---- */

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
    if (cast[to].role == ROLE_LOVED_ONE && !w->disclosed[to].text[0]) {
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

/* Payloads carry who made them: 'K', publisher, source. */
static void check_delivered(struct world *w, int to, int from, source_mask source)
{
    w->counts.media_delivered++;
    w->actors[to].heard[from]++;
    if (!(w->stamp >> (3 * from) & source)) {
        w->counts.leaks++;
        world_violation(w, "leak: %s of %s reached %s", source_name(source), world_id(from), world_id(to));
    }
}

/* ---- Peers ---- */

static void on_peer_media(void *context, enum packet_kind kind, struct bytes packet)
{
    struct world *w = context;
    struct actor *actor = &w->actors[w->receiving];
    if (kind == PACKET_RTCP) {
        struct reader reader = reader_over(packet);
        struct rtcp_packet rtcp;
        while (rtcp_next(&reader, &rtcp))
            if (rtcp.kind == RTCP_PLI)
                actor->keyframe[1] = actor->keyframe[2] = true;
        return;
    }
    struct rtp rtp;
    if (rtp_parse(packet, &rtp) != OK)
        world_violation(w, "%s got a broken packet", world_id(w->receiving));
    else if (rtp.extension.len > 0)
        world_violation(w, "%s got a header extension", world_id(w->receiving));
    else if (rtp.payload.len >= 4 && rtp.payload.at[rtp.payload.len - 3] == 'K')
        check_delivered(w, w->receiving, rtp.payload.at[rtp.payload.len - 2], rtp.payload.at[rtp.payload.len - 1]);
}

static void on_peer_send(void *context, const struct address *from, struct bytes data)
{
    struct world *w = context;
    network_send(w->network, w->now_us, TO_BROKER, from, data, 0);
}

static void speak(struct world *w, int person, int track)
{
    struct actor *actor = &w->actors[person];
    bool video = track > 0;
    uint8_t buffer[200], payload[64] = { 0 };
    struct writer body = writer_over(payload, sizeof payload);
    if (video) { /* VP8: X, S; I with 15 bits; then the frame's first byte, whose lowest bit is clear in a keyframe */
        write_u8(&body, 0x90);
        write_u8(&body, 0x80);
        write_be16(&body, 0x8000 | (actor->picture++ & 0x7fff));
        write_u8(&body, actor->keyframe[track] ? 0x00 : 0x01);
        actor->keyframe[track] = false;
    }
    write_bytes(&body, (struct bytes){ (const uint8_t[]){ 7, 7, 'K', (uint8_t)person, (uint8_t)(1 << track) }, 5 });

    struct writer packet = writer_over(buffer, sizeof buffer);
    write_u8(&packet, 0x90); /* version 2, an extension */
    write_u8(&packet, (uint8_t)(0x80 | (video ? 96 : 111)));
    write_be16(&packet, actor->seq[track]++);
    write_be32(&packet, actor->time[track] += video ? 3000 : 960);
    write_be32(&packet, (uint32_t)(1000 * (person + 1) + track));
    write_be16(&packet, 0xbede);
    write_be16(&packet, 1);
    write_be32(&packet, 0x40000000u | (uint32_t)('0' + track) << 16); /* id 4, one byte: the MID */
    write_bytes(&packet, writer_bytes(&body));
    peer_send_rtp(actor->peer, writer_bytes(&packet));
}

static void speak_all(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (!actor->peer || !peer_is_ready(actor->peer))
        return;
    if (w->now_us >= actor->next_audio) {
        speak(w, person, 0);
        actor->next_audio = w->now_us + 20 * USEC_PER_MSEC;
    }
    if (w->now_us >= actor->next_video) {
        speak(w, person, 1);
        speak(w, person, 2);
        actor->next_video = w->now_us + 33 * USEC_PER_MSEC;
    }
}

/* ---- What the broker hands out ---- */

static void lose(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    actor->client = 0;
    actor->negotiated = false;
    peer_destroy(actor->peer);
    actor->peer = NULL;
}

static void take_answer(struct world *w, int person, const char *sdp)
{
    struct actor *actor = &w->actors[person];
    char ufrag[64] = "", pwd[128] = "";
    uint8_t fingerprint[FINGERPRINT_LEN] = { 0 };
    const char *at = strstr(sdp, "a=fingerprint:sha-256 ");
    sscanf(strstr(sdp, "a=ice-ufrag:"), "a=ice-ufrag:%63s", ufrag);
    sscanf(strstr(sdp, "a=ice-pwd:"), "a=ice-pwd:%127s", pwd);
    for (int i = 0; i < FINGERPRINT_LEN; i++)
        fingerprint[i] = (uint8_t)strtoul(at + 22 + 3 * i, NULL, 16);
    peer_connect(actor->peer, now_of(w), ufrag, pwd, fingerprint);
    w->counts.handshakes++;
    actor->negotiated = true;
}

static void check_roster(struct world *w, int person)
{
    enum role role = cast[person].role;
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

static void check_slots(struct world *w, int person, const json_t *slots)
{
    size_t index;
    json_t *slot;
    json_array_foreach(slots, index, slot)
    {
        const char *who = json_string_value(json_object_get(slot, "participant"));
        for (int from = 0; who && from < WORLD_PEOPLE; from++)
            if (strcmp(who, world_id(from)) == 0 && !model_may(&w->model, w->now_us, person, from)) {
                w->counts.leaks++;
                world_violation(w, "leak: %s learns of %s on a slot", world_id(person), who);
            }
    }
}

static void take_text(struct world *w, int person, struct bytes text)
{
    json_error_t error;
    json_t *message = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type)
        world_violation(w, "a message without a type: %.*s", (int)text.len, (const char *)text.at);
    else if (strcmp(type, "answer") == 0)
        take_answer(w, person, json_string_value(json_object_get(message, "sdp")));
    else if (strcmp(type, "roster") == 0)
        check_roster(w, person);
    else if (strcmp(type, "seat") == 0)
        check_seat(w, person, json_string_value(json_object_get(message, "seat")));
    else if (strcmp(type, "slots") == 0)
        check_slots(w, person, json_object_get(message, "slots"));
    if (type && (uint32_t)json_integer_value(json_object_get(message, "id")) == w->request) {
        w->reply = strcmp(type, "error") == 0 ? REPLY_ERROR : REPLY_DONE;
        if (w->verbose && w->reply == REPLY_ERROR)
            printf("    refused: %s\n", json_string_value(json_object_get(message, "code")));
    }
    json_decref(message);
}

/* ---- The ledger ---- */

bool world_ledger_refuses(const struct world *w)
{
    return w->ledger_refuses > 0;
}

static int person_named(const char *id)
{
    for (int i = 0; i < WORLD_PEOPLE; i++)
        if (strcmp(id, world_id(i)) == 0)
            return i;
    return -1;
}

/* Somebody is about to be let in: by the request of this moment, or by their own return. */
static void take_open(struct world *w, int person)
{
    struct model_person *p = &w->model.people[person];
    if (!model_may_admit(&w->model, w->now_us, person))
        world_violation(w, "%s is let in wrongly", world_id(person));
    if (w->admit_text) {
        const char *minutes = strstr(w->admit_text, "\"minutes\":");
        model_admitting(&w->model, w->now_us, person, minutes ? (unsigned)atoi(minutes + 10) : 0);
    } else if (p->admitting || p->resumable_until) {
        p->admitting = true; /* back by themselves */
    } else {
        world_violation(w, "%s is let in by nobody", world_id(person));
    }
}

static void take_record(struct world *w, struct ledger_note note)
{
    if (w->pending_count == PENDING_MAX)
        abort();
    struct pending *pending = &w->pending[w->pending_count++];
    *pending = (struct pending){ .number = note.number, .person = -1 };
    pending->at = w->now_us + (w->ledger_delay_us ? chance_below(&w->chance, w->ledger_delay_us) : 0);
    if (record_parse(note.text, &pending->record) != OK) {
        world_violation(w, "a record that is none: %.*s", (int)note.text.len, (const char *)note.text.at);
        return;
    }
    int person = person_named(pending->record.participation.text);
    if (pending->record.kind == RECORD_OPEN) {
        pending->person = person;
        pending->refused = chance_in(&w->chance, w->ledger_refuses);
        w->waits_for[person] = note.number;
        take_open(w, person);
    } else if (pending->record.kind == RECORD_CLOSE && id_equal(&w->disclosed[person], &pending->record.interval)) {
        w->disclosed[person] = (struct id){ 0 };
    }
}

static void tell_ledger(const struct world *w, const char *what, const struct pending *p)
{
    if (w->verbose)
        printf("  %.3f ledger: %s %u %s %s\n", (double)w->now_us / 1e6, what, (unsigned)p->number,
               record_kind_name(p->record.kind), p->record.participation.text);
}

static void check_interval(struct world *w, const struct pending *pending)
{
    /* An OPEN that the disk refused is in no ledger, nor is its CLOSE. */
    if (pending->refused || pending->record.kind == RECORD_HEARTBEAT)
        return;
    enum interval_fault fault;
    if (intervals_row(w->intervals, &pending->record, &fault) != OK)
        abort();
    if (fault != INTERVAL_GOOD)
        world_violation(w, "the ledger: %s", interval_fault_name(fault));
}

static void drain(struct world *w);

/* The disk has the oldest record, or says that it never will. */
static void write_one(struct world *w)
{
    struct pending pending = w->pending[0];
    tell_ledger(w, pending.refused ? "refused" : "durable", &pending);
    memmove(w->pending, w->pending + 1, --w->pending_count * sizeof *w->pending);
    for (size_t i = 0; pending.refused && i < w->pending_count; i++)
        if (w->pending[i].record.kind == RECORD_CLOSE &&
            id_equal(&w->pending[i].record.interval, &pending.record.interval))
            w->pending[i].refused = true;
    check_interval(w, &pending);
    model_at(&w->model, w->now_us);
    if (pending.person >= 0 && w->waits_for[pending.person] == pending.number &&
        model_commit(&w->model, w->now_us, pending.person, !pending.refused))
        w->disclosed[pending.person] = pending.record.interval;
    if (pending.refused && pending.person >= 0)
        broker_refused(w->broker, now_of(w), pending.number, w->outbox);
    else
        broker_durable(w->broker, now_of(w), pending.number, w->outbox);
    drain(w);
}

static void write_ledger(struct world *w)
{
    while (w->pending_count > 0 && w->pending[0].at <= w->now_us)
        write_one(w);
}

void world_set_ledger(struct world *w, usec_t delay_us, unsigned refuses)
{
    w->ledger_delay_us = delay_us;
    w->ledger_refuses = refuses;
}

static void drain_datagrams(struct world *w)
{
    for (size_t i = 0; i < outbox_datagram_count(w->outbox); i++) {
        struct datagram d = outbox_datagram_at(w->outbox, i);
        int to = person_at(&d.peer);
        if (to < 0) {
            world_violation(w, "a datagram to nobody we know");
            continue;
        }
        uint64_t may = allowed(w, to);
        check_datagram(w, &d, to, may);
        network_send(w->network, w->now_us, to, &d.peer, d.data, may);
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
static void drain(struct world *w)
{
    for (size_t i = 0; i < outbox_record_count(w->outbox); i++)
        take_record(w, outbox_record_at(w->outbox, i));
    drain_datagrams(w);
    drain_messages(w);
    outbox_clear(w->outbox);
}

/* ---- What people do ---- */

static enum reply outcome_in_outbox(struct world *w, client_id client)
{
    char mark[40];
    snprintf(mark, sizeof mark, "\"id\":%u", w->request);
    for (size_t i = 0; i < outbox_message_count(w->outbox); i++) {
        struct message m = outbox_message_at(w->outbox, i);
        if (m.client != client || m.kind != MESSAGE_TEXT || !memmem(m.text.at, m.text.len, mark, strlen(mark)))
            continue;
        return memmem(m.text.at, m.text.len, "\"error\"", 7) ? REPLY_ERROR : REPLY_DONE;
    }
    return REPLY_NONE;
}

bool world_join(struct world *w, int person, bool move)
{
    model_at(&w->model, w->now_us);
    struct actor *actor = &w->actors[person];
    client_id client = ++w->last_client;
    if (client >= CLIENTS_MAX)
        abort();
    w->owner[client] = (uint8_t)(person + 1);
    int64_t now_s = EPOCH_UNIX_S + (int64_t)(w->now_us / USEC_PER_SEC);
    struct claims claims = { .role = cast[person].role, .not_before = now_s - 60, .expires = now_s + 86400 };
    id_parse(bytes_of(world_id(person)), &claims.participation);
    id_parse(bytes_of("s-1"), &claims.session);
    id_parse(bytes_of("j-1"), &claims.token);
    w->request++;
    bool was_connected = actor->client != 0;
    broker_join(w->broker, now_of(w), client, &claims, w->request, move, w->outbox);
    bool welcomed = outcome_in_outbox(w, client) == REPLY_DONE;
    bool right = !w->model.people[person].removed && !w->model.over && (move || !was_connected);
    if (welcomed != right)
        world_violation(w, "%s %s when joining", world_id(person),
                        welcomed ? "came in wrongly" : "was turned away wrongly");
    if (welcomed) {
        if (was_connected) { /* taking over a live connection is no way back in by oneself */
            model_gone(&w->model, w->now_us, person);
            w->model.people[person].resumable_until = 0;
        }
        model_joined(&w->model, w->now_us, person);
        /* Invariant 11: the old connection was told goodbye before the new one was welcomed. */
        bool goodbye = !was_connected;
        for (size_t i = 0; i < outbox_message_count(w->outbox) && outbox_message_at(w->outbox, i).client != client; i++)
            goodbye |= outbox_message_at(w->outbox, i).client == actor->client &&
                       outbox_message_at(w->outbox, i).kind == MESSAGE_CLOSE;
        if (!goodbye)
            world_violation(w, "two live connections of %s", world_id(person));
        client_id old = actor->client;
        lose(w, person);
        actor->client = client;
        drain(w);
        if (old)
            broker_gone(w->broker, now_of(w), old, w->outbox);
    }
    drain(w);
    write_ledger(w);
    if (!welcomed && !w->closed[client])
        w->closed[client] = true; /* they give up */
    return welcomed;
}

void world_drop(struct world *w, int person)
{
    client_id client = w->actors[person].client;
    if (!client)
        return;
    model_at(&w->model, w->now_us);
    lose(w, person);
    w->closed[client] = true;
    broker_gone(w->broker, now_of(w), client, w->outbox);
    model_gone(&w->model, w->now_us, person);
    drain(w);
    write_ledger(w);
}

void world_prepare(struct world *w, int person)
{
    if (cast[person].role == ROLE_CLIENT)
        world_request(w, person, "\"type\":\"locate\",\"address\":\"12 Elm St\",\"phone\":\"555 0100\"");
    else if (cast[person].role == ROLE_LOVED_ONE)
        world_request(w, person, "\"type\":\"acknowledge\",\"guidance\":\"g1\",\"notice\":\"n1\"");
}

static void change_grant(struct world *w, int person, enum grant_status status)
{
    struct grant grant = w->grants[person];
    if (!grant.epoch)
        return;
    model_at(&w->model, w->now_us);
    grant.epoch = ++w->grants[person].epoch;
    grant.status = status;
    w->model.people[person].withdrawn = false;
    if (status == GRANT_WITHDRAWN)
        model_withdraw(&w->model, person);
    broker_grant(w->broker, now_of(w), &grant, w->outbox);
    drain(w);
    write_ledger(w);
}

void world_revoke(struct world *w, int person)
{
    change_grant(w, person, GRANT_WITHDRAWN);
}

void world_regrant(struct world *w, int person)
{
    change_grant(w, person, GRANT_ACTIVE);
}

static void write_section(struct writer *sdp, int mid, bool video, bool sends, const char *credentials)
{
    write_format(sdp,
                 "m=%s 9 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\n%sa=setup:actpass\r\na=mid:%d\r\n"
                 "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=%s\r\na=rtcp-mux\r\na=rtpmap:%s\r\n",
                 video ? "video" : "audio", video ? 96 : 111, credentials, mid, sends ? "sendonly" : "recvonly",
                 video ? "96 VP8/90000" : "111 opus/48000/2");
}

static void write_offer(const struct actor *actor, struct writer *sdp)
{
    char fingerprint[3 * PEER_FINGERPRINT_LEN + 1], credentials[400];
    for (int i = 0; i < PEER_FINGERPRINT_LEN; i++)
        snprintf(fingerprint + 3 * i, 4, "%02X:", peer_fingerprint()[i]);
    fingerprint[3 * PEER_FINGERPRINT_LEN - 1] = '\0';
    snprintf(credentials, sizeof credentials, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\n",
             peer_ufrag(actor->peer), peer_pwd(actor->peer), fingerprint);
    int audio = 6, sections = 3 + 2 * audio + 1;
    write_text(sdp, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for (int mid = 0; mid < sections; mid++)
        write_format(sdp, " %d", mid);
    write_text(sdp, "\r\n");
    for (int mid = 0; mid < sections; mid++)
        write_section(sdp, mid, mid == 1 || mid == 2 || mid >= 3 + audio, mid < 3, credentials);
}

void world_negotiate(struct world *w, int person)
{
    struct actor *actor = &w->actors[person];
    if (!actor->client || actor->negotiated)
        return;
    struct peer_config config = { .seed = chance_next(&w->chance),
                                  .address = address_of(person),
                                  .send = on_peer_send,
                                  .probe_first = chance_in(&w->chance, 500),
                                  .media = on_peer_media,
                                  .context = w };
    if (peer_create(&actor->peer, &config) != OK)
        abort();
    uint8_t buffer[16384], escaped[20000];
    struct writer sdp = writer_over(buffer, sizeof buffer), json = writer_over(escaped, sizeof escaped);
    write_offer(actor, &sdp);
    for (size_t i = 0; i < sdp.len; i++) {
        if (buffer[i] == '\r')
            write_text(&json, "\\r");
        else if (buffer[i] == '\n')
            write_text(&json, "\\n");
        else
            write_u8(&json, buffer[i]);
    }
    if (json.bad ||
        world_request(w, person, "\"type\":\"offer\",\"sdp\":\"%.*s\"", (int)json.len, (char *)escaped) != REPLY_DONE)
        world_violation(w, "the offer of %s was refused", world_id(person));
}

/* A client's stop takes the yes back. */
static void step_out(struct model *m, int by, int person)
{
    if (m->people[by].role == ROLE_CLIENT) {
        m->people[person].agreed = false;
        m->people[person].refused = true;
    }
    model_out(m, person);
}

/* What an accepted request means, by the domain's words; called before what came of it is judged. */
static void tell_model(struct world *w, int person, const char *json)
{
    struct model *m = &w->model;
    int about = -1;
    for (int i = 0; i < WORLD_PEOPLE; i++)
        if (strstr(json, world_id(i)))
            about = i;
    source_mask sources = (strstr(json, "\"mic\":true") ? SOURCE_MIC : 0) |
                          (strstr(json, "\"camera\":true") ? SOURCE_CAMERA : 0) |
                          (strstr(json, "\"screen\":true") ? SOURCE_SCREEN : 0);
    if (strstr(json, "\"chat\",")) {
        return; /* words change nothing */
    } else if (strstr(json, "\"media\"")) {
        m->people[person].sending = sources;
    } else if (strstr(json, "\"agree\"")) {
        m->people[about].agreed = strstr(json, "true") != NULL;
        m->people[about].refused = !m->people[about].agreed;
        if (!m->people[about].agreed) {
            model_out(m, about);
            model_segment_over(m, about);
        }
    } else if (strstr(json, "\"locate\"") || strstr(json, "\"acknowledge\"")) {
        m->people[person].prepared = true;
        m->people[person].declined = false;
    } else if (strstr(json, "\"take_part\"")) {
        m->people[person].choice = mode_parse(bytes_of(strstr(json, "full")     ? "full"
                                                       : strstr(json, "listen") ? "listen"
                                                       : strstr(json, "watch")  ? "watch"
                                                                                : "audio"));
        m->people[person].sending &= model_sends(m, w->now_us, person);
    } else if (strstr(json, "\"enable\"")) {
        m->people[about].enabled = (enable_mask)(sources | (strstr(json, "\"chat\":true") ? ENABLE_CHAT : 0) |
                                                 (strstr(json, "\"others\":true") ? ENABLE_OTHERS : 0));
        m->people[about].sending &= model_sends(m, w->now_us, about);
    } else if (strstr(json, "\"decline\"")) {
        model_out(m, person);
        m->people[person].declined = true;
    } else if (strstr(json, "\"everyone\"")) {
        for (int i = 0; i < WORLD_PEOPLE; i++)
            if (cast[i].role == ROLE_LOVED_ONE && cast[person].role != ROLE_LOVED_ONE)
                step_out(m, person, i);
    } else if (strstr(json, "\"step_out\"")) {
        step_out(m, person, about);
    } else if (strstr(json, "\"remove\"")) {
        m->people[about].removed = true;
        model_out(m, about);
        model_segment_over(m, about);
    } else if (strstr(json, "\"mute\"")) {
        m->people[about].muted = sources;
    } else if (strstr(json, "\"extend\"")) {
        m->closes += (usec_t)atoi(strstr(json, "\"minutes\":") + 10) * 60 * USEC_PER_SEC;
    } else if (strstr(json, "\"end\"")) {
        m->over = true;
    } else if (strstr(json, "\"leave\"")) {
        model_gone(m, w->now_us, person);
        m->people[person].resumable_until = 0;
    }
}

enum reply world_request(struct world *w, int person, const char *format, ...)
{
    struct actor *actor = &w->actors[person];
    if (!actor->client)
        return REPLY_NONE;
    static char json[32768];
    w->request++;
    int head = snprintf(json, sizeof json, "{\"id\":%u,", w->request);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(json + head, sizeof json - (size_t)head - 2, format, arguments) + head;
    va_end(arguments);
    json[len++] = '}';
    json[len] = '\0';
    if (w->verbose)
        printf("  %.3f %s: %.120s\n", (double)w->now_us / 1e6, world_id(person), json);

    model_at(&w->model, w->now_us);
    client_id client = actor->client;
    w->reply = REPLY_NONE;
    broker_text(w->broker, now_of(w), client, (struct bytes){ (uint8_t *)json, (size_t)len }, w->outbox);
    enum reply outcome = outcome_in_outbox(w, client);
    if (outcome == REPLY_DONE)
        tell_model(w, person, json);
    w->admit_text = strstr(json, "\"admit\"") ? json : NULL;
    drain(w);
    w->admit_text = NULL;
    write_ledger(w);
    if (w->closed[client]) {
        broker_gone(w->broker, now_of(w), client, w->outbox);
        drain(w);
    }
    return outcome != REPLY_NONE ? outcome : w->reply;
}

void world_garbage_text(struct world *w, int person)
{
    static const char *const kinds[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"type\":1}",
        "{\"type\":\"admit\"}",
        "{\"type\":\"open_all_gates\",\"id\":1}",
        "{\"type\":\"end\",\"type\":\"end\"}",
        "{\"type\":\"agree\",\"participant\":\"l-1\",\"yes\":\"true\"}",
        "{\"type\":\"admit\",\"participant\":\"l-1\",\"minutes\":99999999999}",
        "{\"type\":\"media\",\"mic\":true}",
        "\xff\xfe",
        "{\"type\":\"step_out\"}",
        "{\"type\":\"offer\",\"sdp\":\"v=0\"}",
    };
    const char *text = kinds[chance_below(&w->chance, sizeof kinds / sizeof *kinds)];
    if (!w->actors[person].client)
        return;
    model_at(&w->model, w->now_us);
    broker_text(w->broker, now_of(w), w->actors[person].client, bytes_of(text), w->outbox);
    drain(w);
}

void world_garbage_datagram(struct world *w, int person)
{
    uint8_t noise[300];
    size_t len = chance_below(&w->chance, sizeof noise);
    chance_fill(&w->chance, noise, len);
    static const uint8_t leads[] = { 0, 1, 20, 22, 23, 128, 144, 255 };
    if (len > 1) {
        noise[0] = leads[chance_below(&w->chance, sizeof leads)];
        noise[1] = chance_in(&w->chance, 500) ? 200 : 111;
    }
    struct address from = address_of(person);
    network_send(w->network, w->now_us, TO_BROKER, &from, (struct bytes){ noise, len }, 0);
}

void world_set_wall_clock(struct world *w, int64_t offset_us)
{
    w->wall_offset_us = offset_us;
}

void world_silence(struct world *w, int person)
{
    peer_set_checking(w->actors[person].peer, false);
}

const char *world_seat(const struct world *w, int person)
{
    return w->actors[person].seat;
}

uint64_t world_heard(struct world *w, int to, int from)
{
    uint64_t heard = w->actors[to].heard[from];
    w->actors[to].heard[from] = 0;
    return heard;
}

/* ---- Time ---- */

static void deliver(struct world *w, struct flight *flight)
{
    if (flight->to == TO_BROKER) {
        model_at(&w->model, w->now_us);
        broker_datagram(w->broker, now_of(w), &flight->from, flight->data, flight->len, w->outbox);
        drain(w);
        write_ledger(w);
    } else if (w->actors[flight->to].peer) {
        w->stamp = flight->stamp;
        w->receiving = flight->to;
        now_of(w);
        peer_datagram(w->actors[flight->to].peer, now_of(w), (struct bytes){ flight->data, flight->len });
    }
}

static void tick(struct world *w, bool talking)
{
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        struct actor *actor = &w->actors[i];
        if (actor->peer && peer_deadline(actor->peer, now_of(w)) <= w->now_us)
            peer_tick(actor->peer, now_of(w));
        if (talking)
            speak_all(w, i);
    }
    write_ledger(w);
    if (broker_deadline(w->broker) <= w->now_us) {
        model_at(&w->model, w->now_us);
        broker_tick(w->broker, now_of(w), w->outbox);
        drain(w);
        write_ledger(w);
        if (broker_deadline(w->broker) <= w->now_us)
            world_violation(w, "a tick leaves a deadline in the past: the shard would spin");
    }
}

static usec_t next_event(struct world *w, usec_t end, bool talking)
{
    usec_t next = sooner(end, sooner(network_deadline(w->network), broker_deadline(w->broker)));
    if (w->pending_count > 0)
        next = sooner(next, w->pending[0].at);
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        const struct actor *actor = &w->actors[i];
        if (!actor->peer)
            continue;
        next = sooner(next, peer_deadline(actor->peer, now_of(w)));
        if (talking && peer_is_ready(actor->peer))
            next = sooner(next, sooner(actor->next_audio, actor->next_video));
    }
    return next;
}

void world_run(struct world *w, usec_t span_us, bool talking)
{
    usec_t end = w->now_us + span_us;
    while (w->now_us < end) {
        usec_t next = next_event(w, end, talking);
        /* A deadline in the past moves time by a little all the same, so that nothing can hold the world still. */
        w->now_us = next > w->now_us ? next : w->now_us + 100;
        tick(w, talking);
        struct flight flight;
        while (network_next(w->network, w->now_us, &flight))
            deliver(w, &flight);
    }
    w->counts.steps++;
}

/* ---- Making a world ---- */

static void plan_grant(struct world *w, struct plan *plan, int person, enum mode mode, usec_t from, usec_t until)
{
    struct grant *grant = &plan->grants[plan->grant_count++];
    struct model_person *p = &w->model.people[person];
    *grant = (struct grant){
        .epoch = 1,
        .client = plan->client,
        .granted_by = GRANTED_BY_PATIENT,
        .kinds = term_bit((int)plan->kind),
        .modes = term_bit((int)mode),
        .chat = true,
        .topics = p->topics ? p->topics : term_bit(TOPIC_GENERAL_PROGRESS) | term_bit(TOPIC_AFTERCARE),
        .purpose = "FAMRQT",
        .not_before = EPOCH_UNIX_S + (int64_t)(from / USEC_PER_SEC),
        .expires = EPOCH_UNIX_S + (int64_t)(until / USEC_PER_SEC),
        .client_absent_ok = p->absent_ok,
        .notice_version = "n1",
        .evidence = "e1",
        .status = GRANT_ACTIVE,
    };
    snprintf(grant->id.text, sizeof grant->id.text, "g-%d", person);
    id_parse(bytes_of(world_id(person)), &grant->person);
    w->grants[person] = *grant;
    p->mode = mode;
    p->topics = grant->topics;
    p->epoch = 1;
    p->grant_from = from;
    p->grant_until = until;
}

static usec_t seconds(struct chance *chance, unsigned least, unsigned most)
{
    return (least + chance_below(chance, most - least)) * USEC_PER_SEC;
}

static void plan_people(struct world *w, struct plan *plan, enum session_kind kind)
{
    *plan =
        (struct plan){ .kind = kind, .people_count = WORLD_PEOPLE, .guidance_version = "g1", .notice_version = "n1" };
    w->model.kind = kind;
    id_parse(bytes_of("s-1"), &plan->session);
    id_parse(bytes_of(world_id(WORLD_CLIENT)), &plan->client);
    plan->opens_at = EPOCH_UNIX_S + (int64_t)(w->model.opens / USEC_PER_SEC);
    plan->closes_at = EPOCH_UNIX_S + (int64_t)(w->model.closes / USEC_PER_SEC);
    plan->step_count = 2;
    plan->agenda[0] = (struct plan_step){ "Progress", 3 };
    plan->agenda[1] = (struct plan_step){ "Questions", 5 };
    w->model.count = WORLD_PEOPLE;
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        enum role role = cast[i].role;
        w->model.people[i] =
            (struct model_person){ .role = role, .prepared = role != ROLE_LOVED_ONE && role != ROLE_CLIENT };
        plan->people[i].role = role;
        id_parse(bytes_of(world_id(i)), &plan->people[i].participation);
        plan->people[i].person = plan->people[i].participation;
        snprintf(plan->people[i].name, sizeof plan->people[i].name, "Person %d", i);
    }
}

static void plan_by_chance(struct world *w, struct plan *plan)
{
    struct chance *chance = &w->chance;
    w->model.opens = w->now_us + seconds(chance, 0, 30);
    w->model.closes = w->model.opens + seconds(chance, 200, 3000);
    enum session_kind kind =
        chance_in(chance, 500) ? KIND_INDIVIDUAL : (enum session_kind)(1 + chance_below(chance, 6));
    plan_people(w, plan, kind);
    for (int i = WORLD_LOVED_1; i <= WORLD_LOVED_2; i++) {
        w->model.people[i].absent_ok = chance_in(chance, 300);
        if (chance_in(chance, 200))
            w->model.people[i].topics = term_bit(TOPIC_EDUCATION);
    }
    plan_grant(w, plan, WORLD_LOVED_1, chance_in(chance, 700) ? MODE_FULL : (enum mode)(1 + chance_below(chance, 4)), 0,
               w->now_us + seconds(chance, 30, 4000));
    if (chance_in(chance, 800))
        plan_grant(w, plan, WORLD_LOVED_2, (enum mode)(1 + chance_below(chance, 4)),
                   w->now_us + seconds(chance, 0, 200), w->now_us + seconds(chance, 200, 2000));
}

void world_plan_simple(struct world *w, enum session_kind kind, unsigned grant_s)
{
    struct plan plan;
    w->model.opens = w->now_us;
    w->model.closes = w->now_us + (kind == KIND_CHECK_IN ? 15 : 50) * 60 * USEC_PER_SEC;
    plan_people(w, &plan, kind);
    plan_grant(w, &plan, WORLD_LOVED_1, MODE_FULL, 0, w->now_us + grant_s * USEC_PER_SEC);
    plan_grant(w, &plan, WORLD_LOVED_2, MODE_FULL, 0, w->now_us + grant_s * USEC_PER_SEC);
    if (broker_plan(w->broker, &plan) != OK)
        abort();
}

struct world *world_create(uint64_t seed, bool verbose)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->seed = seed;
    w->verbose = verbose;
    w->chance.state = seed;
    w->now_us = 100 * USEC_PER_SEC;
    w->network = network_create(chance_next(&w->chance));
    struct address candidate = { .family = ADDRESS_IPV4, .port = 40000, .ip = { 10, 0, 0, 100 } };
    struct broker_config config = {
        .entropy = { chance_fill, &w->chance },
        .candidates = &candidate,
        .candidate_count = 1,
        .rooms_max = 4,
        .clients_max = 64,
    };
    struct plan plan;
    plan_by_chance(w, &plan);
    virtual_us = w->now_us;
    if (intervals_create(&w->intervals) != OK || srtp_start() != OK ||
        dtls_identity_create(&w->identity, EPOCH_UNIX_S) != OK)
        abort();
    config.identity = w->identity;
    if (outbox_create(&w->outbox, 1 << 20, 4096) != OK || broker_create(&w->broker, &config) != OK ||
        broker_plan(w->broker, &plan) != OK)
        abort();
    return w;
}

void world_destroy(struct world *w)
{
    for (int i = 0; i < WORLD_PEOPLE; i++)
        peer_destroy(w->actors[i].peer);
    broker_destroy(w->broker);
    intervals_destroy(w->intervals);
    dtls_identity_destroy(w->identity);
    outbox_destroy(w->outbox);
    network_destroy(w->network);
    free(w);
}

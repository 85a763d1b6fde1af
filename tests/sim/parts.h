/* parts.h - the inside of a world, shared by its four files: world.c (people, time), fake.c (what browsers send and
 * hear), oracle.c (what may leave the broker) and disk.c (the ledger's side). */
#pragma once

#include "ledger/intervals.h"
#include "ledger/record.h"
#include "media/twcc.h"
#include "room/broker.h"
#include "sim/world.h"
#include "support/peer.h"

enum { CLIENTS_MAX = 4096, SLOT_SECTIONS = 14 };
#define EPOCH_UNIX_S 1790000000

/* What they sent lately, for those who lost it. */
enum { KEPT = 32, KEPT_BYTES = 64, STREAMS = 32 };
struct kept {
    uint16_t seq;
    uint32_t time;
    size_t len;
    uint8_t payload[KEPT_BYTES];
};

/* One person's page: the connection that lives, the peer connection, what it was told. */
struct actor {
    client_id client;
    bool broken;     /* its socket is gone; what is said here waits until they resume, or are lost */
    char link[40];   /* how the answer calls their media; empty: there is none */
    bool cut;        /* nothing comes through from them, nor to them */
    unsigned path;   /* which of their addresses they send from */
    unsigned lines;  /* of chat, and alerts */
    unsigned device; /* on which they open their link */
    struct peer *peer;
    bool negotiated;
    char seat[16];
    uint16_t seq[FLOWS];
    uint32_t time[FLOWS];
    uint16_t picture[FLOWS];
    bool keyframe[FLOWS];
    bool high_forbidden, high_stopped; /* their path takes the low layer alone, as they think */
    unsigned takes_bps;                /* what is beyond, never comes, they say; 0: all comes */
    usec_t taken_until;                /* how far their path is busy with what came */
    unsigned deaf;                     /* of so many packets in a thousand they say that none came */
    uint64_t heard[WORLD_PEOPLE];
    uint64_t flows[WORLD_PEOPLE][FLOWS]; /* the same, flow by flow */
    bool paused[WORLD_PEOPLE];           /* as they were told: that one's camera */
    source_mask gets[WORLD_PEOPLE];      /* as they were told: on their slots */
    int preview_of;                      /* whose slots they are shown; -1: nobody's */
    source_mask preview[WORLD_PEOPLE];   /* and what is on them */
    usec_t next_audio, next_video, next_nack;
    struct twcc twcc; /* of what they were sent */
    usec_t next_twcc;
    struct kept kept[FLOWS][KEPT]; /* at seq % KEPT */
    uint16_t repair_seq;
    struct {
        uint32_t ssrc;
        uint16_t highest;
    } streams[STREAMS]; /* that they were sent */
    size_t stream_count;
};

/* A record on its way to the disk. */
struct pending {
    uint64_t number;
    usec_t at;  /* when the disk has it */
    int person; /* of an OPEN; -1 otherwise */
    bool refused;
    struct record record;
};
enum { PENDING_MAX = 512, REPLIES = 64 };

struct world {
    uint64_t seed;
    bool verbose;
    bool calm; /* nobody's path narrows any more */
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
    enum reply replies[REPLIES]; /* to the latest requests, by their number */
    uint64_t stamp;              /* of the datagram being delivered: oracle.c */
    bool was_in[WORLD_PEOPLE];
    usec_t in_since[WORLD_PEOPLE];
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
    unsigned refusals;                 /* of codes that the ledger was told of since the last code */
    struct world_counts counts;
};

/* world.c */
struct now now_of(struct world *);
enum role world_role(int person);
struct address address_of(const struct world *, int person); /* from which they send now */
int person_at(const struct address *);                       /* -1: nobody */
int person_named(const char *id);
struct id device_id(unsigned device);
/* The model hears what time it is, and whoever ran out of it is gone here, too. */
void pass(struct world *);
/* Their connection and all that hung on it is gone. */
void lose(struct world *, int person);

/* fake.c */
void on_peer_media(void *world, enum packet_kind, struct bytes packet);
void on_peer_send(void *world, const struct address *from, struct bytes data);
/* Everything that is due, on every track, allowed or not. */
void speak_all(struct world *, int person);
void take_answer(struct world *, int person, const char *sdp, const char *link);

/* oracle.c */
/* A packet of `from` arrived at `to`: held against what was allowed when it left the broker. */
void check_delivered(struct world *, int to, int from, source_mask, usec_t published_us);
/* Judges all that is in the outbox, and sends it on its way. */
void drain(struct world *);

/* disk.c */
void take_record(struct world *, struct ledger_note);
/* What the disk has by now; the broker hears of it. */
void write_ledger(struct world *);

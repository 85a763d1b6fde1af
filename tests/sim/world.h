/* world.h - the real core, fake peers on a seeded network, and an oracle at the broker's socket, in virtual time.
 *
 * Every datagram and message that the broker hands out is held against the model before it goes on its way. */
#pragma once

#include "auth/moderation.h"
#include "base/outbox.h"
#include "base/status.h"
#include "base/vitals.h"
#include "sim/chance.h"
#include "sim/model.h"
#include "sim/network.h"

struct world;

enum {
    WORLD_THERAPIST,
    WORLD_COTHERAPIST,
    WORLD_CLIENT,
    WORLD_LOVED_1,
    WORLD_LOVED_2,
    WORLD_INTERPRETER,
    WORLD_PEOPLE
};

/* ended: the reply, or what came instead. */
enum reply { REPLY_NONE, REPLY_DONE, REPLY_ERROR, REPLY_CLOSED };

struct world_counts {
    uint64_t steps, media_sent, media_delivered, leaks, violations, handshakes;
    uint64_t speakers_told; /* that somebody else speaks */
    uint64_t previews;      /* that a therapist was told what somebody gets */
    uint64_t resumed;       /* joins that found their link */
    uint64_t repairs_asked,
        repairs_delivered; /* retransmissions: of publishers to the broker, of the broker to receivers */
};

/* A session with a box and grants drawn from the seed. */
struct world *world_create(uint64_t seed, bool verbose);
/* Before anybody joins: instead, a box of 50 minutes that is open now, and full grants for both loved ones for grant_s
 * seconds. */
void world_plan_simple(struct world *, enum session_kind, unsigned grant_s);
void world_destroy(struct world *);
struct world_counts world_counts(const struct world *);
struct chance *world_chance(struct world *);
struct model *world_model(struct world *);
struct network *world_network(struct world *);
usec_t world_now_us(const struct world *);

/* Everybody has two devices, 1 and 2; on both, and on other people's, a link of theirs may be opened. 0 is none: a
 * token that is bound to no device, as therapists have it. */
unsigned world_device(int person, unsigned nth);
/* On which device they join from now on: at first on their own first one, therapists on none. */
void world_use(struct world *, int person, unsigned device);
/* A connection of this person with a true token; true when it was welcomed. */
bool world_join(struct world *, int person, bool move);
/* What came of a code that was asked for with their link. */
void world_code(struct world *, int person, enum code_state);
/* Their socket closes without a word. */
void world_drop(struct world *, int person);
/* Their socket breaks, silent for so long by now; what they send on goes on. */
void world_break(struct world *, int person, usec_t silent_us);
/* They join with the link that they have; true when they were welcomed. The world looks whether they found it. */
bool world_resume(struct world *, int person);
/* New ICE credentials on both sides. */
void world_restart_ice(struct world *, int person);
/* They send from another address: they know, and ask for the path, or they don't, as behind a NAT. */
void world_change_path(struct world *, int person, bool unnoticed);
/* No datagram passes between them and the broker any more, until they join anew. */
void world_cut(struct world *, int person);
/* Of chat, and alerts, that they were told so far. */
unsigned world_lines(const struct world *, int person);
/* What they do before they wait: read and acknowledge, or say where they are. */
void world_prepare(struct world *, int person);
/* The clinic's systems end the grant of this loved one. */
void world_revoke(struct world *, int person);
/* They grant it anew. */
void world_regrant(struct world *, int person);
/* How long the ledger takes at most for a record, and how many OPEN records per thousand it refuses. 0, 0 at first. */
void world_set_ledger(struct world *, usec_t delay_us, unsigned refuses);
bool world_ledger_refuses(const struct world *);
/* A new peer connection: offer, answer, checks. */
void world_negotiate(struct world *, int person);
bool world_connected(const struct world *, int person);
/* Sends one request and yields its reply; json is formatted. */
enum reply world_request(struct world *, int person, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Their browser no longer answers for its path, though its socket is open. */
void world_silence(struct world *, int person);
/* What became of the latest request, which may be answered long after it was sent. */
enum reply world_last_reply(const struct world *);
/* The number of the latest request; what became of one of the last few. */
uint32_t world_request_number(const struct world *);
enum reply world_reply_to(const struct world *, uint32_t request);
/* The clinic orders something from outside. */
enum status world_moderate(struct world *, enum moderation_act, int person);
/* This loved one reads both texts elsewhere. */
void world_acknowledge_elsewhere(struct world *, int person);
/* What the broker tells of how it is doing. */
void world_vitals(struct world *, struct vitals *);
/* Bytes that nobody should send. */
void world_garbage_text(struct world *, int person);
void world_garbage_datagram(struct world *, int person);
/* Time passes: datagrams arrive, ticks run. talking: every ready peer sends on all it has, whatever its seat. */
void world_run(struct world *, usec_t span_us, bool talking);
/* The broker's wall clock jumps, the monotonic one does not. */
void world_set_wall_clock(struct world *, int64_t offset_us);
/* Where the broker says they sit: "waiting". */
const char *world_seat(const struct world *, int person);
/* From now on paths are good: nobody stops a layer, or misses what came. */
void world_calm(struct world *);
/* What each publishes: a microphone, a camera in two simulcast layers, and a screen. */
enum flow { FLOW_MIC, FLOW_CAMERA_LOW, FLOW_CAMERA_HIGH, FLOW_SCREEN, FLOWS };
/* Their path takes the camera's low layer alone, as they think, or both. */
void world_stop_high(struct world *, int person, bool stopped);
/* Their path takes no more than this: of what is beyond they say that it never came. 0: it takes all. */
void world_narrow(struct world *, int person, unsigned bps);
/* How many packets of this flow reached `to` since the last call. */
uint64_t world_flow(struct world *, int to, int from, enum flow);
/* Whether `to` was told that there is no bandwidth for the other's camera. */
bool world_paused(const struct world *, int to, int from);
/* How many packets of `from` reached `to` since the last call. */
uint64_t world_heard(struct world *, int to, int from);
/* A finding: counted, printed with the seed. */
void world_violation(struct world *, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *world_id(int person);

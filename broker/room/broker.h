/* broker.h - the whole core of one shard behind a few calls: rooms, people, their transports and their media.
 *
 * Pure: no socket, clock, thread or random call of its own. Time and bytes go in; datagrams, messages and closings come
 * out in the outbox. One thread calls it. After a call returns, what the room decided holds: a gate that it shut lets
 * nothing more into the outbox. */
#pragma once

#include "auth/attendance.h"
#include "auth/moderation.h"
#include "auth/token.h"
#include "auth/turn.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/outbox.h"
#include "auth/plan.h"
#include "signaling/request.h"

struct broker;
struct dtls_identity;

struct broker_config {
    struct entropy entropy;
    const struct log *log;                /* may be NULL */
    const struct dtls_identity *identity; /* outlives the broker */
    const struct address *candidates;     /* where peers reach this shard; copied */
    size_t candidate_count;
    struct codec_choice video_codecs; /* which are taken, the dearest first */
    const struct turn_service *turn;  /* outlives the broker; NULL: there is none */
    size_t rooms_max, clients_max;    /* rooms: sessions that are not past */
};

enum status broker_create(struct broker **, const struct broker_config *);
void broker_destroy(struct broker *);

/* A session that this shard will run; copied. The same id again replaces the plan of a room nobody is in: ERR_STATE
 * otherwise, and when somebody who was removed is left out. Who was removed stays so, and so do their devices.
 * ERR_FULL: as many sessions are here as may be, and none of them is past: ended, or its box over, and nobody there. */
enum status broker_plan(struct broker *, const struct plan *);
/* Whose room the latest broker_plan left nowhere: the past session's that gave its place, or the very one's that was
 * refused and had none. Empty: nobody's. Until the next one. */
const struct id *broker_roomless(const struct broker *);

/* Somebody whose token was verified, and their device if it names one: `claims` are true, whether they may enter is
 * decided here. */
struct joining {
    struct claims claims;
    uint32_t request; /* to answer */
    bool move;
    struct id resume; /* the link that they say is still theirs; empty: none */
};
/* A live connection gives way to one from the same device, and to any other only with `move`. The device that somebody
 * was on brings them back where they were; any other, or none, to the waiting room. Who names the link that they have
 * keeps it, and nothing happens to them at all. */
enum status broker_join(struct broker *, struct now, client_id, const struct joining *, struct outbox *);
/* One message of a client that has joined. */
enum status broker_text(struct broker *, struct now, client_id, struct bytes text, struct outbox *);
/* The client's socket is gone, and it was meant: they closed it, or we did. */
enum status broker_gone(struct broker *, struct now, client_id, struct outbox *);
/* It broke, and was last heard at `heard` (mono_us). As long as their media lives on they may come back to it for a
 * moment (participant.h); else the same as broker_gone. */
enum status broker_lost(struct broker *, struct now, client_id, usec_t heard, struct outbox *);
/* One datagram; decrypted in place, so the buffer is the core's until it returns. */
enum status broker_datagram(struct broker *, struct now, const struct address *peer, uint8_t *data, size_t len,
                            struct outbox *);
/* The ledger's answers. Records leave in the outbox, numbered from 1 in rising order; an admission opens its gates only
 * once its record is durable. `durable`: every record up to this number that was not refused is safely stored.
 * `refused`: this OPEN record could not be stored and never will be; whoever waits for it is not let in. */
void broker_durable(struct broker *, struct now, uint64_t number, struct outbox *);
void broker_refused(struct broker *, struct now, uint64_t number, struct outbox *);
/* A grant that is new or changed takes effect at once: when this returns, whatever it no longer allows is shut. */
void broker_grant(struct broker *, struct now, const struct grant *, struct outbox *);
/* What came of a code that this participation's link asked for: therapists see it, and are told of one that failed. */
void broker_code(struct broker *, struct now, const struct id *session, const struct id *participation, enum code_state,
                 struct outbox *);
/* Somebody has acknowledged both texts, here or on another shard: so it holds in every room that asks for the same. */
void broker_acknowledged(struct broker *, struct now, const struct acknowledgement *, struct outbox *);
/* The clinic's order: when this returns, its gates are shut. ERR_UNKNOWN: no such session or participation; ERR_STATE:
 * nothing to do for this seat, or a session that has no lobby yet or is over already; ERR_MALFORMED: an act or reason
 * that is none. */
enum status broker_moderate(struct broker *, struct now, const struct moderation *, struct outbox *);
/* What each receiver is sent of pictures, in percent of what they would be (100 at first): a shard that has no time for
 * all of them says so, and the dearest layers and least important faces go, to the last. Sound is never shed. Receivers
 * are told of each picture that pauses; it takes effect within EGRESS_CHOOSE_US. */
void broker_set_picture_share(struct broker *, unsigned percent);
/* phase is empty for a session that is not here. */
void broker_attendance(struct broker *, struct now, const struct id *session, struct attendance *);
/* Everything that is due. */
void broker_tick(struct broker *, struct now, struct outbox *);

/* When broker_tick wants to be called, in mono_us; NEVER when nothing is pending. */
usec_t broker_deadline(const struct broker *);

struct broker_counts {
    uint64_t rooms_live, clients, packets_in, packets_out, packets_refused, texts_refused;
};
struct broker_counts broker_counts(const struct broker *);

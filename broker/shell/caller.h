/* caller.h - one WebSocket connection as values: what it has said so far, what it is owed, how it will be closed.
 *
 * Owned by the front, on its thread. No socket in here: the front feeds it fragments and writes what it owes. */
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "shell/letter.h"

enum caller_stage {
    CALLER_FREE = 0,
    CALLER_NEW,    /* connected, not joined */
    CALLER_JOINED, /* a shard knows of it, and is owed a LETTER_GONE */
};

enum {
    CALLER_OWED_MAX = 256 << 10, /* bytes; who reads slower is closed */
    CALLER_RATE_PER_S = 20,
    CALLER_BURST = 60,
    CALLER_PRICED_BYTES = 4096, /* a message counts as one, and as one more for each of these that it has */
    CALLER_REASON_MAX = 32,
    CALLER_NONCE_BYTES = 16, /* never guessed, and never the same twice */
};
/* A refused join is answered this long after it came. The front refuses a bad token in a fraction of a millisecond, and
 * what only a shard can refuse takes longer, so that the time would tell whether a link was ever good: DOMAIN.md,
 * invariant 13. Far more than a shard's turn takes, and less than a person notices. */
#define CALLER_REFUSED_AFTER_US (250 * USEC_PER_MSEC)

struct caller {
    client_id id;
    enum caller_stage stage;
    size_t shard; /* when joined */
    /* A proof of a device's key is good on this socket only if it holds this, and for as long as the socket is up. */
    char nonce[2 * CALLER_NONCE_BYTES + 1];
    /* the message that is being put together */
    struct note *partial;
    size_t partial_cap;
    /* what is owed, in order */
    struct note *first, *last;
    size_t owed;
    usec_t join_came;    /* the latest */
    usec_t silent_until; /* what is owed is not written before: a refused join's moment */
    usec_t paid_until;   /* messages cost time; how far ahead of the clock this caller is */
    bool closing;        /* hears nothing more; what it is owed is written, then it is closed */
    uint16_t close_code;
    char close_reason[CALLER_REASON_MAX + 1];
};

void caller_init(struct caller *, client_id);
void caller_deinit(struct caller *);

/* Makes the nonce, and owes the `hello` that tells it. ERR_NO_MEMORY. */
enum status caller_greet(struct caller *, const struct entropy *);

/* One piece of a message, in order. OK: *message is the whole of it, the caller's to keep, or NULL while more must
 * come. ERR_FULL: over REQUEST_TEXT_MAX. ERR_FORBIDDEN: too many messages. ERR_UNSUPPORTED: not text. ERR_NO_MEMORY. */
enum status caller_hear(struct caller *, usec_t mono_us, struct bytes piece, bool binary, bool last,
                        struct note **message);

/* A join came: judged at once, and either let in or refused. */
void caller_asks_in(struct caller *, usec_t mono_us);
/* That join is refused: nothing is written until CALLER_REFUSED_AFTER_US after it came, however early that is known. */
void caller_refuse_in(struct caller *);
/* How long nothing may be written yet; 0: it may. */
usec_t caller_silence(const struct caller *, usec_t mono_us);

/* Takes the note. ERR_FULL: too much is owed already, and the caller should be cut off. */
enum status caller_owe(struct caller *, struct note *);
/* An `error` message with the code's own words. */
enum status caller_owe_error(struct caller *, uint32_t request, const char *code);
/* The next thing to write, now the caller's to destroy; NULL when nothing is owed. */
struct note *caller_take(struct caller *);

/* Hears nothing more from now on. The first reason stays. */
void caller_close(struct caller *, uint16_t code, const char *reason);
/* The close code that goes with a reason: PROTOCOL.md, "Refusals". */
uint16_t caller_close_code(const char *reason);

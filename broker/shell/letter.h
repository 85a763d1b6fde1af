/* letter.h - what travels between the front, a shard and the scribe: a fixed-size letter that may own a note, which is
 * one text.
 *
 * A note is allocated once and handed on, from the socket to the core or from the core to the socket; its headroom is
 * where the WebSocket frame header goes, so that nothing is copied on the way. */
#pragma once

#include "base/outbox.h"
#include "ledger/record.h"
#include "room/broker.h"

enum { NOTE_HEADROOM = 16 };

struct note {
    struct note *next; /* for the list of whoever holds it */
    size_t len;
    uint8_t data[]; /* NOTE_HEADROOM bytes, then len bytes of text */
};

struct note *note_create(struct bytes text); /* copies; NULL without memory */
void note_destroy(struct note *);            /* wiped first: it may hold a token or a password; NULL is fine */
static inline uint8_t *note_text(struct note *note)
{
    return note->data + NOTE_HEADROOM;
}

enum letter_kind {
    LETTER_NONE = 0,
    /* to a shard */
    LETTER_JOIN, /* joining */
    LETTER_TEXT, /* note: one message of the client */
    LETTER_GONE, /* the socket is gone, and it was meant */
    LETTER_LOST, /* it broke; number: the mono_us at which it was last heard */
    /* to the front */
    LETTER_REFUSED, /* the join came to nothing: it may be tried again, in time */
    LETTER_SAY,     /* note: JSON to write */
    LETTER_CLOSE,   /* note: the reason */
    /* from a shard to the scribe */
    LETTER_RECORD, /* note: the canonical record; number, record, interval, unix_us */
    /* and back */
    LETTER_DURABLE,    /* number: this and all before it are stored, but those refused */
    LETTER_UNRECORDED, /* number of an OPEN that was not stored and never will be */
    /* from the front to the clerk, and back */
    LETTER_CALL,   /* client: of the request; note: as call.h packs it */
    LETTER_ANSWER, /* the same client; note: as call.h packs it */
    /* from the clerk to a shard, each the bytes of a struct in a note; a number asks for LETTER_DONE */
    LETTER_GRANT,
    LETTER_PLAN, /* as plan_pack has it */
    LETTER_MODERATION,
    LETTER_QUESTION, /* a struct id: whose attendance? */
    LETTER_CODE,     /* struct code_news */
    LETTER_ACKNOWLEDGED,
    /* and back, by way of the scribe */
    LETTER_DONE,   /* number; outcome; note: the struct attendance that was asked for; of a plan, broker_roomless */
    LETTER_VITALS, /* by itself, about once a second; note: the first bytes of a struct vitals */
    /* from the clerk to the courier */
    LETTER_DELIVERY, /* struct delivery */
    LETTER_EVENT,    /* number: of a ledger row; note: the webhook's body */
    LETTER_REFRESH,  /* the JWKS, please */
    /* and back */
    LETTER_EVENT_SENT, /* number */
    LETTER_KEYS,       /* note: the JWKS */
};

struct letter {
    enum letter_kind kind;
    client_id client;
    struct note *note; /* owned; may be NULL */
    struct joining joining;
    uint64_t number; /* of a record, in its shard */
    enum record_kind record;
    struct id interval; /* the record's */
    int64_t unix_us;    /* the record's */
    enum status outcome;
};

struct bytes letter_text(const struct letter *); /* borrowed; empty without a note */
void letter_wipe(struct letter *);               /* frees the note */

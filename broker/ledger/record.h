/* record.h - one thing that happened and must be provable: who was let in, when, on which grant, and when it ended.
 *
 * Opaque ids, times, modes and versions only: never a name, a chat line or content (domain invariant 14; 45 CFR
 * 164.312(b)). */
#pragma once

#include "auth/consent.h"
#include "base/status.h"
#include "base/terms.h"

enum record_kind {
    RECORD_OPEN = 1,     /* a disclosure interval begins: durable before the first packet */
    RECORD_CLOSE,        /* it ended; reason says why */
    RECORD_REFUSED,      /* an admission was asked for and not allowed; reason is the verdict's code */
    RECORD_ACKNOWLEDGED, /* guidance and notice, with their versions; reason is the kind of session */
    RECORD_AGREED,       /* the client's yes (reason "yes") or no ("no") to a segment */
    RECORD_REMOVED,      /* denied for this session, for good */
    RECORD_REVOKED,      /* a grant ended at once */
    RECORD_SESSION,   /* reason: opened, paused, resumed, extended; ended (by a therapist or the clinic), cancelled (the
                       * same, before it began), closed (the box was over); client_missing */
    RECORD_HEARTBEAT, /* never in the chain: how far a crash may have cut an open interval */
};

enum { REASON_MAX = 40, VERSION_MAX = 40 };

struct record {
    enum record_kind kind;
    int64_t unix_us; /* when, by the room's clock */
    struct id session;
    struct id participation; /* whom it is about; empty text: nobody */
    struct id person, client;
    struct id by; /* the participation that caused it; empty: the clock, a lost link, or the clinic's systems */
    struct id grant;
    uint32_t grant_epoch;
    struct id interval; /* names one OPEN and its CLOSE */
    struct id device;   /* of a REMOVED: what is denied with the participation; empty when it came without one */
    enum mode mode;     /* 0 none */
    char reason[REASON_MAX + 1];
    char guidance_version[VERSION_MAX + 1], notice_version[VERSION_MAX + 1];
    bool recovered; /* a CLOSE that recovery wrote */
};

const char *record_kind_name(enum record_kind);
enum record_kind record_kind_parse(struct bytes);

/* The canonical form: one JSON object with a fixed order of keys, absent fields left out, no space. It is what is
 * hashed, stored and exported, so the three can't differ.
 *
 *   {"kind":"open","at":1767225600000000,"session":"s1","participation":"p3","person":"n5","client":"c2","by":"p1",
 *    "grant":"g7","interval":"i9","device":"d4","epoch":2,"mode":"audio","reason":"...","guidance":"3","notice":"2",
 *    "recovered":true}
 *
 * ERR_FULL when the writer has no room for it (RECORD_TEXT_MAX + 1 is always enough); ERR_MALFORMED for an unknown kind
 * or mode, a time outside of 0..RECORD_UNIX_US_MAX, an id that is none, or a reason or version that is not one word of
 * printable ASCII without quote and backslash. The writer is left as it was then. */
enum { RECORD_TEXT_MAX = 1024 };
/* The last microsecond of the year 9999: ISO 8601 ends there. */
#define RECORD_UNIX_US_MAX INT64_C(253402300799999999)
enum status record_write(struct writer *, const struct record *);
/* Strict: only what record_write can have written. */
enum status record_parse(struct bytes text, struct record *);

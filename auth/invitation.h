/* invitation.h - what a link is good for: from its token, by a one-time code, to a device that is bound to it.
 *
 * Whoever holds a link holds a random token, and nothing else: the store knows its hash. The first step sends a code to
 * the contact that the clinic registered; the code, typed on a device, binds that device's key (device_proof.h). From
 * then on the device comes in without a code, and any other needs one of its own. A link that is unknown, over, revoked
 * or used up, and a code that is wrong, are all the same `no`. Pure: values in, values out; the store keeps them. */
#pragma once

#include "base/bytes.h"
#include "base/entropy.h"
#include "base/status.h"
#include "base/terms.h"

enum {
    SECRET_HASH_LEN = 32,
    INVITATION_TOKEN_CHARS = 43, /* 256 bits in base64url */
    CODE_DIGITS = 6,
    CODE_LIFE_S = 600,
    CODE_AGAIN_S = 30,      /* within it, asking again sends none: the last is still on its way */
    CODE_TRIES_MAX = 5,     /* for one code */
    CODES_PER_HOUR = 6,     /* sent */
    CODE_FAILURES_MAX = 20, /* in the life of an invitation; then it binds no device more */
    INVITATION_DEVICES = 4,
    CONTACT_MAX = 127,
};

/* What a therapist sees beside the person; the last thing that happened. */
enum code_state {
    CODE_NONE = 0, /* no invitation was opened: none needed, or nobody came */
    CODE_SENT,
    CODE_FAILED, /* perhaps somebody else with the link */
    CODE_PASSED,
};
const char *code_state_name(enum code_state); /* "none", "sent", "failed", "passed" */

struct invitation {
    struct id id, session, participation;
    uint8_t token[SECRET_HASH_LEN];
    int64_t not_before, expires; /* Unix seconds: the link's window; no leeway at its end */
    bool revoked;
    char contact[CONTACT_MAX + 1]; /* "mailto:sam@example.org", "tel:+15550100"; empty: the clinic's system knows */
    uint8_t
        code[SECRET_HASH_LEN]; /* of the last code with the token, so that the store alone can't be searched for it */
    int64_t code_sent, code_until; /* Unix seconds; code_until 0: none is good */
    uint32_t code_tries;           /* wrong ones of this code */
    int64_t hour_from;             /* of the hour in which `codes` were sent */
    uint32_t codes, failures;
    struct id devices[INVITATION_DEVICES];
    size_t device_count;
};

/* A fresh token (NUL-terminated) and its hash. */
enum status invitation_token(struct entropy *, char token[INVITATION_TOKEN_CHARS + 1], uint8_t hash[SECRET_HASH_LEN]);
/* Of a token as it came; ERR_MALFORMED when it can't be one. */
enum status invitation_hash(struct bytes token, uint8_t hash[SECRET_HASH_LEN]);

enum invitation_step {
    INVITATION_NO = 0,     /* alike for every reason */
    INVITATION_NEEDS_CODE, /* no new one: the last is still on its way, or good while the hour has no more */
    INVITATION_SEND_CODE,  /* send `code`, then the same answer as INVITATION_NEEDS_CODE */
    INVITATION_OPEN,       /* the device is bound */
};
/* Somebody with the token asks from a device whose key they proved. Changes the invitation only for
 * INVITATION_SEND_CODE, and then `code` is CODE_DIGITS digits. */
enum invitation_step invitation_ask(struct invitation *, struct entropy *, struct bytes token, const struct id *device,
                                    int64_t unix_s, char code[CODE_DIGITS + 1]);
/* The same with a code: INVITATION_OPEN binds the device; INVITATION_NO counts a failure while a device could be bound
 * (the invitation changed: keep it). A device that is bound needs no code: its answer may have been lost on the way.
 * Spaces and hyphens in what people type or paste are passed over. */
enum invitation_step invitation_try(struct invitation *, struct bytes token, struct bytes code, const struct id *device,
                                    int64_t unix_s);

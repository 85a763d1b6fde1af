/* stun.h - STUN messages to structs and back: RFC 8489, with the ICE attributes of RFC 8445 16.1. */
#pragma once

#include "base/address.h"
#include "base/status.h"

enum stun_class { STUN_REQUEST = 0, STUN_INDICATION = 1, STUN_SUCCESS = 2, STUN_ERROR = 3 };
enum { STUN_BINDING = 1, STUN_TRANSACTION_LEN = 12, STUN_MESSAGE_MAX = 1500 /* longer ones are malformed */ };

struct stun_message {
    enum stun_class class_;
    uint16_t method;
    uint8_t transaction[STUN_TRANSACTION_LEN];
    struct bytes username;  /* borrowed; empty when absent */
    struct bytes integrity; /* the 20-byte MESSAGE-INTEGRITY value; empty when absent */
    size_t integrity_at;    /* where that attribute starts, for the check */
    bool fingerprint;       /* present and right; one that is wrong makes the message malformed */
    bool use_candidate;
    bool has_priority;
    uint32_t priority;
    bool controlling, controlled;
    uint64_t tie_breaker;
    uint16_t error;        /* ERROR-CODE, 0 when absent */
    struct address mapped; /* XOR-MAPPED-ADDRESS; ADDRESS_NONE when absent */
    uint16_t unknown[4];   /* comprehension-required attributes that we don't know, for a 420; in an error response also
                              those that its UNKNOWN-ATTRIBUTES lists. The first four */
    size_t unknown_count;
};

/* The whole datagram must be one message. Attributes after MESSAGE-INTEGRITY other than FINGERPRINT are ignored
 * (8489 14.5). */
enum status stun_parse(struct bytes, struct stun_message *);
/* HMAC-SHA1 with the short-term password, in constant time. raw is the datagram that was parsed. */
bool stun_integrity_ok(struct bytes raw, const struct stun_message *, struct bytes pwd);
/* The first half of USERNAME "ours:theirs" of a Binding request, without checking anything else: for routing. Empty
 * when none. */
struct bytes stun_route_ufrag(struct bytes raw);

/* Writes the message with what is set in it (username, mapped, error, unknown, priority, role, use_candidate), then
 * MESSAGE-INTEGRITY with pwd unless that is empty, then FINGERPRINT. ERR_FULL. */
enum status stun_write(const struct stun_message *, struct bytes pwd, uint8_t *at, size_t cap, size_t *len);

/* request.h - what a client may say: strict JSON to a tagged union. PROTOCOL.md describes each in prose.
 *
 * Strict: one object, no duplicate keys, no unknown keys, right types, bounded lengths, valid UTF-8. */
#pragma once

#include "base/status.h"
#include "base/terms.h"

enum request_kind {
    REQUEST_NONE = 0,
    REQUEST_JOIN,
    REQUEST_OFFER,
    REQUEST_MEDIA,
    REQUEST_AGREE,
    REQUEST_ADMIT,
    REQUEST_STEP_OUT,
    REQUEST_REMOVE,
    REQUEST_MUTE,
    REQUEST_EXTEND,
    REQUEST_END,
    REQUEST_LEAVE,
    REQUEST_KINDS,
};

enum { REQUEST_TEXT_MAX = 65536, REQUEST_SDP_MAX = 60000 };

struct request {
    enum request_kind kind;
    uint32_t id; /* chosen by the client, echoed in the reply; 0 when it gave none */
    union {
        struct {
            char *token;
            bool move;
        } join; /* owned */
        struct {
            char *sdp;
        } offer; /* owned */
        struct {
            source_mask sources;
        } media; /* what I send from now on */
        struct {
            struct id participant;
            bool yes;
        } agree;
        struct {
            struct id participant;
            uint32_t minutes;
        } admit; /* 0: as long as allowed */
        struct {
            struct id participant;
            bool everyone;
        } step_out; /* everyone: each loved one */
        struct {
            struct id participant;
        } remove;
        struct {
            struct id participant;
            source_mask sources;
        } mute; /* the sources that may not be sent; 0 lifts */
        struct {
            uint32_t minutes;
        } extend; /* 1 to 60 */
    };
};

/* ERR_MALFORMED (not JSON, not strict), ERR_UNSUPPORTED (a type that is unknown), ERR_FULL (too long). *out needs
 * request_wipe after OK only; after a failure out->id is the id if one could be read. */
enum status request_parse(struct bytes text, struct request *out);
void request_wipe(struct request *); /* frees, and wipes the token */
const char *request_name(enum request_kind);

/* request.h - what a client may say: strict JSON to a tagged union. PROTOCOL.md describes each in prose.
 *
 * Strict: one object, no duplicate keys, no unknown keys, right types, bounded lengths, valid UTF-8. Text from people
 * (chat, address, phone) has no control characters but newline and tab in chat, and is not blank; lengths are in bytes.
 */
#pragma once

#include "base/status.h"
#include "base/terms.h"

enum request_kind {
    REQUEST_NONE = 0,
    REQUEST_JOIN,
    REQUEST_OFFER,
    REQUEST_RESTART_ICE,
    REQUEST_MEDIA,
    REQUEST_RECEIVE,
    REQUEST_AGREE,
    REQUEST_ADMIT,
    REQUEST_STEP_OUT,
    REQUEST_REMOVE,
    REQUEST_MUTE,
    REQUEST_EXTEND,
    REQUEST_ALLOW_EXTENSION,
    REQUEST_END,
    REQUEST_LEAVE,
    REQUEST_ACKNOWLEDGE,
    REQUEST_DECLINE,
    REQUEST_LOCATE,
    REQUEST_TAKE_PART,
    REQUEST_ENABLE,
    REQUEST_CHAT,
    REQUEST_HAND,
    REQUEST_NEXT_STEP,
    REQUEST_REACHED,
    REQUEST_ALERT,
    REQUEST_QUALITY,
    REQUEST_SEEN,
    REQUEST_PREVIEW,
    REQUEST_KINDS,
};

enum { REQUEST_TEXT_MAX = 65536, REQUEST_SDP_MAX = 60000, REQUEST_CHAT_MAX = 2000 };
enum { REQUEST_ICE_MAX = 256 };
enum { REQUEST_SPAN_MAX_MS = 600000 }; /* a minute of ten pictures */
enum { REQUEST_VERSION_MAX = 40, REQUEST_ADDRESS_MAX = 200, REQUEST_PHONE_MIN = 3, REQUEST_PHONE_MAX = 40 };

struct request {
    enum request_kind kind;
    uint32_t id; /* chosen by the client, echoed in the reply; 0 when it gave none */
    union {
        struct {
            char *token;
            char *proof; /* of the device's key (RFC 9449), as it came; NULL without one */
            bool move;
            struct id resume; /* the link that the client still has; empty: none */
        } join;               /* both texts owned */
        struct {
            char *sdp;
        } offer; /* owned */
        struct {
            char ufrag[REQUEST_ICE_MAX + 1], pwd[REQUEST_ICE_MAX + 1];
        } restart_ice; /* the client's new ones; what ICE allows in them is for ICE to say */
        struct {
            source_mask sources;
        } media; /* what I send from now on */
        struct {
            bool video;
        } receive; /* whether I want pictures, besides the sound */
        struct {
            struct id participant;
            bool yes;
        } agree;
        struct {
            struct id participant;
            uint32_t minutes; /* 0: as long as allowed */
            enum mode mode;   /* 0: as much as allowed */
        } admit;
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
        struct {
            bool yes;
        } allow_extension;
        struct {
            char guidance[REQUEST_VERSION_MAX + 1], notice[REQUEST_VERSION_MAX + 1];
        } acknowledge;
        struct {
            char address[REQUEST_ADDRESS_MAX + 1], phone[REQUEST_PHONE_MAX + 1];
        } locate;
        struct {
            enum mode mode;
        } take_part;
        struct {
            struct id participant;
            enable_mask what;
        } enable; /* all that is enabled from now on */
        struct {
            char *text;
            bool to_therapist;
        } chat; /* owned; 1 to REQUEST_CHAT_MAX bytes */
        struct {
            bool up;
        } hand;
        struct {
            bool yes;
        } reached;
        struct {
            uint32_t watched_ms, frozen_ms, heard_ms, concealed_ms; /* a part is never more than its whole */
        } quality;
        struct {
            struct id participant;
        } seen; /* whose alert */
        struct {
            struct id participant;
        } preview; /* empty: of nobody any more */
    };
};

/* ERR_MALFORMED (not JSON, not strict), ERR_UNSUPPORTED (a type that is unknown), ERR_FULL (too long). *out needs
 * request_wipe after OK only; after a failure out->id is the id if one could be read. */
enum status request_parse(struct bytes text, struct request *out);
void request_wipe(struct request *); /* frees, and wipes all it held: tokens, chat, addresses */
const char *request_name(enum request_kind);

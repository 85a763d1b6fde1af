/* hall.h - a full room: the whole core with as many fake browsers as there are seats, and one wire that everything
 * takes and that can be watched, held and written to. Virtual time; nothing is lost or late.
 *
 * For tests of what needs many people, or a datagram from where nobody sits. */
#pragma once

#include "base/outbox.h"
#include "media/rtp.h"
#include "room/broker.h"
#include "support/peer.h"

enum { HALL_MOST = 14, HALL_THERAPIST = 0, HALL_NOBODY = -1, HALL_DATAGRAM_MAX = 1500 };
enum { HALL_QUIET = 127, HALL_VOICE = 0x80 | 30 };                              /* RFC 6464 */
enum { HALL_OPUS = 111, HALL_VP8 = 96, HALL_RTX = 97 };                         /* payload types */
enum { HALL_MID_ID = 4, HALL_LEVEL_ID = 5, HALL_TWCC_ID = 6, HALL_RID_ID = 7 }; /* header extensions */

struct hall;

struct hall_datagram {
    struct address from;
    size_t len;
    uint8_t data[HALL_DATAGRAM_MAX];
};

struct hall_person {
    struct hall *hall;
    client_id client;
    struct peer *peer;
    struct address address;
    char ufrag[64], pwd[128]; /* the broker's, from the answer */
    uint8_t level;            /* what they say beside each packet of sound */
    bool sound, picture;      /* they send it */
    uint16_t seq[2];
    uint32_t time[2];
    uint32_t ssrc[2];
    bool keyframe_wanted;

    uint64_t heard[HALL_MOST], seen[HALL_MOST];           /* packets of each, since hall_forget */
    usec_t heard_at_us[HALL_MOST], seen_at_us[HALL_MOST]; /* the first of them */
    uint32_t heard_on[HALL_MOST], seen_on[HALL_MOST];     /* the SSRC of the latest */
    uint16_t heard_seq, seen_seq;                         /* and its number, from whomever */
    int speaker;                                          /* whom they were told of */
    unsigned speaker_told, slots_told, compounds, reports, plis, nacks, repairs;
    bool gone;                    /* the broker closed their socket */
    struct hall_datagram last[5]; /* what they sent last, by enum packet_kind */
};

struct hall {
    struct dtls_identity *identity;
    struct broker *broker;
    struct outbox *outbox;
    struct now now;
    struct hall_person people[HALL_MOST];
    int count;
    bool held;    /* what people send is dropped, but for `last` */
    bool layered; /* who comes from now on offers a camera of two layers, "l" and "h", and sends the lower one */
    uint32_t request;
    uint64_t out_bytes, stranger_bytes; /* that left the broker; of those, to where nobody sits */
    struct address stranger;            /* the latest of these addresses */
};

/* A session that is open; person 0 is the therapist, all others clients. */
struct hall *hall_open(enum session_kind, int people);
void hall_close(struct hall *);
/* They join, say where they are, and negotiate; then everything that they have is on. hall_join without the last two.
 */
void hall_join(struct hall *, int person);
void hall_come(struct hall *, int person);
void hall_all_come(struct hall *);
bool hall_ask(struct hall *, int person, const char *json); /* without type's braces; true for done */
/* Time passes: a packet of sound from each every 20 ms, a picture every 40. */
void hall_run(struct hall *, usec_t span_us);
void hall_forget(struct hall *); /* what was heard and seen, and the bytes that left */
/* One datagram from anywhere; how many bytes the broker sent because of it, then and there. */
uint64_t hall_datagram(struct hall *, const struct address *from, struct bytes);
/* A plain packet, which their browser seals. */
void hall_say(struct hall *, int person, struct bytes rtp);
void hall_say_rtcp(struct hall *, int person, struct bytes compound);
/* Sound or picture as theirs, but under this SSRC and MID ("" for none). */
void hall_packet_as(struct hall *, int person, bool video, uint32_t ssrc, const char *mid);
void hall_layer_as(struct hall *, int person, uint32_t ssrc, const char *mid,
                   const char *rid); /* a picture, with a RID */

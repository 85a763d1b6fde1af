/* notice.h - what the server says: values to JSON. PROTOCOL.md describes each in prose.
 *
 * Each writes one message and returns its length through the writer; text from people is escaped by Jansson. ERR_FULL.
 */
#pragma once

#include "base/clock.h"
#include "base/status.h"
#include "base/terms.h"

struct notice_welcome {
    const struct id *participant;
    enum role role;
    const char *name;
    const struct id *session;
    enum session_kind kind;
    uint32_t audio_slots, video_slots;
};

struct notice_room {
    const char *state; /* lobby, open, paused, closing, closed */
    int64_t opens_at, closes_at;
    int64_t unix_s; /* the server's clock, for countdowns */
};

/* One person in the roster. What the reader may not know is left out by the caller. */
struct notice_person {
    const struct id *participant;
    enum role role;
    const char *name;
    const char *seat; /* waiting, admitted, stepped_out, suspended, left, removed, present (client and therapist) */
    bool connected;
    source_mask sending; /* sources that are on */
    source_mask muted;   /* by the therapist */
    bool agreed;         /* the client's yes to this segment */
    bool has_until;
    int64_t until;         /* when their segment ends */
    const char *may_admit; /* to therapists: "yes", or the code of the reason why not; NULL leaves it out */
    const char *mode;      /* to therapists and the client: "full"; NULL leaves it out */
    bool has_grant_until;
    int64_t grant_until;
};

struct notice_slot {
    const char *mid;
    const struct id *participant; /* NULL: the slot is empty */
    enum source source;
};

enum status notice_welcome(struct writer *, const struct notice_welcome *);
enum status notice_answer(struct writer *, uint32_t request, const char *sdp);
enum status notice_room(struct writer *, const struct notice_room *);
/* Your own seat. reason: a code, or NULL. */
enum status notice_seat(struct writer *, const char *seat, const char *reason, source_mask may_send, bool has_until,
                        int64_t until);
enum status notice_roster(struct writer *, const struct notice_person *, size_t count);
enum status notice_slots(struct writer *, const struct notice_slot *, size_t count);
enum status notice_done(struct writer *, uint32_t request);
/* code: stable, for programs; text: plain words for the person. request 0: none. */
enum status notice_error(struct writer *, uint32_t request, const char *code, const char *text);

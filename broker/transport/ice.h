/* ice.h - ICE-lite, the answering side, one component: answers checks, chooses the path, notices silence.
 *
 * Owned by its transport. We never send a check, so there is no candidate pair, no timer and no retransmission here:
 * what an authentic check proves is all that we know.
 *
 * Role (RFC 8445 6.1.1): a lite agent facing a full one is controlled, always. A peer that says ICE-CONTROLLED is
 * answered 487, as 7.3.1.1 has it for the agent with the smaller tie-breaker: ours counts as the smallest, since the
 * other outcome (we switch to controlling) would leave nobody to nominate. Path (8.1.1): the latest authentic
 * USE-CANDIDATE decides, so a peer that changes networks takes its media along. So does any authentic check, without a
 * nomination, once the selected path has been silent for ICE_SILENT_US: a NAT that gave the peer another port is
 * noticed by the next check, and not every browser nominates again. Consent (RFC 7675): a lite agent does not ask for
 * consent; an authentic check on the selected path gives it, and silence of ICE_CONSENT_US takes it back.
 *
 * Restart (RFC 8445 9): both sides' credentials change, the paths stay, and what is sent goes on along the selected one
 * until another is nominated. The old credentials end at once. An overlap would only let the old path's checks be
 * answered for the fraction of a second until the peer nominates with the new ones; consent lasts longer than that, and
 * so there is one user fragment and one password at a time, and none of before can nominate any more.
 *
 * Replay: a check counts once. Its transaction id is remembered for as long as the credentials live, and the same id
 * again adds no address, moves no path and gives no consent, from wherever it comes: somebody who saw a check go by
 * can't take the media along, or keep it flowing. A retransmission from an address that was checked is answered once
 * more, as RFC 8489 6.3.1 asks; to any other address nothing is sent. The memory (seen.h) never forgets; that it
 * takes a new check for an old one happens to 1 in 200 after three hours of them, and costs that
 * check. Not defended: whoever sits on the path and is faster with a copy than the original is; a peer that was
 * admitted, and so knows our password, could name a victim's address by forging its source. Only checks of our own,
 * which a lite agent does not send, would tell. Nor whoever forges the source of a checked address between the
 * nomination and the peer's ClientHello: the peer then gets an answer to another's hello, gives up, and its page joins
 * again. */
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/status.h"
#include "transport/seen.h"

enum {
    ICE_UFRAG_LEN = 12, /* of 64 possible characters: 72 bits; RFC 8445 5.3 asks for 24 */
    ICE_PWD_LEN = 24,   /* 144 bits; 5.3 asks for 128 */
    ICE_UFRAG_MIN = 4,  /* what a peer may bring, RFC 8839 5.4 */
    ICE_PWD_MIN = 22,
    ICE_CREDENTIAL_MAX = 256,
    ICE_PATHS_MAX = 16, /* a browser keeps a path alive for each pair of addresses, by UDP and by TCP */
    ICE_REPLY_MAX = 160,
};
#define ICE_CONSENT_US (30 * USEC_PER_SEC)
/* A browser checks a path in use each 2.5 s at the least (Chromium), or sends media on it. */
#define ICE_SILENT_US (3 * USEC_PER_SEC)

struct ice_path {
    struct address peer;
    usec_t checked_us; /* consent */
    usec_t heard_us;   /* the latest of a check and of authentic media */
};

struct ice {
    char ufrag[ICE_UFRAG_LEN + 1], pwd[ICE_PWD_LEN + 1];
    char username[ICE_UFRAG_LEN + 1 + ICE_CREDENTIAL_MAX]; /* "ours:theirs", what a check must say; no NUL */
    size_t username_len;                                   /* 0 until ice_set_remote */
    struct ice_path paths[ICE_PATHS_MAX]; /* addresses that passed a check; the least recent goes first */
    size_t path_count;
    struct seen seen; /* transaction ids of checks that counted */
    size_t selected;  /* which of the paths, once `nominated` */
    bool nominated;
};

/* What to send back to where a datagram came from; len 0 for nothing. */
struct ice_reply {
    uint8_t at[ICE_REPLY_MAX];
    size_t len;
};

void ice_init(struct ice *, const struct entropy *);
void ice_deinit(struct ice *); /* wipes the password, frees what it has seen */

/* The peer's credentials from its offer. Its password is only looked at: with it we would sign checks of our own.
 * ERR_MALFORMED for lengths or characters out of bounds, ERR_STATE the second time. */
enum status ice_set_remote(struct ice *, struct bytes ufrag, struct bytes pwd);
/* The peer's new credentials, and new ones of ours. ERR_STATE before ice_set_remote; ERR_MALFORMED as there, and for
 * the user fragment that it has already, which is no restart. */
enum status ice_restart(struct ice *, const struct entropy *, struct bytes ufrag, struct bytes pwd);

/* One STUN datagram. OK only for an authentic check, which then counts for its address. Otherwise nothing has changed:
 * ERR_MALFORMED (not STUN, no FINGERPRINT, no credentials: 400), ERR_AUTH (401), ERR_UNSUPPORTED (an unknown attribute:
 * 420; another method), ERR_FORBIDDEN (role conflict: 487), ERR_STATE (before ice_set_remote; indications and
 * responses, which nobody owes us; a check that counted before). The reply is set in every case. */
enum status ice_datagram(struct ice *, struct now, const struct address *peer, struct bytes, struct ice_reply *);

bool ice_is_checked(const struct ice *, const struct address *peer);
/* Media from this address was authentic: its path is not silent. */
void ice_heard(struct ice *, struct now, const struct address *peer);
const struct address *ice_selected(const struct ice *); /* NULL before the first nomination */
usec_t ice_last_consent(const struct ice *);            /* 0 before it */
bool ice_has_consent(const struct ice *, struct now);

/* store.h - where records live, as one small interface: SQLite fills it in now (shell/store_sqlite), PostgreSQL will
 * later.
 *
 * One thread uses a store. Every call that writes is durable when it returns OK and has changed nothing when it returns
 * anything else: ERR_FULL (the disk), ERR_SYSTEM (locked, corrupt, gone). Ids are opaque; secrets are there only as
 * hashes. */
#pragma once

#include "ledger/chain.h"
#include "ledger/history.h"
#include "auth/invitation.h"
#include "auth/plan.h"

struct store;

/* Rows of the ledger, in order; an interface as each status stops the walk. */
struct store_rows {
    enum status (*row)(void *context, const struct ledger_row *);
    void *context;
};
struct store_plans {
    enum status (*plan)(void *context, const struct plan *);
    void *context;
};

enum { STORE_WORD_MAX = 64, STORE_PLACE_MAX = 127, STORE_HASH_LEN = 32 };

/* A grant with why it is as it is: a code, empty when there is nothing to say. */
struct store_finding {
    struct grant grant;
    char reason[STORE_WORD_MAX + 1];
};

/* The answer to a request that came with an Idempotency-Key. */
struct store_reply {
    uint8_t key[STORE_HASH_LEN], request[STORE_HASH_LEN]; /* hashes: whose key, and what it came with */
    int64_t made_at;                                      /* Unix seconds */
    int status;
    char content_type[STORE_WORD_MAX + 1], location[STORE_PLACE_MAX + 1];
    char *body; /* NUL-terminated; from reply_get it is the caller's to free */
};

/* A text that people read before they take part, by version; never changed once it is there. */
enum { GUIDANCE_BODY_MAX = 32 << 10 };
enum guidance_text { GUIDANCE_GUIDANCE = 1, GUIDANCE_NOTICE };
struct store_guidance {
    uint64_t number; /* from 1, in the order in which they came; the store gives it */
    enum guidance_text text;
    char version[GRANT_TEXT_MAX + 1], language[STORE_WORD_MAX + 1]; /* BCP 47: "en" */
    int64_t made_at;
    char *body; /* JSON as docs/openapi.json has it; from guidance_get it is the caller's to free */
};
struct store_guidances {
    enum status (*guidance)(void *context, const struct store_guidance *);
    void *context;
};
struct store_invitations {
    enum status (*invitation)(void *context, const struct invitation *);
    void *context;
};

/* Which history is asked for: stretches of step_s (a multiple of HISTORY_STEP_S) that begin from `from` on and before
 * `to`, of one shard or, by -1, of all together. Unix seconds. */
struct history_range {
    int64_t from, to, step_s, shard;
};
struct store_history {
    enum status (*row)(void *context, const struct history_row *); /* without node, shard and step_s */
    void *context;
};

/* One person of one session. */
struct store_booking {
    struct id session, person;
    enum session_kind kind;
    enum role role;
    int64_t opens_at, closes_at;
};
struct store_bookings {
    enum status (*booking)(void *context, const struct store_booking *);
    void *context;
};

struct store_ops {
    void (*close)(struct store *);
    /* All or none, in one commit. */
    enum status (*ledger_append)(struct store *, const struct ledger_row *, size_t count);
    /* From row `first` on. */
    enum status (*ledger_each)(struct store *, uint64_t first, struct store_rows);
    /* The last row; number 0 when there is none. */
    enum status (*ledger_last)(struct store *, struct ledger_row *);
    /* The newest wins; 0 when there was none. */
    enum status (*heartbeat_put)(struct store *, int64_t unix_us);
    enum status (*heartbeat_get)(struct store *, int64_t *unix_us);
    /* Sessions with their people and the grants that concern them. */
    enum status (*plan_put)(struct store *, const struct plan *);
    enum status (*plans_each)(struct store *, struct store_plans);
    /* Grants on their own: replaces the one with this id when its epoch is newer, else ERR_STATE. */
    enum status (*grant_put)(struct store *, const struct grant *);
    enum status (*grant_get)(struct store *, const struct id *, struct grant *); /* ERR_UNKNOWN */

    /* For the API. */
    enum status (*plan_get)(struct store *, const struct id *, struct plan *); /* the caller's to end; ERR_UNKNOWN */
    /* At most `limit` sessions whose ids come after `after` (empty: from the first on), in the order of their ids. */
    enum status (*plans_after)(struct store *, const struct id *after, size_t limit, struct store_plans);
    /* Puts into a plan, stored or not, the grants that concern its people, in place of what it has. */
    enum status (*plan_grants)(struct store *, struct plan *);
    /* As grant_put for each, with the reasons; all or none, in one commit. */
    enum status (*findings_put)(struct store *, const struct store_finding *, size_t count);
    enum status (*finding_get)(struct store *, const struct id *, struct store_finding *); /* ERR_UNKNOWN */
    /* Replaces one of the same key; those made before `forget_before` are forgotten. */
    enum status (*reply_put)(struct store *, const struct store_reply *, int64_t forget_before);
    enum status (*reply_get)(struct store *, const uint8_t key[STORE_HASH_LEN], struct store_reply *); /* ERR_UNKNOWN */

    /* Links. Replaces the one with this id. One that is not revoked revokes all others of its participation, in the
     * same commit: so that a link which was lost is of no use once there is a new one. `expires` may be 0: with its
     * session. */
    enum status (*invitation_put)(struct store *, const struct invitation *);
    enum status (*invitation_get)(struct store *, const struct id *, struct invitation *); /* ERR_UNKNOWN */
    enum status (*invitation_find)(struct store *, const uint8_t token[SECRET_HASH_LEN], struct invitation *);
    /* Of a session, as plans_after. */
    enum status (*invitations_after)(struct store *, const struct id *session, const struct id *after, size_t limit,
                                     struct store_invitations);
    /* Texts. ERR_STATE when another text has this version and language already; the same again is OK. */
    enum status (*guidance_put)(struct store *, const struct store_guidance *);
    /* language "": whichever came first. ERR_UNKNOWN */
    enum status (*guidance_get)(struct store *, enum guidance_text, const char *version, const char *language,
                                struct store_guidance *);
    enum status (*guidances_after)(struct store *, uint64_t number, size_t limit, struct store_guidances);
    /* How far the webhook has come: the last ledger row that was taken; ERR_UNKNOWN before the first. */
    enum status (*feed_put)(struct store *, uint64_t row);
    enum status (*feed_get)(struct store *, uint64_t *row);

    /* How the shards did. Rows of the same stretch, node and shard add up. */
    enum status (*history_put)(struct store *, const struct history_row *, size_t count);
    /* Rows from before thin_before become rows of HISTORY_THINNED_STEP_S, those from before forget_before go. */
    enum status (*history_thin)(struct store *, int64_t thin_before, int64_t forget_before);
    /* In the order of time; a stretch of which nothing is known is left out. */
    enum status (*history_each)(struct store *, const struct history_range *, struct store_history);
    /* The people of all sessions whose boxes have a part between these times, session by session. */
    enum status (*bookings_each)(struct store *, int64_t from, int64_t to, struct store_bookings);
};

struct store {
    const struct store_ops *ops;
};

/* store.h - where records live, as one small interface: SQLite fills it in now (shell/store_sqlite), PostgreSQL will later.
 *
 * One thread uses a store. Every call that writes is durable when it returns OK and has changed nothing when it returns anything
 * else: ERR_FULL (the disk), ERR_SYSTEM (locked, corrupt, gone). Ids are opaque; secrets are there only as hashes. */
#pragma once

#include "ledger/chain.h"
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
};

struct store {
    const struct store_ops *ops;
};

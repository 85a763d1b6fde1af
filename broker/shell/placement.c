#include "shell/placement.h"

#include <pthread.h>
#include <stdlib.h>

#include "auth/token.h"
#include "room/room.h"
#include "shell/config.h"
#include "shell/shard.h"

struct placed {
    struct id session;
    size_t shard, people;
    int64_t opens_at, ends_at; /* from the lobby on, to where it can be extended */
};

struct placement {
    pthread_mutex_t lock;
    size_t shards;
    struct placed *at;
    size_t count, cap;
};

enum status placement_create(struct placement **created, size_t shards)
{
    struct placement *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NO_MEMORY;
    p->shards = shards;
    pthread_mutex_init(&p->lock, NULL); /* Linux: a plain one can't fail */
    *created = p;
    return OK;
}

void placement_destroy(struct placement *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p->at);
    free(p);
}

static struct placed *find(const struct placement *p, const struct id *session)
{
    for (size_t i = 0; i < p->count; i++)
        if (id_equal(&p->at[i].session, session))
            return &p->at[i];
    return NULL;
}

/* Of equals the one that the id leads to first, so that sessions spread also over days. */
static size_t least_loaded(const struct placement *p, const struct placed *wanted)
{
    size_t load[CONFIG_SHARDS_MAX] = { 0 };
    size_t first = shard_of(&wanted->session, p->shards), least = first;
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i].opens_at < wanted->ends_at && wanted->opens_at < p->at[i].ends_at)
            load[p->at[i].shard] += p->at[i].people;
    for (size_t i = 1; i < p->shards; i++) {
        size_t shard = (first + i) % p->shards;
        if (load[shard] < load[least])
            least = shard;
    }
    return least;
}

/* Room for one more. */
static enum status grow(struct placement *p)
{
    size_t cap = p->cap ? 2 * p->cap : 64;
    if (p->count < p->cap)
        return OK;
    struct placed *at = realloc(p->at, cap * sizeof *at);
    if (!at)
        return ERR_NO_MEMORY;
    p->at = at;
    p->cap = cap;
    return OK;
}

static enum status put(struct placement *p, const struct plan *plan, size_t *shard)
{
    struct placed placed = {
        .session = plan->session,
        .people = plan->people_count,
        .opens_at = plan->opens_at - PLAN_LOBBY_S,
        .ends_at = plan->closes_at + EXTEND_MAX_MINUTES * 60 + TOKEN_LEEWAY_S,
    };
    struct placed *known = find(p, &plan->session);
    if (known) {
        /* The shard may refuse this plan, and then the box that it has goes on: so each is in the span. */
        placed.shard = known->shard;
        placed.opens_at = known->opens_at < placed.opens_at ? known->opens_at : placed.opens_at;
        placed.ends_at = known->ends_at > placed.ends_at ? known->ends_at : placed.ends_at;
    } else {
        TRY(grow(p));
        placed.shard = least_loaded(p, &placed);
        known = &p->at[p->count++];
    }
    *known = placed;
    *shard = placed.shard;
    return OK;
}

enum status placement_put(struct placement *p, const struct plan *plan, size_t *shard)
{
    pthread_mutex_lock(&p->lock);
    enum status status = put(p, plan, shard);
    pthread_mutex_unlock(&p->lock);
    return status;
}

void placement_forget(struct placement *p, const struct id *session)
{
    pthread_mutex_lock(&p->lock);
    struct placed *placed = find(p, session);
    if (placed)
        *placed = p->at[--p->count];
    pthread_mutex_unlock(&p->lock);
}

size_t placement_of(struct placement *p, const struct id *session)
{
    pthread_mutex_lock(&p->lock);
    const struct placed *placed = find(p, session);
    size_t shard = placed ? placed->shard : shard_of(session, p->shards);
    pthread_mutex_unlock(&p->lock);
    return shard;
}

#include "transport/routes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Two chained tables over arrays that never move. Slots are named by index; NONE ends a chain. The address slots of
 * value v are v * ROUTES_ADDRESSES_MAX onwards, so a value's addresses are found without a search. */
#define NONE UINT32_MAX

struct ufrag_slot {
    uint8_t text[ROUTES_UFRAG_MAX];
    uint8_t len; /* 0: free */
    uint32_t next;
};

struct address_slot {
    struct address address; /* ADDRESS_NONE: free */
    uint32_t next;
    uint64_t age; /* when it was last added, in additions */
};

struct routes {
    uint64_t seed;
    uint64_t additions;
    uint32_t values_max;
    uint32_t ufrag_mask, address_mask; /* chains less one, a power of two less one */
    struct ufrag_slot *ufrags;
    struct address_slot *addresses;
    uint32_t *ufrag_chains, *address_chains;
};

static uint32_t power_of_two_from(uint32_t least)
{
    uint32_t power = 1;
    while (power < least)
        power *= 2;
    return power;
}

static uint32_t *chains_create(uint32_t count)
{
    uint32_t *chains = malloc(count * sizeof *chains);
    if (chains)
        memset(chains, 0xff, count * sizeof *chains); /* all NONE */
    return chains;
}

enum status routes_create(struct routes **created, uint32_t values_max, uint64_t seed)
{
    if (values_max == 0 || values_max > UINT32_MAX / 4 / ROUTES_ADDRESSES_MAX)
        return ERR_FULL;
    struct routes *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    uint32_t ufrag_chains = power_of_two_from(values_max);
    uint32_t address_chains = power_of_two_from(2 * values_max); /* most peers keep one or two addresses */
    *r = (struct routes){
        .seed = seed,
        .values_max = values_max,
        .ufrag_mask = ufrag_chains - 1,
        .address_mask = address_chains - 1,
        .ufrags = calloc(values_max, sizeof *r->ufrags),
        .addresses = calloc((size_t)values_max * ROUTES_ADDRESSES_MAX, sizeof *r->addresses),
        .ufrag_chains = chains_create(ufrag_chains),
        .address_chains = chains_create(address_chains),
    };
    if (!r->ufrags || !r->addresses || !r->ufrag_chains || !r->address_chains) {
        routes_destroy(r);
        return ERR_NO_MEMORY;
    }
    *created = r;
    return OK;
}

void routes_destroy(struct routes *r)
{
    if (!r)
        return;
    free(r->ufrags);
    free(r->addresses);
    free(r->ufrag_chains);
    free(r->address_chains);
    free(r);
}

/* FNV-1a from a seed. Enough here: what is stored are our own random ufrags, so a sender can't lengthen a chain. */
static uint32_t *ufrag_chain(const struct routes *r, struct bytes ufrag)
{
    uint64_t hash = r->seed ^ 0xcbf29ce484222325u;
    for (size_t i = 0; i < ufrag.len; i++)
        hash = (hash ^ ufrag.at[i]) * 0x100000001b3u;
    return &r->ufrag_chains[(hash ^ hash >> 32) & r->ufrag_mask];
}

static uint32_t *address_chain(const struct routes *r, const struct address *address)
{
    return &r->address_chains[address_hash(address, r->seed) & r->address_mask];
}

static struct bytes slot_ufrag(const struct ufrag_slot *slot)
{
    return (struct bytes){ slot->text, slot->len };
}

bool routes_find_ufrag(const struct routes *r, struct bytes ufrag, uint32_t *value)
{
    for (uint32_t at = *ufrag_chain(r, ufrag); at != NONE; at = r->ufrags[at].next) {
        if (bytes_equal(slot_ufrag(&r->ufrags[at]), ufrag)) {
            *value = at;
            return true;
        }
    }
    return false;
}

static uint32_t find_address_slot(const struct routes *r, const struct address *address)
{
    uint32_t at = *address_chain(r, address);
    while (at != NONE && !address_equal(&r->addresses[at].address, address))
        at = r->addresses[at].next;
    return at;
}

bool routes_find_address(const struct routes *r, const struct address *address, uint32_t *value)
{
    uint32_t at = find_address_slot(r, address);
    if (at == NONE)
        return false;
    *value = at / ROUTES_ADDRESSES_MAX;
    return true;
}

/* A ufrag that the value could get. */
static enum status may_have(const struct routes *r, struct bytes ufrag, uint32_t value)
{
    uint32_t other;
    if (ufrag.len == 0 || ufrag.len > ROUTES_UFRAG_MAX)
        return ERR_MALFORMED;
    if (value >= r->values_max)
        return ERR_FULL;
    return routes_find_ufrag(r, ufrag, &other) ? ERR_STATE : OK;
}

static void put_ufrag(struct routes *r, struct bytes ufrag, uint32_t value)
{
    struct ufrag_slot *slot = &r->ufrags[value];
    uint32_t *chain = ufrag_chain(r, ufrag);
    memcpy(slot->text, ufrag.at, ufrag.len);
    slot->len = (uint8_t)ufrag.len;
    slot->next = *chain;
    *chain = value;
}

enum status routes_add_ufrag(struct routes *r, struct bytes ufrag, uint32_t value)
{
    TRY(may_have(r, ufrag, value));
    if (r->ufrags[value].len > 0)
        return ERR_STATE;
    put_ufrag(r, ufrag, value);
    return OK;
}

static void remove_ufrag(struct routes *r, uint32_t value)
{
    struct ufrag_slot *slot = &r->ufrags[value];
    if (slot->len == 0)
        return;
    uint32_t *link = ufrag_chain(r, slot_ufrag(slot));
    while (*link != value)
        link = &r->ufrags[*link].next;
    *link = slot->next;
    *slot = (struct ufrag_slot){ 0 };
}

enum status routes_change_ufrag(struct routes *r, struct bytes ufrag, uint32_t value)
{
    TRY(may_have(r, ufrag, value));
    if (r->ufrags[value].len == 0)
        return ERR_STATE;
    remove_ufrag(r, value);
    put_ufrag(r, ufrag, value);
    return OK;
}

static void remove_address_slot(struct routes *r, uint32_t at)
{
    struct address_slot *slot = &r->addresses[at];
    if (slot->address.family == ADDRESS_NONE)
        return;
    uint32_t *link = address_chain(r, &slot->address);
    while (*link != at)
        link = &r->addresses[*link].next;
    *link = slot->next;
    *slot = (struct address_slot){ 0 };
}

/* A free slot of the value, or its least recent one: a free slot's age is 0, the least of all. */
static uint32_t oldest_slot(const struct routes *r, uint32_t value)
{
    uint32_t first = value * ROUTES_ADDRESSES_MAX, oldest = first;
    for (uint32_t at = first + 1; at < first + ROUTES_ADDRESSES_MAX; at++) {
        if (r->addresses[at].age < r->addresses[oldest].age)
            oldest = at;
    }
    return oldest;
}

enum status routes_add_address(struct routes *r, const struct address *address, uint32_t value)
{
    assert(address->family != ADDRESS_NONE);
    if (value >= r->values_max)
        return ERR_FULL;
    uint32_t at = find_address_slot(r, address);
    if (at != NONE && at / ROUTES_ADDRESSES_MAX == value) {
        r->addresses[at].age = ++r->additions;
        return OK;
    }
    if (at != NONE)
        remove_address_slot(r, at);
    at = oldest_slot(r, value);
    remove_address_slot(r, at);
    uint32_t *chain = address_chain(r, address);
    r->addresses[at] = (struct address_slot){ *address, *chain, ++r->additions };
    *chain = at;
    return OK;
}

void routes_remove(struct routes *r, uint32_t value)
{
    if (value >= r->values_max)
        return;
    remove_ufrag(r, value);
    for (uint32_t i = 0; i < ROUTES_ADDRESSES_MAX; i++)
        remove_address_slot(r, value * ROUTES_ADDRESSES_MAX + i);
}

#include "room/connections.h"

#include <stdlib.h>

enum { VACANT = UINT32_MAX };

struct connections {
    struct connection *entries;
    uint32_t *vacant; /* a stack of free numbers */
    size_t max, count;
    uint32_t *index; /* open addressing, linear; VACANT or a number */
    size_t mask;
    uint64_t seed; /* peers don't choose client ids, but the order of a table is nobody's business */
};

enum status connections_create(struct connections **created, size_t max, const struct entropy *entropy)
{
    struct connections *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    size_t index_len = 4;
    while (index_len < 2 * max)
        index_len *= 2;
    c->max = max;
    c->mask = index_len - 1;
    c->entries = calloc(max, sizeof *c->entries);
    c->vacant = calloc(max, sizeof *c->vacant);
    c->index = calloc(index_len, sizeof *c->index);
    if (!c->entries || !c->vacant || !c->index) {
        connections_destroy(c);
        return ERR_NO_MEMORY;
    }
    entropy_fill(entropy, &c->seed, sizeof c->seed);
    for (size_t i = 0; i < max; i++)
        c->vacant[i] = (uint32_t)(max - 1 - i);
    for (size_t i = 0; i < index_len; i++)
        c->index[i] = VACANT;
    *created = c;
    return OK;
}

void connections_destroy(struct connections *c)
{
    if (!c)
        return;
    free(c->entries);
    free(c->vacant);
    free(c->index);
    free(c);
}

static size_t home(const struct connections *c, client_id client)
{
    uint64_t hash = (client ^ c->seed) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & c->mask;
}

/* Where the client is in the index, or the vacant place where it would be. */
static size_t place_of(const struct connections *c, client_id client)
{
    size_t at = home(c, client);
    while (c->index[at] != VACANT && c->entries[c->index[at]].client != client)
        at = (at + 1) & c->mask;
    return at;
}

enum status connections_add(struct connections *c, client_id client, struct room *room, uint16_t person,
                            uint32_t *number)
{
    size_t at = place_of(c, client);
    if (c->index[at] != VACANT)
        return ERR_STATE;
    if (c->count == c->max)
        return ERR_FULL;
    *number = c->vacant[c->max - 1 - c->count++];
    c->entries[*number] = (struct connection){ client, room, person };
    c->index[at] = *number;
    return OK;
}

/* Moves later entries of the run back over the hole (Knuth 6.4, algorithm R), so that no marker is needed. */
static void index_close_gap(struct connections *c, size_t hole)
{
    for (size_t at = (hole + 1) & c->mask; c->index[at] != VACANT; at = (at + 1) & c->mask) {
        size_t wants = home(c, c->entries[c->index[at]].client);
        if (((at - wants) & c->mask) >= ((at - hole) & c->mask)) {
            c->index[hole] = c->index[at];
            hole = at;
        }
    }
    c->index[hole] = VACANT;
}

void connections_remove(struct connections *c, uint32_t number)
{
    struct connection *entry = connections_at(c, number);
    if (!entry)
        return;
    index_close_gap(c, place_of(c, entry->client));
    *entry = (struct connection){ 0 };
    c->vacant[c->max - c->count--] = number;
}

enum status connections_rename(struct connections *c, uint32_t number, client_id client)
{
    struct connection *entry = connections_at(c, number);
    if (!entry || c->index[place_of(c, client)] != VACANT)
        return ERR_STATE;
    index_close_gap(c, place_of(c, entry->client));
    entry->client = client;
    c->index[place_of(c, client)] = number;
    return OK;
}

struct connection *connections_find(struct connections *c, client_id client)
{
    if (client == 0)
        return NULL;
    uint32_t number = c->index[place_of(c, client)];
    return number == VACANT ? NULL : &c->entries[number];
}

struct connection *connections_at(struct connections *c, uint32_t number)
{
    return number < c->max && c->entries[number].client != 0 ? &c->entries[number] : NULL;
}

uint32_t connections_number(const struct connections *c, const struct connection *entry)
{
    return (uint32_t)(entry - c->entries);
}

size_t connections_count(const struct connections *c)
{
    return c->count;
}

#include "shell/arrivals.h"

#include <assert.h>
#include <stdlib.h>

struct arrival {
    void *connection; /* NULL: a free place */
    struct address from;
    usec_t since;
    bool counted; /* by address */
    bool leaving;
    int neighbours; /* from the same address, itself included; 0 when not counted */
};

struct arrivals {
    struct arrival at[ARRIVALS_MAX];
    size_t count; /* with those that leave */
};

enum status arrivals_create(struct arrivals **created)
{
    struct arrivals *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_NO_MEMORY;
    *created = a;
    return OK;
}

void arrivals_destroy(struct arrivals *a)
{
    free(a);
}

static bool stays(const struct arrival *arrival)
{
    return arrival->connection && !arrival->leaving;
}

static bool are_neighbours(const struct arrival *arrival, const struct address *from)
{
    return from && arrival->counted && address_is_neighbour(&arrival->from, from);
}

/* One more from there, or one less. */
static void recount(struct arrivals *a, const struct address *from, int change)
{
    for (size_t i = 0; i < ARRIVALS_MAX; i++)
        if (stays(&a->at[i]) && are_neighbours(&a->at[i], from))
            a->at[i].neighbours += change;
}

static bool is_older(const struct arrival *arrival, const struct arrival *than)
{
    return !than || arrival->since < than->since;
}

/* Those who stay: of all, of one address, and of the address with the most. */
struct census {
    int count, neighbours;
    struct arrival *oldest, *oldest_neighbour, *oldest_of_most;
};

static struct census take_census(struct arrivals *a, const struct address *from)
{
    struct census census = { 0 };
    for (size_t i = 0; i < ARRIVALS_MAX; i++) {
        struct arrival *arrival = &a->at[i], *most = census.oldest_of_most;
        if (!stays(arrival))
            continue;
        census.count++;
        if (is_older(arrival, census.oldest))
            census.oldest = arrival;
        if (are_neighbours(arrival, from)) {
            census.neighbours++;
            if (is_older(arrival, census.oldest_neighbour))
                census.oldest_neighbour = arrival;
        }
        if (!most || arrival->neighbours > most->neighbours ||
            (arrival->neighbours == most->neighbours && is_older(arrival, most)))
            census.oldest_of_most = arrival;
    }
    return census;
}

bool arrivals_may_come(struct arrivals *a, usec_t mono_us, const struct address *from, void **leaver)
{
    struct census census = take_census(a, from);
    *leaver = NULL;
    if (a->count == ARRIVALS_MAX)
        return false;
    struct arrival *gives_way = NULL;
    if (census.neighbours >= ARRIVALS_PER_ADDRESS)
        gives_way = census.oldest_neighbour;
    else if (census.count >= ARRIVALS_MOST)
        gives_way = census.oldest;
    else
        return true;
    /* Who has many makes room for who has few, and at once: so a flood is up against itself. */
    if (census.oldest_of_most->neighbours > census.neighbours + 1)
        gives_way = census.oldest_of_most;
    else if (mono_us - gives_way->since < ARRIVALS_GRACE_US)
        return false;
    *leaver = gives_way->connection;
    gives_way->leaving = true;
    if (gives_way->counted)
        recount(a, &gives_way->from, -1);
    return true;
}

void arrivals_add(struct arrivals *a, usec_t mono_us, const struct address *from, void *connection)
{
    assert(a->count < ARRIVALS_MAX);
    struct arrival *place = a->at;
    while (place->connection)
        place++;
    *place = (struct arrival){ .since = mono_us, .counted = from != NULL };
    if (from) {
        place->from = *from;
        recount(a, from, 1);
        place->neighbours = take_census(a, from).neighbours + 1;
    }
    place->connection = connection;
    a->count++;
}

void arrivals_remove(struct arrivals *a, const void *connection)
{
    for (size_t i = 0; i < ARRIVALS_MAX; i++)
        if (a->at[i].connection == connection && connection) {
            struct arrival gone = a->at[i];
            a->at[i] = (struct arrival){ 0 };
            a->count--;
            if (gone.counted && !gone.leaving)
                recount(a, &gone.from, -1);
            return;
        }
}

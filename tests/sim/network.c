#include "sim/network.h"

#include <stdlib.h>
#include <string.h>

#include "sim/chance.h"

struct network {
    struct chance chance;
    struct network_weather weather;
    struct flight *flights; /* a heap by arrival, then by departure */
    uint64_t *departures;
    uint64_t departed;
    size_t count, cap;
};

struct network *network_create(uint64_t seed)
{
    struct network *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->chance.state = seed;
    n->weather = (struct network_weather){ .delay_least = 1000, .delay_most = 1000 };
    return n;
}

void network_destroy(struct network *n)
{
    free(n->flights);
    free(n->departures);
    free(n);
}

void network_set_weather(struct network *n, struct network_weather weather)
{
    n->weather = weather;
}

static bool sooner_flight(const struct network *n, size_t a, size_t b)
{
    if (n->flights[a].at != n->flights[b].at)
        return n->flights[a].at < n->flights[b].at;
    return n->departures[a] < n->departures[b];
}

static void swap(struct network *n, size_t a, size_t b)
{
    struct flight flight = n->flights[a];
    n->flights[a] = n->flights[b];
    n->flights[b] = flight;
    uint64_t departure = n->departures[a];
    n->departures[a] = n->departures[b];
    n->departures[b] = departure;
}

static void put(struct network *n, const struct flight *flight)
{
    if (n->count == n->cap) {
        n->cap = n->cap ? 2 * n->cap : 256;
        n->flights = realloc(n->flights, n->cap * sizeof *n->flights);
        n->departures = realloc(n->departures, n->cap * sizeof *n->departures);
        if (!n->flights || !n->departures)
            abort();
    }
    size_t at = n->count++;
    n->flights[at] = *flight;
    n->departures[at] = n->departed++;
    for (; at > 0 && sooner_flight(n, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(n, at, (at - 1) / 2);
}

void network_send(struct network *n, usec_t now_us, int to, const struct address *from, struct bytes data,
                  uint64_t stamp)
{
    struct flight flight = { .to = to, .from = *from, .stamp = stamp, .len = data.len };
    if (data.len > sizeof flight.data)
        abort(); /* nobody sends more than a path carries */
    memcpy(flight.data, data.at, data.len);
    unsigned copies = chance_in(&n->chance, n->weather.dropped) ? 0 : chance_in(&n->chance, n->weather.doubled) ? 2 : 1;
    for (unsigned i = 0; i < copies; i++) {
        usec_t spread = n->weather.delay_most - n->weather.delay_least;
        flight.at = now_us + n->weather.delay_least + (spread ? chance_below(&n->chance, spread) : 0);
        put(n, &flight);
    }
}

usec_t network_deadline(const struct network *n)
{
    return n->count ? n->flights[0].at : NEVER;
}

bool network_next(struct network *n, usec_t now_us, struct flight *flight)
{
    if (n->count == 0 || n->flights[0].at > now_us)
        return false;
    *flight = n->flights[0];
    swap(n, 0, --n->count);
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < n->count && sooner_flight(n, child, least))
                least = child;
        if (least == at)
            return true;
        swap(n, at, least);
        at = least;
    }
}

#include "shell/trains.h"

#include <stdlib.h>

/* A peer's latest train of this gathering; a place of an earlier one is free. */
struct place {
    uint64_t gathering;
    uint32_t train;
};

struct trains {
    uint64_t seed;
    struct train *trains;
    uint32_t *next;       /* of each datagram */
    struct place *places; /* by hash of the peer's address, linear probing; a power of two, at most half full */
    size_t datagrams_max, mask, count;
    uint64_t gathering; /* how many there were, this one included */
};

enum status trains_create(struct trains **created, size_t datagrams_max, uint64_t seed)
{
    struct trains *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    size_t places = 2;
    while (places < 2 * datagrams_max)
        places *= 2;
    *t = (struct trains){
        .seed = seed,
        .trains = calloc(datagrams_max, sizeof *t->trains),
        .next = calloc(datagrams_max, sizeof *t->next),
        .places = calloc(places, sizeof *t->places),
        .datagrams_max = datagrams_max,
        .mask = places - 1,
    };
    if (!t->trains || !t->next || !t->places) {
        trains_destroy(t);
        return ERR_NO_MEMORY;
    }
    *created = t;
    return OK;
}

void trains_destroy(struct trains *t)
{
    if (!t)
        return;
    free(t->trains);
    free(t->next);
    free(t->places);
    free(t);
}

/* Where this peer's latest train is noted, or is to be. */
static struct place *place_of(struct trains *t, const struct outbox *outbox, const struct address *peer)
{
    for (size_t at = address_hash(peer, t->seed);; at++) {
        struct place *place = &t->places[at & t->mask];
        if (place->gathering != t->gathering)
            return place;
        struct datagram first = outbox_datagram_at(outbox, t->trains[place->train].first);
        if (address_equal(&first.peer, peer))
            return place;
    }
}

static bool takes(const struct train *train, size_t len)
{
    return !train->complete && len <= train->segment && train->count < TRAIN_DATAGRAMS_MAX &&
           train->bytes + len <= TRAIN_BYTES_MAX;
}

static void couple(struct trains *t, struct train *train, uint32_t datagram, size_t len)
{
    t->next[train->last] = datagram;
    train->last = datagram;
    train->count++;
    train->bytes += (uint32_t)len;
    train->complete = len < train->segment;
}

static void begin(struct trains *t, struct place *place, uint32_t datagram, size_t len)
{
    *place = (struct place){ t->gathering, (uint32_t)t->count };
    t->trains[t->count++] = (struct train){
        .first = datagram,
        .last = datagram,
        .count = 1,
        .bytes = (uint32_t)len,
        .segment = (uint32_t)len,
    };
}

size_t trains_gather(struct trains *t, const struct outbox *outbox, uint8_t via)
{
    t->count = 0;
    t->gathering++;
    size_t count = outbox_datagram_count(outbox);
    for (size_t i = 0; i < count && i < t->datagrams_max; i++) {
        struct datagram d = outbox_datagram_at(outbox, i);
        if (d.peer.via != via)
            continue;
        struct place *place = place_of(t, outbox, &d.peer);
        if (place->gathering == t->gathering && takes(&t->trains[place->train], d.data.len))
            couple(t, &t->trains[place->train], (uint32_t)i, d.data.len);
        else
            begin(t, place, (uint32_t)i, d.data.len);
    }
    return t->count;
}

const struct train *trains_at(const struct trains *t, size_t index)
{
    return &t->trains[index];
}

uint32_t trains_next(const struct trains *t, uint32_t datagram)
{
    return t->next[datagram];
}

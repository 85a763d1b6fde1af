#include "shell/handshakes.h"

#include <stdlib.h>

#include "transport/transport.h"

struct handshakes {
    struct outbox *kept; /* filled from its beginning; emptied once all of it was taken */
    size_t taken;
    usec_t spent_us; /* of this turn */
};

enum status handshakes_create(struct handshakes **created)
{
    struct handshakes *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NO_MEMORY;
    enum status status =
        outbox_create(&h->kept, (size_t)HANDSHAKES_KEPT_MAX * TRANSPORT_PACKET_MAX, HANDSHAKES_KEPT_MAX);
    if (status != OK) {
        free(h);
        return status;
    }
    *created = h;
    return OK;
}

void handshakes_destroy(struct handshakes *h)
{
    if (!h)
        return;
    outbox_destroy(h->kept);
    free(h);
}

void handshakes_turn(struct handshakes *h)
{
    h->spent_us = 0;
}

static bool has_time(const struct handshakes *h)
{
    return h->spent_us < HANDSHAKES_TURN_US;
}

bool handshakes_may(const struct handshakes *h)
{
    return has_time(h) && !handshakes_wait(h);
}

enum status handshakes_keep(struct handshakes *h, const struct address *peer, struct bytes datagram)
{
    return datagram.len <= TRANSPORT_PACKET_MAX ? outbox_datagram(h->kept, peer, datagram) : ERR_MALFORMED;
}

bool handshakes_next(struct handshakes *h, struct datagram *next)
{
    if (!handshakes_wait(h)) {
        outbox_clear(h->kept);
        h->taken = 0;
        return false;
    }
    if (!has_time(h))
        return false;
    *next = outbox_datagram_at(h->kept, h->taken++);
    return true;
}

void handshakes_took(struct handshakes *h, usec_t span_us)
{
    h->spent_us += span_us;
}

bool handshakes_wait(const struct handshakes *h)
{
    return h->taken < outbox_datagram_count(h->kept);
}

uint64_t handshakes_dropped(const struct handshakes *h)
{
    return outbox_dropped(h->kept);
}

/* address.h - an IP address and UDP or TCP port, without the kernel's structures; of a peer, also which of our sockets
 * leads to it. */
#pragma once

#include "base/bytes.h"

enum address_family {
    ADDRESS_NONE = 0,
    ADDRESS_IPV4,
    ADDRESS_IPV6,
};

/* Added to `via` where the address is reached by TCP. */
enum { ADDRESS_TCP = 0x80 };

/* The same peer by another of our sockets is another path: a reply must leave from the address that the peer knows, and
 * a port's TCP is not its UDP. */
struct address {
    uint8_t family; /* enum address_family */
    uint8_t via;    /* the shell's number of the socket; the core keeps it and looks at ADDRESS_TCP alone */
    uint16_t port;  /* host order */
    uint8_t ip[16]; /* network order; IPv4 uses the first four, the others are zero */
};

enum { ADDRESS_TEXT_MAX = 64 };

static inline bool address_is_tcp(const struct address *address)
{
    return address->via & ADDRESS_TCP;
}
bool address_equal(const struct address *, const struct address *);
/* Whether both count as one subscriber, who holds an IPv6 /64 at least; port and socket are not looked at. IPv4 in IPv6
 * (::ffff:0:0/96) counts whole. */
bool address_is_neighbour(const struct address *, const struct address *);
/* A good mix of all the fields, for tables keyed with a secret seed (so that peers can't choose colliding ones). */
uint64_t address_hash(const struct address *, uint64_t seed);
/* "192.0.2.1", "2001:db8::1" (RFC 5952 without the zone). False and unchanged when it is not one. The rest
 * is untouched. */
bool address_parse_ip(const char *text, struct address *);
/* The same without the port; returns text. */
const char *address_ip_text(const struct address *, char text[static ADDRESS_TEXT_MAX]);
/* For logs: "192.0.2.1:4000", "[2001:db8::1]:4000 by TCP". */
const char *address_text(const struct address *, char text[static ADDRESS_TEXT_MAX]);

/* address.h - an IP address and UDP or TCP port, without the kernel's structures. */
#pragma once

#include "base/bytes.h"

enum address_family {
    ADDRESS_NONE = 0,
    ADDRESS_IPV4,
    ADDRESS_IPV6,
};

struct address {
    uint8_t family; /* enum address_family */
    uint16_t port;  /* host order */
    uint8_t ip[16]; /* network order; IPv4 uses the first four, the others are zero */
};

enum { ADDRESS_TEXT_MAX = 64 };

bool address_equal(const struct address *, const struct address *);
/* Whether both count as one subscriber, who holds an IPv6 /64 at least; the port is not looked at. IPv4 in IPv6
 * (::ffff:0:0/96) counts whole. */
bool address_is_neighbour(const struct address *, const struct address *);
/* A good mix of all the fields, for tables keyed with a secret seed (so that peers can't choose colliding ones). */
uint64_t address_hash(const struct address *, uint64_t seed);
/* "192.0.2.1", "2001:db8::1" (RFC 5952 without the zone). False and unchanged when it is not one. The port is
 * untouched. */
bool address_parse_ip(const char *text, struct address *);
/* The same without the port; returns text. */
const char *address_ip_text(const struct address *, char text[static ADDRESS_TEXT_MAX]);
/* For logs: "192.0.2.1:4000", "[2001:db8::1]:4000". */
const char *address_text(const struct address *, char text[static ADDRESS_TEXT_MAX]);

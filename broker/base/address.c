#include "base/address.h"

#include <arpa/inet.h> /* inet_pton and inet_ntop: text only, no socket */
#include <stdio.h>
#include <string.h>

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && a->via == b->via && a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

bool address_is_neighbour(const struct address *a, const struct address *b)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    size_t len = a->family == ADDRESS_IPV6 && memcmp(a->ip, mapped, sizeof mapped) != 0 ? 8 : 16;
    return a->family == b->family && memcmp(a->ip, b->ip, len) == 0;
}

uint64_t address_hash(const struct address *a, uint64_t seed)
{
    uint64_t high, low;
    memcpy(&high, a->ip, 8);
    memcpy(&low, a->ip + 8, 8);
    uint64_t hash = mix(seed ^ high);
    hash = mix(hash ^ low);
    return mix(hash ^ ((uint64_t)a->port << 16 | (uint64_t)a->via << 8 | a->family));
}

bool address_parse_ip(const char *text, struct address *address)
{
    uint8_t ip[16] = { 0 };
    uint8_t family;
    if (inet_pton(AF_INET, text, ip) == 1)
        family = ADDRESS_IPV4;
    else if (inet_pton(AF_INET6, text, ip) == 1)
        family = ADDRESS_IPV6;
    else
        return false;
    address->family = family;
    memcpy(address->ip, ip, sizeof ip);
    return true;
}

const char *address_ip_text(const struct address *a, char text[static ADDRESS_TEXT_MAX])
{
    int family = a->family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    if (a->family == ADDRESS_NONE || !inet_ntop(family, a->ip, text, ADDRESS_TEXT_MAX))
        snprintf(text, ADDRESS_TEXT_MAX, "none");
    return text;
}

const char *address_text(const struct address *a, char text[static ADDRESS_TEXT_MAX])
{
    char ip[ADDRESS_TEXT_MAX];
    snprintf(text, ADDRESS_TEXT_MAX, a->family == ADDRESS_IPV6 ? "[%.45s]:%u%s" : "%.45s:%u%s", address_ip_text(a, ip),
             a->port, address_is_tcp(a) ? " by TCP" : "");
    return text;
}

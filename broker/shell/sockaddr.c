#include "shell/sockaddr.h"

#include <netinet/in.h>
#include <string.h>

socklen_t sockaddr_of(const struct address *address, struct sockaddr_storage *storage)
{
    if (address->family == ADDRESS_IPV6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
        *in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(address->port) };
        memcpy(&in6->sin6_addr, address->ip, 16);
        return sizeof *in6;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)storage;
    *in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(address->port) };
    memcpy(&in->sin_addr, address->ip, 4);
    return sizeof *in;
}

struct address sockaddr_address(const struct sockaddr_storage *storage, uint8_t via)
{
    struct address address = { .via = via };
    if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)storage;
        address.family = ADDRESS_IPV6;
        address.port = ntohs(in6->sin6_port);
        memcpy(address.ip, &in6->sin6_addr, 16);
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)storage;
        address.family = ADDRESS_IPV4;
        address.port = ntohs(in->sin_port);
        memcpy(address.ip, &in->sin_addr, 4);
    }
    return address;
}

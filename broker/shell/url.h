/* url.h - a URL as libcurl, which will follow it, takes it apart: so that what is judged is what is asked. */
#pragma once

#include <stdbool.h>

struct url {
    char scheme[16], host[256]; /* small letters; an IPv6 address without its brackets */
    bool is_loopback;           /* localhost, 127.0.0.0/8, ::1 */
};

/* False for what is none, or holds a user, a password or a fragment. */
bool url_parse(const char *text, struct url *);

/* RFC 7065: turn:HOST or turns:HOST, with a port and ?transport=udp or tcp if need be; an IPv6 address in brackets. */
bool url_is_turn(const char *text);

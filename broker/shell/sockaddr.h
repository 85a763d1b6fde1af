/* sockaddr.h - addresses to the kernel's structures and back. */
#pragma once

#include <sys/socket.h>

#include "base/address.h"

/* The length that counts. */
socklen_t sockaddr_of(const struct address *, struct sockaddr_storage *);
/* Of the socket `via`. */
struct address sockaddr_address(const struct sockaddr_storage *, uint8_t via);

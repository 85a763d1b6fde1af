/* demux.h - sorts a datagram by its leading bytes (RFC 7983; RFC 5761 4 for RTP and RTCP on one port). */
#pragma once

#include "base/bytes.h"

enum packet_kind {
    PACKET_UNKNOWN = 0,
    PACKET_STUN,
    PACKET_DTLS,
    PACKET_RTP,
    PACKET_RTCP,
};

enum packet_kind demux(struct bytes datagram);

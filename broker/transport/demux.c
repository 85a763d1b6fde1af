#include "transport/demux.h"

/* RFC 7983 7: the first byte tells the protocols apart. */
enum {
    STUN_LAST = 3,
    DTLS_FIRST = 20,
    DTLS_LAST = 63,
    RTP_FIRST = 128,
    RTP_LAST = 191,
};

/* The shortest that each can be: a header and, for RTCP, a sender's SSRC. */
enum { STUN_MIN = 20, DTLS_MIN = 13, RTP_MIN = 12, RTCP_MIN = 8 };

/* RFC 5761 4: RTCP's packet types 192-223 are RTP's payload types 64-95 with the marker, which nobody assigns. */
static bool is_rtcp(uint8_t second)
{
    return second >= 192 && second <= 223;
}

static enum packet_kind longer(struct bytes datagram, size_t least, enum packet_kind kind)
{
    return datagram.len >= least ? kind : PACKET_UNKNOWN;
}

enum packet_kind demux(struct bytes datagram)
{
    if (datagram.len < 2)
        return PACKET_UNKNOWN;
    uint8_t first = datagram.at[0];
    if (first <= STUN_LAST)
        return longer(datagram, STUN_MIN, PACKET_STUN);
    if (first >= DTLS_FIRST && first <= DTLS_LAST)
        return longer(datagram, DTLS_MIN, PACKET_DTLS);
    if (first < RTP_FIRST || first > RTP_LAST)
        return PACKET_UNKNOWN;
    return is_rtcp(datagram.at[1]) ? longer(datagram, RTCP_MIN, PACKET_RTCP) : longer(datagram, RTP_MIN, PACKET_RTP);
}

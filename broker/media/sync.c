#include "media/sync.h"

#include "media/rtcp.h"

void sync_sender_report(struct sync *sync, struct now now, uint64_t ntp)
{
    uint64_t tolerance = (SYNC_TOLERANCE_US << 32) / USEC_PER_SEC;
    uint64_t offset = rtcp_ntp(now.unix_us) - ntp;
    uint64_t change = offset - sync->offset;
    if (sync->known && change + tolerance <= 2 * tolerance)
        return;
    *sync = (struct sync){ .known = true, .offset = offset };
}

uint64_t sync_ntp(const struct sync *sync, uint64_t ntp)
{
    return ntp + sync->offset;
}

/* Any bytes as compound RTCP: what is checked reads to its end, and reports survive being written and read again. */
#include <assert.h>
#include <string.h>

#include "media/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_same_reports(const struct rtcp_packet *a, const struct rtcp_packet *b)
{
    assert(a->kind == b->kind && a->ssrc == b->ssrc && a->report_count == b->report_count);
    for (size_t i = 0; i < a->report_count; i++) {
        const struct rtcp_report *x = &a->reports[i], *y = &b->reports[i];
        assert(x->ssrc == y->ssrc && x->fraction_lost == y->fraction_lost && x->lost == y->lost);
        assert(x->highest_seq == y->highest_seq && x->jitter == y->jitter);
        assert(x->last_sr == y->last_sr && x->delay == y->delay);
    }
}

static void round_trip(const struct rtcp_packet *packet)
{
    uint8_t buffer[1024];
    struct writer w = writer_over(buffer, sizeof buffer);
    if (packet->kind == RTCP_SR)
        rtcp_write_sr(&w, packet->ssrc, &packet->sender, packet->reports, packet->report_count);
    else if (packet->kind == RTCP_RR)
        rtcp_write_rr(&w, packet->ssrc, packet->reports, packet->report_count);
    else if (packet->kind == RTCP_PLI)
        rtcp_write_pli(&w, packet->ssrc, packet->media_ssrc);
    else
        return;
    assert(!w.bad && rtcp_check(writer_bytes(&w)) == OK);
    struct reader r = reader_over(writer_bytes(&w));
    struct rtcp_packet again;
    assert(rtcp_next(&r, &again) && r.left == 0);
    assert_same_reports(packet, &again);
    assert(again.media_ssrc == packet->media_ssrc);
    assert(again.sender.ntp == packet->sender.ntp && again.sender.rtp_time == packet->sender.rtp_time);
    assert(again.sender.packets == packet->sender.packets && again.sender.octets == packet->sender.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes compound = { data, size };
    enum status status = rtcp_check(compound);
    struct reader r = reader_over(compound);
    struct rtcp_packet packet;
    size_t left = r.left + 1;
    while (rtcp_next(&r, &packet)) {
        assert(r.left < left); /* it always moves on */
        left = r.left;
        assert(packet.report_count <= RTCP_REPORTS_MAX);
        round_trip(&packet);
    }
    if (status == OK)
        assert(!r.bad && r.left == 0);
    return 0;
}

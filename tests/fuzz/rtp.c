/* Any bytes as an RTP packet: what parses lies within the input and survives being written and parsed again. */
#include <assert.h>
#include <string.h>

#include "media/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct bytes part, const uint8_t *data, size_t size)
{
    if (part.len > 0)
        assert(part.at >= data && part.len <= size && part.at + part.len <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtp rtp, again;
    if (rtp_parse((struct bytes){ data, size }, &rtp) != OK)
        return 0;
    assert_within(rtp.payload, data, size);
    assert_within(rtp.extension, data, size);
    for (unsigned id = 0; id < 256; id++) {
        struct bytes value = rtp_extension_find(&rtp, (uint8_t)id);
        if (value.len > 0)
            assert_within(value, rtp.extension.at, rtp.extension.len);
    }
    uint8_t buffer[2048];
    struct writer w = writer_over(buffer, sizeof buffer);
    rtp_write(&w, &rtp);
    assert(w.bad == (rtp.payload.len + RTP_HEADER_LEN > sizeof buffer));
    if (w.bad)
        return 0;
    assert(rtp_parse(writer_bytes(&w), &again) == OK);
    assert(again.marker == rtp.marker && again.payload_type == rtp.payload_type && again.seq == rtp.seq);
    assert(again.time == rtp.time && again.ssrc == rtp.ssrc && bytes_equal(again.payload, rtp.payload));
    return 0;
}

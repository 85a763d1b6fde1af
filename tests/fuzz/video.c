/* Packets of one stream, after a byte that says of which codec: 2 bytes of the payload's length, 1 of the descriptor's,
 * then both. What is read keeps its rules; rewriting changes the two counters and nothing else; looking once more sees
 * the same. */
#include <assert.h>
#include <string.h>

#include "media/video.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAYLOAD_MAX = 2048 };

static void check_rules(enum codec codec, const struct video_packet *packet, size_t len)
{
    assert(packet->picture_bits == 0 || packet->picture_bits == 7 || packet->picture_bits == 15);
    assert(packet->picture_id < 1u << packet->picture_bits);
    assert(!packet->keyframe_starts || packet->frame_starts);
    assert(!packet->switch_up || (packet->frame_starts && packet->has_temporal));
    assert(packet->has_temporal || packet->temporal == 0);
    assert(packet->temporal < DEPENDENCY_TEMPORAL_MAX && packet->spatial < 8);
    assert((packet->picture_at != 0) == (packet->picture_bits != 0) && (packet->tl0_at != 0) == packet->has_tl0);
    assert(packet->picture_at + packet->picture_bits / 8u < len && packet->tl0_at < len);
    assert(codec != CODEC_VP8 || packet->temporal < 4);
    assert(codec == CODEC_VP8 || codec == CODEC_VP9 || (packet->picture_bits == 0 && !packet->has_tl0));
}

static void check_rewriting(enum codec codec, struct bytes payload, const struct video_packet *packet)
{
    struct video_packet again;
    uint8_t copy[PAYLOAD_MAX];
    memcpy(copy, payload.at, payload.len);
    video_rewrite(copy, packet, 0x5a5a, 0x77);
    assert(video_read(codec, (struct bytes){ copy, payload.len }, (struct bytes){ 0 }, NULL, &again) == OK);
    assert(again.picture_bits == packet->picture_bits && again.picture_at == packet->picture_at);
    assert(again.has_tl0 == packet->has_tl0 && again.tl0_at == packet->tl0_at);
    assert(again.picture_id == (0x5a5a & ((1u << packet->picture_bits) - 1)));
    assert(!packet->has_tl0 || again.tl0_picture_index == 0x77);
    assert(!again.switch_up);
    video_rewrite(copy, packet, packet->picture_id, packet->tl0_picture_index);
    assert(memcmp(copy, payload.at, payload.len) == 0);
}

static void packet(enum codec codec, struct bytes payload, struct bytes descriptor, struct video_structure *structure)
{
    struct video_packet seen, untouched;
    memset(&seen, 0x5a, sizeof seen);
    untouched = seen;
    if (video_read(codec, payload, descriptor, structure, &seen) != OK) {
        assert(memcmp(&seen, &untouched, sizeof seen) == 0);
        return;
    }
    check_rules(codec, &seen, payload.len);
    check_rewriting(codec, payload, &seen);
    assert(structure->dependency.template_count <= DEPENDENCY_TEMPLATES_MAX);
    assert(structure->dependency.target_count <= DEPENDENCY_TARGETS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over((struct bytes){ data, size });
    struct video_structure structure = { 0 };
    enum codec codec = CODEC_VP8 + read_u8(&r) % CODEC_VIDEO_COUNT;
    while (r.left > 0) {
        size_t payload_len = read_be16(&r) % (PAYLOAD_MAX + 1), descriptor_len = read_u8(&r);
        struct bytes payload = read_bytes(&r, payload_len), descriptor = read_bytes(&r, descriptor_len);
        if (r.bad)
            break;
        packet(codec, payload, descriptor, &structure);
    }
    return 0;
}

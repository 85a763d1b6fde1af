#include "media/video.h"

#include "media/av1.h"
#include "media/h264.h"
#include "media/vp8.h"
#include "media/vp9.h"

enum { LONG_PICTURE = 0x80 }; /* M, alike in RFC 7741 4.2 and RFC 9628 4.2: the id has 15 bits */

static enum status read_payload(enum codec codec, struct bytes payload, struct video_packet *packet, uint8_t *opens)
{
    switch (codec) {
    case CODEC_VP8:
        return vp8_read(payload, packet, opens);
    case CODEC_H264:
        return h264_read(payload, packet);
    case CODEC_VP9:
        return vp9_read(payload, packet, opens);
    case CODEC_AV1:
        return av1_read(payload, packet);
    default:
        return ERR_MALFORMED;
    }
}

/* Codecs differ in which picture tells that a temporal layer may be joined: VP8's of that layer itself, the others' one
 * below it, after which the layer's next picture is the one to begin with. */
static bool is_joinable(struct video_structure *structure, const struct video_packet *packet, uint8_t opens)
{
    uint8_t its = (uint8_t)(1u << packet->temporal);
    structure->open |= packet->keyframe_starts ? UINT8_MAX : opens;
    bool joinable = structure->open & its;
    structure->open &= (uint8_t)~its;
    return joinable;
}

enum status video_read(enum codec codec, struct bytes payload, struct bytes descriptor,
                       struct video_structure *structure, struct video_packet *out)
{
    struct video_packet packet = { 0 };
    struct dependency dependency;
    uint8_t opens = 0;
    TRY(read_payload(codec, payload, &packet, &opens));
    bool is_silent = codec == CODEC_H264 || codec == CODEC_AV1;
    if (is_silent && structure && dependency_read(descriptor, &structure->dependency, &dependency) == OK) {
        packet.has_temporal = true;
        packet.temporal = dependency.temporal;
        packet.spatial = dependency.spatial;
        packet.frame_starts = dependency.frame_starts && dependency.spatial == 0;
        packet.keyframe_starts &= packet.frame_starts;
        opens = dependency.opens;
    }
    if (structure && packet.frame_starts && packet.has_temporal)
        packet.switch_up = is_joinable(structure, &packet, opens);
    *out = packet;
    return OK;
}

void video_read_picture(struct reader *r, struct video_packet *packet)
{
    uint8_t first = read_u8(r);
    packet->picture_bits = first & LONG_PICTURE ? 15 : 7;
    packet->picture_id = first & 0x7f;
    if (first & LONG_PICTURE)
        packet->picture_id = (uint16_t)(packet->picture_id << 8 | read_u8(r));
}

void video_rewrite(uint8_t *payload, const struct video_packet *packet, uint16_t picture_id, uint8_t tl0_picture_index)
{
    if (packet->picture_bits == 15)
        store_be16(payload + packet->picture_at, (uint16_t)(LONG_PICTURE << 8 | (picture_id & 0x7fff)));
    else if (packet->picture_bits == 7)
        payload[packet->picture_at] = picture_id & 0x7f;
    if (packet->has_tl0)
        payload[packet->tl0_at] = tl0_picture_index;
}

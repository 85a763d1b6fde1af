#include "media/vp8.h"

/*      0 1 2 3 4 5 6 7                      RFC 7741 4.2
 *     +-+-+-+-+-+-+-+-+
 *     |X|R|N|S|R| PID | (required)
 * X:  |I|L|T|K| RSV   |
 * I:  |M| PictureID   | and, when M, 8 bits more
 * L:  |   TL0PICIDX   |
 * T/K:|TID|Y| KEYIDX  | */
enum {
    EXTENDED = 0x80,
    START_OF_PARTITION = 0x10,
    PARTITION = 0x07,

    HAS_PICTURE = 0x80,
    HAS_TL0 = 0x40,
    HAS_TID = 0x20,
    HAS_KEYIDX = 0x10,

    TID_SHIFT = 6,
    LAYER_SYNC = 0x20,  /* Y */
    INTER_FRAME = 0x01, /* P of the VP8 payload header, 4.3 */
};

enum status vp8_read(struct bytes payload, struct video_packet *out, uint8_t *opens)
{
    struct reader r = reader_over(payload);
    struct video_packet packet = { 0 };
    uint8_t head = read_u8(&r);
    uint8_t has = head & EXTENDED ? read_u8(&r) : 0;
    if (has & HAS_PICTURE) {
        packet.picture_at = (uint8_t)(payload.len - r.left);
        video_read_picture(&r, &packet);
    }
    if (has & HAS_TL0) {
        packet.has_tl0 = true;
        packet.tl0_at = (uint8_t)(payload.len - r.left);
        packet.tl0_picture_index = read_u8(&r);
    }
    uint8_t layer = has & (HAS_TID | HAS_KEYIDX) ? read_u8(&r) : 0;
    /* 4.3: each packet holds at least one octet of the frame after the descriptor. */
    uint8_t frame = read_u8(&r);
    if (r.bad)
        return ERR_MALFORMED;
    packet.frame_starts = (head & START_OF_PARTITION) && (head & PARTITION) == 0;
    packet.keyframe_starts = packet.frame_starts && !(frame & INTER_FRAME);
    packet.has_temporal = has & HAS_TID;
    packet.temporal = packet.has_temporal ? layer >> TID_SHIFT : 0;
    *opens = layer & LAYER_SYNC ? (uint8_t)(1u << packet.temporal) : 0;
    *out = packet;
    return OK;
}

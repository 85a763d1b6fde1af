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

    LONG_PICTURE = 0x80,
    INTER_FRAME = 0x01, /* P of the VP8 payload header, 4.3 */
};

static void read_picture(struct reader *r, struct vp8 *vp8)
{
    uint8_t first = read_u8(r);
    vp8->picture_bits = first & LONG_PICTURE ? 15 : 7;
    vp8->picture_id = first & 0x7f;
    if (first & LONG_PICTURE)
        vp8->picture_id = (uint16_t)(vp8->picture_id << 8 | read_u8(r));
}

enum status vp8_parse(struct bytes payload, struct vp8 *out)
{
    struct reader r = reader_over(payload);
    struct vp8 vp8 = { 0 };
    uint8_t head = read_u8(&r);
    uint8_t has = head & EXTENDED ? read_u8(&r) : 0;
    if (has & HAS_PICTURE) {
        vp8.picture_at = payload.len - r.left;
        read_picture(&r, &vp8);
    }
    if (has & HAS_TL0) {
        vp8.has_tl0 = true;
        vp8.tl0_at = payload.len - r.left;
        vp8.tl0_picture_index = read_u8(&r);
    }
    if (has & (HAS_TID | HAS_KEYIDX))
        read_u8(&r);
    /* 4.3: each packet holds at least one octet of the frame after the descriptor. */
    uint8_t frame = read_u8(&r);
    if (r.bad)
        return ERR_MALFORMED;
    vp8.frame_start = (head & START_OF_PARTITION) && (head & PARTITION) == 0;
    vp8.keyframe_start = vp8.frame_start && !(frame & INTER_FRAME);
    *out = vp8;
    return OK;
}

void vp8_rewrite(uint8_t *payload, const struct vp8 *at, uint16_t picture_id, uint8_t tl0_picture_index)
{
    if (at->picture_bits == 15)
        store_be16(payload + at->picture_at, (uint16_t)(LONG_PICTURE << 8 | (picture_id & 0x7fff)));
    else if (at->picture_bits == 7)
        payload[at->picture_at] = picture_id & 0x7f;
    if (at->has_tl0)
        payload[at->tl0_at] = tl0_picture_index;
}

#include "media/av1.h"

/*  0 1 2 3 4 5 6 7
 * |Z|Y| W |N|-|-|-| */
enum {
    CONTINUES = 0x80,    /* Z: the first unit began in an earlier packet */
    NEW_SEQUENCE = 0x08, /* N: the first packet of a coded video sequence */
};

enum status av1_read(struct bytes payload, struct video_packet *out)
{
    struct reader r = reader_over(payload);
    uint8_t head = read_u8(&r);
    bool continues = head & CONTINUES, new_sequence = head & NEW_SEQUENCE;
    if (r.bad || r.left == 0 || (continues && new_sequence))
        return ERR_MALFORMED;
    *out = (struct video_packet){ .frame_starts = !continues, .keyframe_starts = new_sequence };
    return OK;
}

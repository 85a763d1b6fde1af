#include "media/h264.h"

/* RFC 6184 5.2, and table 7-1 of H.264. */
enum nal {
    NAL_SLICE = 1,
    NAL_IDR = 5,
    NAL_SEI = 6,
    NAL_SPS = 7,
    NAL_PPS = 8,
    NAL_DELIMITER = 9,
    NAL_SINGLE_MAX = 23,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
};
enum {
    NAL_TYPE = 0x1f,
    FRAGMENT_STARTS = 0x80,
    FIRST_MACROBLOCK = 0x80, /* ue(0) begins with a one: the slice's first macroblock is the picture's */
};

struct contents {
    bool starts; /* with what a picture starts with */
    bool parameters, other_picture;
};

static void look_at(enum nal type, struct bytes slice, struct contents *contents)
{
    bool first = slice.len > 0 && (slice.at[0] & FIRST_MACROBLOCK);
    switch (type) {
    case NAL_SLICE:
        contents->other_picture = true;
        contents->starts |= first;
        break;
    case NAL_IDR:
        contents->starts |= first;
        break;
    case NAL_SPS:
        contents->parameters = contents->starts = true;
        break;
    case NAL_SEI:
    case NAL_PPS:
    case NAL_DELIMITER:
        contents->starts = true;
        break;
    default:
        break;
    }
}

/* 16 bits of size and a NAL unit, over and over. */
static enum status look_at_aggregate(struct reader *r, struct contents *contents)
{
    while (r->left > 0 && !r->bad) {
        struct bytes unit = read_bytes(r, read_be16(r));
        if (unit.len == 0)
            return ERR_MALFORMED;
        look_at(unit.at[0] & NAL_TYPE, (struct bytes){ unit.at + 1, unit.len - 1 }, contents);
    }
    return r->bad ? ERR_MALFORMED : OK;
}

enum status h264_read(struct bytes payload, struct video_packet *out)
{
    struct reader r = reader_over(payload);
    struct contents contents = { 0 };
    uint8_t type = read_u8(&r) & NAL_TYPE;
    if (type == NAL_FU_A) {
        uint8_t head = read_u8(&r);
        if (r.left == 0)
            return ERR_MALFORMED;
        if (head & FRAGMENT_STARTS)
            look_at(head & NAL_TYPE, read_bytes(&r, r.left), &contents);
    } else if (type == NAL_STAP_A && r.left > 0) {
        TRY(look_at_aggregate(&r, &contents));
    } else if (type == 0 || type > NAL_SINGLE_MAX) {
        return ERR_MALFORMED;
    } else {
        look_at(type, read_bytes(&r, r.left), &contents);
    }
    *out = (struct video_packet){
        .frame_starts = contents.starts,
        .keyframe_starts = contents.parameters && !contents.other_picture,
    };
    return OK;
}

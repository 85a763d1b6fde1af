#include "media/vp9.h"

/*      0 1 2 3 4 5 6 7                      RFC 9628 4.2
 *     +-+-+-+-+-+-+-+-+
 *     |I|P|L|F|B|E|V|Z| (required)
 * I:  |M| PICTURE ID  | and, when M, 8 bits more
 * L:  | TID |U| SID |D|
 *     |   TL0PICIDX   | without F
 * P,F:| P_DIFF      |N| up to three times, while N
 * V:  | scalability structure */
enum {
    HAS_PICTURE = 0x80,
    INTER_PICTURE = 0x40,
    HAS_LAYERS = 0x20,
    FLEXIBLE = 0x10,
    START_OF_FRAME = 0x08,
    HAS_STRUCTURE = 0x02,

    TID_SHIFT = 5,
    SWITCHING_UP = 0x10,
    SID_SHIFT = 1,
    SID = 0x07,
    MORE_REFERENCES = 0x01,
    REFERENCES_MAX = 3,
};

/*     | N_S |Y|G|-|-|-|
 * Y:  | WIDTH (16) | HEIGHT (16) | N_S + 1 times
 * G:  |  N_G  | and so often  | TID |U| R |-|-| with R times P_DIFF (8) */
enum {
    SPATIAL_SHIFT = 5,
    HAS_RESOLUTIONS = 0x10,
    HAS_GROUP = 0x08,
    RESOLUTION_LEN = 4,
    REFERENCES_SHIFT = 2,
    REFERENCES = 0x03,
};

static void skip_references(struct reader *r)
{
    for (int count = 1; read_u8(r) & MORE_REFERENCES; count++)
        if (count == REFERENCES_MAX)
            r->bad = true;
}

static void skip_structure(struct reader *r)
{
    uint8_t head = read_u8(r);
    if (head & HAS_RESOLUTIONS)
        read_bytes(r, ((head >> SPATIAL_SHIFT) + 1u) * RESOLUTION_LEN);
    uint8_t pictures = head & HAS_GROUP ? read_u8(r) : 0;
    for (; pictures > 0 && !r->bad; pictures--)
        read_bytes(r, read_u8(r) >> REFERENCES_SHIFT & REFERENCES);
}

enum status vp9_read(struct bytes payload, struct video_packet *out, uint8_t *opens)
{
    struct reader r = reader_over(payload);
    struct video_packet packet = { 0 };
    uint8_t head = read_u8(&r), layers = 0;
    if (head & HAS_PICTURE) {
        packet.picture_at = (uint8_t)(payload.len - r.left);
        video_read_picture(&r, &packet);
    }
    if (head & HAS_LAYERS) {
        layers = read_u8(&r);
        packet.has_temporal = true;
        packet.temporal = layers >> TID_SHIFT;
        packet.spatial = layers >> SID_SHIFT & SID;
        if (!(head & FLEXIBLE)) {
            packet.has_tl0 = true;
            packet.tl0_at = (uint8_t)(payload.len - r.left);
            packet.tl0_picture_index = read_u8(&r);
        }
    }
    if ((head & INTER_PICTURE) && (head & FLEXIBLE))
        skip_references(&r);
    if (head & HAS_STRUCTURE)
        skip_structure(&r);
    if (r.bad || r.left == 0) /* each packet holds something of a frame */
        return ERR_MALFORMED;
    packet.frame_starts = (head & START_OF_FRAME) && packet.spatial == 0;
    packet.keyframe_starts = packet.frame_starts && !(head & INTER_PICTURE);
    /* U: pictures of higher layers that follow depend on none of these layers from before. */
    *opens = layers & SWITCHING_UP ? (uint8_t)(UINT8_MAX << 1 << packet.temporal) : 0;
    *out = packet;
    return OK;
}

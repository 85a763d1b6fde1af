/* vp8.h - the VP8 payload descriptor (RFC 7741 4.2): what a switch between publishers must see and rewrite. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

struct vp8 {
    bool keyframe_start;  /* first packet of a keyframe: S, partition 0, P clear (4.3) */
    bool frame_start;     /* S and partition 0 */
    uint8_t picture_bits; /* 0 no picture id, 7 or 15 */
    uint16_t picture_id;
    bool has_tl0;
    uint8_t tl0_picture_index;
    size_t picture_at, tl0_at; /* offsets in the payload, for rewriting in place */
};

enum status vp8_parse(struct bytes payload, struct vp8 *);
/* Writes the two numbers back where `at` says, in the width they had. payload: the packet's, writable. */
void vp8_rewrite(uint8_t *payload, const struct vp8 *at, uint16_t picture_id, uint8_t tl0_picture_index);

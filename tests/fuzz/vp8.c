/* Any bytes as a VP8 payload: rewriting changes the two numbers and nothing else. */
#include <assert.h>
#include <string.h>

#include "media/vp8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vp8 vp8, again;
    uint8_t copy[2048];
    if (size > sizeof copy || vp8_parse((struct bytes){ data, size }, &vp8) != OK)
        return 0;
    assert(vp8.picture_bits == 0 || vp8.picture_bits == 7 || vp8.picture_bits == 15);
    assert(!vp8.keyframe_start || vp8.frame_start);
    memcpy(copy, data, size);
    vp8_rewrite(copy, &vp8, 0x5a5a, 0x77);
    assert(vp8_parse((struct bytes){ copy, size }, &again) == OK);
    assert(again.picture_bits == vp8.picture_bits && again.picture_at == vp8.picture_at);
    assert(again.has_tl0 == vp8.has_tl0 && again.tl0_at == vp8.tl0_at);
    assert(again.frame_start == vp8.frame_start && again.keyframe_start == vp8.keyframe_start);
    assert(again.picture_id == (0x5a5a & ((1u << vp8.picture_bits) - 1)));
    assert(!vp8.has_tl0 || again.tl0_picture_index == 0x77);
    vp8_rewrite(copy, &vp8, vp8.picture_id, vp8.tl0_picture_index);
    assert(memcmp(copy, data, size) == 0);
    return 0;
}

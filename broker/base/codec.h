/* codec.h - which codecs of sound and picture we forward, each with its name in the configuration and in logs. */
#pragma once

#include "base/bytes.h"

enum codec { CODEC_NONE = 0, CODEC_OPUS, CODEC_VP8, CODEC_H264, CODEC_VP9, CODEC_AV1 };

enum { CODEC_VIDEO_COUNT = 4 };

static inline bool codec_is_video(enum codec codec)
{
    return codec >= CODEC_VP8;
}

/* Names: "opus", "vp8", "h264", "vp9", "av1". CODEC_NONE for an unknown word; "?" for an unknown value. */
enum codec codec_parse(struct bytes);
const char *codec_name(enum codec);

/* A clinic's choice: the video codecs that it takes, the dearest first. */
struct codec_choice {
    enum codec at[CODEC_VIDEO_COUNT];
    size_t count;
};

bool codec_choice_has(const struct codec_choice *, enum codec);

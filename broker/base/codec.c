#include "base/codec.h"

static const char *const names[] = {
    [CODEC_OPUS] = "opus", [CODEC_VP8] = "vp8", [CODEC_H264] = "h264", [CODEC_VP9] = "vp9", [CODEC_AV1] = "av1",
};
enum { NAMES = sizeof names / sizeof *names };

enum codec codec_parse(struct bytes word)
{
    for (int codec = CODEC_OPUS; codec < NAMES; codec++)
        if (bytes_equal(word, bytes_of(names[codec])))
            return (enum codec)codec;
    return CODEC_NONE;
}

const char *codec_name(enum codec codec)
{
    return codec > CODEC_NONE && (int)codec < NAMES ? names[codec] : "?";
}

bool codec_choice_has(const struct codec_choice *choice, enum codec codec)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->at[i] == codec)
            return true;
    return false;
}

#include "base/codec.h"

#include <string.h>

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

struct codec_choice codec_choice_default(void)
{
    return (struct codec_choice){ .at = { CODEC_VP8, CODEC_H264, CODEC_VP9, CODEC_AV1 }, .count = CODEC_VIDEO_COUNT };
}

static bool has(const struct codec_choice *choice, enum codec codec)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->at[i] == codec)
            return true;
    return false;
}

bool codec_choice_parse(struct bytes text, struct codec_choice *out)
{
    struct codec_choice choice = { .count = 0 };
    for (bool more = true; more;) {
        const uint8_t *comma = text.len ? memchr(text.at, ',', text.len) : NULL;
        size_t len = comma ? (size_t)(comma - text.at) : text.len;
        enum codec codec = codec_parse((struct bytes){ text.at, len });
        if (!codec_is_video(codec) || has(&choice, codec))
            return false;
        choice.at[choice.count++] = codec;
        more = comma != NULL;
        if (more)
            text = (struct bytes){ comma + 1, text.len - len - 1 };
    }
    if (!has(&choice, CODEC_VP8) && !has(&choice, CODEC_H264))
        return false;
    *out = choice;
    return true;
}

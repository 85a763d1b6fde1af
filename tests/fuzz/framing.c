/* Any bytes as a stream of frames, cut into pieces as a network likes: the datagrams are those of the stream in one
 * piece. The first byte says how it is cut. */
#include <assert.h>
#include <string.h>

#include "transport/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM_MAX = 16384 };

/* The datagrams, each behind its length, and how it ended. */
struct heard {
    uint8_t at[STREAM_MAX];
    size_t len;
    enum status status;
};

static void hear(struct heard *heard, struct framing_part *stream)
{
    struct framing_part datagram;
    const uint8_t *before = stream->at, *end = stream->at + stream->len;
    while ((heard->status = framing_take(stream, &datagram)) == OK) {
        assert(datagram.len <= FRAMING_DATA_MAX);
        assert(datagram.at == before + FRAMING_HEAD && datagram.at + datagram.len == stream->at && stream->at <= end);
        before = stream->at;
        memcpy(heard->at + heard->len, datagram.at - FRAMING_HEAD, FRAMING_HEAD + datagram.len);
        heard->len += FRAMING_HEAD + datagram.len;
        memset(datagram.at, 0xff, datagram.len); /* as decryption may */
    }
}

static void hear_in_pieces(struct heard *heard, const uint8_t *data, size_t size, size_t piece)
{
    static uint8_t buffer[FRAMING_MAX + STREAM_MAX];
    static struct framing_rest rest;
    rest.len = 0;
    heard->status = ERR_STATE;
    for (size_t at = 0; at < size && heard->status == ERR_STATE; at += piece) {
        size_t got = size - at < piece ? size - at : piece;
        size_t begun = framing_resume(&rest, buffer);
        memcpy(buffer + begun, data + at, got);
        struct framing_part stream = { buffer, begun + got };
        hear(heard, &stream);
        if (heard->status == ERR_STATE)
            framing_keep(&rest, stream);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heard whole, pieces;
    if (size < 2 || size > STREAM_MAX)
        return 0;
    whole.len = pieces.len = 0;
    hear_in_pieces(&whole, data + 1, size - 1, size);
    hear_in_pieces(&pieces, data + 1, size - 1, 1 + (size_t)data[0]);
    assert(whole.status == pieces.status && whole.len == pieces.len);
    assert(memcmp(whole.at, pieces.at, whole.len) == 0);
    return 0;
}

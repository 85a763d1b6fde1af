#include "transport/framing.h"

#include <assert.h>
#include <string.h>

enum status framing_take(struct framing_part *stream, struct framing_part *datagram)
{
    if (stream->len < FRAMING_HEAD)
        return ERR_STATE;
    size_t len = load_be16(stream->at);
    if (len > FRAMING_DATA_MAX)
        return ERR_MALFORMED;
    if (stream->len - FRAMING_HEAD < len)
        return ERR_STATE;
    *datagram = (struct framing_part){ stream->at + FRAMING_HEAD, len };
    *stream = (struct framing_part){ stream->at + FRAMING_HEAD + len, stream->len - FRAMING_HEAD - len };
    return OK;
}

void framing_keep(struct framing_rest *rest, struct framing_part stream)
{
    assert(stream.len < sizeof rest->at);
    memcpy(rest->at, stream.at, stream.len);
    rest->len = stream.len;
}

size_t framing_resume(const struct framing_rest *rest, uint8_t buffer[static FRAMING_MAX])
{
    memcpy(buffer, rest->at, rest->len);
    return rest->len;
}

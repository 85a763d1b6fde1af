#include "media/red.h"

enum { MORE = 0x80, BLOCK_HEADER_LEN = 4 };

enum status red_primary(struct bytes payload, struct bytes *primary)
{
    struct reader r = reader_over(payload);
    size_t copies = 0;
    uint8_t first;
    while ((first = read_u8(&r)) & MORE && !r.bad)
        copies += read_be24(&r) & 0x3ff;
    read_bytes(&r, copies);
    if (r.bad || r.left == 0)
        return ERR_MALFORMED;
    *primary = (struct bytes){ r.at, r.left };
    return OK;
}

void red_retype(uint8_t *payload, uint8_t type)
{
    for (; *payload & MORE; payload += BLOCK_HEADER_LEN)
        *payload = MORE | type;
    *payload = type;
}
